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
mod tests;
