//! What a run costs: operations times the figures that a chip's description has for them, by kind. What is
//! unknown is named and never guessed, and nothing is counted twice.

use super::spec::{Chip, Grade, Graded, Span};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// What was done, by one core or by all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Spikes times the synapses that they feed.
    pub synaptic_operations: u64,
    /// Neurons times the time steps in which they were updated.
    pub updates: u64,
    /// Those updates to which at least one spike came: the chip's "active" ones. Without them, all updates
    /// cost between the inactive figure and the active one.
    pub active_updates: Option<u64>,
    /// Spikes fired.
    pub spikes: u64,
    /// Packets sent by cores; one with several targets counts once.
    pub packets: u64,
    /// Packets taken in by cores: at each target, that is, also within a tile.
    pub packets_in: u64,
    /// Hops along rows of a mesh.
    pub hops_east_west: u64,
    /// Hops along columns of a mesh.
    pub hops_north_south: u64,
    /// Hops up and down a tree or a star.
    pub hops_tree: u64,
    /// Cores that worked.
    pub cores: u64,
    /// How long it took. Without it, power is left out.
    pub seconds: Option<Span>,
}

/// Work of another core in the same time: counts are added, the longer time stays. Active updates are known
/// only if both know them.
impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.active_updates = match (self.active_updates, other.active_updates) {
            (Some(a), Some(b)) => Some(a + b),
            (Some(a), None) if other.updates == 0 => Some(a),
            (None, Some(b)) if self.updates == 0 => Some(b),
            _ => None,
        };
        self.synaptic_operations += other.synaptic_operations;
        self.updates += other.updates;
        self.spikes += other.spikes;
        self.packets += other.packets;
        self.packets_in += other.packets_in;
        self.hops_east_west += other.hops_east_west;
        self.hops_north_south += other.hops_north_south;
        self.hops_tree += other.hops_tree;
        self.cores += other.cores;
        self.seconds = match (self.seconds, other.seconds) {
            (Some(a), Some(b)) => Some(Span {
                low: a.low.max(b.low),
                high: a.high.max(b.high),
            }),
            (a, b) => a.or(b),
        };
    }
}

/// What costs energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyKind {
    /// Spikes weighed by synapses.
    SynapticOperation,
    /// Updates of neurons to which spikes came.
    UpdateActive,
    /// Updates of other neurons.
    UpdateInactive,
    /// Updates of neurons, active or not.
    Update,
    /// Spikes fired.
    Spike,
    /// Packets sent.
    Packet,
    /// Packets taken in.
    PacketIn,
    /// Packets' ways within a tile.
    Tile,
    /// Hops along rows.
    HopEastWest,
    /// Hops along columns.
    HopNorthSouth,
    /// Hops in a tree.
    HopTree,
    /// The idle chip, while it runs.
    Static,
    /// Working cores, while they run.
    Core,
}

impl EnergyKind {
    /// The words on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SynapticOperation => "Synaptic operations",
            Self::UpdateActive => "Active updates",
            Self::UpdateInactive => "Inactive updates",
            Self::Update => "Updates",
            Self::Spike => "Spikes",
            Self::Packet => "Packets sent",
            Self::PacketIn => "Packets taken in",
            Self::Tile => "Ways within tiles",
            Self::HopEastWest => "Hops east and west",
            Self::HopNorthSouth => "Hops north and south",
            Self::HopTree => "Hops in the tree",
            Self::Static => "Idle power",
            Self::Core => "Power of working cores",
        }
    }

    /// Whether a core does it, so that its power contains it.
    const fn is_on_core(self) -> bool {
        matches!(
            self,
            Self::SynapticOperation | Self::UpdateActive | Self::UpdateInactive | Self::Update | Self::Spike
        )
    }
}

/// One kind of what was done. Kinds of which nothing was done are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyPart {
    /// The kind.
    pub kind: EnergyKind,
    /// How often it was done; of power, how many chips or cores.
    pub count: u64,
    /// In joules; `None` where it is contained in another part, or its figure is unknown.
    pub joules: Option<Span>,
    /// The part that contains it.
    pub contained_in: Option<EnergyKind>,
    /// How good its figure is.
    pub grade: Grade,
}

/// What a run costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// By kind.
    pub parts: Vec<EnergyPart>,
    /// The sum of the parts with a figure, in joules. It is all only if nothing is [missing](Self::missing).
    pub total: Span,
    /// What the total lacks: keys of [`FIELDS`](super::spec::FIELDS) that are unknown, or `time`.
    pub missing: Vec<String>,
    /// The worst grade of the figures in the total; `None` if there are none.
    pub grade: Option<Grade>,
}

