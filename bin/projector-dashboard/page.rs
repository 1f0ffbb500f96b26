//! One self-contained page, whole without its script: what stands open, a table of all series, a chart of each. Nothing is
//! fetched: a content policy forbids every request, and lets run the page's own script alone, by its hash.

use crate::board::{Board, Shown};
use crate::chart::{Span, draw, event_attribute};
use crate::derived::Open;
use crate::rules::{Rule, Test, Value};
use crate::watch::Finding;
use crate::words;
use data_encoding::BASE64;
use rayon::prelude::*;
use std::fmt::Write as _;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::text::xml_into;
use ulp_view::View;
use ulp_view::join::unquoted;
use ulp_view::scene::Settings;
use ulp_view::series::Reading;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// So many readings are drawn on a page, of all charts together; of a series at least and at most so many.
const POINTS: usize = 100_000;
const LEAST: usize = 80;
const MOST: usize = 1500;
/// From so many series on they can be looked for.
const MANY: usize = 7;

/// The page.
pub fn write(view: &View<'_, '_>, board: &Board<'_, '_>, open: &[Open]) -> String {
    let titles: Vec<String> = view.spaces.iter().map(title).collect();
    let title = if titles.is_empty() { "Sensors".to_owned() } else { words::short(&titles.join(", ")) };
    let mut out = head(&title);
    out.push_str("<header><h1>");
    xml_into(&title, &mut out);
    out.push_str("</h1>\n<p class=\"sub\">");
    let count = board.series.len();
    let _ = match board.end {
        Some(end) => write!(out, "{count} series up to {} UTC", words::moment(end)),
        None => write!(out, "Nothing was read."),
    };
    out.push_str("</p></header>\n<main>\n");
    push_alerts(open, &mut out);
    if count >= MANY {
        out.push_str("<label class=\"find\" hidden>Find a sensor<br><input type=\"search\" autocomplete=\"off\"></label>\n");
    }
    if let Some(end) = board.end.filter(|_| count > 0) {
        push_table(board, end, &mut out);
        let most = (POINTS / count).clamp(LEAST, MOST);
        let numbered = board.series.par_iter().enumerate();
        let sections: Vec<String> =
            numbered.map(|(n, shown)| section(n, shown, board.start, end, most)).collect();
        out.push_str("<div class=\"grid\">\n");
        sections.iter().for_each(|section| out.push_str(section));
        out.push_str("</div>\n");
        out.push_str(
            "<p class=\"legend\">Times are UTC. A grey band is a gap, in which nothing is known; a red one is when a rule \
             stood open. A dashed line is a threshold, a dotted one where it closes. Rings are the least and the greatest value.</p>\n",
        );
    }
    let _ = write!(out, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn head(title: &str) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    );
    let _ = writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; style-src {}\">",
        source(SCRIPT),
        source(STYLE)
    );
    out.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    xml_into(title, &mut out);
    let _ = write!(out, "</title>\n<style>{STYLE}</style>\n</head>\n<body>\n");
    out
}

/// The name of an inline script or style in a content policy.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::of(text.as_bytes()).0))
}

fn title(space: &ulp_view::join::Space<'_>) -> String {
    Settings::of_space(space).text("title").unwrap_or_else(|| space.space.to_owned())
}

fn push_alerts(open: &[Open], out: &mut String) {
    if open.is_empty() {
        return;
    }
    out.push_str("<ul class=\"alerts\" aria-label=\"Open alerts\">\n");
    for alert in open {
        out.push_str("<li data-node-id=\"");
        xml_into(&alert.node, out);
        out.push_str("\" data-event-id=\"");
        xml_into(&alert.event, out);
        out.push_str("\"><strong>");
        xml_into(&words::short(&alert.what), out);
        out.push_str("</strong> ");
        xml_into(&words::short(&alert.about), out);
        let _ = write!(out, " since {} (", words::moment(alert.since));
        xml_into(&words::short(&alert.severity), out);
        out.push_str(", ");
        xml_into(&words::short(&alert.status), out);
        out.push_str(")</li>\n");
    }
    out.push_str("</ul>\n");
}

/// The words by which a series is found.
fn push_words(shown: &Shown<'_, '_>, out: &mut String) {
    let series = shown.series;
    out.push_str(" data-words=\"");
    xml_into(&format!("{} {} {}", series.sensor, series.actor, series.space), out);
    out.push('"');
}

