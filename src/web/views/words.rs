//! Names, places and states in words, the same in every picture.

use crate::graph::{CodeFormat, Volume};
use crate::simulate::WindowTrace;
use crate::spiking::{Digits, SpikeCode};
use crate::web::format;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;

/// What a layer does at a time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its window has not begun.
    Waiting,
    /// It listens: `step` (from 0) of `of`.
    Listening {
        /// The step within its window.
        step: usize,
        /// Steps of the window.
        of: usize,
    },
    /// Its window is over.
    Fired,
}

impl Phase {
    /// What `layer` does at the time step `step` of the run. In the last step of its window a layer
    /// still listens; it has fired when the next window begins, and the last layer with its last step.
    pub fn of(run: &RunView, layer: usize, step: usize) -> Self {
        let Some((window, within)) = run.trace.locate(step) else {
            return Self::Waiting;
        };
        let of = run.trace.windows[window].steps();
        let is_over = window + 1 == run.trace.windows.len() && within + 1 == of;
        if layer > window {
            Self::Waiting
        } else if layer < window || is_over {
            Self::Fired
        } else {
            Self::Listening { step: within, of }
        }
    }

    /// Steps of the layer's window that are done: an index of `WindowTrace::membranes_at`.
    pub fn last_step(self, window: &WindowTrace) -> Option<usize> {
        match self {
            Self::Waiting => None,
            Self::Listening { step, .. } => Some(step),
            Self::Fired => window.steps().checked_sub(1),
        }
    }

    /// As a class of the stage.
    pub fn class(self) -> &'static str {
        match self {
            Self::Waiting => "is-waiting",
            Self::Listening { .. } => "is-listening",
            Self::Fired => "has-fired",
        }
    }
}

/// The layer that fires a tensor; `None` for the input.
pub fn producer(network: &NetworkView, tensor: usize) -> Option<usize> {
    network.layers.iter().position(|layer| layer.target == tensor)
}

/// Characters of a name that there is room for everywhere.
const LONGEST_NAME: usize = 16;

/// What a layer is called in every picture: its node's name without what exporters put around it, and
/// shortened in its middle if it is still long.
pub fn layer_name(network: &NetworkView, layer: usize) -> String {
    let full = network.layers.get(layer).map_or("", |l| l.name.as_str());
    let others = network.layers.iter().enumerate();
    let others = others
        .filter(|(other, _)| *other != layer)
        .map(|(_, l)| l.name.as_str());
    let name = distinctive(full, &others.collect::<Vec<_>>());
    if name.is_empty() {
        t!("words.layer", number = layer + 1).into_owned()
    } else {
        // PyTorch puts this before every name.
        shortened(name.strip_prefix("node_").unwrap_or(name), LONGEST_NAME)
    }
}

/// A layer's whole name, as its file has it: for titles, and for those who hear it.
pub fn full_name(network: &NetworkView, layer: usize) -> String {
    match network.layers.get(layer) {
        Some(layer) if !layer.name.is_empty() => layer.name.clone(),
        _ => t!("words.layer", number = layer + 1).into_owned(),
    }
}

/// The end of a path that tells it from others: `conv1` of `/features/conv1/Conv`, and `block2/conv1` if
/// there is a `block1/conv1` as well.
fn distinctive<'a>(full: &'a str, others: &[&str]) -> &'a str {
    let whole = full.trim_matches('/');
    let path = without_operator(whole);
    let is_only_one = |end: &str| {
        others.iter().all(|other| {
            let other = without_operator(other.trim_matches('/'));
            other != end && !other.ends_with(&format!("/{end}"))
        })
    };
    let ends = path.rmatch_indices('/').map(|(at, _)| &path[at + 1..]);
    ends.chain([path]).find(|end| is_only_one(end)).unwrap_or(whole)
}

/// `/features/conv1/Conv` ends in its operator, which its stage shows anyway.
fn without_operator(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((before, last)) if last.starts_with(|c: char| c.is_ascii_uppercase()) => before,
        _ => path,
    }
}

