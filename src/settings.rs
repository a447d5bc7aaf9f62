//! Every setting, once: the page's controls, the page's address, the command line's flags and
//! `docs/SETTINGS.md` are all made from [`SETTINGS`].

use crate::chip::spec::Preset;
use crate::chip::{ChipSettings, Delivery, Minimize, Partition, Placement, Routing};
use crate::quantize::post_training::{
    Granularity, MAX_ACTIVATION_BITS, MAX_WEIGHT_BITS, Quantization, RangeMethod, WeightRange, ZeroPoint,
};
use crate::spiking::{
    Accumulation, BitOrder, Conversion, Digits, Factor, FoldAt, MAX_REGISTER_BITS, MIN_REGISTER_BITS,
    Overflow, Rounding, Scaling, SilentCode,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the user has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// How the network becomes spikes.
    pub conversion: Conversion,
    /// The chip that it runs on.
    pub chip: ChipSettings,
    /// How a float model becomes one of integers; a quantized model has that decided.
    pub quantization: Quantization,
}

/// The part of the page that a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// How a float model becomes one of integers.
    Quantization,
    /// The order and weighing of bits.
    Code,
    /// The membrane register and scaled integration.
    Register,
    /// The three parts of bias calibration.
    BiasCalibration,
    /// Cores and mesh.
    Chip,
}

impl Section {
    /// All sections in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Quantization,
        Self::Code,
        Self::Register,
        Self::BiasCalibration,
        Self::Chip,
    ];

    /// Whether its settings matter for float models only.
    pub const fn is_for_float_models(self) -> bool {
        matches!(self, Self::Quantization)
    }

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Quantization => "Quantization",
            Self::Code => "Code",
            Self::Register => "Register",
            Self::BiasCalibration => "Bias calibration",
            Self::Chip => "Chip",
        }
    }
}

/// One of the words that a [`Kind::Choice`] takes.
#[derive(Debug)]
pub struct Choice {
    /// In addresses and on the command line.
    pub value: &'static str,
    /// On the page.
    pub label: &'static str,
}

/// What values a setting takes.
#[derive(Debug)]
pub enum Kind {
    /// An integer in a range, ends included.
    Integer {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
        /// What is counted.
        unit: &'static str,
    },
    /// One of several words.
    Choice(&'static [Choice]),
    /// `on` or `off`.
    Switch,
}

/// One setting: its name, its words, its range, and how to read and write it.
pub struct Setting {
    /// In addresses (`?register-bits=12`) and on the command line (`--register-bits 12`).
    pub key: &'static str,
    /// On the page.
    pub label: &'static str,
    /// Where it stands.
    pub section: Section,
    /// One sentence for a newcomer.
    pub help: &'static str,
    /// The equation that it enters, in plain characters; empty where there is none.
    pub equation: &'static str,
    /// The values that it takes.
    pub kind: Kind,
    read: fn(&Settings) -> String,
    write: fn(&mut Settings, &str) -> Option<()>,
}

/// A value that a setting does not take.
#[derive(Debug, Error, PartialEq)]
pub enum SettingsError {
    /// No setting has this name.
    #[error("there is no setting '{key}'; the settings are {known}")]
    Unknown {
        /// The name.
        key: String,
        /// All names.
        known: String,
    },
    /// The value is not one of those allowed.
    #[error("'{value}' is not a value of {key}; it takes {expected}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What was found.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// Two settings exclude each other.
    #[error(
        "shifting accumulation needs the most significant bit first; set order to msb or accumulation to weighted"
    )]
    ShiftingNeedsMsb,
}

impl Setting {
    /// The current value as a word or a number.
    pub fn get(&self, settings: &Settings) -> String {
        (self.read)(settings)
    }

    /// Changes the value.
    ///
    /// # Errors
    /// [`SettingsError::Value`] if `value` is not one that the setting takes; nothing is changed.
    pub fn set(&self, settings: &mut Settings, value: &str) -> Result<(), SettingsError> {
        let refused = || SettingsError::Value {
            key: self.key,
            value: value.to_owned(),
            expected: self.expected(),
        };
        if let Kind::Integer { min, max, .. } = self.kind {
            let number: u32 = value.parse().map_err(|_| refused())?;
            if !(min..=max).contains(&number) {
                return Err(refused());
            }
        }
        (self.write)(settings, value).ok_or_else(refused)
    }

    /// The values that it takes, in words.
    pub fn expected(&self) -> String {
        match &self.kind {
            Kind::Integer { min, max, unit } => format!("{min} to {max} {unit}").trim_end().to_owned(),
            Kind::Choice(choices) => choices.iter().map(|c| c.value).collect::<Vec<_>>().join(", "),
            Kind::Switch => "on, off".to_owned(),
        }
    }
}

