//! What a job may be called.
//!
//! The build script uses this file too, so it depends on nothing.

/// The rule, as errors tell it.
pub(crate) const RULE: &str = "must be 1 to 47 of a-z, 0-9, _, -, . and :";

/// `application_name` takes 63 bytes, 16 of which say what it is.
const LONGEST: usize = 47;

/// Whether the name can stand in a comment and in `application_name`.
pub(crate) fn is_allowed(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.:".contains(&b);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        let longest = "n".repeat(LONGEST);
        for good in ["a", "plans.link-2:x_y", &longest] {
            assert!(is_allowed(good), "{good}");
        }
        let longer = "n".repeat(LONGEST + 1);
        for bad in ["", "A", "a b", "a*/", "a'", "ä", "a\0", &longer] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }
}
