//! Which alerts persons consent to being told of. An alert that is a recording, or hangs below one, is told whole or not
//! at all: one message of it that must not be shown takes the others with it.

use crate::message::Message;
use bumpalo::Bump;
use foldhash::HashSet;
use ulp_core::id::Key;
use ulp_view::history::Change;
use ulp_view::{View, view};

/// What events did to nodes, as far as it may be told: by space, node and key.
pub struct Consented<'h>(HashSet<(&'h str, &'h str, Key<'h>)>);

/// What may be told of a view; nothing where nobody is asked.
pub fn consented<'h>(view: &'h View<'_, '_>, arena: &'h Bump) -> Option<Consented<'h>> {
    view::may_record(view.world).then(|| {
        let mut told = HashSet::default();
        for history in view.histories(arena) {
            for part in history.parts() {
                let nodes = history.changes(part).iter().filter_map(node_of);
                told.extend(nodes.map(|node| (history.space, node, part.key)));
            }
        }
        Consented(told)
    })
}

impl Consented<'_> {
    /// The nodes of a space's messages that are withheld.
    pub fn withheld<'m>(&self, space: &str, messages: &'m [Message<'_>]) -> HashSet<&'m str> {
        let shown = messages.iter().filter(|message| message.shown);
        shown.filter(|m| !self.0.contains(&(space, m.node, m.key))).map(|message| message.node).collect()
    }
}

fn node_of<'a>(change: &Change<'a>) -> Option<&'a str> {
    match *change {
        Change::Create { node }
        | Change::Write { node, .. }
        | Change::Delete { node }
        | Change::Absorb { node, .. } => Some(node),
        _ => None,
    }
}
