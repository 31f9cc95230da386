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

/// The most levels of a JSON value: what is nested deeper is stored, and then cannot be read.
const MAX_LEVELS: usize = 127;

/// A value for a `jsonb` column: at most `limit` bytes as compact JSON, at most 127 levels of lists and
/// objects, and no NUL in any string, which PostgreSQL cannot store.
pub(crate) fn json(value: &serde_json::Value, limit: usize) -> Result<(), String> {
    use serde_json::Value;
    fn check(value: &Value, levels: usize) -> Result<(), String> {
        let text = |text: &str| {
            if text.contains('\0') { Err("must not hold NUL".to_owned()) } else { Ok(()) }
        };
        let deeper = || {
            let too_deep = || format!("must have at most {MAX_LEVELS} levels");
            levels.checked_sub(1).ok_or_else(too_deep)
        };
        match value {
            Value::String(value) => text(value),
            Value::Array(items) => {
                let levels = deeper()?;
                items.iter().try_for_each(|item| check(item, levels))
            }
            Value::Object(fields) => {
                let levels = deeper()?;
                fields.iter().try_for_each(|(name, value)| {
                    text(name)?;
                    check(value, levels)
                })
            }
            _ => Ok(()),
        }
    }
    check(value, MAX_LEVELS)?;
    if json_bytes(value) > limit {
        return Err(format!("must be at most {limit} bytes of JSON"));
    }
    Ok(())
}

/// How long a value is as compact JSON, in bytes.
pub(crate) fn json_bytes(value: &serde_json::Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither counting nor a value of JSON can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// A key that is handed out from 1 on.
pub(crate) fn key(value: i64) -> Result<(), String> {
    if value < 1 { Err(format!("must be positive, not {value}")) } else { Ok(()) }
}
