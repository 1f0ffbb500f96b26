//! Random histories that look for trouble: small pools of names, nodes, lanes and times, so that events collide a
//! lot; causes that are missing, stricter, cyclic or in the future; odd spellings of the same facts.
//!
//! Invariant: a history is a function of (seed, size), and each of its lines is one that every tool accepts.
//!
//! Left out on purpose: doubles that are integers between 2^53 and 10^21. A trace may spell them with an exponent,
//! and their canonical form is an integer literal that strict JSON refuses. Also signatures, dotfile defaults, and
//! nulls where the tables do not name them.

use super::canonical::{canonical, parse};
use super::event::complete;
use super::state::SETTERS;
use serde_json::{Map, Value, json};

pub use super::pieces::{beside, cut, cut_below, names_once};

/// splitmix64.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to n − 1.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Lines in another order.
pub fn shuffle(rng: &mut Rng, lines: &mut [String]) {
    for at in (1..lines.len()).rev() {
        lines.swap(at, rng.below(at + 1));
    }
}

/// The lines and a second copy of some, written as they were or differently.
pub fn duplicate(rng: &mut Rng, lines: &[String]) -> Vec<String> {
    let mut out = lines.to_vec();
    for line in lines {
        if rng.chance(30) {
            out.push(if rng.chance(50) { line.clone() } else { respell(rng, line) });
        }
    }
    out
}

/// A history of `size` lines, some of which are duplicates.
pub fn history(seed: u64, size: usize) -> Vec<String> {
    let mut rng = Rng::new(seed);
    let mut world = World::new(&mut rng);
    let mut lines: Vec<String> = Vec::new();
    while lines.len() < size {
        if !lines.is_empty() && rng.chance(8) {
            let line = lines[rng.below(lines.len())].clone();
            lines.push(if rng.chance(30) { line } else { respell(&mut rng, &line) });
            continue;
        }
        let event = world.event(&mut rng);
        let name = complete(&event)["event_id"].as_str().expect("a name").to_owned();
        world.used.push(name);
        lines.push(if rng.chance(30) { spell(&mut rng, &event) } else { event.to_string() });
    }
    lines
}

/// The same event in other words: its members in another order, other spaces, numbers and escapes, and with or
/// without what completion gives.
pub fn respell(rng: &mut Rng, line: &str) -> String {
    let mut event = parse(line);
    if rng.chance(40) {
        event = complete(&event);
    } else if rng.chance(40) {
        event = shortened(&event);
    }
    spell(rng, &event)
}

/// The same line of any kind in other words: nothing is completed, and nothing left out.
pub fn respell_any(rng: &mut Rng, line: &str) -> String {
    spell(rng, &parse(line))
}

/// An event without the fields that completion would give it just so; its name and timestamp stay.
fn shortened(event: &Value) -> Value {
    let mut short = event.clone();
    for field in ["space_id", "layer_id", "tile", "preserves_invariants", "previous_events", "scope"] {
        let mut without = short.clone();
        without.as_object_mut().expect("an object").remove(field);
        if complete(&without) == complete(event) {
            short = without;
        }
    }
    short
}

// Spelling. ------------------------------------------------------------------------------------------------

fn spell(rng: &mut Rng, value: &Value) -> String {
    match value {
        Value::Number(_) => spell_number(rng, value),
        Value::String(text) => spell_text(rng, text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| spaced(rng, item)).collect();
            format!("[{}{}]", space(rng), items.join(","))
        }
        Value::Object(members) => {
            let mut spelt: Vec<String> = Vec::new();
            for (name, value) in members {
                let name = spell_text(rng, name);
                spelt.push(format!("{}{name}{}:{}", space(rng), space(rng), spaced(rng, value)));
            }
            shuffle(rng, &mut spelt);
            format!("{{{}{}}}", spelt.join(","), space(rng))
        }
        other => other.to_string(),
    }
}

fn spaced(rng: &mut Rng, value: &Value) -> String {
    let (before, after) = (space(rng), space(rng));
    format!("{before}{}{after}", spell(rng, value))
}

