//! `projector-3d` as its users run it: records, glTF that the Khronos validator accepts, and the same bytes however
//! the trace came.

mod fonts;
mod gltf;
mod nothing_lost;
mod page;
mod records;
mod sizes;
mod work;

pub use gltf::validate;

use crate::run::feed;

const BIN: &str = env!("CARGO_BIN_EXE_projector-3d");
const MATERIALIZE: &str = env!("CARGO_BIN_EXE_ulp-materialize");
const FLOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/flood/trace.jsonl");

/// What the projector writes of a trace.
fn project(args: &[&str], input: &str) -> Vec<u8> {
    let output = feed(BIN, args, input);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn flood() -> String {
    std::fs::read_to_string(FLOOD).unwrap()
}

/// A trace from drafts: each line gets an event_id and a timestamp of its own.
fn trace(drafts: &[String]) -> String {
    let whole = |(i, draft): (usize, &String)| {
        let rest = draft.strip_prefix('{').unwrap();
        format!("{{\"event_id\":\"e{i}\",\"timestamp\":{},\"actor_id\":\"a\",{rest}\n", 1000 + i)
    };
    drafts.iter().enumerate().map(whole).collect()
}

fn create(node: &str, rest: &str) -> String {
    format!("{{\"operation\":\"create_node\",\"node_id\":\"{node}\"{rest}}}")
}
