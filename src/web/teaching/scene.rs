//! Where a step or a lesson plays: view, model, sample, settings and time.

use crate::settings::{Settings, setting};
use crate::web::view::View;

/// A state of the page, as far as it matters. What it doesn't name is as the page opens with it.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What fills the page.
    pub view: View,
    /// A model of the gallery.
    pub model: &'static str,
    /// A stored sample; `None` for the one that the model opens with.
    pub sample: Option<usize>,
    /// Settings that differ from the defaults, as an address has them.
    pub settings: &'static [(&'static str, &'static str)],
    /// The time step where it stands still; `None` where time goes on as it is.
    pub step: Option<usize>,
}

impl Scene {
    /// The first model of the gallery, in the story, as it opens.
    pub const OPENING: Self = Self {
        view: View::Story,
        model: "mnist-cnn",
        sample: None,
        settings: &[],
        step: None,
    };

    /// All settings.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in self.settings {
            // Every scene is tested to have none but good ones.
            if let Ok(setting) = setting(key) {
                let _ = setting.set(&mut settings, value);
            }
        }
        settings
    }
}