fn space(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "", "", " ", "  ", "\t"])
}

fn spell_number(rng: &mut Rng, number: &Value) -> String {
    let plain = canonical(number);
    let spelt = match rng.below(7) {
        0 if plain == "0" => "-0".into(),
        1 if plain == "0" => "0.0e+7".into(),
        0 if !plain.contains(['.', 'e']) => format!("{plain}.0"),
        1 if !plain.contains(['.', 'e']) => format!("{plain}.000e+0"),
        2 if !plain.contains('e') => format!("{plain}e0"),
        3 if plain.contains('.') && !plain.contains('e') => format!("{plain}00E-0"),
        4 if !plain.contains(['.', 'e']) => format!("{plain}0E-1"),
        5 if plain.contains('.') && !plain.contains('e') => {
            let decimals = plain.len() - plain.find('.').expect("a point") - 1;
            let digits = plain.replace('.', "");
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
            format!("{sign}{}e-{decimals}", digits.trim_start_matches('0'))
        }
        _ => plain.clone(),
    };
    let same = serde_json::from_str(&spelt).is_ok_and(|number| canonical(&number) == plain);
    if same { spelt } else { plain }
}

fn spell_text(rng: &mut Rng, text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if rng.chance(12) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let (lower, upper) = (format!("\\u{unit:04x}"), format!("\\u{unit:04X}"));
                out.push_str(if rng.chance(50) { &lower } else { &upper });
            }
        } else if c == '/' && rng.chance(30) {
            out.push_str("\\/");
        } else {
            let quoted = canonical(&json!(c.to_string()));
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
    out
}

// The world of one history. --------------------------------------------------------------------------------

/// U+FF5E comes after U+1F600 in UTF-16 and before it in UTF-8.
const NODES: [&str; 9] = ["n1", "n2", "n3", "n4", "é", "～", "😀", "a/b", "c-1"];
const ODD_NAMES: [&str; 7] = ["evt/7", "～-name", "😀-name", "é", "a \"b\"", "A", "~"];
const TILES: [&str; 7] =
    ["z0/x0/y0", "z0/x-1/y2", "z0/x-1/y-3", "z1/x-3/y-4", "z10/x5/y-7", "z2/x0/y0", "z0/x10/y2"];
const LANES: [(&str, &str); 7] = [
    ("team", "public"),
    ("public", "public"),
    ("personal", "private"),
    ("team", "redacted"),
    ("public", "private"),
    ("personal", "public"),
    ("public", "redacted"),
];
const ACTORS: [&str; 4] = ["user:alice", "node:esp32_A12", "～", "😀"];
const KEYS: [&str; 12] =
    ["fill", "label", "opacity", "", "a.b", "q\"\\/", "\n\u{1}\u{7f}", "\u{2028}", "é", "～", "😀", "x{y}"];

struct World {
    spaces: Vec<&'static str>,
    tiles: Vec<&'static str>,
    lanes: Vec<(&'static str, &'static str)>,
    nodes: Vec<&'static str>,
    times: Vec<Value>,
    used: Vec<String>,
    /// The completed link events so far.
    links: Vec<Value>,
    fresh: usize,
    /// Percent of names that are taken from those that are there.
    again: usize,
}

impl World {
    fn new(rng: &mut Rng) -> World {
        // Mostly a crowded place or two; now and then many.
        let (most_spaces, most_tiles) = [(1, 1), (1, 2), (2, 2), (3, 5)][rng.below(4)];
        let spaces = some(rng, &["default", "～space", "😀space"], most_spaces);
        let tiles = some(rng, &TILES, most_tiles);
        let lanes = (0..1 + rng.below(5)).map(|_| LANES[rng.below(LANES.len())]).collect();
        let nodes = some(rng, &NODES, 4);
        let times = times(rng);
        let again = [0, 5, 15, 40][rng.below(4)];
        World { spaces, tiles, lanes, nodes, times, used: Vec::new(), links: Vec::new(), fresh: 0, again }
    }

