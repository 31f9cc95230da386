//! How many rows the next batch has.

use std::time::Duration;

/// What the size of a batch is steered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steering {
    pub(super) target: Duration,
    pub(super) min: u32,
    pub(super) max: u32,
}

impl Steering {
    /// The size within the bounds.
    pub(super) fn bounded(&self, size: u32) -> u32 {
        size.clamp(self.min, self.max)
    }

    /// The size after a batch of at most `size` rows that took this long: in proportion to the
    /// target, but at most twice as many.
    pub(super) fn after(&self, size: u32, took: Duration) -> u32 {
        let ratio = self.target.as_secs_f64() / took.as_secs_f64();
        // Too quick to be measured is infinitely quick.
        let next = f64::from(size) * ratio.min(2.0);
        // At least 0 and at most twice a u32, which `as` bounds.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let next = next.floor() as u32;
        self.bounded(next)
    }

    /// The size after a batch of at most `size` rows that timed out.
    pub(super) fn after_timeout(&self, size: u32) -> u32 {
        self.bounded(size / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEERING: Steering = Steering { target: Duration::from_millis(200), min: 10, max: 5_000 };

    #[test]
    fn the_size_follows_the_time() {
        let after = |size, ms| STEERING.after(size, Duration::from_millis(ms));
        assert_eq!(after(1_000, 200), 1_000);
        assert_eq!(after(1_000, 160), 1_250);
        assert_eq!(after(1_000, 400), 500);
        assert_eq!(after(1_000, 20), 2_000, "no more than twice as many");
        assert_eq!(after(1_000, 0), 2_000);
        assert_eq!(after(1_000, 10_000), 20, "at once, by as much as it takes");
        assert_eq!(after(1_000, 1_000_000), 10);
        assert_eq!(after(4_000, 1), 5_000);
        assert_eq!(STEERING.after_timeout(1_000), 500);
        assert_eq!(STEERING.after_timeout(15), 10);
    }

    proptest! {
        #[test]
        fn the_next_size_is_within_its_bounds(
            min in 1u32..1_000, more in 0u32..2_147_482_000, size: u32, took in 0u64..u64::MAX
        ) {
            let steering = Steering { target: Duration::from_millis(200), min, max: min + more };
            let size = steering.bounded(size);
            let took = Duration::from_micros(took);
            let next = steering.after(size, took);
            prop_assert!((min..=steering.max).contains(&next));
            prop_assert!(u64::from(next) <= 2 * u64::from(size));
            if took > steering.target {
                prop_assert!(next <= size);
            } else {
                prop_assert!(next >= size);
            }
            let halved = steering.after_timeout(size);
            prop_assert!(halved < size || halved == min);
        }

        #[test]
        fn work_of_even_cost_comes_to_the_target_and_stays(cost in 1u64..100_000, first in 1u32..5_000) {
            // In microseconds for a row.
            let steering = Steering { target: Duration::from_millis(200), min: 1, max: 50_000 };
            let took = |size: u32| Duration::from_micros(cost * u64::from(size));
            let mut size = first;
            for _ in 0..20 {
                size = steering.after(size, took(size));
            }
            let best = u32::try_from((200_000 / cost).clamp(1, 50_000)).unwrap();
            prop_assert!(size.abs_diff(best) <= 1, "{size} for {best}");
        }
    }
}
