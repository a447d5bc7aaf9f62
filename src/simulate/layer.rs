//! One dendrite's window: the digits of its inputs arrive step by step, membranes integrate them.

use super::integrate::{Plan, Planned, integrate, window, window_one_by_one};
use super::kernels::{Grid, Kernel, PLANES, Room, Sums};
use super::{Observer, Site};
use crate::quantize::Reduce;
use crate::spiking::{CHANNELS, Digits, SpikingDendrite, Step, Tables};
use crate::vectorize::vectorized;
use std::cmp::Reverse;
use std::ops::Range;

/// Room for the window of any dendrite of a network; nothing is allocated while simulating.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// x − z as the dendrite sees it: 0, so that nothing is sent, where nothing is connected.
    seen: Vec<i32>,
    /// The same in 16 bits, or the digits that are sent now.
    words: Vec<i16>,
    /// What the neurons see, as their kernel wants it. Padding never spikes.
    patches: Vec<i16>,
    /// The digits of `patches` that are sent now.
    plane: Vec<i16>,
    /// What the digits of every input of a maximum have come to.
    arrived: Vec<i32>,
    /// The largest of those, for every neuron.
    largest: Vec<i32>,
    /// Σ_j w_ij s_j of every neuron, then I.
    currents: Vec<i32>,
    /// What `kernels` need besides.
    room: Room,
    /// Digits of what is seen, spread and then by fours: 0 to 7, and 8 to 15.
    flat: Vec<u32>,
    digits: [Vec<u32>; 2],
    /// What has left registers.
    outside: Vec<Outside>,
    /// Σ_j w_ij s_j of every neuron, digit after digit.
    sums: Vec<i32>,
    /// I and U in 64 bits: for observers, and where 32 do not hold them.
    wide: Wide,
}

/// A result outside the register: step, neuron and value.
type Outside = (usize, usize, i64);

#[derive(Clone, Debug, Default)]
struct Wide {
    currents: Vec<i64>,
    membranes: Vec<i64>,
}

/// A dendrite in its place, with what was worked out for it.
#[derive(Clone, Copy)]
pub(super) struct Listener<'a> {
    pub site: Site,
    pub dendrite: &'a SpikingDendrite,
    pub kernel: &'a Kernel,
}

/// U of every neuron at the end of a window.
pub(super) struct Membranes<'a> {
    pub narrow: &'a mut Vec<i32>,
    pub wide: &'a mut [i64],
}

impl Scratch {
    /// Lets a dendrite listen to `codes`. Says whether its membranes are in `narrow` too.
    pub(super) fn listen<O: Observer>(
        &mut self,
        listener: Listener<'_>,
        codes: &[Vec<i32>],
        membranes: Membranes<'_>,
        observer: &mut O,
    ) -> bool {
        let Listener { dendrite, .. } = listener;
        let silent = dendrite.code.silent();
        dendrite.view.collect(codes, silent, &mut self.seen);
        if silent != 0 {
            self.seen.iter_mut().for_each(|value| *value -= silent);
        }
        let neurons = dendrite.connections.output.len();
        self.currents.resize(neurons, 0);
        let is_narrow = dendrite.is_narrow();
        let collapses = !O::SEES_STEPS && dendrite.collapses;
        let whole = (is_narrow && !O::SEES_STEPS && !collapses)
            .then(|| Whole::of(listener))
            .flatten();
        match dendrite.reduce {
            Reduce::Sum if whole.as_ref().is_some_and(|whole| whole.tables.is_some()) => {}
            Reduce::Sum => self.gather(listener, |value| value as i16),
            Reduce::Max => {
                self.arrived.clear();
                self.arrived.resize(self.seen.len(), 0);
                self.largest.clear();
                self.largest.resize(neurons, 0);
            }
        }
        if is_narrow {
            let Membranes { narrow, wide } = membranes;
            narrow.clear();
            narrow.resize(neurons, 0);
            if collapses {
                self.collapse(listener, narrow);
            } else {
                self.narrow_window(listener, whole, narrow, observer);
            }
            for (wide, &narrow) in wide.iter_mut().zip(&*narrow) {
                *wide = narrow.into();
            }
        } else {
            self.wide_window(listener, observer);
            membranes.wide.copy_from_slice(&self.wide.membranes);
        }
        is_narrow
    }