    fn event(&mut self, rng: &mut Rng) -> Value {
        let mut event = self.payload(rng);
        let mut parents = self.parents(rng);
        if event["operation"] == "merge" {
            parents.dedup();
            let more = (0..2).map(|i| json!(format!("evt-{i}")));
            parents.extend(more);
            parents.sort_by_key(Value::to_string);
            parents.dedup();
        }
        if let Some(name) = self.name(rng) {
            if rng.chance(3) {
                parents.push(json!(name));
            }
            event["event_id"] = json!(name);
        }
        if !parents.is_empty() || rng.chance(20) {
            event["previous_events"] = json!(parents);
        }
        event["timestamp"] = self.times[rng.below(self.times.len())].clone();
        event["actor_id"] = json!(rng.pick(&ACTORS));
        self.place(rng, &mut event);
        if event["operation"] == "unlink_nodes" && !self.links.is_empty() && rng.chance(70) {
            aim(&mut event, &self.links[rng.below(self.links.len())]);
        }
        if rng.chance(5) {
            event["x_note"] = any(rng);
        }
        if rng.chance(5) {
            event["preserves_invariants"] = rng.pick(&[&json!([]), &json!(["custom"])]).clone();
        }
        if event["operation"] == "link_nodes" {
            self.links.push(complete(&event));
        }
        event
    }

    /// Space, tile, layer and scope: what is as the defaults are is often left out.
    fn place(&self, rng: &mut Rng, event: &mut Value) {
        let (realm, policy) = self.lanes[rng.below(self.lanes.len())];
        let fields = [
            ("space_id", rng.pick(&self.spaces), "default"),
            ("layer_id", rng.pick(&["default", "ink", "～"]), "default"),
            ("tile", rng.pick(&self.tiles), "z0/x0/y0"),
        ];
        let members = [
            ("realm", realm, "team"),
            ("policy", policy, "public"),
            ("authority", rng.pick(&["source", "source", "derived"]), "source"),
            ("boundary", rng.pick(&["interior", "interior", "boundary", "exterior"]), "interior"),
        ];
        for (name, value, default) in fields {
            if value != default || rng.chance(50) {
                event[name] = json!(value);
            }
        }
        for (name, value, default) in members {
            if value != default || rng.chance(30) {
                event["scope"][name] = json!(value);
            }
        }
    }

    fn name(&mut self, rng: &mut Rng) -> Option<String> {
        if rng.chance(8) {
            return None;
        }
        if !self.used.is_empty() && rng.chance(self.again) {
            return Some(self.used[rng.below(self.used.len())].clone());
        }
        self.fresh += 1;
        let plain = format!("evt-{}", self.fresh);
        Some(if rng.chance(10) { rng.pick(&ODD_NAMES).to_owned() } else { plain })
    }

    fn parents(&self, rng: &mut Rng) -> Vec<Value> {
        let count = [0, 0, 1, 1, 2, 3][rng.below(6)];
        (0..count).map(|_| json!(self.parent(rng))).collect()
    }

    fn parent(&self, rng: &mut Rng) -> String {
        match rng.below(20) {
            0 => "ghost".into(),
            1 => rng.pick(&ODD_NAMES).to_owned(),
            2..=4 => format!("evt-{}", self.fresh + rng.below(6)),
            5..=10 if !self.used.is_empty() => {
                self.used[self.used.len() - 1 - rng.below(self.used.len().min(4))].clone()
            }
            _ if !self.used.is_empty() => self.used[rng.below(self.used.len())].clone(),
            _ => "evt-1".into(),
        }
    }

    fn tag(&self, rng: &mut Rng) -> String {
        let suffix = rng.pick(&["", "", "", "#0000", "#0001", "#0000#0001"]);
        format!("{}{suffix}", self.parent(rng))
    }

