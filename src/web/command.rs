//! The run as a line for the terminal.

use super::gallery::GalleryModel;
use super::state::{ModelChoice, State};
use crate::explore::Closeness;
use crate::settings::SETTINGS;

/// The line that makes the same run with the command line: `sdann run assets/models/… --inputs … --register-bits 12`.
/// Files of the page's lie in the program's repository; those of the user's are named as they were opened.
pub fn command_line(state: &State) -> String {
    let mut words: Vec<String> = vec!["sdann".into(), "run".into()];
    let shipped = match &state.wanted {
        Some(ModelChoice::Gallery(id)) => state.gallery.as_ref().and_then(|gallery| gallery.model(id)),
        _ => None,
    };
    let named = state.named();
    let own_model = named.model.unwrap_or_else(|| "MODEL".into());
    words.push(shipped.map_or(quoted(&own_model), |model| asset(&model.file)));
    match (&named.data, shipped) {
        (Some(data), _) => words.extend(["--inputs".into(), quoted(data)]),
        (None, Some(model)) => words.extend(inputs_of(model)),
        (None, None) => words.extend(["--inputs".into(), "X.npy".into()]),
    }
    words.extend(["--output".into(), "codes.npy".into()]);
    if let Some(chip) = &state.own_chip {
        words.extend(["--chip-file".into(), quoted(&format!("{}.toml", chip.key))]);
    }
    let is_float = state
        .loaded
        .as_ref()
        .is_some_and(|loaded| loaded.network.is_float);
    let pairs = state.settings.to_pairs().into_iter().filter(|(key, _)| {
        let setting = SETTINGS.iter().find(|setting| setting.key == *key);
        // Where neurons are changes no code; and what is quantized already is not quantized by these.
        setting.is_some_and(|setting| is_float || !setting.section.is_for_float_models())
    });
    words.extend(pairs.flat_map(|(key, value)| [format!("--{key}"), quoted(&value)]));
    words.join(" ")
}

fn inputs_of(model: &GalleryModel) -> Vec<String> {
    let data = &model.dataset;
    let mut words = vec!["--inputs".to_owned(), asset(&data.samples)];
    if let Some(labels) = &data.labels {
        words.extend(["--labels".into(), asset(labels)]);
    } else if let Some(targets) = &data.targets {
        let divide_by = targets.divide_by.to_string();
        words.extend(["--targets".into(), asset(&targets.file)]);
        let measure = match targets.measure {
            Closeness::Rmse => "rmse",
            Closeness::Psnr => "psnr",
        };
        words.extend(["--measure".into(), measure.into()]);
        words.extend(["--divide-targets-by".into(), divide_by]);
    }
    words.extend(["--calibration".into(), asset(&data.calibration)]);
    words.extend(["--divide-by".into(), data.divide_by.to_string()]);
    words
}

fn asset(file: &str) -> String {
    quoted(&format!("assets/{file}"))
}

/// A word as shells take it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./,:=+@%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::web::gallery::Gallery;
    use std::rc::Rc;

    fn shipped(model: &str) -> State {
        let gallery: Gallery =
            serde_json::from_str(include_str!("../../assets/gallery.json")).expect("the gallery");
        State {
            gallery: Some(Rc::new(gallery)),
            wanted: Some(ModelChoice::Gallery(model.into())),
            settings: Settings::from_pairs([("register-bits", "12"), ("weight-bits", "4")]).expect("valid"),
            ..State::default()
        }
    }

    #[test]
    fn a_shipped_model_is_run_with_its_data_and_what_was_set() {
        assert_eq!(
            command_line(&shipped("mnist-cnn")),
            "sdann run assets/models/mnist-cnn.onnx --inputs assets/datasets/mnist-test-images.idx3-ubyte.gz \
             --labels assets/datasets/mnist-test-labels.idx1-ubyte.gz \
             --calibration assets/datasets/mnist-calibration-images.idx3-ubyte.gz --divide-by 255 \
             --output codes.npy --register-bits 12"
        );
    }

    #[test]
    fn names_of_files_are_quoted_where_they_must_be() {
        assert_eq!(quoted("my model's.onnx"), r"'my model'\''s.onnx'");
        assert_eq!(quoted("mine.onnx"), "mine.onnx");
    }
}
