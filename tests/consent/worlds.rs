//! Random worlds with persons, recordings of them and consents that change, in which everything that a recording says
//! is a word of its own; and who may ever say that word, told from the page alone.

use crate::reference::generate::{Rng, shuffle};
use serde_json::{Value, json};

const POSITIONS: [&str; 5] = ["eye-tracking", "hand-tracking", "microphone", "room-geometry", "pulse"];
const WORDS: [&str; 5] = ["denied", "granted", "granted", "occluder-only", "post-server-mix"];
/// The time of the first event; one a second follows.
const START: usize = 1_730_000_000;

/// How far a recording is shown, as a test tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    Denied,
    Mix,
    Occluder,
    Granted,
}

/// A word that a recording says, and from which step on.
pub struct Canary {
    pub word: String,
    from: usize,
    of: Vec<usize>,
    /// Whether the shape alone says it too.
    by_shape: bool,
}

/// A recording, or what hangs below one.
struct Recording {
    sensor: &'static str,
    of: String,
    /// From when on it is marked as one.
    marked: usize,
}

#[derive(Default)]
pub struct World {
    events: Vec<Value>,
    /// What happened to persons: the step, who, and a position with its word; without one they came or left.
    said: Vec<(usize, String, Said)>,
    recordings: Vec<Recording>,
    pub canaries: Vec<Canary>,
    /// By event: the recordings that it is about alone.
    about: Vec<Vec<usize>>,
}

enum Said {
    Came,
    Left,
    Word(&'static str, &'static str),
}

impl World {
    /// A world; where it is `still`, nobody comes, goes or changes a word once a recording is there.
    pub fn new(seed: u64, still: bool) -> World {
        let mut rng = Rng::new(seed);
        let mut world = World::default();
        world.event(&[], json!({"operation": "create_node", "node_id": "plain", "geometry": {"kind": "rect", "width": 9, "height": 9},
            "properties": {"label": "plain"}}));
        for _ in 0..3 {
            world.person(&mut rng);
        }
        for _ in 0..12 + rng.below(12) {
            match rng.below(if still { 7 } else { 10 }) {
                0 | 1 => world.recording(&mut rng),
                2 => world.below(&mut rng),
                3 => world.property(&mut rng),
                4 => world.reading(&mut rng),
                5 => world.link(&mut rng),
                6 => world.moves(&mut rng),
                7 => world.leave(&mut rng),
                _ => world.change(&mut rng),
            }
        }
        world
    }

    /// Its lines in some order.
    pub fn lines(&self, seed: u64) -> String {
        let mut lines: Vec<String> = self.events.iter().map(Value::to_string).collect();
        shuffle(&mut Rng::new(seed), &mut lines);
        lines.join("\n") + "\n"
    }

    /// The same without what is about recordings that are never shown.
    pub fn lines_without(&self, seed: u64) -> String {
        let is_hidden = |recording: &usize| self.level(*recording, self.last()) == Level::Denied;
        let kept = self.events.iter().zip(&self.about).filter(|(_, about)| !about.iter().any(is_hidden));
        let mut lines: Vec<String> = kept.map(|(event, _)| event.to_string()).collect();
        shuffle(&mut Rng::new(seed), &mut lines);
        lines.join("\n") + "\n"
    }

    /// Whether every recording is either shown whole or not at all.
    pub fn is_plain(&self) -> bool {
        let at_end = |recording| self.level(recording, self.last());
        (0..self.recordings.len()).all(|r| [Level::Denied, Level::Granted].contains(&at_end(r)))
    }

    pub fn last(&self) -> usize {
        self.events.len() - 1
    }

    /// What `--at` is told to show a step.
    pub fn time(step: usize) -> String {
        (START + step).to_string()
    }

    /// Whether a word may be said of some steps.
    pub fn may_say(&self, canary: &Canary, mut steps: impl Iterator<Item = usize>) -> bool {
        let shows = |recording: &usize, step| match self.level(*recording, step) {
            Level::Granted => true,
            Level::Occluder => canary.by_shape,
            _ => false,
        };
        steps.any(|step| step >= canary.from && canary.of.iter().all(|recording| shows(recording, step)))
    }

    /// How far a recording is shown at a step: the lesser of then and the end.
    fn level(&self, recording: usize, step: usize) -> Level {
        let Recording { sensor, of, marked } = &self.recordings[recording];
        let last = self.word(of, sensor, self.last());
        let then = if step < *marked { last } else { self.word(of, sensor, step) };
        match (then, last) {
            (a, b) if a == b => a,
            (Level::Granted, other) | (other, Level::Granted) => other,
            _ => Level::Denied,
        }
    }

