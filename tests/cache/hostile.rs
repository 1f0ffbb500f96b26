//! Sources that hang, flood, answer something else or another's; pointers that lead astray; clocks that go back.

use super::{DAY, Desk, run};
use std::time::{Duration, Instant};

/// A cache whose source is that command.
fn asked(command: &str) -> Desk {
    Desk::new(&format!(
        "source = [{{name = \"home\", subject = \"ALICE\", role = \"authoritative\", manifest = {command}}}]"
    ))
}

#[test]
fn what_a_source_answers_is_a_manifest_of_its_subject_or_nothing() {
    let desk = asked("\"home.json\"");
    let good = desk.manifest("12:00:00", "allowed");
    let other = ulp_core::trust::SecretKey::from_seed(&[3; 32]).did().to_string();
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    let flood = format!("{good}{}", " ".repeat(1 << 20));
    for (text, code) in [
        (r"<!DOCTYPE html><html><body>Welcome</body></html>", "json.syntax"),
        ("", "json.syntax"),
        (deep.as_str(), "json.syntax"),
        (&good.replace(&desk.alice(), &other), "signature.key"),
        (&good.replace("\"allowed\"", "\"denied\""), "signature.value"),
        (&good.replace("2026-11-21T", "2026-11-20T"), "um.expired"),
        (&flood, "um.limit"),
        (&good[..good.len() - 7], "json.syntax"),
    ] {
        desk.write("home.json", text);
        let (status, view) = desk.round("12:00:10");
        assert_eq!((status, view["state"].as_str()), (1, Some("absent")), "{code}");
        assert_eq!(desk.codes().last().map(String::as_str), Some(code), "{text:.80}");
        assert_eq!(view["reasons"], serde_json::json!(["sync.absent", "sync.invalid"]));
    }
    // Another's, signed by them.
    let others = ulp_core::trust::SecretKey::from_seed(&[3; 32]);
    let text = good.replace(&desk.alice(), &other);
    desk.write("home.json", &others.sign_document(&text, &format!("{DAY}12:00:00Z")).unwrap());
    desk.round("12:00:10");
    assert_eq!(desk.codes().last().map(String::as_str), Some("sync.subject"));
    assert_eq!(run::sh("mkdir -p c/objects; find c/objects -type f | wc -l", desk.dir.path()), "0\n");
    desk.write("home.json", &good);
    assert_eq!(desk.round("12:00:20").1["state"], "fresh");
    desk.replays();
}

#[test]
fn a_stranger_s_signature_is_hearsay_and_an_unsigned_one_is_held_where_told() {
    let desk = asked("\"home.json\"");
    let stranger = ulp_core::trust::SecretKey::from_seed(&[3; 32]);
    let text = desk.manifest("12:00:00", "allowed");
    desk.write("home.json", &stranger.sign_document(&text, &format!("{DAY}12:00:00Z")).unwrap());
    assert_eq!(desk.round("12:00:10").1["state"], "absent");
    let sources = desk.read("c/sources.toml");
    let keys = format!("\"home.json\", keys = [\"{}\"]", stranger.did());
    desk.write("c/sources.toml", &sources.replace("\"home.json\"", &keys));
    assert_eq!(desk.round("12:00:20").1["consents"]["voice"], "allowed", "a key that counts");
    let unsigned: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut unsigned = unsigned.as_object().unwrap().clone();
    unsigned.remove("signature");
    unsigned.insert("manifestVersion".into(), "0.1".into());
    let desk = asked("\"home.json\"");
    desk.write("home.json", &serde_json::Value::from(unsigned).to_string());
    assert_eq!(desk.round("12:00:10").1["state"], "absent");
    desk.write("c/sources.toml", &format!("verify = \"optional\"\n{}", desk.read("c/sources.toml")));
    let (_, view) = desk.round("12:00:20");
    assert_eq!(view["reasons"], serde_json::json!(["sync.unverified", "sync.consent"]));
    assert_eq!(view["consents"]["voice"], "denied", "what nobody signed allows nothing");
    desk.replays();
}

