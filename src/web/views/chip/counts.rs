//! What the pictures of a chip show: one number for each core and one for each link, per step, per window or in all.

use crate::chip::{Mapping, Traffic};
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::worker::{ChipFigures, RunView, UnitCosts};
use rust_i18n::t;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;
use yew::prelude::*;

/// Steps of business, from silent (0) to the busiest of the run.
pub const LEVELS: usize = 8;

/// How busy `count` is, where `most` is the busiest: 0 for nothing, then 1 to [`LEVELS`]. The root
/// keeps little traffic visible beside a burst.
pub fn level(count: u64, most: u64) -> usize {
    if count == 0 || most == 0 {
        return 0;
    }
    let share = (count as f64 / most as f64).min(1.0).sqrt();
    ((share * LEVELS as f64).ceil() as usize).clamp(1, LEVELS)
}

/// What a core's colour tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Packets that it sends and receives.
    #[default]
    Packets,
    /// Packets that it sends.
    Sent,
    /// Packets that it receives.
    Received,
    /// Spikes that its neurons fire.
    Spikes,
    /// Synaptic operations.
    Operations,
    /// Neurons that listen.
    Updates,
    /// Energy of what a core does, links left out.
    Energy,
    /// Neurons that it holds, of those that it could.
    Utilisation,
    /// The layer alone.
    Layer,
}

impl Measure {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::Packets,
        Self::Sent,
        Self::Received,
        Self::Spikes,
        Self::Operations,
        Self::Updates,
        Self::Energy,
        Self::Utilisation,
        Self::Layer,
    ];

    /// In addresses: `heat=spikes`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Spikes => "spikes",
            Self::Operations => "operations",
            Self::Updates => "updates",
            Self::Energy => "energy",
            Self::Utilisation => "utilisation",
            Self::Layer => "layer",
        }
    }

    /// What it is called.
    pub fn label(self) -> Cow<'static, str> {
        t!(format!("measure.{}", self.key()))
    }

    /// A count of it in words: `3 packets`, `1.2 nJ`.
    pub fn counted(self, count: u64) -> String {
        let thing = match self {
            Self::Packets | Self::Sent | Self::Received => "packet",
            Self::Spikes => "spike",
            Self::Operations => "operation",
            Self::Updates => "update",
            Self::Energy => return format::quantity(count as f64 * 1e-15, "J"),
            Self::Utilisation | Self::Layer => "neuron",
        };
        format::count_of(count, thing)
    }

    /// What the colour says, as a legend.
    pub fn legend(self) -> Cow<'static, str> {
        t!(format!("measure-legend.{}", self.key()))
    }

    /// Whether it is the same at all times.
    pub const fn is_constant(self) -> bool {
        matches!(self, Self::Utilisation | Self::Layer)
    }
}

/// Over which time something is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// One time step.
    #[default]
    Step,
    /// The window of one layer.
    Window,
    /// The whole run.
    Total,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Step, Self::Window, Self::Total];

    /// In addresses: `time-span=total`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Window => "window",
            Self::Total => "total",
        }
    }

    /// What it is called.
    pub fn label(self) -> Cow<'static, str> {
        t!(format!("scope.{}", self.key()))
    }

    /// The stretches of time that a run falls into: `windows` are the steps of each.
    fn periods(self, windows: &[usize]) -> Vec<Range<usize>> {
        let steps: usize = windows.iter().sum();
        match self {
            Self::Step => (0..steps).map(|step| step..step + 1).collect(),
            Self::Window => windows
                .iter()
                .scan(0, |first, &steps| {
                    let start = *first;
                    *first += steps;
                    Some(start..*first)
                })
                .collect(),
            Self::Total => std::iter::once(0..steps).collect(),
        }
    }
}

/// Numbers of all cores, or all links, in every stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    entries: usize,
    values: Vec<u64>,
    /// The largest of all.
    pub most: u64,
}

