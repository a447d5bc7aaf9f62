//! How far a long run has come, on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// A run shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// A line on stderr, rewritten in place; silent if stderr is no terminal.
pub(super) struct Progress {
    total: usize,
    next: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// Begins to count to `total`.
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            next: io::stderr().is_terminal().then(|| Instant::now() + PATIENCE),
            shown: false,
        }
    }

    /// Tells that `done` are done.
    pub(super) fn tell(&mut self, done: usize) {
        let now = Instant::now();
        if self.next.is_some_and(|next| now >= next) {
            self.next = Some(now + INTERVAL);
            self.shown = true;
            let _ = write!(io::stderr(), "\r{done} of {} samples …", self.total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            // Back to the beginning of the line, and clear it.
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