const COLUMNS: [&str; 9] =
    ["Sensor", "Last", "When", "Least", "Greatest", "Mean", "An hour", "Missing", "Alerts"];

fn push_table(board: &Board<'_, '_>, end: Time, out: &mut String) {
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All series\"><table>\n<thead><tr>",
    );
    COLUMNS.iter().for_each(|name| {
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    });
    out.push_str("</tr></thead>\n<tbody>\n");
    for (n, shown) in board.series.iter().enumerate() {
        push_row(n, shown, end, out);
    }
    out.push_str("</tbody></table></div>\n");
}

fn push_row(n: usize, shown: &Shown<'_, '_>, end: Time, out: &mut String) {
    let (series, figures) = (shown.series, &shown.figures);
    out.push_str("<tr");
    push_words(shown, out);
    let _ = write!(out, "><th scope=\"row\"><a href=\"#s{n}\">");
    xml_into(&words::short(series.sensor), out);
    out.push_str("</a><small>");
    xml_into(&words::short(&format!("{}, {}", series.actor, series.space)), out);
    out.push_str("</small></th>");
    let unit = words::short(&series.unit_text());
    let of = |reading: Option<&Reading<'_>>| reading.map(words::value).unwrap_or_default();
    let number = |number: Option<f64>| number.map(words::number).unwrap_or_default();
    push_cell(figures.last, format!("{} {unit}", of(figures.last)).trim(), out);
    push_cell(None, &figures.last.map(|last| words::moment(last.time())).unwrap_or_default(), out);
    push_cell(figures.least, &of(figures.least), out);
    push_cell(figures.greatest, &of(figures.greatest), out);
    push_cell(None, &number(figures.mean), out);
    push_cell(None, &figures.rate.map(signed).unwrap_or_default(), out);
    let is_missing = figures.missing > 0;
    push_cell(None, &if is_missing { words::duration(figures.missing) } else { String::new() }, out);
    let open: Vec<&str> = shown
        .findings
        .iter()
        .filter(|finding| finding.open().is_some())
        .map(|finding| finding.rule.name.as_str())
        .collect();
    out.push_str(if open.is_empty() { "<td class=\"text\">" } else { "<td class=\"text open\">" });
    xml_into(&words::short(&open.join(", ")), out);
    let is_silent = figures.gaps.last().is_some_and(|gap| gap.to.is_none()) && open.is_empty();
    if let Some(gap) = figures.gaps.last().filter(|_| is_silent) {
        let _ = write!(out, "silent for {}", words::duration(end.0.saturating_sub(gap.from.0)));
    }
    out.push_str("</td></tr>\n");
}

fn push_cell(reading: Option<&Reading<'_>>, text: &str, out: &mut String) {
    let _ = write!(out, "<td{}>", reading.map(event_attribute).unwrap_or_default());
    xml_into(text, out);
    out.push_str("</td>");
}

/// A number with its sign.
fn signed(number: f64) -> String {
    let text = words::number(number);
    if number > 0.0 { format!("+{text}") } else { text }
}

/// A series: its name and last value, its chart, its rules and figures.
fn section(n: usize, shown: &Shown<'_, '_>, start: Option<Time>, end: Time, most: usize) -> String {
    let (series, figures) = (shown.series, &shown.figures);
    let is_open = shown.findings.iter().any(|finding| finding.open().is_some());
    let mut out = format!("<section class=\"series{}\" id=\"s{n}\"", if is_open { " open" } else { "" });
    push_words(shown, &mut out);
    let _ = write!(out, " aria-labelledby=\"s{n}-name s{n}-of\">\n<header><h2 id=\"s{n}-name\">");
    let unit = words::short(&series.unit_text());
    let named = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    xml_into(&format!("{}{named}", words::short(series.sensor)), &mut out);
    out.push_str("</h2>");
    if let Some(last) = figures.last {
        let value = format!("{} {}", words::value(last), unit);
        let class = if value.chars().count() > 16 { " class=\"long\"" } else { "" };
        let _ = write!(out, "<p{class}{}>", event_attribute(last));
        xml_into(value.trim(), &mut out);
        out.push_str("</p>");
    }
    let _ = write!(out, "</header>\n<p class=\"sub\" id=\"s{n}-of\">");
    let node = figures.readings.last().and_then(|last| last.sensor.node).map(unquoted).unwrap_or_default();
    let at = if node.is_empty() { String::new() } else { format!(" at {node}") };
    xml_into(&words::short(&format!("{}{at}, {}", series.actor, series.space)), &mut out);
    out.push_str("</p>\n");
    let span = Span::of(shown, start, end);
    if figures.readings.len() > 1 {
        let _ = writeln!(out, "<figure>{}</figure>", draw(shown, span, end, &format!("s{n}-name"), most));
    }
    push_rules(shown, &mut out);
    push_figures(shown, span, end, &mut out);
    out.push_str("</section>\n");
    out
}

