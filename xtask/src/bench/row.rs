//! A line of the table: what was measured, how it came out, and what it should be.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One figure with its goal. Scripts write the same as JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The figure with its unit, and the peer's.
    pub measured: String,
    /// What it should be; empty where there is no such goal.
    #[serde(default)]
    pub goal: String,
    /// Whether it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// The figures as numbers, by name.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub values: Value,
}

impl Row {
    /// A figure without a goal.
    pub fn new(what: impl Into<String>, measured: impl Into<String>, values: Value) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            values,
            ..Self::default()
        }
    }

    /// With a goal.
    pub fn against(mut self, goal: &str, met: bool) -> Self {
        self.goal = goal.to_owned();
        self.met = Some(met);
        self
    }

    /// What could not be measured, and why.
    pub fn missing(what: &str, why: &str) -> Self {
        Self::new(what, format!("not measured: {why}"), Value::Null)
    }
}

/// What a script writes: rows, or single figures with the most that they should be.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Row(Row),
    Figure {
        what: String,
        value: f64,
        unit: String,
        goal: Option<f64>,
    },
}

impl From<Written> for Row {
    fn from(written: Written) -> Self {
        match written {
            Written::Row(row) => row,
            Written::Figure {
                what,
                value,
                unit,
                goal,
            } => {
                let row = Self::new(what, format!("{value:.1} {unit}"), json!({"value": value}));
                match goal {
                    Some(goal) => row.against(&format!("≤ {goal} {unit}"), value <= goal),
                    None => row,
                }
            }
        }
    }
}

/// Reads what a script wrote.
pub fn read(json: &str) -> Result<Vec<Row>> {
    let written: Vec<Written> = serde_json::from_str(json)?;
    Ok(written.into_iter().map(Row::from).collect())
}

/// The rows in Markdown.
pub fn table(rows: &[Row]) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut text = "| what | measured | goal | reached |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        let met = row.met.map_or("", |met| if met { "yes" } else { "**no**" });
        text += &format!(
            "| {} | {} | {} | {met} |\n",
            cell(&row.what),
            cell(&row.measured),
            cell(&row.goal)
        );
    }
    text
}

/// A document with the table between its two marks.
pub fn recorded(document: &str, table: &str) -> Result<String> {
    let (before, rest) = document
        .split_once(BEGIN)
        .context("the document has no place for the table")?;
    let (_, after) = rest
        .split_once(END)
        .context("the document's place for the table has no end")?;
    Ok(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

const BEGIN: &str = "<!-- bench -->";
const END: &str = "<!-- /bench -->";

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Three digits: `25.1 k`.
pub fn short(value: f64) -> String {
    let (value, unit) = match value {
        1e6.. => (value / 1e6, " M"),
        1e3.. => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_lines_of_a_table_whatever_is_in_them() {
        let rows = [
            Row::new("a|b", "25.1 k images/s", Value::Null).against("≥ 1 ×", false),
            Row::missing("peer", "it is\nnot there"),
        ];
        assert_eq!(
            table(&rows),
            "| what | measured | goal | reached |\n|---|---|---|---|\n\
             | a\\|b | 25.1 k images/s | ≥ 1 × | **no** |\n\
             | peer | not measured: it is not there |  |  |\n"
        );
    }

    #[test]
    fn a_recorded_table_takes_the_place_of_the_one_before() {
        let document = recorded("a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n", "one\n").unwrap();
        assert_eq!(document, "a\n<!-- bench -->\none\n<!-- /bench -->\nb\n");
        assert_eq!(recorded(&document, "one\n").unwrap(), document);
        let own = include_str!("../../../docs/PERFORMANCE.md");
        assert!(recorded(own, "").is_ok());
        assert!(recorded("nothing", "").is_err());
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(
            [0.217, 25_130.0, 1.5e6, 294.4].map(short),
            ["0.22", "25.1 k", "1.50 M", "294"]
        );
    }

    #[test]
    fn scripts_may_leave_out_all_but_what_and_how_much() {
        let rows = read(
            r#"[{"what": "a", "measured": "b"},
                {"what": "c", "value": 12, "unit": "ms", "goal": 10},
                {"what": "d", "value": 1.5, "unit": "MB"}]"#,
        );
        let rows = rows.unwrap();
        let cells = |row: &Row| (row.measured.clone(), row.goal.clone(), row.met);
        let cell = |measured: &str, goal: &str, met| (measured.to_owned(), goal.to_owned(), met);
        assert_eq!(cells(&rows[0]), cell("b", "", None));
        assert_eq!(cells(&rows[1]), cell("12.0 ms", "≤ 10 ms", Some(false)));
        assert_eq!(cells(&rows[2]), cell("1.5 MB", "", None));
        assert!(read(r#"[{"what": "a"}]"#).is_err());
    }
}