    fn word(&self, of: &str, sensor: &str, step: usize) -> Level {
        let (mut there, mut word) = (false, "");
        for (_, _, said) in self.said.iter().filter(|(at, who, _)| *at <= step && who == of) {
            match said {
                Said::Came => there = true,
                Said::Left => there = false,
                Said::Word(position, now) if *position == sensor => word = now,
                Said::Word(..) => {}
            }
        }
        match (there, sensor, word) {
            (true, "pulse", _) | (false, ..) => Level::Denied,
            (true, _, "granted") => Level::Granted,
            (true, "room-geometry", "occluder-only") => Level::Occluder,
            (true, "microphone", "post-server-mix") => Level::Mix,
            _ => Level::Denied,
        }
    }

    /// A word that is said from now on where all these are shown.
    fn canary(&mut self, of: &[usize], by_shape: bool) -> String {
        let word = format!("CANARY{:04}", self.canaries.len());
        self.canaries.push(Canary { word: word.clone(), from: self.events.len(), of: of.to_vec(), by_shape });
        word
    }

    fn event(&mut self, about: &[usize], mut event: Value) {
        let name = if about.is_empty() {
            format!("e{}", self.events.len())
        } else {
            let creates = event["operation"] == "create_node" || event["operation"] == "update_transform";
            self.canary(about, creates)
        };
        event["event_id"] = json!(name);
        event["timestamp"] = json!(START + self.events.len());
        event["actor_id"] = json!("user:w");
        self.events.push(event);
        self.about.push(about.to_vec());
    }

    fn person(&mut self, rng: &mut Rng) {
        let name = format!("p{}", self.said.iter().filter(|(_, _, said)| matches!(said, Said::Came)).count());
        let mut properties = json!({"entity_type": "human", "entity_verified": rng.chance(50)});
        let step = self.events.len();
        self.said.push((step, name.clone(), Said::Came));
        for position in POSITIONS {
            if rng.chance(10) {
                continue;
            }
            let word = WORDS[rng.below(WORDS.len())];
            properties[format!("consent.{position}")] = json!(word);
            self.said.push((step, name.clone(), Said::Word(position, word)));
        }
        self.event(
            &[],
            json!({"operation": "create_node", "node_id": name, "kind": "person", "properties": properties}),
        );
    }

    fn recording(&mut self, rng: &mut Rng) {
        let number = self.recordings.len();
        let sensor = POSITIONS[rng.below(POSITIONS.len())];
        let of = rng.pick(&["p0", "p1", "p2", "p2", "nobody", "plain"]).to_owned();
        let late = rng.chance(20);
        let step = self.events.len();
        self.recordings.push(Recording { sensor, of: of.clone(), marked: step + usize::from(late) });
        let mut properties = json!({});
        for key in ["label", "secret", "fill"] {
            properties[key] = json!(self.canary(&[number], false));
        }
        let marks = json!({"sensor": sensor, "of": of});
        if !late {
            properties["sensor"] = marks["sensor"].clone();
            properties["of"] = marks["of"].clone();
        }
        let note = self.canary(&[number], false);
        let mime = self.canary(&[number], false);
        let id = self.id(number);
        self.event(&[number], json!({"operation": "create_node", "node_id": id, "kind": self.canaries[0].word.replace("CANARY", "kind"),
            "geometry": {"kind": "rect", "width": 1 + number, "height": 2, "note": note},
            "media": {"ref": format!("sha256:{number:064}"), "mime": mime},
            "transform": {"position": [10 * number, rng.below(50)]}, "properties": properties}));
        if late {
            self.event(&[number], json!({"operation": "set_properties", "node_id": id, "properties": marks}));
        }
    }

    /// The name of a recording, which the shape alone bears too.
    fn id(&mut self, number: usize) -> String {
        let name = format!("r{number}");
        self.canaries.push(Canary {
            word: format!("{name}-CANARY"),
            from: self.events.len(),
            of: vec![number],
            by_shape: true,
        });
        format!("{name}-CANARY")
    }

    fn some(&self, rng: &mut Rng) -> Option<usize> {
        (!self.recordings.is_empty()).then(|| rng.below(self.recordings.len()))
    }

    fn below(&mut self, rng: &mut Rng) {
        let Some(number) = self.some(rng) else { return };
        let label = self.canary(&[number], false);
        let id = format!("below{}", self.events.len());
        self.event(&[number], json!({"operation": "create_node", "node_id": id, "geometry": {"kind": "box", "size": [1, 1, 1]},
            "transform": {"parent": format!("r{number}-CANARY"), "position": [1, 1]}, "properties": {"label": label}}));
    }