    fn node(&self, rng: &mut Rng) -> &'static str {
        rng.pick(&self.nodes)
    }

    fn payload(&self, rng: &mut Rng) -> Value {
        let (node, other) = (self.node(rng), self.node(rng));
        match rng.below(34) {
            0..=4 => self.creation(rng, node),
            5..=8 => {
                json!({"operation": "update_transform", "node_id": node, "transform": self.transform(rng)})
            }
            9..=12 => {
                json!({"operation": "set_properties", "node_id": node, "properties": properties(rng)})
            }
            13 => special_properties(rng),
            15 | 16 => {
                let media = or_null(rng, media);
                let mut event = json!({"operation": "set_media", "node_id": node, "media": media});
                if rng.chance(50) {
                    event["role"] = json!(rng.pick(&["media", "thumb", "～", "😀", "a.b"]));
                }
                event
            }
            14 | 17 => setter(rng, node),
            18 | 19 => self.physics_step(rng),
            20..=22 => self.link(rng, node, other),
            23..=25 => self.unlink(rng, node, other),
            26 => json!({"operation": "delete_node", "node_id": node}),
            27 => self.merge(rng),
            28 | 29 => {
                let value =
                    [json!(1.0), json!("on"), json!(true), Value::Null, json!(-0.5)][rng.below(5)].clone();
                let sensor = rng.pick(&["temp", "～", "😀"]);
                let mut event = json!({"operation": "sensor_reading", "sensor": sensor, "value": value});
                let given =
                    [("unit", json!("°C")), ("node_id", json!(node)), ("position", json!([1.0, 2, -0.0]))];
                for (name, value) in given {
                    if rng.chance(40) {
                        event[name] = value;
                    }
                }
                event
            }
            30 => {
                let operation = rng.pick(&["paint_sky", "macro.own", "create_nodes", "😀"]);
                json!({"operation": operation, "node_id": node, "whatever": any(rng)})
            }
            _ => self.macro_payload(rng, 1),
        }
    }

    fn creation(&self, rng: &mut Rng, node: &str) -> Value {
        let mut event = json!({"operation": "create_node", "node_id": node});
        let given = [
            ("kind", json!(rng.pick(&["box", "note", "～"]))),
            ("transform", self.transform(rng)),
            ("properties", properties(rng)),
            ("geometry", geometry(rng)),
            ("media", media(rng)),
            ("physics", physics(rng)),
        ];
        for (name, value) in given {
            if rng.chance(35) {
                event[name] = value;
            }
        }
        event
    }

    fn transform(&self, rng: &mut Rng) -> Value {
        let mut transform = json!({});
        if rng.chance(50) {
            transform["position"] =
                [json!([1.0, 2]), json!([0.1, -0.0, 1e21]), json!([-1.5, 3])][rng.below(3)].clone();
        }
        match rng.below(6) {
            0 => transform["rotation"] = json!(rng.below(360) as f64 / 2.0),
            1 => transform["rotation"] = json!([0, 0, 0, 1.0]),
            2 => transform["rotation_quat"] = json!([0, 0, 1, 0]),
            _ => {}
        }
        if rng.chance(20) {
            transform["scale"] = [json!(2.0), json!([1, 2.5, 1])][rng.below(2)].clone();
        }
        if rng.chance(30) {
            transform["parent"] = if rng.chance(25) { Value::Null } else { json!(self.node(rng)) };
        }
        if rng.chance(20) {
            transform["moved_to"] = if rng.chance(40) { Value::Null } else { json!(rng.pick(&TILES)) };
        }
        if rng.chance(4) {
            transform["shear"] = any(rng);
        }
        transform
    }

    fn physics_step(&self, rng: &mut Rng) -> Value {
        let mut updates = Vec::new();
        for _ in 0..1 + rng.below(3) {
            let mut update = json!({"node_id": self.node(rng)});
            if rng.chance(70) {
                update["transform"] = self.transform(rng);
            }
            if rng.chance(50) {
                update["velocity"] = json!([rng.below(3), 0, -0.5]);
            }
            if rng.chance(30) {
                update["angular_velocity"] = json!([0, rng.below(3), 0.25]);
            }
            updates.push(update);
        }
        json!({"operation": "physics_step", "solver": "euler", "tick": rng.below(9), "delta_time": 0.02, "updates": updates})
    }

    fn link(&self, rng: &mut Rng, from: &str, to: &str) -> Value {
        let mut event = json!({"operation": "link_nodes", "from_node": from, "to_node": to});
        match rng.below(6) {
            0 => event["properties"] = json!({}),
            1 => event["properties"] = Value::Null,
            2 | 3 => event["properties"] = properties(rng),
            _ => {}
        }
        relate(rng, &mut event);
        event
    }

    fn unlink(&self, rng: &mut Rng, from: &str, to: &str) -> Value {
        let mut event = json!({"operation": "unlink_nodes", "from_node": from, "to_node": to});
        if rng.chance(65) {
            let tags: Vec<String> = (0..rng.below(4)).map(|_| self.tag(rng)).collect();
            event["observed"] = json!(tags);
        }
        relate(rng, &mut event);
        event
    }

    fn merge(&self, rng: &mut Rng) -> Value {
        let mut event = json!({"operation": "merge"});
        if rng.chance(80) {
            let into = self.node(rng);
            let mut absorbs: Vec<&str> = self.nodes.iter().copied().filter(|node| *node != into).collect();
            absorbs.truncate(rng.below(3));
            event["node_id"] = json!(into);
            if !absorbs.is_empty() {
                event["absorbs"] = json!(absorbs);
            }
        }
        event
    }

    // Macros.

    fn macro_payload(&self, rng: &mut Rng, depth: usize) -> Value {
        let (mut event, mut numbers) = match rng.below(4) {
            0 => (json!({"operation": "macro.stamp"}), vec![]),
            1 => {
                let (rows, columns) = (1 + rng.below(2), 1 + rng.below(3));
                let sizes = json!({"operation": "macro.grid", "rows": rows, "columns": columns, "dx": 0.1, "dy": -2.5});
                (sizes, vec!["row", "column", "x", "y"])
            }
            2 => {
                let (from, to) =
                    (json!([0.3, -1]), [json!([1, 0.7]), json!([0.1, 2, 5])][rng.below(2)].clone());
                let line =
                    json!({"operation": "macro.line", "from": from, "to": to, "count": 1 + rng.below(4)});
                (line, vec!["i", "x", "y", "z"])
            }
            _ => {
                let circle = json!({"operation": "macro.circle", "center": [0.5, -3], "radius": 1.7, "count": 1 + rng.below(5)});
                (circle, vec!["i", "angle", "x", "y"])
            }
        };
        numbers.push("p");
        let template: Vec<Value> =
            (0..1 + rng.below(3)).map(|_| self.template(rng, &numbers, depth)).collect();
        event["template"] = json!(template);
        event["params"] = json!({
            "p": rng.pick(&[&json!(1.0), &json!(0.25), &json!(1e-7), &json!(12)]),
            "v": any(rng),
            "name": self.node(rng),
        });
        if rng.chance(30) {
            let built_in = rng.pick(&["x", "i", "row"]);
            event["params"][built_in] = json!("hidden where it is built in");
        }
        event
    }

    /// One payload of a template whose names are `numbers` (all numbers), `v` (anything) and `name` (a node).
    fn template(&self, rng: &mut Rng, numbers: &[&str], depth: usize) -> Value {
        let named = |rng: &mut Rng| format!("{{{}}}", rng.pick(numbers));
        let (a, b) = (named(rng), named(rng));
        let node = match rng.below(4) {
            0 => json!("{name}"),
            1 => json!(format!("c-{a}")),
            2 => json!(format!("{{{{{a}}}}}{{name}}")),
            _ => json!(self.node(rng)),
        };
        match rng.below(14) {
            0..=2 => {
                let label = format!("{{{{x}}}} {{v}} {a}{b}}}}}");
                let properties = json!({"label": label, "v": "{v}", "～{v}": a, "😀": any_escaped(rng)});
                let transform = json!({"position": [a, b], "rotation": b});
                json!({"operation": "create_node", "node_id": node, "transform": transform, "properties": properties})
            }
            3 => {
                json!({"operation": "update_transform", "node_id": node, "transform": {"position": [b, a, "{p}"], "parent": "{name}"}})
            }
            4 => {
                json!({"operation": "set_properties", "node_id": node, "properties": {"fill": "{v}", "": a}})
            }
            5 => {
                json!({"operation": "set_geometry", "node_id": node, "geometry": {"kind": "rect", "width": "{p}", "height": 2}})
            }
            6 | 7 => {
                let mut link =
                    json!({"operation": "link_nodes", "from_node": self.node(rng), "to_node": node});
                if rng.chance(40) {
                    link["properties"] = json!({"at": a});
                }
                relate(rng, &mut link);
                link
            }
            8 => {
                let mut unlink = json!({"operation": "unlink_nodes", "from_node": self.node(rng), "to_node": self.node(rng)});
                if rng.chance(70) {
                    unlink["observed"] = json!([self.tag(rng)]);
                }
                relate(rng, &mut unlink);
                unlink
            }
            9 => json!({"operation": "sensor_reading", "sensor": "temp", "value": a, "unit": "{p}°"}),
            10 => json!({"operation": "physics_step", "solver": "s{p}", "tick": 1, "delta_time": "{p}",
                "updates": [{"node_id": node, "transform": {"position": [a, 0]}, "velocity": [0, b, 0]}]}),
            11 if rng.chance(30) => json!({"operation": "delete_node", "node_id": node}),
            11 => json!({"operation": "paint_sky", "colour": "{v}"}),
            _ if depth >= 3 => json!({"operation": "set_physics", "node_id": node, "physics": null}),
            _ => self.nested(rng, numbers, depth),
        }
    }

    /// A macro inside a template: its template is written with doubled braces, and some of its params are filled
    /// in from outside. Sometimes a string of its template is left to the outer macro.
    fn nested(&self, rng: &mut Rng, numbers: &[&str], depth: usize) -> Value {
        let mut inner = self.macro_payload(rng, depth + 1);
        inner["template"] = doubled(&inner["template"]);
        inner["params"] = doubled(&inner["params"]);
        if rng.chance(60) {
            inner["params"]["p"] = json!("{p}");
        }
        if rng.chance(60) {
            let number = format!("{{{}}}", rng.pick(numbers));
            inner["params"]["v"] = json!(rng.pick(&["{v}", "n={v}", &number]));
        }
        if rng.chance(60) {
            inner["params"]["name"] = json!("{name}");
        }
        if rng.chance(30) && inner["operation"] == "macro.grid" {
            inner["dx"] = json!("{p}");
        }
        if rng.chance(30) {
            let direct = json!({"operation": "set_properties", "node_id": "{name}", "properties": {"direct": "{{v}} {name}"}});
            inner["template"].as_array_mut().expect("a list").push(direct);
        }
        inner
    }
}

