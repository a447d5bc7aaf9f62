//! Points of a sweep on a session's samples, block by block: what each of the page's workers does. The command
//! line adds up the same blocks in the same order, so that the counts are the same to the last bit.

use super::{Session, SessionError};
use crate::explore::Agreement;
use crate::explore::sweep::convert_exactly;
use crate::quantize::winner;
use crate::settings::Settings;
use crate::simulate::calibrate;
use crate::spiking::SpikingLayer;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Samples that are counted together.
pub const BLOCK: usize = 32;

/// What a point takes, whatever the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointSize {
    /// Time steps from a sample's first spike to its answer: the windows of all layers, one after the other.
    pub steps: u32,
    /// Bits of all weights, each held once.
    pub weight_bits: u64,
    /// Bits of all membrane registers.
    pub membrane_bits: u64,
}

impl PointSize {
    /// Bits of weights and membranes.
    pub fn memory_bits(&self) -> u64 {
        self.weight_bits + self.membrane_bits
    }
}

impl Session {
    /// Makes the network of a point, for [`Self::count_block`] and [`Self::answer`]. What [`Self::count`] has
    /// counted is forgotten.
    ///
    /// # Errors
    /// If the settings exclude each other, or a float model cannot be quantized.
    pub fn begin_point(&mut self, settings: &Settings) -> Result<PointSize, SessionError> {
        settings.check()?;
        self.follow(settings)?;
        let conversion = &settings.conversion;
        let spiking = match self
            .spiking
            .take()
            .filter(|known| known.conversion == *conversion)
        {
            Some(known) => known,
            None => Rc::new(match convert_exactly(&self.network, conversion) {
                Some(exact) => exact,
                None => {
                    let statistics = self.statistics(conversion, &[]);
                    let samples = self.calibration_samples(&[]);
                    calibrate(&self.network, conversion, &statistics, samples)
                }
            }),
        };
        let window = |layer: &SpikingLayer| layer.dendrites.iter().map(|d| d.steps.len()).max().unwrap_or(0);
        let dendrites = self.network.layers.iter().flat_map(|layer| &layer.dendrites);
        let weights = dendrites.map(|d| d.weights.values.len() as u64 * u64::from(d.weights.bits));
        let registers = spiking.layers.iter().flat_map(|layer| &layer.dendrites);
        let membranes = registers.map(|d| d.connections.output.len() as u64 * u64::from(d.register.bits));
        let size = PointSize {
            steps: spiking.layers.iter().map(|layer| window(layer) as u32).sum(),
            weight_bits: weights.sum(),
            membrane_bits: membranes.sum(),
        };
        self.spiking = Some(spiking);
        self.tally.restart();
        Ok(size)
    }

    /// Counts the block of samples that follows those counted `so_far`, and adds it. Says whether any are left
    /// of the first `until`.
    pub fn count_block(&mut self, so_far: &mut Agreement, until: usize) -> bool {
        let Some(spiking) = &self.spiking else {
            return false;
        };
        let len = self.network.input().len().max(1);
        let until = until.min(self.samples.codes.len() / len);
        self.tally.next_block();
        let (first, outputs) = (so_far.counted, self.network.output().len());
        let last = until.min(first + BLOCK);
        let inputs = self
            .samples
            .codes
            .get(first * len..last * len)
            .unwrap_or_default();
        let truth = &self.samples.truth;
        let expected = |index| truth.expected(first + index, outputs);
        let memory = Some((&self.memory, first));
        self.tally
            .add_batch(&self.network, spiking, inputs, expected, memory);
        let block = self.tally.agreement();
        if so_far.layers.is_empty() {
            so_far.layers = vec![Default::default(); block.layers.len()];
        }
        so_far.total = until;
        so_far.append(block);
        so_far.counted < until
    }

    /// The spiking network's winner for a stored sample, at the point begun last.
    ///
    /// # Errors
    /// [`SessionError::NoSample`], also before any point.
    pub fn answer(&mut self, sample: usize) -> Result<usize, SessionError> {
        let input = self.sample(sample)?.to_vec();
        let Some(spiking) = &self.spiking else {
            return Err(SessionError::NoSample {
                index: sample,
                count: 0,
            });
        };
        self.simulator.run(spiking, &input, &mut ());
        Ok(winner(self.simulator.output()))
    }
}
