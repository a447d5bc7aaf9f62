//! What no single field can know: whether fields go together.

use super::fields::Field;
use super::graded::{Grade, Span, YOU};
use super::table::{FIELDS, MAX_CORES};
use super::{Chip, ChipError, OnChipNetwork, PerCore};
use crate::chip::topology::{Shape, Topology};

impl OnChipNetwork {
    /// Cores, with those reserved; `None` if width, height or cores per router is unknown.
    pub fn cores(&self) -> Option<u64> {
        let routers = self.width.value?.checked_mul(self.height.value?)?;
        routers.checked_mul(self.cores_per_router.value?)
    }

    /// Whether a core holds no neurons.
    pub fn is_reserved(&self, core: usize) -> bool {
        let reserved = self.reserved.value.as_deref().unwrap_or_default();
        reserved.contains(&(core as u64))
    }

    /// How many cores hold no neurons.
    pub fn reserved_cores(&self) -> usize {
        self.reserved.value.as_ref().map_or(0, Vec::len)
    }
}

impl Chip {
    /// How its cores are joined.
    ///
    /// # Errors
    /// [`ChipError::NotKnown`] if a field that says so is unknown; [`ChipError::Contradiction`] if they don't
    /// go together.
    pub fn topology(&self) -> Result<Topology, ChipError> {
        let not_known = |field| ChipError::NotKnown {
            field,
            chip: self.name.clone(),
            purpose: "place neurons on its cores",
        };
        let network = &self.network;
        let number = |value: Option<u64>, field| {
            let number = value.ok_or_else(|| not_known(field))?;
            u16::try_from(number).map_err(|_| ChipError::Value {
                field: field.into(),
                found: number.to_string(),
                expected: format!("1 to {}", u16::MAX),
            })
        };
        let shape = network.shape.value.ok_or_else(|| not_known("network.shape"))?;
        let topology = Topology {
            shape,
            width: number(network.width.value, "network.width")?,
            height: number(network.height.value, "network.height")?,
            cores_per_router: number(network.cores_per_router.value, "network.cores-per-router")?,
        };
        self.check_network()?;
        Ok(topology)
    }

    /// Checks that every field has a value in its range, a grade and a source, and that they go together.
    ///
    /// # Errors
    /// A [`ChipError`] that names the field, or both.
    pub fn check(&self) -> Result<(), ChipError> {
        for field in FIELDS {
            self.check_field(field)?;
        }
        self.check_network()?;
        self.check_cores()?;
        self.check_energy()
    }

    fn check_field(&self, field: &Field) -> Result<(), ChipError> {
        let graded = field.get(self);
        if let Some(value) = &graded.value
            && !value.is_in(&field.kind)
        {
            return Err(ChipError::Value {
                field: field.key.into(),
                found: value.to_text(&field.kind),
                expected: field.expected(),
            });
        }
        let source = |found: String, remedy: String| {
            Err(ChipError::Source {
                field: field.key.into(),
                found,
                remedy,
            })
        };
        match (&graded.value, graded.grade) {
            (Some(value), Grade::Unknown) => source(
                format!("the value {} but the grade unknown", value.to_text(&field.kind)),
                "give it another grade, or leave the value out".into(),
            ),
            (None, grade) if grade != Grade::Unknown => source(
                format!("the grade {} but no value", grade.key()),
                "give it a value, or the grade unknown".into(),
            ),
            (Some(_), grade) if graded.source.is_empty() => source(
                format!("the grade {} but no source", grade.key()),
                "name one of the file's sources".into(),
            ),
            _ if graded.source.is_empty()
                || graded.source == YOU && graded.grade == Grade::Chosen
                || self.sources.contains_key(&graded.source) =>
            {
                Ok(())
            }
            _ => source(
                format!(
                    "the source '{}', which the file does not tell",
                    shortened(&graded.source)
                ),
                format!(
                    "begin a table [sources.{}] with its title",
                    shortened(&graded.source)
                ),
            ),
        }
    }

