//! NumPy's .npz files: zip archives of .npy files, named by their arrays.

use super::archive::Archive;
use super::images::Files;
use super::{Array, Dataset, MAX_ARRAY_BYTES, Purpose, npy};
use crate::import::ImportError;
use crate::import::error::shown;

const ENDING: &str = ".npy";

/// Names by which samples and labels are known, in small letters.
const SAMPLES: &[&str] = &["x", "images", "inputs", "data", "arr_0"];
const LABELS: &[&str] = &["y", "labels", "targets"];

/// Whether all members are arrays.
pub(super) fn is_npz(archive: &Archive<'_>) -> bool {
    !archive.paths().is_empty() && archive.paths().iter().all(|path| path.ends_with(ENDING))
}

/// Reads what `purpose` asks for: the samples with the labels beside them, or the labels alone.
pub(super) fn read(archive: &mut Archive<'_>, purpose: Purpose) -> Result<Dataset, ImportError> {
    let names: Vec<String> = archive
        .paths()
        .iter()
        .map(|path| path.trim_end_matches(ENDING).to_lowercase())
        .collect();
    let labels = only(&names, |name| LABELS.contains(&name));
    let mut left = MAX_ARRAY_BYTES;
    let chosen = match purpose {
        _ if names.len() == 1 => Choice::One(0),
        Purpose::Labels => labels,
        Purpose::Samples => match only(&names, |name| SAMPLES.contains(&name)) {
            Choice::None => only(&names, |name| !LABELS.contains(&name)),
            found => found,
        },
    };
    let Choice::One(chosen) = chosen else {
        return Err(unclear(archive.paths(), purpose));
    };
    let samples = member(archive, chosen, &mut left)?;
    let labels = match labels {
        Choice::One(index) if index != chosen => {
            let path = archive.paths()[index].clone();
            let labels = member(archive, index, &mut left)?.to_labels();
            let advice =
                |error| ImportError::Data(format!("{error}; or leave this array out")).at("member", &path);
            Some(labels.map_err(advice)?)
        }
        Choice::Several if purpose == Purpose::Samples => {
            return Err(unclear(archive.paths(), Purpose::Labels));
        }
        _ => None,
    };
    Ok(Dataset {
        samples,
        labels,
        class_names: Vec::new(),
    })
}

#[derive(Clone, Copy)]
enum Choice {
    None,
    One(usize),
    Several,
}

fn only(names: &[String], is_meant: impl Fn(&str) -> bool) -> Choice {
    let mut found = (0..names.len()).filter(|&index| is_meant(&names[index]));
    match (found.next(), found.next()) {
        (None, _) => Choice::None,
        (Some(index), None) => Choice::One(index),
        _ => Choice::Several,
    }
}

fn member(archive: &mut Archive<'_>, index: usize, left: &mut usize) -> Result<Array, ImportError> {
    let bytes = archive.read(index, *left);
    let path = &archive.paths()[index];
    let array = bytes.and_then(|bytes| {
        *left -= bytes.len();
        if bytes.starts_with(npy::MAGIC) {
            npy::read(&bytes)
        } else {
            Err(ImportError::Data(
                "this is no NumPy array; save it with numpy.savez".into(),
            ))
        }
    });
    array.map_err(|error| error.at("member", path))
}

fn unclear(paths: &[String], purpose: Purpose) -> ImportError {
    const SHOWN: usize = 12;
    let listed: Vec<String> = paths
        .iter()
        .take(SHOWN)
        .map(|path| format!("'{}'", shown(path.trim_end_matches(ENDING))))
        .collect();
    let more = if paths.len() > SHOWN { ", …" } else { "" };
    let (what, name) = match purpose {
        Purpose::Samples => ("the samples", "x"),
        Purpose::Labels => ("the labels", "y"),
    };
    ImportError::Data(format!(
        "it holds the arrays {}{more}, so it is unclear which are {what}; save one of them alone, or call it '{name}'",
        listed.join(", ")
    ))
}