/// One to `most` of them, not all the same.
fn some<'a>(rng: &mut Rng, from: &[&'a str], most: usize) -> Vec<&'a str> {
    let start = rng.below(from.len());
    (0..1 + rng.below(most)).map(|i| from[(start + i) % from.len()]).collect()
}

/// A few timestamps around one instant, some equal to the nanosecond that follows another.
fn times(rng: &mut Rng) -> Vec<Value> {
    let near_zero =
        ["0", "-0.0", "0.000000001", "2e-9", "-0.000000001", "-1.5", "1", "1.000000001", "-1e-7", "0.5"];
    let now =
        ["1730000000", "1730000000.0", "1730000000.25", "1730000001", "1730000000.000001", "1729999999.5"];
    let skewed = ["1730003600", "1729990000.125", "1700000000", "-8000000000", "-62000000.000001", "1.73e9"];
    let mut pool: Vec<&str> = match rng.below(4) {
        0 => near_zero.to_vec(),
        1 => vec!["1730000000"],
        _ => now.to_vec(),
    };
    if rng.chance(50) {
        pool.extend(skewed);
    }
    (0..1 + rng.below(8)).map(|_| parse(rng.pick(&pool))).collect()
}

// Values. --------------------------------------------------------------------------------------------------

fn any(rng: &mut Rng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-0.0),
        json!(1.0),
        json!(10),
        json!(9),
        json!(0.1),
        json!(1e21),
        json!(-1e-7),
        json!(5e-324),
        json!(1.7976931348623157e308),
        json!(9_007_199_254_740_991_u64),
        json!(""),
        json!("text"),
        json!("～"),
        json!("😀"),
        json!("{x} }} \"\\\u{8}\u{c}\n\r\t\u{1f}\u{7f}\u{2029}"),
        json!([]),
        json!({}),
        json!([1, [null, {"b": 1, "a": 2.50}]]),
        json!({"～": 1, "😀": 2, "é": {"z": [], "": null}}),
    ];
    values[rng.below(values.len())].clone()
}

