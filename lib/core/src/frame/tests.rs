use super::*;
use crate::json::Tape;
use crate::path::Space;
use crate::statement::check;
use crate::trust::{SecretKey, Verifier};
use proptest::prelude::*;

fn demo() -> Space {
    Space::Named("demo".to_owned())
}

fn bob() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

/// What a statement's proof is, and whether it holds for its peer.
fn proven(line: &str) -> Result<Option<Frame>, String> {
    let mut tape = Tape::new();
    let statement = tape.parse(line, 64).map_err(|_| "json".to_owned())?;
    let said =
        check(statement).and_then(|_| proof(statement)).map_err(|refusal| refusal.code.into_owned())?;
    let peer = statement.get("peer").and_then(|peer| peer.as_text()).and_then(|peer| peer.parse().ok());
    if let (Some(frame), Some(did)) = (&said, peer) {
        frame.verify(did, &Verifier::new()).map_err(|refusal| refusal.code.into_owned())?;
    }
    Ok(said)
}

fn advert(line: &str) -> Option<Advert> {
    let mut tape = Tape::new();
    Advert::read(tape.parse(line, 64).ok()?)
}

fn tags() -> impl Strategy<Value = Tag> {
    any::<[u8; 4]>().prop_map(Tag)
}

fn held() -> impl Strategy<Value = Held> {
    (any::<u32>(), any::<[u8; 6]>(), any::<bool>()).prop_map(|(events, head, any)| Held {
        events,
        head: Some(head).filter(|head| any && *head != [0; 6]),
    })
}

fn tips() -> impl Strategy<Value = Entry> {
    let side = -FARTHEST..FARTHEST;
    (0u8..=30, side.clone(), side, held()).prop_map(|(z, x, y, held)| Entry::Tip(Tile { z, x, y }, held))
}

fn entries(wants: bool) -> impl Strategy<Value = Entry> {
    let key = 0u64..1 << 40;
    let range = (key.clone(), key, any::<u16>(), any::<[u8; 4]>())
        .prop_map(|(from, to, rows, digest)| Entry::Range(Range { from, to, rows, digest }));
    let last = if wants { range.boxed() } else { held().prop_map(Entry::Space).boxed() };
    prop_oneof![tips(), held().prop_map(Entry::Space), last]
}

fn bodies() -> impl Strategy<Value = Body> {
    let signature = proptest::option::of(any::<[u8; 32]>());
    let rows = any::<bool>().prop_flat_map(move |wants| {
        (tags(), proptest::collection::vec(entries(wants), 0..=MOST_ENTRIES), signature.clone()).prop_map(
            move |(space, entries, half)| {
                let signature = half.map(|half| std::array::from_fn(|at| half[at % 32]));
                Body::Rows(Rows { wants, space, entries, signature })
            },
        )
    });
    let part = (1..=MOST_PARTS, any::<u8>(), proptest::collection::vec(any::<u8>(), 1..80))
        .prop_map(|(total, at, data)| Body::Part(Part { index: at % total, total, data }));
    prop_oneof![4 => rows, 1 => part]
}

fn frames() -> impl Strategy<Value = Frame> {
    (0..=MOST_HOPS, tags(), any::<u32>(), bodies()).prop_map(|(hops, peer, seq, body)| Frame {
        hops,
        peer,
        seq,
        body,
    })
}

proptest! {
    #[test]
    fn a_frame_parses_as_it_prints(frame in frames()) {
        let bytes = frame.print();
        prop_assert_eq!(Frame::parse(&bytes), Ok(frame.clone()));
        if let Some(rows) = frame.rows() {
            let size = BARE + ENTRY * rows.entries.len() + if frame.is_signed() { SIGNATURE } else { 0 };
            prop_assert_eq!(bytes.len(), size);
            for end in 0..bytes.len() {
                prop_assert!(Frame::parse(&bytes[..end]).is_err(), "cut at {}", end);
            }
        }
    }

    #[test]
    fn packets_are_frames_back_to_back(some in proptest::collection::vec(frames(), 1..6)) {
        // A part is the last frame of its packet.
        let whole = some.iter().position(|frame| frame.rows().is_none()).map_or(some.len(), |at| at + 1);
        let bytes: Vec<u8> = some[..whole].iter().flat_map(Frame::print).collect();
        prop_assert_eq!(packet(&bytes), Ok(some[..whole].to_vec()));
    }

    #[test]
    fn what_parses_prints_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..120), kind in 1u8..4) {
        for bytes in [bytes.clone(), [&[0xa0 | kind][..], &bytes].concat()] {
            if let Ok(frames) = packet(&bytes) {
                prop_assert_eq!(frames.iter().flat_map(Frame::print).collect::<Vec<u8>>(), bytes);
            }
        }
    }

    #[test]
    fn a_statement_goes_as_frames_and_comes_back(
        wants in any::<bool>(), seq in any::<u32>(), some in proptest::collection::vec(tips(), 1..40), most in 1usize..20,
    ) {
        let frame = |entries: &[Entry]| Frame {
            hops: 3,
            peer: Tag::of_peer("peer:me"),
            seq,
            body: Body::Rows(Rows { wants, space: Tag::of_space(&demo()), entries: entries.to_vec(), signature: None }),
        };
        let line = frame(&some).statement("peer:me", &demo(), false).unwrap_or_default();
        let advert = advert(&line).expect(&line);
        prop_assert!(advert.left_out.is_empty());
        let expected: Vec<Frame> = some.chunks(most.min(MOST_ENTRIES)).map(frame).collect();
        prop_assert_eq!(advert.frames(most, 3), expected);
        prop_assert_eq!(advert.frames(0, 3), vec![frame(&[])]);
    }
}

