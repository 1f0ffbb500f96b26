//! Files of each format with bytes turned, cut out and doubled: whatever comes of it is refused by name or is drafts,
//! the same on one thread and on several.

use super::twice::FILES;
use crate::{run, sample};

/// A number that follows from another.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

/// A text with some of its bytes changed.
fn mutated(text: &str, state: &mut u64) -> Vec<u8> {
    const PIECES: [&[u8]; 12] = [
        b"\"",
        b"\n",
        b",",
        b"{",
        b"]",
        b"\\",
        b"\0",
        b"\xff",
        b"1e400",
        b"<!DOCTYPE x>",
        b"\x1e",
        b"\xef\xbb\xbf",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=next(state) % 3 {
        let at = next(state) % (bytes.len() + 1);
        let end = (at + next(state) % 9).min(bytes.len());
        match next(state) % 3 {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, PIECES[next(state) % PIECES.len()].iter().copied())),
            _ => bytes.extend_from_within(at..end),
        }
    }
    bytes
}

#[test]
fn what_is_broken_is_refused_and_the_rest_is_drafts() {
    let tool = run::bin().join("ulp-import");
    let tool = tool.to_str().unwrap();
    let rounds: Vec<u64> = (0..sample::size(2_000, 12)).collect();
    sample::each(&rounds, |_, round| {
        for (name, options, text) in FILES {
            let mut state = sample::number() ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let input = mutated(text, &mut state);
            let of = |jobs: &str| {
                let args: Vec<&str> = options.split(' ').chain(["--jobs", jobs]).collect();
                run::feed(tool, &args, &input)
            };
            let (one, two) = (of("1"), of("2"));
            let shown = String::from_utf8_lossy(&input).into_owned();
            assert!(one.status.code().is_some_and(|status| status < 3), "{name}: {:?} {shown:?}", one.status);
            assert_eq!(
                (one.status, &one.stdout, &one.stderr),
                (two.status, &two.stdout, &two.stderr),
                "{name}: {shown:?}"
            );
            for line in one.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                let draft: serde_json::Value = serde_json::from_slice(line).unwrap();
                assert!(draft["operation"].is_string(), "{name}: {shown:?}");
            }
        }
    });
}
