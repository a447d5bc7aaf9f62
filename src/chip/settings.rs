//! The chip that was chosen, and how a network is laid onto it.

use super::MappingOptions;
use super::spec::{Chip, ChipError, Preset, field};
use serde::{Deserialize, Serialize};

/// The chip that a network is laid onto, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChipSettings {
    /// Which chip. One of the user's own takes its place where there is one.
    pub preset: Preset,
    /// Routers in a row; 0 as many as the chip has.
    pub width: u16,
    /// Rows of routers; 0 as many as the chip has.
    pub height: u16,
    /// Neurons that a core holds; 0 as many as the chip's.
    pub neurons_per_core: u32,
    /// How a network is laid onto it.
    pub mapping: MappingOptions,
}

impl ChipSettings {
    /// The chip, changed as these settings say; `own` takes the preset's place.
    ///
    /// # Errors
    /// If what is changed no longer goes together with the rest.
    pub fn chip(&self, own: Option<&Chip>) -> Result<Chip, ChipError> {
        let mut chip = own.cloned().unwrap_or_else(|| self.preset.chip());
        let changes = [
            ("network.width", self.width.into()),
            ("network.height", self.height.into()),
            ("core.neurons", self.neurons_per_core),
        ];
        for (key, value) in changes.into_iter().filter(|&(_, value)| value > 0) {
            field(key)?.set(&mut chip, &value.to_string())?;
        }
        if self.width > 0 || self.height > 0 {
            // Which cores are reserved is known of the chip's own mesh alone.
            chip.network.reserved = Default::default();
            chip.whole = Default::default();
        }
        chip.check()?;
        Ok(chip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Topology;

    #[test]
    fn a_preset_is_as_it_is_until_it_is_changed() {
        for &preset in Preset::ALL {
            let settings = ChipSettings {
                preset,
                ..ChipSettings::default()
            };
            assert_eq!(settings.chip(None), Ok(preset.chip()));
        }
    }

    #[test]
    fn a_mesh_of_other_extents_has_no_reserved_cores_left() {
        let settings = ChipSettings {
            preset: Preset::Darwin3,
            width: 8,
            height: 4,
            neurons_per_core: 100,
            ..ChipSettings::default()
        };
        let chip = settings.chip(None).expect("a smaller mesh");
        assert_eq!(chip.topology(), Ok(Topology::mesh(8, 4)));
        assert_eq!(chip.network.reserved_cores(), 0);
        assert_eq!(chip.core.neurons.value.map(|n| n.least()), Some(100));
    }

    #[test]
    fn an_own_chip_takes_the_presets_place() {
        let mut own = Preset::Classroom.chip();
        own.name = "mine".into();
        let chip = ChipSettings::default().chip(Some(&own)).expect("a chip");
        assert_eq!(chip.name, "mine");
    }
}
