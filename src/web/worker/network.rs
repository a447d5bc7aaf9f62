//! Answers to the view of the network, piece by piece: weights at once, codes and losses over samples.

use super::inspect::{CodesView, InspectPart, InspectQuestion, LossView, ModelView, TakeAway, WeightsView};
use super::messages::Epoch;
use crate::explore::{CodesMeter, LossMeter, Session};
use crate::export::{ModelReport, write_onnx_as_read};
use crate::graph::Connections;
use crate::quantize::{Dendrite, QuantizedNetwork, Reduce};
use crate::sdann_file;

/// Most weights that are shown, across and down.
const MOST_CELLS: [usize; 2] = [160, 240];

/// What is looked at, and what was measured of the network as it is.
#[derive(Debug, Default)]
pub(super) struct Inspecting {
    asked: Option<(Epoch, InspectQuestion)>,
    step: Step,
    codes: Option<CodesMeter>,
    /// Whether codes of more samples are to be counted.
    counts: bool,
    loss: Option<LossMeter>,
    /// Whether more samples are to be compared.
    compares: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    Model,
    Weights,
    Codes,
    Loss,
    #[default]
    Nothing,
}

impl Inspecting {
    /// Begins with a question.
    pub fn ask(&mut self, epoch: Epoch, question: InspectQuestion) {
        self.asked = Some((epoch, question));
        self.step = Step::Model;
    }

    /// The network is another one: what was measured, and asked, is of the one before.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether there is anything that somebody waits for with an empty picture.
    pub fn is_urgent(&self) -> bool {
        matches!(self.step, Step::Model | Step::Weights | Step::Codes)
    }

    /// Whether there is anything to do.
    pub fn is_busy(&self) -> bool {
        self.step != Step::Nothing
    }

    /// The next piece. `portion` does something again and again until nothing is left or its time is over, and says
    /// whether anything is left.
    pub fn next(
        &mut self,
        session: &mut Session,
        portion: impl Fn(&mut dyn FnMut() -> bool) -> bool,
    ) -> Option<(Epoch, InspectPart)> {
        let (epoch, question) = self.asked.clone()?;
        let part = match self.step {
            Step::Model => {
                self.step = Step::Weights;
                InspectPart::Model(Box::new(model_view(session)))
            }
            Step::Weights => {
                self.step = Step::Codes;
                InspectPart::Weights(Box::new(weights_view(session.network(), question)?))
            }
            Step::Codes => {
                let of = calibration_samples(session);
                let counts = &mut self.counts;
                let meter = self.codes.get_or_insert_with(|| {
                    *counts = of > 0;
                    CodesMeter::new(session.network())
                });
                if *counts {
                    *counts = portion(&mut || session.count_codes_next(meter));
                }
                if !*counts {
                    self.step = Step::Loss;
                }
                InspectPart::Codes(Box::new(CodesView {
                    tensor: question.tensor,
                    samples: meter.samples(),
                    of,
                    summary: meter.summary(question.tensor),
                }))
            }
            Step::Loss => {
                if self.loss.is_none() {
                    // A model that can't be compared was refused when it was quantized.
                    self.loss = session.loss_meter().ok().flatten();
                    self.compares = self.loss.is_some() && !session.samples().codes.is_empty();
                }
                let Some(meter) = &mut self.loss else {
                    self.step = Step::Nothing;
                    return None;
                };
                if self.compares {
                    self.compares = portion(&mut || session.compare_next(meter).unwrap_or(false));
                }
                if !self.compares {
                    self.step = Step::Nothing;
                }
                InspectPart::Loss(Box::new(loss_view(session, meter)))
            }
            Step::Nothing => return None,
        };
        Some((epoch, part))
    }
}

fn calibration_samples(session: &Session) -> usize {
    session.calibration().len() / session.network().input().len().max(1)
}

fn model_view(session: &Session) -> ModelView {
    ModelView {
        report: ModelReport::new(session.network()),
        nodes: session.nodes().to_vec(),
        calibration: calibration_samples(session),
    }
}

