//! Whoever else is on air: what was changed, cut, forged, said again, or means nothing.

use super::{Shack, bob, bytes, codes, known, packet};
use crate::reference::generate::Rng;
use crate::{run, sample};
use serde_json::Value;
use ulp_core::json::{Tape, parse_line};

const LINE: &str =
    r#"{"events":4,"path":"m/world/demo/tiles/z0/x0/y0/head","points_to":"blake3:14e0bc4b178d"}"#;

/// A signed packet of bob's.
fn signed(shack: &Shack) -> Vec<u8> {
    let line = format!(r#"{{"knows":[{LINE}],"peer":"{}","seq":1795167000}}"#, bob().did()) + "\n";
    shack.packets(&["--key", "bob.pem", "--hops", "0"], &line).remove(0)
}

#[test]
fn of_a_signed_packet_exactly_the_hops_may_change() {
    let shack = Shack::new();
    let whole = signed(&shack);
    let expected = shack.good(&["--graph", "graph"], &packet(&whole));
    let mut flipped = String::new();
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        flipped.push_str(&packet(&bytes));
    }
    let done = shack.radio(&["--graph", "graph"], &flipped);
    let lines = String::from_utf8(done.stdout.clone()).unwrap();
    let proven: Vec<&str> = lines.lines().filter(|line| line.contains("\"proof\"")).collect();
    assert_eq!(proven, [expected.trim_end(); 3]);
    // Another tag is another peer, of whom nothing is known; a frame that is a part says nothing yet.
    assert_eq!(lines.lines().filter(|line| line.contains("\"peer\":\"tag:")).count(), 32);
    assert!(codes(&done).iter().all(|code| ["radio.frame", "signature.actor"].contains(&code.as_str())));
    assert_eq!(lines.lines().count(), 35);
}

#[test]
fn a_packet_that_is_cut_anywhere_gives_nothing() {
    let shack = Shack::new();
    let whole = signed(&shack);
    let cut: String = (0..whole.len()).map(|end| packet(&whole[..end])).collect();
    let done = shack.radio(&["--graph", "graph"], &cut);
    assert!(done.stdout.is_empty());
    assert_eq!(codes(&done), vec!["radio.frame"; whole.len()]);
    // Nor does a whole frame before something that is none.
    let longer = packet(&[&whole[..], &[0xa1]].concat());
    assert_eq!(codes(&shack.radio(&["--graph", "graph"], &longer)), ["radio.frame"]);
}

#[test]
fn a_frame_in_anothers_name_is_refused_and_those_beside_it_are_taken() {
    let shack = Shack::new();
    let whole = signed(&shack);
    let mut forged = whole.clone();
    forged[94] ^= 1;
    let both = shack.radio(&["--graph", "graph"], &packet(&[&forged[..], &whole[..]].concat()));
    assert_eq!((codes(&both), both.status.code()), (vec!["signature.actor".to_owned()], Some(1)));
    assert_eq!(both.stdout, shack.good(&["--graph", "graph"], &packet(&whole)).into_bytes());
    // Said again it is the same line, which is for a graph to know.
    let again = shack.good(&["--graph", "graph"], &packet(&whole).repeat(3));
    assert_eq!(again.lines().collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[test]
fn noise_is_refused_or_is_a_line_and_nothing_else() {
    let shack = Shack::new();
    let mut rng = Rng::new(15);
    let mut noise = String::new();
    let many = sample::size(1_000_000, 20_000);
    for _ in 0..many {
        let mut bytes: Vec<u8> = (0..rng.below(120)).map(|_| rng.below(256) as u8).collect();
        if let [first, second, ..] = &mut bytes[..] {
            // Most noise is no frame by its first byte.
            *first = 0xa0 | (*first & 3);
            *second &= if rng.below(2) == 0 { 0x73 } else { 0xff };
        }
        noise.push_str(&packet(&bytes));
    }
    shack.write("input", &noise);
    let input = shack.0.path().join("input");
    let args = ["--graph", "graph", "--now", super::NOW];
    let done = run::command("ulp-radio", shack.0.path())
        .args(args)
        .stdin(std::fs::File::open(&input).unwrap())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    let mut tape = Tape::new();
    for line in done.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let statement = parse_line(&mut tape, line).unwrap();
        ulp_core::statement::check(statement).unwrap();
    }
    let witness = String::from_utf8_lossy(&done.stderr).lines().last().unwrap().to_owned();
    let witness: Value = serde_json::from_str(&witness).unwrap();
    assert_eq!(witness["read"].as_u64(), Some(many));
}

#[test]
fn what_comes_in_parts_is_one_line_for_everyone_or_refused() {
    use ulp_core::frame::{Frame, Tag};
    use ulp_peer::radio::Message;
    let shack = Shack::new();
    let heard = |line: &[u8]| {
        let message = Message { peer: Tag::of_peer("x"), seq: 1, hops: 0 };
        let parts = message.cut(line, 233).unwrap();
        shack.radio(&[], &parts.iter().map(Frame::print).map(|bytes| packet(&bytes)).collect::<String>())
    };
    for (line, code) in [
        (&b"{\"operation\":\"x\",\n\"actor_id\":\"a\"}"[..], "json.syntax"),
        (b"{\"operation\":\"x\"}\r{}", "json.syntax"),
        (b"{\"operation\":\"x\xff\"}", "json.utf8"),
        (b"{\"operation\":\"x\",\"operation\":\"y\"}", "json.duplicate_key"),
        (b"", "json.syntax"),
        (b"{\"packet\":\"oTABo5q8awATGD2qDvo\"}", "radio.frame"),
        (b"{\"log\":\"witness\"}", "line.kind"),
        (b"{\"operation\":\"tile_state\"}", "line.kind"),
        (b"{\"operation\":\"x\",\"actor_id\":\"a\",\"scope\":{\"policy\":\"private\"}}", "view.lane"),
        (b"{\"peer\":\"a\",\"knows\":[]}", "statement.knows"),
        (b"{\"x\":1}", "envelope.operation"),
    ] {
        let done = heard(line);
        assert_eq!(codes(&done), [code], "{}", String::from_utf8_lossy(line));
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn a_name_with_the_same_tag_takes_nothing_away() {
    let shack = Shack::new();
    let whole = signed(&shack);
    // A graph that is torn, or full of what is none, names whom it names.
    let graph =
        format!("{}\n{{\"peer\":7}}\nnoise\n{}", known(&bob().did().to_string()), &known("peer:torn")[..40]);
    shack.write("graph", &graph);
    assert!(shack.good(&["--graph", "graph"], &packet(&whole)).contains("\"proof\""));
    assert_eq!(bytes(packet(&whole).trim_end()), whole);
}
