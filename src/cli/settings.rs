//! `sdann settings`: the table of settings, for a terminal and as `docs/SETTINGS.md`.

use super::error::CliError;
use super::print;
use crate::settings::{SETTINGS, Section, Setting, Settings};
use clap::ArgMatches;

const INTRODUCTION: &str = "\
# Settings

Each setting has one name everywhere: `--register-bits 12` on the command line, `register-bits=12` in the
page's address, `\"register-bits\": 12` in a report. On the command line `--bias-calibration fold,correct` is
short for turning on these switches of bias calibration, and off the others; `all` and `none` are understood
too. What the equations mean is in [MATHEMATICS.md](MATHEMATICS.md).

This page is made from the table in `src/settings.rs`: `sdann settings --markdown > docs/SETTINGS.md`.
";

/// Prints every setting.
pub(super) fn settings(matches: &ArgMatches) -> Result<(), CliError> {
    print(&if matches.get_flag("markdown") {
        markdown()
    } else {
        text()
    })
}

fn of_section(section: Section) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.section == section)
}

fn default(setting: &Setting) -> String {
    setting.get(&Settings::default())
}

fn text() -> String {
    let mut text = String::new();
    for section in Section::ALL {
        text += &format!("{}\n", section.title());
        for setting in of_section(section) {
            text += &format!(
                "  --{}  {} [default: {}]\n      {}\n",
                setting.key,
                setting.expected(),
                default(setting),
                setting.help
            );
            if !setting.equation.is_empty() {
                text += &format!("      {}\n", setting.equation);
            }
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for section in Section::ALL {
        page += &format!("\n## {}\n", section.title());
        for setting in of_section(section) {
            page += &entry(setting);
        }
    }
    page
}

fn entry(setting: &Setting) -> String {
    let mut entry = format!(
        "\n### `{}`\n\n{} · {} · default {}\n\n{}\n",
        setting.key,
        setting.label,
        setting.expected(),
        default(setting),
        setting.help
    );
    if !setting.equation.is_empty() {
        entry += &format!("\n    {}\n", setting.equation);
    }
    entry
}
