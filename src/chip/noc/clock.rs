//! From cycles to nanoseconds, by the figures of a chip; what it doesn't have is named.

use super::{Integration, RouterModel, RunTime, WindowTime};
use crate::chip::spec::{Chip, Span};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// What things take on a chip, in nanoseconds; `None` where that is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// A cycle of the router model, which is a hop.
    pub cycle: Option<Span>,
    /// A synaptic operation.
    pub operation: Option<Span>,
    /// The update of a neuron in a time step, from one without spikes to one with some.
    pub update: Option<Span>,
    /// The barrier at the end of a time step.
    pub barrier: Option<Span>,
}

/// A figure without which a time is not known, or only in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// What a hop takes, and the clock: without either there are no nanoseconds.
    Hop,
    /// What a synaptic operation takes: one a hop is assumed.
    SynapticOperation,
    /// What the update of a neuron takes: it is left out.
    Update,
    /// What the barrier takes: it is left out.
    Barrier,
}

impl Missing {
    /// What is missing, in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hop => "time of a hop",
            Self::SynapticOperation => "time of a synaptic operation",
            Self::Update => "time of a neuron update",
            Self::Barrier => "time of the barrier",
        }
    }
}

/// A time, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Nanoseconds {
    /// From the least to the greatest that the figures allow; `None` without the time of a hop.
    pub time: Option<Span>,
    /// Figures that the chip doesn't have. If there are any, the time is no more than a part.
    pub missing: Vec<Missing>,
}

impl Nanoseconds {
    /// How often a second, if it took this long each time; `None` if that is unknown or no time at all.
    pub fn per_second(&self) -> Option<Span> {
        let Span { low, high } = self.time.filter(|time| time.low > 0.0)?;
        Some(Span {
            low: 1e9 / high,
            high: 1e9 / low,
        })
    }
}

/// How long a network takes on a chip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleTime {
    /// One sample that has the chip to itself: [`RunTime::sequential`].
    pub sequential: Nanoseconds,
    /// From one sample to the next in a pipeline: [`RunTime::beat`].
    pub beat: Nanoseconds,
    /// One sample in the pipeline: [`RunTime::pipelined`].
    pub pipelined: Nanoseconds,
}

impl Clock {
    /// The figures of a chip. A hop takes what its file says: on a mesh, between the shorter and the longer of its two
    /// directions; or else a period of the clock.
    pub fn of(chip: &Chip) -> Self {
        let timing = &chip.timing;
        let along = timing.hop_east_west.get().zip(timing.hop_north_south.get());
        let hop = match chip.network.shape.get() {
            Some(crate::chip::Shape::Mesh) | None => along.map(|(row, column)| row.hull(column)),
            Some(_) => timing.hop_tree.get(),
        };
        let period = |clock: Span| {
            (clock.low > 0.0).then(|| Span {
                low: 1e3 / clock.high,
                high: 1e3 / clock.low,
            })
        };
        let cycle = hop.or_else(|| timing.clock.get().and_then(period));
        let updates = (timing.update_inactive.get(), timing.update.get());
        Self {
            cycle: cycle.filter(|cycle| cycle.low > 0.0),
            operation: timing.synaptic_operation.get(),
            update: match updates {
                (Some(without), Some(with)) => Some(without.hull(with)),
                (without, with) => without.or(with),
            },
            barrier: timing.barrier.get(),
        }
    }

    /// Default routers, and cores that add up as fast as on this chip, in cycles of a hop, from the middles of both
    /// figures; one synaptic operation a cycle where either is unknown.
    pub fn model(&self) -> RouterModel {
        let default = RouterModel::default();
        let Some((cycle, operation)) = self.cycle.zip(self.operation) else {
            return default;
        };
        // In thousandths of a nanosecond, twice.
        let whole = |span: Span| {
            let rounded = ((span.low + span.high) * 1e3 + 0.5) as u32;
            NonZeroU32::new(rounded)
        };
        let integration = whole(operation).map(|cycles| Integration {
            operations: whole(cycle).unwrap_or(NonZeroU32::MIN),
            cycles,
        });
        RouterModel {
            integration,
            ..default
        }
    }

    /// The time of a window: its cycles, and in each step the updates of the fullest core's neurons and a barrier.
    pub fn window(&self, window: &WindowTime) -> Nanoseconds {
        let figures = [
            (self.cycle, Missing::Hop),
            (self.operation, Missing::SynapticOperation),
            (self.update, Missing::Update),
            (self.barrier, Missing::Barrier),
        ];
        let missing = figures.iter().filter(|(figure, _)| figure.is_none());
        let updates: u64 = window.updates.iter().sum();
        let parts = [
            (self.cycle, window.cycles()),
            (self.update, updates),
            (self.barrier, window.steps.len() as u64),
        ];
        let add = |sum: Span, (figure, count): (Option<Span>, u64)| {
            let figure = figure.unwrap_or(Span::of(0.0));
            Span {
                low: sum.low + figure.low * count as f64,
                high: sum.high + figure.high * count as f64,
            }
        };
        Nanoseconds {
            time: self.cycle.map(|_| parts.into_iter().fold(Span::of(0.0), add)),
            missing: missing.map(|&(_, missing)| missing).collect(),
        }
    }

