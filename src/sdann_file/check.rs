//! Whether what a file says makes a network that can be run: every index inside, every list as long as it
//! must be, every sum within its bits.

use super::{Reference, SdannFileError};
use crate::graph::{Affine, Clamp, CodeFormat, Connections, MAX_ELEMENTS, Rearrange, Window};
use crate::quantize::{
    CodeTensor, FixedPoint, Line, MAX_FAN_IN, QuantizedNetwork, Reduce, Requantizer, Shared, Step, Target,
};
use crate::spiking::{
    Accumulation, BitOrder, Conversion, SpikingDendrite, SpikingLayer, SpikingNetwork, Synapses, products_fit,
};

/// Numbers of synapses that no kernel stores, in all: those of maxima.
const MAX_LOOKED_AT: usize = 1 << 28;
/// The largest magnitude of a start value, and of what inputs can add to it.
const MAX_SUM: i64 = 1 << 47;
/// The widest register: the ideal one.
const MAX_REGISTER: u8 = 63;

type Check = Result<(), String>;

fn expect(is_so: bool, otherwise: impl FnOnce() -> String) -> Check {
    if is_so { Ok(()) } else { Err(otherwise()) }
}

/// Checks everything that needs no integer network.
pub(super) fn network(network: &SpikingNetwork, reference: &[Vec<Reference>]) -> Result<(), SdannFileError> {
    let at = |place: String| move |problem| SdannFileError::Network { place, problem };
    let SpikingNetwork { tensors, layers, .. } = network;
    let counts = format!(
        "there are {} tensors, {} layers and {} references; there must be one layer for each tensor behind the first, and one reference for each layer",
        tensors.len(),
        layers.len(),
        reference.len()
    );
    let is_even = !layers.is_empty() && tensors.len() == layers.len() + 1 && reference.len() == layers.len();
    expect(is_even, || counts).map_err(at("network".into()))?;
    let mut elements = 0usize;
    for (index, tensor) in tensors.iter().enumerate() {
        let is_last = index + 1 == tensors.len();
        check_tensor(tensor, is_last, &mut elements).map_err(at(format!("tensor '{}'", tensor.name)))?;
    }
    let conversion = &network.conversion;
    let is_order = (conversion.order, conversion.accumulation) != (BitOrder::Lsb, Accumulation::Shifting);
    expect(is_order, || {
        "shifting accumulation needs the most significant bit first".into()
    })
    .map_err(at("conversion".into()))?;
    let mut looked_at = 0usize;
    for (index, (layer, reference)) in layers.iter().zip(reference).enumerate() {
        let place = || format!("layer '{}'", layer.name);
        check_layer(layer, index, network, &mut looked_at).map_err(at(place()))?;
        check_reference(layer, reference).map_err(at(place()))?;
    }
    check_codes(network).map_err(at("codes".into()))
}

/// Checks that no sum leaves the bits that kernels have for it.
pub(super) fn sums(network: &QuantizedNetwork, spiking: &SpikingNetwork) -> Result<(), SdannFileError> {
    for (layer, own) in network.layers.iter().zip(&spiking.layers) {
        for (dendrite, own) in layer.dendrites.iter().zip(&own.dendrites) {
            let rows = dendrite
                .weights
                .values
                .chunks_exact(dendrite.connections.fan_in().max(1));
            let heaviest = rows
                .map(|row| row.iter().map(|&w| i64::from(w).abs()).sum::<i64>())
                .max();
            let heaviest = heaviest.unwrap_or(0);
            let fits = heaviest <= i32::MAX.into() && heaviest << 17 <= MAX_SUM;
            let collapses = own.scale.is_one() && products_fit(dendrite, own.code);
            let check = expect(fits, || {
                format!("the weights of a neuron add up to {heaviest}, more than 2^30")
            })
            .and_then(|()| {
                expect(!own.collapses || collapses, || {
                    "a dendrite claims that its steps come to one product of 32 bits, but they don't".into()
                })
            });
            check.map_err(|problem| SdannFileError::Network {
                place: format!("layer '{}'", layer.name),
                problem,
            })?;
        }
    }
    Ok(())
}