fn any_escaped(rng: &mut Rng) -> Value {
    doubled(&any(rng))
}

/// A value whose strings come out of a template as they were.
fn doubled(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.replace('{', "{{").replace('}', "}}")),
        Value::Array(items) => items.iter().map(doubled).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), doubled(value))).collect()
        }
        other => other.clone(),
    }
}

fn properties(rng: &mut Rng) -> Value {
    let mut properties = Map::new();
    for _ in 0..rng.below(4) {
        properties.insert(rng.pick(&KEYS).to_owned(), any(rng));
    }
    Value::Object(properties)
}

fn special_properties(rng: &mut Rng) -> Value {
    let (node, properties) = [
        ("@space", json!({"title": "～", "y": "down"})),
        ("@space", json!({"y": "up", "origin": {"lat": 48.5, "lon": 2.25, "height": 0}})),
        ("@space", json!({"title": null, "unit": "m", "background": "#fff"})),
        ("@layer:ink", json!({"title": "Ink", "visible": false, "order": 2})),
        ("@layer:～", json!({"opacity": 0.5, "order": null})),
    ][rng.below(5)]
    .clone();
    json!({"operation": "set_properties", "node_id": node, "properties": properties})
}

fn geometry(rng: &mut Rng) -> Value {
    let kinds = [
        json!({"kind": "rect", "width": 2.0, "height": 1.5}),
        json!({"kind": "ellipse", "rx": 1, "ry": 0.5}),
        json!({"kind": "polyline", "points": [[0, 0], [1.0, 0], [0, -1]]}),
        json!({"kind": "path", "d": "M0 0L1 1"}),
        json!({"kind": "text", "text": "～😀", "size": 12}),
        json!({"kind": "sphere", "radius": 1e-3}),
        json!({"kind": "point"}),
    ];
    kinds[rng.below(kinds.len())].clone()
}