/// A long name loses its middle: both ends tell more.
fn shortened(name: &str, longest: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= longest {
        return name.to_owned();
    }
    let (head, tail) = ((longest - 1) / 2, longest / 2);
    let (head, tail) = (&letters[..head], &letters[letters.len() - tail..]);
    head.iter().chain(['…'].iter()).chain(tail).collect()
}

/// A tensor's name: `input`, or that of the layer which fires it.
pub fn tensor_name(network: &NetworkView, tensor: usize) -> String {
    let input = || t!("words.input").into_owned();
    producer(network, tensor).map_or_else(input, |layer| layer_name(network, layer))
}

/// The same within a sentence: `the input`, or the layer's name.
pub fn sentence_name(network: &NetworkView, tensor: usize) -> String {
    let input = || t!("words.the-input").into_owned();
    producer(network, tensor).map_or_else(input, |layer| layer_name(network, layer))
}

/// Two or three letters for a small place: `in`, `c1`, `fc`, `out`.
pub fn short_name(network: &NetworkView, tensor: usize) -> String {
    let Some(layer) = producer(network, tensor) else {
        return t!("words.input-short").into_owned();
    };
    if layer + 1 == network.layers.len() {
        return t!("words.output-short").into_owned();
    }
    let name = layer_name(network, layer);
    let digits: String = name.chars().rev().take_while(char::is_ascii_digit).collect();
    let digits: String = digits.chars().rev().take(2).collect();
    let letters = if digits.is_empty() { 2 } else { 1 };
    let start: String = name.chars().filter(|c| c.is_alphabetic()).take(letters).collect();
    format!("{start}{digits}").to_ascii_lowercase()
}

/// How a tensor is laid out. An input vector whose length is a square number (a picture that the
/// model takes flat) is shown as a square.
pub fn volume(network: &NetworkView, tensor: usize) -> Volume {
    if let Some(layer) = producer(network, tensor) {
        return network.layers[layer].connections.output;
    }
    let shape = network.tensors.get(tensor).map_or(&[][..], |t| &t.shape);
    match *shape {
        [channels, height, width] => Volume {
            channels,
            height,
            width,
        },
        [channels, width] => Volume {
            channels,
            height: 1,
            width,
        },
        _ => {
            let neurons: usize = shape.iter().product();
            let side = neurons.isqrt();
            if side > 2 && side * side == neurons {
                Volume {
                    channels: 1,
                    height: side,
                    width: side,
                }
            } else {
                Volume {
                    channels: neurons,
                    height: 1,
                    width: 1,
                }
            }
        }
    }
}

/// The format of a tensor's codes; 8 signed bits where it holds real numbers.
pub fn code_format(network: &NetworkView, tensor: usize) -> Option<CodeFormat> {
    network.tensors.get(tensor)?.affine.map(|affine| affine.format)
}

/// Where a neuron is: `channel 11 · (3, 4)` as row and column, `(3, 4)` in a single map, `neuron 17`
/// in a vector.
pub fn place(volume: Volume, neuron: usize) -> String {
    let positions = volume.positions().max(1);
    if positions == 1 {
        return t!("words.neuron", number = format::count(neuron as u64)).into_owned();
    }
    let (channel, position) = (neuron / positions, neuron % positions);
    let (row, column) = (position / volume.width, position % volume.width);
    if volume.channels == 1 {
        format!("({row}, {column})")
    } else {
        t!("words.channel", channel = channel, row = row, column = column).into_owned()
    }
}

/// `16 × 14 × 14`, `28 × 28`, `64`.
pub fn extents(volume: Volume) -> String {
    match (volume.channels, volume.positions()) {
        (channels, 1) => format::shape(&[channels]),
        (1, _) => format::shape(&[volume.height, volume.width]),
        (channels, _) if volume.height == 1 => format::shape(&[channels, volume.width]),
        (channels, _) => format::shape(&[channels, volume.height, volume.width]),
    }
}

/// How the neurons of a tensor send their codes; `None` where it holds real numbers.
pub fn spike_code(run: &RunView, tensor: usize) -> Option<SpikeCode> {
    run.trace.spike_codes.get(tensor).copied().flatten()
}