    fn property(&mut self, rng: &mut Rng) {
        let Some(number) = self.some(rng) else { return };
        let (key, value) = (self.canary(&[number], false), self.canary(&[number], false));
        self.event(&[number], json!({"operation": "set_properties", "node_id": format!("r{number}-CANARY"), "properties": {key: value}}));
    }

    fn reading(&mut self, rng: &mut Rng) {
        let Some(number) = self.some(rng) else { return };
        let (sensor, unit) = (self.canary(&[number], false), self.canary(&[number], false));
        self.event(
            &[number],
            json!({"operation": "sensor_reading", "node_id": format!("r{number}-CANARY"), "sensor": sensor,
            "value": rng.below(9), "unit": unit}),
        );
    }

    fn link(&mut self, rng: &mut Rng) {
        let (Some(from), Some(to)) = (self.some(rng), self.some(rng)) else { return };
        let to_plain = rng.chance(50);
        let of = if to_plain { vec![from] } else { vec![from, to] };
        let (relation, label) = (self.canary(&of, false), self.canary(&of, false));
        let to = if to_plain { "plain".to_owned() } else { format!("r{to}-CANARY") };
        self.event(
            &of,
            json!({"operation": "link_nodes", "from_node": format!("r{from}-CANARY"), "to_node": to,
            "relation": relation, "properties": {"label": label}}),
        );
    }

    fn moves(&mut self, rng: &mut Rng) {
        let Some(number) = self.some(rng) else { return };
        self.event(
            &[number],
            json!({"operation": "update_transform", "node_id": format!("r{number}-CANARY"),
            "transform": {"position": [rng.below(90), rng.below(90)]}}),
        );
    }

    fn leave(&mut self, rng: &mut Rng) {
        let name = rng.pick(&["p0", "p1", "p2"]).to_owned();
        self.said.push((self.events.len(), name.clone(), Said::Left));
        self.event(&[], json!({"operation": "delete_node", "node_id": name}));
    }

    fn change(&mut self, rng: &mut Rng) {
        let name = rng.pick(&["p0", "p1", "p2"]).to_owned();
        let (position, word) = (POSITIONS[rng.below(POSITIONS.len())], WORDS[rng.below(WORDS.len())]);
        self.said.push((self.events.len(), name.clone(), Said::Word(position, word)));
        let key = format!("consent.{position}");
        self.event(&[], json!({"operation": "set_properties", "node_id": name, "properties": {key: word}}));
    }
}

/// Events by which some of the nodes that random histories are about become persons and recordings of each other.
pub fn woven(rng: &mut Rng) -> Vec<String> {
    const NODES: [&str; 6] = ["n1", "n2", "n3", "n4", "p1", "p2"];
    let mut lines = Vec::new();
    for n in 0..6 + rng.below(20) {
        let (node, other) = (rng.pick(&NODES), rng.pick(&NODES));
        let position = rng.pick(&["hand-tracking", "room-geometry", "hand-tracking", "microphone"]);
        let word = rng.pick(&["granted", "granted", "denied", "occluder-only"]);
        let person = rng.pick(&["p1", "p2", "n1"]);
        let consent = format!("consent.{position}");
        let mut event = match rng.below(9) {
            0 | 1 => json!({"operation": "create_node", "node_id": person, "kind": "person",
                "properties": {consent: word, "entity_type": "human"}}),
            2 => json!({"operation": "set_properties", "node_id": person, "properties": {consent: word}}),
            3 | 4 => {
                json!({"operation": "set_properties", "node_id": node, "properties": {"sensor": position, "of": person}})
            }
            5 => {
                json!({"operation": "create_node", "node_id": node, "geometry": {"kind": "rect", "width": n + 1, "height": 2, "x": 1},
                "properties": {"sensor": position, "of": person, "label": node}})
            }
            6 => json!({"operation": "update_transform", "node_id": node, "transform": {"parent": other}}),
            7 => json!({"operation": "sensor_reading", "sensor": "pulse", "value": n, "node_id": node}),
            _ => json!({"operation": "link_nodes", "from_node": node, "to_node": other, "relation": "seen"}),
        };
        event["event_id"] = json!(format!("woven-{n}"));
        event["timestamp"] = json!(1_730_000_000 + rng.below(40));
        event["actor_id"] = json!("user:woven");
        lines.push(event.to_string());
    }
    lines
}
