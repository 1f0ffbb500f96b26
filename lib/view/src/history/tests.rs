//! The identity of events, and what of them is seen.

use super::{Author, Change, Effect, History, Resolved, Source, Step, gather, resolve};
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

/// The steps in order: tile, lane, id, author, and what came of them.
fn told(history: &History<'_>) -> Vec<String> {
    let arena = Bump::new();
    let resolved = resolve(history);
    let one = |step: &Step<'_>| {
        let effects: Vec<String> = step.effects.iter().map(|effect| came(&resolved, effect)).collect();
        let actor = resolved.author(step, &arena).actor.unwrap_or("-");
        format!(
            "{} {} {} {actor}: {}",
            step.event.tile,
            step.event.lane,
            step.event.key.id,
            effects.join(" ")
        )
    };
    resolved.steps.iter().map(one).collect()
}

/// An effect, and after `@` the id of the event that it is by.
fn came(resolved: &Resolved<'_>, effect: &Effect<'_>) -> String {
    let id = |by: usize| resolved.steps[by].event.key.id;
    match effect {
        Effect::Create { node, by, .. } => format!("+{node}@{}", id(*by)),
        Effect::Delete { node, by } => format!("-{node}@{}", id(*by)),
        Effect::Write { node, written, by } => {
            format!("{node}.{}={}@{}", written.register, written.value, id(*by))
        }
        Effect::Link { ends, stands } => {
            let tag = stands.map_or("", |s| s.add.key.id);
            format!("{}-{}#{tag}", ends.from, ends.to)
        }
        Effect::Read { reading, by } => {
            format!("{}={}@{}", reading.sensor.sensor, reading.sensor.value, id(*by))
        }
        Effect::Nothing { node } => format!("({node})"),
        Effect::Withhold { .. } | Effect::Occlude { .. } | Effect::Unread { .. } => format!("{effect:?}"),
    }
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
        event("e", actor, &format!(r#"{SET},"properties":{{"{actor}":1}},"tile":"{tile}""#))
    };
    let expected = [
        "z1/x0/y0 team.public e ann: n.properties.ann=1@e",
        "z1/x1/y0 team.public e bob: n.properties.bob=1@e",
    ];
    assert_eq!(told_of(&[set("z1/x1/y0", "bob"), set("z1/x0/y0", "ann")]), expected);
}

#[test]
fn two_lanes_make_two_events_and_the_redacted_one_has_no_author() {
    let plain = event("e", "ann", &format!(r#"{SET},"properties":{{"a":1}}"#));
    let moved = r#""operation":"update_transform","node_id":"n","transform":{"parent":"m","position":[1,2]}"#;
    let hidden = event("e", "bob", &format!("{moved},{REDACTED}"));
    let expected =
        ["z0/x0/y0 team.public e ann: n.properties.a=1@e", "z0/x0/y0 team.redacted e -: n.parent=\"m\"@e"];
    assert_eq!(told_of(&[hidden, plain]), expected);
}

#[test]
fn equivocation_makes_two_events_of_which_the_greater_value_stands() {
    let set = |value: u8| event("e", &format!("a{value}"), &format!(r#"{SET},"properties":{{"a":{value}}}"#));
    let expected =
        ["z0/x0/y0 team.public e a1: n.properties.a=1@e", "z0/x0/y0 team.public e a2: n.properties.a=2@e"];
    for lines in [[set(1), set(2)], [set(2), set(1)]] {
        assert_eq!(told_of(&lines), expected);
    }
    // As bytes: 10 is less than 9.
    let expected =
        ["z0/x0/y0 team.public e a10: n.properties.a=10@e", "z0/x0/y0 team.public e a9: n.properties.a=9@e"];
    assert_eq!(told_of(&[set(9), set(10)]), expected);
    // A duplicate is the same event.
    assert_eq!(told_of(&[set(1), set(1)]).len(), 1);
}

/// A state line of a node, with more members.
fn node_state(node: &str, policy: &str, members: &str) -> String {
    format!(
        r#"{{"operation":"node_state","space_id":"default","tile":"z0/x0/y0","node_id":"{node}","scope":{{"realm":"team","policy":"{policy}"}},{members}}}"#
    )
}

#[test]
fn what_a_state_line_tells_is_done_by_the_event_that_wrote_it() {
    let set = event("e", "ann", &format!(r#"{SET},"properties":{{"a":1}}"#));
    let line = |value: u8| {
        node_state(
            "n",
            "public",
            &format!(r#""properties":{{"a":{value}}},"clock":{{"properties.a":"1/e"}}"#),
        )
    };
    // The same again is nothing new; another value is by an event that is not at hand.
    assert_eq!(told_of(&[line(1), set.clone()]), ["z0/x0/y0 team.public e ann: n.properties.a=1@e"]);
    let expected =
        ["z0/x0/y0 team.public e ann: n.properties.a=1@e", "z0/x0/y0 team.public e -: n.properties.a=2@e"];
    assert_eq!(told_of(&[line(2), set]), expected);
}

#[test]
fn a_state_line_tells_nothing_before_its_greatest_key() {
    let line = node_state("m", "public", r#""created":"1/e","kind":"box","clock":{"kind":"3/g"}"#);
    let between = event("f", "bob", r#""operation":"create_node","node_id":"n""#).replace("\":1,", "\":2,");
    let expected = [
        "z0/x0/y0 team.public e -: ",
        "z0/x0/y0 team.public f bob: +n@f n.layer=\"default\"@f n.authority=\"source\"@f n.boundary=\"interior\"@f",
        "z0/x0/y0 team.public g -: +m@e m.kind=\"box\"@g",
    ];
    assert_eq!(told_of(&[line, between]), expected);
}

#[test]
fn of_a_node_that_is_deleted_in_any_lane_nothing_is_left() {
    let set = |id: &str, time: u8, members: &str| {
        event(id, "ann", members).replace("\":1,", &format!("\":{time},"))
    };
    let lines = [
        set("a", 1, &format!(r#"{SET},"properties":{{"a":1}}"#)),
        set("b", 2, &format!(r#""operation":"delete_node","node_id":"n",{REDACTED}"#)),
        set("c", 3, &format!(r#"{SET},"properties":{{"a":2}}"#)),
        set("d", 4, r#""operation":"delete_node","node_id":"n","tile":"z0/x1/y0""#),
    ];
    let expected = [
        "z0/x0/y0 team.public a ann: n.properties.a=1@a",
        "z0/x0/y0 team.redacted b -: -n@b",
        "z0/x0/y0 team.public c ann: (n)",
        "z0/x1/y0 team.public d ann: (n)",
    ];
    assert_eq!(told_of(&lines), expected);
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
            assert_eq!(history.event(part).author(history.defaults, &arena), Author::default());
            let bare = |c: &Change<'_>| !matches!(c, Change::AddLink { properties: Some(_), .. });
            assert!(history.changes(part).iter().all(bare));
        }
    });
}

#[test]
fn a_tag_that_a_line_without_keys_knows_as_removed_never_stands() {
    let add = event("e", "ann", r#""operation":"link_nodes","from_node":"n","to_node":"m""#);
    let link = |members: &str| {
        format!(
            r#"{{"operation":"link_state","space_id":"default","tile":"z0/x0/y0","from_node":"n","to_node":"m","relation":"link","scope":{{"realm":"team","policy":"public"}},{members}}}"#
        )
    };
    let silent = link(r#""removed":["e"]"#);
    assert_eq!(told_of(&[silent, add.clone()]), ["z0/x0/y0 team.public e ann: (n) (m)"]);
    // With a key, it is known from then on.
    let later = link(r#""removed":["e"],"removed_before":"0.5/x","adds":{"f":{"key":"2/f"}}"#);
    let expected = ["z0/x0/y0 team.public e ann: n-m#e", "z0/x0/y0 team.public f -: n-m#f"];
    assert_eq!(told_of(&[add, later]), expected);
}

#[test]
fn what_lines_tell_does_not_depend_on_their_order_or_spelling() {
    let node = |kind: &str, a: &str| {
        let members = format!(r#""created":"1/e","kind":"{kind}","properties":{{"a":{a},"b":2}}"#);
        node_state("n", "public", &members)
    };
    let lines = [node("box", "12"), node("tree", "12.0"), node_state("m", "public", r#""created":"1/e""#)];
    let turned: Vec<String> = lines.iter().rev().cloned().collect();
    let plain = |lines: &[String]| told_of(lines).join("\n").replace("12.0", "12");
    assert_eq!(plain(&lines), plain(&turned));
    let lost = plain(&lines).split(" ").filter(|effect| effect.contains("kind")).count();
    assert_eq!(lost, 2, "{}", plain(&lines));
}