/// The setting called `key`.
///
/// # Errors
/// [`SettingsError::Unknown`], which lists the names.
pub fn setting(key: &str) -> Result<&'static Setting, SettingsError> {
    SETTINGS
        .iter()
        .find(|s| s.key == key)
        .ok_or_else(|| SettingsError::Unknown {
            key: key.to_owned(),
            known: SETTINGS.iter().map(|s| s.key).collect::<Vec<_>>().join(", "),
        })
}

impl Settings {
    /// Checks what no single setting can know.
    ///
    /// # Errors
    /// A [`SettingsError`] that names the settings which exclude each other.
    pub fn check(&self) -> Result<(), SettingsError> {
        let Conversion {
            order, accumulation, ..
        } = self.conversion;
        if order == BitOrder::Lsb && accumulation == Accumulation::Shifting {
            return Err(SettingsError::ShiftingNeedsMsb);
        }
        Ok(())
    }

    /// The settings that differ from the defaults, as (key, value): what an address holds.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        SETTINGS
            .iter()
            .filter(|s| s.get(self) != s.get(&default))
            .map(|s| (s.key, s.get(self)))
            .collect()
    }

    /// The defaults, changed by (key, value) pairs.
    ///
    /// # Errors
    /// The first pair that no setting takes.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        for (key, value) in pairs {
            setting(key)?.set(&mut settings, value)?;
        }
        settings.check()?;
        Ok(settings)
    }
}

macro_rules! choice {
    ($($value:literal $label:literal => $variant:path),+; $($field:ident).+) => {
        (
            Kind::Choice(&[$(Choice { value: $value, label: $label }),+]),
            |s: &Settings| match s.$($field).+ { $($variant => $value),+ }.to_owned(),
            |s: &mut Settings, v: &str| { s.$($field).+ = match v { $($value => $variant,)+ _ => return None }; Some(()) },
        )
    };
}

macro_rules! integer {
    ($min:expr, $max:expr, $unit:literal; $($field:ident).+) => {
        (
            Kind::Integer { min: $min as u32, max: $max as u32, unit: $unit },
            |s: &Settings| s.$($field).+.to_string(),
            |s: &mut Settings, v: &str| { s.$($field).+ = v.parse().ok()?; Some(()) },
        )
    };
}

macro_rules! switch {
    ($($field:ident).+) => {
        (
            Kind::Switch,
            |s: &Settings| if s.$($field).+ { "on" } else { "off" }.to_owned(),
            |s: &mut Settings, v: &str| { s.$($field).+ = match v { "on" => true, "off" => false, _ => return None }; Some(()) },
        )
    };
}

type Access = (
    Kind,
    fn(&Settings) -> String,
    fn(&mut Settings, &str) -> Option<()>,
);

const fn setting_of(
    key: &'static str,
    label: &'static str,
    section: Section,
    (kind, read, write): Access,
    help: &'static str,
    equation: &'static str,
) -> Setting {
    Setting {
        key,
        label,
        section,
        help,
        equation,
        kind,
        read,
        write,
    }
}

