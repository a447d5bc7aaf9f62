//! Zip archives, through the crate `zip`: nothing is extracted, members are read one at a time.

use super::images::{Files, MAX_FILES};
use super::{damaged, too_large};
use crate::import::ImportError;
use crate::import::error::shown;
use std::collections::HashSet;
use std::io::{Cursor, Read};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

const FORMAT: &str = "zip";

/// What the entries of a zip's directory, and the record of a large one, start with.
const DIRECTORY_ENTRY: &[u8; 4] = b"PK\x01\x02";
const LARGE_DIRECTORY_END: &[u8; 4] = b"PK\x06\x06";

/// Whether `bytes` start as a zip does, or are an empty one.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// An archive whose members all have plain names of their own. Folders are not among the members.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    paths: Vec<String>,
    /// The index in `zip` of each path.
    indices: Vec<usize>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of an archive.
    ///
    /// # Errors
    /// If it is damaged, too long, or has a name twice or one that leads out of the archive.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ImportError> {
        check_count(bytes)?;
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(sentence)?;
        if zip.has_duplicate_names() {
            return Err(twice(&first_duplicate(bytes, &zip)));
        }
        let (mut paths, mut indices, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for index in 0..zip.len() {
            let name = zip
                .name_for_index(index)
                .unwrap_or(Ok("".into()))
                .map_err(sentence)?;
            if name.ends_with('/') || name.ends_with('\\') {
                continue;
            }
            let path = plain_path(&name).ok_or_else(|| {
                ImportError::Data(
                    "its path leads out of the archive; pack the files with relative paths, without '..'"
                        .into(),
                )
                .at("member", &name)
            })?;
            if !seen.insert(path.clone()) {
                return Err(twice(&path));
            }
            paths.push(path);
            indices.push(index);
        }
        Ok(Self { zip, paths, indices })
    }
}

impl Files for Archive<'_> {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&mut self, index: usize, limit: usize) -> Result<Vec<u8>, ImportError> {
        let Some(&index) = self.indices.get(index) else {
            return Err(sentence(ZipError::FileNotFound));
        };
        let member = self.zip.by_index(index).map_err(sentence)?;
        if !matches!(
            member.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return Err(ImportError::Data(
                "its compression isn't supported; pack it with Deflate, or uncompressed".into(),
            ));
        }
        let mut bytes = Vec::new();
        if member.size() <= limit as u64 {
            member
                .take(limit as u64 + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| sentence(error.into()))?;
            if bytes.len() <= limit {
                return Ok(bytes);
            }
        }
        Err(too_large("what the zip unfolds to"))
    }
}

/// Refuses archives that claim or have too many members, before anything is allocated by that. What
/// looks like a directory's entry may be data, but never a hundred thousand times.
fn check_count(bytes: &[u8]) -> Result<(), ImportError> {
    let mut entries = 0u64;
    for (at, window) in bytes.windows(4).enumerate() {
        if window == DIRECTORY_ENTRY {
            entries += 1;
        } else if window == LARGE_DIRECTORY_END
            && let Some(&total) = bytes.get(at + 32..).and_then(|rest| rest.first_chunk())
        {
            entries = entries.max(u64::from_le_bytes(total));
        }
    }
    if entries > MAX_FILES as u64 {
        return Err(ImportError::TooLarge {
            what: "the zip's number of members".into(),
            found: entries.to_string(),
            limit: format!("{MAX_FILES}; pack fewer files"),
        });
    }
    Ok(())
}

/// A member's path with `/` between its parts, if it stays within the archive.
fn plain_path(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with('/') || has_drive || name.contains('\0') {
        return None;
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// The first name that the directory has twice: `zip` keeps only one member of each name.
fn first_duplicate(bytes: &[u8], zip: &ZipArchive<Cursor<&[u8]>>) -> String {
    let mut seen = HashSet::new();
    let mut rest = usize::try_from(zip.central_directory_start())
        .ok()
        .and_then(|start| bytes.get(start..))
        .unwrap_or_default();
    while rest.starts_with(DIRECTORY_ENTRY)
        && let Some(header) = rest.first_chunk::<46>()
    {
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let Some(name) = rest.get(46..46 + length(28)) else {
            break;
        };
        if !seen.insert(name) {
            return String::from_utf8_lossy(name).into_owned();
        }
        rest = rest
            .get(46 + length(28) + length(30) + length(32)..)
            .unwrap_or_default();
    }
    "?".into()
}

fn twice(name: &str) -> ImportError {
    ImportError::Data("this name occurs twice, so it is unclear which is meant; pack each file once".into())
        .at("member", name)
}

/// What `zip` reports, as a sentence with a remedy.
fn sentence(error: ZipError) -> ImportError {
    let advice = match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            "it is encrypted; pack it without a password".into()
        }
        ZipError::UnsupportedArchive(what) => {
            format!(
                "this kind of zip isn't supported ({}); pack it anew with Deflate",
                shown(what)
            )
        }
        other => return damaged(FORMAT, shown(&other.to_string())),
    };
    ImportError::Data(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_none() {
        assert_eq!(plain_path("a\\b/./c.png").as_deref(), Some("a/b/c.png"));
        for path in [
            "/a",
            "..",
            "a/../../b",
            "\\\\host\\a",
            "C:\\a",
            "c:a",
            "a\0b",
            "",
            "./",
        ] {
            assert_eq!(plain_path(path), None, "{path}");
        }
    }
}
