//! Looks at samples, one after the other.

use super::beside::Beside;
use super::errors::{Correlation, ErrorSums};
use super::{
    Arriving, ConversionReport, ConvertedLayer, Correlations, Exactness, OverflowPlace, PlanReport, Stuck,
    rules,
};
use crate::explore::{Expected, Tally};
use crate::graph::Graph;
use crate::quantize::{QuantizedNetwork, Reference};
use crate::real::RealError;
use crate::simulate::{Observer, RangeMeter, Simulator, Site, Statistics, exact_potentials};
use crate::spiking::{
    Conversion, Range, SilentCode, SpikeCode, SpikingNetwork, ideal, no_ranges, spike_codes,
};
use std::rc::Rc;

/// Measures what a [`ConversionReport`] says.
///
/// A sample costs one run of both networks, as counting agreement does. Every layer that is not proven to be
/// exact costs a window more with wide registers, step by step, for its range; and another one with the
/// right codes, if wrong ones arrived.
#[derive(Debug)]
pub struct ReportMeter {
    spiking: Rc<SpikingNetwork>,
    /// Registers that hold everything.
    ideal: SpikingNetwork,
    /// The spike code of every tensor, were its zero point silence.
    silent: Vec<Option<SpikeCode>>,
    half_ranges: Vec<Vec<Range>>,
    tally: Tally,
    /// Runs single layers on the right codes.
    alone: Simulator,
    layers: Vec<LayerMeter>,
    seen: Vec<Vec<Range>>,
    /// The float network, if it is at hand.
    beside: Option<Beside>,
}

/// What was seen of a layer.
#[derive(Clone, Debug, Default)]
struct LayerMeter {
    /// The tensors that it listens to.
    sources: Vec<usize>,
    errors: ErrorSums,
    own: ErrorSums,
    own_overflows: u64,
    /// Overflows of the samples before.
    overflows: u64,
    /// Sum of V_scaled − V_exact with the right codes.
    potential_errors: f64,
    arriving: Arriving,
    codes: Correlation,
    potentials: Correlation,
    zero_point_spikes: u64,
    /// Spikes, were the zero point silence.
    spikes_if_silent: u64,
    /// What each neuron has always been.
    always: Vec<Always>,
}

/// What a neuron has been for every sample, in the spiking and in the quantized network.
#[derive(Clone, Copy, Debug)]
struct Always {
    silent: [bool; 2],
    limit: [bool; 2],
}

impl Default for Always {
    fn default() -> Self {
        Self {
            silent: [true; 2],
            limit: [true; 2],
        }
    }
}

/// Counts overflows.
struct Overflows(u64);

impl Observer for Overflows {
    const SEES_STEPS: bool = false;

    fn overflow(&mut self, _site: Site, _step: Option<usize>, _neuron: usize, _value: i64) {
        self.0 += 1;
    }
}

impl ReportMeter {
    /// Begins to measure a conversion that was calibrated on `statistics`.
    pub fn new(network: &QuantizedNetwork, spiking: Rc<SpikingNetwork>, statistics: &Statistics) -> Self {
        let layers = network.layers.iter().map(|layer| {
            let mut sources: Vec<usize> = layer
                .dendrites
                .iter()
                .flat_map(|d| d.view.tensors.clone())
                .collect();
            sources.sort_unstable();
            sources.dedup();
            let has_codes = layer.requantizer.output().is_some();
            LayerMeter {
                sources,
                always: vec![Always::default(); if has_codes { layer.neurons() } else { 0 }],
                ..LayerMeter::default()
            }
        });
        Self {
            ideal: ideal(network, &spiking.conversion, spiking.codes.clone()),
            silent: spike_codes(
                network,
                &Conversion {
                    silent_code: SilentCode::ZeroPoint,
                    ..spiking.conversion
                },
                &[],
            ),
            half_ranges: statistics.half_ranges.clone(),
            tally: Tally::new(network, 0),
            alone: Simulator::new(network),
            layers: layers.collect(),
            seen: no_ranges(network),
            beside: None,
            spiking,
        }
    }

    /// Compares with the float network as well: layers with the tensors of their names, and the outputs.
    ///
    /// # Errors
    /// If the graph is not one of real numbers, or takes other samples.
    pub fn beside(mut self, network: &QuantizedNetwork, graph: &Graph) -> Result<Self, RealError> {
        let (found, expected) = (network.input().len(), graph.tensors[graph.input].len());
        if found != expected {
            return Err(RealError::Sample {
                model: graph.name.clone(),
                found,
                expected,
            });
        }
        self.beside = Some(Beside::new(network, graph)?).filter(Beside::has_any);
        Ok(self)
    }

