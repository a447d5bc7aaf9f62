//! A network as large as those of phones, made in memory: MobileNet (Howard et al. 2017) for pictures of 160 × 160,
//! int8 in QDQ form, about 100 million products.

use super::builder::{Builder, numbers};
use sdann::export::write_onnx;

/// Columns and rows of a picture of three channels.
const SIDE: usize = 160;

/// Strides and output channels of the depthwise separable blocks behind the first convolution.
const BLOCKS: [(usize, usize); 13] = [
    (1, 40),
    (2, 72),
    (1, 72),
    (2, 144),
    (1, 144),
    (2, 288),
    (1, 288),
    (1, 288),
    (1, 288),
    (1, 288),
    (1, 288),
    (2, 576),
    (1, 576),
];
const FIRST_CHANNELS: usize = 24;
const CLASSES: usize = 1000;

/// Pictures of even noise from 0 to 1.
fn pictures(count: usize) -> Vec<f32> {
    let values = numbers(99).take(count * 3 * SIDE * SIDE);
    values.map(|x| 0.5 + 0.5 * x).collect()
}

/// The ONNX file.
pub fn mobile_net() -> Vec<u8> {
    let mut net = Builder::new([3, SIDE, SIDE]);
    net.conv(FIRST_CHANNELS, 3, 2, false);
    let mut channels = FIRST_CHANNELS;
    for (stride, outputs) in BLOCKS {
        net.conv(channels, 3, stride, true);
        net.conv(outputs, 1, 1, false);
        channels = outputs;
    }
    net.classes(CLASSES);
    let quantized = net.quantized("mobile-net", pictures(2));
    write_onnx(&quantized.graph).expect("it can be written").bytes
}
