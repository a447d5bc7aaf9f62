//! The file of a sweep: a line that says which sweep it is, then CSV, one row per point. Rows are only ever
//! added, so that what was cut off in the middle of one can go on.

use crate::explore::Row;
use thiserror::Error;

/// What every file begins with.
const MARK: &str = "# sdann-sweep 1 ";

/// Why a file cannot be gone on with.
#[derive(Debug, Error, PartialEq)]
pub enum SweepFileError {
    /// It is no file of a sweep.
    #[error("it is there already, but is no file of a sweep; name another file, or remove it")]
    Other,
    /// It is one of another sweep.
    #[error(
        "it holds another sweep: {found}; this one is {expected}; name another file, or remove it to begin anew"
    )]
    Foreign {
        /// What the file says.
        found: String,
        /// What this sweep is.
        expected: String,
    },
    /// A whole line is no row of the sweep, or not the one that should stand there.
    #[error(
        "its line {line} is not the row of the sweep's point {point}, so it was changed; remove it to begin anew"
    )]
    Row {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        point: usize,
    },
}

/// A file of a sweep.
pub struct SweepFile {
    head: String,
    axes: usize,
}

/// What is there already.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// Bytes that are whole; what follows was cut off.
    pub length: usize,
    /// The rows in them.
    pub rows: Vec<Row>,
}

impl SweepFile {
    /// A file of the sweep that `identity` tells from all others (one line), over the axes of these keys.
    pub fn new(identity: &str, keys: &[&str]) -> Self {
        let columns: Vec<&str> = keys.iter().copied().chain(Row::COLUMNS).collect();
        Self {
            head: format!("{MARK}{identity}\n{}\n", columns.join(",")),
            axes: keys.len(),
        }
    }

    /// The lines before the first row.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// A row's line.
    pub fn line(&self, row: &Row) -> String {
        row.cells().join(",") + "\n"
    }

    /// What of `bytes` can be gone on with: the rows of the first points, whose values are `points`.
    ///
    /// # Errors
    /// If the bytes belong to something else.
    pub fn resume<'p>(
        &self,
        bytes: &[u8],
        points: impl IntoIterator<Item = &'p [String]>,
    ) -> Result<Found, SweepFileError> {
        let head = self.head.as_bytes();
        if bytes.len() < head.len() && head.starts_with(bytes) {
            return Ok(Found {
                length: 0,
                rows: Vec::new(),
            });
        }
        let Some(body) = bytes.strip_prefix(head) else {
            return Err(self.foreign(bytes));
        };
        let mut found = Found {
            length: head.len(),
            rows: Vec::new(),
        };
        let mut points = points.into_iter();
        for line in body.split_inclusive(|&byte| byte == b'\n') {
            // Whoever was interrupted has not ended its line.
            let Some(line) = line.strip_suffix(b"\n") else {
                break;
            };
            let number = found.rows.len() + 1;
            let row = self
                .row(line)
                .filter(|row| points.next() == Some(&row.values[..]));
            found.rows.push(row.ok_or(SweepFileError::Row {
                line: number + 2,
                point: number,
            })?);
            found.length += line.len() + 1;
        }
        Ok(found)
    }

    fn row(&self, line: &[u8]) -> Option<Row> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
        let record = reader.records().next()?.ok()?;
        let cells: Vec<String> = record.iter().map(String::from).collect();
        Row::from_cells(&cells, self.axes)
    }

    fn foreign(&self, bytes: &[u8]) -> SweepFileError {
        let first = |bytes: &[u8]| {
            let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let text = String::from_utf8_lossy(&line[..line.len().min(600)]).into_owned();
            text.strip_prefix(MARK).map(String::from)
        };
        match (first(bytes), first(self.head.as_bytes())) {
            (Some(found), Some(expected)) => SweepFileError::Foreign { found, expected },
            _ => SweepFileError::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bits: usize) -> Row {
        Row {
            values: vec![bits.to_string(), "half-even".into()],
            samples: 500,
            codes_equal: bits * 7,
            labels_equal: 499,
            equal_share: 1.0 / bits as f64,
            quality: bits.is_multiple_of(2).then_some(0.97),
            reference_quality: None,
            spikes: 123_456,
            synaptic_operations: 7_654_321,
            overflows: 0,
        }
    }

    fn file() -> (SweepFile, Vec<Row>, String) {
        let file = SweepFile::new("model 00ff, 500 samples", &["register-bits", "rounding"]);
        let rows: Vec<Row> = (8..12).map(row).collect();
        let text = file.head().to_string() + &rows.iter().map(|row| file.line(row)).collect::<String>();
        (file, rows, text)
    }

    /// Cut off after any byte, it goes on with the rows that are whole, and ends with the same bytes.
    #[test]
    fn no_row_is_lost_or_run_twice_wherever_the_file_was_cut_off() {
        let (file, rows, text) = file();
        let points: Vec<&[String]> = rows.iter().map(|row| &row.values[..]).collect();
        for cut in 0..=text.len() {
            let found = file
                .resume(&text.as_bytes()[..cut], points.iter().copied())
                .expect("its own beginning");
            assert_eq!(found.rows, rows[..found.rows.len()], "{cut}");
            let mut again = text[..found.length].to_string();
            if found.length == 0 {
                again += file.head();
            }
            again.extend(rows[found.rows.len()..].iter().map(|row| file.line(row)));
            assert_eq!(again, text, "{cut}");
            // No whole row is thrown away.
            let whole = text[..cut].matches('\n').count().saturating_sub(2);
            assert_eq!(found.rows.len(), whole, "{cut}");
        }
    }

    #[test]
    fn another_sweep_and_changed_rows_are_refused() {
        let (file, rows, text) = file();
        let points = || rows.iter().map(|row| &row.values[..]);
        let other = SweepFile::new("model 1234, 500 samples", &["register-bits", "rounding"]);
        let error = other
            .resume(text.as_bytes(), points())
            .expect_err("another model")
            .to_string();
        assert!(
            error.contains("model 00ff") && error.contains("model 1234"),
            "{error}"
        );
        assert_eq!(file.resume(b"a,b\n1,2\n", points()), Err(SweepFileError::Other));
        let changed = text.replace("\n9,half-even", "\n7,half-even");
        let row = SweepFileError::Row { line: 4, point: 2 };
        assert_eq!(file.resume(changed.as_bytes(), points()), Err(row));
        let too_many = text.clone() + &file.line(&rows[0]);
        let row = SweepFileError::Row { line: 7, point: 5 };
        assert_eq!(file.resume(too_many.as_bytes(), points()), Err(row));
    }
}
