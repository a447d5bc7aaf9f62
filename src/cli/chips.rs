//! `sdann chips`: the chips that ship with the program, and all that is known of one; and how every command
//! comes by its chip.

use super::error::CliError;
use super::table::{Align, Table, one_line};
use super::{args, files, print, print_json};
use crate::chip::spec::{Chip, FieldSection, Preset, field};
use crate::export::ChipDescription;
use clap::ArgMatches;
use serde_json::json;

/// The chip that a command runs on: that of `--chip-file`, or else a preset.
///
/// # Errors
/// If the file cannot be used.
pub(super) fn chosen_chip(matches: &ArgMatches, preset: Preset) -> Result<Chip, CliError> {
    match matches.try_get_one::<std::path::PathBuf>("chip-file") {
        Ok(Some(path)) => files::chip(path),
        _ => Ok(preset.chip()),
    }
}

/// Prints the list of chips, or one of them.
pub(super) fn chips(matches: &ArgMatches) -> Result<(), CliError> {
    if matches.get_flag("markdown") {
        return print(&fields_table());
    }
    let name = matches.get_one::<String>("chip");
    if name.is_none() && args::path_of(matches, "chip-file").is_none() {
        if matches.get_flag("toml") {
            return Err(CliError::Usage(
                "--toml needs a chip: name one, see 'sdann chips'".into(),
            ));
        }
        return list(matches.get_flag("json"));
    }
    let preset = name.and_then(|name| Preset::from_key(name)).unwrap_or_default();
    let chip = chosen_chip(matches, preset)?;
    if matches.get_flag("json") {
        print_json(&ChipDescription::new(&chip))
    } else if matches.get_flag("toml") {
        print(&chip.to_toml())
    } else {
        print(&describe(&chip))
    }
}

/// What the list says of each chip.
const COLUMNS: [(&str, &str); 6] = [
    ("shape", "network.shape"),
    ("cores", "chip.cores"),
    ("neurons of a core", "core.neurons"),
    ("weights", "core.weight-bits"),
    ("membrane", "core.membrane-bits"),
    ("synaptic operation", "energy.synaptic-operation"),
];

fn list(as_json: bool) -> Result<(), CliError> {
    let presets = Preset::ALL.iter().map(|preset| (preset, preset.chip()));
    if as_json {
        let all: Vec<_> = presets
            .map(|(preset, chip)| json!({ "chip": preset.key(), "name": chip.name, "about": chip.about }))
            .collect();
        return print_json(&all);
    }
    let headings = COLUMNS.map(|(heading, _)| (heading, Align::Left));
    let mut table = Table::new(&[&[("chip", Align::Left), ("name", Align::Left)], &headings[..]].concat());
    for (preset, chip) in presets {
        let cells = COLUMNS
            .iter()
            .map(|(_, key)| field(key).map_or_else(|error| error.to_string(), |field| field.shown(&chip)));
        table.row(
            [preset.key().to_owned(), chip.name.clone()]
                .into_iter()
                .chain(cells),
        );
    }
    print(&table.render())
}

fn describe(chip: &Chip) -> String {
    let mut text = format!("{}\n{}\n", one_line(&chip.name), one_line(&chip.about));
    for section in FieldSection::ALL {
        text += &format!("\n{}\n", section.title());
        let mut table = Table::new(&[
            ("field", Align::Left),
            ("value", Align::Left),
            ("grade", Align::Left),
            ("source", Align::Left),
            ("note", Align::Left),
        ]);
        for field in section.fields() {
            let graded = field.get(chip);
            let grade = if graded.is_known() {
                graded.grade.label()
            } else {
                ""
            };
            table.row([
                field.key.to_owned(),
                field.shown(chip),
                grade.to_owned(),
                graded.source,
                graded.note,
            ]);
        }
        text += &table.render();
    }
    if !chip.sources.is_empty() {
        text += "\nSources\n";
    }
    for (key, source) in &chip.sources {
        let line = format!("{key}: {} {}", source.title, source.url);
        text += &format!("  {}\n", one_line(line.trim_end()));
    }
    text
}

/// The tables of fields in `docs/adding-a-chip.md`.
fn fields_table() -> String {
    let mut text = String::new();
    for section in FieldSection::ALL {
        text += &format!(
            "\n### `[{}]`: {}\n\n| field | takes | what it is |\n|---|---|---|\n",
            section.key(),
            section.title().to_lowercase()
        );
        for field in section.fields() {
            text += &format!("| `{}` | {} | {} |\n", field.name(), field.expected(), field.help);
        }
    }
    text
}