impl Energy {
    /// Whether the total lacks nothing but, where no time was given, idle power.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// Joules of one kind, if they are known.
    pub fn of(&self, kind: EnergyKind) -> Option<Span> {
        self.parts.iter().find(|part| part.kind == kind)?.joules
    }

    fn add(&mut self, kind: EnergyKind, count: u64, unit: f64, figures: &[Figure<'_>]) {
        if count == 0 {
            return;
        }
        let values: Option<Vec<Span>> = figures.iter().map(|(_, figure)| figure.value).collect();
        let joules = values.and_then(|values| values.into_iter().reduce(Span::hull));
        let joules = joules.map(|figure| figure * count as f64 * unit);
        let grade = figures
            .iter()
            .map(|(_, figure)| figure.grade)
            .max()
            .unwrap_or_default();
        match joules {
            Some(joules) => {
                self.total = self.total + joules;
                self.grade = self.grade.max(Some(grade));
            }
            None => {
                let unknown = figures.iter().filter(|(_, figure)| !figure.is_known());
                self.missing.extend(unknown.map(|(field, _)| (*field).to_owned()));
            }
        }
        self.parts.push(EnergyPart {
            kind,
            count,
            joules,
            contained_in: None,
            grade,
        });
    }

    fn contain(&mut self, kind: EnergyKind, count: u64, contained_in: EnergyKind, grade: Grade) {
        if count > 0 {
            self.parts.push(EnergyPart {
                kind,
                count,
                joules: None,
                contained_in: Some(contained_in),
                grade,
            });
        }
    }
}

const PICO: f64 = 1e-12;

/// A field's key and its value.
type Figure<'a> = (&'static str, &'a Graded<Span>);

/// Multiplies work with a chip's figures.
///
/// - If synaptic operations are [all-in](super::spec::EnergyFigures::all_in), only they are counted, and
///   all else is told to be contained in them.
/// - If the power of a working core is known, synaptic operations, updates and spikes are contained in it.
/// - Idle power counts only if a time is given.
pub fn energy(chip: &Chip, work: &Work) -> Energy {
    let figures = &chip.energy;
    let mut energy = Energy::default();
    let updates = match work.active_updates {
        Some(active) => [
            (EnergyKind::UpdateActive, active.min(work.updates)),
            (EnergyKind::UpdateInactive, work.updates.saturating_sub(active)),
            (EnergyKind::Update, 0),
        ],
        None => [
            (EnergyKind::UpdateActive, 0),
            (EnergyKind::UpdateInactive, 0),
            (EnergyKind::Update, work.updates),
        ],
    };
    let operation = ("energy.synaptic-operation", &figures.synaptic_operation);
    let active = ("energy.update-active", &figures.update_active);
    let inactive = ("energy.update-inactive", &figures.update_inactive);
    use EnergyKind as Kind;
    let kinds: [(Kind, u64, &[Figure<'_>]); 11] = [
        (Kind::SynapticOperation, work.synaptic_operations, &[operation]),
        (Kind::UpdateActive, updates[0].1, &[active]),
        (Kind::UpdateInactive, updates[1].1, &[inactive]),
        (Kind::Update, updates[2].1, &[inactive, active]),
        (Kind::Spike, work.spikes, &[("energy.spike", &figures.spike)]),
        (Kind::Packet, work.packets, &[("energy.packet", &figures.packet)]),
        (
            Kind::PacketIn,
            work.packets_in,
            &[("energy.packet-in", &figures.packet_in)],
        ),
        (Kind::Tile, work.packets_in, &[("energy.tile", &figures.tile)]),
        (
            Kind::HopEastWest,
            work.hops_east_west,
            &[("energy.hop-east-west", &figures.hop_east_west)],
        ),
        (
            Kind::HopNorthSouth,
            work.hops_north_south,
            &[("energy.hop-north-south", &figures.hop_north_south)],
        ),
        (
            Kind::HopTree,
            work.hops_tree,
            &[("energy.hop-tree", &figures.hop_tree)],
        ),
    ];
    let is_all_in = figures.all_in.value == Some(true) && figures.synaptic_operation.is_known();
    for (kind, count, costs) in kinds {
        if is_all_in && kind != Kind::SynapticOperation {
            energy.contain(kind, count, Kind::SynapticOperation, figures.all_in.grade);
        } else if !is_all_in && figures.core_watts.is_known() && kind.is_on_core() {
            energy.contain(kind, count, Kind::Core, figures.core_watts.grade);
        } else {
            energy.add(kind, count, PICO, costs);
        }
    }
    if is_all_in {
        return energy;
    }
    if work.synaptic_operations > 0 && operation.1.is_known() && !figures.all_in.is_known() {
        energy.missing.push("energy.all-in".into());
    }
    energy.add_power(chip, work);
    energy
}

impl Energy {
    /// Power times the time that the work took.
    fn add_power(&mut self, chip: &Chip, work: &Work) {
        let figures = &chip.energy;
        let over = |watts: &Graded<Span>| {
            let mut figure = watts.clone();
            figure.value = match (watts.value, work.seconds) {
                (Some(watts), Some(seconds)) => Some(Span {
                    low: watts.low * seconds.low,
                    high: watts.high * seconds.high,
                }),
                _ => None,
            };
            figure
        };
        if work.seconds.is_some() {
            self.add(
                EnergyKind::Static,
                1,
                1.0,
                &[("energy.static-watts", &over(&figures.static_watts))],
            );
        }
        if figures.core_watts.is_known() {
            let field = if work.seconds.is_some() {
                "energy.core-watts"
            } else {
                "time"
            };
            self.add(
                EnergyKind::Core,
                work.cores,
                1.0,
                &[(field, &over(&figures.core_watts))],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::{FieldSection, Preset, field};
    use super::*;
    use proptest::prelude::*;

    fn near(found: Span, low: f64, high: f64) -> bool {
        let same = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        same(found.low, low) && same(found.high, high)
    }

    fn work() -> Work {
        Work {
            synaptic_operations: 1000,
            updates: 100,
            active_updates: Some(30),
            spikes: 50,
            packets: 60,
            packets_in: 70,
            hops_east_west: 20,
            hops_north_south: 10,
            cores: 2,
            ..Work::default()
        }
    }

    #[test]
    fn each_kind_is_its_count_times_its_figure() {
        let energy = energy(&Preset::LoihiSanaFe.chip(), &work());
        // pJ: 24.0 and 35.5 × 1000; 72.8 × 30; 51.2 × 70; 69.3 × 50; 111 × 60; 3.0 × 20; 4.2 × 10
        let rest = 2184.0 + 3584.0 + 3465.0 + 6660.0 + 60.0 + 42.0;
        assert!(
            near(energy.total, (24_000.0 + rest) * 1e-12, (35_500.0 + rest) * 1e-12),
            "{energy:?}"
        );
        let spikes = energy.of(EnergyKind::Spike).expect("counted");
        assert!(near(spikes, 3465e-12, 3465e-12));
        assert!(energy.is_complete(), "{energy:?}");
        assert_eq!(energy.grade, Some(Grade::Secondary));
    }

    #[test]
    fn an_unknown_figure_is_named_and_never_guessed() {
        let energy = energy(&Preset::Loihi.chip(), &work());
        // pJ: 23.6 × 1000; 81 × 30; 52 × 70; 1.7 × 70; 3.0 × 20; 4.0 × 10
        let sum = (23_600.0 + 2430.0 + 3640.0 + 119.0 + 60.0 + 40.0) * 1e-12;
        assert!(near(energy.total, sum, sum), "{energy:?}");
        assert_eq!(
            energy.missing,
            ["energy.spike", "energy.packet", "energy.packet-in"]
        );
        assert_eq!(energy.grade, Some(Grade::Simulated));
        assert_eq!(energy.of(EnergyKind::Spike), None);
    }

    #[test]
    fn updates_that_are_not_told_apart_cost_between_inactive_and_active_ones() {
        let work = Work {
            updates: 100,
            ..Work::default()
        };
        assert!(near(
            energy(&Preset::Loihi.chip(), &work).total,
            5200e-12,
            8100e-12
        ));
    }

    #[test]
    fn an_all_in_figure_is_never_mixed_with_its_parts() {
        let chip = Preset::TrueNorth.chip();
        let timed = Work {
            seconds: Some(Span::of(1.0)),
            ..work()
        };
        let energy = energy(&chip, &timed);
        assert!(near(energy.total, 26_000e-12, 26_000e-12), "{energy:?}");
        assert!(energy.is_complete());
        let contained = energy
            .parts
            .iter()
            .filter(|part| part.contained_in.is_some())
            .count();
        assert_eq!(contained, energy.parts.len() - 1);
        assert_eq!(energy.grade, Some(Grade::Measured));
    }

    #[test]
    fn power_of_working_cores_contains_what_they_compute() {
        let chip = Preset::Spinnaker.chip();
        let timed = Work {
            seconds: Some(Span {
                low: 0.001,
                high: 0.002,
            }),
            ..work()
        };
        let found = energy(&chip, &timed);
        // 60 packets of 1 nJ; 0.35 W and 2 cores of 0.034 W, for 1 to 2 ms
        let low = 60e-9 + 0.35e-3 + 0.068e-3;
        let high = 60e-9 + 0.70e-3 + 0.136e-3;
        assert!(near(found.total, low, high), "{found:?}");
        let operations = &found.parts[0];
        assert_eq!(operations.contained_in, Some(EnergyKind::Core));
        let untimed = energy(&chip, &work());
        assert!(untimed.missing.contains(&"time".to_owned()), "{untimed:?}");
        assert!(near(untimed.total, 60e-9, 60e-9));
    }

    #[test]
    fn idle_power_counts_only_if_a_time_is_given() {
        let chip = Preset::Loihi.chip();
        assert_eq!(energy(&chip, &work()).of(EnergyKind::Static), None);
        let timed = Work {
            seconds: Some(Span::of(0.5)),
            ..Work::default()
        };
        assert!(near(energy(&chip, &timed).total, 0.0522, 0.0522));
    }

    #[test]
    fn what_an_operation_figure_contains_must_be_known_too() {
        let mut chip = Preset::Loihi.chip();
        chip.energy.all_in = Graded::default();
        let energy = energy(&chip, &work());
        assert!(energy.missing.contains(&"energy.all-in".to_owned()), "{energy:?}");
        for key in energy.missing {
            assert!(field(&key).is_ok(), "{key}");
        }
    }

    #[test]
    fn no_work_costs_nothing_and_needs_no_figure() {
        for &preset in Preset::ALL {
            assert_eq!(
                energy(&preset.chip(), &Work::default()),
                Energy::default(),
                "{}",
                preset.key()
            );
        }
    }

    #[test]
    fn the_sum_of_cores_costs_what_they_cost_together() {
        let chip = Preset::Classroom.chip();
        let mut all = work();
        all += work();
        let (one, both) = (energy(&chip, &work()).total, energy(&chip, &all).total);
        assert!(near(both, 2.0 * one.low, 2.0 * one.high));
        assert_eq!(all.active_updates, Some(60));
    }

    proptest! {
        #[test]
        fn every_part_is_in_the_total_in_another_part_or_named_as_missing(
            preset in prop::sample::select(Preset::ALL.to_vec()),
            counts in prop::array::uniform9(0u64..1 << 40),
            active in prop::option::of(0u64..1 << 41), seconds in prop::option::of(0.0..10.0f64),
            edits in prop::collection::vec((any::<prop::sample::Index>(), "[0-9]{1,4}|unknown"), 0..6),
        ) {
            let mut chip = preset.chip();
            for (index, text) in edits {
                let figures: Vec<_> = FieldSection::Energy.fields().collect();
                // A figure may be refused: all-in is no number.
                let _ = index.get(&figures).set(&mut chip, &text);
            }
            let [synaptic_operations, updates, spikes, packets, packets_in, east, north, tree, cores] = counts;
            let work = Work {
                synaptic_operations, updates, active_updates: active, spikes, packets, packets_in,
                hops_east_west: east, hops_north_south: north, hops_tree: tree, cores,
                seconds: seconds.map(Span::of),
            };
            let energy = energy(&chip, &work);
            let mut sum = Span::default();
            for part in &energy.parts {
                match (part.joules, part.contained_in) {
                    (Some(joules), None) => {
                        prop_assert!(0.0 <= joules.low && joules.low <= joules.high);
                        sum = sum + joules;
                    }
                    (None, Some(container)) => {
                        prop_assert!(energy.parts.iter().any(|part| part.kind == container && part.contained_in.is_none())
                            || container == EnergyKind::SynapticOperation && synaptic_operations == 0
                            || container == EnergyKind::Core && cores == 0);
                    }
                    (None, None) => prop_assert!(!energy.is_complete(), "{:?}", part),
                    (Some(_), Some(_)) => prop_assert!(false, "counted twice: {:?}", part),
                }
            }
            prop_assert_eq!(sum, energy.total);
        }
    }
}
