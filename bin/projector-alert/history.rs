//! What of a view is no event, and how far its events reach.

use foldhash::HashSet;
use ulp_cli::{Failure, Log};
use ulp_core::event::RegisterKind;
use ulp_core::id::{Key, Time};
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::state::line::{Body, StateLine};
use ulp_core::world::World;
use ulp_view::View;

/// Withholds the state lines of alerts: they tell what has become of an alert, and nothing of the events that a message
/// each is made of.
///
/// # Errors
/// What the log answers.
pub fn withhold(view: &View<'_, '_>, log: &mut Log) -> Result<(), Failure> {
    let world = view.world;
    let mut alerts: HashSet<(&str, &str)> = HashSet::default();
    for place in 0..world.len() {
        let named = world.state_lines(place).filter(|line| is_alert(line)).filter_map(node);
        alerts.extend(named.map(|node| (world.place(place).0, node)));
    }
    for place in 0..world.len() {
        for (position, line) in world.placed_state_lines(place) {
            let of_alert = node(line).filter(|node| alerts.contains(&(world.place(place).0, *node)));
            if let Some(node) = of_alert.filter(|_| world.takes_line(line, view.filter)) {
                log.record(&Diagnostic {
                    position: Some(position),
                    outcome: Outcome::Withheld,
                    code: "cap.history".into(),
                    shared: line.lane.is_shared(),
                    event_id: None,
                    detail: format!("{node}: a state line tells of no event"),
                })?;
            }
        }
    }
    Ok(())
}

fn node<'a>(line: &StateLine<'a>) -> Option<&'a str> {
    match &line.body {
        Body::Node { node, .. } => Some(node),
        _ => None,
    }
}

fn is_alert(line: &StateLine<'_>) -> bool {
    let Body::Node { registers, .. } = &line.body else { return false };
    registers.iter().any(|w| w.register.kind == RegisterKind::Kind && w.value == "\"alert\"")
}

/// The greatest effective time of what a view takes in; the beginning of 1970 where that is nothing.
pub fn end(view: &View<'_, '_>) -> Time {
    (0..view.world.len()).filter_map(|place| end_of(view, view.world, place)).max().unwrap_or(Time(0))
}

fn end_of(view: &View<'_, '_>, world: &World<'_>, place: usize) -> Option<Time> {
    let rows = world.rows(place).filter(|(key, _, row)| world.withheld(row, *key, view.filter).is_none());
    let mut greatest = rows.map(|(key, _, _)| key.eff).max();
    for line in world.state_lines(place).filter(|line| world.takes_line(line, view.filter)) {
        line.body.keys(|key: Key<'_>| greatest = greatest.max(Some(key.eff)));
    }
    greatest
}
