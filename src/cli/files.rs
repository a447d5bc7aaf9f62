//! Files that come in and go out.

use super::error::CliError;
use super::folder::Folder;
use crate::chip::spec::{Chip, MAX_CHIP_BYTES, read_chip};
use crate::explore::{Model, open_model};
use crate::graph::Graph;
use crate::import::dataset::{Dataset, Labels, MAX_ARRAY_BYTES, read_dataset, read_images, read_labels};
use crate::import::{ImportError, MAX_MODEL_BYTES, import_model};
use crate::program::{self, LoadedProgram};
use crate::sdann_file;
use crate::spiking::SpikingNetwork;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Reads a file of at most `limit` bytes.
fn read(what: &'static str, path: &Path, limit: usize) -> Result<Vec<u8>, CliError> {
    let refused = |problem: String| CliError::file(what, path, problem);
    let metadata = fs::metadata(path).map_err(|error| refused(unreadable(&error)))?;
    if metadata.is_dir() {
        return Err(refused("this is a folder, but a file is needed".into()));
    }
    let mut bytes = Vec::new();
    // What is not a plain file has no length beforehand.
    File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| refused(unreadable(&error)))?;
    if bytes.len() > limit {
        let limit = match limit >> 20 {
            0 => format!("{} KiB", limit >> 10),
            mebibytes => format!("{mebibytes} MiB"),
        };
        return Err(refused(format!(
            "it is larger than the supported {limit}; give a smaller file"
        )));
    }
    Ok(bytes)
}

/// Why something cannot be read, and what to do.
pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file; check the path".into(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted; check its permissions".into(),
        _ => format!("it cannot be read ({error})"),
    }
}

/// Opens a model of integers or of real numbers, called by its file's name without the extension, or a spiking
/// network that [`sdann_file`] wrote (a file or a folder) or that a spike program holds, with the integer network
/// in it.
pub(super) fn any_model(path: &Path) -> Result<(Model, Option<SpikingNetwork>), CliError> {
    let refused = |error: &dyn std::fmt::Display| CliError::file("model", path, error);
    let spiking = |converted: sdann_file::Converted| {
        (Model::Codes(Box::new(converted.network)), Some(converted.spiking))
    };
    if path.join(sdann_file::TEXT).is_file() {
        let part = |name: &str, limit| read("model", &path.join(name), limit);
        let parts = sdann_file::Parts {
            text: part(sdann_file::TEXT, sdann_file::MAX_TEXT_BYTES)?,
            weights: part(sdann_file::WEIGHTS, sdann_file::MAX_WEIGHT_BYTES)?,
        };
        return sdann_file::read_parts(&parts)
            .map(spiking)
            .map_err(|error| refused(&error));
    }
    let bytes = read("model", path, MAX_MODEL_BYTES.max(program::MAX_PROGRAM_BYTES))?;
    if program::is_program(&bytes) {
        let program = program::read(&bytes).map_err(|error| refused(&error))?;
        return Ok((Model::Codes(Box::new(program.network)), Some(program.spiking)));
    }
    if sdann_file::is_sdann_file(&bytes) {
        return sdann_file::read(&bytes)
            .map(spiking)
            .map_err(|error| refused(&error));
    }
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    let model = open_model(&bytes, &name).map_err(|error| refused(&error))?;
    Ok((model, None))
}

/// The spike program that a model's file holds, if it holds one.
pub(super) fn spike_program(path: &Path) -> Result<Option<LoadedProgram>, CliError> {
    if path.is_dir() {
        return Ok(None);
    }
    let bytes = read("model", path, MAX_MODEL_BYTES.max(program::MAX_PROGRAM_BYTES))?;
    if !program::is_program(&bytes) {
        return Ok(None);
    }
    program::read(&bytes)
        .map(Some)
        .map_err(|error| CliError::file("model", path, error))
}

/// Opens the model that the flag `what` names as it is: a float one, or a quantized one before it is fused.
pub(super) fn float_model(what: &'static str, path: &Path) -> Result<Graph, CliError> {
    let bytes = read(what, path, MAX_MODEL_BYTES)?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    import_model(&bytes, &name).map_err(|error| CliError::file(what, path, error))
}

/// Reads a chip's description that `--chip-file` names. Its key is the file's name without the ending.
pub(super) fn chip(path: &Path) -> Result<Chip, CliError> {
    let bytes = read("--chip-file", path, MAX_CHIP_BYTES)?;
    let key = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    read_chip(&key, &bytes).map_err(|error| CliError::file("--chip-file", path, error))
}

/// The CRC-32 of a model's file.
pub(super) fn digest(path: &Path) -> Result<u32, CliError> {
    Ok(crc32fast::hash(&read("model", path, MAX_MODEL_BYTES)?))
}

