//! Images: one, or a zip or folder of them with labels from the folders' names or from `labels.csv`.
//! What lies in one image is read by `picture`.

use super::labels::LabelList;
use super::{Array, ArrayValues, Dataset, Labels, MAX_ARRAY_BYTES, table, too_large};
use crate::import::ImportError;
use crate::import::error::shown;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

/// No folder or archive may have more files than this.
pub const MAX_FILES: usize = 100_000;

/// The list of labels beside or above the images.
const LABEL_LIST: &str = "labels.csv";

/// Files of these kinds often lie beside images and are left aside.
const LEFT_ASIDE: &[&str] = &[
    "txt", "md", "json", "yml", "yaml", "xml", "html", "pdf", "ini", "db",
];

/// Files under one root, read one at a time: a folder's, or an archive's members.
pub trait Files {
    /// Paths below the root, their parts separated by `/`; each occurs once.
    fn paths(&self) -> &[String];

    /// The bytes of the file with this index in [`Self::paths`].
    ///
    /// # Errors
    /// If it cannot be read, or has more bytes than `limit`.
    fn read(&mut self, index: usize, limit: usize) -> Result<Vec<u8>, ImportError>;
}

/// Whether `bytes` start as a PNG or JPEG image does.
pub(super) fn is_image(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1A\n") || bytes.starts_with(b"\xFF\xD8\xFF")
}

/// Reads one image as one sample.
pub(super) fn read_image(bytes: &[u8]) -> Result<Dataset, ImportError> {
    let mut stack = Stack::new(1);
    stack.push(bytes)?;
    Ok(Dataset::unlabelled(stack.finish()))
}

/// Reads a folder or an archive of PNG and JPEG images, in natural order of their paths (`2.png`
/// before `10.png`). All must have the same size and the same number of channels.
///
/// Labels come from a file `labels.csv` with the columns file and label, one row for each image, its
/// path counted from the list's folder. Without such a list, images that lie in two folders or
/// more are labelled by them: a folder is a class. Classes are counted in alphabetic order of their
/// names, or in numeric order if all are numbers. Hidden files and notes (`.txt`, `.md`, `.json`, …) are
/// left aside.
///
/// # Errors
/// If a file among them can't be used, there are no images or more than [`MAX_FILES`], or it is
/// unclear which labels are meant.
pub fn read_images(files: &mut dyn Files) -> Result<Dataset, ImportError> {
    if files.paths().len() > MAX_FILES {
        return Err(ImportError::TooLarge {
            what: "the number of files".into(),
            found: files.paths().len().to_string(),
            limit: format!("{MAX_FILES}; give fewer"),
        });
    }
    let Contents { mut images, list } = Contents::of(files.paths())?;
    images.sort_by(|&a, &b| natural_order(&files.paths()[a], &files.paths()[b]));
    let mut left = MAX_ARRAY_BYTES;
    let listed = list.map(|index| {
        let path = files.paths()[index].clone();
        let read = files.read(index, left).and_then(|bytes| {
            left -= bytes.len();
            listed_labels(&bytes, &path, files.paths(), &images)
        });
        read.map_err(|error| error.at("", &path))
    });
    let labels = match listed {
        Some(labels) => Some(labels?),
        None => folder_labels(files.paths(), &images)?,
    };
    let mut stack = Stack::new(images.len());
    for &index in &images {
        let read = files.read(index, left).and_then(|bytes| {
            left -= bytes.len();
            stack.push(&bytes)
        });
        read.map_err(|error| error.at("image", &files.paths()[index]))?;
    }
    let (labels, class_names) = labels.map(|l| (l.classes, l.class_names)).unzip();
    Ok(Dataset {
        samples: stack.finish(),
        labels,
        class_names: class_names.unwrap_or_default(),
    })
}

/// Indices of the files that matter.
struct Contents {
    images: Vec<usize>,
    list: Option<usize>,
}

