//! A draft that writes to a deleted node is kept and passed on, and what it does is said.

use super::{Said, said, write};

const SOME: &str = r#"{"event_id":"c","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"n","tile":"z0/x0/y0"}
{"event_id":"o","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"other","tile":"z0/x0/y0"}
"#;

fn delete(rest: &str) -> String {
    format!(
        r#"{{"event_id":"d","timestamp":2,"actor_id":"u","operation":"delete_node","node_id":"n"{rest}}}"#
    ) + "\n"
}

/// Stores some lines, and then says what is said of a draft; `with` are lines of the same run before it.
#[track_caller]
fn draft(stored: &str, with: &str, rest: &str) -> Said {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "stored", &format!("{SOME}{stored}"));
    write(dir.path(), "draft", &format!("{with}{{\"actor_id\":\"u\",{rest}}}\n"));
    let script = "ulp-store init w; ulp-append --store w stored > out 2> log || cat log >&2; \
                  ulp-append --store w --now 2026-01-01T00:00:00Z --log-all draft";
    said(script, dir.path())
}

#[test]
fn a_draft_that_writes_to_a_deleted_node_is_echoed_and_noted() {
    let moved = r#""operation":"update_transform","node_id":"n","transform":{"position":[1,2]}"#;
    for rest in [
        moved,
        r#""operation":"create_node","node_id":"n""#,
        r#""operation":"set_properties","node_id":"n","properties":{"k":1},"tile":"z0/x7/y7""#,
        r#""operation":"set_geometry","node_id":"n","geometry":null"#,
        r#""operation":"merge","node_id":"other","absorbs":["n"],"previous_events":["c","o"]"#,
        r#""operation":"physics_step","solver":"s","tick":1,"delta_time":1,"updates":[{"node_id":"other","velocity":1},{"node_id":"n","velocity":1}]"#,
        r#""operation":"macro.stamp","template":[{"operation":"create_node","node_id":"n"}]"#,
    ] {
        for place in ["", r#","tile":"z0/x5/y5""#, r#","scope":{"realm":"public"}"#] {
            for (stored, with) in [(delete(place), String::new()), (String::new(), delete(place))] {
                let said = draft(&stored, &with, rest);
                let noted = said.codes("noted").contains(&"state.after_delete");
                assert!(said.status == 0 && noted, "{place} {rest}: {said:?}");
                assert!(said.log.contains("\"detail\":\"n was deleted before\""), "{said:?}");
                assert_eq!(said.out.lines().count(), with.lines().count() + 1, "{said:?}");
            }
        }
    }
}

#[test]
fn nothing_is_noted_where_nothing_was_deleted_that_the_draft_may_know() {
    let moved = r#""operation":"update_transform","node_id":"n","transform":{"position":[1,2]}"#;
    for (stored, rest) in [
        (String::new(), moved),
        (delete(r#","scope":{"policy":"private"}"#), moved),
        (delete(r#","space_id":"elsewhere""#), moved),
        (delete(""), r#""operation":"update_transform","node_id":"n","transform":{}"#),
        (delete(""), r#""operation":"delete_node","node_id":"n""#),
        (delete(""), r#""operation":"set_properties","node_id":"other","properties":{"k":1}"#),
    ] {
        let said = draft(&stored, "", rest);
        assert!(said.status == 0 && !said.log.contains("state.after_delete"), "{rest}: {said:?}");
    }
}
