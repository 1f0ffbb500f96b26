//! One dotfile's rules: what `.ulp-root` and `.ulp-scope` may say.

use crate::event::{Given, Grid, MAX_PARENTS, Words};
use crate::hash::Blake3;
use crate::id::{self, Authority, Boundary, Policy, Realm, Tile, Time};
use crate::json;
use crate::pattern::Pattern;
use crate::trust::Did;
use crate::trust::authority::{Binding, BoundKey, Grant};
use crate::yaml::{self, Fault, Node};
use chrono::DateTime;
use std::path::Path;
use std::str::FromStr;

/// The built-in limit of a timestamp's lead over the clock, in nanoseconds: 10 minutes.
pub const MAX_CLOCK_SKEW: i64 = 600 * NANOS;
const NANOS: i64 = 1_000_000_000;

/// Where a dotfile with rules may stand. A file is read differently in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Root,
    Space,
    Layer,
    Tile,
}

/// What one dotfile says.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The file's path below its directory, as refusals name it.
    pub file: String,
    pub given: Given,
    /// `defaults.space_id`, of a root.
    pub space: Option<String>,
    pub grid: Option<Grid>,
    pub realm: Option<Allowed<Realm>>,
    pub authority: Option<Allowed<Authority>>,
    pub boundary: Option<Allowed<Boundary>>,
    pub policy: Option<Allowed<Policy>>,
    pub operations: Option<Vec<Pattern>>,
    pub actors: Option<Vec<Pattern>>,
    /// `signature: required`.
    pub signed: bool,
    pub invariants: Vec<String>,
    pub limits: Limits,
    pub keys: Vec<Binding>,
    pub revoked: Vec<Did>,
    pub grants: Option<Vec<Grant>>,
    /// `federation.identity`: whom the store speaks as.
    pub identity: Option<Did>,
    /// `federation.peers`: whose word is listed.
    pub peers: Vec<Did>,
    /// The keys that stand in the file, those of a mapping as `outer.inner`, each with its place and its value.
    pub present: Vec<Present>,
}

/// A key as it stands in a file.
#[derive(Clone, Debug)]
pub struct Present {
    pub key: String,
    pub at: yaml::Mark,
    /// The value as canonical JSON.
    pub value: String,
}

/// What a word may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed<T> {
    /// This, or anything stricter.
    UpTo(T),
    /// Exactly these.
    OneOf(Vec<T>),
}

impl<T: Ord + Copy> Allowed<T> {
    /// Whether the word is allowed.
    pub fn allows(&self, word: T) -> bool {
        match self {
            Allowed::UpTo(ceiling) => word <= *ceiling,
            Allowed::OneOf(words) => words.contains(&word),
        }
    }

    fn ceiling(&self) -> Option<T> {
        match self {
            Allowed::UpTo(ceiling) => Some(*ceiling),
            Allowed::OneOf(_) => None,
        }
    }
}

/// `limits`, where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub max_event_bytes: Option<usize>,
    /// Nanoseconds.
    pub max_clock_skew: Option<i64>,
    pub max_previous_events: Option<usize>,
}

impl Rules {
    /// Reads a dotfile's text.
    ///
    /// # Errors
    /// The first thing that is not understood, and where it stands.
    pub fn parse(file: &str, text: &str, standing: Standing) -> Result<Rules, Fault> {
        let mut rules = Rules { file: file.to_owned(), ..Rules::default() };
        let Some(node) = yaml::parse(text)? else { return Ok(rules) };
        for (key, name, value) in node.map()? {
            rules.member(key, name, value, standing)?;
        }
        Ok(rules)
    }

    /// The same rules, their file named from another directory's path.
    pub fn below(self, dir: &Path) -> Rules {
        Rules { file: dir.join(&self.file).display().to_string(), ..self }
    }

