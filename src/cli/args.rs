//! The commands and their flags. Those of the settings are made from [`SETTINGS`].

use super::compare::{read_bits, read_codes, read_percentile, read_steps};
use super::error::CliError;
use crate::baseline::Code;
use crate::chip::spec::Preset;
use crate::explore::CodeName;
use crate::settings::{Kind, SETTINGS, Section, Setting, Settings};
use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// The shorthand for the switches of bias calibration.
const BIAS_CALIBRATION: &str = "bias-calibration";

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  something from outside was wrong: a file, its data, a place to write to
  2  the command itself was wrong";

const INSPECT_EXAMPLE: &str = "\
Example:
  sdann inspect assets/models/mnist-cnn.onnx";

const RUN_EXAMPLE: &str = "\
Examples:
  sdann run assets/models/mnist-cnn.onnx --inputs assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --divide-by 255 --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz --output codes.npy

  The same through registers of 12 bits, with a report:
  sdann run assets/models/mnist-cnn.onnx --inputs assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --divide-by 255 --register-bits 12 --output narrow.npy --report narrow.json";

const EXPLAIN_EXAMPLE: &str = "\
Example:
  sdann explain assets/models/mnist-cnn.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz --divide-by 255 --register-bits 12";

const QUANTIZE_EXAMPLE: &str = "\
Examples:
  sdann quantize assets/models/mnist-cnn.float.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz --divide-by 255 \\
      --calibration assets/datasets/mnist-calibration-images.idx3-ubyte.gz --output mnist-cnn.int8.onnx

  The same with weights of 4 bits, their rounding's mean error taken off the biases:
  sdann quantize assets/models/mnist-cnn.float.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz --divide-by 255 \\
      --weight-bits 4 --weight-range mse --quantization-correct on";

const CONVERT_EXAMPLE: &str = "\
Example:
  sdann convert assets/models/mnist-cnn.onnx --data assets/datasets/mnist-calibration-images.idx3-ubyte.gz \\
      --divide-by 255 --register-bits 12 -o narrow.sdann";

const COMPARE_EXAMPLE: &str = "\
Example:
  sdann compare assets/models/mnist-cnn.float.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz --divide-by 255 \\
      --calibration assets/datasets/mnist-calibration-images.idx3-ubyte.gz --codes bit-serial,rate --steps 4,8,16,32";

const TRACE_EXAMPLE: &str = "\
Example:
  sdann trace assets/models/mnist-cnn.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --divide-by 255 --sample 3 --depth 4";

const SWEEP_EXAMPLE: &str = "\
Example:
  sdann sweep assets/models/mnist-cnn.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz --divide-by 255 --samples 200 \\
      --axis register-bits=8..16 --axis rounding=floor,half-even -o sweep.csv";

const MAP_EXAMPLE: &str = "\
Examples:
  sdann map assets/models/mnist-cnn.onnx --chip darwin3

  With the traffic of some digits, a picture and tables of cores and links:
  sdann map assets/models/mnist-cnn.onnx --data assets/datasets/mnist-test-images.idx3-ubyte.gz \\
      --divide-by 255 --samples 10 --svg mesh.svg --csv cores.csv";

const CHIPS_EXAMPLE: &str = "\
Examples:
  sdann chips
  sdann chips darwin3

  A chip of your own, begun from one that is known:
  sdann chips loihi --toml > mine.toml
  sdann chips --chip-file mine.toml";

const SETTINGS_EXAMPLE: &str = "\
Example:
  sdann settings --markdown > docs/SETTINGS.md";

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("sdann")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Run quantized neural networks as spikes, exactly")
        .after_help(EXIT_CODES)
        .subcommand_required(true)
        .subcommand(inspect())
        .subcommand(run())
        .subcommand(quantize())
        .subcommand(convert())
        .subcommand(explain())
        .subcommand(compare())
        .subcommand(trace())
        .subcommand(map())
        .subcommand(sweep())
        .subcommand(chips())
        .subcommand(settings())
}