fn media(rng: &mut Rng) -> Value {
    let digit = rng.pick(&["0", "a", "f"]);
    json!({"ref": format!("sha256:{}", digit.repeat(64)), "mime": "image/png"})
}

fn physics(rng: &mut Rng) -> Value {
    json!({"body": rng.pick(&["dynamic", "static", "kinematic"]), "mass": 1.50})
}

/// One of the operations that set a register of an object.
fn setter(rng: &mut Rng, node: &str) -> Value {
    let (operation, register) = SETTERS[rng.below(SETTERS.len())];
    let value = match register {
        "geometry" => geometry,
        "physics" => physics,
        _ => properties,
    };
    let mut event = json!({"operation": operation, "node_id": node});
    event[register] = or_null(rng, value);
    event
}

fn or_null(rng: &mut Rng, value: fn(&mut Rng) -> Value) -> Value {
    if rng.chance(30) { Value::Null } else { value(rng) }
}

/// Makes an unlink event one that is about a link there is, in its lane, and has seen it if it has seen anything.
fn aim(unlink: &mut Value, link: &Value) {
    for member in ["from_node", "to_node", "space_id", "tile", "scope"] {
        unlink[member] = link[member].clone();
    }
    unlink["relation"] = link.get("relation").cloned().unwrap_or(json!("link"));
    if let Some(observed) = unlink.get_mut("observed").and_then(Value::as_array_mut) {
        observed.push(link["event_id"].clone());
    }
}

fn relate(rng: &mut Rng, event: &mut Value) {
    if rng.chance(30) {
        event["relation"] = json!(rng.pick(&["link", "knows", "～", "😀"]));
    }
}
