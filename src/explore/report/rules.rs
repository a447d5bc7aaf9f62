//! What is to be said of a layer, and what removes it.
//!
//! Remedies are not guessed: each follows from a bound that was measured or proven, told at its place.

use super::plan::unscaled_bits;
use super::sentences as say;
use super::{ConvertedLayer, Exactness, Finding, FindingKind, Remedy, Severity};
use crate::quantize::QuantizedNetwork;
use crate::spiking::{
    Accumulation, Conversion, FoldAt, MAX_REGISTER_BITS, Range, Register, Scaling, SpikingDendrite,
    SpikingNetwork, rounding_reserve,
};

/// A mean error of potentials that is worth a word, in codes.
const MEAN_ERROR: f64 = 0.05;

/// A range that more samples widen by more than one in so many has not been calibrated on enough.
const GROWTH: i64 = 16;

/// All findings, in the layers' order, the gravest of each layer first.
pub(super) fn findings(
    network: &QuantizedNetwork,
    spiking: &SpikingNetwork,
    layers: &[ConvertedLayer],
    samples: usize,
) -> Vec<Finding> {
    let case = Case {
        network,
        spiking,
        conversion: &spiking.conversion,
        layers,
        samples,
    };
    let mut all = Vec::new();
    for index in 0..layers.len() {
        let mut found = case.findings(index);
        found.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.kind));
        all.extend(found);
    }
    all
}

/// Everything that the rules look at.
pub(super) struct Case<'a> {
    network: &'a QuantizedNetwork,
    spiking: &'a SpikingNetwork,
    pub(super) conversion: &'a Conversion,
    pub(super) layers: &'a [ConvertedLayer],
    pub(super) samples: usize,
}

