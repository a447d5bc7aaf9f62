//! Time that a core spends on this thread.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Linux tells it in the first number of `schedstat`; elsewhere it is the clock's time.
pub fn now() -> Duration {
    let stated = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = stated.and_then(|line| line.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(
        || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        Duration::from_nanos,
    )
}

/// What one call takes, of as many as it takes to make the kernel's own steps of some milliseconds small.
#[allow(dead_code, reason = "not everyone who needs the clock measures by it")]
pub fn seconds(mut run: impl FnMut()) -> f64 {
    const LEAST: Duration = Duration::from_millis(150);
    let start = now();
    for calls in 1.. {
        run();
        let taken = now().saturating_sub(start);
        if taken >= LEAST {
            return taken.as_secs_f64() / f64::from(calls);
        }
    }
    unreachable!("a call takes some time")
}