fn check_tensor(tensor: &CodeTensor, is_last: bool, elements: &mut usize) -> Check {
    let own = tensor
        .shape
        .iter()
        .try_fold(1usize, |n, &extent| n.checked_mul(extent));
    let total = own
        .and_then(|own| elements.checked_add(own))
        .filter(|&total| total <= MAX_ELEMENTS);
    *elements = total.ok_or_else(|| {
        format!(
            "its shape {:?} makes more than the {MAX_ELEMENTS} neurons that are supported in all",
            tensor.shape
        )
    })?;
    match tensor.affine {
        Some(affine) => affine.check(),
        None => expect(is_last, || {
            "it has no quantization, which only the last one may lack".into()
        }),
    }
}

/// Every tensor is sent in a code that holds what its neurons fire.
fn check_codes(network: &SpikingNetwork) -> Check {
    let SpikingNetwork {
        tensors,
        codes,
        layers,
        ..
    } = network;
    expect(codes.len() == tensors.len(), || {
        format!("there are {} for {} tensors", codes.len(), tensors.len())
    })?;
    for (index, (tensor, code)) in tensors.iter().zip(codes).enumerate() {
        let fired = |format: CodeFormat| match index.checked_sub(1) {
            None => Some((format.min(), format.max())),
            Some(layer) => layers[layer].fire.requantizer.limits(),
        };
        match (tensor.affine, code) {
            (None, None) => {}
            (Some(affine), Some(code)) => {
                let format = affine.format;
                code.check(format, fired(format).unwrap_or((format.min(), format.max())))
                    .map_err(|problem| format!("tensor '{}': {problem}", tensor.name))?;
            }
            _ => {
                return Err(format!(
                    "tensor '{}' has codes, or a way to send them, but not both",
                    tensor.name
                ));
            }
        }
    }
    Ok(())
}

fn check_layer(layer: &SpikingLayer, index: usize, network: &SpikingNetwork, looked_at: &mut usize) -> Check {
    let tensors = &network.tensors;
    let target = index + 1;
    expect(layer.target == target, || {
        format!(
            "it writes tensor {}, but layer {index} must write tensor {target}",
            layer.target
        )
    })?;
    expect(!layer.dendrites.is_empty(), || "it has no dendrite".into())?;
    let neurons = tensors[target].len();
    for dendrite in &layer.dendrites {
        check_dendrite(dendrite, neurons, (network, target), looked_at)?;
    }
    let fire = &layer.fire;
    expect(fire.m1.len() == layer.dendrites.len(), || {
        format!(
            "it has {} M_1 for {} dendrites",
            fire.m1.len(),
            layer.dendrites.len()
        )
    })?;
    for m1 in &fire.m1 {
        covers("M_1", m1, neurons)?;
    }
    expect(fire.bias.is_empty() || fire.bias.len() == neurons, || {
        format!("it has {} constants for {neurons} neurons", fire.bias.len())
    })?;
    check_requantizer(&fire.requantizer, neurons, layer.dendrites.len())?;
    expect(fire.requantizer.output() == tensors[target].affine, || {
        "its codes aren't those of the tensor that it writes".into()
    })
}

