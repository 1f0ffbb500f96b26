//! Macros: an event that expands into primitives before anything is derived.
//!
//! A macro event carries all it needs, so what it means never depends on what else has arrived. Everything that
//! could grow is counted before it is built: instances, primitives and bytes. Page "2. The event", macros.

use super::field::FIELDS;
use super::operation::{Operation, Reads};
use super::payload::{Payload, Primitive};
use super::source::{Scratch, Source};
use super::{Event, Refusal};
use crate::json::write::{Items, Members};
use crate::json::{self, Kind, Tape, Value};
use crate::line;
use bumpalo::Bump;

/// Most macros inside each other, the event itself included.
pub const MAX_MACRO_DEPTH: usize = 8;
/// Most primitives of one macro event. Nested macros are counted apart, up to the same number.
pub const MAX_MACRO_EVENTS: usize = 10_000;
/// Most canonical bytes of the payloads of one macro event's primitives; of its nested macros likewise.
pub const MAX_MACRO_BYTES: usize = 4 << 20;

/// Expands a macro.
pub fn read<'a>(source: Source<'_, 'a>, shape: ReadShape) -> Result<Payload<'a>, Refusal> {
    let Source { top, event, arena, scratch } = source;
    let mut expansion =
        Expansion { event, arena, scratch, primitives: Vec::new(), bytes: 0, nested: 0, nested_bytes: 0 };
    expansion.expand(top, shape, "", 1)?;
    Ok(Payload::Macro(arena.alloc_slice_copy(&expansion.primitives)))
}

struct Expansion<'a, 's> {
    event: &'s Event<'a>,
    arena: &'a Bump,
    scratch: &'s mut Scratch<'a>,
    primitives: Vec<Primitive<'a>>,
    bytes: usize,
    nested: usize,
    nested_bytes: usize,
}

/// The names that a template may use: those of the macro first, then its `params`.
struct Names<'t, 'a> {
    own: Vec<(&'static str, f64)>,
    params: Option<Value<'t, 'a>>,
}

enum Found<'t, 'a> {
    Own(f64),
    Param(Value<'t, 'a>),
}

impl<'t, 'a> Names<'t, 'a> {
    fn find(&self, name: &str) -> Option<Found<'t, 'a>> {
        match self.own.iter().find(|(own, _)| *own == name) {
            Some((_, value)) => Some(Found::Own(*value)),
            None => self.params.and_then(|p| p.get(name)).map(Found::Param),
        }
    }
}

impl<'a> Expansion<'a, '_> {
    fn expand(
        &mut self,
        top: Value<'_, 'a>,
        shape: ReadShape,
        prefix: &str,
        depth: usize,
    ) -> Result<(), Refusal> {
        if depth > MAX_MACRO_DEPTH {
            return Err(limit(format!("more than {MAX_MACRO_DEPTH} macros inside each other")));
        }
        let template = template(top)?;
        let params = top.get("params");
        if params.is_some_and(|p| p.kind() != Kind::Object) {
            return Err(Refusal::new("payload.params", "not an object"));
        }
        let shape = shape(top)?;
        let instances = shape.instances().filter(|n| template.len().checked_mul(*n).is_some());
        let total = instances.map(|n| n * template.len());
        if total.is_none_or(|n| n > MAX_MACRO_EVENTS) {
            return Err(limit(format!("more than {MAX_MACRO_EVENTS} events")));
        }
        if template.is_empty() {
            return Ok(());
        }
        let mut n = 0;
        for i in 0..instances.unwrap_or_default() {
            let names = Names { own: shape.names(i)?, params };
            for item in template.items() {
                let suffix = format!("{prefix}#{n:04}");
                let place = |mut refusal: Refusal| {
                    // The innermost place is named once.
                    if !refusal.detail.starts_with('#') {
                        refusal.detail = format!("{suffix}: {}", refusal.detail);
                    }
                    refusal
                };
                self.instance(item, &names, &suffix, depth).map_err(place)?;
                n += 1;
            }
        }
        Ok(())
    }