impl Case<'_> {
    fn findings(&self, index: usize) -> Vec<Finding> {
        let causes = [
            self.overflow(index),
            self.zero_points_ignored(index),
            self.silenced(index),
            self.driven_to_limit(index),
            self.rounding(index),
            self.doubling(index),
            self.mean_error(index),
            self.bias_register(index),
            self.ties(index),
        ];
        let mut found: Vec<Finding> = causes.into_iter().flatten().collect();
        if found.is_empty() {
            found.push(self.arriving(index).unwrap_or_else(|| self.exact(index)));
        }
        let hints = [
            self.stuck(index),
            self.few_samples(index),
            self.zero_point_spikes(index),
        ];
        found.extend(hints.into_iter().flatten());
        found
    }

    fn finding(
        &self,
        layer: usize,
        (kind, severity): (FindingKind, Severity),
        remedy: Option<Remedy>,
        sentence: String,
    ) -> Finding {
        let sentence = sentence + &say::advice(remedy.as_ref());
        Finding {
            layer,
            kind,
            severity,
            sentence,
            remedy,
        }
    }

    fn overflow(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        if layer.overflows == 0 && layer.own_overflows == 0 {
            return None;
        }
        let remedy = self
            .exact_register(index)
            .or_else(|| self.proven_alone(index))
            .map(register_bits)
            .or_else(|| self.guaranteed(index));
        let what = (FindingKind::Overflow, Severity::Fault);
        Some(self.finding(index, what, remedy, say::overflow(self, layer)))
    }

    fn zero_points_ignored(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        (self.ignores_zero_points(index) && !layer.own.is_exact()).then(|| {
            let what = (FindingKind::ZeroPointsIgnored, Severity::Fault);
            let remedy = Remedy::new("bias-fold", "on");
            self.finding(index, what, Some(remedy), say::zero_points_ignored(layer))
        })
    }

    fn ignores_zero_points(&self, index: usize) -> bool {
        let layer = &self.network.layers[index];
        let mut heard = layer.dendrites.iter().map(|d| d.affine.zero_point);
        let has_any = layer.requantizer.zero_point() != 0 || heard.any(|zero_point| zero_point != 0);
        has_any && !self.conversion.bias_calibration.fold
    }

    /// Whether codes change since steps round, and not for a graver reason.
    fn rounds(&self, index: usize) -> bool {
        let layer = &self.layers[index];
        layer.plan.is_scaled() && !layer.own.is_exact() && !self.ignores_zero_points(index)
    }

    /// Whether every sum is exact when the right codes arrive.
    fn is_wide(&self, index: usize) -> bool {
        let layer = &self.layers[index];
        !layer.plan.is_scaled() && layer.own_overflows == 0
    }

    fn silenced(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        is_many(layer.stuck.silenced, layer.neurons).then(|| {
            let what = (FindingKind::Silenced, Severity::Fault);
            let remedy = self.exact_register(index).map(register_bits);
            self.finding(index, what, remedy, say::silenced(self, layer))
        })
    }

    fn driven_to_limit(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        is_many(layer.stuck.driven_to_limit, layer.neurons).then(|| {
            let what = (FindingKind::DrivenToLimit, Severity::Fault);
            let remedy = self.exact_register(index).map(register_bits);
            self.finding(index, what, remedy, say::driven_to_limit(self, layer))
        })
    }

    fn rounding(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        if !self.rounds(index) {
            return None;
        }
        let plan = &layer.plan;
        let is_guaranteed = self.conversion.scaling == Scaling::Guaranteed;
        // M_0 becomes 1 where I_max fits, and nothing is rounded any more.
        let bits = unscaled_bits(self.needed_i_max(index));
        let fits_calibrated = unscaled_bits(plan.calibrated_i_max) <= plan.register_bits;
        let remedy = if bits <= MAX_REGISTER_BITS {
            Some(register_bits(bits))
        } else if is_guaranteed && fits_calibrated {
            Some(Remedy::new("scaling", "calibrated"))
        } else {
            None
        };
        let what = (FindingKind::Rounding, Severity::Loss);
        Some(self.finding(index, what, remedy, say::rounding(layer)))
    }

    fn doubling(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let is_shifting = self.conversion.accumulation == Accumulation::Shifting;
        (is_shifting && self.rounds(index)).then(|| {
            let what = (FindingKind::Doubling, Severity::Loss);
            let remedy = Remedy::new("accumulation", "weighted");
            self.finding(index, what, Some(remedy), say::doubling(layer))
        })
    }

    fn mean_error(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let is_plain = !self.conversion.bias_calibration.correct && !self.ignores_zero_points(index);
        let is_large = layer.own_potential_error.abs() >= MEAN_ERROR;
        (is_plain && layer.plan.is_scaled() && is_large).then(|| {
            let what = (FindingKind::MeanError, Severity::Loss);
            let remedy = Remedy::new("bias-correct", "on");
            self.finding(index, what, Some(remedy), say::mean_error(layer))
        })
    }

    fn bias_register(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let calibration = self.conversion.bias_calibration;
        if !calibration.fit {
            return None;
        }
        let is_saturated = layer.plan.bias_saturated > 0;
        let rounds = self.conversion.fold_at == FoldAt::Potential;
        let is_rounded = rounds && self.is_wide(index) && !layer.own.is_exact();
        if !is_saturated && !is_rounded {
            return None;
        }
        // Without correction the constants, and so the bits that they take, do not depend on the register.
        // Where they are rounded as well, more bits alone would leave that.
        let takes_bits = !calibration.correct && (!rounds || layer.plan.is_scaled());
        let remedy = if takes_bits && layer.plan.bias_bits <= MAX_REGISTER_BITS {
            Remedy::new("bias-bits", layer.plan.bias_bits)
        } else {
            Remedy::new("bias-fit", "off")
        };
        let sentence = if is_saturated {
            say::bias_saturated(self, layer)
        } else {
            say::bias_rounded(self, layer)
        };
        let what = (FindingKind::BiasRegister, Severity::Loss);
        Some(self.finding(index, what, Some(remedy), sentence))
    }

    fn ties(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let is_plain = !self.conversion.bias_calibration.fit && !self.ignores_zero_points(index);
        let is_potential = self.conversion.fold_at == FoldAt::Potential;
        (is_potential && is_plain && self.is_wide(index) && !layer.own.is_exact()).then(|| {
            let what = (FindingKind::Ties, Severity::Loss);
            let remedy = Remedy::new("fold-at", "membrane");
            self.finding(index, what, Some(remedy), say::ties(layer))
        })
    }

    fn arriving(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        (!layer.errors.is_exact() || !layer.own.is_exact()).then(|| {
            let what = (FindingKind::Arriving, Severity::Loss);
            let remedy = self.exact_register(index).map(register_bits);
            let mut sentence = say::arriving(layer, self.origin(index));
            if remedy.is_none() {
                sentence += " Mend that first.";
            }
            self.finding(index, what, remedy, sentence)
        })
    }

    fn exact(&self, index: usize) -> Finding {
        let layer = &self.layers[index];
        let before = &self.layers[..=index];
        if before.iter().all(|layer| layer.exact == Exactness::Proven) {
            let what = (FindingKind::Proven, Severity::Good);
            return self.finding(index, what, None, say::proven(layer));
        }
        let what = (FindingKind::ExactOnSamples, Severity::Good);
        let remedy = self.proven_register(index).map(register_bits);
        self.finding(index, what, remedy, say::exact_on_samples(self, layer))
    }

    /// The quantized network's own neurons do nothing: no setting of the conversion is to blame.
    fn stuck(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let stuck = layer.stuck;
        let (kind, sentence) = if stuck.silent == layer.neurons && stuck.silenced == 0 {
            (FindingKind::Silent, say::silent(self))
        } else if stuck.saturated == layer.neurons && stuck.driven_to_limit == 0 {
            (FindingKind::Saturated, say::saturated(self))
        } else {
            return None;
        };
        Some(self.finding(index, (kind, Severity::Hint), None, sentence))
    }

    fn few_samples(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let plan = &layer.plan;
        if self.conversion.scaling != Scaling::Calibrated || plan.proven {
            return None;
        }
        let seen = layer.seen_i_max.unwrap_or(0);
        let has_grown = |from: i64, to: i64| to - from > from / GROWTH;
        let calibrated = plan.calibrated_i_max;
        if !has_grown(calibrated, seen) && !has_grown(layer.half_i_max, calibrated) {
            return None;
        }
        // A register with a bit to spare takes some growth.
        let most = self.register(index).max();
        if !plan.is_scaled() && most / 2 >= seen.max(calibrated) {
            return None;
        }
        // What is proven needs no samples, nor do guaranteed ranges.
        let proven = self.proven_alone(index).filter(|_| !plan.is_scaled());
        let remedy = proven.map_or_else(|| Remedy::new("scaling", "guaranteed"), register_bits);
        let what = (FindingKind::FewSamples, Severity::Hint);
        Some(self.finding(index, what, Some(remedy), say::few_samples(layer, seen)))
    }

    /// Only of the layer where it costs most, and only if the network has fewer spikes without it.
    fn zero_point_spikes(&self, index: usize) -> Option<Finding> {
        let layer = &self.layers[index];
        let most = self.layers.iter().map(|layer| layer.zero_point_spikes).max()?;
        let is_first = self.layers.iter().position(|l| l.zero_point_spikes == most) == Some(index);
        let sum = |of: fn(&ConvertedLayer) -> u64| self.layers.iter().map(of).sum::<u64>();
        let (present, silent) = (sum(|l| l.spikes), sum(|l| l.spikes_if_silent));
        let is_worth_it = present - silent.min(present) > present / 20;
        (most > 0 && is_first && is_worth_it).then(|| {
            let what = (FindingKind::ZeroPointSpikes, Severity::Hint);
            let remedy = Remedy::new("silent-code", "zero-point");
            let sentence = say::zero_point_spikes(layer, present, silent);
            self.finding(index, what, Some(remedy), sentence)
        })
    }

    fn register(&self, index: usize) -> Register {
        Register {
            bits: self.layers[index].plan.register_bits,
            overflow: self.conversion.overflow,
        }
    }

    /// The I_max that a register must hold for the layer to compute these samples, and the calibration
    /// data, unscaled and without overflow, if the right codes arrive.
    fn needed_i_max(&self, index: usize) -> i64 {
        let ConvertedLayer { plan, seen_i_max, .. } = &self.layers[index];
        match self.conversion.scaling {
            Scaling::Guaranteed => plan.guaranteed_i_max,
            Scaling::Off | Scaling::Calibrated => plan.calibrated_i_max.max(seen_i_max.unwrap_or(0)),
        }
    }

    /// Register bits with which all layers to this one are exact on these samples: each is unscaled, holds
    /// its results, and so hears the right codes. There are none where other settings take exactness away.
    fn exact_register(&self, index: usize) -> Option<u8> {
        self.widest(index, |layer| match self.layers[layer].exact {
            Exactness::Proven => self.layers[layer].plan.register_bits,
            _ => unscaled_bits(self.needed_i_max(layer)),
        })
    }

    /// Register bits with which all layers to this one are exact for any input.
    fn proven_register(&self, index: usize) -> Option<u8> {
        self.widest(index, |layer| {
            unscaled_bits(self.layers[layer].plan.guaranteed_i_max)
        })
    }

    fn widest(&self, index: usize, bits: impl Fn(usize) -> u8) -> Option<u8> {
        let calibration = self.conversion.bias_calibration;
        let is_exact = calibration.fold && self.conversion.fold_at == FoldAt::Membrane;
        if !is_exact || !(0..=index).all(|layer| self.constants_fit(layer)) {
            return None;
        }
        self.wider(index, (0..=index).map(bits).max()?)
    }

    /// Register bits with which this layer holds whatever arrives.
    fn proven_alone(&self, index: usize) -> Option<u8> {
        let bits = unscaled_bits(self.layers[index].plan.guaranteed_i_max);
        self.wider(index, bits).filter(|_| self.constants_fit(index))
    }

    fn wider(&self, index: usize, bits: u8) -> Option<u8> {
        let present = self.layers[index].plan.register_bits;
        (bits > present && bits <= MAX_REGISTER_BITS).then_some(bits)
    }

    /// Whether the bias register, if there is one, holds the unscaled constants of a layer's membranes: it
    /// would not be the layer that bounds were worked out for.
    fn constants_fit(&self, index: usize) -> bool {
        let Conversion {
            bias_calibration,
            fold_at,
            bias_bits,
            ..
        } = *self.conversion;
        if !bias_calibration.fit || fold_at == FoldAt::Potential {
            return true;
        }
        let mut range = Range::default();
        let layers = (&self.network.layers[index], &self.spiking.layers[index]);
        for (dendrite, converted) in layers.0.dendrites.iter().zip(&layers.1.dendrites) {
            let zero_point = if bias_calibration.fold {
                dendrite.affine.zero_point
            } else {
                0
            };
            let constants = dendrite.folded_bias(zero_point - converted.code.silent());
            constants.into_iter().for_each(|constant| range.include(constant));
        }
        range.register_bits() <= bias_bits
    }

    /// Guaranteed scaling, where the register is wider than all roundings of a window together.
    fn guaranteed(&self, index: usize) -> Option<Remedy> {
        let rounding = self.conversion.rounding;
        let holds = |d: &SpikingDendrite| {
            self.register(index).max() > rounding_reserve(&d.steps, d.doubling, rounding)
        };
        let dendrites = &self.spiking.layers[index].dendrites;
        let is_new = self.conversion.scaling != Scaling::Guaranteed;
        (is_new && self.constants_fit(index) && dendrites.iter().all(holds))
            .then(|| Remedy::new("scaling", "guaranteed"))
    }

    /// Of the layers that this one hears, directly or not, the one that adds the largest error.
    fn origin(&self, index: usize) -> Option<&str> {
        let mut is_heard = vec![false; self.layers.len()];
        is_heard[index] = true;
        for layer in (0..=index).rev() {
            if is_heard[layer] {
                let dendrites = &self.network.layers[layer].dendrites;
                for tensor in dendrites.iter().flat_map(|d| &d.view.tensors) {
                    if let Some(before) = tensor.checked_sub(1) {
                        is_heard[before] = true;
                    }
                }
            }
        }
        let heard = (0..index).filter(|&layer| is_heard[layer]);
        let inexact = heard
            .map(|layer| &self.layers[layer])
            .filter(|l| !l.own.is_exact());
        let most =
            |a: &&ConvertedLayer, b: &&ConvertedLayer| a.own.mean_absolute.total_cmp(&b.own.mean_absolute);
        inexact.max_by(most).map(|layer| layer.name.as_str())
    }
}

fn register_bits(bits: u8) -> Remedy {
    Remedy::new("register-bits", bits)
}

/// At least a quarter.
fn is_many(count: usize, of: usize) -> bool {
    count > 0 && count * 4 >= of
}