    /// The conversion that is looked at.
    pub fn spiking(&self) -> &Rc<SpikingNetwork> {
        &self.spiking
    }

    /// Samples looked at.
    pub fn samples(&self) -> usize {
        self.tally.agreement().counted
    }

    /// Looks at the next sample.
    pub fn add(&mut self, network: &QuantizedNetwork, input: &[i32], expected: Option<Expected<'_>>) {
        self.tally.add(network, &self.spiking, input, expected);
        let (chain, reference) = (self.tally.simulator(), self.tally.reference());
        // The graph's input was seen to be as long as the samples.
        if let Some(beside) = &mut self.beside {
            let _ = beside.add(network, input, chain, reference);
        }
        for index in 0..self.layers.len() {
            self.look_at(network, index);
        }
    }

    fn look_at(&mut self, network: &QuantizedNetwork, index: usize) {
        let Self {
            spiking,
            ideal,
            silent,
            tally,
            alone,
            seen,
            layers,
            ..
        } = self;
        let (chain, reference) = (tally.simulator(), tally.reference());
        let (meter, layer) = (&mut layers[index], &spiking.layers[index]);
        let wrong = meter.hear(network, [&spiking.codes, &silent[..]], chain, reference);
        let overflows = tally.agreement().layers[index].overflows;
        let new_overflows = overflows - std::mem::replace(&mut meter.overflows, overflows);
        meter.errors.add(network, index, chain, reference);
        meter.correlate(network, spiking, index, chain, reference);
        meter.see_stuck(network, index, chain, reference);
        if layer.is_surely_exact() {
            meter.own.add_equal(layer.neurons());
            return;
        }
        for &tensor in &meter.sources {
            alone.set_codes(tensor, reference.codes(tensor));
        }
        if wrong == 0 {
            meter.own_overflows += new_overflows;
            meter.see_own(network, spiking, index, chain, reference);
        } else {
            let mut overflows = Overflows(0);
            alone.run_layer(spiking, index, &mut overflows);
            meter.own_overflows += overflows.0;
            meter.see_own(network, spiking, index, alone, reference);
        }
        alone.run_layer(ideal, index, &mut RangeMeter(seen));
    }

    /// What was seen so far.
    pub fn report(&self, network: &QuantizedNetwork) -> ConversionReport {
        let agreement = self.tally.agreement();
        let layers: Vec<ConvertedLayer> = (0..self.layers.len())
            .map(|index| self.layer(network, index))
            .collect();
        let most = |a: &usize, b: &usize| {
            let error = |index: &usize| layers[*index].own.mean_absolute;
            // Of equal ones the first.
            error(a).total_cmp(&error(b)).then(b.cmp(a))
        };
        let inexact = (0..layers.len()).filter(|&index| !layers[index].own.is_exact());
        ConversionReport {
            samples: agreement.counted,
            codes_equal: agreement.codes_equal,
            labels_equal: agreement.labels_equal,
            quality: agreement.quality,
            flips: self.tally.mistakes().flips.clone(),
            first_different: layers.iter().position(|layer| !layer.errors.is_exact()),
            origin: inexact.max_by(most),
            findings: rules::findings(network, &self.spiking, &layers, agreement.counted),
            layers,
        }
    }

    fn layer(&self, network: &QuantizedNetwork, index: usize) -> ConvertedLayer {
        let (meter, layer) = (&self.layers[index], &self.spiking.layers[index]);
        let counts = &self.tally.agreement().layers[index];
        let own = meter.own.errors();
        let is_sure = layer.is_surely_exact();
        let exact = match (is_sure, own.is_exact() && own.codes > 0) {
            (true, _) => Exactness::Proven,
            (_, true) => Exactness::OnSamples,
            _ => Exactness::No,
        };
        let i_max = |ranges: &[Range]| ranges.iter().map(|range| range.magnitude()).max().unwrap_or(0);
        let senders: usize = meter.sources.iter().map(|&t| network.tensors[t].len()).sum();
        let samples = self.samples().max(1);
        let beside = self.beside.as_ref().map(|beside| beside.coefficients(index));
        let [float, quantized_float] = beside.unwrap_or_default();
        ConvertedLayer {
            name: layer.name.clone(),
            neurons: layer.neurons(),
            window: layer.window(),
            plan: PlanReport::new(layer),
            seen_i_max: (!is_sure && self.samples() > 0).then(|| i_max(&self.seen[index])),
            half_i_max: i_max(&self.half_ranges[index]),
            exact,
            overflows: counts.overflows,
            first_overflow: counts
                .first_overflow
                .map(|first| OverflowPlace::new(first, layer)),
            own_overflows: meter.own_overflows,
            errors: meter.errors.errors(),
            own,
            own_potential_error: meter.potential_errors / own.codes.max(1) as f64,
            arriving: meter.arriving,
            correlation: Correlations {
                codes: meter.codes.coefficient(),
                potentials: meter.potentials.coefficient(),
                float,
                quantized_float,
            },
            stuck: meter.stuck(),
            spikes: counts.spikes,
            spikes_per_neuron: counts.spikes as f64 / (senders * samples).max(1) as f64,
            zero_point_spikes: meter.zero_point_spikes,
            spikes_if_silent: meter.spikes_if_silent,
            synaptic_operations: counts.synaptic_operations,
        }
    }
}