#[test]
fn a_command_runs_without_a_shell_in_bounded_time_and_memory() {
    let desk = asked(r#"["echo", "$HOME; rm -rf c", "`id`"]"#);
    desk.round("12:00:10");
    assert_eq!(desk.codes(), ["json.syntax"], "it was an argument");
    let begun = Instant::now();
    let desk = asked(r#"["cat", "/dev/zero"]"#);
    assert_eq!(desk.round("12:00:10").0, 1);
    assert_eq!(desk.codes(), ["um.limit"]);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let desk = asked(r#"["sh", "-c", "echo tried >> tries; exit 3"]"#);
    desk.round("12:00:10");
    assert_eq!((desk.codes(), desk.read("tries").lines().count()), (vec!["sync.away".to_owned()], 3));
    for road in [r#""/dev/zero""#, r#""/nowhere""#, r#"".""#, r#"["/nowhere"]"#] {
        let desk = asked(road);
        desk.round("12:00:10");
        assert_eq!(desk.codes(), ["sync.away"], "{road}");
    }
}

#[test]
fn a_command_that_hangs_is_ended_with_what_it_started() {
    if !crate::sample::is_proof() {
        return;
    }
    let desk = asked(r#"["sh", "-c", "sleep 1000 & echo $! >> children; wait"]"#);
    let begun = Instant::now();
    assert_eq!(desk.round("12:00:10").0, 1);
    let took = begun.elapsed().as_secs();
    assert!((90..100).contains(&took), "{took} s");
    for child in desk.read("children").lines() {
        assert!(!std::path::Path::new(&format!("/proc/{child}/stat")).exists() || is_dead(child), "{child}");
    }
}

/// Whether a process is only waited for.
fn is_dead(child: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn a_pointer_leads_to_https_or_nothing_runs() {
    let sources = r#"source = [
      {name = "home", subject = "ALICE", role = "authoritative", manifest = "home.json",
       changes = ["sh", "-c", "echo \"$1\" >> urls", "sh", "{metaverse.sync.changeLog}"]}]"#;
    let desk = Desk::new(sources);
    let pointer = |pointer: &str| {
        let text = desk.manifest("12:00:00", "allowed");
        let text = text.replacen("\"subject\"", &format!("\"pointers\":[{pointer}],\"subject\""), 1);
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest.as_object_mut().unwrap().remove("signature");
        desk.write(
            "home.json",
            &desk.key.sign_document(&manifest.to_string(), &format!("{DAY}12:00:00Z")).unwrap(),
        );
    };
    for (text, code) in [
        (r#"{"name":"metaverse.sync.changeLog","url":"https://a.example/log?x=1;y"}"#, None),
        (r#"{"@type":"metaverse.changeLog","target":"https://b.example/"}"#, None),
        (r#"{"name":"metaverse.sync.changeLog","url":"http://a.example/"}"#, Some("sync.pointer")),
        (r#"{"name":"metaverse.sync.changeLog","url":"-K/etc/passwd"}"#, Some("sync.pointer")),
        (r#"{"name":"metaverse.sync.changeLog","url":"https://a.example/\n"}"#, Some("sync.pointer")),
        (r#"{"name":"metaverse.sync.snapshot","url":"https://a.example/"}"#, Some("sync.pointer")),
    ] {
        let _ = std::fs::remove_file(desk.at("c/journal.jsonl"));
        pointer(text);
        desk.round("12:00:10");
        desk.round("12:00:20");
        let codes = desk.codes();
        assert_eq!(codes.get(1).map(String::as_str), code, "{text}: {codes:?}");
        assert_eq!(codes[0], "sync.pointer", "nothing was held at first");
    }
    assert_eq!(desk.read("urls"), "https://a.example/log?x=1;y\nhttps://b.example/\n");
}

#[test]
fn a_change_log_is_taken_once_a_line_and_of_its_subject_alone() {
    let sources = r#"source = [
      {name = "home", subject = "ALICE", role = "authoritative", manifest = "home.json"},
      {name = "stick", subject = "ALICE", role = "relay", changes = "log"}]"#;
    let desk = Desk::new(sources);
    desk.write("home.json", &desk.manifest("12:00:00", "allowed"));
    let event = |id: &str, word: &str, subject: &str| {
        format!(
            r#"{{"eventId":"{id}","subject":"{subject}","changedAt":"{DAY}12:00:05Z","changeType":"consent","fields":{{"voice":"{word}"}}}}"#
        )
    };
    let (one, bob) = (event("e1", "restricted", &desk.alice()), event("e2", "denied", "did:example:bob"));
    desk.write("log", &format!("{one}\n\n{one}\r\n{bob}\n{}", &one[..50]));
    let (status, view) = desk.round("12:00:10");
    assert_eq!((status, view["consents"]["voice"].as_str()), (1, Some("restricted")));
    assert_eq!(desk.codes(), ["json.syntax"]);
    desk.write("log", &format!("{one}\n{}\n", event("e1", "denied", &desk.alice())));
    let (status, view) = desk.round("12:00:20");
    assert_eq!(status, 0);
    assert_eq!(desk.codes(), ["json.syntax", "sync.equivocation"]);
    assert!(["restricted", "denied"].contains(&view["consents"]["voice"].as_str().unwrap()));
    assert_eq!(desk.read("c/journal.jsonl").matches("\"step\":\"change\"").count(), 3);
    desk.replays();
}

#[test]
fn a_clock_that_was_set_back_is_noticed_and_nothing_is_lost() {
    let desk = asked("\"home.json\"");
    desk.write("home.json", &desk.manifest("12:00:00", "denied"));
    desk.round("12:10:00");
    let (_, view) = desk.round("12:05:00");
    assert_eq!(view["state"], "unconfirmed");
    assert_eq!(view["reasons"].as_array().unwrap().last().unwrap(), "sync.clock");
    assert_eq!(view["consents"]["voice"], "denied");
    assert_eq!(desk.round("12:10:01").1["state"], "fresh");
    desk.replays();
}
