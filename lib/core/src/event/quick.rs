//! The quick way into an event: a line whose envelope is whole but for its name and plainly written, as nearly every
//! line's is.
//!
//! It is the same event that the plain way reads, or none: whatever is missing, escaped, odd or wrong makes it give
//! up, and the line is read the plain way, which completes what may be completed and says what is wrong with the
//! rest. It is faster because the envelope is not put on the tape, and because of a scope or a list of invariants
//! that came before it only asks whether it is the same text.

use super::complete::{self, EVENT_ID, Form};
use super::envelope::{exact_time, read_scope};
use super::field::strings;
use super::operation;
use super::payload::Payload;
use super::source::{Scratch, Source};
use super::{Event, MAX_PARENTS, Missing, Wants};
use crate::id::{Scope, Tile, Time, is_event_id, is_id, is_place};
use crate::json::{self, Known, Passed, Skim, Tape, Value};
use crate::line;
use bumpalo::Bump;

/// How many texts of a field are remembered.
const REMEMBERED: usize = 8;

/// What was read of the lines before, and what is used again.
#[derive(Default)]
pub struct Memory<'a> {
    keys: Keys<'a>,
    values: Values<'a>,
    passed: Passed,
}

/// The key that came after each field the last time, as it was written, and which field it is.
#[derive(Default)]
struct Keys<'a>([Option<(Known<'a>, Field)>; Field::COUNT]);

#[derive(Default)]
struct Values<'a> {
    scopes: Recent<'a, Scope>,
    invariants: Recent<'a, &'a [&'a str]>,
}

/// A member of a line.
#[derive(Clone, Copy)]
enum Field {
    EventId,
    Timestamp,
    SpaceId,
    LayerId,
    ActorId,
    Operation,
    Scope,
    Invariants,
    Parents,
    Tile,
    /// What belongs to the payload; also what the first member comes after.
    Payload,
}

impl Field {
    const COUNT: usize = Field::Payload as usize + 1;

    /// The field of a key. A signature, and what belongs to another kind of line, is not for the quick way.
    fn of(key: &str) -> Option<Field> {
        Some(match key {
            "event_id" => Field::EventId,
            "timestamp" => Field::Timestamp,
            "space_id" => Field::SpaceId,
            "layer_id" => Field::LayerId,
            "actor_id" => Field::ActorId,
            "operation" => Field::Operation,
            "scope" => Field::Scope,
            "preserves_invariants" => Field::Invariants,
            "previous_events" => Field::Parents,
            "tile" => Field::Tile,
            "signature" => return None,
            _ if line::NEVER_WITH_OPERATION.contains(&key) => return None,
            _ => Field::Payload,
        })
    }
}

impl<'a> Keys<'a> {
    /// The field that comes after another. One writer's lines have their members in one order: mostly it is a
    /// single comparison with the key that came the last time.
    fn next(&mut self, skim: &mut Skim<'_, 'a>, after: Field) -> Option<Field> {
        let likely = &mut self.0[after as usize];
        if let Some((known, field)) = likely
            && skim.same_key(known)
        {
            return Some(*field);
        }
        let field = Field::of(skim.key()?)?;
        *likely = Some((skim.known_key()?, field));
        Some(field)
    }
}

/// The last few texts of a field, what each of them meant, and its canonical form, where that is another.
struct Recent<'a, T> {
    list: Vec<(&'a str, T, Option<&'a str>)>,
    /// Which gives way next.
    oldest: usize,
}

impl<T> Default for Recent<'_, T> {
    fn default() -> Self {
        Recent { list: Vec::new(), oldest: 0 }
    }
}

