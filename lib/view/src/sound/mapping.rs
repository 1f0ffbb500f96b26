//! The mapping: which sound each event makes. The default, and how a file in YAML changes it.

use super::voice::Voice;
use crate::transform::finite;
use std::collections::BTreeMap;
use ulp_core::pattern::Pattern;
use ulp_core::yaml::{self, Fault, Node};

/// Most kinds, and most layers, that a mapping gives a sound: each is held against what the nodes are.
const MOST_PATTERNS: usize = 1000;

/// What an event does, as far as it can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Create,
    Move,
    Properties,
    Geometry,
    Media,
    Physics,
    Step,
    Link,
    Unlink,
    Delete,
    Merge,
    Sensor,
    Unknown,
}

impl Operation {
    const ALL: [Operation; 13] = [
        Operation::Create,
        Operation::Move,
        Operation::Properties,
        Operation::Geometry,
        Operation::Media,
        Operation::Physics,
        Operation::Step,
        Operation::Link,
        Operation::Unlink,
        Operation::Delete,
        Operation::Merge,
        Operation::Sensor,
        Operation::Unknown,
    ];

    /// Its name, as events and mappings have it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Create => "create_node",
            Operation::Move => "update_transform",
            Operation::Properties => "set_properties",
            Operation::Geometry => "set_geometry",
            Operation::Media => "set_media",
            Operation::Physics => "set_physics",
            Operation::Step => "physics_step",
            Operation::Link => "link_nodes",
            Operation::Unlink => "unlink_nodes",
            Operation::Delete => "delete_node",
            Operation::Merge => "merge",
            Operation::Sensor => "sensor_reading",
            Operation::Unknown => "unknown",
        }
    }

    /// What a caption says of its node.
    pub fn words(self) -> &'static str {
        match self {
            Operation::Create => "appears",
            Operation::Move => "moves",
            Operation::Properties => "changes",
            Operation::Geometry => "changes shape",
            Operation::Media => "gets media",
            Operation::Physics | Operation::Step => "is pushed",
            Operation::Link => "is linked",
            Operation::Unlink => "is unlinked",
            Operation::Delete => "disappears",
            Operation::Merge => "branches are joined",
            Operation::Sensor => "reads",
            Operation::Unknown => "does something unknown",
        }
    }

    /// Whether a sound that its node's kind or layer asks for takes the place of the operation's own.
    fn yields(self) -> bool {
        !matches!(self, Operation::Link | Operation::Unlink | Operation::Delete | Operation::Sensor)
    }
}

/// How an event sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Nothing where it is silent.
    pub voice: Option<Voice>,
    /// Above the root.
    pub octave: i64,
    /// In percent.
    pub loudness: i64,
}

/// What picks a pitch class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PitchOf {
    Node,
    Kind,
    Layer,
    /// Nothing: all sound on the root.
    Nothing,
}

/// The whole mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The scale's first note, as a MIDI number.
    pub root: i64,
    /// Semitones above the root; ascending, within an octave, the first 0.
    pub scale: Vec<i64>,
    /// What begins within one step of the sound begins together. In milliseconds.
    pub step: i64,
    /// Whether trace time runs evenly, rather than by scenes.
    pub even: bool,
    pub pitch: PitchOf,
    /// Whether positions are heard.
    pub around: bool,
    pub listener: Option<[f64; 3]>,
    /// How many semitones a held tone bends over its sensor's range.
    pub bend: i64,
    /// How many sensors are held alone, and how many choirs the others form.
    pub solos: usize,
    pub choirs: usize,
    /// The property of a node that says how its sensors stand, 0 to 1.
    pub standing: Option<String>,
    operations: BTreeMap<Operation, Sound>,
    kinds: Vec<(Pattern, Sound)>,
    layers: Vec<(Pattern, Sound)>,
}

/// Most held tones: each needs a MIDI channel of its own beside those of the struck voices.
pub const MOST_DRONES: usize = 7;

const fn sound(voice: Voice, octave: i64, loudness: i64) -> Sound {
    Sound { voice: Some(voice), octave, loudness }
}

