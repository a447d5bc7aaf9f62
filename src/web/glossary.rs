//! The field's words: which there are, their equations, and which lead on to which. Their texts are in
//! `locales/glossary.yml`.

use rust_i18n::t;
use std::borrow::Cow;

/// A word that is explained.
#[derive(Debug, PartialEq, Eq)]
pub struct Term {
    /// In addresses (`#glossary=register`) and in `locales/glossary.yml`.
    pub key: &'static str,
    /// In plain characters; empty where there is none.
    pub equation: &'static str,
    /// Words that it leads to.
    pub see: &'static [&'static str],
}

impl Term {
    /// What it is called.
    pub fn name(&self) -> Cow<'static, str> {
        t!(format!("term-of.{}.name", self.key))
    }

    /// What it means.
    pub fn text(&self) -> Cow<'static, str> {
        t!(format!("term-of.{}.text", self.key))
    }

    /// Whether its name or meaning holds `text`, in whatever case.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.trim().to_ascii_lowercase();
        let holds = |words: Cow<'_, str>| words.to_ascii_lowercase().contains(&text);
        holds(self.name()) || holds(self.text())
    }
}

const fn term(key: &'static str, equation: &'static str, see: &'static [&'static str]) -> Term {
    Term { key, equation, see }
}

/// All words, from the network to the chip and what is compared.
pub static GLOSSARY: &[Term] = &[
    term("quantization", "r ≈ S (q − Z)", &["code", "scale", "zero-point"]),
    term(
        "code",
        "q = clamp(round(r / S + Z))",
        &["scale", "zero-point", "bit-plane"],
    ),
    term(
        "scale",
        "S = (r_max − r_min) / (q_max − q_min)",
        &["zero-point", "per-channel"],
    ),
    term(
        "zero-point",
        "Z = round(q_max − r_max / S)",
        &["scale", "bias-calibration"],
    ),
    term("per-channel", "", &["scale", "quantization"]),
    term("calibration-data", "", &["i-max", "bias-calibration"]),
    term(
        "bit-plane",
        "x = −x_(K−1) 2^(K−1) + Σ x_λ 2^λ",
        &["code", "spike", "time-step"],
    ),
    term("spike", "", &["spike-train", "packet"]),
    term("spike-train", "", &["bit-plane", "rate-code"]),
    term("time-step", "", &["window", "bit-plane"]),
    term("window", "", &["time-step"]),
    term("neuron", "U → V → y", &["membrane", "potential", "synapse"]),
    term("synapse", "", &["current", "synaptic-operation"]),
    term("current", "I_t = c_t Σ w s", &["membrane", "synapse"]),
    term(
        "membrane",
        "U ← U + M_0 I_t",
        &["register", "current", "scaled-integration"],
    ),
    term("potential", "V = M_1 U + b̃", &["membrane", "bias-calibration"]),
    term(
        "register",
        "−2^(n−1) ≤ U ≤ 2^(n−1) − 1",
        &["overflow", "membrane", "scaled-integration"],
    ),
    term("overflow", "", &["saturation", "wrap-around", "register"]),
    term("saturation", "", &["overflow", "wrap-around"]),
    term("wrap-around", "", &["overflow", "saturation"]),
    term("i-max", "", &["scaled-integration", "calibration-data"]),
    term(
        "scaled-integration",
        "M_0 = (2^(n−1) − 1) / I_max",
        &["m0", "i-max", "register"],
    ),
    term(
        "m0",
        "M_0 = (2^(n−1) − 1) / I_max",
        &["scaled-integration", "exact"],
    ),
    term(
        "bias-calibration",
        "b̃ = M̂ (b − Z_x Σ w) + Z_y",
        &["zero-point", "potential", "scaled-integration"],
    ),
    term("exact", "", &["code", "m0", "overflow"]),
    term("sample", "", &["run", "calibration-data"]),
    term("run", "", &["sample", "trace"]),
    term("trace", "", &["run"]),
    term("core", "", &["mesh", "partition", "synaptic-operation"]),
    term("mesh", "", &["core", "link", "hop"]),
    term("link", "", &["hop", "packet", "mesh"]),
    term("hop", "", &["link", "placement"]),
    term("packet", "", &["spike", "multicast", "link"]),
    term("multicast", "", &["packet"]),
    term("partition", "", &["core", "placement"]),
    term("placement", "Σ spikes · hops", &["hop", "partition"]),
    term("synaptic-operation", "", &["synapse", "spike"]),
    term(
        "rate-code",
        "x ≈ n / T",
        &["phase-code", "first-spike-code", "spike-train"],
    ),
    term(
        "phase-code",
        "x ≈ Σ s_t 2^(−t)",
        &["rate-code", "first-spike-code", "bit-plane"],
    ),
    term("first-spike-code", "x ≈ 1 − t / T", &["rate-code", "phase-code"]),
    term("pareto-front", "", &["exact"]),
    term(
        "sqnr",
        "SQNR = 10 log(Σ r^2 / Σ (r − S (q − Z))^2)",
        &["quantization", "scale"],
    ),
];