    /// Fills in one payload of a template and takes it as a primitive, or expands it if it is a macro.
    fn instance(
        &mut self,
        item: Value<'_, 'a>,
        names: &Names<'_, 'a>,
        suffix: &str,
        depth: usize,
    ) -> Result<(), Refusal> {
        let mut text = Vec::new();
        fill(item, names, &mut text)?;
        let text = String::from_utf8(text).expect("filling writes UTF-8");
        let text: &'a str = self.arena.alloc_str(&text);
        let mut tape = Tape::new();
        let top = json::parse_text(&mut tape, text)?;
        let Some(operation) = top.get("operation").and_then(|v| v.as_str(self.arena)) else {
            return Err(Refusal::new("payload.template", "a payload without an operation"));
        };
        if line::is_state(operation) {
            return Err(Refusal::new("event.kind", "a template holds payloads of events, not state lines"));
        }
        let known = Operation::named(operation).map(|known| known.reads);
        if let Some(Reads::Macro(shape)) = known {
            count(&mut self.nested_bytes, text.len(), MAX_MACRO_BYTES, "bytes")?;
            count(&mut self.nested, 1, MAX_MACRO_EVENTS, "macros")?;
            return self.expand(top, shape, suffix, depth + 1);
        }
        count(&mut self.bytes, text.len(), MAX_MACRO_BYTES, "bytes")?;
        if self.primitives.len() == MAX_MACRO_EVENTS {
            return Err(limit(format!("more than {MAX_MACRO_EVENTS} events")));
        }
        let Expansion { event, arena, .. } = *self;
        let payload = match known {
            Some(Reads::Primitive(read)) => read(Source { top, event, arena, scratch: self.scratch })?,
            _ => Payload::Unknown,
        };
        self.primitives.push(Primitive { suffix: self.arena.alloc_str(suffix), operation, payload });
        Ok(())
    }
}

fn limit(detail: String) -> Refusal {
    Refusal::new("macro.limit", detail)
}

fn count(counter: &mut usize, more: usize, most: usize, what: &str) -> Result<(), Refusal> {
    *counter += more;
    if *counter > most { Err(limit(format!("more than {most} {what}"))) } else { Ok(()) }
}

fn template<'t, 'a>(top: Value<'t, 'a>) -> Result<Value<'t, 'a>, Refusal> {
    let wrong = |detail: &str| Refusal::new("payload.template", detail);
    let list = top.get("template").ok_or_else(|| wrong("missing"))?;
    if list.kind() != Kind::Array || list.items().any(|item| item.kind() != Kind::Object) {
        return Err(wrong("not an array of payloads"));
    }
    for item in list.items() {
        if let Some(field) = FIELDS.iter().find(|f| **f != "operation" && item.get(f).is_some()) {
            return Err(wrong(&format!("{field} belongs to the envelope")));
        }
        if item.get("operation").is_none_or(|v| v.kind() != Kind::String) {
            return Err(wrong("a payload without an operation"));
        }
    }
    Ok(list)
}

/// How often a macro stamps its template, and what each stamp may name.
pub enum Shape {
    Stamp,
    Grid { rows: f64, columns: f64, dx: f64, dy: f64 },
    Line { from: [f64; 3], to: [f64; 3], count: f64 },
    Circle { center: [f64; 3], radius: f64, count: f64 },
}

/// How a macro's own fields say its shape.
pub type ReadShape = fn(Value<'_, '_>) -> Result<Shape, Refusal>;

impl Shape {
    pub fn stamp(_: Value<'_, '_>) -> Result<Shape, Refusal> {
        Ok(Shape::Stamp)
    }

    pub fn grid(top: Value<'_, '_>) -> Result<Shape, Refusal> {
        Ok(Shape::Grid {
            rows: positive(top, "rows", "payload.rows")?,
            columns: positive(top, "columns", "payload.columns")?,
            dx: number(top, "dx", "payload.dx")?,
            dy: number(top, "dy", "payload.dy")?,
        })
    }

    pub fn line(top: Value<'_, '_>) -> Result<Shape, Refusal> {
        Ok(Shape::Line {
            from: point(top, "from", "payload.from")?,
            to: point(top, "to", "payload.to")?,
            count: positive(top, "count", "payload.count")?,
        })
    }

    pub fn circle(top: Value<'_, '_>) -> Result<Shape, Refusal> {
        Ok(Shape::Circle {
            center: point(top, "center", "payload.center")?,
            radius: number(top, "radius", "payload.radius")?,
            count: positive(top, "count", "payload.count")?,
        })
    }

    /// How many stamps, or `None` where they are beyond any limit.
    fn instances(&self) -> Option<usize> {
        let count = match self {
            Shape::Stamp => 1.0,
            Shape::Grid { rows, columns, .. } => rows * columns,
            Shape::Line { count, .. } | Shape::Circle { count, .. } => *count,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number within 2^32"
        )]
        (count <= 4_294_967_296.0).then_some(count as usize)
    }

    /// The names of stamp `i`. Arithmetic runs left to right in doubles, without fused steps.
    fn names(&self, i: usize) -> Result<Vec<(&'static str, f64)>, Refusal> {
        #[expect(clippy::cast_precision_loss, reason = "at most 10,000 stamps")]
        let i = i as f64;
        let names = match self {
            Shape::Stamp => Vec::new(),
            Shape::Grid { columns, dx, dy, .. } => {
                let row = (i / columns).floor();
                let column = i - row * columns;
                vec![("row", row), ("column", column), ("x", column * dx), ("y", row * dy)]
            }
            Shape::Line { from, to, count } => {
                let along = |axis: usize| match *count {
                    1.0 => from[axis],
                    n => from[axis] + (to[axis] - from[axis]) * (i / (n - 1.0)),
                };
                vec![("i", i), ("x", along(0)), ("y", along(1)), ("z", along(2))]
            }
            Shape::Circle { center, radius, count } => {
                let angle = 360.0 * i / count;
                let radians = angle * std::f64::consts::PI / 180.0;
                let x = center[0] + radius * libm::cos(radians);
                let y = center[1] + radius * libm::sin(radians);
                vec![("i", i), ("angle", angle), ("x", x), ("y", y)]
            }
        };
        match names.iter().find(|(_, v)| !v.is_finite()) {
            Some((name, _)) => Err(Refusal::new("macro.param", format!("{{{name}}} is not a finite number"))),
            None => Ok(names),
        }
    }
}