/// Reads samples that the flag `what` names: a file, or a folder of images.
pub(super) fn dataset(what: &'static str, path: &Path) -> Result<Dataset, CliError> {
    read_data(what, path, read_dataset, Ok)
}

/// Reads labels that the flag `what` names: a file, or a folder of images in folders of classes.
pub(super) fn labels(what: &'static str, path: &Path) -> Result<Labels, CliError> {
    read_data(what, path, read_labels, Dataset::into_labels)
}

fn read_data<T>(
    what: &'static str,
    path: &Path,
    from_file: impl FnOnce(&[u8], &str) -> Result<T, ImportError>,
    from_folder: impl FnOnce(Dataset) -> Result<T, ImportError>,
) -> Result<T, CliError> {
    if path.is_dir() {
        let mut folder = Folder::open(what, path)?;
        return read_images(&mut folder)
            .and_then(from_folder)
            .map_err(|error| CliError::file(what, path, error));
    }
    let bytes = read(what, path, MAX_ARRAY_BYTES)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // The command line's own message names the file.
    from_file(&bytes, &name).map_err(|error| CliError::file(what, path, error.without_place()))
}

/// A file that is there only once all of it is written: until then it has another name. What is
/// no plain file (a pipe, `/dev/null`) is written to as it is.
pub(super) struct NewFile {
    what: &'static str,
    /// As it was given.
    path: PathBuf,
    /// What is written to.
    file: File,
    /// What it is called until it is whole, and then.
    names: Option<(PathBuf, PathBuf)>,
}

impl NewFile {
    /// Begins a file that the flag `what` names.
    pub(super) fn create(what: &'static str, path: &Path) -> Result<Self, CliError> {
        let refused = |error: io::Error| unwritable(what, path, &error);
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let existing = fs::metadata(&target).ok();
        if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(CliError::file(
                what,
                path,
                "this is a folder; name a file to write",
            ));
        }
        let is_plain = existing.as_ref().is_none_or(fs::Metadata::is_file);
        let (file, names) = if is_plain {
            if existing.is_some() {
                // Replacing a file that may not be written to would surprise its owner.
                OpenOptions::new().write(true).open(&target).map_err(refused)?;
            }
            let temporary = beside(&target);
            (
                File::create_new(&temporary).map_err(refused)?,
                Some((temporary, target)),
            )
        } else {
            (
                OpenOptions::new().write(true).open(&target).map_err(refused)?,
                None,
            )
        };
        Ok(Self {
            what,
            path: path.to_owned(),
            file,
            names,
        })
    }

    /// Where to write.
    pub(super) fn writer(&mut self) -> &mut File {
        &mut self.file
    }

    /// The flag that names it.
    pub(super) fn what(&self) -> &'static str {
        self.what
    }

    /// Its path, as it was given.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all of `bytes`.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| unwritable(self.what, &self.path, &error))
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        self.file
            .flush()
            .map_err(|error| unwritable(self.what, &self.path, &error))?;
        if let Some((temporary, target)) = self.names.take()
            && let Err(error) = fs::rename(&temporary, target)
        {
            let _ = fs::remove_file(temporary);
            return Err(unwritable(self.what, &self.path, &error));
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Still under its other name: the run has failed.
        if let Some((temporary, _)) = &self.names {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A hidden name in the same folder, so that renaming needs no copy.
fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// The error of a file that cannot be written.
pub(super) fn unwritable(what: &'static str, path: &Path, error: &io::Error) -> CliError {
    CliError::file(what, path, problem_of(path, error))
}

fn problem_of(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path).display();
            format!("there is no folder '{folder}' to write it to; make it first")
        }
        io::ErrorKind::PermissionDenied => "writing there is not permitted; choose another place".into(),
        io::ErrorKind::StorageFull => "the disk is full; make room or choose another place".into(),
        _ => format!("it cannot be written ({error}); choose another place"),
    }
}

/// Refuses to overwrite what is read, or to write two things to one file.
pub(super) fn check_distinct(
    read: &[(&'static str, &Path)],
    written: &[(&'static str, &Path)],
) -> Result<(), CliError> {
    for (index, (what, path)) in written.iter().enumerate() {
        let clash = read
            .iter()
            .chain(&written[..index])
            .find(|(_, other)| is_same(path, other));
        if let Some((other, _)) = clash {
            return Err(CliError::Usage(format!(
                "{what} and {other} are the same file, '{}'; write to another one",
                path.display()
            )));
        }
    }
    Ok(())
}

fn is_same(a: &Path, b: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (a, b) = (resolved(a), resolved(b));
    // Nothing is lost by writing to a device twice.
    a == b && fs::metadata(a).map_or(true, |metadata| metadata.is_file())
}