impl<'a, T: Copy> Recent<'a, T> {
    /// Takes a value that was seen before, or reads it and remembers it.
    fn take(
        &mut self,
        skim: &mut Skim<'_, 'a>,
        arena: &'a Bump,
        read: impl FnOnce(Value<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        if let Some((_, meaning, otherwise)) = self.list.iter().find(|(raw, ..)| skim.same(raw)) {
            otherwise.iter().for_each(|canonical| skim.is_otherwise(canonical));
            return Some(*meaning);
        }
        let (raw, meaning, canonical) =
            skim.aside(|value| Some((value.raw(), read(value)?, value.canonical(arena))))?;
        let otherwise = Some(canonical).filter(|canonical| *canonical != raw);
        otherwise.iter().for_each(|canonical| skim.is_otherwise(canonical));
        if self.list.len() < REMEMBERED {
            self.list.push((raw, meaning, otherwise));
        } else {
            self.list[self.oldest] = (raw, meaning, otherwise);
            self.oldest = (self.oldest + 1) % REMEMBERED;
        }
        Some(meaning)
    }
}

/// The fields as they are met; each at most once.
#[derive(Default)]
struct Fields<'a> {
    event_id: Option<&'a str>,
    timestamp: Option<Time>,
    space_id: Option<&'a str>,
    layer_id: Option<&'a str>,
    actor_id: Option<&'a str>,
    operation: Option<&'a str>,
    scope: Option<Scope>,
    invariants: Option<&'a [&'a str]>,
    parents: Option<&'a [&'a str]>,
    tile: Option<Tile>,
}

/// Reads an event, if its line is of the usual kind.
pub fn read<'a>(
    line: &'a str,
    wants: Wants,
    tape: &mut Tape,
    arena: &'a Bump,
    scratch: &mut Scratch<'a>,
    memory: &mut Memory<'a>,
) -> Option<Event<'a>> {
    let Memory { keys, values, passed } = memory;
    let mut skim = Skim::new(tape, line, wants.forms.then_some(&mut *passed))?;
    let mut fields = Fields::default();
    let mut field = Field::Payload;
    loop {
        field = keys.next(&mut skim, field)?;
        fields.take(field, &mut skim, arena, scratch, values)?;
        if !skim.more()? {
            break;
        }
    }
    let mut event = fields.event(line, wants.drafts)?;
    event.payload = operation::read(Source { top: skim.finish(), event: &event, arena, scratch }).ok()?;
    match event.missing {
        missing if missing.is_empty() && wants.forms => {
            event.form = Some(Form::whole(passed.canonical(json::without_end(line), arena)));
        }
        Missing::EVENT_ID if wants.forms => {
            complete::name(&mut event, passed.without(json::without_end(line), EVENT_ID, arena), arena);
        }
        Missing::EVENT_ID => {
            complete::name_from(&mut event, tape.parse(line, json::EVENT_DEPTH).ok()?, arena);
        }
        _ => {}
    }
    Some(event)
}

impl<'a> Fields<'a> {
    /// Takes the value of a member: of the envelope what it says, of the payload all there is.
    fn take(
        &mut self,
        field: Field,
        skim: &mut Skim<'_, 'a>,
        arena: &'a Bump,
        scratch: &mut Scratch<'a>,
        memory: &mut Values<'a>,
    ) -> Option<()> {
        match field {
            Field::EventId => once(&mut self.event_id, skim.text().filter(|s| is_event_id(s))),
            Field::Timestamp => {
                let time = exact_time(skim.number()?).filter(|t| t.is_timestamp());
                once(&mut self.timestamp, time)
            }
            Field::SpaceId => once(&mut self.space_id, skim.text().filter(|s| is_place(s))),
            Field::LayerId => once(&mut self.layer_id, skim.text().filter(|s| is_place(s))),
            Field::ActorId => once(&mut self.actor_id, skim.text().filter(|s| is_id(s))),
            Field::Operation => once(&mut self.operation, skim.text().filter(|s| !line::is_state(s))),
            Field::Scope => once(&mut self.scope, memory.scopes.take(skim, arena, whole_scope)),
            Field::Invariants => {
                let read = |value: Value<'_, 'a>| strings(value, arena, &mut scratch.names, |_| true);
                once(&mut self.invariants, memory.invariants.take(skim, arena, read))
            }
            Field::Parents => once(&mut self.parents, parents(skim, arena, &mut scratch.names)),
            Field::Tile => once(&mut self.tile, Tile::parse(skim.text()?)),
            Field::Payload => skim.keep(),
        }
    }

