//! A tombstone is all that is left of a node, in whichever lane or tile it lies; and what is visible is what the
//! reference says.

use crate::reference;
use crate::reference::generate;
use crate::run;
use crate::sample;
use serde_json::Value;
use ulp_core::id::{Lane, Policy, Realm, Tile};
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Filter, Gatherer, World};
use ulp_view::join::{self, Space};

/// The names of the nodes in a view of these lines, from the stream, its state lines and a store.
#[track_caller]
fn view(options: &str, lines: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("in"), lines.join("\n") + "\n").unwrap();
    run::sh(
        "ulp-materialize in > state 2> log; ulp-store init w; ulp-append --store w in > out 2> log; \
         ulp-materialize --store w --snapshot > out 2> log",
        dir.path(),
    );
    let ask = |from: &str| {
        run::sh(&format!("ulp-materialize --view {options} {from} 2> log | jq -r .node_id"), dir.path())
    };
    let once = ask("in");
    for from in ["state", "--store w"] {
        assert_eq!(once, ask(from), "{from}: {lines:?}");
    }
    once.lines().map(str::to_owned).collect()
}

const FAMILY: [&str; 4] = [
    r#"{"event_id":"1","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"a"}"#,
    r#"{"event_id":"2","timestamp":2,"actor_id":"u","operation":"create_node","node_id":"b"}"#,
    r#"{"event_id":"3","timestamp":3,"actor_id":"u","operation":"create_node","node_id":"child","transform":{"parent":"a"}}"#,
    r#"{"event_id":"4","timestamp":4,"actor_id":"u","operation":"merge","previous_events":["1","2"],"node_id":"b","absorbs":["a"]}"#,
];

#[test]
fn a_child_of_what_was_absorbed_and_deleted_is_hidden_wherever_the_tombstone_lies() {
    assert_eq!(view("", &FAMILY), ["b", "child"]);
    for (place, seen) in [
        ("", false),
        (r#","tile":"z0/x1/y0""#, false),
        (r#","scope":{"realm":"public"}"#, false),
        (r#","tile":"z0/x1/y0","scope":{"realm":"public"}"#, false),
        (r#","scope":{"policy":"private"}"#, true),
        (r#","scope":{"realm":"personal"},"tile":"z0/x1/y0""#, true),
        (r#","scope":{"policy":"redacted"}"#, true),
    ] {
        for time in [0, 9] {
            let delete = format!(
                r#"{{"event_id":"d","timestamp":{time},"actor_id":"u","operation":"delete_node","node_id":"a"{place}}}"#
            );
            let lines = [&FAMILY[..], &[&delete]].concat();
            assert_eq!(view("", &lines).contains(&"child".to_owned()), seen, "{delete}");
            let all = "--realm personal --realm team --realm public --policy public --policy redacted --policy private";
            assert_eq!(view(all, &lines), ["b"], "{delete}");
        }
    }
}

/// What the library sees of lines that are all valid, of some policies and realms.
fn seen(lines: &[String], policies: &[Policy], realms: &[Realm]) -> Vec<String> {
    let takes = |lane: Lane| policies.contains(&lane.policy) && realms.contains(&lane.realm);
    let filter = Filter { lanes: std::array::from_fn(|i| takes(Lane::from_index(i))), ..Filter::default() };
    let (mut arenas, scope) = (Arenas::new(1), Scope::default());
    let select = |_: &str, _: Tile| None;
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
    let numbered = (1..).zip(lines.iter().map(|l| Ok((l.as_bytes(), l.as_bytes()))));
    let mut world = World::new(vec![gatherer.batch(0, numbered).unwrap()], scope.defaults());
    world.order(false);
    let arena = bumpalo::Bump::new();
    let tiles = (0..world.len()).map(|i| world.derive(i, &filter, &arena, false)).collect();
    join::join(tiles, &filter, |_| true).iter().flat_map(told).collect()
}

/// The visible nodes with their registers, and the links between them by their own ends.
fn told(space: &Space<'_>) -> Vec<String> {
    let mut told = Vec::new();
    for (name, node) in space.nodes.iter().filter(|(_, node)| node.visible) {
        let mut registers: Vec<_> =
            node.state.registers.iter().map(|w| format!("{}={}", w.register, w.value)).collect();
        registers.sort();
        told.push(format!("{} node {name}: {}", space.space, registers.join(" ")));
    }
    for (ends, add) in &space.links {
        told.push(format!("{} link {ends:?}: {:?}", space.space, add.properties.unwrap_or("")));
    }
    told
}

/// The same of the reference's view: of links that fell together, which stands, it leaves open.
fn expected(lines: &[String], policies: &[&str], realms: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    for line in reference::view(lines, policies, realms).iter().filter(|line| line["node_id"].is_string()) {
        let registers = line["registers"].as_object().unwrap().iter();
        let mut registers: Vec<String> =
            registers.map(|(name, value)| format!("{name}={}", reference::canonical(value))).collect();
        registers.sort();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        told.push(format!("{} node {}: {}", text("space_id"), text("node_id"), registers.join(" ")));
    }
    told
}

/// The ends of the visible links.
fn ends(lines: &[String], policies: &[&str], realms: &[&str]) -> Vec<[String; 4]> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let view = reference::view(lines, policies, realms);
    let links = view.iter().filter(|line| line["relation"].is_string());
    let mut ends: Vec<_> =
        links.map(|line| ["space_id", "from", "relation", "to"].map(|name| text(line, name))).collect();
    ends.sort();
    ends.dedup();
    ends
}

#[test]
fn what_is_visible_is_what_the_reference_says() {
    let lanes: [(&[Policy], &[Realm]); 3] = [
        (&[Policy::Public], &[Realm::Team, Realm::Public]),
        (&[Policy::Public, Policy::Redacted], &[Realm::Team, Realm::Public]),
        (Policy::ALL, Realm::ALL),
    ];
    let (mut nodes, mut links) = (0, 0);
    for seed in sample::of(0..1_000, 5) {
        let lines = generate::history(seed, 5 + (seed % 76) as usize);
        for (policies, realms) in lanes {
            let words = (
                policies.iter().map(|p| p.as_str()).collect::<Vec<_>>(),
                realms.iter().map(|r| r.as_str()).collect::<Vec<_>>(),
            );
            let seen = seen(&lines, policies, realms);
            let (of_nodes, of_links): (Vec<_>, Vec<_>) =
                seen.into_iter().partition(|line| line.contains(" node "));
            assert_eq!(of_nodes, expected(&lines, &words.0, &words.1), "seed {seed}, {words:?}");
            let ends = ends(&lines, &words.0, &words.1);
            assert_eq!(of_links.len(), ends.len(), "seed {seed}, {words:?}: {of_links:?}\n{ends:?}");
            (nodes, links) = (nodes + of_nodes.len(), links + ends.len());
        }
    }
    assert!(
        nodes > sample::size(5_000, 700) && links > sample::size(500, 50),
        "{nodes} nodes, {links} links"
    );
}