impl Series {
    fn new(entries: usize, periods: usize) -> Self {
        Self {
            entries,
            values: vec![0; entries * periods],
            most: 0,
        }
    }

    fn add(&mut self, period: usize, counts: &[u32]) {
        let entries = &mut self.values[period * self.entries..][..self.entries];
        for (entry, &count) in entries.iter_mut().zip(counts) {
            *entry += u64::from(count);
        }
    }

    fn finished(mut self) -> Self {
        self.most = self.values.iter().copied().max().unwrap_or(0);
        self
    }

    /// The numbers in a stretch of time; those of the last one if there are not so many.
    pub fn at(&self, period: usize) -> &[u64] {
        let periods = self.values.len() / self.entries.max(1);
        &self.values[period.min(periods.saturating_sub(1)) * self.entries..]
            [..self.entries.min(self.values.len())]
    }
}

/// What a picture of a chip shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// What cores' colours tell.
    pub measure: Measure,
    /// Over which time is counted.
    pub scope: Scope,
    periods: Vec<Range<usize>>,
    /// A number for each core.
    pub cores: Series,
    /// The packets of each link.
    pub links: Series,
}

impl Counts {
    /// Counts a run: `windows` are the steps of each window, `capacity` the neurons that a core can hold;
    /// `units` what one of each thing costs, without which energy is 0.
    pub fn new(
        mapping: &Mapping,
        traffic: &Traffic,
        windows: &[usize],
        measure: Measure,
        scope: Scope,
        capacity: u64,
        units: Option<&UnitCosts>,
    ) -> Self {
        let periods = scope.periods(windows);
        let mut links = Series::new(mapping.topology.links(), periods.len());
        let mut cores = Series::new(
            mapping.topology.cores(),
            if measure.is_constant() { 1 } else { periods.len() },
        );
        let counted: &[&[u32]] = match measure {
            Measure::Packets => &[&traffic.sent, &traffic.received],
            Measure::Sent => &[&traffic.sent],
            Measure::Received => &[&traffic.received],
            Measure::Spikes => &[&traffic.spikes],
            Measure::Operations => &[&traffic.operations],
            Measure::Updates => &[&traffic.updates],
            Measure::Energy | Measure::Utilisation | Measure::Layer => &[],
        };
        for (period, steps) in periods.iter().enumerate() {
            for step in steps.clone().filter(|&step| step < traffic.steps) {
                links.add(period, traffic.at(&traffic.links, step));
                for counts in counted {
                    cores.add(period, traffic.at(counts, step));
                }
            }
        }
        if let (Measure::Energy, Some(units)) = (measure, units) {
            for (period, steps) in periods.iter().enumerate() {
                let energy = core_energy(traffic, units, steps.clone());
                let entries = &mut cores.values[period * cores.entries..][..cores.entries];
                entries.copy_from_slice(&energy);
            }
        }
        if measure.is_constant() {
            for slice in mapping.placed() {
                cores.values[slice.core] += slice.block.len() as u64;
            }
        }
        let mut cores = cores.finished();
        match measure {
            Measure::Utilisation => cores.most = capacity.max(cores.most),
            // All cores of a layer look alike.
            Measure::Layer => {
                for value in &mut cores.values {
                    *value = u64::from(*value > 0);
                }
                cores.most = 2;
            }
            _ => {}
        }
        Self {
            measure,
            scope,
            periods,
            cores,
            links: links.finished(),
        }
    }

    /// The stretch of time that a step belongs to.
    pub fn period(&self, step: usize) -> usize {
        self.periods
            .iter()
            .position(|steps| steps.contains(&step))
            .unwrap_or(self.periods.len().saturating_sub(1))
    }
}

/// The steps of each window of a run.
pub fn windows(run: &RunView) -> Vec<usize> {
    run.trace.windows.iter().map(|window| window.steps()).collect()
}

