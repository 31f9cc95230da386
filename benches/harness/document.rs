//! docs/performance.json keeps the figures; the table and the plot in docs/ are made of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::figures::{Figure, Figures};
use super::{Outcome, plot};

const START: &str = "<!-- What follows is written by ./dev bench. -->\n";
const END: &str = "<!-- What was written by ./dev bench ends here. -->";

/// Puts new figures in the place of older ones.
pub(crate) fn document(measured: Vec<Figures>) -> Outcome {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let kept = docs.join("performance.json");
    let mut all: Vec<Figures> = match fs::read_to_string(&kept) {
        Ok(json) => serde_json::from_str(&json)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    all.retain(|old| measured.iter().all(|new| new.name != old.name));
    all.extend(measured);
    all.sort_by_key(|figures| figures.number);
    fs::write(&kept, serde_json::to_string_pretty(&all)? + "\n")?;
    fs::write(docs.join("performance.svg"), plot::svg(&all)?)?;

    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(START).ok_or("docs/performance.md has no start mark")?;
    let (_, after) = rest.split_once(END).ok_or("docs/performance.md has no end mark")?;
    fs::write(&page, format!("{before}{START}{}{END}{after}", table(&all)?))?;
    println!("\ndocs/performance.md, .svg and .json are written");
    Ok(())
}

fn table(all: &[Figures]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for figures in all {
        let versions: Vec<_> = figures.versions.iter().map(|(of, v)| format!("{of} {v}")).collect();
        writeln!(text, "\n### {}. {}\n", figures.number, figures.title)?;
        writeln!(text, "{}, {}, {}.\n", figures.date, figures.machine, versions.join(", "))?;
        writeln!(text, "| what | against | measured | goal | | median times | round trips |")?;
        writeln!(text, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for figure in &figures.list {
            let [measured, goal, times, trips] = figure.cells();
            let verdict = figure.verdict();
            let Figure { what, against, .. } = figure;
            writeln!(
                text,
                "| {what} | {against} | {measured} | {goal} | {verdict} | {times} | {trips} |"
            )?;
        }
    }
    text.push('\n');
    Ok(text)
}
