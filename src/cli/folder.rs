//! A folder of images, for the engine to read.

use super::error::CliError;
use super::files::unreadable;
use crate::import::ImportError;
use crate::import::dataset::{Files, MAX_FILES};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How many folders may lie in each other: a link that leads back ends here.
const MAX_DEPTH: usize = 8;

/// The files in a folder and in the folders below it.
pub(super) struct Folder {
    root: PathBuf,
    paths: Vec<String>,
}

impl Folder {
    /// Lists the folder that the flag `what` names. Hidden files and folders are left aside.
    pub(super) fn open(what: &'static str, root: &Path) -> Result<Self, CliError> {
        let mut folder = Self {
            root: root.to_owned(),
            paths: Vec::new(),
        };
        let listed = folder.list("", 0);
        listed.map_err(|problem| CliError::file(what, root, problem))?;
        Ok(folder)
    }

    /// Adds what lies in the folder `below` the root (with a `/` at its end, or empty).
    fn list(&mut self, below: &str, depth: usize) -> Result<(), String> {
        let told = |error: &std::io::Error| format!("folder '{below}': {}", unreadable(error));
        for entry in fs::read_dir(self.root.join(below)).map_err(|error| told(&error))? {
            let entry = entry.map_err(|error| told(&error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(format!(
                    "the name of '{below}{}' is not Unicode; rename it",
                    name.display()
                ));
            };
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{below}{name}");
            let metadata =
                fs::metadata(entry.path()).map_err(|error| format!("'{path}': {}", unreadable(&error)))?;
            if metadata.is_dir() && depth == MAX_DEPTH {
                return Err(format!(
                    "'{path}' is more than {MAX_DEPTH} folders deep; give a folder that holds images or class folders"
                ));
            } else if metadata.is_dir() {
                self.list(&(path + "/"), depth + 1)?;
            } else if metadata.is_file() {
                self.paths.push(path);
            } else {
                return Err(format!("'{path}' is neither a file nor a folder; take it out"));
            }
            if self.paths.len() > MAX_FILES {
                return Err(format!(
                    "it holds more than the supported {MAX_FILES} files; give fewer"
                ));
            }
        }
        Ok(())
    }
}

impl Files for Folder {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&mut self, index: usize, limit: usize) -> Result<Vec<u8>, ImportError> {
        let refused = |problem: String| Err(ImportError::Data(problem));
        let Some(path) = self.paths.get(index) else {
            return refused("there is no such file; check the path".into());
        };
        let mut bytes = Vec::new();
        let read = File::open(self.root.join(path))
            .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes));
        match read {
            Err(error) => refused(unreadable(&error)),
            Ok(_) if bytes.len() > limit => {
                refused("up to it, the files are larger than is supported; give fewer or smaller ones".into())
            }
            Ok(_) => Ok(bytes),
        }
    }
}