fn loss_view(session: &Session, meter: &LossMeter) -> LossView {
    let loss = meter.loss();
    LossView {
        samples: loss.samples,
        of: session.samples().codes.len() / session.network().input().len().max(1),
        labels_equal: loss.labels_equal,
        measure: loss.quality.map(|quality| quality.measure),
        float: loss.quality.and_then(|quality| quality.reference()),
        quantized: loss.quality.and_then(|quality| quality.spiking()),
        ranges: loss.tensors.iter().map(|tensor| tensor.range).collect(),
        sqnr: loss.tensors.iter().map(|tensor| tensor.sqnr).collect(),
    }
}

/// The weights of the layer that fires the question's tensor; `None` for the input.
fn weights_view(network: &QuantizedNetwork, mut question: InspectQuestion) -> Option<WeightsView> {
    let layer = network
        .layers
        .iter()
        .find(|layer| layer.target == question.tensor)?;
    question.dendrite = question.dendrite.min(layer.dendrites.len() - 1);
    let dendrite = &layer.dendrites[question.dendrite];
    let (wiring, weights) = (&dendrite.connections, &dendrite.weights);
    let fan_in = wiring.fan_in().max(1);
    let passes_on = weights.bias.is_empty() && weights.values.iter().all(|&w| w == 1);
    if dendrite.reduce == Reduce::Max || passes_on || weights.values.is_empty() {
        return Some(WeightsView {
            question,
            ..WeightsView::default()
        });
    }
    let tile = tile(network, dendrite);
    let area = tile[0] * tile[1];
    let grid = [weights.values.len() / fan_in, fan_in / area];
    let fits = [MOST_CELLS[0] / tile[0], MOST_CELLS[1] / tile[1]].map(|tiles| tiles.max(1));
    let fits = if grid[1] == 1 {
        [fits[0] * fits[1], 1]
    } else {
        fits
    };
    let first = [0, 1].map(|axis| question.first[axis].min(grid[axis] - 1));
    let shown = [0, 1].map(|axis| fits[axis].min(grid[axis] - first[axis]));
    let rows = weights.values.chunks_exact(fan_in);
    let mut values = Vec::with_capacity(shown[0] * shown[1] * area);
    for row in rows.clone().skip(first[0]).take(shown[0]) {
        values.extend_from_slice(&row[first[1] * area..][..shown[1] * area]);
    }
    let (from, to) = weights
        .values
        .iter()
        .fold((0, 0), |(from, to), &w| (w.min(from), w.max(to)));
    let mut bins = vec![0_u64; usize::from(to.abs_diff(from)) + 1];
    for &weight in &weights.values {
        bins[usize::from(weight.abs_diff(from))] += 1;
    }
    let each = |of: fn(&[i16]) -> i16| rows.clone().map(of).collect::<Vec<i16>>().into();
    let zeros = rows
        .clone()
        .map(|row| row.iter().filter(|&&w| w == 0).count() as u32);
    question.first = first;
    Some(WeightsView {
        question,
        bits: weights.bits,
        tile,
        grid,
        shown,
        values: values.into(),
        largest: from.saturating_abs().max(to),
        scales: weights.scales.clone().into(),
        input_scale: dendrite.affine.scale,
        bias: weights.bias.clone().into(),
        smallest: each(|row| row.iter().copied().min().unwrap_or(0)),
        greatest: each(|row| row.iter().copied().max().unwrap_or(0)),
        zeros: zeros.collect::<Vec<u32>>().into(),
        from,
        bins: bins.into(),
    })
}

/// A kernel, or the map that a dense layer sees: weights make a picture only beside their neighbours.
fn tile(network: &QuantizedNetwork, dendrite: &Dendrite) -> [usize; 2] {
    let Connections {
        rows, columns, input, ..
    } = dendrite.connections;
    if rows.kernel * columns.kernel > 1 || input.positions() > 1 {
        return [rows.kernel, columns.kernel];
    }
    let [source] = dendrite.view.tensors[..] else {
        return [1, 1];
    };
    let tensor = &network.tensors[source];
    let fan_in = dendrite.connections.fan_in();
    let side = fan_in.isqrt();
    match tensor.shape[..] {
        [_, height, width] if tensor.len() == fan_in => [height, width],
        // A picture that the model takes flat.
        _ if source == 0 && side > 2 && side * side == fan_in => [side, side],
        _ => [1, 1],
    }
}

