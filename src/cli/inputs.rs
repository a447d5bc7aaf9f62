//! Samples and labels, as the files hold them and as the model takes them.

use super::error::CliError;
use super::files;
use super::note;
use crate::import::dataset::{ArrayValues, Labels, channels_first, count_channels_last, count_samples};
use crate::quantize::{CodeTensor, QuantizedNetwork};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Samples in their file's type; each becomes codes when it is its turn.
pub(super) struct Inputs {
    what: &'static str,
    path: PathBuf,
    values: ArrayValues,
    count: usize,
    is_channels_last: bool,
    /// Of one sample, as the model takes it.
    shape: Vec<usize>,
    per_sample: usize,
    divide_by: f32,
    labels: Option<Labels>,
}

impl Inputs {
    /// Reads the samples that the flag `what` names.
    ///
    /// # Errors
    /// If the file cannot be used, or its shape is not the model's.
    pub(super) fn read(
        what: &'static str,
        path: &Path,
        divide_by: f32,
        network: &QuantizedNetwork,
    ) -> Result<Self, CliError> {
        Self::read_as(what, path, divide_by, &network.name, &network.input().shape)
    }

    /// The same for a model of which only the name and the input's shape are known.
    ///
    /// # Errors
    /// If the file cannot be used, or its shape is not the model's.
    pub(super) fn read_as(
        what: &'static str,
        path: &Path,
        divide_by: f32,
        model: &str,
        input: &[usize],
    ) -> Result<Self, CliError> {
        let dataset = files::dataset(what, path)?;
        let array = dataset.samples;
        let in_order = count_samples(&array.shape, input).map(|count| (count, false));
        let turned = || count_channels_last(&array.shape, input).map(|count| (count, true));
        let (count, is_channels_last) = in_order
            .or_else(turned)
            .ok_or_else(|| CliError::file(what, path, wrong_shape(&array.shape, model, input)))?;
        Ok(Self {
            what,
            path: path.to_owned(),
            values: array.values,
            count,
            is_channels_last,
            shape: input.to_vec(),
            per_sample: input.iter().product(),
            divide_by,
            labels: dataset.labels.map(|classes| Labels {
                classes,
                class_names: dataset.class_names,
            }),
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Keeps the first ones, at most `count`.
    pub(super) fn keep(&mut self, count: usize) {
        self.count = self.count.min(count);
    }

    /// The file, as it was given.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The labels that came with the samples. Those that cannot be of this model's classes are told
    /// and left out: nobody has asked for them.
    pub(super) fn own_labels(&self, output: &[usize]) -> Vec<usize> {
        let Some(labels) = &self.labels else {
            return Vec::new();
        };
        let is_picture = output.iter().filter(|&&extent| extent != 1).count() > 1;
        let checked = match check_labels(labels, self.count, output.iter().product()) {
            _ if is_picture => Err("the model's output is no list of classes".into()),
            checked => checked,
        };
        match checked {
            Ok(()) => labels.classes.clone(),
            Err(problem) => {
                note(format!(
                    "{} '{}': the labels in it are left out: {problem}",
                    self.what,
                    self.path.display()
                ));
                Vec::new()
            }
        }
    }

    /// The input's codes of a sample.
    ///
    /// # Errors
    /// If a value is not a number.
    pub(super) fn codes(&self, network: &QuantizedNetwork, sample: usize) -> Result<Vec<i32>, CliError> {
        Ok(network.quantize_input(&self.reals(sample)?))
    }

    /// A sample in the model's units.
    ///
    /// # Errors
    /// If a value is not a number.
    pub(super) fn reals(&self, sample: usize) -> Result<Vec<f32>, CliError> {
        let mut values = reals(
            &self.values,
            sample * self.per_sample..(sample + 1) * self.per_sample,
        );
        values.iter_mut().for_each(|value| *value /= self.divide_by);
        if values.iter().any(|value| value.is_nan()) {
            let problem = format!(
                "sample {sample} (counted from 0) has a value that is not a number (NaN); mend or drop it"
            );
            return Err(CliError::file(self.what, &self.path, problem));
        }
        if self.is_channels_last {
            values = channels_first(&values, &self.shape);
        }
        Ok(values)
    }

    /// The first samples in the model's units, at most `count`.
    ///
    /// # Errors
    /// If a value is not a number.
    pub(super) fn first_reals(&self, count: usize) -> Result<Vec<f32>, CliError> {
        let mut reals = Vec::new();
        for sample in 0..self.count.min(count) {
            reals.extend(self.reals(sample)?);
        }
        Ok(reals)
    }

    /// The codes of the first samples, at most `count`.
    ///
    /// # Errors
    /// If a value is not a number.
    pub(super) fn first_codes(&self, network: &QuantizedNetwork, count: usize) -> Result<Vec<i32>, CliError> {
        let mut codes = Vec::new();
        for sample in 0..self.count.min(count) {
            codes.extend(self.codes(network, sample)?);
        }
        Ok(codes)
    }

    /// Says so if most values of the first sample lie outside what the input's codes can hold: they
    /// are likely in other units.
    pub(super) fn doubt(&self, input: &CodeTensor) -> Option<String> {
        let affine = input.affine?;
        let (low, high) = (
            affine.dequantize(affine.format.min()),
            affine.dequantize(affine.format.max()),
        );
        let slack = affine.scale;
        let looked_at = self.count.min(16) * self.per_sample;
        let beyond = reals(&self.values, 0..looked_at)
            .into_iter()
            .map(|value| value / self.divide_by)
            .filter(|value| *value < low - slack || *value > high + slack)
            .count();
        (beyond * 10 > looked_at).then(|| {
            format!(
                "{} '{}': {} of the first {looked_at} values lie outside {low} to {high}, which is all that the model's input can express; if they are in other units, see --divide-by",
                self.what,
                self.path.display(),
                beyond
            )
        })
    }
}

fn reals(values: &ArrayValues, range: Range<usize>) -> Vec<f32> {
    match values {
        ArrayValues::U8(v) => v[range].iter().map(|&x| x.into()).collect(),
        ArrayValues::I8(v) => v[range].iter().map(|&x| x.into()).collect(),
        ArrayValues::I32(v) => v[range].iter().map(|&x| x as f32).collect(),
        ArrayValues::I64(v) => v[range].iter().map(|&x| x as f32).collect(),
        ArrayValues::F32(v) => v[range].to_vec(),
        ArrayValues::F64(v) => v[range].iter().map(|&x| x as f32).collect(),
    }
}

fn wrong_shape(found: &[usize], model: &str, input: &[usize]) -> String {
    let shape = |extents: &[usize]| {
        extents
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let advice = match found {
        [_, columns] if *columns == input.iter().product::<usize>() + 1 => {
            "if one column holds the labels, call it 'label' in a first row of names"
        }
        _ => "reshape it",
    };
    format!(
        "its shape is [{}], but model '{}' takes [samples, {}]; {advice}",
        shape(found),
        model,
        shape(input)
    )
}

/// Reads one label per sample.
///
/// # Errors
/// If the file cannot be used, there are more or fewer labels than samples, or one is none of
/// the model's `classes`.
pub(super) fn labels(path: &Path, samples: usize, classes: usize) -> Result<Vec<usize>, CliError> {
    let what = "--labels";
    let labels = files::labels(what, path)?;
    check_labels(&labels, samples, classes).map_err(|problem| CliError::file(what, path, problem))?;
    Ok(labels.classes)
}

/// Reads the numbers that should come out of each sample, in the output's units.
///
/// # Errors
/// If the file cannot be used, there are more or fewer targets than samples, or they have not the output's shape.
pub(super) fn targets(
    path: &Path,
    divide_by: f32,
    samples: usize,
    network: &QuantizedNetwork,
) -> Result<Vec<f32>, CliError> {
    let what = "--targets";
    let array = files::dataset(what, path)?.samples;
    let output = &network.output().shape;
    let found = count_samples(&array.shape, output);
    if found != Some(samples) {
        let problem = format!(
            "its shape is {:?}, but there are {samples} samples, of which model '{}' answers each in the shape {output:?}; give a target in that shape for each sample",
            array.shape, network.name
        );
        return Err(CliError::file(what, path, problem));
    }
    let mut values = array.to_f32();
    values.iter_mut().for_each(|value| *value /= divide_by);
    if values.iter().any(|value| !value.is_finite()) {
        let problem = "it has values that are no finite numbers; mend or drop them";
        return Err(CliError::file(what, path, problem));
    }
    Ok(values)
}

/// Whether there is a label for each of the samples, and each is a class of the model's; if not, the
/// problem.
fn check_labels(labels: &Labels, samples: usize, classes: usize) -> Result<(), String> {
    let (found, named) = (labels.classes.len(), labels.class_names.len());
    if found != samples {
        return Err(format!(
            "it has {found} labels, but there are {samples} samples; give one label for each sample"
        ));
    }
    // Which output stands for a name is known only if all are there.
    if named != 0 && named != classes {
        return Err(format!(
            "it names {named} classes ('{}', …), but the model tells {classes} apart, so it is unclear which they are; label with class indices, in a labels.csv or by --labels",
            labels.class_names[0].chars().take(40).collect::<String>()
        ));
    }
    match labels
        .classes
        .iter()
        .enumerate()
        .find(|(_, label)| **label >= classes)
    {
        Some((sample, label)) => Err(format!(
            "the label of sample {sample} is {label}, but the model has {classes} classes, counted from 0; check that labels and model belong together"
        )),
        None => Ok(()),
    }
}
