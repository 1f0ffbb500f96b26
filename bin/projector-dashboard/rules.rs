//! The rules: what of a series is an alert, as a file in YAML says it.

use ulp_core::id::{Tile, is_id};
use ulp_core::json::write_canonical;
use ulp_core::pattern::Pattern;
use ulp_core::yaml::{self, Fault, Node};

/// Most rules: each is held against every series.
const MOST_RULES: usize = 1000;
/// The properties that an alert may be given: CAP's names, as projector-alert reads them.
const PROPERTIES: [&str; 18] = [
    "areaDesc",
    "category",
    "certainty",
    "contact",
    "description",
    "event",
    "expires",
    "headline",
    "instruction",
    "language",
    "onset",
    "responseType",
    "sender",
    "senderName",
    "severity",
    "status",
    "urgency",
    "web",
];

/// What a file asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// The longest pause that is no gap, in nanoseconds.
    pub max_gap: Option<i64>,
    /// In the order of the file.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub name: String,
    pub sensor: Option<Pattern>,
    pub actor: Option<Pattern>,
    pub space: Option<Pattern>,
    pub tile: Option<Pattern>,
    pub layer: Option<Pattern>,
    pub test: Test,
    /// How long it must hold before it opens, in nanoseconds.
    pub hold: i64,
    pub alert: Alert,
}

/// What is asked of a reading.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Above {
        limit: f64,
        clear: f64,
    },
    Below {
        limit: f64,
        clear: f64,
    },
    /// More than so much by the hour.
    Rising {
        limit: f64,
        clear: f64,
    },
    Equals(Value),
    /// No reading for longer than so many nanoseconds.
    Silent(i64),
}

/// A value that a reading can equal.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    /// Canonical JSON.
    Other(String),
}

/// What the alert is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// Properties by name, as canonical JSON.
    pub properties: Vec<(String, String)>,
    pub area: Option<Area>,
}

/// Where an alert holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Area {
    /// Around the reading, in metres.
    Radius(f64),
    /// As a node lies.
    Node(String),
}

impl Rules {
    /// The rules of a text.
    ///
    /// # Errors
    /// The first thing that is not understood.
    pub fn parse(text: &str) -> Result<Rules, Fault> {
        let mut all = Rules::default();
        let Some(top) = yaml::parse(text)? else { return Ok(all) };
        for (key, name, value) in top.map()? {
            match name {
                "max_gap" => all.max_gap = Some(value.duration()?),
                "rules" => all.rules = value.list()?.iter().map(rule).collect::<Result<_, _>>()?,
                _ => return Err(key.fault("max_gap or rules is wanted")),
            }
            if all.rules.len() > MOST_RULES {
                return Err(value.fault(format_args!("at most {MOST_RULES} are wanted")));
            }
            if let Some(twice) = (1..all.rules.len()).find(|n| all.is_named_before(*n)) {
                let again = &value.list()?[twice];
                return Err(again.fault(format_args!("{} stands twice", all.rules[twice].name)));
            }
        }
        Ok(all)
    }

    /// Whether a rule before this one has its name.
    fn is_named_before(&self, number: usize) -> bool {
        self.rules[..number].iter().any(|before| before.name == self.rules[number].name)
    }
}