    fn check_network(&self) -> Result<(), ChipError> {
        let network = &self.network;
        if let (Some(Shape::Quadtree), Some(width), Some(height)) =
            (network.shape.value, network.width.value, network.height.value)
            && (width != height || !width.is_power_of_two())
        {
            return Err(ChipError::Contradiction {
                field: "network.shape".into(),
                found: "quadtree".into(),
                other: format!("network.width and network.height are {width} and {height}"),
                remedy: "make both the same power of two".into(),
            });
        }
        let Some(cores) = network.cores() else {
            return Ok(());
        };
        if cores > MAX_CORES {
            return Err(ChipError::Contradiction {
                field: "network.width".into(),
                found: network.width.value.unwrap_or(0).to_string(),
                other: format!("that makes {cores} cores"),
                remedy: format!("at most {MAX_CORES} are supported"),
            });
        }
        let reserved = network.reserved.value.as_deref().unwrap_or_default();
        if let Some(core) = reserved.iter().find(|&&core| core >= cores) {
            return Err(ChipError::Contradiction {
                field: "network.reserved".into(),
                found: core.to_string(),
                other: format!("the chip's cores are 0 to {}", cores.saturating_sub(1)),
                remedy: "name one of these".into(),
            });
        }
        if reserved.len() as u64 == cores {
            return Err(ChipError::Contradiction {
                field: "network.reserved".into(),
                found: format!("all {cores} cores"),
                other: "none is left for neurons".into(),
                remedy: "reserve fewer".into(),
            });
        }
        let lists: [(&str, &Option<PerCore>); 2] = [
            ("core.neurons", &self.core.neurons.value),
            ("core.synapse-bits", &self.core.synapse_bits.value),
        ];
        for (field, list) in lists {
            let count = list.as_ref().map_or(1, |list| list.numbers().len());
            if count != 1 && count as u64 != cores {
                return Err(ChipError::Contradiction {
                    field: field.into(),
                    found: format!("a list of {count}"),
                    other: format!("the chip has {cores} cores"),
                    remedy: "give one number for all cores, or one for each".into(),
                });
            }
        }
        Ok(())
    }

    fn check_cores(&self) -> Result<(), ChipError> {
        let Some(cores) = self.network.cores() else {
            return Ok(());
        };
        if let Some(stated) = self.whole.cores.value.filter(|&stated| stated != cores) {
            return Err(ChipError::Contradiction {
                field: "chip.cores".into(),
                found: stated.to_string(),
                other: format!("network.width, network.height and network.cores-per-router make {cores}"),
                remedy: "change one of them, or make chip.cores unknown".into(),
            });
        }
        Ok(())
    }

    fn check_energy(&self) -> Result<(), ChipError> {
        let energy = &self.energy;
        let parts = [
            ("energy.update-active", &energy.update_active),
            ("energy.update-inactive", &energy.update_inactive),
            ("energy.spike", &energy.spike),
            ("energy.packet", &energy.packet),
            ("energy.packet-in", &energy.packet_in),
            ("energy.tile", &energy.tile),
            ("energy.hop-east-west", &energy.hop_east_west),
            ("energy.hop-north-south", &energy.hop_north_south),
            ("energy.hop-tree", &energy.hop_tree),
            ("energy.static-watts", &energy.static_watts),
            ("energy.core-watts", &energy.core_watts),
        ];
        let known = |parts: &[(&str, &super::Graded<Span>)]| {
            parts
                .iter()
                .find(|(_, part)| part.is_known())
                .map(|(field, _)| (*field).to_owned())
        };
        if energy.all_in.value == Some(true) {
            if !energy.synaptic_operation.is_known() {
                return Err(ChipError::Contradiction {
                    field: "energy.all-in".into(),
                    found: "yes".into(),
                    other: "energy.synaptic-operation is unknown".into(),
                    remedy: "give that figure, or make energy.all-in unknown".into(),
                });
            }
            if let Some(part) = known(&parts) {
                return Err(ChipError::Contradiction {
                    field: part,
                    found: "given".into(),
                    other: "energy.all-in says that energy.synaptic-operation contains it".into(),
                    remedy: "make one of the two unknown".into(),
                });
            }
        }
        // On a core: synaptic operations, updates, spikes.
        let computed = [
            ("energy.synaptic-operation", &energy.synaptic_operation),
            parts[0],
            parts[1],
            parts[2],
        ];
        match known(&computed) {
            Some(part) if energy.core_watts.is_known() => Err(ChipError::Contradiction {
                field: part,
                found: "given".into(),
                other: "energy.core-watts contains it".into(),
                remedy: "make one of the two unknown".into(),
            }),
            _ => Ok(()),
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
