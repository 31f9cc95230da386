//! Rules for text that many inputs share. Each gives the reason of a refusal.

/// Refuses NUL, which PostgreSQL cannot store, and more than `limit` characters.
pub(crate) fn text(value: &str, limit: usize) -> Result<(), String> {
    if value.contains('\0') {
        return Err("must not hold NUL".to_owned());
    }
    // Bytes bound characters from above, and are known without a scan.
    if value.len() > limit && value.chars().count() > limit {
        return Err(format!("must be at most {limit} characters"));
    }
    Ok(())
}

/// [`text`], and not blank.
pub(crate) fn name(value: &str, limit: usize) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err("must not be blank".to_owned());
    }
    text(value, limit)
}

/// A key that is handed out from 1 on.
pub(crate) fn key(value: i64) -> Result<(), String> {
    if value < 1 { Err(format!("must be positive, not {value}")) } else { Ok(()) }
}