    /// Σ_t c_t Σ_j w_ij s_{j,t} = Σ_j w_ij (x_j − z), and the same of a maximum: all steps at once, where no
    /// register can tell.
    fn collapse(&mut self, listener: Listener<'_>, membranes: &mut [i32]) {
        let Listener { dendrite, kernel, .. } = listener;
        match dendrite.reduce {
            Reduce::Sum => kernel.sums(&dendrite.synapses, &self.patches, &mut self.room, membranes),
            Reduce::Max => {
                let none = smallest(dendrite, &dendrite.steps);
                kernel.largest(&self.seen, none, &mut self.room, membranes);
            }
        }
        for (membrane, &start) in membranes.iter_mut().zip(&dendrite.start) {
            *membrane += start as i32;
        }
    }

    /// The steps, in 32 bits.
    fn narrow_window<O: Observer>(
        &mut self,
        listener: Listener<'_>,
        whole: Option<Whole<'_>>,
        membranes: &mut [i32],
        observer: &mut O,
    ) {
        let Listener { site, dendrite, .. } = listener;
        let start = |membranes: &mut [i32], observer: &mut O| {
            for (neuron, (membrane, &start)) in membranes.iter_mut().zip(&dendrite.start).enumerate() {
                let value = i64::from(*membrane) + start;
                if !dendrite.register.holds(value) {
                    observer.overflow(site, None, neuron, value);
                }
                *membrane = dendrite.register.store(value) as i32;
            }
        };
        if !dendrite.doubling {
            start(membranes, observer);
        }
        if O::SEES_STEPS {
            observer.start(site, widened(membranes, &mut self.wide.membranes));
        }
        if let Some(whole) = whole {
            self.whole_windows(listener, whole, membranes);
            // As steps would have met them.
            self.outside
                .sort_unstable_by_key(|&(step, neuron, _)| (step, neuron));
            for &(step, neuron, value) in &self.outside {
                observer.overflow(site, Some(step), neuron, value);
            }
            if dendrite.doubling {
                start(membranes, observer);
            }
            return;
        }
        for step in 0..dendrite.steps.len() {
            self.receive(listener, step);
            integrate(dendrite, &self.currents, membranes, &mut |neuron, value| {
                observer.overflow(site, Some(step), neuron, value);
            });
            if dendrite.doubling && step + 1 == dendrite.steps.len() {
                if O::SEES_STEPS {
                    observer.unfolded(site, widened(membranes, &mut self.wide.membranes));
                }
                start(membranes, observer);
            }
            if O::SEES_STEPS {
                let Wide {
                    currents,
                    membranes: wide,
                } = &mut self.wide;
                observer.step(
                    site,
                    step,
                    widened(&self.currents, currents),
                    widened(membranes, wide),
                );
            }
        }
    }

    /// All steps of some neurons, then those of others. Notes what leaves registers.
    fn whole_windows(&mut self, listener: Listener<'_>, whole: Whole<'_>, membranes: &mut [i32]) {
        let Listener { dendrite, kernel, .. } = listener;
        self.outside.clear();
        let planes = usize::from(dendrite.code.planes());
        if let Some((grid, tables)) = whole.tables {
            for (half, words) in self.digits.iter_mut().take(planes.div_ceil(PLANES)).enumerate() {
                let first_plane = (half * PLANES) as u8;
                grid.lay_out(
                    &dendrite.connections,
                    &self.seen,
                    first_plane,
                    &mut self.flat,
                    words,
                );
            }
            let mut work = LookUp {
                dendrite,
                grid,
                tables,
                words: [&self.digits[0], &self.digits[1]],
                membranes,
                outside: &mut self.outside,
            };
            return whole.plan.run(dendrite, &mut work);
        }
        match dendrite.reduce {
            Reduce::Sum => {
                let neurons = membranes.len();
                self.sums.resize(neurons * planes, 0);
                for step in 0..dendrite.steps.len() {
                    self.receive_sums(listener, step);
                    let plane = usize::from(dendrite.steps[step].plane);
                    self.sums[plane * neurons..][..neurons].copy_from_slice(&self.currents);
                }
                let sums = &self.sums;
                let mut work = InOrder::new(
                    dendrite,
                    membranes,
                    &mut self.outside,
                    #[inline(always)]
                    |plane, range, to| {
                        to[..range.len()].copy_from_slice(&sums[plane * neurons..][range]);
                    },
                );
                whole.plan.run(dendrite, &mut work);
            }
            Reduce::Max => {
                // Most significant digit first, the digits of the largest code are what each step adds.
                let none = smallest(dendrite, &dendrite.steps);
                kernel.largest(&self.seen, none, &mut self.room, &mut self.largest);
                let (largest, digits) = (&self.largest, dendrite.code.digits());
                let mut work = InOrder::new(
                    dendrite,
                    membranes,
                    &mut self.outside,
                    #[inline(always)]
                    |plane, range, to| {
                        for (to, &value) in to.iter_mut().zip(&largest[range]) {
                            *to = match digits {
                                Digits::Binary => value >> plane & 1,
                                digits => digits.digit(value, plane as u8),
                            };
                        }
                    },
                );
                whole.plan.run(dendrite, &mut work);
            }
        }
    }

