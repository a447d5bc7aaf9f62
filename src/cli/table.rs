//! Text in columns.

/// Which way a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of cells, each column as wide as its widest cell.
pub(super) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(super) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell per column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| one_line(&cell)).collect());
    }

    /// The table as text, a line for each row.
    pub(super) fn render(&self) -> String {
        let headings: Vec<String> = self
            .columns
            .iter()
            .map(|(heading, _)| (*heading).to_owned())
            .collect();
        let lines = || std::iter::once(&headings).chain(&self.rows);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                lines()
                    .filter_map(|row| row.get(column))
                    .map(|c| width(c))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        lines().map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let cells = row
            .iter()
            .zip(&self.columns)
            .zip(widths)
            .map(|((cell, (_, align)), &wide)| {
                let space = " ".repeat(wide - width(cell));
                match align {
                    Align::Left => format!("{cell}{space}"),
                    Align::Right => format!("{space}{cell}"),
                }
            });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Text without control characters, which names from outside could use to take over a terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// A shape as `1×28×28`; a single number as `1`.
pub(super) fn shape(extents: &[usize]) -> String {
    if extents.is_empty() {
        return "1".into();
    }
    extents
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("×")
}

/// A count with its digits in groups of three.
pub(super) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A share in percent, never rounded up to 100 %.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if part == whole {
        return "100 %".into();
    }
    let permille = part as f64 * 1000.0 / whole as f64;
    format!("{:.1} %", permille.min(999.0) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&[("name", Align::Left), ("n", Align::Right)]);
        table.row(["é".into(), "100".into()]);
        assert_eq!(table.render(), "name    n\né     100\n");
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(percent(9_999, 10_000), "99.9 %");
        assert_eq!(percent(0, 0), "100 %");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(one_line("a\u{1b}[31m\n"), "a?[31m?");
    }
}
