//! The reference of order and state: slow, obvious, and written from the protocol's pages alone, so that the fast
//! implementation has something to be compared with. Quadratic is fine here; cleverness is not.
//!
//! Invariant: `derive` is a function of the *set* of events and the *join* of state lines it is given. The order
//! of lines, their repetition and their spelling change nothing, and no other module of the project is used.
//!
//! Its input is valid: events that every tool accepts (a macro event that refers to a missing name counts for
//! nothing; other refusals are not its care), and state lines as `derive` writes them.
//!
//! Where the pages leave a choice, this is what is done here:
//!
//! 1. *A name's effective time* counts, for a child, as the greatest of its events in the stream and of its known
//!    keys, in all lanes no stricter than the child's. In a lane where events of that name are in the stream, the
//!    known keys of that lane count through these events (which are at least as late), not by themselves: so an
//!    edge inside a strongly connected component stays ignored when a state line names the component's events.
//! 2. *Delivered again*: an event is at least as late as the greatest known key of its own name in its own lane;
//!    known keys of its name in other lanes do not count for itself.
//! 3. *Strongly connected components* are those of the edges that count: an edge to an event of a stricter lane,
//!    or of another space or tile, takes no part in a cycle. The nodes of the graph are events, not names.
//! 4. `removed` in a `link_state` makes nothing known (a tag is no key); the keys of `adds` and `removed_before` do.
//! 5. A lane that state lines alone speak of has its `tile_state`, with an empty `recent` where none is known.
//! 6. `recent` is a set of keys: two events of one lane with the same name and effective time are one entry.
//! 7. `removed_before` removes adds with a key strictly smaller; adds that are removed by either way are dropped
//!    from the state, and the tag stays in `removed` for good. `"observed":[]` removes nothing, and the link has
//!    its line. A tag in `removed` may be one that was never added.
//! 8. A link's `properties` of null and `{}` are none; none is less than any value.
//! 9. Two writes of one primitive to one register (two updates of a `physics_step`): the later stands. Two
//!    primitives of one macro event have different keys, so the greater id wins. Two events of one name with equal
//!    effective times: the greater canonical value.
//! 10. Sensor values with equal keys compare as the canonical bytes of the object of layer_id, node_id, position,
//!     timestamp, unit and value, members that were not given being absent. `timestamp` is the event's own, not its
//!     effective time.
//! 11. `create_node` with `media` sets `media.media`. `set_physics` and a creation's `physics` set `physics` alone; the
//!     registers `velocity` and `angular_velocity` are written by `physics_step` alone.
//! 12. A node that an event names without writing anything (`"transform":{}`, `"properties":{}`) has no line.
//!     Unknown members of a `transform` are no registers.
//! 13. A primitive of unknown operation in a template takes a number and changes nothing, not even `recent`.
//! 14. In a template `operation` too is a string value that is filled in. A name may be empty, and may hold `{`.
//!     A filled-in value is not looked at again, except by a nested macro that it became a template of.
//! 15. Roots: a space none of whose tiles has a shared lane is left out, as such a tile is.
//! 16. Views: a node that was neither created nor deleted is one the view does not know; a node deleted but
//!     never created is known. From a redacted lane links come with their properties. The parent is followed to
//!     its survivor before cycles are looked for. A node that leads into an absorb cycle is absorbed.
//! 17. `scope` may hold unknown members: kept in the canonical form, ignored otherwise.

#![allow(dead_code, unused_imports, reason = "a reference offers more than each test asks of it")]

mod canonical;
mod event;
pub mod generate;
mod macros;
mod order;
mod pieces;
mod state;
#[cfg(test)]
mod tests;
mod view;

pub use canonical::canonical;
pub use event::{complete, whole};
pub use view::{shared_view, view};

use canonical::parse;
use event::{Event, Lane, is_state_line};
use order::{Key, Known};
use state::LaneState;
use std::collections::BTreeMap;

/// One space: its name, its tiles with their roots, its own root.
pub type SpaceRoots = (String, Vec<(String, String)>, String);