fn inspect() -> Command {
    Command::new("inspect")
        .about("Say what a model is made of, layer by layer")
        .after_help(INSPECT_EXAMPLE)
        .arg(model())
        .arg(switch("json", "Print JSON instead of a table"))
}

fn run() -> Command {
    Command::new("run")
        .about("Run samples through a model as spikes, and hold every code against the integer reference")
        .after_help(RUN_EXAMPLE)
        .arg(model())
        .args(data_flags(path("inputs", "X")))
        .arg(
            Arg::new("engine")
                .long("engine")
                .value_name("ENGINE")
                .default_value("spiking")
                .value_parser(PossibleValuesParser::new([
                    PossibleValue::new("spiking").help("bit by bit, by STEM neurons"),
                    PossibleValue::new("integer").help("the integer reference, which no setting concerns"),
                ]))
                .help("What computes the output"),
        )
        .arg(path("output", "OUT.npy").required(true).help(
            "Where to write the output's codes: int32, [samples, …output shape]; float32 if the output is not quantized",
        ))
        .arg(path("report", "R.json").help("Where to write the report"))
        .arg(switch("json", "Print the report instead of a summary"))
        .arg(chip_file())
        .args(Section::ALL.into_iter().flat_map(section_flags))
}

fn convert() -> Command {
    Command::new("convert")
        .about("Convert a model, and write the spiking network to a file")
        .after_help(CONVERT_EXAMPLE)
        .arg(model())
        .arg(path("data", "C").visible_alias("calibration").help(
            "Samples that ranges and corrections are measured on, in the model's input shape: .npy, .npz, IDX or CSV, .gz or not; images [default: none, so that nothing is scaled but by guarantee]",
        ))
        .arg(
            Arg::new("divide-by")
                .long("divide-by")
                .value_name("N")
                .default_value("1")
                .value_parser(divisor)
                .help("Divide stored values of the samples by N: 255 for 8-bit images, for instance"),
        )
        .arg(
            path("output", "OUT").short('o').required(true).help(
                "Where to write it: a file (.sdann), or a folder that exists or whose name ends with /",
            ),
        )
        .arg(switch("json", "Print what was written as JSON"))
        .args(conversion_flags())
}

fn map() -> Command {
    // Nothing is judged here, so there is nothing to say of what should come out.
    let data = data_flags(path("data", "X").visible_alias("inputs"))
        .into_iter()
        .filter(|arg| ["data", "calibration", "divide-by"].contains(&arg.get_id().as_str()))
        .map(|arg| arg.required(false));
    Command::new("map")
        .about("Lay a network onto a chip, and tell what travels there")
        .after_help(MAP_EXAMPLE)
        .arg(model())
        .args(data)
        .arg(chip_file())
        .arg(
            number("samples", "N")
                .default_value("1")
                .requires("data")
                .help("Run the first N samples, and tell their mean"),
        )
        .arg(switch("fit-all", "Only tell on which of the known chips the network fits, and what binds there"))
        .arg(path("csv", "CORES.csv").help(
            "Where to write a row for each core; the links go to CORES.links.csv beside it",
        ))
        .arg(path("svg", "MESH.svg").help("Where to write the chip as a picture"))
        .arg(path("program", "PROGRAM.json").help(
            "Where to write the spike program: what each core holds, hears and sends, with the spikes of the samples",
        ))
        .arg(switch("json", "Print the report as JSON"))
        .args(Section::ALL.into_iter().flat_map(section_flags))
}

fn sweep() -> Command {
    let count = value_parser!(usize);
    Command::new("sweep")
        .about("Run every combination of some settings' values, and keep what each costs in a CSV file")
        .after_help(SWEEP_EXAMPLE)
        .arg(model())
        .args(data_flags(path("data", "X").visible_alias("inputs")))
        .arg(
            Arg::new("axis")
                .long("axis")
                .value_name("SETTING=VALUES")
                .required(true)
                .action(ArgAction::Append)
                .help("A setting with its values: 8..16 (both ends), 8..16..2 (every second), or words separated by commas; give one for each setting"),
        )
        .arg(
            Arg::new("samples")
                .long("samples")
                .value_name("N")
                .value_parser(count)
                .help("Run only the first N samples [default: all]"),
        )
        .arg(path("output", "OUT.csv").short('o').required(true).help(
            "Where the rows go, each as soon as it is known; if the file holds rows of this sweep, it goes on behind them",
        ))
        .arg(switch("json", "Print all rows as JSON"))
        .args(conversion_flags())
}

