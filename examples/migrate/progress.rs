//! What goes on, on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use planwright::{batch, migrate};

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a template that is known to be good")
}

/// A line that says which migration runs, and for how long.
pub(crate) fn migrations() -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_style(style("{spinner} {elapsed} {msg}"));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}

pub(crate) fn tell(bar: &ProgressBar) -> impl FnMut(&migrate::Progress) + use<> {
    let bar = bar.clone();
    move |event| match event {
        migrate::Progress::Started { name, .. } => bar.set_message(name.clone()),
        migrate::Progress::Finished { .. } => {}
        // Worth keeping: who is in the way, what is tried again.
        other => bar.suspend(|| eprintln!("migrate: {other}")),
    }
}

/// A bar of rows.
pub(crate) fn job() -> ProgressBar {
    let template = "{elapsed} {wide_bar} {human_pos} of about {human_len} rows, {per_sec} {msg}";
    ProgressBar::new(0).with_style(style(template))
}

pub(crate) fn tell_job(bar: &ProgressBar) -> impl FnMut(&batch::Progress) + use<> {
    use batch::Progress;
    let bar = bar.clone();
    move |event| match event {
        Progress::Started { rows_estimated } => bar.set_length(rows_estimated.unwrap_or(0)),
        Progress::Resumed { rows_done, rows_estimated, .. } => {
            bar.set_length(rows_estimated.unwrap_or(0));
            bar.set_position(*rows_done);
        }
        Progress::BatchDone { rows_done, .. } => {
            // An estimate may be too low.
            bar.set_length(bar.length().unwrap_or(0).max(*rows_done));
            bar.set_position(*rows_done);
        }
        Progress::Verifying => bar.set_message("verifying"),
        other => bar.suspend(|| eprintln!("migrate: {other}")),
    }
}