impl LayerMeter {
    /// Counts what arrives, and says how many of its codes are wrong.
    fn hear(
        &mut self,
        network: &QuantizedNetwork,
        [present, silent]: [&[Option<SpikeCode>]; 2],
        chain: &Simulator,
        reference: &Reference,
    ) -> usize {
        let mut wrong = 0;
        for &tensor in &self.sources {
            let codes = chain.codes(tensor);
            let pairs = codes.iter().zip(reference.codes(tensor));
            wrong += pairs.filter(|(code, exact)| code != exact).count();
            self.arriving.codes += codes.len() as u64;
            if let Some(code) = silent[tensor] {
                let spikes = codes.iter().map(|&x| u64::from(code.spikes(x)));
                self.spikes_if_silent += spikes.sum::<u64>();
            }
            if let (Some(affine), Some(code)) = (network.tensors[tensor].affine, present[tensor]) {
                let zeros = codes.iter().filter(|&&x| x == affine.zero_point).count();
                let spikes = code.spikes(affine.zero_point);
                self.zero_point_spikes += zeros as u64 * u64::from(spikes);
            }
        }
        self.arriving.wrong += wrong as u64;
        wrong
    }

    fn correlate(
        &mut self,
        network: &QuantizedNetwork,
        spiking: &SpikingNetwork,
        index: usize,
        chain: &Simulator,
        reference: &Reference,
    ) {
        let exact = exact_potentials(network, index, reference);
        for (scaled, exact) in chain.potentials(spiking, index).zip(exact) {
            self.potentials.add(scaled, exact);
        }
        let layer = &network.layers[index];
        if layer.requantizer.output().is_some() {
            let codes = chain.codes(layer.target).iter();
            for (&code, &exact) in codes.zip(reference.codes(layer.target)) {
                self.codes.add(f64::from(code), f64::from(exact));
            }
        }
    }

    fn see_own(
        &mut self,
        network: &QuantizedNetwork,
        spiking: &SpikingNetwork,
        index: usize,
        simulator: &Simulator,
        reference: &Reference,
    ) {
        self.own.add(network, index, simulator, reference);
        let exact = exact_potentials(network, index, reference);
        let pairs = simulator.potentials(spiking, index).zip(exact);
        self.potential_errors += pairs.map(|(scaled, exact)| scaled - exact).sum::<f64>();
    }

    fn see_stuck(
        &mut self,
        network: &QuantizedNetwork,
        index: usize,
        chain: &Simulator,
        reference: &Reference,
    ) {
        let layer = &network.layers[index];
        let Some((low, high)) = layer.requantizer.limits() else {
            return;
        };
        let zero_point = layer.requantizer.zero_point();
        let is_limit = |code: i32| code != zero_point && (code == low || code == high);
        for (network, codes) in [chain.codes(layer.target), reference.codes(layer.target)]
            .into_iter()
            .enumerate()
        {
            for (always, &code) in self.always.iter_mut().zip(codes) {
                always.silent[network] &= code == zero_point;
                always.limit[network] &= is_limit(code);
            }
        }
    }

    fn stuck(&self) -> Stuck {
        if self.arriving.codes == 0 {
            return Stuck::default();
        }
        let count = |is: fn(&Always) -> bool| self.always.iter().filter(|always| is(always)).count();
        Stuck {
            silent: count(|a| a.silent[0]),
            silenced: count(|a| a.silent[0] && !a.silent[1]),
            saturated: count(|a| a.limit[0]),
            driven_to_limit: count(|a| a.limit[0] && !a.limit[1]),
        }
    }
}

impl ErrorSums {
    /// What a layer fires in a simulation against what it does in the reference.
    fn add(
        &mut self,
        network: &QuantizedNetwork,
        index: usize,
        simulator: &Simulator,
        reference: &Reference,
    ) {
        let layer = &network.layers[index];
        if layer.requantizer.output().is_some() {
            self.add_codes(simulator.codes(layer.target), reference.codes(layer.target));
        } else {
            self.add_reals(simulator.output(), reference.output());
        }
    }
}
