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

/// A value for a `jsonb` column: at most `limit` bytes as compact JSON, and no NUL in any string,
/// which PostgreSQL cannot store.
pub(crate) fn json(value: &serde_json::Value, limit: usize) -> Result<(), String> {
    fn has_nul(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::String(text) => text.contains('\0'),
            serde_json::Value::Array(items) => items.iter().any(has_nul),
            serde_json::Value::Object(fields) => {
                fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
            }
            _ => false,
        }
    }
    if has_nul(value) {
        return Err("must not hold NUL".to_owned());
    }
    let bytes = value.to_string().len();
    if bytes > limit { Err(format!("must be at most {limit} bytes of JSON")) } else { Ok(()) }
}

/// A key that is handed out from 1 on.
pub(crate) fn key(value: i64) -> Result<(), String> {
    if value < 1 { Err(format!("must be positive, not {value}")) } else { Ok(()) }
}
