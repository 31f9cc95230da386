//! libpq connection strings: parameters added, passwords hidden.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A libpq connection string, as a URI or as `key=value` pairs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnInfo {
    text: String,
}

impl ConnInfo {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// What libpq takes. Holds the password.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn is_uri(&self) -> bool {
        self.text.starts_with("postgres://") || self.text.starts_with("postgresql://")
    }

    /// The value of a parameter of the URI's query, or of a pair.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        if self.is_uri() {
            let (_, query) = self.text.split_once('?')?;
            query.split('&').rev().find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                (decoded(key) == name).then(|| decoded(value))
            })
        } else {
            pairs(&self.text).into_iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
        }
    }

    /// The same string with a parameter that overrides an earlier one.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let text = if self.is_uri() {
            let joint = if self.text.contains('?') { '&' } else { '?' };
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            format!("{}{joint}{name}={value}", self.text)
        } else {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            format!("{} {name}='{value}'", self.text)
        };
        Self { text }
    }

    /// The same string with a parameter, unless it states one itself.
    pub(crate) fn with_default(&self, name: &str, value: &str) -> Self {
        if self.parameter(name).is_some() { self.clone() } else { self.with(name, value) }
    }

    /// The same string with startup `options` added to those that it, or `PGOPTIONS`, has.
    pub(crate) fn with_options(&self, added: &str) -> Self {
        let own = self.parameter("options").or_else(|| std::env::var("PGOPTIONS").ok());
        match own {
            Some(own) => self.with("options", &format!("{own} {added}")),
            None => self.with("options", added),
        }
    }

    /// `text` without this string or its password: libpq repeats both when it cannot parse them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut text = text.replace(&self.text, "***");
        for secret in self.secrets() {
            if !secret.is_empty() {
                text = text.replace(&secret, "***");
            }
        }
        self.scrub_quoted(&text)
    }

    /// Of a string that is malformed libpq quotes a part, which may be one of the password.
    fn scrub_quoted(&self, text: &str) -> String {
        let password = self.uri_password().map_or("", |(start, end)| &self.text[start..end]);
        let mut parts: Vec<&str> = text.split('"').collect();
        for at in (1..parts.len()).step_by(2) {
            let unparsed = parts[at - 1].ends_with("after ");
            if !parts[at].is_empty() && (unparsed || password.contains(parts[at])) {
                parts[at] = "***";
            }
        }
        parts.join("\"")
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = self.parameter("password").into_iter().collect();
        if let Some((start, end)) = self.uri_password() {
            let raw = &self.text[start..end];
            secrets.extend([decoded(raw), raw.to_owned()]);
        }
        secrets
    }

    /// Where the password of a URI stands: between the first colon and the last `@`.
    fn uri_password(&self) -> Option<(usize, usize)> {
        if !self.is_uri() {
            return None;
        }
        let start = self.text.find("://")? + 3;
        let end = start + self.text[start..].rfind('@')?;
        let colon = start + self.text[start..end].find(':')?;
        Some((colon + 1, end))
    }
}

/// Without the password.
impl fmt::Debug for ConnInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.text.clone();
        if let Some((start, end)) = self.uri_password() {
            text.replace_range(start..end, "***");
        }
        let mut hidden = Self { text };
        if let Some(password) = hidden.parameter("password") {
            let encoded = utf8_percent_encode(&password, NON_ALPHANUMERIC).to_string();
            hidden.text = hidden.text.replace(&encoded, "***");
            if !password.is_empty() {
                hidden.text = hidden.text.replace(&password, "***");
            }
        }
        f.write_str(&hidden.text)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `key = 'value'` pairs by libpq's rules: quotes are optional, a backslash escapes.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=') {
            key.push(c);
        }
        if chars.next().is_none() {
            return pairs;
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' => value.extend(chars.next()),
                '\'' if quoted => break,
                c if c.is_whitespace() && !quoted => break,
                c => value.push(c),
            }
        }
        pairs.push((key.trim().to_owned(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_and_pairs_take_parameters() {
        let uri = ConnInfo::new("postgres://u:p@h/db?sslmode=require&options=-c%20a%3D1");
        assert_eq!(uri.parameter("sslmode").as_deref(), Some("require"));
        let with = uri.with_options("-c b=2");
        assert_eq!(with.parameter("options").as_deref(), Some("-c a=1 -c b=2"));
        assert_eq!(uri.with_default("sslmode", "disable"), uri);

        let pairs = ConnInfo::new("host=/run/x dbname = 'my db' password='a\\'b'");
        assert_eq!(pairs.parameter("dbname").as_deref(), Some("my db"));
        assert_eq!(pairs.parameter("password").as_deref(), Some("a'b"));
        let with = pairs.with("application_name", "it's \\ me");
        assert_eq!(with.parameter("application_name").as_deref(), Some("it's \\ me"));
    }

    #[test]
    fn no_password_is_shown() {
        for text in [
            "postgres://u:s3cret@h/db",
            "postgres://u:s3cret@h:5432/db?application_name=x",
            "postgresql://h/db?user=u&password=s3cret",
            "host=h user=u password=s3cret",
            "host=h password='s3cret' user=u",
            "postgres://u:s3c%zzret@h/db",
            "postgres://u:s3c@ret@h/db",
        ] {
            let info = ConnInfo::new(text);
            for shown in [format!("{info:?}"), info.scrub(&format!("bad URI {text:?}: {text}"))] {
                assert!(!shown.contains("s3c"), "{shown}");
                assert!(!shown.contains("ret@"), "{shown}");
            }
        }
    }

    #[test]
    fn what_libpq_quotes_of_a_malformed_string_is_hidden() {
        let uri = ConnInfo::new("postgres://u:s3/cret@h/db");
        let port = "invalid integer value \"s3\" for connection option \"port\"";
        assert_eq!(uri.scrub(port), port.replace("s3", "***"));
        let no_uri = ConnInfo::new("postgres//u:s3cret@h/db").with("application_name", "x");
        let missing = "missing \"=\" after \"postgres//u:s3cret@h/db\" in connection info string";
        let shown = "missing \"=\" after \"***\" in connection info string";
        assert_eq!(no_uri.scrub(missing), shown);
        let server = "connection to server at \"h\" failed";
        assert_eq!(uri.scrub(server), server);
    }
}
