//! A network of two million neurons, made in memory: blocks of convolutions and pools, as in VGG.

use sdann::graph::{Affine, Clamp, CodeFormat, Connections, Volume, Window};
use sdann::quantize::{CodeTensor, Line, Reduce, Requantizer, Rule, Shared, Target, View};
use sdann::spiking::{
    Conversion, Digits, Fire, LayerPlan, Overflow, Register, Scale, SpikeCode, SpikingDendrite, SpikingLayer,
    SpikingNetwork, Synapses,
};

/// Channels of each block's convolutions, and how many there are.
const BLOCKS: [(usize, usize); 5] = [(32, 2), (64, 3), (128, 3), (256, 3), (256, 3)];

/// Columns and rows of the input.
const SIDE: usize = 112;

/// More than two million neurons in 22 tensors; weights of 8 bits from a generator.
pub fn large_network() -> SpikingNetwork {
    let volume = |channels, side| Volume {
        channels,
        height: side,
        width: side,
    };
    let window = |kernel, stride, pad| Window {
        kernel,
        stride,
        dilation: 1,
        pad_before: pad,
        pad_after: pad,
    };
    let (three, two) = (window(3, 1, 1), window(2, 2, 0));
    let mut at = volume(3, SIDE);
    let mut tensors = vec![tensor(at)];
    let mut layers = Vec::new();
    let mut add = |output: Volume, window: Window, groups: usize, reduce: Reduce| {
        let connections = Connections {
            input: at,
            output,
            rows: window,
            columns: window,
            groups,
        };
        layers.push(layer(layers.len(), connections, reduce));
        tensors.push(tensor(output));
        at = output;
    };
    let mut side = SIDE;
    for (channels, convolutions) in BLOCKS {
        for _ in 0..convolutions {
            add(volume(channels, side), three, 1, Reduce::Sum);
        }
        side /= 2;
        add(volume(channels, side), two, channels, Reduce::Max);
    }
    let all = window(side, 1, 0);
    add(volume(256, 1), all, 256, Reduce::Sum);
    add(volume(1000, 1), Window::POINT, 1, Reduce::Sum);
    let codes = vec![Some(code()); tensors.len()];
    SpikingNetwork {
        conversion: Conversion::default(),
        tensors,
        codes,
        layers,
    }
}

fn affine() -> Affine {
    Affine {
        scale: 0.1,
        zero_point: 0,
        format: CodeFormat::unsigned(8),
    }
}

fn code() -> SpikeCode {
    SpikeCode::new((0, 255), 0, Digits::Binary)
}

fn tensor(volume: Volume) -> CodeTensor {
    CodeTensor {
        name: String::new(),
        shape: vec![volume.channels, volume.height, volume.width],
        affine: Some(affine()),
    }
}

fn layer(index: usize, connections: Connections, reduce: Reduce) -> SpikingLayer {
    let mut state = index as u64;
    let weights = (0..connections.output.channels * connections.fan_in()).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i16 - 128
    });
    let weights: Vec<i16> = match reduce {
        Reduce::Sum => weights.collect(),
        Reduce::Max => vec![1; connections.output.channels * connections.fan_in()],
    };
    let line = Line {
        scales: Shared::new(vec![0.01], connections.output.len()),
        steps: Vec::new(),
        clamp: Clamp::RELU,
    };
    SpikingLayer {
        name: format!("layer{index}"),
        target: index + 1,
        dendrites: vec![SpikingDendrite {
            view: View::whole(index),
            affine: affine(),
            code: code(),
            connections,
            reduce,
            synapses: Synapses::new(&weights, &connections),
            steps: Vec::new(),
            doubling: false,
            register: Register {
                bits: 32,
                overflow: Overflow::Saturate,
            },
            scale: Scale::ONE,
            start: Vec::new(),
            collapses: true,
        }],
        fire: Fire {
            requantizer: Requantizer::new(
                line,
                Some(Target::new(affine(), Clamp::RELU, None)),
                Rule::Multiply,
            ),
            exact: true,
            m1: Vec::new(),
            bias: Vec::new(),
            zero_point: 0,
        },
        plan: LayerPlan {
            m0: (1, 1),
            ..LayerPlan::default()
        },
    }
}
