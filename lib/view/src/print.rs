//! Views as lines: a node with all it is, and which events set its registers.

use crate::join::ViewNode;
use ulp_core::id::{Key, Lane, Tile};
use ulp_core::json::write::Members;
use ulp_core::state::{LAST, Written, sort_by_name, write_key, write_registers, write_transform};

/// Appends `{"node_id","space_id","tile","layer","kind","transform","geometry","physics","media","properties"}`,
/// canonical, with what the node has; members that are null are left out.
pub fn write_node(space: &str, name: &str, node: &ViewNode<'_>, out: &mut Vec<u8>) {
    let shown = |w: &&Written<'_>| w.register.kind.is_in_views() && w.value != "null";
    let mut writes: Vec<_> = node.state.registers.iter().filter(shown).collect();
    sort_by_name(&mut writes);
    let mut line = Members::open(out);
    let rest = write_registers(&writes, "node_id", &mut line, out);
    line.text("node_id", name, out);
    let rest = write_registers(rest, "space_id", &mut line, out);
    line.text("space_id", space, out);
    let rest = write_registers(rest, "tile", &mut line, out);
    if let Some(tile) = node.tile {
        line.text("tile", &tile.to_string(), out);
    }
    let rest = write_registers(rest, "transform", &mut line, out);
    write_transform(&writes, &mut line, out);
    write_registers(rest, LAST, &mut line, out);
    line.end_line(out);
}

/// A register of a node and its value, or that it was deleted.
pub struct Blame<'b> {
    pub node: &'b str,
    pub register: String,
    /// Canonical JSON.
    pub value: Option<&'b str>,
    pub key: Key<'b>,
}

/// The event that set a register: where it lies, and who wrote it.
pub struct Setter {
    pub tile: Tile,
    pub lane: Lane,
    pub event_id: String,
    pub actor: String,
    /// As the JSON number that names it.
    pub timestamp: String,
}

/// Appends `{"node_id","register","value","key","tile","realm","policy","event_id","actor_id","timestamp"}`, canonical;
/// the first four alone where the event is not at hand or may not be shown.
pub fn write_blame(blame: &Blame<'_>, setter: Option<&Setter>, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    if let Some(setter) = setter {
        line.text("actor_id", &setter.actor, out);
        line.text("event_id", &setter.event_id, out);
    }
    line.name("key", out);
    write_key(blame.key, out);
    line.text("node_id", blame.node, out);
    if let Some(setter) = setter {
        line.word("policy", setter.lane.policy, out);
        line.word("realm", setter.lane.realm, out);
    }
    line.text("register", &blame.register, out);
    if let Some(setter) = setter {
        line.word("tile", setter.tile, out);
        line.raw("timestamp", Some(&setter.timestamp), out);
    }
    line.raw("value", blame.value, out);
    line.end_line(out);
}