fn explain() -> Command {
    Command::new("explain")
        .about(
            "Say of every layer what conversion did to it, what is wrong there, and which setting mends it",
        )
        .after_help(EXPLAIN_EXAMPLE)
        .arg(model())
        .args(data_flags(path("data", "X").visible_alias("inputs")))
        .arg(path("float", "F").help(
            "The model as it was before quantization: says how much alike the numbers of both are, layer by layer",
        ))
        .arg(switch("json", "Print JSON instead of tables and sentences"))
        .args(Section::ALL.into_iter().flat_map(section_flags))
}

fn quantize() -> Command {
    Command::new("quantize")
        .about("Quantize a float model, and say what that costs, tensor by tensor")
        .after_help(QUANTIZE_EXAMPLE)
        .arg(model().help("A float ONNX model"))
        .args(data_flags(path("data", "X").visible_alias("inputs")))
        .arg(
            path("output", "OUT.onnx")
                .short('o')
                .help("Where to write the quantized model: ONNX in QDQ form"),
        )
        .arg(switch("json", "Print JSON instead of a table"))
        .args(section_flags(Section::Quantization))
}

fn compare() -> Command {
    let codes = CodeName::ALL.map(|code| format!("\n  {}: {}", code.word(), code.help()));
    let list = |name: &'static str, value: &'static str, default: &'static str| {
        Arg::new(name).long(name).value_name(value).default_value(default)
    };
    // Of a run's data, targets and their measure are nothing to count classes by.
    let data = data_flags(path("data", "X").visible_alias("inputs"))
        .into_iter()
        .filter(|arg| !["targets", "measure", "divide-targets-by"].contains(&arg.get_id().as_str()));
    Command::new("compare")
        .about("Compare the bit-serial code with rate, phase and first-spike codes of the same trained network: accuracy against time steps and spikes")
        .after_help(COMPARE_EXAMPLE)
        .arg(model().help("A float ONNX model, or a quantized one (then the other codes run with the numbers that its codes stand for)"))
        .args(data)
        .arg(
            Arg::new("codes")
                .long("codes")
                .value_name("CODES")
                .value_parser(read_codes)
                .help("The codes to compare, separated by commas [default: all]")
                .long_help(format!("The codes to compare, separated by commas [default: all]{}", codes.concat())),
        )
        .arg(list("steps", "T,…", "1,2,4,8,16,32,64,128").value_parser(read_steps).help(
            "Time steps after which answers are taken (of a window, for first-spike), 1 to 4096",
        ))
        .arg(list("bits", "K,…", "2,3,4,5,6,7,8").value_parser(read_bits).help(
            "Bits of activations that a float model is quantized to for bit-serial, 1 to 16",
        ))
        .arg(list("percentile", "P", "99.9").value_parser(read_percentile).help(
            "What of its activations a neuron's full rate covers, in percent: 90 to 100",
        ))
        .arg(list("period", "P", "8").value_parser(value_parser!(u32).range(1..=i64::from(Code::LONGEST_PERIOD))).help(
            "Time steps of a phase code's period, 1 to 24",
        ))
        .arg(switch("json", "Print JSON instead of a table"))
        .arg(switch("csv", "Print CSV instead of a table").conflicts_with("json"))
}

