//! Sweeps: every combination of some settings' values, one point after the other.
//!
//! Whoever runs a sweep asks for the points of a [`Grid`], has a [`Sweep`] convert the network for each, counts
//! [`Agreement`] over samples in any way, and keeps the [`Row`]s.

use super::{Agreement, Measure, ReferenceMemory};
use crate::quantize::QuantizedNetwork;
use crate::settings::{Kind, Section, Setting, Settings, SettingsError, setting};
use crate::simulate::{Samples, Statistics, calibrate, measure};
use crate::spiking::{Conversion, SilentCode, SpikingLayer, SpikingNetwork, convert, no_ranges};
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// No grid may have more points than this.
pub const MAX_POINTS: usize = 100_000;

/// Why something is no grid.
#[derive(Debug, Error, PartialEq)]
pub enum GridError {
    /// A setting or value is not known.
    #[error(transparent)]
    Setting(#[from] SettingsError),
    /// An axis is not written as it must be.
    #[error(
        "the axis '{axis}' isn't of the form setting=values, with values like 8..16, 8..16..2, or floor,half-even"
    )]
    Form {
        /// What was given.
        axis: String,
    },
    /// A range is of something else than numbers, or holds none.
    #[error("'{range}' is no range of {key}, which takes {expected}; write values separated by commas")]
    Range {
        /// The setting.
        key: &'static str,
        /// What was given.
        range: String,
        /// What it takes.
        expected: String,
    },
    /// A setting that makes no difference to what is counted.
    #[error("{key} doesn't change what is computed, so a sweep over it would repeat itself; leave it out")]
    Chip {
        /// The setting.
        key: &'static str,
    },
    /// A setting has two axes.
    #[error("{key} has two axes; give all of its values in one")]
    Twice {
        /// The setting.
        key: &'static str,
    },
    /// There is nothing to run.
    #[error("no combination of these values is possible; see the settings that exclude each other")]
    Empty,
    /// There is too much to run.
    #[error("the axes make {found} combinations, more than the supported {MAX_POINTS}; sweep in parts")]
    TooLarge {
        /// How many.
        found: String,
    },
}

/// A setting with the values that it takes in turn.
#[derive(Clone)]
pub struct Axis {
    /// What is changed.
    pub setting: &'static Setting,
    /// Its values, as on the command line.
    pub values: Vec<String>,
}

impl PartialEq for Axis {
    fn eq(&self, other: &Self) -> bool {
        self.setting.key == other.setting.key && self.values == other.values
    }
}

impl fmt::Debug for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// As [`Axis::parse`] reads it, `register-bits=8..16..2` where that is shorter than a list.
impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.setting.key)?;
        let numbers: Option<Vec<u32>> = self.values.iter().map(|value| value.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[first, second, .., last]) if is_even(numbers.as_deref().unwrap_or_default()) => {
                write!(f, "{first}..{last}")?;
                if second - first == 1 {
                    Ok(())
                } else {
                    write!(f, "..{}", second - first)
                }
            }
            _ => f.write_str(&self.values.join(",")),
        }
    }
}

/// Whether numbers rise by the same step.
fn is_even(numbers: &[u32]) -> bool {
    let step = |pair: &[u32]| pair[1].checked_sub(pair[0]).filter(|&step| step > 0);
    let steps: Vec<Option<u32>> = numbers.windows(2).map(step).collect();
    steps.iter().all(|step| step.is_some() && *step == steps[0])
}