/// The members of a rule, before it is known which go together.
#[derive(Default)]
struct Members<'n> {
    name: Option<String>,
    patterns: [Option<Pattern>; 5],
    tests: Vec<(&'n Node, &'n str, &'n Node)>,
    clear: Option<(&'n Node, f64)>,
    hold: Option<(&'n Node, i64)>,
    alert: Alert,
}

/// The members that say which readings a rule looks at.
const WHERE: [&str; 5] = ["sensor", "actor", "space", "tile", "layer"];

fn rule(node: &Node) -> Result<Rule, Fault> {
    let mut members = Members::default();
    for (key, name, value) in node.map()? {
        match name {
            "name" => members.name = Some(rule_name(value)?),
            "above" | "below" | "rising" | "equals" | "silent" => members.tests.push((key, name, value)),
            "clear" => members.clear = Some((key, value.number()?)),
            "for" => members.hold = Some((key, value.duration()?)),
            "alert" => members.alert = alert(value)?,
            _ => match WHERE.iter().position(|known| *known == name) {
                Some(place) => members.patterns[place] = Some(pattern(value)?),
                None => return Err(key.fault("no such member of a rule")),
            },
        }
    }
    members.into_rule(node)
}

impl Members<'_> {
    fn into_rule(self, node: &Node) -> Result<Rule, Fault> {
        let [sensor, actor, space, tile, layer] = self.patterns;
        let name = self.name.ok_or_else(|| node.fault("a rule has a name"))?;
        let test = match self.tests[..] {
            [(_, name, value)] => test(name, value, self.clear)?,
            [] => return Err(node.fault("a rule has above, below, rising, equals or silent")),
            [_, (second, ..), ..] => return Err(second.fault("a rule has one test")),
        };
        let hold = match (self.hold, &test) {
            (Some((key, _)), Test::Silent(_)) => return Err(key.fault("silent says itself how long")),
            (hold, _) => hold.map_or(0, |(_, hold)| hold),
        };
        Ok(Rule { name, sensor, actor, space, tile, layer, test, hold, alert: self.alert })
    }
}

/// The name becomes a part of an actor's.
fn rule_name(value: &Node) -> Result<String, Fault> {
    let name = value.string()?;
    let fits = !name.is_empty() && is_id(&format!("rule:{name}"));
    if fits { Ok(name.to_owned()) } else { Err(value.fault("not 1 to 251 bytes without control characters")) }
}

fn pattern(value: &Node) -> Result<Pattern, Fault> {
    let text = value.string()?;
    if text.is_empty() { Err(value.fault("not a pattern")) } else { Ok(Pattern::new(text)) }
}

fn test(name: &str, value: &Node, clear: Option<(&Node, f64)>) -> Result<Test, Fault> {
    if let ("equals" | "silent", Some((key, _))) = (name, clear) {
        return Err(key.fault("it goes with above, below and rising"));
    }
    Ok(match name {
        "equals" => Test::Equals(equals(value)?),
        "silent" => Test::Silent(value.duration()?),
        _ => {
            let limit = value.number()?;
            let (key, clear) = clear.unwrap_or((value, limit));
            let opens_again = if name == "below" { clear < limit } else { clear > limit };
            if opens_again {
                return Err(key.fault("it closes where it opens: clear lies on the other side"));
            }
            match name {
                "above" => Test::Above { limit, clear },
                "below" => Test::Below { limit, clear },
                _ => Test::Rising { limit, clear },
            }
        }
    })
}

fn equals(value: &Node) -> Result<Value, Fault> {
    if let Ok(number) = value.number() {
        return Ok(Value::Number(number));
    }
    let raw = canonical(value)?;
    let is_said = raw.starts_with('"') || matches!(raw.as_str(), "true" | "false");
    if is_said { Ok(Value::Other(raw)) } else { Err(value.fault("a number, a string or a truth is wanted")) }
}

fn alert(node: &Node) -> Result<Alert, Fault> {
    let mut alert = Alert::default();
    for (key, name, value) in node.map()? {
        let area = match name {
            "radius" => Area::Radius(radius(value)?),
            "area" => Area::Node(node_id(value)?),
            _ if PROPERTIES.contains(&name) => {
                alert.properties.push((name.to_owned(), canonical(value)?));
                continue;
            }
            _ => return Err(key.fault("no such member of an alert")),
        };
        if alert.area.replace(area).is_some() {
            return Err(key.fault("either a radius or an area is wanted"));
        }
    }
    Ok(alert)
}

fn radius(value: &Node) -> Result<f64, Fault> {
    let radius = value.number()?;
    if radius > 0.0 { Ok(radius) } else { Err(value.fault("a length in metres is wanted")) }
}

fn node_id(value: &Node) -> Result<String, Fault> {
    let id = value.string()?;
    if is_id(id) { Ok(id.to_owned()) } else { Err(value.fault("not a node_id")) }
}

fn canonical(value: &Node) -> Result<String, Fault> {
    let mut out = Vec::new();
    write_canonical(&value.json()?, &mut out);
    Ok(String::from_utf8(out).expect("because JSON is UTF-8"))
}

impl Rule {
    /// Whether it looks at a series of this name.
    pub fn takes_series(&self, space: &str, actor: &str, sensor: &str) -> bool {
        let takes = |pattern: &Option<Pattern>, name| pattern.as_ref().is_none_or(|p| p.matches(name));
        takes(&self.space, space) && takes(&self.actor, actor) && takes(&self.sensor, sensor)
    }

    /// Whether it looks at a reading in this tile, of this layer; where it does not care, nobody asks which.
    pub fn takes_reading(&self, tile: Tile, layer: impl FnOnce() -> String) -> bool {
        self.tile.as_ref().is_none_or(|pattern| pattern.matches(&tile.to_string()))
            && self.layer.as_ref().is_none_or(|pattern| pattern.matches(&layer()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const RULE: &str = "rules:\n  - name: a\n    sensor: l*\n";

    fn only(text: &str) -> Rule {
        Rules::parse(&format!("{RULE}    {text}\n")).unwrap().rules.remove(0)
    }

    #[test]
    fn a_rule_says_what_it_says() {
        let rule = only("above: 2.0\n    clear: 1.8\n    for: 10m\n    alert: {event: Flood, radius: 1.5}");
        assert_eq!(rule.test, Test::Above { limit: 2.0, clear: 1.8 });
        assert_eq!((rule.hold, rule.alert.area), (600_000_000_000, Some(Area::Radius(1.5))));
        assert_eq!(rule.alert.properties, [("event".to_owned(), "\"Flood\"".to_owned())]);
        assert_eq!(only("below: -1e-3").test, Test::Below { limit: -0.001, clear: -0.001 });
        assert_eq!(only("equals: 12").test, Test::Equals(Value::Number(12.0)));
        assert_eq!(only("equals: '12'").test, Test::Equals(Value::Other("\"12\"".to_owned())));
        assert_eq!(only("equals: true").test, Test::Equals(Value::Other("true".to_owned())));
        assert_eq!(only("silent: 30m").test, Test::Silent(1_800_000_000_000));
        assert!(only("silent: 1s").takes_series("s", "x", "level") && !rule.sensor.unwrap().matches("x"));
        assert_eq!(Rules::parse("max_gap: 20m\n").unwrap().max_gap, Some(1_200_000_000_000));
        assert_eq!(Rules::parse("# nothing\n"), Ok(Rules::default()));
    }

    #[test]
    fn what_is_not_understood_is_refused_where_it_stands() {
        for (text, line, column) in [
            ("gap: 1m", 1, 1),
            ("max_gap: 20", 1, 10),
            ("rules: {}", 1, 8),
            ("rules:\n  - sensor: a\n    above: 1", 2, 5),
            ("rules:\n  - name: a", 2, 5),
            ("rules:\n  - {name: a, above: 1, below: 2}", 2, 25),
            ("rules:\n  - {name: a, above: high}", 2, 22),
            ("rules:\n  - {name: a, above: .inf}", 2, 22),
            ("rules:\n  - {name: a, above: 1, clear: 2}", 2, 25),
            ("rules:\n  - {name: a, below: 1, clear: 0.5}", 2, 25),
            ("rules:\n  - {name: a, equals: 1, clear: 2}", 2, 26),
            ("rules:\n  - {name: a, equals: null}", 2, 23),
            ("rules:\n  - {name: a, equals: [1]}", 2, 23),
            ("rules:\n  - {name: a, silent: 1m, for: 1m}", 2, 27),
            ("rules:\n  - {name: a, above: 1, colour: red}", 2, 25),
            ("rules:\n  - {name: a, above: 1, alert: {colour: red}}", 2, 33),
            ("rules:\n  - {name: a, above: 1, alert: {radius: 0}}", 2, 41),
            ("rules:\n  - {name: a, above: 1, alert: {radius: 1, area: n}}", 2, 44),
            ("rules:\n  - {name: a, above: 1}\n  - {name: a, below: 1}", 3, 5),
            ("rules:\n  - {name: \"a\\n\", above: 1}", 2, 12),
        ] {
            let fault = Rules::parse(text).map(drop).expect_err(text);
            assert_eq!((fault.at.line, fault.at.column), (line, column), "{text}: {}", fault.reason);
        }
    }
}