impl Default for Mapping {
    fn default() -> Mapping {
        let of = |operation| match operation {
            Operation::Create => sound(Voice::Pluck, 1, 60),
            Operation::Move => sound(Voice::Glide, 1, 40),
            Operation::Properties => sound(Voice::Chime, 2, 35),
            Operation::Geometry => sound(Voice::Chime, 1, 30),
            Operation::Media => sound(Voice::Chime, 2, 50),
            Operation::Physics => sound(Voice::Glide, 0, 40),
            Operation::Step => sound(Voice::Glide, 0, 30),
            Operation::Link => sound(Voice::String, 0, 40),
            Operation::Unlink => sound(Voice::String, -1, 40),
            Operation::Delete => sound(Voice::Fall, 1, 75),
            Operation::Merge => sound(Voice::Gong, -1, 45),
            Operation::Sensor => sound(Voice::Drop, 1, 45),
            Operation::Unknown => sound(Voice::Chime, 0, 30),
        };
        let bell = sound(Voice::Bell, 1, 100);
        Mapping {
            root: 50,
            scale: vec![0, 3, 5, 7, 10],
            step: 125,
            even: false,
            pitch: PitchOf::Node,
            around: true,
            listener: None,
            bend: 12,
            solos: 3,
            choirs: 4,
            standing: Some("standing".to_owned()),
            operations: Operation::ALL.into_iter().map(|o| (o, of(o))).collect(),
            kinds: ["*warning*", "*alarm*", "*alert*"].map(|k| (Pattern::new(k), bell)).into(),
            layers: Vec::new(),
        }
    }
}

impl Mapping {
    /// The default with what a text changes.
    ///
    /// # Errors
    /// The first thing that is not understood.
    pub fn parse(text: &str) -> Result<Mapping, Fault> {
        let mut mapping = Mapping::default();
        let Some(top) = yaml::parse(text)? else { return Ok(mapping) };
        for (key, name, value) in top.map()? {
            mapping.set(name, value).map_err(|f| f.unwrap_or_else(|| key.fault("no such setting")))?;
        }
        if mapping.solos + mapping.choirs > MOST_DRONES {
            return Err(top.fault(format_args!("solos and choirs are at most {MOST_DRONES} together")));
        }
        Ok(mapping)
    }

    /// Takes in one setting; an unknown one is an error without a fault.
    fn set(&mut self, name: &str, value: &Node) -> Result<(), Option<Fault>> {
        match name {
            "root" => self.root = number(value, 0, 96)?,
            "scale" => self.scale = scale(value)?,
            "step" => self.step = number(value, 20, 2000)?,
            "time" => self.even = word(value, &[("scenes", false), ("even", true)])?,
            "place" => self.around = word(value, &[("around", true), ("none", false)])?,
            "pitch" => {
                let words = [("node", PitchOf::Node), ("kind", PitchOf::Kind), ("layer", PitchOf::Layer)];
                self.pitch = word(value, &[&words[..], &[("none", PitchOf::Nothing)]].concat())?;
            }
            "listener" => self.listener = Some(listener_in(value)?),
            "bend" => self.bend = number(value, -24, 24)?,
            "solos" => self.solos = count(value)?,
            "choirs" => self.choirs = count(value)?,
            "standing" => self.standing = Some(value.string()?.to_owned()).filter(|s| !s.is_empty()),
            "operations" => {
                for (key, name, value) in value.map()? {
                    let known = Operation::ALL.into_iter().find(|o| o.name() == name);
                    let operation = known.ok_or_else(|| key.fault("no such operation"))?;
                    let sound = self.operations.entry(operation).or_insert(sound(Voice::Chime, 0, 0));
                    *sound = change(*sound, value)?;
                }
            }
            "kinds" => self.kinds = sounds(value)?,
            "layers" => self.layers = sounds(value)?,
            _ => return Err(None),
        }
        Ok(())
    }

    /// The sound that a node's kind or layer asks for.
    pub fn special(&self, kind: &str, layer: &str) -> Option<Sound> {
        let of = |list: &[(Pattern, Sound)], name: &str| {
            list.iter().find(|(pattern, _)| pattern.matches(name)).map(|(_, sound)| *sound)
        };
        of(&self.kinds, kind).or_else(|| of(&self.layers, layer))
    }

    /// How an event sounds, from its operation and what its node asks for.
    pub fn sound(&self, operation: Operation, special: Option<Sound>) -> Sound {
        let own = self.operations.get(&operation).copied();
        let own = own.unwrap_or(Sound { voice: None, octave: 0, loudness: 0 });
        if operation.yields() { special.unwrap_or(own) } else { own }
    }
}

fn sounds(value: &Node) -> Result<Vec<(Pattern, Sound)>, Fault> {
    let start = sound(Voice::Chime, 1, 60);
    if value.map()?.count() > MOST_PATTERNS {
        return Err(value.fault(format_args!("at most {MOST_PATTERNS} are wanted")));
    }
    value.map()?.map(|(_, name, value)| Ok((Pattern::new(name), change(start, value)?))).collect()
}

/// A sound with what a mapping of `voice`, `octave` and `loudness` changes.
fn change(mut sound: Sound, value: &Node) -> Result<Sound, Fault> {
    for (key, name, value) in value.map()? {
        match name {
            "voice" => {
                let name = value.string()?;
                sound.voice = Voice::parse(name);
                if sound.voice.is_none() && name != "none" {
                    let known: Vec<&str> = Voice::STRUCK.iter().map(|v| v.name()).collect();
                    return Err(value.fault(format_args!("one of {} or none is wanted", known.join(", "))));
                }
            }
            "octave" => sound.octave = number(value, -3, 5)?,
            "loudness" => sound.loudness = number(value, 0, 100)?,
            _ => return Err(key.fault("voice, octave or loudness is wanted")),
        }
    }
    Ok(sound)
}

