//! Neurons for the blackboard that each show one thing. Their names and what they show are texts.

/// Keys of texts, and the neurons as addresses have them.
pub const PRESETS: [(&str, &str); 7] = [
    ("two-inputs", "x5.-3_w3.2_b4_k4s_n8s_om_m0_rf_g0.5_z0_y4s"),
    ("negative-weights", "x5.3_w2.-4_b0_k4u_n8s_om_m0_rf_g1_z0_y4s"),
    ("too-narrow", "x7.6_w7.5_b0_k4s_n6w_om_m0_rf_g0.0714_z0_y4s"),
    ("saturates", "x7.6_w7.5_b0_k4s_n6s_om_m0_rf_g0.0714_z0_y4s"),
    ("scaled", "x7.6_w7.5_b0_k4s_n6w_om_mf_ru_g0.0714_z0_y4s"),
    ("least-first", "x-3.-5_w9.7_b0_k4s_n7w_ol_m0_rf_g0.1_z0_y4s"),
    ("relu", "x-6.2.4_w5.3.-2_b-3_k4s_n10s_od_m0_rf_g0.25_z0_y4u"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Blackboard;

    fn preset(key: &str) -> Blackboard {
        let (_, text) = PRESETS.iter().find(|(other, _)| *other == key).expect("a preset");
        text.parse().expect("a blackboard")
    }

    fn overflows(board: &Blackboard) -> usize {
        let told = board.provenance();
        told.dendrites[0]
            .steps
            .iter()
            .filter(|step| step.overflow.is_some())
            .count()
    }

    #[test]
    fn every_preset_is_a_neuron_that_its_own_text_brings_back() {
        for (key, text) in PRESETS {
            assert_eq!(preset(key).to_string(), text, "{key}");
        }
    }

    #[test]
    fn each_shows_what_its_name_says() {
        for key in ["two-inputs", "negative-weights", "relu"] {
            let told = preset(key).provenance();
            assert_eq!((overflows(&preset(key)), told.code), (0, told.reference), "{key}");
        }
        for key in ["too-narrow", "saturates"] {
            let told = preset(key).provenance();
            assert!(
                overflows(&preset(key)) > 0 && told.code != told.reference,
                "{key}"
            );
        }
        let saved = preset("scaled").provenance();
        assert_eq!((overflows(&preset("scaled")), saved.code), (0, saved.reference));
        let relu = preset("relu").provenance();
        assert!(relu.potential < 0.0 && relu.code == Some(0));
        // Wrapping on the way is undone when the sign bit comes last.
        let least = preset("least-first").provenance();
        assert!(overflows(&preset("least-first")) > 0);
        assert_eq!(least.code, least.reference);
    }
}
