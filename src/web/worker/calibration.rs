//! What the view of calibration wants to know beyond a run: samples that went wrong, and every register width.

use super::{Epoch, Response};
use crate::explore::{Mistakes, Session, WidthSweep};
use crate::settings::Settings;

/// A sweep over register widths, to be gone on with whenever nothing else is to be done.
pub(super) struct Sweeping {
    epoch: Epoch,
    settings: Settings,
    /// Begun when its turn has come.
    sweep: Option<WidthSweep>,
    is_stopped: bool,
}

impl Sweeping {
    /// What is wanted now: another sweep, or the one `before` to go on or to rest.
    pub fn want(before: Option<Self>, epoch: Epoch, settings: Option<Settings>) -> Option<Self> {
        let before = before.filter(|before| before.epoch == epoch);
        match (settings, before) {
            (settings, Some(before)) => Some(Self {
                is_stopped: settings.is_none(),
                ..before
            }),
            (Some(settings), None) => Some(Self {
                epoch,
                settings,
                sweep: None,
                is_stopped: false,
            }),
            (None, None) => None,
        }
    }

    /// A float model was quantized anew: what was counted is of another network.
    pub fn forget(&mut self) {
        self.sweep = None;
    }

    /// Whether there is anything to do for it in a session that was last asked with `settings`.
    pub fn is_due(&self, settings: &Settings) -> bool {
        let has_more = self.sweep.as_ref().is_none_or(WidthSweep::has_more);
        has_more && !self.is_stopped && settings.quantization == self.settings.quantization
    }

    /// The next portion; `in_portion` does a step again and again while there is time.
    pub fn go_on(
        &mut self,
        session: &mut Session,
        in_portion: impl FnOnce(&mut dyn FnMut() -> bool),
    ) -> Option<Response> {
        if self.sweep.is_none() {
            // Settings that exclude each other are told of with the run.
            self.sweep = session.width_sweep(&self.settings).ok();
        }
        let Some(sweep) = &mut self.sweep else {
            self.is_stopped = true;
            return None;
        };
        let mut row = None;
        in_portion(&mut || {
            row = session.sweep_next(sweep);
            row.is_none() && sweep.has_more()
        });
        Some(Response::Swept {
            epoch: self.epoch,
            row: row.map(Box::new),
            fraction: sweep.fraction(),
        })
    }
}

/// Tells the page of mistakes when there are more of them, and when all samples are counted.
#[derive(Default)]
pub(super) struct Teller {
    told: Option<(usize, usize)>,
}

impl Teller {
    /// What to tell now.
    pub fn tell(&mut self, mistakes: &Mistakes, is_done: bool) -> Option<Box<Mistakes>> {
        let lengths = (mistakes.flips.len(), mistakes.overflows.len());
        let is_new = is_done || self.told != Some(lengths);
        is_new.then(|| {
            self.told = Some(lengths);
            Box::new(mistakes.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_rests_and_goes_on_and_another_one_takes_its_place() {
        let settings = Settings::default();
        let sweeping = Sweeping::want(None, 1, Some(settings));
        let sweeping = sweeping.expect("wanted");
        assert!(sweeping.is_due(&settings));
        let resting = Sweeping::want(Some(sweeping), 1, None).expect("kept");
        assert!(!resting.is_due(&settings));
        let again = Sweeping::want(Some(resting), 1, Some(settings)).expect("goes on");
        assert!(again.is_due(&settings));
        assert!(
            Sweeping::want(Some(again), 2, None).is_none(),
            "nobody wants it any more"
        );
    }

    #[test]
    fn mistakes_are_told_once_and_at_the_end() {
        let mut teller = Teller::default();
        let none = Mistakes::default();
        assert!(teller.tell(&none, false).is_some());
        assert!(teller.tell(&none, false).is_none());
        assert!(teller.tell(&none, true).is_some());
    }
}