/// What a digit of a code is called.
pub fn digit_word(run: &RunView) -> String {
    let word = match run.settings.conversion.digits {
        Digits::Binary | Digits::SignMagnitude => t!("words.bit"),
        Digits::Canonical => t!("words.digit"),
    };
    word.into_owned()
}

/// Spikes that codes take; none where real numbers are not sent.
pub fn spikes_of(codes: &[i32], code: Option<SpikeCode>) -> u64 {
    let spikes = |code: SpikeCode| codes.iter().map(|&x| u64::from(code.spikes(x))).sum();
    code.map_or(0, spikes)
}

/// `2³`, `−2⁷` for the sign bit, `±2³` where spikes carry a sign: what a digit of a code weighs.
pub fn digit_weight(code: Option<SpikeCode>, lambda: u8) -> String {
    let sign = match code {
        Some(code) if code.has_signed_spikes() => "±",
        Some(code) if code.weight(lambda) < 0 => "\u{2212}",
        _ => "",
    };
    format!("{sign}2{}", format::superscript(i32::from(lambda)))
}

/// Where the largest of some numbers is; the first one of equals.
pub fn busiest<T: Copy + PartialOrd>(numbers: impl IntoIterator<Item = T>) -> Option<(usize, T)> {
    numbers
        .into_iter()
        .enumerate()
        .fold(None, |best, (index, number)| match best {
            Some((_, most)) if number <= most => best,
            _ => Some((index, number)),
        })
}

#[cfg(test)]
/// A small network and its run, for tests.
pub mod tests {
    use super::*;
    use crate::graph::{Affine, Connections};
    use crate::settings::Settings;
    use crate::simulate::{DendriteTrace, Trace};
    use crate::spiking::LayerPlan;
    use crate::web::worker::{LayerView, SamplesView, TensorView};

    /// A flat 4 × 4 input and two dense layers.
    pub fn network() -> NetworkView {
        let affine = Some(Affine {
            scale: 1.0,
            zero_point: 0,
            format: CodeFormat::signed(4),
        });
        let tensor = |name: &str, neurons| TensorView {
            name: name.into(),
            shape: vec![neurons],
            affine,
        };
        let layer = |name: &str, source, target, inputs, outputs| LayerView {
            name: name.into(),
            source,
            sources: vec![vec![source]],
            dendrites: 1,
            target,
            connections: Connections::dense(inputs, outputs),
            synapses: (inputs * outputs) as u64,
        };
        NetworkView {
            is_float: false,
            name: "small".into(),
            tensors: vec![tensor("x", 16), tensor("h", 6), tensor("y", 3)],
            layers: vec![layer("/body/hidden12", 0, 1, 16, 6), layer("scores", 1, 2, 6, 3)],
            samples: SamplesView::default(),
        }
    }

    /// Two windows of four steps.
    pub fn run() -> RunView {
        let window = |sent: usize, neurons: usize| WindowTrace {
            dendrites: vec![DendriteTrace {
                sent: vec![3; sent].into(),
                planes: vec![3, 2, 1, 0],
                currents: vec![1; 4 * neurons].into(),
                start: vec![0; neurons].into(),
                membranes: vec![2; 4 * neurons].into(),
                spikes: vec![0, 0, sent as u32, sent as u32],
            }],
            potentials: vec![0.5; neurons].into(),
            codes: vec![1; neurons].into(),
            reference: vec![1; neurons].into(),
            ..WindowTrace::default()
        };
        RunView {
            settings: Settings::default(),
            network: None,
            plans: vec![
                LayerPlan {
                    m0: (1, 1),
                    ..LayerPlan::default()
                };
                2
            ],
            trace: Trace {
                input: vec![3; 16].into(),
                spike_codes: vec![Some(SpikeCode::of_format(CodeFormat::signed(4))); 3],
                windows: vec![window(16, 6), window(6, 3)],
            },
            output: vec![0.0; 3],
            reference: vec![0.0; 3],
            curve: None,
            winner: 0,
            reference_winner: 0,
            chip: Err(crate::chip::MappingError::TooFewCores {
                needed: 9,
                capacity: Some(4),
                available: 1,
                most: None,
            }),
        }
    }