impl Contents {
    fn of(paths: &[String]) -> Result<Self, ImportError> {
        let refused = |path: &str, problem: &str| Err(ImportError::Data(problem.into()).at("file", path));
        let (mut images, mut lists) = (Vec::new(), Vec::new());
        for (index, path) in paths.iter().enumerate() {
            let name = path.rsplit('/').next().unwrap_or_default();
            let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
            let is_hidden = path
                .split('/')
                .any(|part| part.starts_with('.') || part == "__MACOSX");
            match ending.as_deref() {
                _ if is_hidden => {}
                None => {}
                Some(_) if is_image_name(name) => images.push(index),
                Some("csv") if name.eq_ignore_ascii_case(LABEL_LIST) => {
                    lists.push(index);
                }
                Some("zip" | "gz" | "tar" | "7z" | "rar") => {
                    return refused(path, "this is an archive within; unpack it");
                }
                Some(ending) if LEFT_ASIDE.contains(&ending) => {}
                Some(_) => {
                    return refused(
                        path,
                        "only PNG and JPEG images and labels.csv are read from a folder or zip; convert it or take it out",
                    );
                }
            }
        }
        if let [_, second, ..] = lists[..] {
            return refused(&paths[second], "there is a second labels.csv; keep one of them");
        }
        if images.is_empty() {
            return Err(ImportError::Data(
                "there are no NumPy arrays (.npy) and no images (.png, .jpg) in it; check that it is the right one".into(),
            ));
        }
        Ok(Self {
            images,
            list: lists.first().copied(),
        })
    }
}

fn is_image_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| {
        ["png", "jpg", "jpeg"]
            .iter()
            .any(|e| ending.eq_ignore_ascii_case(e))
    })
}

/// The folder of a path, with the `/` at its end; empty at the root.
fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |end| &path[..=end])
}

/// Labels from the bytes of `labels.csv`, in the order of `images`.
fn listed_labels(
    bytes: &[u8],
    list: &str,
    paths: &[String],
    images: &[usize],
) -> Result<Labels, ImportError> {
    let problem = |line: u64, problem: &str| ImportError::Data(format!("line {line}: {problem}"));
    let mut rows = HashMap::new();
    for (file, label, line) in table::read_pairs(bytes, is_image_name)? {
        let path = folder(list).to_owned() + file.replace('\\', "/").trim_start_matches("./");
        if rows.insert(path, (label, line)).is_some() {
            let twice = format!("'{}' is listed twice; keep one of the rows", shown(&file));
            return Err(problem(line, &twice));
        }
    }
    let mut labels = LabelList::default();
    for &index in images {
        let path = &paths[index];
        let Some((label, line)) = rows.remove(path) else {
            return Err(ImportError::Data(format!(
                "it doesn't list the image '{}'; add a row for it, with its path as seen from labels.csv",
                shown(path)
            )));
        };
        labels
            .push(&label)
            .map_err(|error| problem(line, &error.to_string()))?;
    }
    match rows.iter().min_by_key(|(_, (_, line))| *line) {
        Some((path, &(_, line))) => {
            let missing = format!("there is no image '{}'; add it or remove the row", shown(path));
            Err(problem(line, &missing))
        }
        None => Ok(labels.finish()),
    }
}

/// Labels from the names of the folders right below the one that all images have in common; `None`
/// if there are no such folders.
fn folder_labels(paths: &[String], images: &[usize]) -> Result<Option<Labels>, ImportError> {
    let folders: Vec<&str> = images.iter().map(|&index| folder(&paths[index])).collect();
    let Some(&first) = folders.first() else {
        return Ok(None);
    };
    let common = folders
        .iter()
        .fold(first, |common, folder| common_folder(common, folder));
    if folders.iter().all(|folder| *folder == common) {
        return Ok(None);
    }
    let class_of = |folder: &str| folder[common.len()..].trim_end_matches('/').to_owned();
    for (&folder, &index) in folders.iter().zip(images) {
        let problem = match class_of(folder) {
            class if class.is_empty() => {
                "it lies in no folder of a class, but others do; move it, or add labels.csv"
            }
            class if class.contains('/') => {
                "it lies more than one folder deep, but one folder for each class is expected; give a single set of class folders, or add labels.csv"
            }
            _ => continue,
        };
        return Err(ImportError::Data(problem.into()).at("image", &paths[index]));
    }
    let classes: BTreeSet<String> = folders.iter().map(|folder| class_of(folder)).collect();
    let mut names: Vec<String> = classes.into_iter().collect();
    let number = |name: &String| name.parse::<u64>().ok();
    if names.iter().all(|name| number(name).is_some()) {
        names.sort_by_key(number);
    }
    let indices: HashMap<&str, usize> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (name.as_str(), i))
        .collect();
    let classes = folders
        .iter()
        .filter_map(|folder| indices.get(class_of(folder).as_str()).copied());
    Ok(Some(Labels {
        classes: classes.collect(),
        class_names: names,
    }))
}

/// The longest folder that both are in.
fn common_folder<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // A byte after `/` is where a character begins.
    a.as_bytes()[..same]
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or("", |end| &a[..=end])
}