impl Axis {
    /// Reads `register-bits=8..16` (both ends included), `register-bits=8..16..4` (every fourth) or
    /// `rounding=floor,half-even`.
    ///
    /// # Errors
    /// A [`GridError`] that says what is wrong.
    pub fn parse(axis: &str) -> Result<Self, GridError> {
        let form = || GridError::Form { axis: axis.into() };
        let (key, values) = axis.split_once('=').ok_or_else(form)?;
        let setting = setting(key.trim())?;
        if setting.section == Section::Chip {
            return Err(GridError::Chip { key: setting.key });
        }
        let mut list = Vec::new();
        for part in values.split(',').map(str::trim) {
            if part.is_empty() {
                return Err(form());
            }
            if part.contains("..") {
                list.extend(range(setting, part)?);
            } else {
                list.push(part.to_string());
            }
        }
        for value in &list {
            setting.set(&mut Settings::default(), value)?;
        }
        // A value that is named twice is run once.
        let mut values: Vec<String> = Vec::new();
        for value in list {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(Self { setting, values })
    }
}

fn range(setting: &'static Setting, range: &str) -> Result<Vec<String>, GridError> {
    let refused = || GridError::Range {
        key: setting.key,
        range: range.into(),
        expected: setting.expected(),
    };
    let ends: Option<Vec<u32>> = range.split("..").map(|end| end.parse().ok()).collect();
    let (first, last, step) = match ends.as_deref() {
        Some(&[first, last]) => (first, last, 1),
        Some(&[first, last, step]) if step > 0 => (first, last, step),
        _ => return Err(refused()),
    };
    match setting.kind {
        Kind::Integer { min, max, .. } if min <= first && first <= last && last <= max => Ok((first..=last)
            .step_by(step as usize)
            .map(|value| value.to_string())
            .collect()),
        _ => Err(refused()),
    }
}

/// All combinations of the axes' values, the last axis changing fastest.
#[derive(Clone)]
pub struct Grid {
    /// What is changed.
    pub axes: Vec<Axis>,
    points: Vec<Settings>,
}

impl Grid {
    /// A grid around `base`, the settings that have no axis. Combinations that exclude each other are left out.
    ///
    /// # Errors
    /// A [`GridError`] if there are too many points, or none.
    pub fn new(axes: Vec<Axis>, base: Settings) -> Result<Self, GridError> {
        for (index, axis) in axes.iter().enumerate() {
            if axes[..index]
                .iter()
                .any(|other| other.setting.key == axis.setting.key)
            {
                return Err(GridError::Twice {
                    key: axis.setting.key,
                });
            }
        }
        let count = axes
            .iter()
            .try_fold(1usize, |count, axis| count.checked_mul(axis.values.len()));
        if count.is_none_or(|count| count > MAX_POINTS) {
            let found = count.map_or("countless".into(), |count| count.to_string());
            return Err(GridError::TooLarge { found });
        }
        let mut points = vec![base];
        for axis in &axes {
            let mut next = Vec::with_capacity(points.len() * axis.values.len());
            for point in &points {
                for value in &axis.values {
                    let mut point = *point;
                    axis.setting.set(&mut point, value)?;
                    next.push(point);
                }
            }
            points = next;
        }
        points.retain(|point| point.check().is_ok());
        if points.is_empty() {
            return Err(GridError::Empty);
        }
        Ok(Self { axes, points })
    }

    /// The points, in order.
    pub fn points(&self) -> &[Settings] {
        &self.points
    }

    /// The values that the axes have at a point.
    pub fn values(&self, point: &Settings) -> Vec<String> {
        self.axes.iter().map(|axis| axis.setting.get(point)).collect()
    }
}

/// What was counted at a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The axes' values.
    #[serde(rename = "settings")]
    pub values: Vec<String>,
    /// Samples that were run.
    pub samples: usize,
    /// Samples of which every code of every layer equals the integer reference's.
    pub codes_equal: usize,
    /// Samples with the same winner.
    pub labels_equal: usize,
    /// Share of all codes of all layers that equal the reference's, 0 to 1.
    pub equal_share: f64,
    /// The spiking network's accuracy (0 to 1), or closeness to the targets; `None` where nothing is known.
    pub quality: Option<f64>,
    /// The same of the integer reference.
    pub reference_quality: Option<f64>,
    /// Spikes received by all layers, all samples together.
    pub spikes: u64,
    /// Spikes times the synapses that they feed.
    pub synaptic_operations: u64,
    /// Results outside a register.
    pub overflows: u64,
}

impl Row {
    /// The columns behind those of the axes.
    pub const COLUMNS: [&'static str; 9] = [
        "samples",
        "codes_equal",
        "labels_equal",
        "equal_share",
        "quality",
        "reference_quality",
        "spikes",
        "synaptic_operations",
        "overflows",
    ];

    /// The row of a point with these values.
    pub fn new(values: Vec<String>, agreement: &Agreement) -> Self {
        let sum = |of: fn(&super::LayerAgreement) -> u64| agreement.layers.iter().map(of).sum::<u64>();
        let quality = agreement.quality.as_ref();
        Self {
            values,
            samples: agreement.counted,
            codes_equal: agreement.codes_equal,
            labels_equal: agreement.labels_equal,
            equal_share: sum(|layer| layer.equal) as f64 / sum(|layer| layer.codes).max(1) as f64,
            quality: quality.and_then(|quality| quality.spiking()),
            reference_quality: quality.and_then(|quality| quality.reference()),
            spikes: sum(|layer| layer.spikes),
            synaptic_operations: sum(|layer| layer.synaptic_operations),
            overflows: sum(|layer| layer.overflows),
        }
    }