    /// The event, without its payload, if no field is missing but its name and, of `drafts`, its time.
    fn event(self, line: &'a str, drafts: bool) -> Option<Event<'a>> {
        let mut missing = Missing::default();
        if self.event_id.is_none() {
            missing.add(Missing::EVENT_ID);
        }
        if self.timestamp.is_none() && drafts {
            missing.add(Missing::TIMESTAMP);
        }
        Some(Event {
            line,
            id: self.event_id.unwrap_or_default(),
            time: self.timestamp.or(drafts.then_some(Time(0)))?,
            space: self.space_id?,
            layer: self.layer_id?,
            actor: self.actor_id?,
            operation: self.operation?,
            scope: self.scope?,
            invariants: self.invariants?,
            parents: self.parents?,
            tile: self.tile?,
            signature: None,
            missing,
            form: None,
            payload: Payload::Unknown,
        })
    }
}

/// Fills a field that is there and was not there before.
fn once<T>(field: &mut Option<T>, value: Option<T>) -> Option<()> {
    if field.is_some() {
        return None;
    }
    *field = Some(value?);
    Some(())
}

/// A scope with all of its members.
fn whole_scope(value: Value<'_, '_>) -> Option<Scope> {
    let mut missing = Missing::default();
    let scope = read_scope(Some(value), Scope::default(), &mut missing).ok()?;
    missing.is_empty().then_some(scope)
}

fn parents<'a>(skim: &mut Skim<'_, 'a>, arena: &'a Bump, names: &mut Vec<&'a str>) -> Option<&'a [&'a str]> {
    names.clear();
    skim.texts(|name| {
        names.push(name);
        is_event_id(name).then_some(())
    })?;
    match names.len() {
        0 => Some(&[]),
        n => (n <= MAX_PARENTS).then(|| &*arena.alloc_slice_copy(names)),
    }
}

#[cfg(test)]
mod tests {
    use crate::event::{Defaults, Event, Line, Reader};
    use crate::json::Tape;
    use bumpalo::Bump;

    const LINES: [&str; 7] = [
        r#"{"event_id":"evt-1","timestamp":1730000000.25,"space_id":"demo","layer_id":"layout","actor_id":"user:a","operation":"create_node","scope":{"realm":"team","authority":"source","boundary":"interior","policy":"public"},"preserves_invariants":["adjacency","exclusion"],"previous_events":["e","f"],"tile":"z4/x0/y10","node_id":"n","kind":"pump","transform":{"position":[1.5,-2,0]},"properties":{"label":"Straße \u00e9","fill":null}}"#,
        r#"{"actor_id":"user:a","event_id":"evt-2","from_node":"a","layer_id":"layout","operation":"link_nodes","preserves_invariants":[],"previous_events":[],"properties":{"w":1},"scope":{"authority":"source","boundary":"interior","policy":"private","realm":"personal"},"space_id":"demo","tile":"z0/x-1/y0","timestamp":-5,"to_node":"b"}"#,
        r#"{ "event_id": "evt-3", "timestamp": 1, "space_id": "demo", "layer_id": "l", "actor_id": "a", "operation": "sensor_reading", "scope": {"realm": "public", "authority": "derived", "boundary": "exterior", "policy": "redacted", "more": [1, {"a": 1, "a2": 2}]}, "preserves_invariants": ["x"], "previous_events": [ "p" ], "tile": "z0/x0/y0", "sensor": "s", "value": true }"#,
        r#"{"event_id":"m","timestamp":1,"space_id":"s","layer_id":"l","actor_id":"a","operation":"macro.stamp","scope":{"realm":"team","authority":"source","boundary":"interior","policy":"public"},"preserves_invariants":[],"previous_events":[],"tile":"z0/x0/y0","template":[{"operation":"delete_node","node_id":"{n}"}],"params":{"n":"x"}}"#,
        r#"{"timestamp":1,"actor_id":"a","operation":"sensor_reading","sensor":"level","value":1.42}"#,
        r#"{"tile":"z0/x0/y0","timestamp":2.5,"space_id":"s","layer_id":"l","actor_id":"a","operation":"sensor_reading","scope":{"realm":"team","policy":"public","authority":"source","boundary":"interior"},"preserves_invariants":[],"previous_events":["p"],"sensor":"level","value":"\u00e9","event_ie":1.0}"#,
        r#"{"actor_id":"a","event_id":"k","event_idea":1,"event_ideal":[1.5,{"a":"é\n","b":{}}],"layer_id":"l","operation":"x","preserves_invariants":["a"],"previous_events":["p"],"scope":{"authority":"source","boundary":"interior","policy":"private","realm":"personal"},"space_id":"s","tile":"z0/x0/y0","timestamp":0.5,"éa":1e+30,"éb":5e-324,"éc":[],"éd":0,"𐀀":0,"￮":0}"#,
    ];