/// The word of a key.
pub fn find(key: &str) -> Option<&'static Term> {
    GLOSSARY.iter().find(|term| term.key == key)
}

/// The word that a setting is about.
pub fn of_setting(key: &str) -> Option<&'static str> {
    Some(match key {
        "weight-scales" => "per-channel",
        "signed-codes" | "activation-bits" | "silent-code" => "code",
        "zero-point" => "zero-point",
        "activation-range" | "percentile" => "calibration-data",
        "register-bits" => "register",
        "overflow" => "overflow",
        "order" | "digits" => "bit-plane",
        "accumulation" => "membrane",
        "scaling" | "factor" | "rounding" => "scaled-integration",
        "bias-fold" | "bias-fit" | "bias-correct" | "fold-at" => "bias-calibration",
        "chip" | "neurons-per-core" => "core",
        "mesh-width" | "mesh-height" => "mesh",
        "partition" | "minimize" => "partition",
        "placement" => "placement",
        "routing" => "hop",
        "delivery" => "multicast",
        _ => return None,
    })
}

/// What an address asks for: `#glossary` for all words, `#glossary=register` for one. `None` if it asks for
/// something else.
pub fn asked(fragment: &str) -> Option<Option<&'static Term>> {
    match fragment.trim_start_matches('#').split_once('=') {
        Some(("glossary", key)) => Some(find(key)),
        None if fragment.trim_start_matches('#') == "glossary" => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SETTINGS;

    #[test]
    fn words_lead_to_words_that_are_there() {
        for term in GLOSSARY {
            assert!(term.see.iter().all(|key| find(key).is_some()), "{term:?}");
            assert!(!term.see.contains(&term.key), "{term:?}");
        }
        for term in SETTINGS.iter().filter_map(|setting| of_setting(setting.key)) {
            assert!(find(term).is_some(), "{term}");
        }
    }

    #[test]
    fn every_word_is_explained_in_every_language() {
        for language in crate::web::language::Language::ALL {
            for term in GLOSSARY {
                for part in ["name", "text"] {
                    let key = format!("term-of.{}.{part}", term.key);
                    assert!(!t!(&*key, locale = language.key()).ends_with(&key), "{key}");
                }
            }
        }
    }

    #[test]
    fn words_are_found_by_name_and_by_meaning() {
        let found = |text: &str| -> Vec<&str> {
            let terms = GLOSSARY.iter().filter(|term| term.matches(text));
            terms.map(|term| term.key).collect()
        };
        assert_eq!(found(" WRAP-around"), ["wrap-around"]);
        assert!(found("decibels").contains(&"sqnr"));
        assert_eq!(found("").len(), GLOSSARY.len());
        assert!(found("xyzzy").is_empty());
    }

    #[test]
    fn an_address_asks_for_all_words_or_for_one() {
        assert_eq!(asked("#glossary"), Some(None));
        assert_eq!(asked("#glossary=register"), Some(find("register")));
        assert_eq!(asked("#glossary=nonsense"), Some(None));
        assert_eq!(asked("#tour"), None);
        assert_eq!(asked(""), None);
    }
}