/// The table.
pub static SETTINGS: &[Setting] = &[
    setting_of(
        "weight-bits",
        "Weights",
        Section::Quantization,
        integer!(1, MAX_WEIGHT_BITS, "bits"; quantization.weight_bits),
        "Bits of a weight of a float model that is quantized here. One bit is +1 or −1 times the mean magnitude.",
        "w ≈ S_w q",
    ),
    setting_of(
        "weight-scales",
        "Weight scales",
        Section::Quantization,
        choice!("channel" "per channel" => Granularity::Channel, "tensor" "per tensor" => Granularity::Tensor; quantization.granularity),
        "Whether each output channel has a scale of weights of its own, or a layer has one for all.",
        "",
    ),
    setting_of(
        "weight-range",
        "Weight range",
        Section::Quantization,
        choice!("max" "largest" => WeightRange::Max, "mse" "least error" => WeightRange::Mse; quantization.weight_range),
        "Cover the largest weight, or the range whose squared error is least.",
        "",
    ),
    setting_of(
        "activation-bits",
        "Activations",
        Section::Quantization,
        integer!(1, MAX_ACTIVATION_BITS, "bits"; quantization.activation_bits),
        "Bits K of what layers send to each other: as many time steps does each take.",
        "r ≈ S (q − Z)",
    ),
    setting_of(
        "edge-bits",
        "Input and output",
        Section::Quantization,
        integer!(1, MAX_ACTIVATION_BITS, "bits"; quantization.edge_bits),
        "Bits of the network's input and of its answers, which bear less than what is between.",
        "",
    ),
    setting_of(
        "signed-codes",
        "Signed codes",
        Section::Quantization,
        switch!(quantization.signed),
        "Let codes of activations be two's complement. Off, they count from 0.",
        "",
    ),
    setting_of(
        "zero-point",
        "Zero point",
        Section::Quantization,
        choice!("asymmetric" "anywhere" => ZeroPoint::Asymmetric, "symmetric" "fixed" => ZeroPoint::Symmetric; quantization.zero_point),
        "Which code means 0: the one that lets codes cover just the range met, or a fixed one (0, or the middle where values can be negative).",
        "Z = round(q_max − r_max / S)",
    ),
    setting_of(
        "activation-range",
        "Activation range",
        Section::Quantization,
        choice!("min-max" "min–max" => RangeMethod::MinMax, "percentile" "percentile" => RangeMethod::Percentile, "mse" "least error" => RangeMethod::Mse, "entropy" "entropy" => RangeMethod::Entropy; quantization.range),
        "Which range the codes of an activation cover: all values met in calibration, all but the outermost, the range whose squared error is least, or that whose distribution diverges least (Kullback–Leibler).",
        "S = (r_max − r_min) / (q_max − q_min)",
    ),
    setting_of(
        "percentile",
        "Percentile",
        Section::Quantization,
        integer!(50_000, 100_000, "thousandths of a percent"; quantization.percentile),
        "The share of all values that a range by percentile covers: 99990 is 99.99 %.",
        "",
    ),
    setting_of(
        "equalize",
        "Equalize layers",
        Section::Quantization,
        switch!(quantization.equalize),
        "Before quantization, bring the weights of neighbouring layers' channels to the same range (cross-layer equalization). The float model computes the same.",
        "s_i = √(r_1i / r_2i)",
    ),
    setting_of(
        "quantization-correct",
        "Correct quantization's mean error",
        Section::Quantization,
        switch!(quantization.correct_mean_error),
        "Take off the biases what rounding weights and activations adds on average, measured on calibration data. This is of the quantization and has nothing to do with bias calibration, which mends scaled integration.",
        "b ← b + E[W x] − E[Ŵ x̂]",
    ),
    setting_of(
        "register-bits",
        "Width",
        Section::Register,
        integer!(MIN_REGISTER_BITS, MAX_REGISTER_BITS, "bits"; conversion.register_bits),
        "Bits of the register that holds a membrane. Wide enough, every code is exact; narrower, currents are scaled down or overflow.",
        "−2^(n−1) ≤ U ≤ 2^(n−1) − 1",
    ),
    setting_of(
        "overflow",
        "Overflow",
        Section::Register,
        choice!("saturate" "saturate" => Overflow::Saturate, "wrap" "wrap" => Overflow::Wrap; conversion.overflow),
        "What the register does with a result outside its range: keep the nearest value, or drop the bits it cannot hold.",
        "",
    ),
    setting_of(
        "order",
        "Bit order",
        Section::Code,
        choice!("msb" "most first" => BitOrder::Msb, "lsb" "least first" => BitOrder::Lsb; conversion.order),
        "Which bit of a code is sent first. The sum is the same; the partial sums, and so the register needed, are not.",
        "x = −x_(K−1) 2^(K−1) + Σ x_λ 2^λ",
    ),
    setting_of(
        "accumulation",
        "Accumulation",
        Section::Code,
        choice!("weighted" "weighted" => Accumulation::Weighted, "shifting" "shifting" => Accumulation::Shifting; conversion.accumulation),
        "Weigh each bit before adding it, or double the membrane at each step (most significant bit first only).",
        "U ← U + M_0 c_t Σ w s   or   U ← 2U ± M_0 Σ w s",
    ),
    setting_of(
        "silent-code",
        "Silent code",
        Section::Code,
        choice!("zero" "code 0" => SilentCode::Zero, "zero-point" "zero point" => SilentCode::ZeroPoint, "most-frequent" "most frequent" => SilentCode::MostFrequent, "lowest" "lowest" => SilentCode::Lowest; conversion.silent_code),
        "The code z that is sent as silence, the same for a whole tensor: code 0, the zero point (real 0), the one that calibration data has most often, or the lowest that can be fired, so that nothing sent is negative. The constant makes up for it.",
        "U_(−1) = b − (Z_x − z) Σ w",
    ),
    setting_of(
        "digits",
        "Digits",
        Section::Code,
        choice!("binary" "binary" => Digits::Binary, "sign-magnitude" "sign and magnitude" => Digits::SignMagnitude, "canonical" "canonical signed" => Digits::Canonical; conversion.digits),
        "What a code is sent as: bits (two’s complement where it can be negative), bits of its magnitude with its sign, or signed digits of which no two in a row are set. Signed spikes need a chip that carries their sign, or a second axon.",
        "x − z = Σ d_λ 2^λ",
    ),
    setting_of(
        "scaling",
        "Scaled integration",
        Section::Register,
        choice!("off" "off" => Scaling::Off, "calibrated" "calibrated" => Scaling::Calibrated, "guaranteed" "guaranteed" => Scaling::Guaranteed; conversion.scaling),
        "Scale currents so that the membrane fits its register: by the largest value met in calibration data, or by the largest that the weights allow.",
        "M_0 = (2^(n−1) − 1) / I_max",
    ),
    setting_of(
        "factor",
        "Form of M₀",
        Section::Register,
        choice!("rational" "rational" => Factor::Rational, "power-of-two" "power of two" => Factor::PowerOfTwo; conversion.factor),
        "The exact ratio, or the next power of two below it, which hardware does by a shift.",
        "M_0 = 2^(−s)",
    ),
    setting_of(
        "rounding",
        "Rounding",
        Section::Register,
        choice!("floor" "floor" => Rounding::Floor, "half-up" "half up" => Rounding::HalfUp, "half-even" "half even" => Rounding::HalfEven; conversion.rounding),
        "How a scaled current becomes an integer.",
        "",
    ),
    setting_of(
        "bias-fold",
        "Fold zero points",
        Section::BiasCalibration,
        switch!(conversion.bias_calibration.fold),
        "Fold the zero points and the bias into one constant per neuron. Off, the zero points are ignored.",
        "b̃ = M̂ (b − Z_x Σ w) + Z_y",
    ),
    setting_of(
        "bias-fit",
        "Fit to the bias register",
        Section::BiasCalibration,
        switch!(conversion.bias_calibration.fit),
        "Round the constant to the bias register and let it saturate there.",
        "",
    ),
    setting_of(
        "bias-correct",
        "Correct the mean error",
        Section::BiasCalibration,
        switch!(conversion.bias_calibration.correct),
        "Add what scaled integration loses on average, per output channel, measured on calibration data.",
        "b̃ ← b̃ + E[V_exact − V_scaled]",
    ),
    setting_of(
        "fold-at",
        "Add the constant at",
        Section::BiasCalibration,
        choice!("membrane" "membrane" => FoldAt::Membrane, "potential" "potential" => FoldAt::Potential; conversion.fold_at),
        "As the membrane's integer start value (exact), or behind M_1 as the paper writes it (ties may round otherwise).",
        "U_(−1) = b − Z_x Σ w   or   V = M_1 U + b̃",
    ),
    setting_of(
        "bias-bits",
        "Bias register",
        Section::BiasCalibration,
        integer!(2, 32, "bits"; conversion.bias_bits),
        "Bits of the register that holds the constant, if it is fitted.",
        "",
    ),
    setting_of(
        "bias-fraction-bits",
        "Bias fraction",
        Section::BiasCalibration,
        integer!(0, 16, "bits"; conversion.bias_fraction_bits),
        "Bits of the bias register behind the binary point, for constants added at the potential.",
        "",
    ),
    setting_of(
        "chip",
        "Chip",
        Section::Chip,
        choice!("classroom" "Classroom" => Preset::Classroom, "darwin3" "Darwin3" => Preset::Darwin3, "loihi" "Loihi" => Preset::Loihi, "loihi-sana-fe" "Loihi (SANA-FE)" => Preset::LoihiSanaFe, "loihi-2" "Loihi 2" => Preset::Loihi2, "truenorth" "TrueNorth" => Preset::TrueNorth, "spinnaker" "SpiNNaker" => Preset::Spinnaker, "paicore-2" "PAICORE 2.0" => Preset::Paicore2, "akida" "Akida AKD1000" => Preset::Akida, "speck-2" "Speck 2" => Preset::Speck2, "tianjic" "Tianjic" => Preset::Tianjic; chip.preset),
        "Which chip the network is laid onto: what its cores hold, how they are joined, and what its operations cost.",
        "",
    ),
    setting_of(
        "mesh-width",
        "Mesh width",
        Section::Chip,
        integer!(0, 256, "routers"; chip.width),
        "Routers in a row, instead of the chip's own; 0 for as many as it has.",
        "",
    ),
    setting_of(
        "mesh-height",
        "Mesh height",
        Section::Chip,
        integer!(0, 256, "routers"; chip.height),
        "Rows of routers, instead of the chip's own; 0 for as many as it has.",
        "",
    ),
    setting_of(
        "neurons-per-core",
        "Neurons per core",
        Section::Chip,
        integer!(0, 65_536, ""; chip.neurons_per_core),
        "How many neurons a core holds, instead of the chip's own; 0 for as many as it holds.",
        "",
    ),
    setting_of(
        "partition",
        "Partition",
        Section::Chip,
        choice!("channels" "channels" => Partition::Channels, "tiles" "tiles" => Partition::Tiles, "both" "both" => Partition::Both; chip.mapping.partition),
        "Which neurons share a core: whole channels, all channels of a tile of positions, or some channels of a tile.",
        "",
    ),
    setting_of(
        "minimize",
        "Fewest",
        Section::Chip,
        choice!("cores" "cores" => Minimize::Cores, "traffic" "packets" => Minimize::Traffic; chip.mapping.minimize),
        "What the partition makes small first: the cores in use, or the packets between them.",
        "",
    ),
    setting_of(
        "placement",
        "Placement",
        Section::Chip,
        choice!("row-major" "row by row" => Placement::RowMajor, "serpentine" "serpentine" => Placement::Serpentine, "hilbert" "Hilbert curve" => Placement::Hilbert, "annealed" "annealed" => Placement::Annealed; chip.mapping.placement),
        "Where cores are: in the order of layers along a curve, or where measured spikes have the fewest hops, by simulated annealing.",
        "Σ spikes · hops",
    ),
    setting_of(
        "routing",
        "Routing",
        Section::Chip,
        choice!("xy" "X then Y" => Routing::Xy, "yx" "Y then X" => Routing::Yx; chip.mapping.routing),
        "Which way packets take on a mesh: along the row first, or along the column.",
        "",
    ),
    setting_of(
        "delivery",
        "Delivery",
        Section::Chip,
        choice!("unicast" "unicast" => Delivery::Unicast, "multicast" "multicast" => Delivery::Multicast; chip.mapping.delivery),
        "How a spike reaches several cores: as a packet for each, or as one that is copied where their ways part.",
        "",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_a_setting_names_can_be_set_and_read_back() {
        for entry in SETTINGS {
            let values: Vec<String> = match &entry.kind {
                Kind::Integer { min, max, .. } => vec![min.to_string(), max.to_string()],
                Kind::Choice(choices) => choices.iter().map(|c| c.value.to_owned()).collect(),
                Kind::Switch => vec!["on".into(), "off".into()],
            };
            for value in values {
                let mut settings = Settings::default();
                entry.set(&mut settings, &value).expect("a value from the table");
                assert_eq!(entry.get(&settings), value, "{}", entry.key);
                assert_eq!(
                    Settings::from_pairs([(entry.key, value.as_str())]).unwrap_or(settings),
                    settings
                );
            }
        }
    }

    #[test]
    fn every_chip_can_be_chosen_by_the_name_of_its_file() {
        let chip = setting("chip").expect("in the table");
        let Kind::Choice(choices) = &chip.kind else {
            panic!("chips are choices")
        };
        let named = choices.iter().map(|choice| (choice.value, choice.label));
        let presets = Preset::ALL.iter().map(|preset| (preset.key(), preset.label()));
        assert!(named.eq(presets));
    }

    #[test]
    fn an_address_holds_what_differs_from_the_defaults() {
        assert!(Settings::default().to_pairs().is_empty());
        let pairs = [("register-bits", "12"), ("order", "lsb"), ("bias-fit", "on")];
        let settings = Settings::from_pairs(pairs).expect("valid pairs");
        assert_eq!(settings.conversion.register_bits, 12);
        let back = settings.to_pairs();
        assert_eq!(back.len(), 3);
        assert_eq!(
            Settings::from_pairs(back.iter().map(|(k, v)| (*k, v.as_str()))),
            Ok(settings)
        );
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_allowed() {
        let message = |pair| Settings::from_pairs([pair]).expect_err("invalid").to_string();
        assert_eq!(
            message(("register-bits", "99")),
            "'99' is not a value of register-bits; it takes 4 to 32 bits"
        );
        assert!(message(("order", "middle")).contains("it takes msb, lsb"));
        assert!(message(("colour", "red")).starts_with("there is no setting 'colour'"));
        let pairs = [("order", "lsb"), ("accumulation", "shifting")];
        assert_eq!(Settings::from_pairs(pairs), Err(SettingsError::ShiftingNeedsMsb));
    }
}