    /// What the two ways make of a line, after some lines before it.
    fn hold_to_the_plain_way(lines: &[&str]) -> usize {
        let (arena, defaults) = (Bump::new(), Defaults::default());
        let reader = |drafts: bool, forms: bool| {
            let reader = Reader::new(&arena, &defaults);
            let reader = if forms { reader.with_forms() } else { reader };
            if drafts { reader.with_drafts() } else { reader }
        };
        for (drafts, forms) in [(true, false), (true, true), (false, true)] {
            hold(lines, reader(drafts, forms), reader(drafts, forms), &arena);
        }
        hold(lines, reader(false, false), reader(false, false), &arena)
    }

    fn form(event: &Event<'_>) -> String {
        let mut out = Vec::new();
        event.write_canonical(&mut Tape::new(), &mut out);
        String::from_utf8(out).expect("because canonical JSON is UTF-8")
    }

    /// The canonical form of a whole event as it is made by parsing its line once more.
    fn slow_form(event: &Event<'_>) -> String {
        form(&Event { form: event.form.filter(|_| !event.missing.is_empty()), ..*event })
    }

    fn hold<'a>(lines: &[&str], mut quick: Reader<'a>, mut plain: Reader<'a>, arena: &'a Bump) -> usize {
        let mut taken = 0;
        for line in lines {
            let line = arena.alloc_str(line);
            let read =
                super::read(line, quick.wants, &mut quick.tape, arena, &mut quick.scratch, &mut quick.memory);
            let Some(event) = read else { continue };
            taken += 1;
            match plain.read_plainly(line) {
                Ok(Line::Event(expected)) => {
                    assert_eq!(format!("{event:?}"), format!("{expected:?}"));
                    assert_eq!(form(&event), slow_form(&expected), "{line}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
        taken
    }

    #[test]
    fn whole_plain_lines_are_taken_and_others_are_not() {
        // Which of them is left to the plain way after others is a matter of speed alone.
        assert!((5..=6).contains(&hold_to_the_plain_way(&LINES)));
        assert_eq!(LINES.map(|line| hold_to_the_plain_way(&[line])), [1, 1, 1, 1, 0, 1, 1]);
        assert_eq!(hold_to_the_plain_way(&[LINES[0], LINES[0], LINES[0]]), 3);
    }

    #[test]
    fn whatever_is_done_to_a_line_the_quick_way_takes_no_more_than_the_plain_one() {
        let pieces: Vec<&str> = r#"" \ { } [ ] , : 0 - 1e5 1.50 null ,"a":1 ,"event_ide":1 ,"log":1 "scope":{}, \u0061 "tile":"z0/x0/y0", # _state é"#
            .split(' ')
            .chain([" ", "\n", "\u{7f}", ",\"signature\":{}", ",\"event_id\":\"x\""])
            .collect();
        let mut state: u64 = 7;
        let mut random = |below: usize| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33) as usize % below
        };
        for round in 0..15_000 {
            let line = LINES[round % LINES.len()];
            let place =
                |at: usize| (at..=line.len()).find(|i| line.is_char_boundary(*i)).unwrap_or(line.len());
            let from = place(random(line.len()));
            let to = place(from + random(4) * random(12));
            let piece = if random(3) == 0 { "" } else { pieces[random(pieces.len())] };
            let broken = format!("{}{piece}{}", &line[..from], &line[to.min(line.len())..]);
            hold_to_the_plain_way(&[line, &broken, line]);
        }
    }

    #[test]
    fn many_members_and_many_scopes_are_taken_too() {
        let scopes: Vec<String> = (0..40)
            .map(|i| {
                let more: String = (0..i).map(|k| format!(",\"k{}\":{i}", 100 - k)).collect();
                let all = r#""realm":"team","authority":"source","boundary":"interior","policy":"public""#;
                LINES[0].replacen(all, &format!("{all}{more}"), 1)
            })
            .collect();
        let lines: Vec<&str> = scopes.iter().chain(&scopes).map(String::as_str).collect();
        assert!(hold_to_the_plain_way(&lines) > 30);
        let members: String = (0..40).map(|i| format!(",\"m{}\":{i}", 100 - i)).collect();
        let line = |twice: &str| LINES[0].replacen(",\"kind\"", &format!("{members}{twice},\"kind\""), 1);
        assert_eq!(hold_to_the_plain_way(&[&line(""), &line(",\"m77\":1")]), 1);
    }
}