fn trace() -> Command {
    Command::new("trace")
        .about("Tell where a code comes from: every step, source and sum of one neuron for one sample")
        .after_help(TRACE_EXAMPLE)
        .arg(model())
        .args(data_flags(path("data", "X").visible_alias("inputs")))
        .arg(
            number("sample", "N")
                .default_value("0")
                .help("The sample, counted from 0"),
        )
        .arg(
            Arg::new("layer")
                .long("layer")
                .value_name("NAME")
                .help("The layer: its name, or its number from 0 [default: the last]"),
        )
        .arg(
            Arg::new("neuron").long("neuron").value_name("I").help(
                "The neuron of its output: a number from 0, or a place like 3,10,7 [default: the largest]",
            ),
        )
        .arg(
            number("depth", "D")
                .default_value("1")
                .help("Follow the source that adds most back over D layers, the first one included"),
        )
        .arg(switch("all", "Tell every source, not only those that add most"))
        .arg(switch("json", "Print JSON instead of tables"))
        .args(Section::ALL.into_iter().flat_map(section_flags))
}

/// Samples with all that belongs to them; `inputs` is the flag that names the samples.
fn data_flags(inputs: Arg) -> [Arg; 7] {
    [
        inputs.required(true).help("Samples in the model's input shape: .npy, .npz, IDX or CSV, .gz or not; a PNG or JPEG image; a zip or folder of images"),
        path("labels", "Y").help(
            "The class of each sample: integers in .npy, .npz, IDX or CSV, .gz or not [default: those in the inputs, if any]",
        ),
        path("targets", "T").conflicts_with("labels").help(
            "What should come out of each sample, where that is no class: numbers in the output's shape, in .npy, .npz, IDX or CSV, .gz or not",
        ),
        Arg::new("measure")
            .long("measure")
            .value_name("MEASURE")
            .default_value("rmse")
            .value_parser(PossibleValuesParser::new([
                PossibleValue::new("rmse").help("the root of the mean squared error"),
                PossibleValue::new("psnr")
                    .help("the mean peak signal-to-noise ratio of the samples, relative to 1.0"),
            ]))
            .help("How closeness to the targets is measured"),
        Arg::new("divide-targets-by")
            .long("divide-targets-by")
            .value_name("N")
            .default_value("1")
            .value_parser(divisor)
            .help("Divide stored values of the targets by N"),
        path("calibration", "C").help(
            "Samples, like the inputs, that ranges and corrections are measured on [default: the first 128 of the inputs]",
        ),
        Arg::new("divide-by")
            .long("divide-by")
            .value_name("N")
            .default_value("1")
            .value_parser(divisor)
            .help("Divide stored values of inputs and calibration by N: 255 for 8-bit images, for instance"),
    ]
}

fn chips() -> Command {
    Command::new("chips")
        .about("List the chips that are known, or tell all that is known of one, with grades and sources")
        .after_help(CHIPS_EXAMPLE)
        .arg(
            Arg::new("chip")
                .value_name("CHIP")
                .value_parser(PossibleValuesParser::new(
                    Preset::ALL.iter().map(|preset| PossibleValue::new(preset.key())),
                ))
                .help("The chip [default: list all]"),
        )
        .arg(chip_file().conflicts_with("chip"))
        .arg(switch("json", "Print JSON instead of tables"))
        .arg(switch("toml", "Print the chip's file").conflicts_with("json"))
        .arg(
            switch("markdown", "Print the tables of fields in docs/adding-a-chip.md").conflicts_with_all([
                "chip",
                "chip-file",
                "json",
                "toml",
            ]),
        )
}

/// The flag for a chip of one's own.
pub(super) fn chip_file() -> Arg {
    path("chip-file", "FILE.toml")
        .help("A chip of your own, described as docs/adding-a-chip.md tells, instead of one that is known")
}

fn settings() -> Command {
    Command::new("settings")
        .about("List every setting with its values, default and meaning")
        .after_help(SETTINGS_EXAMPLE)
        .arg(switch("markdown", "Print docs/SETTINGS.md"))
}

fn model() -> Arg {
    Arg::new("model")
        .value_name("MODEL")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("A quantized ONNX or full-integer TensorFlow Lite model, a float ONNX model that is quantized on its way in, a spiking network that 'sdann convert' wrote, or a spike program that 'sdann map' wrote")
}

fn path(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_parser(value_parser!(PathBuf))
}