fn check_dendrite(
    dendrite: &SpikingDendrite,
    neurons: usize,
    (network, target): (&SpikingNetwork, usize),
    looked_at: &mut usize,
) -> Check {
    dendrite.affine.check()?;
    let fan_in = check_connections(&dendrite.connections, neurons)?;
    check_view(dendrite, &network.tensors[..target])?;
    let is_code = |&tensor: &usize| network.codes.get(tensor) == Some(&Some(dendrite.code));
    expect(dendrite.view.tensors.iter().all(is_code), || {
        "it reads spikes in another code than they are sent in".into()
    })?;
    let synapses = &dendrite.synapses;
    match dendrite.reduce {
        Reduce::Sum => {
            let channels = dendrite.connections.output.channels;
            let (rows, stride) = (synapses.rows.len(), synapses.stride);
            let fits = (fan_in..fan_in + 64).contains(&stride) && channels.checked_mul(stride) == Some(rows);
            let is_whole = || *synapses == Synapses::new(&super::values(dendrite), &dendrite.connections);
            expect(fits && is_whole(), || {
                format!(
                    "its {rows} weights in rows of {stride} aren't those of {channels} neurons with {fan_in} inputs"
                )
            })?;
        }
        Reduce::Max => {
            *looked_at = looked_at.saturating_add(neurons.saturating_mul(fan_in));
            expect(*looked_at <= MAX_LOOKED_AT, || {
                format!("its maxima see more than {MAX_LOOKED_AT} numbers in all")
            })?;
            expect(synapses.rows.is_empty(), || "a maximum has no weights".into())?;
        }
    }
    expect(
        dendrite.start.is_empty() || dendrite.start.len() == neurons,
        || {
            format!(
                "it has {} start values for {neurons} neurons",
                dendrite.start.len()
            )
        },
    )?;
    expect(
        dendrite
            .start
            .iter()
            .all(|start| start.unsigned_abs() <= MAX_SUM as u64),
        || "a start value is larger than 2^47".into(),
    )?;
    expect((1..=MAX_REGISTER).contains(&dendrite.register.bits), || {
        format!(
            "its register has {} bits; 1 to {MAX_REGISTER} are possible",
            dendrite.register.bits
        )
    })?;
    let Conversion {
        order, accumulation, ..
    } = network.conversion;
    let is_doubling = accumulation == Accumulation::Shifting;
    let is_window = dendrite.steps == dendrite.code.steps(order, accumulation);
    expect(is_window && dendrite.doubling == is_doubling, || {
        format!(
            "its window of {} steps isn't that of the code that it reads",
            dendrite.steps.len()
        )
    })
}

/// The fan-in, if no number in the wiring is absurd.
fn check_connections(connections: &Connections, neurons: usize) -> Result<usize, String> {
    let Connections {
        input,
        output,
        rows,
        columns,
        groups,
    } = *connections;
    let product = |extents: [usize; 3]| {
        let count = extents
            .iter()
            .try_fold(1usize, |n, &extent| n.checked_mul(extent));
        count.filter(|&count| count <= MAX_ELEMENTS)
    };
    let absurd = || "its wiring has extents that no tensor has".to_string();
    product([input.channels, input.height, input.width]).ok_or_else(absurd)?;
    let outputs = product([output.channels, output.height, output.width]).ok_or_else(absurd)?;
    expect(outputs == neurons, || {
        format!("its wiring has {outputs} neurons, but there are {neurons}")
    })?;
    let divides = |channels: usize| groups > 0 && channels.is_multiple_of(groups);
    expect(divides(output.channels) && divides(input.channels), || {
        format!(
            "{} input and {} output channels cannot be divided into {groups} groups",
            input.channels, output.channels
        )
    })?;
    let moves = |window: Window, inputs: usize, outputs: usize| {
        let numbers = [window.kernel, window.stride, window.dilation];
        let is_small = |&number: &usize| (1..=MAX_ELEMENTS).contains(&number);
        numbers.iter().all(is_small)
            && window.pad_before.max(window.pad_after) <= MAX_ELEMENTS
            && window.outputs(inputs) == Some(outputs)
    };
    expect(
        moves(rows, input.height, output.height) && moves(columns, input.width, output.width),
        || "its kernel doesn't lead from its inputs to its neurons".into(),
    )?;
    let fan_in = (input.channels / groups)
        .checked_mul(rows.kernel)
        .and_then(|taps| taps.checked_mul(columns.kernel))
        .filter(|&fan_in| fan_in <= MAX_FAN_IN);
    fan_in.ok_or_else(|| format!("its neurons have more than {MAX_FAN_IN} inputs"))
}

