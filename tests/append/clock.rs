//! A clock that is not believed: the log says which one is off, and what it says to do helps.

use super::{read, said, write};

const DRAFT: &str = r#"{"operation":"delete_node","node_id":"n","actor_id":"a"}"#;
const WHOLE: &str =
    r#"{"operation":"delete_node","node_id":"n","actor_id":"a","event_id":"e","timestamp":1}"#;

#[test]
fn where_the_lock_is_off_it_is_said_and_touch_sets_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(at, "draft", &format!("{DRAFT}\n"));
    write(at, "whole", &format!("{WHOLE}\n"));
    assert_eq!(said("ulp-store init w && touch -d 2199-01-01T00:00:00Z w/lock", at).status, 0);
    let refused = said("ulp-append --store w draft", at);
    assert_eq!((refused.status, refused.codes("rejected")), (1, vec!["scope.clock"]));
    for piece in ["lock is of 2199-01-01T00:00:00.000Z", "clock, which stands at 20", "touch", "--now"] {
        assert!(refused.log.contains(piece), "{piece}: {}", refused.log);
    }
    // What happened elsewhere is not the clock's matter; and a time that is given is believed.
    let kept = said("cp -a w v && ulp-append --store v --log-all whole", at);
    assert_eq!((kept.status, kept.codes("noted")), (0, vec!["scope.clock"]));
    assert!(kept.log.contains("lock is of 2199"), "{}", kept.log);
    assert_eq!(said("cp -a w u && ulp-append --store u --now 2026-05-01T00:00:00Z draft", at).status, 0);
    let touched = said("touch w/lock && ulp-append --store w draft > stored", at);
    assert_eq!(touched.status, 0, "{}", touched.log);
    assert!(read(at, "stored").contains("\"delete_node\""));
}