fn number(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_parser(value_parser!(usize))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Reads a number that values can be divided by.
fn divisor(word: &str) -> Result<f32, String> {
    word.parse()
        .ok()
        .filter(|n: &f32| n.is_finite() && *n > 0.0)
        .ok_or_else(|| "it takes a number above 0".into())
}

/// The flags of all settings that conversion depends on.
fn conversion_flags() -> impl Iterator<Item = Arg> {
    Section::ALL
        .into_iter()
        .filter(|&section| section != Section::Chip)
        .flat_map(section_flags)
}

/// The first flag given that decides how a model is converted.
pub(super) fn given_conversion(matches: &ArgMatches) -> Option<&'static str> {
    let settings = SETTINGS.iter().filter(|setting| setting.section != Section::Chip);
    let mut keys = settings.map(|setting| setting.key).chain([BIAS_CALIBRATION]);
    keys.find(|key| matches.value_source(key) == Some(ValueSource::CommandLine))
}

/// The first flag given that decides where neurons are.
pub(super) fn given_chip(matches: &ArgMatches) -> Option<&'static str> {
    let mut settings = SETTINGS.iter().filter(|setting| setting.section == Section::Chip);
    let given = |setting: &&Setting| matches.value_source(setting.key) == Some(ValueSource::CommandLine);
    let file = (matches.value_source("chip-file") == Some(ValueSource::CommandLine)).then_some("chip-file");
    settings.find(given).map(|setting| setting.key).or(file)
}

fn section_flags(section: Section) -> impl Iterator<Item = Arg> {
    let shorthand = (section == Section::BiasCalibration).then(bias_calibration);
    let settings = SETTINGS.iter().filter(move |setting| setting.section == section);
    shorthand.into_iter().chain(settings.map(setting_flag))
}

fn setting_flag(setting: &'static Setting) -> Arg {
    let mut long_help = setting.help.to_owned();
    if !setting.equation.is_empty() {
        long_help += &format!("\n  {}", setting.equation);
    }
    if let Kind::Integer { .. } = setting.kind {
        long_help += &format!("\n[{}]", setting.expected());
    }
    Arg::new(setting.key)
        .long(setting.key)
        .value_name(match setting.kind {
            Kind::Integer { .. } => "N",
            Kind::Choice(_) => "WORD",
            Kind::Switch => "ON|OFF",
        })
        .default_value(setting.get(&Settings::default()))
        .value_parser(setting_values(setting))
        .help(setting.help)
        .long_help(long_help)
        .help_heading(setting.section.title())
}

fn setting_values(setting: &'static Setting) -> ValueParser {
    match setting.kind {
        Kind::Integer { .. } => ValueParser::new(move |word: &str| {
            let refused = |_| format!("it takes {}", setting.expected());
            setting
                .set(&mut Settings::default(), word)
                .map(|()| word.to_owned())
                .map_err(refused)
        }),
        Kind::Choice(choices) => PossibleValuesParser::new(choices.iter().map(|choice| choice.value)).into(),
        Kind::Switch => PossibleValuesParser::new(["on", "off"]).into(),
    }
}

/// The switches that [`BIAS_CALIBRATION`] stands for, with the word of each.
fn parts() -> impl Iterator<Item = (&'static str, &'static Setting)> {
    SETTINGS
        .iter()
        .filter(|s| s.section == Section::BiasCalibration && matches!(s.kind, Kind::Switch))
        .map(|s| (s.key.trim_start_matches("bias-"), s))
}

fn part_words() -> String {
    parts().map(|(word, _)| word).collect::<Vec<_>>().join(", ")
}

fn bias_calibration() -> Arg {
    Arg::new(BIAS_CALIBRATION)
        .long(BIAS_CALIBRATION)
        .value_name("PARTS")
        .value_parser(read_parts)
        .conflicts_with_all(parts().map(|(_, setting)| setting.key))
        .help(format!(
            "Shorthand for the switches: those of {} to turn on, separated by commas, the others being off; or all, or none",
            part_words()
        ))
        .help_heading(Section::BiasCalibration.title())
}

