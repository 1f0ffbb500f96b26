//! Views as lines: a node with all it is, and who wrote each of its registers.

use crate::join::ViewNode;
use ulp_core::event::RegisterKind;
use ulp_core::id::Key;
use ulp_core::json;
use ulp_core::json::write::Members;
use ulp_core::state::{Node, Written, write_key};

/// Appends `{"node_id","space_id","tile","layer","kind","transform","geometry","physics","media","properties"}`,
/// canonical, with what the node has; members that are null are left out.
pub fn write_node(space: &str, name: &str, node: &ViewNode<'_>, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    line.raw("geometry", node.plain(RegisterKind::Geometry), out);
    line.raw("kind", node.plain(RegisterKind::Kind), out);
    line.raw("layer", node.plain(RegisterKind::Layer), out);
    line.raws("media", node.keyed(RegisterKind::Media).iter().map(Written::member), out);
    line.text("node_id", name, out);
    line.raw("physics", node.plain(RegisterKind::Physics), out);
    line.raws("properties", node.keyed(RegisterKind::Property).iter().map(Written::member), out);
    line.text("space_id", space, out);
    if let Some(tile) = node.tile {
        line.text("tile", &tile.to_string(), out);
    }
    write_transform(node, &mut line, out);
    line.end_line(out);
}

fn write_transform(node: &ViewNode<'_>, line: &mut Members, out: &mut Vec<u8>) {
    const MEMBERS: [RegisterKind; 5] = [
        RegisterKind::MovedTo,
        RegisterKind::Parent,
        RegisterKind::Position,
        RegisterKind::Rotation,
        RegisterKind::Scale,
    ];
    if MEMBERS.iter().all(|kind| node.plain(*kind).is_none()) {
        return;
    }
    line.name("transform", out);
    let mut object = Members::open(out);
    for kind in MEMBERS {
        object.raw(kind.name(), node.plain(kind), out);
    }
    object.close(out);
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
    writes.sort_unstable_by(|a, b| {
        let (a, b) = (a.register, b.register);
        a.kind.cmp(&b.kind).then_with(|| json::key_order(a.key, b.key))
    });
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