/// An integer within bounds.
fn number(value: &Node, least: i64, most: i64) -> Result<i64, Fault> {
    let number: Option<i64> = value.to_json().parse().ok();
    number
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| value.fault(format_args!("an integer from {least} to {most} is wanted")))
}

fn count(value: &Node) -> Result<usize, Fault> {
    Ok(usize::try_from(number(value, 0, MOST_DRONES as i64)?).unwrap_or(0))
}

fn word<T: Copy>(value: &Node, words: &[(&str, T)]) -> Result<T, Fault> {
    let text = value.string()?;
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let found = words.iter().find(|(name, _)| *name == text);
    found.map(|(_, t)| *t).ok_or_else(|| value.fault(format_args!("one of {} is wanted", names.join(", "))))
}

fn scale(value: &Node) -> Result<Vec<i64>, Fault> {
    let notes: Vec<i64> = value.list()?.iter().map(|n| number(n, 0, 11)).collect::<Result<_, _>>()?;
    if notes.first() == Some(&0) && notes.windows(2).all(|p| p[0] < p[1]) {
        Ok(notes)
    } else {
        Err(value.fault("ascending semitones from 0 are wanted"))
    }
}

fn listener_in(value: &Node) -> Result<[f64; 3], Fault> {
    let wrong = || value.fault("a list [x, y, z] of numbers is wanted");
    let items: Option<Vec<f64>> = value.list()?.iter().map(|n| n.to_json().parse().ok()).collect();
    position(&items.ok_or_else(wrong)?).ok_or_else(wrong)
}

/// The place of a listener on the command line: `x,y` or `x,y,z`.
///
/// # Errors
/// What is not two or three numbers.
pub fn listener(text: &str) -> Result<[f64; 3], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    numbers.and_then(|n| position(&n)).ok_or_else(|| format!("x,y,z is wanted, not {text}"))
}

fn position(numbers: &[f64]) -> Option<[f64; 3]> {
    let all = numbers.iter().all(|n| n.is_finite());
    match *numbers {
        [x, y] if all => Some([x, y, 0.0].map(finite)),
        [x, y, z] if all => Some([x, y, z].map(finite)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changes_what_it_names() {
        let mapping = Mapping::parse(
            "scale: [0, 2, 4, 7, 9]\ntime: even\nlistener: [1, 2.5, -3]\nstanding: ''\noperations:\n  \
             create_node: {voice: bell, octave: -1}\n  merge: {voice: none}\nkinds: {pump: {voice: gong}}\n",
        )
        .unwrap();
        assert_eq!(mapping.scale, [0, 2, 4, 7, 9]);
        assert!(mapping.even && mapping.standing.is_none());
        assert_eq!(mapping.listener, Some([1.0, 2.5, -3.0]));
        let of = |operation, kind: &str| mapping.sound(operation, mapping.special(kind, ""));
        assert_eq!(of(Operation::Create, "x"), sound(Voice::Bell, -1, 60));
        assert_eq!(of(Operation::Merge, "x").voice, None);
        assert_eq!(of(Operation::Create, "pump").voice, Some(Voice::Gong));
        assert_eq!(of(Operation::Delete, "pump").voice, Some(Voice::Fall));
    }

    #[test]
    fn what_is_not_understood_is_refused_where_it_stands() {
        for (text, line, column) in [
            ("roots: 1", 1, 1),
            ("root: 200", 1, 7),
            ("root: x", 1, 7),
            ("scale: [3, 0]", 1, 8),
            ("scale: []", 1, 8),
            ("time: never", 1, 7),
            ("listener: [1]", 1, 11),
            ("listener: [.inf, 1]", 1, 11),
            ("operations:\n  create: {}", 2, 3),
            ("operations:\n  merge: {voice: flute}", 2, 18),
            ("solos: 4\nchoirs: 4", 1, 1),
            ("[]", 1, 1),
        ] {
            let fault = Mapping::parse(text).map(drop).expect_err(text);
            assert_eq!((fault.at.line, fault.at.column), (line, column), "{text}: {}", fault.reason);
        }
        assert!(Mapping::parse("").is_ok());
    }

    #[test]
    fn listeners_are_read() {
        assert_eq!(listener("1,-2.5,3e2"), Ok([1.0, -2.5, 300.0]));
        assert_eq!(listener("1,2"), Ok([1.0, 2.0, 0.0]));
        assert!(["", "1", "1,2,3,4", "nan,0,0", "a,b,c", "inf,0,0"].iter().all(|t| listener(t).is_err()));
    }
}