    fn member(&mut self, key: &Node, name: &str, value: &Node, standing: Standing) -> Result<(), Fault> {
        const ROOT_ALONE: [&str; 7] =
            ["version", "grid", "invariants", "keys", "revoked", "federation", "foreign"];
        if standing != Standing::Root && ROOT_ALONE.contains(&name) {
            return Err(key.fault(format_args!("{name} belongs into .ulp-root")));
        }
        match name {
            "version" => version(value)?,
            // What it means is the store's to know, before any rule is read.
            "foreign" => {
                value.truth()?;
            }
            "defaults" => self.defaults(value, standing)?,
            "grid" => self.grid = Some(self.grid(value)?),
            "scope" => {
                for (key, name, value) in value.map()? {
                    if !self.word(key, name, value)? {
                        return Err(unknown(key, name));
                    }
                }
            }
            "operations" => self.operations = Some(self.patterns(name, key, value)?),
            "actors" => self.actors = Some(self.patterns(name, key, value)?),
            "signature" => {
                one_of(value, &["required"])?;
                self.signed = true;
            }
            "invariants" => self.invariants = names(value)?,
            "limits" => self.limits(value)?,
            "keys" => self.keys = bindings(value)?,
            "revoked" => self.revoked = value.list()?.iter().map(did).collect::<Result<_, _>>()?,
            "federation" => self.federation(value)?,
            _ if self.word(key, name, value)? => return Ok(()),
            _ => return Err(unknown(key, name)),
        }
        if !matches!(name, "defaults" | "grid" | "scope" | "operations" | "actors" | "limits" | "federation")
        {
            self.note(key, name, value);
        }
        Ok(())
    }

    fn note(&mut self, key: &Node, name: &str, value: &Node) {
        self.present.push(Present { key: name.to_owned(), at: key.at, value: canonical(value) });
    }

    /// Reads `realm`, `authority`, `boundary` or `policy`; says whether the key is one of them.
    fn word(&mut self, key: &Node, name: &str, value: &Node) -> Result<bool, Fault> {
        if self.present.iter().any(|p| p.key == name) {
            return Err(key.fault(format_args!("{name} stands twice")));
        }
        match name {
            "realm" => self.realm = Some(allowed(value)?),
            "authority" => self.authority = Some(allowed(value)?),
            "boundary" => self.boundary = Some(allowed(value)?),
            "policy" => self.policy = Some(allowed(value)?),
            _ => return Ok(false),
        }
        self.given.ceilings = Words {
            realm: self.realm.as_ref().and_then(Allowed::ceiling),
            authority: self.authority.as_ref().and_then(Allowed::ceiling),
            boundary: self.boundary.as_ref().and_then(Allowed::ceiling),
            policy: self.policy.as_ref().and_then(Allowed::ceiling),
        };
        self.note(key, name, value);
        Ok(true)
    }

    fn patterns(&mut self, name: &str, key: &Node, value: &Node) -> Result<Vec<Pattern>, Fault> {
        let list = patterns(value)?;
        self.note(key, name, value);
        Ok(list)
    }

    /// A default that would be looked up where it is already settled is refused: it could never take effect.
    fn defaults(&mut self, node: &Node, standing: Standing) -> Result<(), Fault> {
        for (key, name, value) in node.map()? {
            let late = match name {
                "space_id" => standing != Standing::Root,
                "layer_id" => !matches!(standing, Standing::Root | Standing::Space),
                "tile" => standing == Standing::Tile,
                _ => false,
            };
            if late {
                return Err(key.fault(format_args!("{name} is settled before this file is looked at")));
            }
            match name {
                "space_id" => self.space = Some(checked(value, id::is_place, "a space_id")?),
                "layer_id" => self.given.layer = Some(checked(value, id::is_place, "a layer_id")?),
                "actor_id" => self.given.actor = Some(checked(value, id::is_id, "an actor_id")?),
                "tile" => {
                    let tile = Tile::parse(value.string()?);
                    self.given.tile =
                        Some(tile.ok_or_else(|| value.fault("not a tile z<0–30>/x<int>/y<int>"))?);
                }
                "preserves_invariants" => self.given.invariants = Some(names(value)?),
                "scope" => {
                    self.default_scope(value)?;
                    continue;
                }
                _ => return Err(unknown(key, name)),
            }
            self.note(key, &format!("defaults.{name}"), value);
        }
        Ok(())
    }

