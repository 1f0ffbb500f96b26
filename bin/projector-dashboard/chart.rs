//! A series as a chart: its line, broken where a gap is, the thresholds of its rules, and when they stood open. Drawn
//! here alone, as SVG; the page shows what this gives.

use crate::axis::{Moment, SECOND, Scale, moments};
use crate::board::{Shown, seconds};
use crate::rules::{Rule, Test};
use crate::words;
use std::fmt::Write as _;
use ulp_core::id::Time;
use ulp_core::text::xml_into;
use ulp_view::join::unquoted;
use ulp_view::series::{Number, Reading};

/// The drawing, in pixels of its own.
const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 62.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 38.0;
/// A band of words is lower.
const LOW: f64 = 108.0;
/// About so many ticks up, and at most so many along.
const UP: usize = 4;
const ALONG: i64 = 7;
/// How far the axis may reach for a threshold, as a multiple of what was read.
const REACH: f64 = 3.0;
/// A silence at the end that is longer than so many times what was before is cut off.
const SILENCE: i64 = 3;

/// The times that a chart shows, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
    /// Whether the end lies further on.
    pub is_cut: bool,
}

impl Span {
    /// From the first reading, or the start of the window, to the end.
    pub fn of(shown: &Shown<'_, '_>, start: Option<Time>, end: Time) -> Span {
        let readings = shown.figures.readings;
        let first = start.or(readings.first().map(Reading::time)).unwrap_or(end).0;
        let last = readings.last().map_or(first, |reading| reading.time().0);
        let spoke = last.saturating_sub(first);
        let silent = end.0.saturating_sub(last);
        if start.is_none() && spoke > 0 && silent / SILENCE > spoke {
            return Span { from: first, to: last.saturating_add(spoke / 10), is_cut: true };
        }
        Span { from: first, to: end.0.max(first.saturating_add(SECOND)), is_cut: false }
    }

    fn x(&self, time: i64) -> f64 {
        let share = time.saturating_sub(self.from) as f64 / self.to.saturating_sub(self.from).max(1) as f64;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }
}

/// A drawing that is being written.
struct Drawing<'d> {
    svg: String,
    span: Span,
    shown: &'d Shown<'d, 'd>,
    height: f64,
}

/// The chart of a series whose name is in the element `named`; `most` is how many readings it shows at most, those that
/// stand out.
pub fn draw(shown: &Shown<'_, '_>, span: Span, end: Time, named: &str, most: usize) -> String {
    let is_numbers = seen(shown).next().is_some();
    let height = if is_numbers { HEIGHT } else { LOW };
    let mut drawing = Drawing { svg: String::new(), span, shown, height };
    let _ = write!(
        drawing.svg,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{named}\">"
    );
    drawing.gaps(end);
    drawing.stretches(end);
    if is_numbers {
        drawing.numbers(most)
    } else {
        drawing.words(most)
    }
    drawing.svg.push_str("</svg>\n");
    drawing.svg
}

/// The numbers that are shown.
fn seen<'f>(shown: &'f Shown<'_, '_>) -> impl Iterator<Item = &'f Number> {
    let first = shown.series.readings.len() - shown.figures.readings.len();
    shown.figures.numbers.iter().filter(move |number| number.at >= first)
}

/// The threshold of a rule, and where it closes.
pub fn threshold(rule: &Rule) -> Option<(f64, f64)> {
    match rule.test {
        Test::Above { limit, clear } | Test::Below { limit, clear } => Some((limit, clear)),
        _ => None,
    }
}