fn check_view(dendrite: &SpikingDendrite, before: &[CodeTensor]) -> Check {
    let view = &dendrite.view;
    let seen: Vec<&CodeTensor> = view
        .tensors
        .iter()
        .filter_map(|&tensor| before.get(tensor))
        .collect();
    expect(!seen.is_empty() && seen.len() == view.tensors.len(), || {
        format!(
            "it listens to tensors {:?}, of which one isn't there before it",
            view.tensors
        )
    })?;
    let has_format = |tensor: &&CodeTensor| {
        tensor
            .affine
            .is_some_and(|affine| affine.format == dendrite.affine.format)
    };
    expect(seen.iter().all(has_format), || {
        "it reads codes of another format than were fired".into()
    })?;
    let neurons: usize = seen.iter().map(|tensor| tensor.len()).sum();
    let inputs = dendrite.connections.input.len();
    let Some(map) = &view.map else {
        // A dendrite without synapses sees nothing of what it listens to.
        let fits = seen.len() == 1 && (neurons == inputs || inputs == 0);
        return expect(fits, || {
            format!("it sees {neurons} neurons, but has {inputs} inputs")
        });
    };
    let is_inside = |&index: &u32| index == Rearrange::ZERO || (index as usize) < neurons;
    expect(
        (map.len() == inputs || inputs == 0) && map.iter().all(is_inside),
        || {
            format!(
                "its map of {} elements doesn't lead from {neurons} neurons to {inputs} inputs",
                map.len()
            )
        },
    )
}

fn check_reference(layer: &SpikingLayer, reference: &[Reference]) -> Check {
    expect(reference.len() == layer.dendrites.len(), || {
        format!(
            "it has {} references for {} dendrites",
            reference.len(),
            layer.dendrites.len()
        )
    })?;
    for (dendrite, reference) in layer.dendrites.iter().zip(reference) {
        let neurons = dendrite.connections.output.len();
        let biases = reference.bias.len();
        let is_even = biases == 0 || biases <= neurons && neurons.is_multiple_of(biases);
        expect(is_even, || {
            format!("it has {biases} biases for {neurons} neurons")
        })?;
    }
    Ok(())
}

fn covers<T: Copy + Into<f64>>(what: &str, shared: &Shared<T>, neurons: usize) -> Check {
    expect(shared.covers(neurons), || {
        format!(
            "its {} numbers of {what} don't cover {neurons} neurons",
            shared.values().len()
        )
    })?;
    expect(
        shared.values().iter().all(|&value| value.into().is_finite()),
        || format!("a number of {what} is infinite"),
    )
}

fn finite(values: &[f32]) -> Check {
    expect(values.iter().all(|value| value.is_finite()), || {
        "a constant of its requantizer is infinite".into()
    })
}

fn check_clamp(clamp: Clamp) -> Check {
    // A comparison with NaN is false.
    expect(clamp.min <= clamp.max, || {
        format!("its clamp from {} to {} is empty", clamp.min, clamp.max)
    })
}

fn check_line(line: &Line, neurons: usize) -> Check {
    covers("S_x S_w", &line.scales, neurons)?;
    for step in &line.steps {
        let (Step::Multiply(values) | Step::Add(values)) = step;
        covers("a step", values, neurons)?;
    }
    check_clamp(line.clamp)
}

fn check_target(target: Target) -> Check {
    let Affine { format, .. } = target.affine;
    target.affine.check()?;
    expect(
        format.min() <= target.low && target.low <= target.high && target.high <= format.max(),
        || {
            format!(
                "it fires codes from {} to {}, which its format doesn't hold",
                target.low, target.high
            )
        },
    )
}

