//! Exercises that check themselves.

use super::{Criterion, Scene};
use crate::web::view::View;

/// An exercise.
#[derive(Debug)]
pub struct Lesson {
    /// In addresses (`#lesson=narrowest-register`); its texts are `lesson.<key>.title`, `.task`, `.hint1` and so on,
    /// and `.why`, which tells why what was found is so.
    pub key: &'static str,
    /// Where it begins.
    pub scene: Scene,
    /// What must be so at one time for it to be solved.
    pub criteria: &'static [Criterion],
}

/// How many hints each lesson has.
pub const HINTS: usize = 3;

/// All lessons, from easy to hard.
pub static LESSONS: &[Lesson] = &[
    Lesson {
        key: "silent-background",
        scene: Scene::OPENING,
        criteria: &[Criterion::SilentBackground, Criterion::LabelsKept(1.0)],
    },
    Lesson {
        key: "narrowest-register",
        scene: Scene {
            settings: &[("register-bits", "16")],
            ..Scene::OPENING
        },
        criteria: &[Criterion::LabelsKept(0.97), Criterion::OneBitLessFails(0.97)],
    },
    Lesson {
        key: "flip-and-mend",
        scene: Scene {
            settings: &[("register-bits", "16"), ("bias-correct", "off")],
            ..Scene::OPENING
        },
        criteria: &[Criterion::LabelFlips, Criterion::LabelMended],
    },
    Lesson {
        key: "nearest-to-limit",
        scene: Scene {
            model: "digits-mlp",
            settings: &[("register-bits", "16")],
            ..Scene::OPENING
        },
        criteria: &[Criterion::NearestNeuron],
    },
    Lesson {
        key: "fit-on-loihi",
        scene: Scene {
            view: View::Chip,
            settings: &[("chip", "loihi")],
            ..Scene::OPENING
        },
        criteria: &[Criterion::FitsOn("loihi"), Criterion::LabelsKept(0.99)],
    },
    Lesson {
        key: "busiest-link",
        scene: Scene {
            view: View::Chip,
            ..Scene::OPENING
        },
        criteria: &[Criterion::BusiestLink],
    },
    Lesson {
        key: "halve-traffic",
        scene: Scene {
            view: View::Chip,
            ..Scene::OPENING
        },
        criteria: &[Criterion::HopsAtMost(0.5), Criterion::LabelsKept(1.0)],
    },
    Lesson {
        key: "fewer-weight-bits",
        scene: Scene {
            view: View::Network,
            model: "mnist-cnn-float",
            settings: &[("weight-scales", "tensor")],
            ..Scene::OPENING
        },
        criteria: &[
            Criterion::WeightBitsAtMost(4),
            Criterion::AsAccurateAs("weight-bits", "8"),
        ],
    },
];

/// The lesson of a key.
pub fn lesson(key: &str) -> Option<&'static Lesson> {
    LESSONS.iter().find(|lesson| lesson.key == key)
}