fn push_rules(shown: &Shown<'_, '_>, out: &mut String) {
    if shown.findings.is_empty() {
        return;
    }
    out.push_str("<ul class=\"rules\" aria-label=\"Rules\">\n");
    for finding in &shown.findings {
        let open = finding.open();
        out.push_str(if open.is_some() { "<li class=\"is-open\">" } else { "<li>" });
        xml_into(&format!("{}: {}", words::short(&finding.rule.name), told(finding.rule)), out);
        out.push_str(&said(finding, shown));
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

/// What a rule asks, in words.
fn told(rule: &Rule) -> String {
    let until = |limit: f64, clear: f64| {
        if clear == limit { String::new() } else { format!(", closes at {}", words::number(clear)) }
    };
    let test = match &rule.test {
        Test::Above { limit, clear } => format!("above {}{}", words::number(*limit), until(*limit, *clear)),
        Test::Below { limit, clear } => format!("below {}{}", words::number(*limit), until(*limit, *clear)),
        Test::Rising { limit, clear } => {
            format!("rising more than {} an hour{}", words::number(*limit), until(*limit, *clear))
        }
        Test::Equals(Value::Number(number)) => format!("is {}", words::number(*number)),
        Test::Equals(Value::Other(raw)) => format!("is {}", words::short(raw)),
        Test::Silent(longest) => format!("no reading for {}", words::duration(*longest)),
    };
    if rule.hold > 0 { format!("{test}, for {}", words::duration(rule.hold)) } else { test }
}

/// What became of it.
fn said(finding: &Finding<'_>, shown: &Shown<'_, '_>) -> String {
    match (finding.open(), finding.stretches.last()) {
        (Some(open), _) => format!(" — open since {}", words::moment(open.since)),
        (None, Some(last)) => {
            let until =
                last.closed.map(|at| words::moment(shown.series.readings[at].time())).unwrap_or_default();
            format!(" — last from {} to {until}", words::moment(last.since))
        }
        (None, None) => String::new(),
    }
}

fn push_figures(shown: &Shown<'_, '_>, span: Span, end: Time, out: &mut String) {
    let figures = &shown.figures;
    let at = |reading: Option<&Reading<'_>>| {
        reading.map(|reading| (words::value(reading), words::moment(reading.time())))
    };
    let plain = |text: String| (text, String::new());
    let number = |number: Option<f64>| number.map(words::number);
    let is_missing = figures.missing > 0;
    let silent = figures.gaps.last().filter(|gap| gap.to.is_none() && (span.is_cut || is_missing));
    let gaps = match figures.gaps.len() {
        1 => "in one gap".to_owned(),
        count => format!("in {count} gaps"),
    };
    let rows = [
        ("Readings", Some(plain(figures.count.to_string()))),
        ("Last", at(figures.last)),
        ("Least", at(figures.least)),
        ("Greatest", at(figures.greatest)),
        ("Mean", number(figures.mean).map(plain)),
        ("Median", number(figures.p50).map(plain)),
        ("95 in 100 below", number(figures.p95).map(plain)),
        ("An hour", figures.rate.map(signed).map(plain)),
        ("Missing", is_missing.then(|| (words::duration(figures.missing), gaps))),
        ("Silent for", silent.map(|gap| plain(words::duration(end.0.saturating_sub(gap.from.0))))),
    ];
    out.push_str("<dl class=\"figures\">");
    for (name, (value, more)) in rows.iter().filter_map(|(name, row)| Some((name, row.as_ref()?))) {
        let _ = write!(out, "<div><dt>{name}</dt><dd>");
        xml_into(value, out);
        if !more.is_empty() {
            let _ = write!(out, "<small>{more}</small>");
        }
        out.push_str("</dd></div>");
    }
    out.push_str("</dl>\n");
}
