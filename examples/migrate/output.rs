//! What goes to standard output and standard error.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

/// The result, as text for a person or one JSON value for a program, and what is told beside it.
pub(crate) struct Output<'w> {
    out: RefCell<&'w mut dyn Write>,
    err: RefCell<&'w mut dyn Write>,
    json: bool,
}

impl<'w> Output<'w> {
    pub(crate) fn new(out: &'w mut dyn Write, err: &'w mut dyn Write, json: bool) -> Self {
        Self { out: RefCell::new(out), err: RefCell::new(err), json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a text, with one line feed at its end.
    ///
    /// That nobody reads it is no error: `| head` must not stop a migration.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        let mut out = self.out.borrow_mut();
        match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    pub(crate) fn value(&self, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
        self.text(&serde_json::to_string_pretty(value)?)
    }

    /// Prints a report.
    pub(crate) fn show(&self, report: &(impl Serialize + Display)) -> io::Result<()> {
        if self.json { self.value(report) } else { self.text(&report.to_string()) }
    }

    /// Prints a list, an entry to a line.
    pub(crate) fn list(&self, list: &[impl Serialize + Display], empty: &str) -> io::Result<()> {
        if self.json {
            return self.value(list);
        }
        let lines: Vec<_> = list.iter().map(ToString::to_string).collect();
        self.text(if lines.is_empty() { empty.to_owned() } else { lines.join("\n") }.as_str())
    }

    /// Says on standard error what is no result.
    pub(crate) fn note(&self, text: impl Display) {
        // Whoever has closed it does not want to know.
        let _ = writeln!(self.err.borrow_mut(), "migrate: {text}");
    }
}
