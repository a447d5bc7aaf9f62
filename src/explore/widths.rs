//! How well a network does at every width of its registers, all else as it is set.

use super::{Agreement, ReferenceMemory, Row, SampleSet, Tally};
use crate::quantize::QuantizedNetwork;
use crate::settings::Settings;
use crate::spiking::{MAX_REGISTER_BITS, SpikingLayer, SpikingNetwork};
use std::ops::RangeInclusive;
use std::rc::Rc;

/// Samples that are counted before the clock is looked at: as many as run together best.
const TOGETHER: usize = 24;

/// The widths that are swept, in bits.
pub const SWEPT_WIDTHS: RangeInclusive<u8> = 8..=MAX_REGISTER_BITS;

/// Runs all samples at one width after the other, coarse first, so that the shape shows early and whoever runs
/// it can do other things in between.
#[derive(Debug)]
pub struct WidthSweep {
    settings: Settings,
    /// Widths to come, the next one last.
    order: Vec<u8>,
    running: Option<(u8, Rc<SpikingNetwork>)>,
    tally: Tally,
    /// What any network comes to that is proven to be exact.
    exact: Option<Agreement>,
}

impl WidthSweep {
    /// A sweep around these settings over `samples` samples.
    pub(super) fn new(network: &QuantizedNetwork, settings: Settings, samples: usize) -> Self {
        // What the user looks at comes first.
        let mut order = vec![settings.conversion.register_bits];
        order.retain(|bits| SWEPT_WIDTHS.contains(bits));
        for stride in [8, 4, 2, 1] {
            let coarse = SWEPT_WIDTHS.filter(|bits| bits % stride == 0);
            let new: Vec<u8> = coarse.filter(|bits| !order.contains(bits)).collect();
            order.extend(new);
        }
        order.reverse();
        Self {
            settings,
            order,
            running: None,
            tally: Tally::new(network, samples),
            exact: None,
        }
    }

    /// What is swept around.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The share that is done, 0 to 1.
    pub fn fraction(&self) -> f64 {
        let widths = SWEPT_WIDTHS.count();
        let agreement = self.tally.agreement();
        let begun = match self.running {
            Some(_) => 1.0 - agreement.counted as f64 / agreement.total.max(1) as f64,
            None => 0.0,
        };
        1.0 - (self.order.len() as f64 + begun) / widths as f64
    }

    /// The settings of the next width, if it is time to convert for them ([`Self::begin`]).
    pub(super) fn wanted(&self) -> Option<Settings> {
        let bits = *self.order.last().filter(|_| self.running.is_none())?;
        let mut settings = self.settings;
        settings.conversion.register_bits = bits;
        Some(settings)
    }

    /// Begins with the next width. The row if it is known already: what is proven to be exact comes to the same.
    pub(super) fn begin(&mut self, spiking: Rc<SpikingNetwork>) -> Option<Row> {
        let bits = self.order.pop()?;
        let is_exact = spiking.layers.iter().all(SpikingLayer::is_surely_exact);
        if let Some(exact) = self.exact.as_ref().filter(|_| is_exact) {
            return Some(Row::new(vec![bits.to_string()], exact));
        }
        self.tally.restart();
        self.running = Some((bits, spiking));
        None
    }

    /// Counts the next samples. The row of its width with the last one.
    pub(super) fn count(
        &mut self,
        network: &QuantizedNetwork,
        samples: &SampleSet,
        memory: &ReferenceMemory,
    ) -> Option<Row> {
        let (bits, spiking) = self.running.as_ref()?;
        let (first, len) = (self.tally.agreement().counted, network.input().len().max(1));
        let until = samples.codes.len().min((first + TOGETHER) * len);
        let inputs = samples.codes.get(first * len..until).unwrap_or_default();
        let expected = |index| samples.truth.expected(first + index, network.output().len());
        self.tally
            .add_batch(network, spiking, inputs, expected, Some((memory, first)));
        let agreement = self.tally.agreement();
        if agreement.counted < agreement.total {
            return None;
        }
        let row = Row::new(vec![bits.to_string()], agreement);
        if spiking.layers.iter().all(SpikingLayer::is_surely_exact) {
            self.exact = Some(agreement.clone());
        }
        self.running = None;
        Some(row)
    }

    /// Whether any width is left.
    pub fn has_more(&self) -> bool {
        self.running.is_some() || !self.order.is_empty()
    }
}
