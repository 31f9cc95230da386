//! What goes on, on standard error: a bar on a terminal, lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use planwright::{batch, migrate};

use super::output::Output;

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a template that is known to be good")
}

/// A line that says which migration runs, and for how long.
pub(crate) fn migrations() -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_style(style("{spinner} {elapsed} {msg}"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Calls `done` with the name of each migration, and how long it took, as soon as it is done: if a
/// later one fails, it is known what stays.
pub(crate) fn tell<F: Fn(&str, Duration)>(
    bar: &ProgressBar,
    out: &Output<'_>,
    done: F,
) -> impl FnMut(&migrate::Progress) {
    let bar = bar.clone();
    move |event| match event {
        migrate::Progress::Started { name, .. } if !bar.is_hidden() => {
            bar.set_message(name.clone());
        }
        migrate::Progress::Finished { name, duration } => bar.suspend(|| done(name, *duration)),
        // Worth keeping: who is in the way, what is tried again.
        other => bar.suspend(|| out.note(other)),
    }
}

/// A bar of rows.
pub(crate) fn job() -> ProgressBar {
    let template = "{elapsed} {wide_bar} {human_pos} of about {human_len} rows, {per_sec} {msg}";
    ProgressBar::new(0).with_style(style(template))
}

pub(crate) fn tell_job(bar: &ProgressBar, out: &Output<'_>) -> impl FnMut(&batch::Progress) {
    use batch::Progress;
    const PAUSE: Duration = Duration::from_secs(10);
    let bar = bar.clone();
    let mut told = Instant::now();
    move |event| {
        let worth_a_line = match event {
            Progress::Started { rows_estimated } => {
                bar.set_length(rows_estimated.unwrap_or(0));
                bar.is_hidden()
            }
            Progress::Resumed { rows_done, rows_estimated, .. } => {
                bar.set_length(rows_estimated.unwrap_or(0));
                bar.set_position(*rows_done);
                bar.is_hidden()
            }
            Progress::BatchDone { rows_done, .. } => {
                // An estimate may be too low.
                bar.set_length(bar.length().unwrap_or(0).max(*rows_done));
                bar.set_position(*rows_done);
                bar.is_hidden() && told.elapsed() > PAUSE
            }
            Progress::Verifying => {
                bar.set_message("verifying");
                bar.is_hidden()
            }
            // The report says it.
            Progress::Finished { .. } => false,
            _ => true,
        };
        if worth_a_line {
            told = Instant::now();
            bar.suspend(|| out.note(event));
        }
    }
}