/// The counts of a run, made anew when the run or what is shown of it changes, not with every step.
#[hook]
pub fn use_counts(
    run: &ByPtr<RunView>,
    measure: Measure,
    scope: Scope,
    figures: Option<Rc<ChipFigures>>,
    capacity: u64,
) -> Rc<Counts> {
    // Only energy has to wait for figures.
    let figures = figures.filter(|_| measure == Measure::Energy).map(ByPtr);
    use_memo(
        (run.clone(), measure, scope, figures, capacity),
        |(run, measure, scope, figures, capacity)| match &run.chip {
            Err(_) => Counts::default(),
            Ok((mapping, traffic)) => {
                let units = figures.as_ref().map(|figures| &figures.units);
                Counts::new(
                    mapping,
                    traffic,
                    &windows(run),
                    *measure,
                    *scope,
                    *capacity,
                    units,
                )
            }
        },
    )
}

/// Femtojoules of every core over some steps, those of links left out.
pub fn core_energy(traffic: &Traffic, units: &UnitCosts, steps: Range<usize>) -> Vec<u64> {
    let mut energy = vec![0.0; traffic.cores()];
    let counted: [(&[u32], f64); 5] = [
        (&traffic.operations, units.operation),
        (&traffic.updates, units.update),
        (&traffic.spikes, units.spike),
        (&traffic.sent, units.packet),
        (&traffic.received, units.packet_in),
    ];
    for step in steps.filter(|&step| step < traffic.steps) {
        for (counts, unit) in counted.iter().filter(|(_, unit)| *unit > 0.0) {
            for (energy, &count) in energy.iter_mut().zip(traffic.at(counts, step)) {
                *energy += f64::from(count) * unit;
            }
        }
    }
    energy.into_iter().map(|joules| joules.round() as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::traffic;
    use super::*;

    #[test]
    fn little_traffic_is_seen_and_none_is_not() {
        assert_eq!(level(0, 1000), 0);
        assert_eq!(level(1, 1000), 1);
        assert_eq!(level(1000, 1000), LEVELS);
        assert_eq!(level(250, 1000), LEVELS / 2);
        assert_eq!(level(5, 0), 0);
    }

    #[test]
    fn windows_and_totals_add_up_the_steps() {
        let (mapping, traffic) = traffic();
        let counts = |measure, scope| Counts::new(&mapping, &traffic, &[1, 1], measure, scope, 16, None);
        let steps = counts(Measure::Packets, Scope::Step);
        assert_eq!(steps.cores.at(steps.period(0)), [0, 0, 0, 0]);
        assert_eq!(steps.cores.at(steps.period(1)), [7, 7, 0, 0]);
        let total = counts(Measure::Operations, Scope::Total);
        assert_eq!(total.cores.at(total.period(0)), [0, 42, 0, 0]);
        assert_eq!((total.cores.most, total.links.most), (42, 7));
        assert_eq!(total.period(1), 0);
        assert_eq!(counts(Measure::Sent, Scope::Window).period(1), 1);
    }

    #[test]
    fn a_core_is_full_when_it_holds_what_it_can() {
        let (mapping, traffic) = traffic();
        let counts = Counts::new(
            &mapping,
            &traffic,
            &[1, 1],
            Measure::Utilisation,
            Scope::Step,
            16,
            None,
        );
        assert_eq!(counts.cores.at(0), [16, 6, 3, 0]);
        assert_eq!(counts.cores.at(1), [16, 6, 3, 0], "at all times");
        assert_eq!(counts.cores.most, 16);
    }

    #[test]
    fn energy_is_what_a_core_does_times_what_each_of_it_costs() {
        let (_, traffic) = traffic();
        let units = UnitCosts {
            operation: 1000.0,
            packet: 10.0,
            ..UnitCosts::default()
        };
        assert_eq!(core_energy(&traffic, &units, 0..1), [0, 0, 0, 0]);
        assert_eq!(core_energy(&traffic, &units, 0..2), [70, 42_000, 0, 0]);
    }
}