    fn default_scope(&mut self, node: &Node) -> Result<(), Fault> {
        let words = &mut self.given.words;
        for (key, name, value) in node.map()? {
            match name {
                "realm" => words.realm = Some(word(value)?),
                "authority" => words.authority = Some(word(value)?),
                "boundary" => words.boundary = Some(word(value)?),
                "policy" => words.policy = Some(word(value)?),
                _ => return Err(unknown(key, name)),
            }
            self.present.push(Present {
                key: format!("defaults.scope.{name}"),
                at: key.at,
                value: canonical(value),
            });
        }
        Ok(())
    }

    fn grid(&mut self, node: &Node) -> Result<Grid, Fault> {
        let mut grid = Grid::default();
        for (key, name, value) in node.map()? {
            match name {
                "tile_size" => match up_to(value, u32::MAX)? {
                    0 => return Err(value.fault("a tile of no size")),
                    size => grid.tile_size = f64::from(size),
                },
                "tile_zoom" => grid.tile_zoom = u8::try_from(up_to(value, 30)?).unwrap_or(30),
                _ => return Err(unknown(key, name)),
            }
            self.note(key, &format!("grid.{name}"), value);
        }
        Ok(grid)
    }

    fn limits(&mut self, node: &Node) -> Result<(), Fault> {
        let size = |value: &Node, most: usize| {
            up_to(value, u32::try_from(most).unwrap_or(u32::MAX)).map(|n| usize::try_from(n).unwrap_or(most))
        };
        for (key, name, value) in node.map()? {
            match name {
                "max_event_bytes" => self.limits.max_event_bytes = Some(size(value, json::EVENT_BYTES)?),
                "max_previous_events" => self.limits.max_previous_events = Some(size(value, MAX_PARENTS)?),
                "max_clock_skew" => self.limits.max_clock_skew = Some(skew(value)?),
                _ => return Err(unknown(key, name)),
            }
            self.note(key, &format!("limits.{name}"), value);
        }
        Ok(())
    }

    fn federation(&mut self, node: &Node) -> Result<(), Fault> {
        for (key, name, value) in node.map()? {
            match name {
                "grants" => self.grants = Some(value.list()?.iter().map(grant).collect::<Result<_, _>>()?),
                "identity" => self.identity = Some(did(value)?),
                "peers" => self.peers = value.list()?.iter().map(did).collect::<Result<_, _>>()?,
                _ => return Err(unknown(key, name)),
            }
            self.note(key, &format!("federation.{name}"), value);
        }
        Ok(())
    }
}

