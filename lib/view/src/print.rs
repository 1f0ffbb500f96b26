//! Views as lines: a node with all it is, and who wrote each of its registers.

use crate::join::ViewNode;
use ulp_core::id::Key;
use ulp_core::json::write::Members;
use ulp_core::state::{LAST, Node, Written, sort_by_name, write_key, write_registers, write_transform};

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

/// Appends one line a register of a node: `{"node_id","register","value","key","actor_id","timestamp"}`, canonical;
/// `author` gives the last two where the event is at hand.
pub fn write_blame<'a>(
    name: &str,
    node: &Node<'a>,
    author: impl Fn(Key<'a>) -> Option<(String, String)>,
    out: &mut Vec<u8>,
) {
    let mut writes: Vec<_> = node.registers.iter().collect();
    sort_by_name(&mut writes);
    for written in writes {
        let author = author(written.key);
        let mut line = Members::open(out);
        if let Some((actor, _)) = &author {
            line.text("actor_id", actor, out);
        }
        line.name("key", out);
        write_key(written.key, out);
        line.text("node_id", name, out);
        line.text("register", &written.register.to_string(), out);
        if let Some((_, timestamp)) = &author {
            line.raw("timestamp", Some(timestamp), out);
        }
        line.raw("value", Some(written.value), out);
        line.end_line(out);
    }
}
