//! Quoted identifiers and literals: the only ways by which a value enters the text of a statement.

use std::fmt;

/// An SQL identifier, always quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ident<'a>(pub(crate) &'a str);

impl fmt::Display for Ident<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// An SQL string literal, for statements that take no binds. The caller has refused NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Literal<'a>(pub(crate) &'a str);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With a backslash the E form, whatever standard_conforming_strings says.
        let prefix = if self.0.contains('\\') { " E" } else { "" };
        write!(f, "{prefix}'{}'", self.0.replace('\\', "\\\\").replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_do_not_end_the_text() {
        assert_eq!(Ident("a\"b").to_string(), "\"a\"\"b\"");
        assert_eq!(Literal("it's").to_string(), "'it''s'");
        assert_eq!(Literal("'; DROP TABLE plan; --").to_string(), "'''; DROP TABLE plan; --'");
        assert_eq!(Literal("\\'").to_string(), " E'\\\\'''");
    }
}
