//! One dendrite's window: the bits of its inputs arrive step by step, membranes integrate them.

use super::{Observer, Site, kernels};
use crate::quantize::Reduce;
use crate::spiking::{Digits, SpikingDendrite, Step};

/// Room for the window of any dendrite of a network; nothing is allocated while simulating.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// x − z as the dendrite sees it: 0, so that nothing is sent, where nothing is connected.
    seen: Vec<i32>,
    /// The same in 16 bits, or the digits that are sent now.
    words: Vec<i16>,
    /// What the neurons of a group see: one row per position. Padding never spikes.
    patches: Vec<i16>,
    /// The digits of `patches` that are sent now.
    plane: Vec<i16>,
    /// Σ_j w_ij s_j for every neuron of a group.
    sums: Vec<i32>,
    /// The largest partial code that has arrived, for every neuron of a maximum.
    largest: Vec<i64>,
    /// I of every neuron.
    currents: Vec<i64>,
    /// U of every neuron.
    pub(super) membranes: Vec<i64>,
}

/// How a dendrite's gathered patches lie in `Scratch`.
struct Layout {
    stride: usize,
    group_neurons: usize,
    group_patches: usize,
}

impl Layout {
    fn of(dendrite: &SpikingDendrite) -> Self {
        let positions = dendrite.connections.output.positions();
        Self {
            stride: dendrite.synapses.stride,
            group_neurons: dendrite.connections.group_outputs() * positions,
            group_patches: positions * dendrite.synapses.stride,
        }
    }
}

impl Scratch {
    /// Lets `dendrite` listen to `codes`; its membranes stand in `self.membranes` afterwards.
    pub(super) fn listen<O: Observer>(
        &mut self,
        site: Site,
        dendrite: &SpikingDendrite,
        codes: &[Vec<i32>],
        observer: &mut O,
    ) {
        let silent = dendrite.code.silent();
        dendrite.view.collect(codes, silent, &mut self.seen);
        self.seen.iter_mut().for_each(|value| *value -= silent);
        let neurons = dendrite.connections.output.len();
        self.membranes.clear();
        self.membranes.resize(neurons, 0);
        self.currents.clear();
        self.currents.resize(neurons, 0);
        match dendrite.reduce {
            Reduce::Sum => self.gather(dendrite, |value| value as i16),
            Reduce::Max => self.largest.clear(),
        }
        if !O::SEES_STEPS && dendrite.collapses && dendrite.reduce == Reduce::Sum {
            return self.collapse(dendrite);
        }
        if !dendrite.doubling {
            self.add_start(site, dendrite, observer);
        }
        observer.start(site, &self.membranes);
        for (step, &sent) in dendrite.steps.iter().enumerate() {
            match dendrite.reduce {
                Reduce::Sum => self.receive_step(dendrite, sent),
                Reduce::Max => self.compare(dendrite, &dendrite.steps[..=step]),
            }
            self.integrate(site, dendrite, step, observer);
            if dendrite.doubling && step + 1 == dendrite.steps.len() {
                observer.unfolded(site, &self.membranes);
                self.add_start(site, dendrite, observer);
            }
            observer.step(site, step, &self.currents, &self.membranes);
        }
    }

    /// One step's digits. 16 bits hold all that binary digits up to the sixteenth are read from.
    fn receive_step(&mut self, dendrite: &SpikingDendrite, Step { plane, weight }: Step) {
        match dendrite.code.digits() {
            Digits::Binary if dendrite.code.planes() <= 16 => {
                self.receive(dendrite, weight, |word| word >> plane & 1);
            }
            digits if dendrite.code.fits_words() => {
                self.receive(dendrite, weight, |word| digits.digit(word.into(), plane) as i16);
            }
            digits => {
                self.gather(dendrite, |value| digits.digit(value, plane) as i16);
                self.receive(dendrite, weight, |digit| digit);
            }
        }
    }

    /// Σ_t c_t Σ_j w_ij s_{j,t} = Σ_j w_ij (x_j − z): all steps at once, where no register can tell.
    fn collapse(&mut self, dendrite: &SpikingDendrite) {
        self.receive(dendrite, 1, |code| code);
        self.membranes.copy_from_slice(&self.currents);
        for (membrane, start) in self.membranes.iter_mut().zip(&dendrite.start) {
            *membrane += start;
        }
    }

