//! The chips that ship with the program: `assets/chips/*.toml`.

use super::{Chip, read_chip};
use serde::{Deserialize, Serialize};

macro_rules! presets {
    ($($(#[$doc:meta])* $variant:ident $key:literal $label:literal;)+) => {
        /// A chip that ships with the program.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Preset {
            $($(#[$doc])* #[serde(rename = $key)] $variant,)+
        }

        impl Preset {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name on the command line and in addresses; that of its file.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            /// What it is called.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// Its file.
            pub const fn toml(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../../assets/chips/", $key, ".toml"))),+
                }
            }
        }
    };
}

presets! {
    /// A small chip that never was, for learning.
    #[default]
    Classroom "classroom" "Classroom";
    /// The paper's target.
    Darwin3 "darwin3" "Darwin3";
    /// Loihi 1 as its makers describe it.
    Loihi "loihi" "Loihi";
    /// Loihi 1 as SANA-FE's authors fitted it to a board.
    LoihiSanaFe "loihi-sana-fe" "Loihi (SANA-FE)";
    /// Loihi 2.
    Loihi2 "loihi-2" "Loihi 2";
    /// TrueNorth.
    TrueNorth "truenorth" "TrueNorth";
    /// One chip of SpiNNaker 1.
    Spinnaker "spinnaker" "SpiNNaker";
    /// PAICORE 2.0.
    Paicore2 "paicore-2" "PAICORE 2.0";
    /// Akida AKD1000.
    Akida "akida" "Akida AKD1000";
    /// Speck 2.
    Speck2 "speck-2" "Speck 2";
    /// Tianjic.
    Tianjic "tianjic" "Tianjic";
}

impl Preset {
    /// The preset with this [`key`](Self::key).
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|preset| preset.key() == key)
    }

    /// The chip.
    pub fn chip(self) -> Chip {
        read_chip(self.key(), self.toml().as_bytes())
            .expect("a preset's file is part of the program, and tested")
    }
}
#[cfg(test)]
mod tests {
    use super::super::read::named_fields;
    use super::super::{FIELDS, Grade, field};
    use super::*;

    #[test]
    fn every_preset_names_every_field_and_reads() {
        for &preset in Preset::ALL {
            let chip = read_chip(preset.key(), preset.toml().as_bytes());
            let chip = chip.unwrap_or_else(|error| panic!("{}: {error}", preset.key()));
            assert_eq!(chip.name, preset.label());
            let all: Vec<_> = FIELDS.iter().map(|field| field.key).collect();
            assert_eq!(named_fields(preset.toml()), all, "{}", preset.key());
            assert_eq!(Preset::from_key(preset.key()), Some(preset));
        }
    }

    #[test]
    fn a_preset_written_and_read_back_is_the_same() {
        for &preset in Preset::ALL {
            let chip = preset.chip();
            assert_eq!(read_chip(preset.key(), chip.to_toml().as_bytes()), Ok(chip));
        }
    }

    #[test]
    fn every_source_is_used_and_only_the_classroom_is_chosen() {
        for &preset in Preset::ALL {
            let chip = preset.chip();
            let graded: Vec<_> = FIELDS.iter().map(|field| field.get(&chip)).collect();
            for key in chip.sources.keys() {
                assert!(graded.iter().any(|g| g.source == *key), "{}: {key}", preset.key());
            }
            for (field, value) in FIELDS.iter().zip(&graded) {
                let is_chosen = value.grade == Grade::Chosen;
                let is_classroom = preset == Preset::Classroom && value.is_known();
                assert_eq!(is_chosen, is_classroom, "{}: {}", preset.key(), field.key);
            }
        }
    }

    #[test]
    fn every_field_can_be_set_to_what_it_shows() {
        for &preset in Preset::ALL {
            let chip = preset.chip();
            for entry in FIELDS {
                let mut changed = chip.clone();
                let text = entry.text(&chip);
                entry
                    .set(&mut changed, &text)
                    .unwrap_or_else(|error| panic!("{}: {error}", entry.key));
                assert_eq!(entry.get(&changed).value, entry.get(&chip).value, "{}", entry.key);
                assert_eq!(field(entry.key).map(|found| found.key), Ok(entry.key));
            }
        }
    }
}
