//! How much denser the traffic of a mapped network could be before its routers saturate.

use super::{LoadPoint, NetworkGroups, Noc, NocError, Pattern, RunTime, Windows};
use crate::chip::Router;
use crate::simulate::Trace;
use serde::{Deserialize, Serialize};

/// The traffic of a pipeline beside what the network of routers could carry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headroom {
    /// Spikes that a core fires in a cycle of a beat, mean over cores that send: the traffic as it is.
    pub rate: f64,
    /// The same at saturation, of spikes that come at random but as often from each core and to the same ones.
    pub saturation: LoadPoint,
    /// The link that carries most at saturation; `None` if none is used.
    pub link: Option<usize>,
    /// Flits that it carries in a cycle.
    pub link_load: f64,
}

impl Headroom {
    /// How many times as dense the traffic could be; below 1 if the routers are what a beat waits for.
    pub fn factor(&self) -> f64 {
        self.saturation.rate / self.rate
    }

    /// Finds the saturation of a sample's traffic, as it is in a beat of the pipeline that `run` has timed. `None` if
    /// no spike travels.
    ///
    /// # Errors
    /// Those of [`Noc::offer`].
    pub fn of_trace(
        noc: &mut Noc,
        groups: &NetworkGroups,
        router: &Router,
        trace: &Trace,
        run: &RunTime,
        windows: &Windows,
    ) -> Result<Option<Self>, NocError> {
        let mut weights = vec![0; groups.groups().len()];
        for step in groups.steps(router, trace).iter().flatten() {
            step.spikes.iter().for_each(|&group| weights[group as usize] += 1);
        }
        let pattern = Pattern::new(groups.groups(), &weights);
        Self::of_pattern(noc, &pattern, run.beat_cycles(), windows)
    }

    /// The same for a pattern whose weights are the spikes that come in so many `cycles`.
    fn of_pattern(
        noc: &mut Noc,
        pattern: &Pattern,
        cycles: u64,
        windows: &Windows,
    ) -> Result<Option<Self>, NocError> {
        let Some(saturation) = noc.saturation(pattern, pattern.greatest_rate(), windows)? else {
            return Ok(None);
        };
        // The last point of the search needs not be the best one.
        noc.offer(pattern, saturation.rate, windows)?;
        let carried = f64::from(noc.cycles().max(1));
        let busiest = noc.counts().busiest_link();
        Ok(Some(Self {
            rate: pattern.spikes() as f64 / (cycles.max(1) as f64 * pattern.senders().max(1) as f64),
            saturation,
            link: busiest.map(|(link, _)| link),
            link_load: busiest.map_or(0.0, |(_, flits)| flits as f64 / carried),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::noc::{Destination, Groups, RouterModel};
    use crate::chip::{DIRECTIONS, Delivery, Routing, Topology};

    #[test]
    fn a_link_that_carries_a_tenth_of_what_it_could_leaves_room_for_about_ten_times_as_much() {
        let mut groups = Groups::new();
        let to = [Destination {
            core: 2,
            operations: 1,
        }];
        (0..2).for_each(|core| assert_eq!(groups.add(core, &to), core));
        let pattern = Pattern::new(&groups, &[50, 50]);
        let (topology, model) = (Topology::mesh(3, 1), RouterModel::default());
        let mut noc = Noc::new(&topology, Routing::Xy, Delivery::Unicast, model, groups).unwrap();
        let headroom = Headroom::of_pattern(&mut noc, &pattern, 1000, &Windows::default());
        let headroom = headroom.unwrap().unwrap();
        // 100 flits in 1000 cycles; saturated by the latency, which triples before the link never rests.
        assert_eq!((headroom.rate, headroom.link), (0.05, Some(DIRECTIONS)));
        assert!((7.0..=10.0).contains(&headroom.factor()), "{headroom:?}");
        assert!((0.7..=1.0).contains(&headroom.link_load), "{headroom:?}");
    }

    #[test]
    fn a_core_that_fires_every_cycle_is_the_limit_where_no_link_is_shared() {
        let mut groups = Groups::new();
        groups.add(
            0,
            &[Destination {
                core: 1,
                operations: 1,
            }],
        );
        groups.add(
            1,
            &[Destination {
                core: 0,
                operations: 1,
            }],
        );
        let pattern = Pattern::new(&groups, &[30, 10]);
        let (topology, model) = (Topology::mesh(2, 1), RouterModel::default());
        let mut noc = Noc::new(&topology, Routing::Xy, Delivery::Unicast, model, groups).unwrap();
        let headroom = Headroom::of_pattern(&mut noc, &pattern, 60, &Windows::default());
        // Core 0 fires every other cycle, so that twice as much is possible (to the search's 1/256).
        let factor = headroom.unwrap().unwrap().factor();
        assert!((factor - 2.0).abs() < 0.01, "{factor}");
        let nothing = Pattern::new(noc.groups(), &[]);
        assert_eq!(
            Headroom::of_pattern(&mut noc, &nothing, 60, &Windows::default()),
            Ok(None)
        );
    }
}
