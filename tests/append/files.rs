//! The files that options name: what could wait for ever is refused, what is private is kept so.

use super::{read, said, write};
use crate::run;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_named_pipe_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    run::sh("mkfifo pipe; ln -s pipe link; um-key generate -o key.pem", at);
    for command in [
        "ulp-append --key pipe",
        "um-sign --key pipe",
        "um-key did pipe",
        "ulp-append --rejects pipe",
        "ulp-append --rejects link",
        "ulp-append --private-log pipe",
        "ulp-materialize --private-log link",
    ] {
        let said = said(&format!("echo '{{}}' | timeout 20 {command}"), at);
        assert_eq!(said.status, 4, "{command}: {said:?}");
        assert!(said.log.contains("a named pipe"), "{command}: {said:?}");
    }
    // Pipes between processes have no name, and stay usable.
    for file in ["/dev/null", "/dev/stderr"] {
        let said = said(
            &format!("echo '{{}}' | ulp-append --rejects {file} --private-log {file} 2>&1 >/dev/null | cat"),
            at,
        );
        assert_eq!(said.status, 1, "{file}: {said:?}");
        assert_eq!(
            said.out.contains("\n{}\n") || said.out.starts_with("{}\n"),
            file == "/dev/stderr",
            "{said:?}"
        );
    }
    let kept = "echo '{}' | ulp-append --rejects >(cat > kept) 2> log; sleep 0.2; cat kept";
    assert_eq!(said(kept, at).out, "{}\n");
}

#[test]
fn a_file_of_refused_lines_becomes_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(at, "refused", "before\n");
    std::fs::set_permissions(at.join("refused"), std::fs::Permissions::from_mode(0o644)).unwrap();
    said("echo '{}' | ulp-append --rejects refused", at);
    assert_eq!((read(at, "refused").as_str(), mode(&at.join("refused"))), ("before\n{}\n", 0o600));
}

#[test]
fn a_key_that_others_can_read_is_noted() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    run::sh("um-key generate -o key.pem", at);
    for (mode, noted) in [(0o600, 0), (0o644, 1), (0o640, 1), (0o400, 0)] {
        std::fs::set_permissions(at.join("key.pem"), std::fs::Permissions::from_mode(mode)).unwrap();
        for command in ["ulp-append --key key.pem", "um-sign --key key.pem"] {
            let said = said(&format!("{command} < /dev/null"), at);
            assert_eq!(
                (said.status, said.log.matches(r#""code":"key.readable""#).count()),
                (0, noted),
                "{said:?}"
            );
        }
    }
}

/// With ever fewer descriptors a run either does what it does, or says that the system said no.
#[test]
fn too_few_descriptors_are_the_systems_no() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let event = |n: usize| {
        format!(
            r#"{{"event_id":"e{n}","timestamp":{},"actor_id":"u","operation":"create_node","node_id":"n{n}","tile":"z2/x{}/y0"}}"#,
            1_730_000_000 + n,
            n % 4
        )
    };
    write(at, "in", &((0..40).map(|n| event(n) + "\n").collect::<String>()));
    run::sh(
        "ulp-store init w; ulp-append --store w in; ulp-materialize --store w --snapshot; um-key generate -o key.pem; tile-pack --store w -f tar -o pack.tar",
        at,
    );
    let commands = [
        "ulp-materialize --store w",
        "ulp-materialize --store w --view",
        "ulp-materialize --store w --at 1730000020",
        "ulp-materialize in",
        "projector-2d --store w",
        "projector-3d --store w",
        "projector-audio --store w",
        "projector-alert --store w",
        "projector-2d --follow in",
        "ulp-store check --store w",
        "ulp-store check --store w --replay",
        "ulp-store heads --store w",
        "tile-pack --store w -f tar",
        "tile-unpack --test pack.tar",
        "tile-unpack --list pack.tar",
        "ulp-append --key key.pem --rejects refused --private-log log in",
        "um-sign --key key.pem in",
    ];
    let mut refused = 0;
    for command in commands {
        let whole = said(&format!("{command} 2> /dev/null"), at);
        for few in 3..16 {
            // A copy, as a run may write.
            let script = format!("(ulimit -n {few}; exec {command}) 2> few.log");
            let said = said(&script, at);
            let log = read(at, "few.log");
            assert!(!log.contains("panicked"), "{few}: {command}: {log}");
            match said.status {
                4 => refused += 1,
                0 | 1 if said.status == whole.status => {
                    assert!(said.out == whole.out, "{few}: {command}: another output")
                }
                // What the shell or the loader could not even begin.
                126 | 127 => {}
                status => panic!("{few}: {command}: {status}: {log}"),
            }
        }
    }
    assert!(refused > 30, "{refused}");
}
