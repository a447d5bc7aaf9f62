//! The playhead: where the user is in time.

/// Steps in a second that can be chosen.
pub const SPEEDS: [u32; 4] = [1, 2, 4, 8];

/// How long the last step stays before it begins again, in steps.
const REST: u32 = 4;

/// Where the user is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playhead {
    /// The step, counted over all windows.
    pub step: usize,
    /// Whether it moves by itself.
    pub is_playing: bool,
    /// Steps in a second.
    pub speed: u32,
    rested: u32,
    /// Whether somebody has chosen the step, and time stands still there.
    is_chosen: bool,
}

impl Default for Playhead {
    fn default() -> Self {
        Self {
            step: 0,
            is_playing: true,
            speed: SPEEDS[1],
            rested: 0,
            is_chosen: false,
        }
    }
}

/// A way to another step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// To this one.
    To(usize),
    /// So many on (or back).
    By(isize),
    /// To the last one.
    End,
}

impl Playhead {
    /// Standing still, for those who don't want motion.
    pub fn paused() -> Self {
        Self {
            is_playing: false,
            ..Self::default()
        }
    }

    /// Whether somebody has chosen the step, and time stands still there.
    pub fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// Shows a step of which an address tells.
    pub(super) fn show(&mut self, step: usize, steps: usize) {
        self.seek(Seek::To(step), steps);
    }

    /// The user takes over: it goes there and stands still.
    pub(super) fn seek(&mut self, seek: Seek, steps: usize) {
        self.is_playing = false;
        self.is_chosen = true;
        self.step = match seek {
            Seek::To(step) => step,
            Seek::By(by) => self.step.saturating_add_signed(by),
            Seek::End => usize::MAX,
        };
        self.stay_within(steps);
    }

    pub(super) fn toggle(&mut self, steps: usize) {
        self.is_playing = !self.is_playing;
        self.is_chosen = !self.is_playing;
        if self.is_playing && self.step + 1 >= steps {
            self.step = 0;
        }
        self.rested = 0;
    }

    pub(super) fn tick(&mut self, steps: usize) {
        if !self.is_playing || steps == 0 {
            return;
        }
        if self.step + 1 < steps {
            self.step += 1;
        } else if self.rested < REST {
            self.rested += 1;
        } else {
            self.step = 0;
            self.rested = 0;
        }
    }

    pub(super) fn stay_within(&mut self, steps: usize) {
        self.step = self.step.min(steps.saturating_sub(1));
    }

    /// Standing still, the first picture should show as much as it can: input arrived at the second
    /// layer, the later ones still wait.
    pub(super) fn open(&mut self, steps: usize) {
        if !self.is_playing {
            self.step = steps * 3 / 8;
        }
        self.stay_within(steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_at_the_end_and_begins_again() {
        let mut playhead = Playhead {
            step: 2,
            ..Playhead::default()
        };
        for _ in 0..=REST {
            assert_eq!(playhead.step, 2);
            playhead.tick(3);
        }
        assert_eq!(playhead.step, 0);
    }

    #[test]
    fn seeking_pauses_and_stays_within_the_run() {
        let mut playhead = Playhead::default();
        playhead.seek(Seek::End, 32);
        assert_eq!((playhead.step, playhead.is_playing), (31, false));
        playhead.seek(Seek::By(-99), 32);
        assert_eq!(playhead.step, 0);
        playhead.seek(Seek::To(7), 0);
        assert_eq!(playhead.step, 0);
    }
}
