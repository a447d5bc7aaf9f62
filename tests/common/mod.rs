//! What the native tests and those in the browser both check, on the same bytes.

use sdann::quantize::QuantizedNetwork;
use sdann::simulate::{Observer, Samples, Simulator, calibrate, measure};
use sdann::spiking::Conversion;

/// Has every step simulated, even where they could provably be taken at once.
pub struct StepByStep;

impl Observer for StepByStep {}

/// A number that stands for every code of every layer for 100 MNIST images at two narrow register
/// widths. Native and wasm must both come to it; it changes only if a rule is changed on purpose.
pub const NARROW_DIGEST: u64 = 4_007_094_778_200_148_285;

/// FNV-1a over the codes of all layers.
pub fn narrow_digest(network: &QuantizedNetwork, calibration: &[i32], images: &[i32]) -> u64 {
    let len = network.input().len();
    let calibration = Samples {
        codes: calibration,
        len,
    };
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for register_bits in [10, 14] {
        let conversion = Conversion {
            register_bits,
            ..Conversion::default()
        };
        let statistics = measure(network, &conversion, calibration);
        let spiking = calibrate(network, &conversion, &statistics, calibration);
        let mut simulator = Simulator::new(network);
        for image in images.chunks_exact(len).take(100) {
            simulator.run(&spiking, image, &mut ());
            for tensor in 1..network.tensors.len() {
                for &code in simulator.codes(tensor) {
                    hash = (hash ^ code as u64).wrapping_mul(0x0000_0100_0000_01b3);
                }
            }
        }
    }
    hash
}
