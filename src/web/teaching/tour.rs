//! The guided tour, from what a bit plane is to why so few bits are enough.

use super::{Condition, Hook, Scene};
use crate::web::view::View;

/// A step of the tour.
#[derive(Debug)]
pub struct Step {
    /// Its texts are `tour.<key>.title`, `.text` and, where something is to be done, `.todo`.
    pub key: &'static str,
    /// What it points at.
    pub hook: Hook,
    /// Where it plays.
    pub scene: Scene,
    /// What the reader does to go on; `None` where there is something to look at.
    pub until: Option<Condition>,
}

/// The steps in their order. Each sets its own scene, so that it can be linked and skipped.
pub const TOUR: &[Step] = &[
    Step {
        key: "picture",
        hook: Hook::Stage(0),
        scene: Scene {
            step: Some(0),
            ..Scene::OPENING
        },
        until: None,
    },
    Step {
        key: "planes",
        hook: Hook::Stage(1),
        scene: Scene {
            step: Some(0),
            ..Scene::OPENING
        },
        until: Some(Condition::StepAtLeast(3)),
    },
    Step {
        key: "time",
        hook: Hook::Class("timeline"),
        scene: Scene {
            step: Some(4),
            ..Scene::OPENING
        },
        until: Some(Condition::Plays),
    },
    Step {
        key: "layer",
        hook: Hook::Stage(3),
        scene: Scene {
            step: Some(15),
            ..Scene::OPENING
        },
        until: Some(Condition::ChoosesNeuronOf(1)),
    },
    Step {
        key: "membrane",
        hook: Hook::Card("membrane"),
        scene: Scene {
            step: Some(8),
            ..Scene::OPENING
        },
        until: Some(Condition::StepAtLeast(12)),
    },
    Step {
        key: "answer",
        hook: Hook::Class("class-stage"),
        scene: Scene {
            step: Some(24),
            ..Scene::OPENING
        },
        until: Some(Condition::StepAtLeast(31)),
    },
    Step {
        key: "claim",
        hook: Hook::Class("badge"),
        scene: Scene {
            step: Some(31),
            ..Scene::OPENING
        },
        until: None,
    },
    Step {
        key: "network",
        hook: Hook::Card("graph"),
        scene: Scene {
            view: View::Network,
            step: Some(31),
            ..Scene::OPENING
        },
        until: None,
    },
    Step {
        key: "codes",
        hook: Hook::Card("codes-head"),
        scene: Scene {
            view: View::Codes,
            step: Some(31),
            ..Scene::OPENING
        },
        until: None,
    },
    Step {
        key: "chip",
        hook: Hook::Tab(View::Chip),
        scene: Scene {
            step: Some(10),
            ..Scene::OPENING
        },
        until: Some(Condition::Opens(View::Chip)),
    },
    Step {
        key: "cores",
        hook: Hook::Class("chip-place"),
        scene: Scene {
            view: View::Chip,
            step: Some(10),
            ..Scene::OPENING
        },
        until: Some(Condition::ChoosesCore),
    },
    Step {
        key: "register",
        hook: Hook::Setting("register-bits"),
        scene: Scene {
            step: Some(15),
            ..Scene::OPENING
        },
        until: Some(Condition::AtMost("register-bits", 12)),
    },
    Step {
        key: "mend",
        hook: Hook::Setting("bias-correct"),
        scene: Scene {
            step: Some(31),
            settings: &[("register-bits", "8"), ("bias-correct", "off")],
            ..Scene::OPENING
        },
        until: Some(Condition::Is("bias-correct", "on")),
    },
    Step {
        key: "widths",
        hook: Hook::Card("widths"),
        scene: Scene {
            view: View::Calibration,
            step: Some(31),
            settings: &[("register-bits", "8")],
            ..Scene::OPENING
        },
        until: Some(Condition::AtLeast("register-bits", 12)),
    },
    Step {
        key: "sweep",
        hook: Hook::Card("heat"),
        scene: Scene {
            view: View::TradeOffs,
            step: Some(31),
            settings: &[("register-bits", "12")],
            ..Scene::OPENING
        },
        until: None,
    },
    Step {
        key: "enough",
        hook: Hook::Class("badge"),
        scene: Scene {
            step: Some(31),
            settings: &[("register-bits", "12")],
            ..Scene::OPENING
        },
        until: None,
    },
];
