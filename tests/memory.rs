//! What a run holds, and how it ends where there is no more room.

use crate::{run, sample};
use std::path::Path;

/// Runs a script, and prints after what it says the most memory that any process of it had, in MiB.
const PEAK: &str = "import resource, subprocess, sys
subprocess.run(['bash', '-c', sys.argv[1]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)";

fn peak(script: &str, dir: &Path) -> u64 {
    std::fs::write(dir.join("peak.py"), PEAK).unwrap();
    let said = run::sh(&format!("python3 peak.py {script:?}"), dir);
    said.trim().parse().unwrap_or_else(|_| panic!("{script}: {said}"))
}

#[test]
fn what_is_refused_is_not_held() {
    let dir = tempfile::tempdir().unwrap();
    // What came is held as it is, and little more.
    let lines: u64 = sample::size(10_000_000, 2_000_000);
    let most = 34 + 3 * lines / 1_000_000;
    let held = |command: &str| {
        let peak = peak(&format!("yes '{{}}' | head -{lines} | {command} > out 2> log"), dir.path());
        let log = std::fs::metadata(dir.path().join("log")).unwrap().len();
        assert!(log > 90 * lines, "{command}: each line is named: {log} bytes");
        peak
    };
    for command in ["ulp-materialize", "ulp-append", "projector-2d --follow", "tile-pack"] {
        let peak = held(command);
        run::say(&format!("{lines} lines refused by {command}: {peak} MiB"));
        assert!(peak <= most, "{command}: {peak} MiB of {most}");
    }
}

#[test]
fn where_memory_ends_a_run_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(run::root().join("examples/flood/trace.jsonl"), dir.path().join("in.jsonl")).unwrap();
    let mut ended = [0, 0];
    for command in
        ["ulp-materialize", "ulp-append", "projector-2d -f svg", "projector-3d -f glb", "tile-pack"]
    {
        let program = run::bin().join(command.split(' ').next().unwrap());
        let program = std::fs::metadata(program).unwrap().len() / 1024;
        // From what a program needs to start, in steps, to what is enough.
        for room in (4..=200).step_by(sample::size(2, 15)) {
            let script = format!(
                "(ulimit -v {}; exec {command} -j 2 < in.jsonl > out 2> log); echo $?; wc -c < log",
                program + room * 1024
            );
            let said = String::from_utf8(run::shell(&script, dir.path()).stdout).unwrap();
            match said.split_whitespace().collect::<Vec<_>>()[..] {
                ["0", _] => ended[0] += 1,
                ["4", said] if said != "0" => ended[1] += 1,
                _ => {
                    let log = std::fs::read_to_string(dir.path().join("log"));
                    panic!("{command} in {room} MiB: {said} {}", log.unwrap_or_default());
                }
            }
        }
    }
    run::say(&format!("runs with too little memory: {} ended well, {} with status 4", ended[0], ended[1]));
    assert!(ended[0] > 5 && ended[1] > 5);
}

/// Runs a command on one thread with so much room beyond its program, in MiB, and answers its status and what it said.
fn within(room: u64, command: &str, dir: &Path) -> (i32, String) {
    let program =
        std::fs::metadata(run::bin().join(command.split(' ').next().unwrap())).unwrap().len() / 1024;
    let script = format!("ulimit -v {}; exec {command} > out 2> log", program + room * 1024);
    let status = run::shell(&script, dir).status.code();
    (status.unwrap_or(-1), std::fs::read_to_string(dir.join("log")).unwrap())
}

#[test]
fn a_small_machine_is_enough_or_the_way_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let trace = run::root().join("tests/bench/trace.py");
    run::sh(
        &format!(
            "python3 -B {} 20000 in.jsonl; um-key generate -o key.pem; ulp-store init w; \
             ulp-append --store w < in.jsonl > echo 2> log; ulp-store init new; \
             um-sign --key key.pem < in.jsonl > signed 2> log; tile-pack --store w -o store.tar 2> log",
            trace.display()
        ),
        at,
    );
    let enough = [
        "ulp-append -j 1 < in.jsonl",
        "ulp-append -j 1 --store w < in.jsonl",
        "ulp-append -j 1 --store new < in.jsonl",
        "ulp-materialize -j 1 < in.jsonl",
        "ulp-materialize -j 1 --store w",
        "ulp-materialize -j 1 --store w --snapshot",
        "projector-2d -j 1 -f svg < in.jsonl",
        "projector-3d -j 1 -f glb < in.jsonl",
        "projector-audio -j 1 < in.jsonl",
        "projector-dashboard -j 1 < in.jsonl",
        "projector-2d -j 1 --store w",
        "tile-pack -j 1 -o pack.tar < in.jsonl",
        "tile-unpack --test store.tar",
        "um-sign --verify < signed",
        "ulp-store -j 1 check --objects --store w",
    ];
    for command in sample::of(enough, 4) {
        let (status, said) = within(160, command, at);
        assert_eq!(status, 0, "{command}: {said}");
    }
    // Whoever keeps all of a stream says what to do where it is too much.
    for command in ["ulp-materialize -j 1", "projector-2d -j 1", "tile-pack -j 1 -o pack.tar"] {
        let ran: Vec<_> =
            (16..=64).step_by(8).map(|room| within(room, &format!("{command} < in.jsonl"), at)).collect();
        let is_said = |(status, said): &(i32, String)| *status == 0 || *status == 4 && !said.is_empty();
        assert!(ran.iter().all(is_said), "{command}: {ran:?}");
        let names =
            |(_, said): &(i32, String)| said.contains("take it into a store (ulp-append --store DIR)");
        assert!(ran.iter().any(names), "{command}: {ran:?}");
    }
}
