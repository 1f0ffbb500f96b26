//! The identity of events, and what of them is seen.

use super::{Author, Change, Effect, History, Source, gather, resolve};
use bumpalo::Bump;
use ulp_core::id::Tile;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Filter, Gatherer, World};

/// Does something with the history of the space `default`, as lines of a stream make it.
fn with_history<T>(lines: &[&str], then: impl FnOnce(&History<'_>) -> T) -> T {
    let (scope, filter) = (Scope::default(), Filter::default());
    let select = |_: &str, _: Tile| None;
    let mut arenas = Arenas::new(1);
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
    let numbered = (1..).zip(lines.iter().map(|l| Ok((l.as_bytes(), l.as_bytes()))));
    let mut world = World::new(vec![gatherer.batch(0, numbered).unwrap()], scope.defaults());
    let report = world.report(true);
    assert_eq!(report.tally.rejected, 0, "{:?}", report.diagnostics);
    world.order(false);
    let arena = Bump::new();
    then(&gather(&world, &filter, &arena)[0])
}

/// A line of the event `id` of an actor at second 1, with more members.
fn event(id: &str, actor: &str, members: &str) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":1,"actor_id":"{actor}",{members}}}"#)
}

/// The events in order: tile, lane, id, author, and what they changed.
fn told(history: &History<'_>) -> Vec<String> {
    let arena = Bump::new();
    let one = |(event, parts): (&super::Event<'_>, &[super::Part<'_>])| {
        let changes: Vec<String> = parts.iter().flat_map(|p| history.changes(p)).map(word).collect();
        let actor = history.author(event, &arena).actor.unwrap_or("-");
        format!("{} {} {} {actor}: {}", event.tile, event.lane, event.key.id, changes.join(" "))
    };
    history.events().map(one).collect()
}

fn word(change: &Change<'_>) -> String {
    match change {
        Change::Create { node } => format!("+{node}"),
        Change::Delete { node } => format!("-{node}"),
        Change::Write { node, register, value } => format!("{node}.{register}={value}"),
        Change::Absorb { node, into } => format!("{node}>{into}"),
        Change::AddLink { ends, .. } => format!("+{}-{}", ends.from, ends.to),
        Change::RemoveLink { ends, tag } => format!("-{}-{}#{tag}", ends.from, ends.to),
        Change::RemoveLinksBefore { ends } => format!("-{}-{}", ends.from, ends.to),
        Change::Read(sensor) => format!("{}={}", sensor.sensor, sensor.value),
    }
}

fn told_of(lines: &[String]) -> Vec<String> {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    with_history(&lines, told)
}

const REDACTED: &str = r#""scope":{"realm":"team","policy":"redacted"}"#;
const SET: &str = r#""operation":"set_properties","node_id":"n""#;