    /// The steps, in 64 bits.
    fn wide_window(&mut self, listener: Listener<'_>, observer: &mut impl Observer) {
        let Listener { site, dendrite, .. } = listener;
        let Wide {
            mut currents,
            mut membranes,
        } = std::mem::take(&mut self.wide);
        membranes.clear();
        membranes.resize(dendrite.connections.output.len(), 0);
        if !dendrite.doubling {
            add_start(site, dendrite, &mut membranes, observer);
        }
        observer.start(site, &membranes);
        let factor = 1 + i64::from(dendrite.doubling);
        for (step, &Step { weight, .. }) in dendrite.steps.iter().enumerate() {
            // Sums are weighed here, where 64 bits hold them; what a maximum gains is weighed already.
            let weight = match dendrite.reduce {
                Reduce::Sum => {
                    self.receive_sums(listener, step);
                    weight
                }
                Reduce::Max => {
                    self.compare(listener, step);
                    1
                }
            };
            currents.clear();
            currents.extend(self.currents.iter().map(|&sum| weight * i64::from(sum)));
            for (neuron, (membrane, &current)) in membranes.iter_mut().zip(&currents).enumerate() {
                let scaled = if dendrite.scale.is_one() {
                    current
                } else {
                    dendrite.scale.apply(current)
                };
                let value = factor * *membrane + scaled;
                if !dendrite.register.holds(value) {
                    observer.overflow(site, Some(step), neuron, value);
                }
                *membrane = dendrite.register.store(value);
            }
            if dendrite.doubling && step + 1 == dendrite.steps.len() {
                observer.unfolded(site, &membranes);
                add_start(site, dendrite, &mut membranes, observer);
            }
            observer.step(site, step, &currents, &membranes);
        }
        self.wide = Wide { currents, membranes };
    }

    /// I of every neuron in one step, in 32 bits.
    fn receive(&mut self, listener: Listener<'_>, step: usize) {
        match listener.dendrite.reduce {
            Reduce::Sum => {
                self.receive_sums(listener, step);
                let weight = listener.dendrite.steps[step].weight as i32;
                if weight != 1 {
                    self.currents.iter_mut().for_each(|current| *current *= weight);
                }
            }
            Reduce::Max => self.compare(listener, step),
        }
    }

    /// Σ_j w_ij s_j of one step's digits. 16 bits hold all that binary digits up to the sixteenth are read from.
    fn receive_sums(&mut self, listener: Listener<'_>, step: usize) {
        let Listener { dendrite, kernel, .. } = listener;
        let plane = dendrite.steps[step].plane;
        match dendrite.code.digits() {
            Digits::Binary if dendrite.code.planes() <= 16 => {
                self.send(listener, |word| word >> plane & 1);
            }
            digits if dendrite.code.fits_words() => {
                self.send(listener, |word| digits.digit(word.into(), plane) as i16);
            }
            digits => {
                self.gather(listener, |value| digits.digit(value, plane) as i16);
                kernel.sums(
                    &dendrite.synapses,
                    &self.patches,
                    &mut self.room,
                    &mut self.currents,
                );
            }
        }
    }

    /// Lays out what every neuron sees: values once per window, digits that 16 bits do not hold step by step.
    fn gather(&mut self, listener: Listener<'_>, word: impl Fn(i32) -> i16) {
        self.words.clear();
        self.words.extend(self.seen.iter().map(|&value| word(value)));
        let synapses = &listener.dendrite.synapses;
        listener.kernel.gather(synapses, &self.words, &mut self.patches);
    }

