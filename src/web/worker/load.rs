//! Reading a model with its data: what the page hands over as files becomes a session.

use super::{
    CalibrateOn, DataFiles, Divisor, LayerView, ModelFile, NetworkView, SamplesView, TensorView, TruthFile,
};
use crate::explore::{GroundTruth, Session, SessionError};
use crate::graph::{Affine, CodeFormat};
use crate::import::dataset::{Array, Dataset, read_array, read_dataset, read_labels};

/// Samples of a set that are calibrated on if no others are given, as by the command line.
const CALIBRATION_SAMPLES: usize = 128;

/// A share of stored values beyond what the input can express, as 1 / n: more are in other units.
const BEYOND: usize = 10;

/// Reads a model and, if there are, samples.
///
/// # Errors
/// Whatever is wrong with a file, or does not fit the model.
pub fn load(model: &ModelFile, data: Option<&DataFiles>) -> Result<(Session, NetworkView), SessionError> {
    let mut session = Session::open(&model.bytes, &model.name)?;
    let samples = match data {
        Some(data) => load_data(&mut session, data)?,
        None => SamplesView::default(),
    };
    let view = network_view(&session, samples);
    Ok((session, view))
}

fn load_data(session: &mut Session, data: &DataFiles) -> Result<SamplesView, SessionError> {
    let Dataset {
        samples,
        labels,
        mut class_names,
    } = read_dataset(&data.samples, &data.name)?;
    // What a float model takes is not written in it; most take numbers from 0 to 1.
    let unit = Affine {
        scale: 1.0 / 255.0,
        zero_point: 0,
        format: CodeFormat::unsigned(8),
    };
    let input = if session.is_float() {
        Some(unit)
    } else {
        session.network().input().affine
    };
    let divide_by = match data.divisor {
        Divisor::Is(divisor) => divisor,
        Divisor::IfNeeded(divisor) => needed_divisor(&samples, input, divisor),
    };
    let mut note = None;
    match &data.truth {
        TruthFile::Inside => {
            note = set_own_labels(session, &samples, divide_by, labels, &class_names)?;
        }
        TruthFile::Unknown => session.set_samples(&samples, divide_by, GroundTruth::Unknown)?,
        TruthFile::Labels { name, bytes } => {
            let read = read_labels(bytes, name)?;
            class_names = read.class_names;
            session.set_samples(&samples, divide_by, GroundTruth::Labels(read.classes))?;
        }
        TruthFile::Targets {
            bytes,
            divide_by: of_targets,
            closeness,
        } => {
            let mut values = read_array(bytes)?.to_f32();
            values.iter_mut().for_each(|value| *value /= of_targets);
            session.set_samples(&samples, divide_by, GroundTruth::Targets(values, *closeness))?;
        }
    }
    let CalibrateOn {
        samples: on_own,
        count,
    } = data.calibrate_on;
    if data.calibration.is_empty() || on_own {
        session.calibrate_on_first(count.unwrap_or(CALIBRATION_SAMPLES));
    } else {
        session.set_calibration(&read_array(&data.calibration)?, divide_by)?;
        session.shorten_calibration(count.unwrap_or(usize::MAX));
    }
    if session.samples().truth.labels().is_empty() {
        class_names.clear();
    }
    Ok(SamplesView {
        class_names,
        divided_by: divide_by,
        note,
        ..samples_view(session)
    })
}

/// Sets samples with the labels that came with them. Those that cannot be of this model's classes are left
/// out, for nobody has asked for them; says why.
fn set_own_labels(
    session: &mut Session,
    samples: &Array,
    divide_by: f32,
    labels: Option<Vec<usize>>,
    class_names: &[String],
) -> Result<Option<String>, SessionError> {
    let outputs = session.network().output();
    let is_picture = outputs.shape.iter().filter(|&&extent| extent != 1).count() > 1;
    let classes = outputs.len();
    let refusal = match &labels {
        None => None,
        Some(_) if is_picture => Some("the model's output is no list of classes".to_owned()),
        // Which output stands for a name is known only if all are there.
        Some(_) if !class_names.is_empty() && class_names.len() != classes => Some(format!(
            "{} classes are named, but the model tells {classes} apart; label with class indices",
            class_names.len()
        )),
        Some(labels) => {
            let truth = GroundTruth::Labels(labels.clone());
            match session.set_samples(samples, divide_by, truth) {
                Err(error @ (SessionError::Labels { .. } | SessionError::Class { .. })) => {
                    Some(error.to_string())
                }
                result => return result.map(|()| None),
            }
        }
    };
    session.set_samples(samples, divide_by, GroundTruth::Unknown)?;
    Ok(refusal.map(|why| format!("the labels in the file are left out: {why}")))
}