impl Drawing<'_> {
    fn floor(&self) -> f64 {
        self.height - BOTTOM
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        let _ =
            write!(self.svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">");
        xml_into(text, &mut self.svg);
        self.svg.push_str("</text>");
    }

    /// A stretch of time from top to bottom, with what a pointer says of it.
    fn band(&mut self, class: &str, (from, to): (i64, i64), attributes: &str, title: &str) {
        let (from, to) = (self.span.x(from), self.span.x(to));
        let (width, height) = ((to - from).max(1.0), self.floor() - TOP);
        let _ = write!(
            self.svg,
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"{attributes}><title>"
        );
        xml_into(title, &mut self.svg);
        self.svg.push_str("</title></rect>");
    }

    fn gaps(&mut self, end: Time) {
        for gap in self.shown.figures.gaps.clone() {
            let to = gap.to.unwrap_or(end);
            let for_so_long = words::duration(to.0.saturating_sub(gap.from.0));
            let title = format!("no reading for {for_so_long} from {}", words::moment(gap.from));
            self.band("gap", (gap.from.0, to.0), "", &title);
        }
    }

    /// When rules stood open.
    fn stretches(&mut self, end: Time) {
        let shown = self.shown;
        for finding in &shown.findings {
            for stretch in &finding.stretches {
                let readings = &shown.series.readings;
                let to = stretch.closed.map_or(end, |at| readings[at].time());
                if to.0 < self.span.from {
                    continue;
                }
                let title = format!("{}, open from {}", finding.rule.name, words::moment(stretch.since));
                let event = event_attribute(&readings[stretch.opened]);
                self.band("alert", (stretch.since.0, to.0), &event, &title);
            }
        }
    }

    fn numbers(&mut self, most: usize) {
        let shown = self.shown;
        let numbers: Vec<Number> = seen(shown).copied().collect();
        let scale = self.scale(&numbers);
        let floor = self.floor();
        let y = |value: f64| floor - scale.share(value) * (floor - TOP);
        self.axis_up(&scale);
        self.axis_along();
        self.thresholds(&scale);
        let kept = kept(&numbers, most);
        let mut path = String::new();
        let mut run = None;
        for number in &kept {
            let letter = if run == Some(number.run) { 'L' } else { 'M' };
            let _ = write!(path, "{letter}{:.1} {:.1}", self.span.x(number.time), y(number.value));
            run = Some(number.run);
        }
        let _ = write!(self.svg, "<path class=\"line\" d=\"{path}\"/>");
        let size = if kept.len() <= 80 { 2.2 } else { 0.9 };
        for number in &kept {
            let reading = &shown.series.readings[number.at];
            self.point("point", reading, (self.span.x(number.time), y(number.value)), size);
        }
        self.extremes(&y);
    }

    /// The range of what was read, and of the thresholds that lie near it.
    fn scale(&self, numbers: &[Number]) -> Scale {
        let value = |number: &Number| number.value;
        let low = numbers.iter().map(value).fold(f64::INFINITY, f64::min);
        let high = numbers.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        let (mut least, mut most) = (low, high);
        for (limit, clear) in self.shown.findings.iter().filter_map(|finding| threshold(finding.rule)) {
            let (down, up) = (low.min(limit).min(clear), high.max(limit).max(clear));
            if high == low || up - down <= REACH * (high - low) {
                (least, most) = (least.min(down), most.max(up));
            }
        }
        Scale::around(least, most, UP)
    }

    fn axis_up(&mut self, scale: &Scale) {
        let floor = self.floor();
        for tick in scale.ticks.clone() {
            let y = floor - scale.share(tick) * (floor - TOP);
            let _ = write!(self.svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.1}\"/>", WIDTH - RIGHT);
            self.text("tick", (LEFT - 8.0, y + 3.5), "end", &scale.label(tick));
        }
        let unit = self.shown.series.unit_text();
        if !unit.is_empty() {
            self.text("unit", (LEFT - 8.0, 12.0), "end", &words::short(&unit));
        }
    }

    fn axis_along(&mut self) {
        let floor = self.floor();
        let _ = write!(self.svg, "<path class=\"axis\" d=\"M{LEFT} {floor}H{:.1}\"/>", WIDTH - RIGHT);
        let (from, to) = (self.span.from.div_euclid(SECOND), self.span.to.div_euclid(SECOND));
        let mut last_day = f64::NEG_INFINITY;
        for Moment { at, label, day } in moments(from, to, ALONG) {
            let x = self.span.x(at.saturating_mul(SECOND));
            let _ = write!(self.svg, "<path class=\"axis\" d=\"M{x:.1} {floor}v4\"/>");
            self.text("tick", (x, floor + 16.0), "middle", &label);
            // A day is named where there is room for it.
            if let Some(day) = day.filter(|_| x - last_day > 70.0) {
                self.text("day", (x, floor + 30.0), "middle", &day);
                last_day = x;
            }
        }
    }

    fn thresholds(&mut self, scale: &Scale) {
        let floor = self.floor();
        let mut named: Vec<f64> = Vec::new();
        for finding in &self.shown.findings {
            let Some((limit, clear)) = threshold(finding.rule) else { continue };
            for (value, class) in [(clear, "clear"), (limit, "limit")] {
                if !(scale.low..=scale.high).contains(&value) || class == "clear" && clear == limit {
                    continue;
                }
                let y = floor - scale.share(value) * (floor - TOP);
                let _ =
                    write!(self.svg, "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{:.1}\"/>", WIDTH - RIGHT);
                if class == "limit" && named.iter().all(|other| (other - y).abs() > 13.0) {
                    let text = format!("{} {}", words::short(&finding.rule.name), words::number(limit));
                    self.text("named", (LEFT + 6.0, y - 4.0), "start", &text);
                    named.push(y);
                }
            }
        }
    }

    /// A reading, with what a pointer asks of it.
    fn point(&mut self, class: &str, reading: &Reading<'_>, (x, y): (f64, f64), size: f64) {
        let _ = write!(self.svg, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size}\"");
        self.svg.push_str(&event_attribute(reading));
        let _ = write!(self.svg, " data-t=\"{}\" data-v=\"", seconds(reading.time().0));
        xml_into(&words::value(reading), &mut self.svg);
        self.svg.push_str("\"/>");
    }

    /// The least, the greatest and the last number, with their values.
    fn extremes(&mut self, y: &dyn Fn(f64) -> f64) {
        let figures = &self.shown.figures;
        let place = |reading: &Reading<'_>| Some((self.span.x(reading.time().0), y(reading.number()?)));
        let last = seen(self.shown).last().map(|number| &self.shown.series.readings[number.at]);
        let (least, greatest) = (figures.least, figures.greatest);
        let places = [(least, "least", 14.0), (greatest, "greatest", -7.0)];
        let same = |a: &Reading<'_>, b: Option<&Reading<'_>>| b.is_some_and(|b| a.key == b.key);
        let marks: Vec<_> = places
            .into_iter()
            .filter_map(|(reading, class, below)| Some((reading?, class, below, place(reading?)?)))
            .filter(|(reading, ..)| !same(reading, last))
            .collect();
        let last_place = last.and_then(|last| Some((last, place(last)?)));
        for (reading, class, below, (x, y)) in marks {
            self.point(class, reading, (x, y), 3.4);
            let anchor = if x < LEFT + 30.0 {
                "start"
            } else if x > WIDTH - RIGHT - 30.0 {
                "end"
            } else {
                "middle"
            };
            // Below the least, unless the axis is there.
            let below = if y + below > self.floor() { -7.0 } else { below };
            self.text("value", (x, y + below), anchor, &words::value(reading));
        }
        if let Some((last, (x, y))) = last_place {
            self.point("last", last, (x, y), 4.0);
            // Beside the end where it stands there, above it where the end lies further on.
            let is_at_end = x > WIDTH - RIGHT - 12.0;
            let (at, anchor) =
                if is_at_end { ((x + 9.0, y + 4.0), "start") } else { ((x, y - 9.0), "middle") };
            self.text("value strong", at, anchor, &words::value(last));
        }
    }

    /// What is said in words: a bar as long as each of them stood, with the word where it fits.
    fn words(&mut self, most: usize) {
        let shown = self.shown;
        self.axis_along();
        let floor = self.floor();
        let readings = shown.figures.readings;
        let limit = shown.figures.gaps.iter().map(|gap| gap.from).collect::<Vec<_>>();
        let mut known: Vec<String> = Vec::new();
        for (at, reading) in readings.iter().enumerate().take(most) {
            if reading.is_null() {
                continue;
            }
            let next = readings.get(at + 1).map_or(self.span.to, |next| next.time().0);
            let text = words::value(reading);
            let shade = known.iter().position(|word| *word == text).unwrap_or_else(|| {
                known.push(text.clone());
                known.len() - 1
            });
            let (from, to) = (self.span.x(reading.time().0), self.span.x(next));
            // A word that nothing confirms is known for that moment alone.
            let is_known = !limit.contains(&reading.time());
            let width = if is_known { (to - from).max(2.0) } else { 3.0 };
            let _ = write!(
                self.svg,
                "<rect class=\"word shade{}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                shade % 4,
                TOP + 4.0,
                floor - TOP - 8.0
            );
            let room = to - from;
            if room > 8.0 * text.chars().count() as f64 + 8.0 {
                self.text("inside", (from + 6.0, (TOP + floor) / 2.0 + 4.0), "start", &text);
            }
            self.point("point", reading, (from, (TOP + floor) / 2.0), 2.2);
        }
    }
}