    /// Sums of digits that `digit` takes out of the words.
    fn send(&mut self, listener: Listener<'_>, digit: impl Fn(i16) -> i16) {
        let Self { patches, plane, .. } = self;
        plane.resize(patches.len(), 0);
        vectorized(
            #[inline(always)]
            || {
                for (digit_of, &word) in plane.iter_mut().zip(&*patches) {
                    *digit_of = digit(word);
                }
            },
        );
        let synapses = &listener.dendrite.synapses;
        listener
            .kernel
            .sums(synapses, &self.plane, &mut self.room, &mut self.currents);
    }

    /// A maximum's current is what the digits that arrive now add to the largest code so far (with
    /// doubling: to twice it). Most significant first, the candidates that still tie are those that have
    /// sent the same digits, signed ones too ([`SpikeCode::reach`](crate::spiking::SpikeCode::reach)),
    /// which is how a neuron finds it without remembering codes.
    fn compare(&mut self, listener: Listener<'_>, step: usize) {
        let Listener { dendrite, kernel, .. } = listener;
        let Self {
            seen,
            arrived,
            largest,
            currents,
            room,
            ..
        } = self;
        let factor = 1 + i32::from(dendrite.doubling);
        let (digits, Step { plane, weight }) = (dendrite.code.digits(), dendrite.steps[step]);
        vectorized(
            #[inline(always)]
            || {
                for (arrived, &value) in arrived.iter_mut().zip(&*seen) {
                    *arrived = factor * *arrived + digits.digit(value, plane) * weight as i32;
                }
            },
        );
        kernel.largest(
            arrived,
            smallest(dendrite, &dendrite.steps[..=step]),
            room,
            currents,
        );
        for (current, largest) in currents.iter_mut().zip(largest) {
            let before = std::mem::replace(largest, *current);
            *current -= factor * before;
        }
    }
}

/// How windows are gone through neuron by neuron, where nobody watches the steps.
struct Whole<'a> {
    plan: Plan,
    /// Where sums of digits are looked up: that suits binary digits only, and many output channels.
    tables: Option<(&'a Grid, &'a Tables)>,
}

impl<'a> Whole<'a> {
    fn of(listener: Listener<'a>) -> Option<Self> {
        let Listener { dendrite, kernel, .. } = listener;
        let planes = usize::from(dendrite.code.planes());
        let is_binary = dendrite.code.digits() == Digits::Binary;
        if planes > 2 * PLANES {
            return None;
        }
        let (most, tables) = match dendrite.reduce {
            Reduce::Sum => {
                let grid = kernel.grid().filter(|_| is_binary);
                let tables = grid.and_then(|grid| Some((grid, grid.tables(&dendrite.synapses)?)));
                let most = tables.map(|(_, tables)| i64::from(tables.most));
                (most.unwrap_or(dendrite.synapses.heaviest), tables)
            }
            Reduce::Max if dendrite.steps.is_sorted_by_key(|step| Reverse(step.plane)) => (1, None),
            Reduce::Max => return None,
        };
        let plan = Plan::of(dendrite, most)?;
        Some(Self { plan, tables })
    }
}

/// Windows of a dendrite whose sums of digits are looked up.
struct LookUp<'a> {
    dendrite: &'a SpikingDendrite,
    grid: &'a Grid,
    tables: &'a Tables,
    /// Digits 0 to 7, and 8 to 15 where there are any.
    words: [&'a [u32]; 2],
    membranes: &'a mut [i32],
    outside: &'a mut Vec<Outside>,
}

impl Planned for LookUp<'_> {
    #[inline(always)]
    fn run(&mut self, scaled: impl Fn(usize, i32) -> i32) {
        match self.dendrite.code.planes() {
            0..=2 => self.blocks::<2>(scaled),
            3..=4 => self.blocks::<4>(scaled),
            5..=6 => self.blocks::<6>(scaled),
            _ => self.blocks::<PLANES>(scaled),
        }
    }
}

