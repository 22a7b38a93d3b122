//! The clock of the machine, and that of a driver.

use crate::failpoint;
use crate::run::Time;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the clock of the machine says.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Time(ms.saturating_add_signed(failpoint::number!("FLOW_CLOCK_MS").unwrap_or(0)))
}

/// The clock of a driver: that of the machine, but never before what the journal says already, and going on at its pace
/// when the machine's clock was set back. A delay that was journaled then takes as long as it says.
#[derive(Debug)]
pub(super) struct Clock {
    last: Time,
    read: Instant,
}

impl Clock {
    /// Goes on from what the journal says.
    pub(super) fn after(journaled: Time) -> Self {
        Self { last: journaled, read: Instant::now() }
    }

    /// Now.
    pub(super) fn now(&mut self) -> Time {
        self.when(now())
    }

    /// Now, by what the machine says.
    fn when(&mut self, machine: Time) -> Time {
        let passed = u64::try_from(self.read.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.read += Duration::from_millis(passed);
        self.last = machine.max(Time(self.last.0.saturating_add(passed)));
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_from_where_it_was() {
        let hour = 3_600_000;
        let mut clock = Clock::after(Time(10 * hour));
        let set_back = clock.when(Time(2 * hour));
        assert!((10 * hour..11 * hour).contains(&set_back.0), "the journal was at 10 h, and it is {set_back:?}");
        assert_eq!(clock.when(Time(12 * hour)), Time(12 * hour), "ahead of the journal the machine is right");
        clock.read -= Duration::from_millis(20);
        let later = clock.when(Time(12 * hour)).0 - 12 * hour;
        assert!((20..hour).contains(&later), "20 ms passed, and the clock says {later}");
    }
}
