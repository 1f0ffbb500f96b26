//! `projector-alert`: every case of the fixtures to the byte, histories in any order and in parts, what other readers of
//! CAP make of its messages, and its options.

mod fixtures;
mod histories;
mod options;
mod peers;

use crate::run;
use std::path::Path;

/// Runs the tool, and gives what it wrote and the counts of its codes.
fn alert(arguments: &str, dir: &Path) -> (String, serde_json::Value) {
    let output = run::shell(&format!("projector-alert {arguments} --log json"), dir);
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments}\n{log}");
    let witness: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    (String::from_utf8(output.stdout).unwrap(), witness["codes"].clone())
}

/// Those of the codes that are about alerts.
fn of_alerts(codes: &serde_json::Value) -> String {
    let all = codes.as_object().unwrap().iter().filter(|(code, _)| code.starts_with("cap."));
    all.map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>().join(", ")
}

/// A line of an event of an alert, whole but for what it says.
fn event(id: &str, time: u32, parents: &[&str], rest: &str) -> String {
    let parents = parents.iter().map(|p| format!("\"{p}\"")).collect::<Vec<_>>().join(",");
    let name = if id.is_empty() { String::new() } else { format!("\"event_id\":\"{id}\",") };
    format!(
        "{{{name}\"timestamp\":{time},\"space_id\":\"s\",\"layer_id\":\"l\",\"actor_id\":\"a\",\
         \"scope\":{{\"realm\":\"public\"}},\"previous_events\":[{parents}],{rest}}}"
    )
}

/// The origin of the space, and an alert that says all that it must.
const ORIGIN: &str =
    r#""operation":"set_properties","node_id":"@space","properties":{"origin":{"lat":52.6,"lon":-2}}"#;
const CREATE: &str = r#""operation":"create_node","node_id":"n","kind":"alert","transform":{"position":[0,0]},"properties":{"event":"Fire","urgency":"Immediate","severity":"Severe","certainty":"Observed","status":"Actual"}"#;

fn set(properties: &str) -> String {
    format!("\"operation\":\"set_properties\",\"node_id\":\"n\",\"properties\":{{{properties}}}")
}

fn write(dir: &Path, name: &str, lines: &[String]) {
    std::fs::write(dir.join(name), lines.join("\n") + "\n").unwrap();
}