    /// The cells of its columns, axes first.
    pub fn cells(&self) -> Vec<String> {
        let real = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let mut cells = self.values.clone();
        cells.extend([
            self.samples.to_string(),
            self.codes_equal.to_string(),
            self.labels_equal.to_string(),
            self.equal_share.to_string(),
            real(self.quality),
            real(self.reference_quality),
            self.spikes.to_string(),
            self.synaptic_operations.to_string(),
            self.overflows.to_string(),
        ]);
        cells
    }

    /// The row that [`Self::cells`] wrote for `axes` axes; `None` if it is no such row.
    pub fn from_cells(cells: &[String], axes: usize) -> Option<Self> {
        let (values, numbers) = cells.split_at_checked(axes)?;
        let [
            samples,
            codes_equal,
            labels_equal,
            share,
            quality,
            reference,
            spikes,
            operations,
            overflows,
        ] = numbers
        else {
            return None;
        };
        let optional = |cell: &String| match cell.as_str() {
            "" => Some(None),
            number => number.parse().ok().map(Some),
        };
        Some(Self {
            values: values.into(),
            samples: samples.parse().ok()?,
            codes_equal: codes_equal.parse().ok()?,
            labels_equal: labels_equal.parse().ok()?,
            equal_share: share.parse().ok()?,
            quality: optional(quality)?,
            reference_quality: optional(reference)?,
            spikes: spikes.parse().ok()?,
            synaptic_operations: operations.parse().ok()?,
            overflows: overflows.parse().ok()?,
        })
    }

    /// What a trade-off weighs, smaller being better: the loss of quality (of equal labels, where nothing is
    /// known), synaptic operations, and the widths of the register and of a float model's weights.
    pub fn costs(&self, point: &Settings, measure: Option<Measure>) -> [f64; 4] {
        let loss = match (self.quality, measure) {
            (Some(quality), Some(Measure::Rmse)) => quality,
            (Some(quality), _) => -quality,
            (None, _) => -(self.labels_equal as f64),
        };
        let register_bits = f64::from(point.conversion.register_bits);
        let weight_bits = f64::from(point.quantization.weight_bits);
        [loss, self.synaptic_operations as f64, register_bits, weight_bits]
    }
}

/// Converts one network for one point after the other, and measures only what a point changes.
pub struct Sweep<'a> {
    network: &'a QuantizedNetwork,
    calibration: Samples<'a>,
    measured: Option<(Conversion, Statistics)>,
    memory: ReferenceMemory,
}

impl<'a> Sweep<'a> {
    /// A sweep of a network that is calibrated on these samples, over so many others.
    pub fn new(network: &'a QuantizedNetwork, calibration: Samples<'a>, samples: usize) -> Self {
        Self {
            memory: ReferenceMemory::new(network, samples),
            network,
            calibration,
            measured: None,
        }
    }

    /// What the integer reference answers to the samples: the same at every point.
    pub fn memory(&self) -> &ReferenceMemory {
        &self.memory
    }

    /// The spiking network of a point.
    pub fn convert(&mut self, point: &Settings) -> SpikingNetwork {
        let conversion = &point.conversion;
        if let Some(exact) = convert_exactly(self.network, conversion) {
            return exact;
        }
        let measured_as = what_is_measured(conversion);
        let known = self.measured.take().filter(|(known, _)| *known == measured_as);
        let (_, statistics) = self.measured.insert(
            known.unwrap_or_else(|| (measured_as, measure(self.network, conversion, self.calibration))),
        );
        calibrate(self.network, conversion, statistics, self.calibration)
    }
}

/// The spiking network, if its registers provably hold all that any input leads to: then nothing that could be
/// measured on calibration data makes a difference to what it computes (its plans say nothing of such data).
pub(super) fn convert_exactly(network: &QuantizedNetwork, conversion: &Conversion) -> Option<SpikingNetwork> {
    if conversion.silent_code == SilentCode::MostFrequent {
        return None;
    }
    let spiking = convert(network, conversion, &no_ranges(network));
    let is_exact = spiking.layers.iter().all(SpikingLayer::is_surely_exact);
    is_exact.then_some(spiking)
}