impl LookUp<'_> {
    /// The windows; the low words have up to `P` digits.
    fn blocks<const P: usize>(&mut self, scaled: impl Fn(usize, i32) -> i32) {
        let Self {
            dendrite,
            grid,
            tables,
            words: [low, high],
            membranes,
            outside,
        } = self;
        let wiring = &dendrite.connections;
        let positions = wiring.output.positions();
        let has_high = usize::from(dendrite.code.planes()) > PLANES;
        vectorized(
            #[inline(always)]
            || {
                let mut sums: [Sums; 2] = Default::default();
                let blocks = membranes.chunks_mut(CHANNELS * positions);
                for (block, membranes) in blocks.enumerate() {
                    let channels = membranes.len() / positions;
                    for position in 0..positions {
                        let start = grid.start(wiring, position);
                        grid.sums::<P>(tables, block, &low[start..], &mut sums[0]);
                        if has_high {
                            grid.sums::<PLANES>(tables, block, &high[start..], &mut sums[1]);
                        }
                        let sums = sums.as_flattened();
                        let mut held = [0; CHANNELS];
                        let neurons = membranes[position..].iter_mut().step_by(positions);
                        for (held, membrane) in held.iter_mut().zip(neurons) {
                            *held = *membrane;
                        }
                        if !window(dendrite, &scaled, sums, &mut held) {
                            let channels = 0..channels;
                            window_one_by_one(
                                dendrite,
                                sums,
                                &mut held,
                                channels,
                                &mut |step, channel, value| {
                                    let neuron = (block * CHANNELS + channel) * positions + position;
                                    outside.push((step, neuron, value));
                                },
                            );
                        }
                        let neurons = membranes[position..].iter_mut().step_by(positions);
                        for (held, membrane) in held.iter().zip(neurons) {
                            *membrane = *held;
                        }
                    }
                }
            },
        );
    }
}

/// Windows of neurons as they follow each other: `sums` writes what a digit of some of them adds up to.
struct InOrder<'a, F> {
    dendrite: &'a SpikingDendrite,
    sums: F,
    membranes: &'a mut [i32],
    outside: &'a mut Vec<Outside>,
}

impl<'a, F: Fn(usize, Range<usize>, &mut [i32; CHANNELS])> InOrder<'a, F> {
    fn new(
        dendrite: &'a SpikingDendrite,
        membranes: &'a mut [i32],
        outside: &'a mut Vec<Outside>,
        sums: F,
    ) -> Self {
        Self {
            dendrite,
            sums,
            membranes,
            outside,
        }
    }
}

impl<F: Fn(usize, Range<usize>, &mut [i32; CHANNELS])> Planned for InOrder<'_, F> {
    fn run(&mut self, scaled: impl Fn(usize, i32) -> i32) {
        let Self {
            dendrite,
            sums: write,
            membranes,
            outside,
        } = self;
        let planes = usize::from(dendrite.code.planes());
        vectorized(
            #[inline(always)]
            || {
                let mut sums = [[0; CHANNELS]; 2 * PLANES];
                for (block, membranes) in membranes.chunks_mut(CHANNELS).enumerate() {
                    let first = block * CHANNELS;
                    for (plane, sums) in sums[..planes].iter_mut().enumerate() {
                        write(plane, first..first + membranes.len(), sums);
                    }
                    let mut held = [0; CHANNELS];
                    held[..membranes.len()].copy_from_slice(membranes);
                    if !window(dendrite, &scaled, &sums, &mut held) {
                        let neurons = 0..membranes.len();
                        window_one_by_one(dendrite, &sums, &mut held, neurons, &mut |step, neuron, value| {
                            outside.push((step, first + neuron, value));
                        });
                    }
                    membranes.copy_from_slice(&held[..membranes.len()]);
                }
            },
        );
    }
}

/// What `steps` of the smallest code come to: a maximum where nothing is connected, as in the reference.
pub(super) fn smallest(dendrite: &SpikingDendrite, steps: &[Step]) -> i32 {
    let factor = 1 + i32::from(dendrite.doubling);
    let value = dendrite.affine.format.min() - dendrite.code.silent();
    let digit = |step: &Step| dendrite.code.digits().digit(value, step.plane) * step.weight as i32;
    steps.iter().fold(0, |sum, step| factor * sum + digit(step))
}

/// The folded constant: before the first step, or behind the last one where membranes double.
fn add_start(site: Site, dendrite: &SpikingDendrite, membranes: &mut [i64], observer: &mut impl Observer) {
    for (neuron, (membrane, &start)) in membranes.iter_mut().zip(&dendrite.start).enumerate() {
        let value = *membrane + start;
        if !dendrite.register.holds(value) {
            observer.overflow(site, None, neuron, value);
        }
        *membrane = dendrite.register.store(value);
    }
}

/// The same in 64 bits.
fn widened<'a>(values: &[i32], wide: &'a mut Vec<i64>) -> &'a [i64] {
    wide.clear();
    wide.extend(values.iter().map(|&value| i64::from(value)));
    wide
}
