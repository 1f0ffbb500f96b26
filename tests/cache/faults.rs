//! Killed at any call that changes a file, two at once, no room: what the journal says comes out again, and the next
//! round goes on.

use super::{DAY, Desk};
use crate::{run, sample};

#[test]
fn kill_9_at_any_call_of_a_round_leaves_a_cache_that_replays() {
    run::kills("cache.py", sample::size("1", "12"), "kill -9 of a round");
}

/// A cache of so many subjects, each with a file of its own.
fn many(subjects: usize) -> Desk {
    let desk = Desk::new("");
    let mut sources = String::new();
    for n in 0..subjects {
        let mut seed = [9; 32];
        seed[..2].copy_from_slice(&u16::try_from(n).unwrap().to_le_bytes());
        let key = ulp_core::trust::SecretKey::from_seed(&seed);
        let text = desk.manifest("12:00:00", "allowed").replace(&desk.alice(), &key.did().to_string());
        desk.write(&format!("{n}.json"), &key.sign_document(&text, &format!("{DAY}12:00:00Z")).unwrap());
        sources += &format!(
            "[[source]]\nname = \"home\"\nsubject = \"{}\"\nrole = \"authoritative\"\nmanifest = \"{n}.json\"\n",
            key.did()
        );
    }
    desk.write("c/sources.toml", &sources);
    desk
}

#[test]
fn a_round_syncs_as_often_for_many_subjects_as_for_one() {
    let mut counts = Vec::new();
    for subjects in [1, 40] {
        let desk = many(subjects);
        let script = format!(
            "strace -f -qq -e trace=fsync,fdatasync,syncfs,sync -o calls um-cache --cache c --now {DAY}12:00:10Z > views; grep -c 'sync[fs]*(' calls"
        );
        let output = run::shell(&script, desk.dir.path());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains("ptrace") || said.contains("not found") {
            return run::skipped("strace cannot trace here");
        }
        counts.push(String::from_utf8(output.stdout).unwrap());
        assert_eq!(desk.read("views").lines().count(), subjects);
    }
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn two_rounds_at_once_are_one_after_the_other() {
    let desk = many(12);
    let script = "for n in 1 2 3; do um-cache --cache c --now 2026-11-20T12:00:1${n}Z > views$n 2> log$n & done; wait; \
        cat views* | wc -l; um-cache --cache c --replay 2> log | wc -l; grep -c '\"step\":\"merge\"' c/journal.jsonl";
    assert_eq!(run::sh(script, desk.dir.path()), "36\n36\n36\n");
}

#[test]
fn where_there_is_no_room_nothing_is_changed() {
    let desk = many(12);
    run::sh("um-cache --cache c --now 2026-11-20T12:00:10Z > views 2> log", desk.dir.path());
    let journal = desk.read("c/journal.jsonl");
    // In units of 1,024 bytes: the journal is longer than the first of these.
    for limit in [0, 1, 4, 8] {
        let script =
            format!("ulimit -f {limit}; um-cache --cache c --now 2026-11-20T13:00:00Z 2> /dev/null | cat");
        run::shell(&script, desk.dir.path());
        assert_eq!(desk.read("c/journal.jsonl"), journal, "{limit}");
    }
    let fresh = many(3);
    let script = "ulimit -f 0; um-cache --cache c --now 2026-11-20T12:00:10Z > /dev/null 2>&1";
    assert_eq!(run::shell(script, fresh.dir.path()).status.code(), Some(4));
    assert_eq!(run::sh("find c -name '.tmp*' | wc -l", fresh.dir.path()), "0\n");
    assert_eq!(
        run::sh("um-cache --cache c --now 2026-11-20T12:00:10Z 2> log | wc -l", fresh.dir.path()),
        "3\n"
    );
    fresh.replays();
}

#[test]
fn a_last_line_that_was_cut_is_dropped_and_the_rest_stands() {
    let desk = many(2);
    run::sh("um-cache --cache c --now 2026-11-20T12:00:10Z > views 2> log", desk.dir.path());
    let journal = desk.read("c/journal.jsonl");
    for cut in sample::of(1..journal.len(), 150) {
        desk.write("c/journal.jsonl", &journal[..cut]);
        let whole = journal[..cut].rfind('\n').map_or(0, |end| end + 1);
        let output = desk.run(&["--replay"]);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{cut}: {log}");
        assert_eq!(log.contains("journal.torn"), whole < cut, "{cut}: {log}");
        desk.round("12:00:20");
        assert!(desk.read("c/journal.jsonl").starts_with(&journal[..whole]), "{cut}");
        desk.replays();
    }
}