/// The bytes of the state that events and state lines derive: the state lines of every lane, in order.
pub fn derive(lines: &[String]) -> Vec<u8> {
    let lanes = lanes(lines);
    let text: String = lanes.iter().map(|(lane, state)| state::print(lane, state)).collect();
    text.into_bytes()
}

/// What `derive` writes, as lines.
pub fn derive_lines(lines: &[String]) -> Vec<String> {
    let text = String::from_utf8(derive(lines)).expect("state lines are text");
    text.lines().map(str::to_owned).collect()
}

/// The order key of each different event, in the order of the keys, as (canonical event, key).
pub fn order(lines: &[String]) -> Vec<(String, String)> {
    let (events, keys, _) = read(lines);
    let mut order: Vec<(&Key, &Event)> = keys.iter().zip(&events).collect();
    order.sort_by_key(|(key, event)| ((*key).clone(), canonical(&event.value)));
    order.iter().map(|(key, event)| (canonical(&event.value), key.print())).collect()
}

/// The root of each lane, as ("space tile realm.policy", root).
pub fn lane_roots(lines: &[String]) -> Vec<(String, String)> {
    let name = |lane: &Lane| format!("{} {} {}", lane.space, lane.tile_text(), lane.scope);
    lanes(lines).iter().map(|(lane, state)| (name(lane), root(&state::print(lane, state)))).collect()
}

/// The roots of every space and tile that has a shared lane.
pub fn roots(lines: &[String]) -> Vec<SpaceRoots> {
    let mut spaces: BTreeMap<String, BTreeMap<(i64, i64, i64), String>> = BTreeMap::new();
    for (lane, state) in lanes(lines).iter().filter(|(lane, _)| lane.is_shared()) {
        let tiles = spaces.entry(lane.space.clone()).or_default();
        tiles.entry(lane.tile).or_default().push_str(&state::print(lane, state));
    }
    let mut roots = Vec::new();
    for (space, tiles) in spaces {
        let tiles: Vec<(String, String)> = tiles
            .into_iter()
            .map(|((z, x, y), state_lines)| (format!("z{z}/x{x}/y{y}"), root(&state_lines)))
            .collect();
        let hashed: String = tiles.iter().map(|(tile, root)| format!("{tile} {root}\n")).collect();
        roots.push((space, tiles, root(&hashed)));
    }
    roots
}

fn root(hashed: &str) -> String {
    format!("blake3:{}", blake3::hash(hashed.as_bytes()).to_hex())
}

/// The state of every lane that the lines speak of.
fn lanes(lines: &[String]) -> BTreeMap<Lane, LaneState> {
    let (events, keys, mut lanes) = read(lines);
    for (event, key) in events.iter().zip(&keys) {
        let lane = lanes.entry(event.lane.clone()).or_default();
        lane.join(LaneState { recent: [key.clone()].into(), ..LaneState::default() });
        for primitive in macros::expand(&event.value).expect("what is refused was not read") {
            let key = Key { eff: key.eff, id: event::text(&primitive, "event_id") };
            lane.join(state::writes(&primitive, &key));
        }
    }
    lanes
}

/// The different events among the lines, their keys, and what the state lines say of each lane.
fn read(lines: &[String]) -> (Vec<Event>, Vec<Key>, BTreeMap<Lane, LaneState>) {
    let mut events: BTreeMap<String, Event> = BTreeMap::new();
    let mut known = Known::new();
    let mut lanes: BTreeMap<Lane, LaneState> = BTreeMap::new();
    for line in lines.iter().map(|line| parse(line)) {
        if is_state_line(&line) {
            let (lane, said) = (Lane::of(&line), state::read_line(&line));
            for key in state::keys(&said) {
                let eff = known.entry((lane.clone(), key.name().to_owned())).or_insert(key.eff);
                *eff = key.eff.max(*eff);
            }
            lanes.entry(lane).or_default().join(said);
            continue;
        }
        let event = Event::read(&line);
        if macros::expand(&event.value).is_ok() {
            events.insert(canonical(&event.value), event);
        }
    }
    let events: Vec<Event> = events.into_values().collect();
    let times = order::effective_times(&events, &known);
    let keys = events.iter().zip(times).map(|(event, eff)| Key { eff, id: event.name.clone() }).collect();
    (events, keys, lanes)
}