    #[test]
    fn layers_wait_listen_and_fire_in_turn() {
        let run = run();
        assert_eq!(Phase::of(&run, 0, 2), Phase::Listening { step: 2, of: 4 });
        assert_eq!(Phase::of(&run, 1, 2), Phase::Waiting);
        assert_eq!(Phase::of(&run, 0, 4), Phase::Fired);
        assert_eq!(Phase::of(&run, 1, 6), Phase::Listening { step: 2, of: 4 });
        assert_eq!(
            Phase::of(&run, 1, 7),
            Phase::Fired,
            "the answer stands with the last bit"
        );
        assert_eq!(Phase::Waiting.last_step(&run.trace.windows[0]), None);
        assert_eq!(Phase::Fired.last_step(&run.trace.windows[0]), Some(3));
    }

    #[test]
    fn names_are_short_and_still_tell_layers_apart() {
        let network = network();
        assert_eq!(layer_name(&network, 0), "hidden12");
        assert_eq!(full_name(&network, 0), "/body/hidden12");
        assert_eq!(tensor_name(&network, 0), "input");
        assert_eq!(short_name(&network, 0), "in");
        assert_eq!(short_name(&network, 1), "h12");
        assert_eq!(short_name(&network, 2), "out");
        let block = "/layer1/layer1.0/conv1/Conv";
        assert_eq!(distinctive(block, &["/layer2/layer2.0/conv2/Conv"]), "conv1");
        assert_eq!(
            distinctive(block, &["/layer2/layer2.0/conv1/Conv"]),
            "layer1.0/conv1"
        );
        assert_eq!(distinctive("/n/n.0/Conv", &["/n/n.3/Conv"]), "n.0");
        assert_eq!(
            distinctive("/a/Conv", &["/a/Gemm"]),
            "a/Conv",
            "only the operator tells them apart"
        );
        assert_eq!(distinctive("conv1", &["conv2"]), "conv1");
    }

    #[test]
    fn long_names_lose_their_middle() {
        let short = shortened("features_10_conv_depthwise_quantized", LONGEST_NAME);
        assert_eq!(short, "feature…uantized");
        assert_eq!(short.chars().count(), LONGEST_NAME);
        assert_eq!(shortened("conv1", LONGEST_NAME), "conv1");
    }

    #[test]
    fn places_are_said_in_the_shape_of_the_layer() {
        let map = Volume {
            channels: 32,
            height: 7,
            width: 7,
        };
        assert_eq!(place(map, 11 * 49 + 3 * 7 + 4), "channel 11 · (3, 4)");
        assert_eq!(place(Volume { channels: 1, ..map }, 25), "(3, 4)");
        assert_eq!(
            place(
                Volume {
                    channels: 64,
                    height: 1,
                    width: 1
                },
                17
            ),
            "neuron 17"
        );
        assert_eq!(extents(map), "32 × 7 × 7");
        assert_eq!(extents(Volume { height: 1, ..map }), "32 × 7", "a signal");
        assert_eq!(
            extents(volume(&network(), 0)),
            "4 × 4",
            "a flat picture is shown as a square"
        );
        assert_eq!(extents(volume(&network(), 1)), "6");
    }

    #[test]
    fn spikes_and_weights_are_those_of_the_code() {
        let bits = Some(SpikeCode::of_format(CodeFormat::signed(8)));
        assert_eq!(spikes_of(&[-1, 0, 3], bits), 10);
        assert_eq!(spikes_of(&[-128], bits), 1);
        assert_eq!(spikes_of(&[-1], None), 0);
        assert_eq!(digit_weight(bits, 7), "\u{2212}2⁷");
        assert_eq!(digit_weight(bits, 3), "2³");
        let signed = Some(SpikeCode::new((-128, 127), 0, Digits::SignMagnitude));
        assert_eq!(spikes_of(&[-1, 0, 3], signed), 3);
        assert_eq!(digit_weight(signed, 10), "±2¹⁰");
    }

    #[test]
    fn the_first_of_equals_is_the_busiest() {
        assert_eq!(busiest([1, 5, 5, 2]), Some((1, 5)));
        assert_eq!(busiest::<u32>([]), None);
    }
}
