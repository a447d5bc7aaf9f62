//! CSV, through the crate `csv`: a sample per row, all of them numbers, with or without a row of names,
//! and with or without a column of labels.

use super::labels::LabelList;
use super::{Array, ArrayValues, Dataset, MAX_ARRAY_BYTES, too_large};
use crate::import::error::shown;
use crate::import::{ImportError, format};
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Names of the column of labels, in small letters.
const LABEL_NAMES: &[&str] = &["label", "labels", "class", "target"];

/// No row may have more bytes than this (16 MiB), because a row is held in memory as a whole.
const MAX_ROW: usize = 16 << 20;

/// A first row 0, 1, 2, … of at least this length is more likely names than a sample.
const LIKELY_NAMES: usize = 8;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Whether `bytes` are text, be it in another encoding, that isn't known to be something else.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 1024;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    let has_controls = start
        .iter()
        .any(|&b| (b < b' ' && !b"\t\r\n".contains(&b)) || b == 0x7F);
    let mostly_ascii = start.iter().filter(|b| b.is_ascii()).count() > start.len() / 2;
    let is_other = !matches!(format::describe(bytes), None | Some("a text file"));
    mostly_ascii && !has_controls && !is_other
}

/// Reads a table of samples.
pub(super) fn read(bytes: &[u8]) -> Result<Dataset, ImportError> {
    let mut rows = Rows::new(bytes);
    let mut table = None::<Table>;
    let mut row = Row::default();
    while rows.next(&mut row)? {
        match &mut table {
            Some(table) => table.push(&row)?,
            None => table = Some(Table::start(&row)?),
        }
    }
    match table {
        Some(table) if table.rows > 0 => table.finish(),
        _ => Err(ImportError::Data(
            "this is a text file without a row of numbers; give one row for each sample (CSV), or a NumPy array (.npy)".into(),
        )),
    }
}

/// Reads rows of two cells, a file's name and its label; a first row for which `is_file` isn't true
/// is one of names.
pub(super) fn read_pairs(
    bytes: &[u8],
    is_file: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String, u64)>, ImportError> {
    let mut rows = Rows::new(bytes);
    let (mut pairs, mut row, mut is_first) = (Vec::new(), Row::default(), true);
    while rows.next(&mut row)? {
        if row.len() != 2 {
            return Err(row.problem("it has {} cells, but two are needed: file,label", row.len()));
        }
        let (file, label) = (row.text(0)?, row.text(1)?);
        let are_names = std::mem::take(&mut is_first) && !is_file(file);
        if !are_names {
            if pairs.len() == super::MAX_FILES {
                return Err(row.problem(
                    "there are more than {} rows; list each file once",
                    super::MAX_FILES,
                ));
            }
            pairs.push((file.to_owned(), label.to_owned(), row.line));
        }
    }
    Ok(pairs)
}

/// A table under construction.
struct Table {
    /// Column names, if there are any.
    names: Vec<String>,
    /// Cells of each row.
    width: usize,
    label_column: Option<usize>,
    values: Vec<f32>,
    labels: LabelList,
    rows: usize,
}

impl Table {
    /// Begins with the first row, which either names the columns or is the first sample.
    fn start(row: &Row) -> Result<Self, ImportError> {
        let mut table = Self {
            names: Vec::new(),
            width: row.len(),
            label_column: None,
            values: Vec::new(),
            labels: LabelList::default(),
            rows: 0,
        };
        let mut cells = Vec::new();
        for column in 0..row.len() {
            cells.push(row.text(column)?.trim_start_matches(['#', ' ']));
        }
        let is_label = |cell: &&str| LABEL_NAMES.contains(&cell.to_lowercase().as_str());
        let are_names = cells.iter().any(is_label)
            || cells
                .iter()
                .all(|cell| !cell.is_empty() && number(cell).is_none());
        if are_names {
            let mut labels = (0..cells.len()).filter(|&column| is_label(&cells[column]));
            table.label_column = labels.next();
            if let (Some(first), Some(second)) = (table.label_column, labels.next()) {
                return Err(ImportError::Data(format!(
                    "columns '{}' and '{}' could both be the labels; leave one out or rename it",
                    cells[first], cells[second]
                )));
            }
            table.names = cells.into_iter().map(str::to_owned).collect();
        } else {
            if cells.len() > 1 && cells[0].is_empty() && cells[1..].iter().all(|cell| number(cell).is_none())
            {
                return Err(ImportError::Data(
                    "its first column has no name; if it only counts the rows, leave it out (pandas: index=False)".into(),
                ));
            }
            let counts_up = cells.iter().enumerate().all(|(i, cell)| *cell == i.to_string());
            if counts_up && cells.len() >= LIKELY_NAMES {
                return Err(ImportError::Data(format!(
                    "its first row counts from 0 to {}, so it is unclear whether it names the columns or is a sample; remove it (pandas: header=False), or name the columns with words",
                    cells.len() - 1
                )));
            }
            table.push(row)?;
        }
        Ok(table)
    }

