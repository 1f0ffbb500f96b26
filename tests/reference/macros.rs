//! Macros: a macro event is its expansion into primitives, each with the macro event's envelope.

use super::canonical::canonical;
use super::event::{ENVELOPE, text};
use serde_json::{Map, Value, json};

/// Why a macro event counts for nothing: `macro.param`, a missing name or a lone brace.
#[derive(Debug, PartialEq)]
pub struct Refused;

/// The primitives of a completed event: itself, where it is no macro.
pub fn expand(event: &Value) -> Result<Vec<Value>, Refused> {
    let Some(stamps) = built_in_names(event) else { return Ok(vec![event.clone()]) };
    let template = event["template"].as_array().expect("a template is a list");
    let mut primitives = Vec::new();
    let mut number = 0;
    for built_in in stamps {
        let mut names = event.get("params").map_or(Map::new(), |p| p.as_object().expect("an object").clone());
        names.extend(built_in);
        for payload in template {
            let mut primitive = fill(payload, &names)?;
            for field in ENVELOPE {
                if let Some(value) = event.get(field) {
                    primitive[field] = value.clone();
                }
            }
            primitive["event_id"] = json!(format!("{}#{number:04}", text(event, "event_id")));
            number += 1;
            primitives.extend(expand(&primitive)?);
        }
    }
    Ok(primitives)
}

/// The built-in names of each stamp, in order; none where the event is no macro.
fn built_in_names(event: &Value) -> Option<Vec<Map<String, Value>>> {
    let number = |member: &str| event[member].as_f64().expect("a number");
    let count = |member: &str| number(member) as u64;
    let at =
        |member: &str, axis: usize| event[member].get(axis).map_or(0.0, |n| n.as_f64().expect("a number"));
    let stamps: Vec<Value> = match text(event, "operation").as_str() {
        "macro.stamp" => vec![json!({})],
        "macro.grid" => (0..count("rows"))
            .flat_map(|row| (0..count("columns")).map(move |column| (row, column)))
            .map(|(row, column)| {
                let (x, y) = (column as f64 * number("dx"), row as f64 * number("dy"));
                json!({"row": row, "column": column, "x": x, "y": y})
            })
            .collect(),
        "macro.line" => (0..count("count"))
            .map(|i| {
                let along = |axis: usize| {
                    if count("count") == 1 {
                        return at("from", axis);
                    }
                    let step = i as f64 / (number("count") - 1.0);
                    at("from", axis) + (at("to", axis) - at("from", axis)) * step
                };
                json!({"i": i, "x": along(0), "y": along(1), "z": along(2)})
            })
            .collect(),
        "macro.circle" => (0..count("count"))
            .map(|i| {
                let angle = 360.0 * i as f64 / number("count");
                let radians = angle * std::f64::consts::PI / 180.0;
                let x = at("center", 0) + number("radius") * libm::cos(radians);
                let y = at("center", 1) + number("radius") * libm::sin(radians);
                json!({"i": i, "angle": angle, "x": x, "y": y})
            })
            .collect(),
        _ => return None,
    };
    Some(stamps.into_iter().map(|names| names.as_object().expect("built above").clone()).collect())
}

fn fill(value: &Value, names: &Map<String, Value>) -> Result<Value, Refused> {
    Ok(match value {
        Value::String(text) => fill_text(text, names)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let mut filled = Map::new();
            for (name, value) in members {
                filled.insert(name.clone(), fill(value, names)?);
            }
            Value::Object(filled)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, names: &Map<String, Value>) -> Result<Value, Refused> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        if rest.starts_with('}') {
            return Err(Refused);
        }
        let end = rest.find('}').ok_or(Refused)?;
        let value = names.get(&rest[1..end]).ok_or(Refused)?;
        if rest.len() == text.len() && end + 1 == rest.len() {
            return Ok(value.clone());
        }
        match value {
            Value::String(value) => out.push_str(value),
            value => out.push_str(&canonical(value)),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(Value::String(out))
}