    /// Lays out what every neuron sees: values once per window, digits that 16 bits do not hold step by step.
    fn gather(&mut self, dendrite: &SpikingDendrite, word: impl Fn(i32) -> i16) {
        let layout = Layout::of(dendrite);
        self.words.clear();
        self.words.extend(self.seen.iter().map(|&value| word(value)));
        self.patches.clear();
        self.patches
            .resize(layout.group_patches * dendrite.connections.groups, 0);
        self.plane.resize(layout.group_patches, 0);
        self.sums.resize(layout.group_neurons, 0);
        let groups = self.patches.chunks_exact_mut(layout.group_patches.max(1));
        for (group, patches) in groups.enumerate() {
            dendrite
                .connections
                .gather(group, &self.words, patches, layout.stride);
        }
    }

    /// I_i = c_t Σ_j w_ij s_j, where `sent` takes s_j out of a word.
    fn receive(&mut self, dendrite: &SpikingDendrite, weight: i64, sent: impl Fn(i16) -> i16) {
        let layout = Layout::of(dendrite);
        let row_block = dendrite.connections.group_outputs() * layout.stride;
        let patches = self.patches.chunks_exact(layout.group_patches.max(1));
        let rows = dendrite.synapses.rows.chunks_exact(row_block.max(1));
        let currents = self.currents.chunks_exact_mut(layout.group_neurons.max(1));
        for ((patches, rows), currents) in patches.zip(rows).zip(currents) {
            let plane = &mut self.plane[..layout.group_patches];
            for (digit, &word) in plane.iter_mut().zip(patches) {
                *digit = sent(word);
            }
            let sums = &mut self.sums[..layout.group_neurons];
            kernels::sums(rows, plane, layout.stride, sums);
            for (current, &sum) in currents.iter_mut().zip(sums.iter()) {
                *current = weight * i64::from(sum);
            }
        }
    }

    /// A maximum's current is what the digits that arrive now add to the largest code so far (with
    /// doubling: to twice it). Most significant first, the candidates that still tie are those that have
    /// sent the same digits, signed ones too ([`SpikeCode::reach`](crate::spiking::SpikeCode::reach)),
    /// which is how a neuron finds it without remembering codes.
    fn compare(&mut self, dendrite: &SpikingDendrite, steps: &[Step]) {
        let Self {
            seen,
            largest,
            currents,
            ..
        } = self;
        let factor = 1 + i64::from(dendrite.doubling);
        let code = dendrite.code;
        let digit = |value: i32, step: &Step| i64::from(code.digits().digit(value, step.plane));
        let partial = |value: i32| {
            steps
                .iter()
                .fold(0, |sum, step| factor * sum + digit(value, step) * step.weight)
        };
        largest.resize(currents.len(), 0);
        currents.fill(i64::MIN);
        dendrite.connections.for_each_synapse(|neuron, source, _| {
            currents[neuron] = currents[neuron].max(partial(seen[source]));
        });
        // Where nothing is connected, a maximum is the smallest code, as in the reference.
        let nothing = partial(dendrite.affine.format.min() - code.silent());
        for (current, largest) in currents.iter_mut().zip(largest) {
            if *current == i64::MIN {
                *current = nothing;
            }
            let before = std::mem::replace(largest, *current);
            *current -= factor * before;
        }
    }

    /// U ← U + M_0 I, or 2U + M_0 I, kept in the register.
    fn integrate(
        &mut self,
        site: Site,
        dendrite: &SpikingDendrite,
        step: usize,
        observer: &mut impl Observer,
    ) {
        let factor = 1 + i64::from(dendrite.doubling);
        let (register, scale) = (dendrite.register, dendrite.scale);
        for (neuron, (membrane, &current)) in self.membranes.iter_mut().zip(&self.currents).enumerate() {
            let scaled = if scale.is_one() {
                current
            } else {
                scale.apply(current)
            };
            let value = factor * *membrane + scaled;
            if register.holds(value) {
                *membrane = value;
            } else {
                observer.overflow(site, Some(step), neuron, value);
                *membrane = register.store(value);
            }
        }
    }

    /// The folded constant: before the first step, or behind the last one where membranes double.
    fn add_start(&mut self, site: Site, dendrite: &SpikingDendrite, observer: &mut impl Observer) {
        for (neuron, (membrane, &start)) in self.membranes.iter_mut().zip(&dendrite.start).enumerate() {
            let value = *membrane + start;
            if !dendrite.register.holds(value) {
                observer.overflow(site, None, neuron, value);
            }
            *membrane = dendrite.register.store(value);
        }
    }
}