fn number(top: Value<'_, '_>, name: &str, code: &'static str) -> Result<f64, Refusal> {
    top.get(name).and_then(Value::as_f64).ok_or_else(|| Refusal::new(code, "a number is wanted"))
}

fn positive(top: Value<'_, '_>, name: &str, code: &'static str) -> Result<f64, Refusal> {
    match number(top, name, code)? {
        n if n >= 1.0 && n.fract() == 0.0 => Ok(n),
        _ => Err(Refusal::new(code, "a whole number of at least 1 is wanted")),
    }
}

fn point(top: Value<'_, '_>, name: &str, code: &'static str) -> Result<[f64; 3], Refusal> {
    let wrong = || Refusal::new(code, "[x,y] or [x,y,z] is wanted");
    let list = top.get(name).ok_or_else(wrong)?;
    if list.kind() != Kind::Array || !(2..=3).contains(&list.len()) {
        return Err(wrong());
    }
    let mut point = [0.0; 3];
    for (slot, item) in point.iter_mut().zip(list.items()) {
        *slot = item.as_f64().ok_or_else(wrong)?;
    }
    Ok(point)
}

/// Appends the canonical form of `value` with every `{name}` in its string values filled in.
fn fill(value: Value<'_, '_>, names: &Names<'_, '_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if out.len() > MAX_MACRO_BYTES {
        return Err(limit(format!("more than {MAX_MACRO_BYTES} bytes")));
    }
    let arena = Bump::new();
    match value.kind() {
        Kind::String => fill_string(value.as_str(&arena).unwrap_or_default(), names, out),
        Kind::Array => {
            let mut list = Items::open(out);
            for item in value.items() {
                list.next(out);
                fill(item, names, out)?;
            }
            list.close(out);
            Ok(())
        }
        Kind::Object => {
            let mut members: Vec<_> =
                value.members().map(|(k, v)| (k.as_str(&arena).unwrap_or_default(), v)).collect();
            members.sort_by(|a, b| json::key_order(a.0, b.0));
            let mut object = Members::open(out);
            for (name, member) in members {
                object.any_name(name, out);
                fill(member, names, out)?;
            }
            object.close(out);
            Ok(())
        }
        Kind::Null | Kind::Bool | Kind::Number => {
            json::write_canonical(value.raw(), out);
            Ok(())
        }
    }
}

fn fill_string(text: &str, names: &Names<'_, '_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if !text.contains(['{', '}']) {
        json::write_string(text, out);
        return Ok(());
    }
    // A string that is only `{name}` takes the value's own type.
    if let Some(name) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'))
        && !name.starts_with('{')
        && !name.contains('}')
    {
        match find(name, names)? {
            Found::Own(number) => json::write_number(number, out),
            Found::Param(value) => json::write_canonical(value.raw(), out),
        }
        return Ok(());
    }
    json::write_string(&interpolate(text, names)?, out);
    Ok(())
}

fn find<'t, 'a>(name: &str, names: &Names<'t, 'a>) -> Result<Found<'t, 'a>, Refusal> {
    names.find(name).ok_or_else(|| Refusal::new("macro.param", format!("there is no {{{name}}}")))
}

fn interpolate(text: &str, names: &Names<'_, '_>) -> Result<String, Refusal> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            filled.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let end = tail.find('}').filter(|_| tail.starts_with('{'));
        let Some(end) = end else {
            return Err(Refusal::new("macro.param", "a lone brace: {{ and }} are braces"));
        };
        append(find(&tail[1..end], names)?, &mut filled);
        if filled.len() > MAX_MACRO_BYTES {
            return Err(limit(format!("more than {MAX_MACRO_BYTES} bytes")));
        }
        rest = &tail[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Inside a longer string, a string stands as it is and any other value as its canonical JSON.
fn append(found: Found<'_, '_>, filled: &mut String) {
    let mut json = Vec::new();
    match found {
        Found::Own(number) => json::write_number(number, &mut json),
        Found::Param(value) if value.kind() == Kind::String => {
            let arena = Bump::new();
            filled.push_str(value.as_str(&arena).unwrap_or_default());
            return;
        }
        Found::Param(value) => json::write_canonical(value.raw(), &mut json),
    }
    filled.push_str(&String::from_utf8(json).expect("canonical JSON is UTF-8"));
}