/// `divisor` if stored values lie beyond what the input can express and divided ones don't, else 1.
fn needed_divisor(samples: &Array, input: Option<Affine>, divisor: f32) -> f32 {
    let Some(affine) = input else { return 1.0 };
    let [low, high] = [affine.format.min(), affine.format.max()].map(|code| affine.dequantize(code));
    let slack = affine.scale;
    let values = samples.to_f32();
    let fits = |divisor: f32| {
        let beyond = values
            .iter()
            .map(|value| value / divisor)
            .filter(|value| *value < low - slack || *value > high + slack)
            .count();
        beyond * BEYOND <= values.len()
    };
    if !fits(1.0) && fits(divisor) { divisor } else { 1.0 }
}

/// What the page draws of a session's network.
pub fn network_view(session: &Session, samples: SamplesView) -> NetworkView {
    let network = session.network();
    let tensors = network.tensors.iter().map(|t| TensorView {
        name: t.name.clone(),
        shape: t.shape.clone(),
        affine: t.affine,
    });
    let layers = network.layers.iter().map(|l| LayerView {
        name: l.name.clone(),
        source: l.main().view.tensors[0],
        sources: l.dendrites.iter().map(|d| d.view.tensors.to_vec()).collect(),
        dendrites: l.dendrites.len(),
        target: l.target,
        connections: l.main().connections,
        synapses: l.dendrites.iter().map(|d| d.connections.synapses()).sum(),
    });
    NetworkView {
        name: network.name.clone(),
        tensors: tensors.collect(),
        layers: layers.collect(),
        is_float: session.is_float(),
        samples,
    }
}

/// Stored samples as grey values: from the smallest to the largest real number of the set.
fn samples_view(session: &Session) -> SamplesView {
    let (network, samples) = (session.network(), session.samples());
    let (low, high) = samples
        .codes
        .iter()
        .fold((i32::MAX, i32::MIN), |(l, h), &c| (l.min(c), h.max(c)));
    let span = (high.saturating_sub(low)).max(1) as f32;
    let pixels = samples
        .codes
        .iter()
        .map(|&code| ((code - low) as f32 / span * 255.0).round() as u8);
    let labels = samples.truth.labels().iter().map(|&label| label.min(255) as u8);
    let (targets, closeness) = match &samples.truth {
        GroundTruth::Targets(values, closeness) => (values.clone(), Some(*closeness)),
        _ => (Vec::new(), None),
    };
    let input = network.input();
    let inputs: Vec<f32> = match input.affine.filter(|_| input.len() == 1) {
        Some(affine) => samples
            .codes
            .iter()
            .map(|&code| affine.dequantize(code))
            .collect(),
        None => Vec::new(),
    };
    SamplesView {
        count: samples.codes.len() / network.input().len().max(1),
        shape: network.input().shape.clone(),
        pixels: pixels.collect::<Vec<_>>().into(),
        labels: labels.collect::<Vec<_>>().into(),
        inputs: inputs.into(),
        targets: targets.into(),
        closeness,
        ..SamplesView::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::CodeFormat;
    use crate::import::dataset::ArrayValues;

    #[test]
    fn values_are_divided_only_if_they_lie_beyond_what_the_input_can_express() {
        let unit = Some(Affine {
            scale: 1.0 / 255.0,
            zero_point: 0,
            format: CodeFormat {
                bits: 8,
                signed: false,
            },
        });
        let stored = |values: &[f32]| Array {
            shape: vec![values.len()],
            values: ArrayValues::F32(values.to_vec()),
        };
        assert_eq!(needed_divisor(&stored(&[0.0, 128.0, 255.0]), unit, 255.0), 255.0);
        assert_eq!(needed_divisor(&stored(&[0.0, 0.5, 1.0]), unit, 255.0), 1.0);
        // Neither fits: they are taken as they are.
        assert_eq!(needed_divisor(&stored(&[5000.0, 7000.0]), unit, 255.0), 1.0);
    }
}