    /// The times of a run whose routers are [`Self::model`]'s.
    pub fn sample(&self, run: &RunTime) -> SampleTime {
        let beat = self.window(&run.beat);
        let layers = run.windows.len() as f64;
        let all = run.windows.iter().fold(WindowTime::default(), |mut all, window| {
            all.steps.extend_from_slice(&window.steps);
            all.updates.extend_from_slice(&window.updates);
            all
        });
        SampleTime {
            sequential: self.window(&all),
            pipelined: Nanoseconds {
                time: beat.time.map(|Span { low, high }| Span {
                    low: low * layers,
                    high: high * layers,
                }),
                missing: beat.missing.clone(),
            },
            beat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::noc::StepTime;
    use crate::chip::spec::Preset;

    fn window(steps: &[(u64, u64)]) -> WindowTime {
        let step = |&(integrated, _): &(u64, u64)| StepTime {
            integrated,
            ..StepTime::default()
        };
        WindowTime {
            steps: steps.iter().map(step).collect(),
            updates: steps.iter().map(|&(_, updates)| updates).collect(),
        }
    }

    fn span(low: f64, high: f64) -> Option<Span> {
        Some(Span { low, high })
    }

    #[test]
    fn a_window_takes_its_cycles_the_updates_of_its_fullest_core_and_a_barrier_each_step() {
        let clock = Clock {
            cycle: span(4.0, 6.0),
            operation: span(3.0, 3.0),
            update: span(5.0, 8.0),
            barrier: span(100.0, 400.0),
        };
        let time = clock.window(&window(&[(10, 2), (20, 3)]));
        assert_eq!(
            time.time,
            span(30.0 * 4.0 + 5.0 * 5.0 + 200.0, 30.0 * 6.0 + 5.0 * 8.0 + 800.0)
        );
        assert_eq!(time.missing, []);
        assert_eq!(time.per_second(), span(1e9 / 1020.0, 1e9 / 345.0));
    }

    #[test]
    fn a_sample_takes_all_windows_or_a_beat_for_each_of_them() {
        let clock = Clock {
            cycle: span(1.0, 2.0),
            operation: span(1.0, 1.0),
            update: span(0.0, 0.0),
            barrier: span(10.0, 10.0),
        };
        let run = RunTime {
            windows: vec![window(&[(5, 1)]), window(&[(7, 1), (1, 1)])],
            beat: window(&[(8, 2), (1, 1)]),
            ..RunTime::default()
        };
        let sample = clock.sample(&run);
        assert_eq!(sample.sequential.time, span(13.0 + 30.0, 26.0 + 30.0));
        assert_eq!(sample.beat.time, span(9.0 + 20.0, 18.0 + 20.0));
        assert_eq!(sample.pipelined.time, span(58.0, 76.0));
    }

    #[test]
    fn what_is_unknown_is_named_and_left_out() {
        let clock = Clock {
            cycle: span(2.0, 2.0),
            ..Clock::default()
        };
        let time = clock.window(&window(&[(10, 2)]));
        assert_eq!(time.time, span(20.0, 20.0));
        assert_eq!(
            time.missing,
            [Missing::SynapticOperation, Missing::Update, Missing::Barrier]
        );
        assert_eq!(clock.model(), RouterModel::default());
        let nothing = Clock::default().window(&window(&[(10, 2)]));
        assert_eq!((nothing.time, nothing.per_second()), (None, None));
        assert_eq!(nothing.missing[0], Missing::Hop);
    }

    #[test]
    fn cores_add_up_as_fast_as_the_chips_figures_say() {
        let clock = |operation| Clock {
            cycle: span(4.0, 6.0),
            operation: span(operation, operation),
            ..Clock::default()
        };
        // 3.5 ns each, at 5 ns a cycle: 10 operations take 7 cycles.
        let Integration { operations, cycles } = clock(3.5).model().integration.unwrap();
        assert_eq!((operations.get(), cycles.get()), (10_000, 7_000));
        assert_eq!(
            clock(0.0).model().integration,
            None,
            "operations that take no time"
        );
    }

    #[test]
    fn every_preset_has_its_times_or_says_which_are_missing() {
        for preset in Preset::ALL {
            let clock = Clock::of(&preset.chip());
            let time = clock.window(&window(&[(10, 2)]));
            assert_eq!(
                time.time.is_some(),
                !time.missing.contains(&Missing::Hop),
                "{preset:?}"
            );
        }
        let loihi = Clock::of(&Preset::Loihi.chip());
        assert_eq!((loihi.cycle, loihi.operation), (span(4.1, 6.5), span(3.5, 3.5)));
        assert_eq!(
            (loihi.update, loihi.barrier),
            (span(5.3, 8.4), span(113.0, 465.0))
        );
        let darwin = Clock::of(&Preset::Darwin3.chip());
        assert_eq!(
            darwin.cycle,
            span(1e3 / 333.0, 1e3 / 333.0),
            "a period of its clock"
        );
        assert_eq!(darwin.barrier, None);
    }
}