/// Reads a list of parts into the keys of the switches that are on.
fn read_parts(list: &str) -> Result<Vec<&'static str>, String> {
    match list {
        "all" => return Ok(parts().map(|(_, setting)| setting.key).collect()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let refused = || {
        format!(
            "it takes all, none, or some of {} separated by commas",
            part_words()
        )
    };
    list.split(',')
        .map(|word| parts().find(|(part, _)| *part == word.trim()).ok_or_else(refused))
        .map(|found| found.map(|(_, setting)| setting.key))
        .collect()
}

/// The settings that the flags say.
///
/// # Errors
/// If some exclude each other.
pub(super) fn chosen_settings(matches: &ArgMatches) -> Result<Settings, CliError> {
    let usage = |error: crate::settings::SettingsError| CliError::Usage(error.to_string());
    let mut settings = Settings::default();
    if let Ok(Some(on)) = matches.try_get_one::<Vec<&'static str>>(BIAS_CALIBRATION) {
        for (_, setting) in parts() {
            let value = if on.contains(&setting.key) { "on" } else { "off" };
            setting.set(&mut settings, value).map_err(usage)?;
        }
    }
    for setting in SETTINGS {
        // A default value would undo the shorthand.
        let Ok(value) = matches.try_get_one::<String>(setting.key) else {
            continue;
        };
        let given = matches.value_source(setting.key) == Some(ValueSource::CommandLine);
        if let (true, Some(value)) = (given, value) {
            setting.set(&mut settings, value).map_err(usage)?;
        }
    }
    settings.check().map_err(usage)?;
    Ok(settings)
}

/// The path that a flag gives.
pub(super) fn path_of(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.try_get_one::<PathBuf>(name).ok().flatten().cloned()
}

/// What clap has to say of a wrong command, as one sentence.
pub(super) fn sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let told: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .collect();
    // Paragraphs, each of several lines.
    let phrases = told
        .split(|line| line.is_empty())
        .filter(|phrase| !phrase.is_empty())
        .map(|phrase| phrase.join(" "));
    let text = phrases.collect::<Vec<_>>().join("; ");
    format!(
        "{}; see 'sdann --help' and 'sdann run --help'",
        text.trim_start_matches("error: ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(flags: &[&str]) -> Result<Settings, String> {
        let words = ["sdann", "run", "m", "--inputs", "x", "--output", "o"];
        let matches = command()
            .try_get_matches_from(words.iter().chain(flags))
            .map_err(|error| sentence(&error))?;
        let (_, matches) = matches.subcommand().expect("a command");
        chosen_settings(matches).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_has_a_flag_that_sets_it() {
        assert_eq!(chosen(&[]), Ok(Settings::default()));
        for setting in SETTINGS {
            let values: Vec<String> = match &setting.kind {
                Kind::Integer { min, max, .. } => vec![min.to_string(), max.to_string()],
                Kind::Choice(choices) => choices.iter().map(|c| c.value.to_owned()).collect(),
                Kind::Switch => vec!["on".into(), "off".into()],
            };
            for value in values {
                let settings = chosen(&[&format!("--{}", setting.key), &value]);
                let settings = settings.unwrap_or_else(|error| panic!("{}: {error}", setting.key));
                assert_eq!(setting.get(&settings), value, "{}", setting.key);
            }
        }
    }

    #[test]
    fn bias_calibration_stands_for_its_switches() {
        let switches = |list| {
            let parts = chosen(&["--bias-calibration", list])
                .expect(list)
                .conversion
                .bias_calibration;
            (parts.fold, parts.fit, parts.correct)
        };
        assert_eq!(switches("none"), (false, false, false));
        assert_eq!(switches("all"), (true, true, true));
        assert_eq!(switches("fold"), (true, false, false));
        assert_eq!(switches("correct,fit"), (false, true, true));
        let error = chosen(&["--bias-calibration", "fold,fudge"]).expect_err("no such part");
        assert!(error.contains("some of fold, fit, correct"), "{error}");
        let error = chosen(&["--bias-calibration", "fold", "--bias-fit", "on"]).expect_err("said twice");
        assert!(error.contains("cannot be used with"), "{error}");
    }
}