#[test]
fn two_tiles_make_two_events_of_one_name() {
    let set = |tile: &str, actor: &str| {
        event("e", actor, &format!(r#"{SET},"properties":{{"a":1}},"tile":"{tile}""#))
    };
    let expected =
        ["z1/x0/y0 team.public e ann: n.properties.a=1", "z1/x1/y0 team.public e bob: n.properties.a=1"];
    assert_eq!(told_of(&[set("z1/x1/y0", "bob"), set("z1/x0/y0", "ann")]), expected);
}

#[test]
fn two_lanes_make_two_events_and_the_redacted_one_has_no_author() {
    let plain = event("e", "ann", &format!(r#"{SET},"properties":{{"a":1}}"#));
    let moved = r#""operation":"update_transform","node_id":"n","transform":{"parent":"m","position":[1,2]}"#;
    let hidden = event("e", "bob", &format!("{moved},{REDACTED}"));
    let expected =
        ["z0/x0/y0 team.public e ann: n.properties.a=1", "z0/x0/y0 team.redacted e -: n.parent=\"m\""];
    assert_eq!(told_of(&[hidden, plain]), expected);
}

#[test]
fn equivocation_makes_two_events_in_the_order_of_their_lines() {
    let set = |value: u8| event("e", &format!("a{value}"), &format!(r#"{SET},"properties":{{"a":{value}}}"#));
    let expected =
        ["z0/x0/y0 team.public e a1: n.properties.a=1", "z0/x0/y0 team.public e a2: n.properties.a=2"];
    for lines in [[set(1), set(2)], [set(2), set(1)]] {
        assert_eq!(told_of(&lines), expected);
    }
    // A duplicate is the same event.
    assert_eq!(told_of(&[set(1), set(1)]).len(), 1);
}

#[test]
fn a_state_line_tells_of_the_event_in_its_lane() {
    let set = event("e", "ann", &format!(r#"{SET},"properties":{{"a":1}}"#));
    let state = |policy: &str, key: &str| {
        format!(
            r#"{{"operation":"node_state","space_id":"default","tile":"z0/x0/y0","node_id":"m","created":"{key}",
                "scope":{{"realm":"team","policy":"{policy}"}}}}"#
        )
        .replace('\n', "")
    };
    let both = told_of(&[set.clone(), state("public", "1/e")]);
    assert_eq!(both, ["z0/x0/y0 team.public e ann: +m n.properties.a=1"]);
    let apart = told_of(&[set, state("redacted", "1/e"), state("public", "2/f")]);
    let expected = [
        "z0/x0/y0 team.public e ann: n.properties.a=1",
        "z0/x0/y0 team.redacted e -: +m",
        "z0/x0/y0 team.public f -: +m",
    ];
    assert_eq!(apart, expected);
}

#[test]
fn of_a_redacted_lane_nothing_else_is_seen() {
    let hidden = |id: &str, members: &str| event(id, "ann", &format!("{members},{REDACTED}"));
    let link = r#""operation":"link_nodes","from_node":"n","to_node":"m","properties":{"secret":1}"#;
    let lines = [
        hidden(
            "a",
            r#""operation":"create_node","node_id":"n","kind":"secret","transform":{"position":[1,2]}"#,
        ),
        hidden("b", link),
        hidden("c", r#""operation":"sensor_reading","sensor":"s","value":1"#),
        hidden("d", r#""operation":"delete_node","node_id":"n""#),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    with_history(&lines, |history| {
        let words: Vec<String> = history
            .parts()
            .iter()
            .map(|part| history.changes(part).iter().map(word).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(words, ["+n", "+n-m", "", "-n"]);
        let arena = Bump::new();
        for part in history.parts() {
            assert!(matches!(part.source, Source::Redacted));
            assert_eq!(history.author(history.event(part), &arena), Author::default());
            let bare = |c: &Change<'_>| !matches!(c, Change::AddLink { properties: Some(_), .. });
            assert!(history.changes(part).iter().all(bare));
        }
    });
}

#[test]
fn a_removal_that_nothing_else_tells_of_comes_with_its_add() {
    let add = event("e", "ann", r#""operation":"link_nodes","from_node":"n","to_node":"m""#);
    let state = r#"{"operation":"link_state","space_id":"default","tile":"z0/x0/y0","from_node":"n","to_node":"m","relation":"link","removed":["e"],"scope":{"realm":"team","policy":"public"}}"#;
    let lines = [state, &add];
    assert_eq!(with_history(&lines, told), ["z0/x0/y0 team.public e ann: +n-m -n-m#e"]);
    assert!(with_history(&lines, |history| resolve(history).steps[0].effects.is_empty()));
    let remove = r#"{"event_id":"f","timestamp":2,"operation":"unlink_nodes","from_node":"n","to_node":"m","observed":["e"],"actor_id":"bob"}"#;
    let expected = ["z0/x0/y0 team.public e ann: +n-m", "z0/x0/y0 team.public f bob: -n-m#e"];
    assert_eq!(with_history(&[state, &add, remove], told), expected);
}

#[test]
fn what_loses_has_no_effect() {
    let set = |value: &str| event("e", "ann", &format!(r#"{SET},"properties":{{"a":{value}}}"#));
    let lines =
        [set("2"), set("1"), event("f", "ann", r#""operation":"sensor_reading","sensor":"s","value":1"#)];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    with_history(&lines, |history| {
        let steps = resolve(history).steps;
        let writes: Vec<&str> = steps
            .iter()
            .flat_map(|step| &step.effects)
            .filter_map(|effect| match effect {
                Effect::Write { value, .. } => Some(*value),
                _ => None,
            })
            .collect();
        assert_eq!((steps.len(), writes), (2, vec!["1", "2"]), "a reading is no step");
    });
}
