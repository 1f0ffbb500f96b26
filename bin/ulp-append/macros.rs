//! `--macros FILE`: macros with names of one's own, which drafts may use. They live outside the trace: what is stored
//! is the `macro.stamp` that one becomes.
//!
//! ```yaml
//! pump:
//!   params: {label: Pump, x: 0}
//!   template:
//!     - {operation: create_node, node_id: "{id}", transform: {position: ["{x}", 0]}}
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use ulp_cli::Failure;
use ulp_core::event::{Defaults, Event, Payload, Reader, Refusal};
use ulp_core::json::write::Members;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::yaml::{self, Fault, Node};

/// What a name of one's own begins with, where it is an operation.
const PREFIX: &str = "macro.";
/// The names that the format has taken.
const BUILT_IN: [&str; 4] = ["stamp", "grid", "line", "circle"];
/// Longest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// The macros of a file, by name.
#[derive(Debug)]
pub struct Macros(BTreeMap<String, Macro>);

/// One macro: JSON.
#[derive(Debug)]
struct Macro {
    template: String,
    /// What a draft's `params` need not say, by name.
    params: BTreeMap<String, String>,
}

impl Macros {
    /// Reads a file of macros.
    ///
    /// # Errors
    /// It cannot be read; wrong usage, with line and column, where something in it is not understood.
    pub fn read(path: &Path) -> Result<Macros, Failure> {
        let bytes = read_some(path).map_err(|e| Failure::io(path.display(), e))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failure::usage(path.display(), format!("more than {MOST_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| Failure::usage(path.display(), "not UTF-8"))?;
        Macros::parse(&text).map_err(|Fault { at, reason }| {
            Failure::usage(format!("{}:{}:{}", path.display(), at.line, at.column), reason)
        })
    }

    fn parse(text: &str) -> Result<Macros, Fault> {
        let mut macros = BTreeMap::new();
        let Some(file) = yaml::parse(text)? else { return Ok(Macros(macros)) };
        for (key, name, value) in file.map()? {
            if BUILT_IN.contains(&name) {
                return Err(key.fault(format_args!("{name} is a macro of the format's own")));
            }
            if name.is_empty() || name.chars().any(char::is_control) {
                return Err(key.fault("no name of a macro"));
            }
            macros.insert(name.to_owned(), Macro::parse(key, value)?);
        }
        Ok(Macros(macros))
    }

    /// A draft's line as a `macro.stamp`, where its operation is one of these.
    pub fn stamp(&self, draft: &Event<'_>) -> Option<Result<Vec<u8>, Refusal>> {
        if !matches!(draft.payload, Payload::Unknown) {
            return None;
        }
        let stamped = self.0.get(draft.operation.strip_prefix(PREFIX)?)?.stamp(draft.line);
        Some(stamped.map_err(|refusal| draft.blame(refusal)))
    }
}

fn read_some(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Macro {
    fn parse(key: &Node, value: &Node) -> Result<Macro, Fault> {
        let (mut template, mut params) = (None, BTreeMap::new());
        for (key, name, value) in value.map()? {
            match name {
                "template" => template = Some(value.json()?),
                "params" => {
                    for (_, name, value) in value.map()? {
                        params.insert(name.to_owned(), value.json()?);
                    }
                }
                _ => return Err(key.fault(format_args!("{name} is not known: template, params"))),
            }
        }
        let template = template.ok_or_else(|| key.fault("its template is missing"))?;
        let found = Macro { template, params };
        found.check().map_err(|reason| key.fault(reason))?;
        Ok(found)
    }

    /// Whether the template is one, whatever is filled into it.
    fn check(&self) -> Result<(), String> {
        let draft = r#"{"event_id":"e","timestamp":0,"actor_id":"a"}"#;
        let line = self.stamp(draft).map_err(|refusal| refusal.detail)?;
        let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
        match Reader::new(&arena, &defaults).read_bytes(&line) {
            Err(refusal) if refusal.code == "payload.template" || refusal.code.starts_with("json.") => {
                Err(format!("{}: {}", refusal.code, refusal.detail))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The line with this template, and with its own `params` before ours.
    fn stamp(&self, line: &str) -> Result<Vec<u8>, Refusal> {
        let mut tape = Tape::new();
        let top = json::parse_text(&mut tape, line)?;
        if top.get("template").is_some() {
            return Err(Refusal::new("payload.template", "a macro of --macros brings its own"));
        }
        let given = top.get("params");
        if given.is_some_and(|params| params.kind() != Kind::Object) {
            return Err(Refusal::new("payload.params", "not an object"));
        }
        let mut out = Vec::new();
        let mut whole = Members::open(&mut out);
        whole.text("operation", "macro.stamp", &mut out);
        write_member("template", &self.template, &mut whole, &mut out);
        for (name, value) in members(top).filter(|(name, _)| !matches!(name.as_str(), "operation" | "params"))
        {
            write_member(&name, value.raw(), &mut whole, &mut out);
        }
        let mut params: BTreeMap<&str, &str> =
            self.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let given: Vec<(String, Value<'_, '_>)> = given.into_iter().flat_map(members).collect();
        params.extend(given.iter().map(|(name, value)| (name.as_str(), value.raw())));
        whole.name("params", &mut out);
        let mut object = Members::open(&mut out);
        for (name, value) in params {
            write_member(name, value, &mut object, &mut out);
        }
        object.close(&mut out);
        whole.close(&mut out);
        Ok(out)
    }
}

fn members<'t, 'a>(object: Value<'t, 'a>) -> impl Iterator<Item = (String, Value<'t, 'a>)> {
    object.members().map(|(key, value)| (key.chars().collect(), value))
}

/// Appends a member as it was written.
fn write_member(name: &str, value: &str, object: &mut Members, out: &mut Vec<u8>) {
    object.any_name(name, out);
    out.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str = "pump:\n  params: {label: Pump, x: 0}\n  template:\n    - {operation: create_node, node_id: \"{id}\"}\n";

    #[test]
    fn a_draft_brings_what_its_macro_leaves_open() {
        let macros = Macros::parse(FILE).unwrap();
        let line = r#"{ "operation":"macro.pump", "params":{"id":"p1","x":[4]}, "tile":"z0/x1/y0" }"#;
        let stamped = macros.0["pump"].stamp(line).unwrap();
        assert_eq!(
            String::from_utf8(stamped).unwrap(),
            r#"{"operation":"macro.stamp","template":[{"operation":"create_node","node_id":"{id}"}],"tile":"z0/x1/y0","params":{"id":"p1","label":"Pump","x":[4]}}"#
        );
        assert!(macros.0["pump"].stamp(r#"{"operation":"macro.pump","template":[]}"#).is_err());
        assert!(macros.0["pump"].stamp(r#"{"operation":"macro.pump","params":[]}"#).is_err());
    }

    #[test]
    fn what_is_not_understood_is_refused_where_it_stands() {
        for (text, line, column) in [
            ("a: [x]", 1, 4),
            ("grid: {template: []}", 1, 1),
            ("\"\": {template: []}", 1, 1),
            ("a: {template: [], more: x}", 1, 19),
            ("b: {template: []}\na: {params: {}}", 2, 1),
            ("a: {template: [{node_id: n}]}", 1, 1),
            ("a: {template: x}", 1, 1),
            ("a: {template: [{operation: x, tile: z0/x0/y0}]}", 1, 1),
            ("a: {template: [], params: [x]}", 1, 27),
            ("a: {template: [], params: {x: 0x1f}}", 1, 31),
        ] {
            let fault = Macros::parse(text).expect_err(text);
            assert_eq!((fault.at.line, fault.at.column), (line, column), "{text}: {}", fault.reason);
        }
        assert!(Macros::parse("").unwrap().0.is_empty());
    }
}