fn signed(hops: u8) -> Frame {
    let held = Held { events: 4, head: Some([1, 2, 3, 4, 5, 6]) };
    let entries = vec![Entry::Tip(Tile::ORIGIN, held), Entry::Space(held)];
    let rows = Rows { wants: false, space: Tag::of_space(&demo()), entries, signature: None };
    let peer = Tag::of_peer(&bob().did().to_string());
    Frame { hops, peer, seq: 1_795_167_000, body: Body::Rows(rows) }.sign(&bob())
}

#[test]
fn of_a_signed_frame_exactly_the_hops_may_change() {
    let (bytes, did, verifier) = (signed(0).print(), bob().did(), Verifier::new());
    assert_eq!(signed(5).print()[2..], bytes[2..]);
    let passing = (0..bytes.len() * 8).filter(|bit| {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        packet(&flipped).is_ok_and(|frames| frames.iter().all(|frame| frame.verify(did, &verifier).is_ok()))
    });
    assert_eq!(passing.collect::<Vec<_>>(), [8 + 4, 8 + 5, 8 + 6]);
}

#[test]
fn a_line_is_proven_by_the_frame_that_it_decodes() {
    let did = bob().did().to_string();
    let line = signed(3).statement(&did, &demo(), true).unwrap_or_default();
    assert_eq!(proven(&line), Ok(Some(signed(0))));
    assert_eq!(signed(0).statement(&did, &demo(), true).as_ref(), Some(&line));
    let tagged =
        signed(3).statement(&did, &Space::Tagged(Tag::of_space(&demo()).0), true).unwrap_or_default();
    assert_eq!(proven(&tagged), Ok(Some(signed(0))));
    assert_eq!(proven(&line.replace('{', "{ ")).map(|frame| frame.is_some()), Ok(true));
    let other = SecretKey::from_seed(&[1; 32]);
    let forged = signed(0).sign(&other).statement(&did, &demo(), true).unwrap_or_default();
    let part = data_encoding::BASE64URL_NOPAD.encode(b"\xa3\x30aaaaaaaa\x00\x01x");
    let value = line.split("\"proof\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    for (bad, code) in [
        (forged, "signature.actor"),
        (line.replace("\"events\":4", "\"events\":5"), "statement.proof"),
        (line.replace("\"ttl\":86400", "\"ttl\":86401"), "statement.proof"),
        (line.replace("\"ttl\"", "\"reach\":[\"a\"],\"ttl\""), "statement.proof"),
        (line.replace("\"ttl\"", "\"signature\":{},\"ttl\""), "statement.proof"),
        (line.replace("m/world/demo", "m/world/other"), "statement.proof"),
        (line.replace(&did, &other.did().to_string()), "statement.proof"),
        (line.replace(value, &part), "statement.proof"),
        (line.replace(value, &value[..value.len() - 4]), "statement.proof"),
        (line.replace(value, "AAAA"), "statement.proof"),
    ] {
        assert_ne!(bad, line);
        assert_eq!(proven(&bad), Err(code.to_owned()), "{bad}");
    }
}

#[test]
fn what_no_tip_carries_is_left_out_and_named() {
    let path = |path: &str, hash: &str| format!(r#"{{"path":"{path}","points_to":{hash}}}"#);
    let root = format!("\"{}\"", crate::hash::Blake3::of(b""));
    let tile = "m/world/demo/tiles/z0/x8388607/y-8388608";
    let items = [
        path("m/world", &root),
        path("m/world/demo", &root),
        path(&format!("{tile}/head"), "null"),
        path("m/world/other/tiles/z30/x0/y0/head", "\"blake3:0000000000ff\""),
        path("m/world/demo/tiles/z0/x8388608/y0/head", &root),
        path(&format!("{tile}/state"), &root),
        path(&format!("{tile}/team.public/head"), &root),
        path(&format!("{tile}/team.public/segment/0"), &root),
        path(&format!("{tile}/head"), &root.replace("blake3", "sha256")),
    ];
    let line = format!(r#"{{"peer":"tag:0a1b2c3d","knows":[{}]}}"#, items.join(","));
    let advert = advert(&line).expect("an advert");
    assert_eq!((advert.peer, advert.seq), (Tag([0x0a, 0x1b, 0x2c, 0x3d]), 0));
    assert_eq!(advert.spaces.iter().map(|(_, entries)| entries.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(advert.left_out.len(), 6);
    assert_eq!(advert.left_out[0], "m/world");
    let read: Vec<Frame> =
        advert.frames(15, 7).iter().map(Frame::print).flat_map(|f| Frame::parse(&f)).collect();
    assert_eq!(read, advert.frames(15, 7));
}

#[test]
fn events_beyond_what_a_tip_counts_are_as_many_as_it_counts() {
    let line = r#"{"peer":"a","wants":[{"events":4294967296,"have":null,"path":"m/world/demo"}]}"#;
    let entry = Entry::Space(Held { events: u32::MAX, head: None });
    assert_eq!(advert(line).map(|advert| advert.spaces[0].1.clone()), Some(vec![entry]));
}

#[test]
fn a_frame_has_room_for_what_fits() {
    for (packet, tips, signed) in
        [(13, None, None), (14, Some(0), None), (78, Some(3), Some(0)), (233, Some(12), Some(9))]
    {
        assert_eq!((room(packet, false), room(packet, true)), (tips, signed), "{packet}");
    }
    assert_eq!((room(500, false), room(383, true)), (Some(15), Some(15)));
}
