//! How much of each goal is used up, as a picture.

use std::fmt::{self, Write as _};

use super::figures::{Figure, Figures};

const WIDTH: f64 = 960.0;
/// Where bars begin, and where a goal is just met.
const LEFT: f64 = 430.0;
const GOAL: f64 = 720.0;
const LINE: f64 = 26.0;
/// Longer bars are cut.
const MOST: f64 = 1.3;

pub(crate) fn svg(all: &[Figures]) -> Result<String, fmt::Error> {
    let shown: Vec<(&Figures, Vec<(&Figure, f64)>)> = all
        .iter()
        .map(|figures| {
            let bars = figures.list.iter().filter_map(|f| Some((f, f.share()?))).collect();
            (figures, bars)
        })
        .filter(|(_, bars): &(_, Vec<_>)| !bars.is_empty())
        .collect();
    let lines: usize = shown.iter().map(|(_, bars)| bars.len() + 1).sum();
    let height = 62.0 + LINE * lines as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    let mut text = |x: f64, y: f64, style: &str, text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        writeln!(svg, "<text x=\"{x}\" y=\"{y}\" {style}>{text}</text>")
    };
    text(
        16.0,
        26.0,
        "font-size=\"16\" font-weight=\"bold\" fill=\"#222222\"",
        "How much of each goal is used up",
    )?;
    let centred = "text-anchor=\"middle\" fill=\"#666666\"";
    text(GOAL, 26.0, centred, "the goal")?;
    text(LEFT, 26.0, centred, "0")?;
    let mut bars = String::new();
    let mut y = 34.0;
    for (figures, of_goal) in &shown {
        y += LINE;
        let title = format!("{}. {}", figures.number, figures.title);
        text(16.0, y, "font-weight=\"bold\" fill=\"#222222\"", &title)?;
        for (figure, share) in of_goal {
            y += LINE;
            let colour = if *share <= 1.0 { "#2f7d4f" } else { "#b3372f" };
            let length = share.min(MOST) * (GOAL - LEFT);
            let top = y - 13.0;
            writeln!(
                bars,
                "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" height=\"17\" fill=\"{colour}\"/>"
            )?;
            let name = match figure.against.as_str() {
                "" => figure.what.clone(),
                against => format!("{} : {against}", figure.what),
            };
            text(LEFT - 10.0, y, "text-anchor=\"end\" font-size=\"12\" fill=\"#222222\"", &name)?;
            let [measured, goal, ..] = figure.cells();
            let measured = measured.split(" (").next().unwrap_or_default();
            let label = format!("{measured}, goal {goal}");
            let x = LEFT + length.max(GOAL - LEFT) + 10.0;
            text(x, y, "font-size=\"12\" fill=\"#222222\"", &label)?;
        }
    }
    let bottom = height - 14.0;
    svg.push_str(&bars);
    writeln!(
        svg,
        "<line x1=\"{GOAL}\" x2=\"{GOAL}\" y1=\"36\" y2=\"{bottom}\" stroke=\"#222222\" \
         stroke-dasharray=\"4 3\"/>\n</svg>"
    )?;
    Ok(svg)
}