/// The conversion with everything at its default that makes no difference to what is measured on calibration
/// data: that runs through registers that hold everything.
fn what_is_measured(conversion: &Conversion) -> Conversion {
    let default = Conversion::default();
    let mut same = *conversion;
    same.register_bits = default.register_bits;
    same.overflow = default.overflow;
    same.scaling = default.scaling;
    same.factor = default.factor;
    same.rounding = default.rounding;
    same.bias_bits = default.bias_bits;
    same.bias_fraction_bits = default.bias_fraction_bits;
    same.bias_calibration.fit = default.bias_calibration.fit;
    same.bias_calibration.correct = default.bias_calibration.correct;
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(text: &str) -> Result<Vec<String>, String> {
        Axis::parse(text)
            .map(|axis| axis.values)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn axes_are_lists_and_ranges() {
        assert_eq!(
            axis("register-bits=8..10"),
            Ok(["8", "9", "10"].map(String::from).into())
        );
        assert_eq!(
            axis("register-bits=8..16..4,9, 8"),
            Ok(["8", "12", "16", "9"].map(String::from).into())
        );
        assert_eq!(
            axis("rounding=floor,half-even"),
            Ok(["floor", "half-even"].map(String::from).into())
        );
        for (text, problem) in [
            ("register-bits", "isn't of the form"),
            ("register-bits=", "isn't of the form"),
            ("register-bits=8..", "no range"),
            ("register-bits=16..8", "no range"),
            ("register-bits=8..16..0", "no range"),
            ("register-bits=1..4000000000", "no range"),
            ("rounding=floor..half-even", "no range"),
            ("register-bits=99", "is not a value of register-bits"),
            ("colour=red", "there is no setting 'colour'"),
        ] {
            let error = axis(text).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn an_axis_is_written_as_it_is_read() {
        for (text, written) in [
            ("register-bits=8,9,10", "register-bits=8..10"),
            ("register-bits=8..17..4", "register-bits=8..16..4"),
            ("register-bits=8,9", "register-bits=8,9"),
            ("register-bits=16,12,8", "register-bits=16,12,8"),
            ("rounding=floor,half-even", "rounding=floor,half-even"),
        ] {
            let axis = Axis::parse(text).expect(text);
            assert_eq!(axis.to_string(), written);
            assert_eq!(Axis::parse(written), Ok(axis));
        }
    }

    #[test]
    fn a_grid_has_every_possible_combination_once() {
        let axes = |texts: &[&str]| -> Vec<Axis> { texts.iter().map(|t| Axis::parse(t).expect(t)).collect() };
        let grid = Grid::new(
            axes(&["order=msb,lsb", "accumulation=weighted,shifting"]),
            Settings::default(),
        );
        let grid = grid.expect("three are possible");
        let values: Vec<String> = grid
            .points()
            .iter()
            .map(|point| grid.values(point).join(" "))
            .collect();
        assert_eq!(values, ["msb weighted", "msb shifting", "lsb weighted"]);
        let refused = |texts: &[&str]| {
            Grid::new(axes(texts), Settings::default())
                .err()
                .map(|e| e.to_string())
        };
        assert!(
            refused(&["order=lsb", "accumulation=shifting"])
                .expect("none")
                .contains("no combination")
        );
        assert!(
            refused(&["order=msb", "order=lsb"])
                .expect("two")
                .contains("two axes")
        );
        let many = [
            "register-bits=4..32",
            "bias-bits=4..32",
            "bias-fraction-bits=0..15",
            "rounding=floor,half-up,half-even",
        ];
        let many = [&many[..], &["overflow=saturate,wrap", "order=msb,lsb"]].concat();
        assert!(refused(&many).expect("many").contains("combinations"));
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let row = Row {
            values: vec!["8".into(), "floor".into()],
            samples: 500,
            codes_equal: 3,
            labels_equal: 499,
            equal_share: 1.0 / 3.0,
            quality: Some(0.1 + 0.2),
            reference_quality: None,
            spikes: u64::MAX,
            synaptic_operations: 7,
            overflows: 0,
        };
        assert_eq!(Row::from_cells(&row.cells(), 2), Some(row.clone()));
        assert_eq!(Row::from_cells(&row.cells(), 1), None);
        assert_eq!(row.cells().len(), 2 + Row::COLUMNS.len());
    }
}