fn check_requantizer(requantizer: &Requantizer, neurons: usize, dendrites: usize) -> Check {
    let need = |count: usize| {
        expect(dendrites == count, || {
            format!("it has {dendrites} dendrites, but its requantizer takes {count}")
        })
    };
    match requantizer {
        Requantizer::Codes {
            line,
            multipliers,
            target,
            ..
        } => {
            need(1)?;
            check_line(line, neurons)?;
            covers("M̂", multipliers, neurons)?;
            check_target(*target)
        }
        Requantizer::Sum {
            terms,
            ratios,
            fixed,
            zero_points,
            shift,
            clamp,
            target,
            ..
        } => {
            need(2)?;
            terms.iter().try_for_each(|term| term.affine.check())?;
            finite(&[ratios[0], ratios[1], *fixed])?;
            expect(
                zero_points
                    .iter()
                    .chain([shift])
                    .all(|zero| zero.unsigned_abs() <= 1 << 17),
                || "a zero point of its requantizer is larger than any code".into(),
            )?;
            check_clamp(*clamp)?;
            check_target(*target)
        }
        Requantizer::Mean {
            partial_sums,
            scale,
            counts,
            fused,
            clamp,
            target,
        } => {
            expect((1..=dendrites).contains(partial_sums), || {
                format!("it adds {partial_sums} partial sums of {dendrites} dendrites")
            })?;
            finite(&[*scale])?;
            covers("counts", counts, neurons)?;
            let is_small =
                |&(zero, shift): &(i32, i32)| zero.unsigned_abs().max(shift.unsigned_abs()) <= 1 << 17;
            expect(fused.as_ref().is_none_or(is_small), || {
                "the zero point of its requantizer is larger than any code".into()
            })?;
            check_clamp(*clamp)?;
            check_target(*target)
        }
        Requantizer::Product {
            factors,
            ratio,
            zero_point,
            shift,
            target,
        } => {
            need(1)?;
            expect(factors.len() == neurons, || {
                format!("it has {} factors for {neurons} neurons", factors.len())
            })?;
            finite(&[*ratio])?;
            expect(
                zero_point.unsigned_abs().max(shift.unsigned_abs()) <= 1 << 17,
                || "the zero point of its requantizer is larger than any code".into(),
            )?;
            check_target(*target)
        }
        Requantizer::Table { codes, output, .. } => {
            need(1)?;
            output.check()?;
            let is_code = |&code: &i32| (output.format.min()..=output.format.max()).contains(&code);
            expect(!codes.is_empty() && codes.iter().all(is_code), || {
                "its table is empty, or holds what is no code".into()
            })
        }
        Requantizer::Fixed { rule, target } => {
            check_fixed_point(rule, neurons, dendrites)?;
            check_target(*target)
        }
        Requantizer::Real { line } => {
            need(1)?;
            check_line(line, neurons)
        }
    }
}

fn check_fixed_point(rule: &FixedPoint, neurons: usize, dendrites: usize) -> Check {
    let expected = if matches!(rule, FixedPoint::Sum { .. }) {
        2
    } else {
        1
    };
    expect(dendrites == expected, || {
        format!("it has {dendrites} dendrites, but its requantizer takes {expected}")
    })?;
    let count_of = |what: &str, covered: bool| {
        expect(covered, || {
            format!("its numbers of {what} don't cover {neurons} neurons")
        })
    };
    match rule {
        FixedPoint::Scale(multipliers) | FixedPoint::ScaleOnce(multipliers) => {
            count_of("M̂", multipliers.covers(neurons))
        }
        FixedPoint::Average { counts, zero_point } => {
            count_of("counts", counts.covers(neurons))?;
            expect(counts.values().iter().all(|&count| count > 0), || {
                "it divides by a count below 1".into()
            })?;
            expect(zero_point.unsigned_abs() <= 1 << 17, || {
                "the zero point of its requantizer is larger than any code".into()
            })
        }
        FixedPoint::Sum { .. } => Ok(()),
        FixedPoint::Product { factors, .. } => count_of("a product", factors.len() == neurons),
    }
}
