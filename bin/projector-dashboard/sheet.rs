//! A sheet of sparklines: every series small, with what it said last. A drawing that stands alone.

use crate::board::{Board, Shown};
use crate::chart::{Span, event_attribute, kept, threshold};
use crate::words;
use std::fmt::Write as _;
use ulp_core::id::Time;
use ulp_core::text::xml_into;
use ulp_view::series::Number;

/// A cell, in pixels.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 96.0;
const MARGIN: f64 = 16.0;
/// How many cells stand side by side.
const COLUMNS: usize = 3;
/// The line within its cell.
const TOP: f64 = 44.0;
const FLOOR: f64 = 84.0;
/// How wide the line is; the value stands beside it.
const LINE: f64 = 190.0;
/// Most readings that a line shows.
const MOST: usize = 400;
/// How many letters fit.
const NAME: usize = 26;
const ACTOR: usize = 42;
const VALUE: usize = 12;

const HEAD: &str = "<style>text{font-family:DejaVu Sans,Verdana,sans-serif;fill:#1b2a38}.name{font-size:13px;font-weight:bold}\
                    .by{font-size:10px;fill:#5d6b78}.value{font-size:15px;font-weight:bold}.at{font-size:9px;fill:#5d6b78}\
                    .line{fill:none;stroke:#1f6fb5;stroke-width:1.5}.dot{fill:#1f6fb5}.limit{stroke:#c0392b;stroke-width:1;\
                    stroke-dasharray:4 3}.gap{fill:#e3e8ec}.alert{fill:#f6d5d0}.cell{fill:#fff;stroke:#d5dde4}\
                    .open{fill:#fdf3f1;stroke:#c0392b}</style>";

/// The drawing.
pub fn write(board: &Board<'_, '_>) -> String {
    let rows = board.series.len().div_ceil(COLUMNS).max(1);
    let columns = board.series.len().clamp(1, COLUMNS);
    let width = columns as f64 * (WIDTH + MARGIN) + MARGIN;
    let height = rows as f64 * (HEIGHT + MARGIN) + MARGIN + 18.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\"><title>Sensors</title>{HEAD}<rect width=\"{width}\" height=\"{height}\" fill=\"#f6f8fa\"/>\n"
    );
    if board.series.is_empty() {
        text("by", (MARGIN, 30.0), "start", "No sensor has spoken.", &mut svg);
    }
    for (n, shown) in board.series.iter().enumerate() {
        let x = MARGIN + (n % COLUMNS) as f64 * (WIDTH + MARGIN);
        let y = MARGIN + (n / COLUMNS) as f64 * (HEIGHT + MARGIN);
        let _ = write!(svg, "<g transform=\"translate({x} {y})\"{}>", about(shown));
        cell(shown, board, &mut svg);
        svg.push_str("</g>\n");
    }
    if let Some(end) = board.end {
        text("at", (MARGIN, height - 10.0), "start", &format!("up to {} UTC", words::moment(end)), &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The last reading, as the attributes of its cell.
fn about(shown: &Shown<'_, '_>) -> String {
    shown.figures.readings.last().map(event_attribute).unwrap_or_default()
}

fn cell(shown: &Shown<'_, '_>, board: &Board<'_, '_>, svg: &mut String) {
    let series = shown.series;
    let is_open = shown.findings.iter().any(|finding| finding.open().is_some());
    let class = if is_open { "open" } else { "cell" };
    let _ = write!(svg, "<rect class=\"{class}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>");
    text("name", (12.0, 20.0), "start", &cut(series.sensor, NAME), svg);
    text("by", (12.0, 35.0), "start", &cut(&format!("{} · {}", series.actor, series.space), ACTOR), svg);
    let right = WIDTH - 12.0;
    if let Some(last) = shown.figures.last {
        let value = format!("{} {}", words::value(last), series.unit_text());
        text("value", (right, 66.0), "end", &cut(value.trim(), VALUE), svg);
        text("at", (right, 80.0), "end", &words::moment(last.time())[5..16], svg);
    }
    if let Some(end) = board.end {
        line(shown, board.start, end, svg);
    }
}

/// The line of a cell, its gaps, its thresholds and what stood open.
fn line(shown: &Shown<'_, '_>, start: Option<Time>, end: Time, svg: &mut String) {
    let span = Span::of(shown, start, end);
    let first = shown.series.readings.len() - shown.figures.readings.len();
    let numbers: Vec<Number> = shown.figures.numbers.iter().filter(|n| n.at >= first).copied().collect();
    let x = |time: i64| {
        let share = time.saturating_sub(span.from) as f64 / span.to.saturating_sub(span.from).max(1) as f64;
        12.0 + share.clamp(0.0, 1.0) * (LINE - 12.0)
    };
    let mut band = |class: &str, from: Time, to: Time| {
        let (from, to) = (x(from.0), x(to.0));
        let (width, height) = ((to - from).max(0.5), FLOOR - TOP);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"/>"
        );
    };
    shown.figures.gaps.iter().for_each(|gap| band("gap", gap.from, gap.to.unwrap_or(end)));
    for stretch in shown.findings.iter().flat_map(|finding| &finding.stretches) {
        let to = stretch.closed.map_or(end, |at| shown.series.readings[at].time());
        if to.0 >= span.from {
            band("alert", stretch.since, to);
        }
    }
    let value = |number: &Number| number.value;
    let low = numbers.iter().map(value).fold(f64::INFINITY, f64::min);
    let high = numbers.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
    // Halves, as the difference of two doubles may be none.
    let y = |value: f64| {
        let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        FLOOR - if high > low { share } else { 0.5 } * (FLOOR - TOP)
    };
    for (limit, _) in shown.findings.iter().filter_map(|finding| threshold(finding.rule)) {
        if (low..=high).contains(&limit) {
            let _ = write!(svg, "<path class=\"limit\" d=\"M12 {:.1}H{LINE}\"/>", y(limit));
        }
    }
    let mut path = String::new();
    let mut run = None;
    for number in kept(&numbers, MOST) {
        let letter = if run == Some(number.run) { 'L' } else { 'M' };
        let _ = write!(path, "{letter}{:.1} {:.1}", x(number.time), y(number.value));
        run = Some(number.run);
    }
    if let Some(last) = numbers.last() {
        let _ = write!(svg, "<path class=\"line\" d=\"{path}\"/>");
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"/>",
            x(last.time),
            y(last.value)
        );
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

fn text(class: &str, (x, y): (f64, f64), anchor: &str, text: &str, svg: &mut String) {
    let _ = write!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">");
    xml_into(text, svg);
    svg.push_str("</text>");
}