    fn push(&mut self, row: &Row) -> Result<(), ImportError> {
        if row.len() != self.width {
            let width = self.width;
            return Err(ImportError::Data(format!(
                "line {} has {} cells, but the first row has {width}; give every row the same number",
                row.line,
                row.len(),
            )));
        }
        for column in 0..row.len() {
            let text = row.text(column)?;
            if Some(column) == self.label_column {
                let pushed = self.labels.push(text);
                pushed.map_err(|error| self.at(row.line, column, error))?;
                continue;
            }
            let problem = |problem: String| self.at(row.line, column, ImportError::Data(problem));
            let value = match number(text) {
                Some(value) if value.is_finite() => value,
                Some(_) => {
                    return Err(problem(format!(
                        "'{}' is no finite 32-bit number; mend or drop the row",
                        shown(text)
                    )));
                }
                None if text.is_empty() => {
                    return Err(problem("the cell is empty; fill it or drop the row".into()));
                }
                None => {
                    return Err(problem(format!(
                        "'{}' is not a number; separate numbers by commas, and keep words to a first row of names or a column named label, class or target",
                        shown(text)
                    )));
                }
            };
            self.values.push(value);
        }
        self.rows += 1;
        if self.values.len().max(self.rows) > MAX_ARRAY_BYTES / size_of::<f32>() {
            return Err(too_large("the table"));
        }
        Ok(())
    }

    /// The error, told with its cell.
    fn at(&self, line: u64, column: usize, error: ImportError) -> ImportError {
        let column = match self.names.get(column) {
            Some(name) => format!("'{}'", shown(name)),
            None => (column + 1).to_string(),
        };
        ImportError::At {
            place: format!("line {line}, column {column}"),
            error: Box::new(error),
        }
    }

    fn finish(self) -> Result<Dataset, ImportError> {
        let labels = self.labels.finish();
        let width = self.width - usize::from(self.label_column.is_some());
        Ok(Dataset {
            samples: Array {
                shape: vec![self.rows, width],
                values: ArrayValues::F32(self.values),
            },
            labels: self.label_column.map(|_| labels.classes),
            class_names: labels.class_names,
        })
    }
}

fn number(text: &str) -> Option<f32> {
    text.parse().ok()
}

/// One row; blanks around its cells are gone.
#[derive(Default)]
struct Row {
    cells: csv::ByteRecord,
    /// Counted from 1.
    line: u64,
}

impl Row {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn text(&self, column: usize) -> Result<&str, ImportError> {
        str::from_utf8(&self.cells[column]).map_err(|_| {
            ImportError::Data(format!(
                "line {}: this is not UTF-8 text; save it as UTF-8",
                self.line
            ))
        })
    }

    fn problem(&self, template: &str, number: usize) -> ImportError {
        ImportError::Data(format!(
            "line {}: {}",
            self.line,
            template.replace("{}", &number.to_string())
        ))
    }
}

/// The rows of a file, each within [`MAX_ROW`].
struct Rows<'a> {
    reader: csv::Reader<Rationed<'a>>,
    ration: Rc<Cell<usize>>,
}

impl<'a> Rows<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let first_line = bytes.iter().take(MAX_ROW).take_while(|b| !b"\r\n".contains(b));
        let delimiter = first_line
            .copied()
            .filter(|b| b"\t;,".contains(b))
            .min_by_key(|&b| match b {
                b'\t' => 0,
                b';' => 1,
                _ => 2,
            });
        let ration = Rc::new(Cell::new(0));
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter.unwrap_or(b','))
            .from_reader(Rationed {
                bytes,
                ration: ration.clone(),
            });
        Self { reader, ration }
    }

    /// Reads the next row that isn't blank; false at the end.
    fn next(&mut self, row: &mut Row) -> Result<bool, ImportError> {
        loop {
            self.ration.set(MAX_ROW);
            let more = self.reader.read_byte_record(&mut row.cells);
            row.line = row.cells.position().map_or(0, csv::Position::line);
            match more {
                Ok(false) => return Ok(false),
                Ok(true) if row.len() == 1 && row.cells[0].is_empty() => {}
                Ok(true) => return Ok(true),
                Err(_) => {
                    return Err(ImportError::Data(format!(
                        "a row after line {} has more than {} MiB; a quotation mark may be missing, or the line breaks",
                        self.reader.position().line().saturating_sub(1),
                        MAX_ROW >> 20
                    )));
                }
            }
        }
    }
}

/// Hands out bytes until the ration is used up.
struct Rationed<'a> {
    bytes: &'a [u8],
    ration: Rc<Cell<usize>>,
}

impl Read for Rationed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.ration.get());
        if count == 0 && !self.bytes.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.bytes.read(&mut buffer[..count])?;
        self.ration.set(self.ration.get() - read);
        Ok(read)
    }
}