/// A file to take away: its name and its content.
///
/// # Errors
/// One sentence for the user.
pub(super) fn take_away(session: &mut Session, what: TakeAway) -> Result<(String, Vec<u8>), String> {
    let name: Vec<&str> = session
        .network()
        .name
        .split(|c: char| !c.is_alphanumeric())
        .collect();
    let name: Vec<&str> = name.into_iter().filter(|word| !word.is_empty()).collect();
    let name = name.join("-").to_lowercase();
    match what {
        TakeAway::Onnx => {
            let quantized = session.quantized().map_err(|error| error.to_string())?;
            let quantized =
                quantized.ok_or("the model was quantized before it was opened; keep its own file")?;
            let model = write_onnx_as_read(&quantized.graph).map_err(|error| error.to_string())?;
            Ok((format!("{name}.quantized.onnx"), model.bytes))
        }
        TakeAway::Sdann => {
            let spiking = session
                .spiking()
                .ok_or("nothing was converted yet; wait until the network has run")?;
            let bytes = sdann_file::write(session.network(), &spiking).map_err(|error| error.to_string())?;
            Ok((format!("{name}.sdann"), bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(model: &str) -> QuantizedNetwork {
        let bytes = std::fs::read(format!("assets/models/{model}.onnx")).expect("a shipped model");
        crate::explore::open_network(&bytes, model).expect("a quantized model")
    }

    fn view(network: &QuantizedNetwork, tensor: usize, first: [usize; 2]) -> WeightsView {
        let question = InspectQuestion {
            tensor,
            first,
            ..InspectQuestion::default()
        };
        weights_view(network, question).expect("a layer")
    }

    #[test]
    fn a_kernel_is_a_tile_and_a_dense_layer_sees_maps() {
        let network = network("mnist-cnn");
        let conv = view(&network, 2, [0, 0]);
        assert_eq!((conv.tile, conv.grid, conv.shown), ([3, 3], [32, 16], [32, 16]));
        assert_eq!(conv.values.0, network.layers[1].main().weights.values);
        let dense = view(&network, 3, [0, 0]);
        assert_eq!((dense.tile, dense.grid), ([7, 7], [64, 32]));
        assert_eq!(dense.shown, [22, 32], "as many as there is room for");
        let digits = view(&self::network("digits-mlp"), 1, [0, 0]);
        assert_eq!(
            (digits.tile, digits.grid),
            ([8, 8], [16, 1]),
            "a picture that comes flat"
        );
    }

    #[test]
    fn a_window_of_weights_holds_those_of_its_channels() {
        let network = network("mnist-cnn");
        let view = view(&network, 3, [60, 30]);
        assert_eq!((view.question.first, view.shown), ([60, 30], [4, 2]));
        let weights = &network.layers[2].main().weights.values;
        assert_eq!(view.values[..98], weights[60 * 1568 + 30 * 49..][..98]);
        assert_eq!(view.values[98..196], weights[61 * 1568 + 30 * 49..][..98]);
    }

    #[test]
    fn weights_are_counted_over_the_whole_layer() {
        let network = network("mnist-cnn");
        let view = view(&network, 2, [0, 0]);
        let weights = &network.layers[1].main().weights.values;
        assert_eq!(view.bins.iter().sum::<u64>(), weights.len() as u64);
        let zeros = weights.iter().filter(|&&w| w == 0).count();
        assert_eq!(view.zeros.iter().sum::<u32>() as usize, zeros);
        assert_eq!(view.bins[usize::from(view.from.unsigned_abs())], zeros as u64);
        assert_eq!(Some(view.largest), weights.iter().map(|w| w.abs()).max());
    }

    #[test]
    fn a_pool_has_no_weights_and_the_input_no_layer() {
        let network = network("mnist-residual");
        assert_eq!(view(&network, 2, [0, 0]).bits, 0);
        assert_eq!(weights_view(&network, InspectQuestion::default()), None);
    }
}