/// Compares as people count: runs of digits by their value.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    while let (Some(first), Some(second)) = (x.first(), y.first()) {
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (left, right) = (number_at(&mut x), number_at(&mut y));
            match left.len().cmp(&right.len()).then(left.cmp(right)) {
                Ordering::Equal => continue,
                unequal => return unequal,
            }
        }
        if first != second {
            return first.cmp(second);
        }
        (x, y) = (&x[1..], &y[1..]);
    }
    x.len().cmp(&y.len()).then_with(|| a.cmp(b))
}

/// Takes the digits at the beginning of `text` and returns them without leading zeros.
fn number_at<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    &digits[digits.iter().position(|&b| b != b'0').unwrap_or(end)..]
}

/// Images of one shape, one after the other.
struct Stack {
    count: usize,
    expected: usize,
    /// Channels, height, width.
    shape: Option<[usize; 3]>,
    values: Vec<u8>,
}

impl Stack {
    fn new(expected: usize) -> Self {
        Self {
            count: 0,
            expected,
            shape: None,
            values: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        if !is_image(bytes) {
            return Err(ImportError::Data(
                "this is no PNG or JPEG image, whatever its name says; convert it".into(),
            ));
        }
        let expected = self.expected;
        let known = self.shape;
        let (shape, values) = decode(bytes, |shape| match known {
            Some(known) if known == shape => Ok(()),
            Some(known) => Err(ImportError::Data(format!(
                "it is {}, but those before it are {}; make all alike",
                described(shape),
                described(known)
            ))),
            // That they fit in memory is known before the first is decoded.
            None => match shape
                .iter()
                .try_fold(expected, |n, &extent| n.checked_mul(extent))
            {
                Some(total) if total <= MAX_ARRAY_BYTES => Ok(()),
                _ => Err(too_large("what the images unfold to")),
            },
        })?;
        self.shape = Some(shape);
        self.values.extend(values);
        self.count += 1;
        Ok(())
    }

    fn finish(self) -> Array {
        let [channels, height, width] = self.shape.unwrap_or_default();
        let shape = match channels {
            1 => vec![self.count, height, width],
            _ => vec![self.count, channels, height, width],
        };
        Array {
            shape,
            values: ArrayValues::U8(self.values),
        }
    }
}

fn described([channels, height, width]: [usize; 3]) -> String {
    let kind = if channels == 1 { "grey" } else { "in colour" };
    format!("{width}×{height} pixels, {kind}")
}

#[cfg(feature = "images")]
use super::picture::decode;

/// Stands in for the decoders where they are left out.
#[cfg(not(feature = "images"))]
fn decode(
    _: &[u8],
    _: impl FnOnce([usize; 3]) -> Result<(), ImportError>,
) -> Result<([usize; 3], Vec<u8>), ImportError> {
    Err(ImportError::Data(
        "images aren't decoded in this build; give an array (.npy) of their values".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(paths: &[&str]) -> Result<Option<Labels>, ImportError> {
        let paths: Vec<String> = paths.iter().map(|&path| path.into()).collect();
        folder_labels(&paths, &(0..paths.len()).collect::<Vec<_>>())
    }

    #[test]
    fn files_are_ordered_as_people_count() {
        let mut names = ["a10.png", "a2.png", "a02.png", "b1.png", "a.png", "a2b.png"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            ["a.png", "a02.png", "a2.png", "a2b.png", "a10.png", "b1.png"]
        );
    }

    #[test]
    fn folders_are_classes_in_numeric_order_if_all_are_numbers() {
        let found = labels(&["set/10/a.png", "set/2/a.png", "set/10/b.png"])
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.classes, found.class_names),
            (vec![1, 0, 1], vec!["2".into(), "10".into()])
        );
        let found = labels(&["b/a.png", "10/a.png", "a/a.png"]).unwrap().unwrap();
        assert_eq!(found.class_names, ["10", "a", "b"]);
    }

    #[test]
    fn a_single_folder_says_nothing_of_classes() {
        assert_eq!(labels(&["a.png", "b.png"]), Ok(None));
        assert_eq!(labels(&["set/7/a.png", "set/7/b.png"]), Ok(None));
    }

    #[test]
    fn folders_that_could_mean_several_things_are_refused() {
        assert!(labels(&["a.png", "1/b.png"]).is_err());
        assert!(labels(&["train/0/a.png", "test/0/a.png"]).is_err());
    }

    #[test]
    fn folders_that_begin_alike_are_different() {
        assert_eq!(
            labels(&["käse/a.png", "käsf/b.png"]).unwrap().unwrap().classes,
            [0, 1]
        );
        assert_eq!(
            labels(&["ab/a.png", "abc/b.png"]).unwrap().unwrap().classes,
            [0, 1]
        );
    }
}