/// The event behind a reading, and the node that it is of, as attributes.
pub fn event_attribute(reading: &Reading<'_>) -> String {
    let mut out = String::from(" data-event-id=\"");
    xml_into(reading.key.id, &mut out);
    out.push('"');
    let node = reading.sensor.node.map(unquoted).unwrap_or_default();
    if !node.is_empty() {
        out.push_str(" data-node-id=\"");
        xml_into(&node, &mut out);
        out.push('"');
    }
    out
}

/// The numbers that are drawn: all, or, of more than `most`, in each of as many columns as that allows the first, the
/// least, the greatest and the last, so that no peak is lost.
pub fn kept(numbers: &[Number], most: usize) -> Vec<Number> {
    if numbers.len() <= most {
        return numbers.to_vec();
    }
    let columns = (most / 4).max(1);
    let mut kept: Vec<Number> = Vec::with_capacity(most);
    for column in numbers.chunks(numbers.len().div_ceil(columns)) {
        let least = column.iter().reduce(|a, b| if b.value < a.value { b } else { a });
        let greatest = column.iter().reduce(|a, b| if b.value > a.value { b } else { a });
        let mut four: Vec<Number> =
            [column.first(), least, greatest, column.last()].into_iter().flatten().copied().collect();
        four.sort_by_key(|number| number.at);
        four.dedup_by_key(|number| number.at);
        kept.extend(four);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peak_is_lost() {
        let number =
            |at: usize| Number { at, time: at as i64, value: if at == 777 { 9.0 } else { 0.0 }, run: 0 };
        let numbers: Vec<Number> = (0..10_000).map(number).collect();
        let kept = kept(&numbers, 400);
        assert!(kept.len() <= 400 && kept.iter().any(|n| n.at == 777));
        assert_eq!((kept[0].at, kept[kept.len() - 1].at), (0, 9_999));
        assert!(kept.windows(2).all(|two| two[0].at < two[1].at));
    }
}
