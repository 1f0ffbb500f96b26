//! The fields of lines: what names, numbers and lists are, and how they are read.

use super::Refusal;
use crate::id::{Time, is_id, is_place};
use crate::json::{self, Kind, Value};
use crate::line::{self, Marks};
use bumpalo::Bump;

/// The names of the envelope's fields; a macro's template may hold none of them but `operation`.
pub const FIELDS: [&str; 11] = [
    "event_id",
    "timestamp",
    "space_id",
    "layer_id",
    "actor_id",
    "operation",
    "scope",
    "preserves_invariants",
    "previous_events",
    "tile",
    "signature",
];

/// The envelope's fields as they stand in the line.
#[derive(Default)]
pub struct Fields<'t, 'a> {
    pub event_id: Option<Value<'t, 'a>>,
    pub timestamp: Option<Value<'t, 'a>>,
    pub space_id: Option<Value<'t, 'a>>,
    pub layer_id: Option<Value<'t, 'a>>,
    pub actor_id: Option<Value<'t, 'a>>,
    pub operation: Option<Value<'t, 'a>>,
    pub operation_text: Option<&'a str>,
    pub scope: Option<Value<'t, 'a>>,
    pub invariants: Option<Value<'t, 'a>>,
    pub parents: Option<Value<'t, 'a>>,
    pub tile: Option<Value<'t, 'a>>,
    pub signature: Option<Value<'t, 'a>>,
    /// What the other members say of the line's kind.
    marks: Marks,
}

impl<'t, 'a> Fields<'t, 'a> {
    /// Finds the envelope's fields in one pass over the members.
    pub fn gather(top: Value<'t, 'a>, arena: &'a Bump) -> Fields<'t, 'a> {
        let mut fields = Fields::default();
        for (key, value) in top.members() {
            let Some(name) = key.as_str(arena) else { continue };
            let slot = match name {
                "event_id" => &mut fields.event_id,
                "timestamp" => &mut fields.timestamp,
                "space_id" => &mut fields.space_id,
                "layer_id" => &mut fields.layer_id,
                "actor_id" => &mut fields.actor_id,
                "operation" => &mut fields.operation,
                "scope" => &mut fields.scope,
                "preserves_invariants" => &mut fields.invariants,
                "previous_events" => &mut fields.parents,
                "tile" => &mut fields.tile,
                "signature" => &mut fields.signature,
                _ => {
                    fields.marks.take(name);
                    continue;
                }
            };
            *slot = Some(value);
        }
        fields.operation_text = fields.operation.and_then(|v| v.as_str(arena));
        fields
    }

    /// Tells what the line is; nothing where it has no mark.
    pub fn kind(&self) -> Result<Option<line::Kind>, Refusal> {
        self.marks.kind(self.operation.map(|_| self.operation_text.is_some_and(line::is_state)))
    }
}

pub fn required<'t, 'a>(
    top: Value<'t, 'a>,
    name: &str,
    code: &'static str,
) -> Result<Value<'t, 'a>, Refusal> {
    top.get(name).ok_or_else(|| Refusal::new(code, "missing"))
}

pub fn string<'a>(value: Value<'_, 'a>, arena: &'a Bump, code: &'static str) -> Result<&'a str, Refusal> {
    value.as_str(arena).ok_or_else(|| Refusal::new(code, "not a string"))
}

/// Whether a name may be given to a node that is created, drawn and linked.
pub fn is_node(s: &str) -> bool {
    is_id(s) && !s.starts_with('@')
}

/// `@space` and `@layer:<layer_id>` hold properties without being created.
pub fn is_special(s: &str) -> bool {
    s == "@space" || s.strip_prefix("@layer:").is_some_and(is_place)
}

/// Whether a node_id may stand in a state line.
pub fn is_any_node(s: &str) -> bool {
    is_node(s) || is_special(s)
}

const NODE_RULE: &str = "1 to 256 bytes, no control character, not beginning with @";

pub fn node<'a>(value: Value<'_, 'a>, arena: &'a Bump, code: &'static str) -> Result<&'a str, Refusal> {
    match string(value, arena, code)? {
        s if is_node(s) => Ok(s),
        s if is_special(s) => Err(Refusal::new(code, format!("{s} takes set_properties alone"))),
        _ => Err(Refusal::new(code, format!("a node_id is {NODE_RULE}"))),
    }
}

pub fn node_id<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<&'a str, Refusal> {
    node(required(top, "node_id", "payload.node_id")?, arena, "payload.node_id")
}

/// Whether a value is a list of that many numbers.
pub fn is_vector(value: Value<'_, '_>, least: usize, most: usize) -> bool {
    value.kind() == Kind::Array
        && (least..=most).contains(&value.len())
        && value.items().all(|v| v.kind() == Kind::Number)
}

/// A time as the JSON number that names it.
pub fn time_number(time: Time) -> String {
    let text = time.to_string();
    if !text.contains('.') {
        // Whole seconds are the same in either spelling.
        return text;
    }
    let mut json = Vec::new();
    let seconds: f64 = text.parse().expect("a time prints as a decimal");
    json::write_number(seconds, &mut json);
    String::from_utf8(json).expect("JSON is UTF-8")
}

/// A string as JSON text.
pub fn json_string<'a>(text: &str, arena: &'a Bump) -> &'a str {
    let mut json = Vec::with_capacity(text.len() + 2);
    json::write_string(text, &mut json);
    arena.alloc_str(std::str::from_utf8(&json).expect("JSON is UTF-8"))
}

/// An array of strings that all obey `rule`.
pub fn strings<'a>(
    value: Value<'_, 'a>,
    arena: &'a Bump,
    scratch: &mut Vec<&'a str>,
    rule: fn(&str) -> bool,
) -> Option<&'a [&'a str]> {
    if value.kind() != Kind::Array {
        return None;
    }
    if value.is_empty() {
        return Some(&[]);
    }
    scratch.clear();
    for item in value.items() {
        scratch.push(item.as_str(arena).filter(|s| rule(s))?);
    }
    Some(arena.alloc_slice_copy(scratch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_with_an_at_are_special() {
        assert!(is_special("@space") && is_special("@layer:rivers"));
        assert!(!is_special("@layer:") && !is_special("@layer:a/b") && !is_special("@other"));
        assert!(!is_node("@space") && is_node("a@b"));
    }
}
