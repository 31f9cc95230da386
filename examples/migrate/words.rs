//! The library's sentences name its calls. Who reads them here types a command instead.

use planwright::Context;

use super::args::Arguments;

/// What stands before the verb.
pub(crate) struct Words {
    command: String,
}

impl Words {
    pub(crate) fn of(arguments: &Arguments) -> Self {
        let mut command = "migrate".to_owned();
        for context in &arguments.contexts {
            command = format!("{command} -c {context}");
        }
        if let Some(folder) = &arguments.migrations {
            command = format!("{command} --migrations {}", folder.display());
        }
        Self { command }
    }

    pub(crate) fn command(&self, verb: &str) -> String {
        format!("`{} {verb}`", self.command)
    }

    /// An error and what is behind it, a reason to a line.
    pub(crate) fn error(&self, error: &(dyn std::error::Error + 'static)) -> String {
        let mut text = self.typed(error.to_string().trim_end());
        let mut why = error.source();
        while let Some(cause) = why {
            let cause_text = cause.to_string();
            text = format!("{text}\n  because: {}", cause_text.trim_end().replace('\n', "\n  "));
            why = cause.source();
        }
        text
    }

    /// A sentence with commands in place of calls.
    fn typed(&self, sentence: &str) -> String {
        const RUNNER: &str = "`batch::Runner::new(&store).run(&mut job)`";
        let job = sentence.split("the job ").nth(1).and_then(|rest| rest.split(',').next());
        let mut rest = match job {
            Some(job) => sentence.replace(RUNNER, &self.command(&format!("job {job}"))),
            None => sentence.to_owned(),
        };
        let mut text = String::new();
        while let Some((before, call)) = rest.split_once("Migrator::new(&store)") {
            let (verb, after) = verb(call);
            text.push_str(before.trim_end_matches('`'));
            text.push_str(&self.command(&verb));
            rest = after.trim_start_matches('`').to_owned();
        }
        text + &rest
    }
}

/// `Context::Modelling, "20261120000100"` as `adopt modelling 20261120000100`.
fn adopt(arguments: &str) -> String {
    let (context, version) = arguments.split_once(", ").unwrap_or((arguments, ""));
    let named = |one: &&Context| format!("Context::{one:?}") == context;
    let context = Context::ALL.iter().find(named).map_or(context, |one| one.name());
    format!("adopt {context} {}", version.trim_matches('"'))
}

/// `.contexts([…]).confirm("x").contract("y")` as `contract y --confirm x`, and what follows it.
fn verb(call: &str) -> (String, &str) {
    let (mut verb, mut options, mut rest) = (String::new(), String::new(), call);
    while let Some((name, (argument, after))) = rest
        .strip_prefix('.')
        .and_then(|call| call.split_once('('))
        .and_then(|(name, tail)| Some((name, tail.split_once(')')?)))
    {
        let argument = argument.trim_matches('"');
        match name {
            "contexts" => {}
            "confirm" => options = format!("{options} --confirm {argument}"),
            "adopt" => verb = adopt(argument),
            _ => verb = format!("{name} {argument}"),
        }
        rest = after;
    }
    (format!("{}{options}", verb.trim_end()), rest)
}