fn canonical(value: &Node) -> String {
    let mut out = Vec::new();
    json::write_canonical(&value.to_json(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn unknown(key: &Node, name: &str) -> Fault {
    key.fault(format_args!("{name} is not known here"))
}

fn version(value: &Node) -> Result<(), Fault> {
    match value.count()? {
        1 => Ok(()),
        other => Err(value.fault(format_args!("version {other} is not known, 1 is"))),
    }
}

fn one_of(value: &Node, words: &[&str]) -> Result<(), Fault> {
    let text = value.string()?;
    if words.contains(&text) { Ok(()) } else { Err(value.fault(format_args!("not {}", words.join(" or ")))) }
}

fn word<T: FromStr<Err = String>>(value: &Node) -> Result<T, Fault> {
    value.string()?.parse().map_err(|reason: String| value.fault(reason))
}

fn allowed<T: FromStr<Err = String>>(value: &Node) -> Result<Allowed<T>, Fault> {
    match value.as_list() {
        Some(items) => Ok(Allowed::OneOf(items.iter().map(word).collect::<Result<_, _>>()?)),
        None => word(value).map(Allowed::UpTo),
    }
}

fn checked(value: &Node, rule: fn(&str) -> bool, what: &str) -> Result<String, Fault> {
    let text = value.string()?;
    if rule(text) { Ok(text.to_owned()) } else { Err(value.fault(format_args!("not {what}"))) }
}

fn names(value: &Node) -> Result<Vec<String>, Fault> {
    value.list()?.iter().map(|item| checked(item, |s| !s.is_empty(), "a name")).collect()
}

fn patterns(value: &Node) -> Result<Vec<Pattern>, Fault> {
    let pattern = |item: &Node| checked(item, |s| !s.is_empty(), "a pattern").map(Pattern::new);
    value.list()?.iter().map(pattern).collect()
}

fn up_to(value: &Node, most: u32) -> Result<u32, Fault> {
    let number = u32::try_from(value.count()?).ok().filter(|n| *n <= most);
    number.ok_or_else(|| value.fault(format_args!("more than {most}")))
}

fn skew(value: &Node) -> Result<i64, Fault> {
    let text = value.any_text().ok_or_else(|| value.fault(yaml::NO_DURATION))?;
    let in_seconds = text.parse::<u32>().is_ok().then(|| format!("{text}s"));
    match yaml::duration(in_seconds.as_deref().unwrap_or(text)) {
        Some(skew) if skew > MAX_CLOCK_SKEW => Err(value.fault("more than the built-in 10m")),
        Some(skew) if in_seconds.is_some() => Err(value.fault(with_unit(skew / NANOS))),
        Some(skew) => Ok(skew),
        None => Err(value.fault(yaml::NO_DURATION)),
    }
}

/// How a number of seconds is written.
fn with_unit(seconds: i64) -> String {
    let minutes =
        if seconds > 0 && seconds % 60 == 0 { format!(" or {}m", seconds / 60) } else { String::new() };
    format!("a duration has a unit: write {seconds}s{minutes}")
}

/// The DID of an Ed25519 key; whether its bytes are one that proves anything is seen when a signature is checked.
fn did(value: &Node) -> Result<Did, Fault> {
    value.string()?.parse().map_err(|_| value.fault("not the did:key:z6Mk… of a key"))
}

/// An RFC 3339 time, to the nanosecond.
fn instant(value: &Node) -> Result<Time, Fault> {
    let text = value.string()?;
    let decimals = text.split_once('.').map_or(0, |(_, f)| f.bytes().take_while(u8::is_ascii_digit).count());
    let parsed = DateTime::parse_from_rfc3339(text).ok().filter(|_| decimals <= 9 && !text.contains(' '));
    let time = parsed.and_then(|t| t.timestamp_nanos_opt()).map(Time);
    time.ok_or_else(|| value.fault("not a time as 2026-01-01T00:00:00Z"))
}

fn bindings(node: &Node) -> Result<Vec<Binding>, Fault> {
    let mut bindings = Vec::new();
    for (key, _, value) in node.map()? {
        let actors = Pattern::new(checked(key, |s| !s.is_empty(), "an actor or a pattern")?);
        let keys = value.list()?.iter().map(bound_key).collect::<Result<_, _>>()?;
        bindings.push(Binding { actors, keys });
    }
    Ok(bindings)
}

fn bound_key(node: &Node) -> Result<BoundKey, Fault> {
    let (mut key_did, mut from, mut until) = (None, None, None);
    for (key, name, value) in node.map()? {
        match name {
            "did" => key_did = Some(did(value)?),
            "from" => from = Some(instant(value)?),
            "until" => until = Some(instant(value)?),
            _ => return Err(unknown(key, name)),
        }
    }
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err(node.fault("until is before from"));
    }
    Ok(BoundKey { did: key_did.ok_or_else(|| node.fault("did is missing"))?, from, until })
}

/// A grant says everything but its end: what it left out would be a guess.
fn grant(node: &Node) -> Result<Grant, Fault> {
    let (mut to, mut realm, mut until) = (None, None, None);
    let (mut spaces, mut tiles, mut operations) = (None, None, None);
    for (key, name, value) in node.map()? {
        match name {
            "to" => to = Some(did(value)?),
            "realm" => realm = Some(word(value)?),
            "spaces" => spaces = Some(patterns(value)?),
            "tiles" => tiles = Some(patterns(value)?),
            "operations" => operations = Some(patterns(value)?),
            "until" => until = Some(instant(value)?),
            _ => return Err(unknown(key, name)),
        }
    }
    let missing = |name: &'static str| move || node.fault(format_args!("{name} is missing"));
    Ok(Grant {
        to: to.ok_or_else(missing("to"))?,
        realm: realm.ok_or_else(missing("realm"))?,
        spaces: spaces.ok_or_else(missing("spaces"))?,
        tiles: tiles.ok_or_else(missing("tiles"))?,
        operations: operations.ok_or_else(missing("operations"))?,
        until,
        hash: Blake3::of(canonical(node).as_bytes()),
    })
}
