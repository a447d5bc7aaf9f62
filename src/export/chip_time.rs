//! How long samples take on a chip, cycle by cycle, for reports.

use super::on_chip::{layer_of, link_name};
use crate::chip::Router;
use crate::chip::noc::{
    BusiestLink, Clock, Counts, LatencySummary, Missing, NetworkGroups, Noc, NocError, RouterModel, RunTime,
    SampleTime,
};
use crate::chip::spec::Span;
use crate::simulate::Trace;
use crate::spiking::SpikingNetwork;
use serde::Serialize;

/// Cycles of the router model, means over samples (`docs/CHIP-TIMING.md`).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TimeReport {
    /// What routers and cores are like.
    pub model: RouterModel,
    /// Cycles of a sample that has the chip to itself: the windows of all layers, one after the other.
    pub alone: f64,
    /// Cycles from one sample to the next when all layers work at once, each on another sample.
    pub beat: f64,
    /// Cycles of a sample then: a beat in each layer.
    pub pipelined: f64,
    /// The same in nanoseconds, with updates of neurons and barriers.
    pub nanoseconds: NanosecondsReport,
    /// How long packets of samples alone took, in cycles.
    pub packets: LatencySummary,
    /// Packets at the head of a queue that had to wait a cycle, of a sample alone.
    pub stalls: f64,
    /// The most packets in a queue at the end of a link.
    pub deepest_queue: u32,
    /// The link that was closest to its limit; `null` where no link is used.
    pub tightest_link: Option<TightLink>,
}

/// A link that is close to its limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TightLink {
    /// The routers at its ends.
    pub name: String,
    /// The layer that listens.
    pub layer: String,
    /// The time step of its window.
    pub step: usize,
    /// Packets that it carried in that step.
    pub packets: u64,
    /// Cycles of that step.
    pub cycles: u64,
    /// The share of cycles in which it carried one, from 0 to 1.
    pub load: f64,
}

/// Nanoseconds by the chip's figures, means over samples; `null` where they are unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NanosecondsReport {
    /// Of a sample alone.
    pub alone: Option<Span>,
    /// From one sample to the next in a pipeline.
    pub beat: Option<Span>,
    /// Of a sample in the pipeline.
    pub pipelined: Option<Span>,
    /// Figures that the chip doesn't have: if there are any, times are no more than a part.
    pub missing: Vec<Missing>,
}

/// Times samples.
#[derive(Clone, Debug)]
pub struct ChipClock {
    groups: NetworkGroups,
    noc: Noc,
    clock: Clock,
    samples: u64,
    cycles: [u64; 3],
    nanoseconds: [Option<Span>; 3],
    missing: Vec<Missing>,
    counts: Option<Counts>,
    tightest: Option<BusiestLink>,
}

impl ChipClock {
    /// Has timed nothing yet; `clock` has the chip's figures.
    ///
    /// # Errors
    /// If the mapping is larger than the router model can number.
    pub fn new(router: &Router, clock: Clock) -> Result<Self, NocError> {
        let groups = NetworkGroups::new(router);
        let mapping = router.mapping();
        let noc = Noc::new(
            &mapping.topology,
            mapping.routing,
            mapping.delivery,
            clock.model(),
            groups.groups().clone(),
        )?;
        Ok(Self {
            groups,
            noc,
            clock,
            samples: 0,
            cycles: [0; 3],
            nanoseconds: [None; 3],
            missing: Vec::new(),
            counts: None,
            tightest: None,
        })
    }

    /// Times a sample. `router` is the one that this was made for.
    ///
    /// # Errors
    /// If a time step runs on.
    pub fn add(&mut self, router: &Router, trace: &Trace) -> Result<(), NocError> {
        let run = RunTime::of_trace(&mut self.noc, &self.groups, router, trace)?;
        self.samples += 1;
        let cycles = [run.sequential(), run.beat_cycles(), run.pipelined()];
        self.cycles
            .iter_mut()
            .zip(cycles)
            .for_each(|(sum, cycles)| *sum += cycles);
        let SampleTime {
            sequential,
            beat,
            pipelined,
        } = self.clock.sample(&run);
        self.missing = sequential.missing;
        let times = [sequential.time, beat.time, pipelined.time];
        for (sum, time) in self.nanoseconds.iter_mut().zip(times) {
            *sum = match (*sum, time) {
                (Some(sum), Some(time)) => Some(sum + time),
                (sum, time) => sum.or(time),
            };
        }
        match &mut self.counts {
            None => self.counts = Some(run.alone.counts),
            Some(counts) => counts.merge(&run.alone.counts),
        }
        let is_tighter = |link: &BusiestLink| self.tightest.is_none_or(|known| link.load() > known.load());
        self.tightest = run.alone.busiest_link.filter(is_tighter).or(self.tightest);
        Ok(())
    }

    /// What samples came to; `None` without any.
    pub fn report(&self, network: &SpikingNetwork, router: &Router) -> Option<TimeReport> {
        let counts = self.counts.as_ref()?;
        let mean = |sum: u64| sum as f64 / self.samples.max(1) as f64;
        let [alone, beat, pipelined] = self.cycles.map(mean);
        let times = self
            .nanoseconds
            .map(|sum| sum.map(|sum| sum * (1.0 / self.samples.max(1) as f64)));
        Some(TimeReport {
            model: self.noc.model(),
            alone,
            beat,
            pipelined,
            nanoseconds: NanosecondsReport {
                alone: times[0],
                beat: times[1],
                pipelined: times[2],
                missing: self.missing.clone(),
            },
            packets: counts.latency.summary(),
            stalls: mean(counts.stalls.iter().sum()),
            deepest_queue: counts.deepest.iter().copied().max().unwrap_or(0),
            tightest_link: self.tightest.map(|link| TightLink {
                name: link_name(link.link, &router.mapping().topology),
                layer: link
                    .layer
                    .map_or(String::new(), |layer| layer_of(layer + 1, network).into()),
                step: link.step,
                packets: link.flits,
                cycles: link.cycles,
                load: link.load(),
            }),
        })
    }
}
