//! Frames and airtime, against vectors.

use super::{bob, text, vectors};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use ulp_core::frame::{BARE, Body, ENTRY, Entry, Frame, Held, SIGNATURE, Tag, packet, room};
use ulp_core::path::Space;
use ulp_core::trust::{Did, Verifier};
use ulp_peer::radio::Lora;

pub fn bytes(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

/// A frame in the words of the vectors.
fn told(frame: &Frame) -> Value {
    let Body::Rows(rows) = &frame.body else { panic!("a part") };
    let mut told = json!({
        "kind": if rows.wants { 2 } else { 1 },
        "hops": frame.hops,
        "peer": frame.peer.to_string(),
        "seq": frame.seq,
        "space": rows.space.to_string(),
        "entries": rows.entries.iter().map(|entry| told_entry(*entry)).collect::<Vec<_>>(),
        "signed": frame.is_signed(),
        "message": HEXLOWER.encode(&frame.message()),
    });
    if let Some(signature) = rows.signature {
        told["sig"] = HEXLOWER.encode(&signature).into();
    }
    told
}

fn told_entry(entry: Entry) -> Value {
    let head = |held: Held| HEXLOWER.encode(&held.head.unwrap_or_default());
    match entry {
        Entry::Tip(tile, held) => {
            json!({"tile": tile.to_string(), "events": held.events, "head": head(held)})
        }
        Entry::Space(held) => json!({"space": true, "events": held.events, "head": head(held)}),
        Entry::Range(range) => json!({
            "from": range.from, "to": range.to, "rows": range.rows, "digest": HEXLOWER.encode(&range.digest),
        }),
    }
}

#[test]
fn frames_are_those_of_the_vectors() {
    let Some(vectors) = vectors("frames") else { return };
    assert_eq!(Tag::of_peer(text(&vectors, "/peer")).to_string(), text(&vectors, "/peer_tag"));
    let space = Space::Named(text(&vectors, "/space").to_owned());
    assert_eq!(Tag::of_space(&space).to_string(), text(&vectors, "/space_tag"));
    let did: Did = text(&vectors, "/peer").parse().unwrap();
    let (verifier, bob) = (Verifier::new(), bob());
    for case in vectors["frames"].as_array().unwrap() {
        let raw = bytes(text(case, "/hex"));
        assert_eq!(raw.len() as u64, case["bytes"].as_u64().unwrap());
        assert_eq!(BASE64URL_NOPAD.encode(&raw), text(case, "/base64url"));
        let frames = packet(&raw).unwrap();
        let parsed: Vec<Value> = frames.iter().map(told).collect();
        assert_eq!(Value::Array(parsed), case["parsed"], "{}", case["name"]);
        for frame in frames {
            assert_eq!(frame.print(), raw, "{}", case["name"]);
            if frame.is_signed() {
                frame.verify(did, &verifier).unwrap();
                assert_eq!(frame.clone().sign(&bob), frame);
            }
        }
    }
    let back = packet(&bytes(text(&vectors, "/back to back/hex"))).unwrap();
    assert_eq!(back.len() as u64, vectors["back to back"]["frames"].as_u64().unwrap());
    for (why, hex) in vectors["refused (radio.frame)"].as_object().unwrap() {
        let refusal = packet(&bytes(hex.as_str().unwrap())).unwrap_err();
        assert_eq!(refusal.code, "radio.frame", "{why}");
    }
}

#[test]
fn frames_are_the_lines_of_the_vectors() {
    let Some(vectors) = vectors("frames") else { return };
    for case in vectors["decoded"].as_array().unwrap() {
        let frame = Frame::parse(&bytes(text(case, "/frame"))).unwrap();
        let rows = frame.rows().unwrap();
        let (peer, space, proven) = match text(case, "/known") {
            "nothing" => (frame.peer.as_peer(), Space::Tagged(rows.space.0), false),
            _ => {
                (text(&vectors, "/peer").to_owned(), Space::Named(text(&vectors, "/space").to_owned()), true)
            }
        };
        assert_eq!(frame.statement(&peer, &space, proven).as_deref(), Some(text(case, "/line")));
    }
}

#[test]
fn sizes_and_ranges_are_those_of_the_vectors() {
    let Some(vectors) = vectors("frames") else { return };
    for n in 0..=15 {
        let size = |kind: &str| vectors["sizes"][kind][n.to_string()].as_u64().unwrap() as usize;
        assert_eq!((size("tips"), size("signed")), (BARE + n * ENTRY, BARE + n * ENTRY + SIGNATURE));
    }
    for (packet, fit) in vectors["sizes"]["fit"].as_object().unwrap() {
        let fits = |signed| room(packet.parse().unwrap(), signed).unwrap_or_default() as u64;
        assert_eq!((Some(fits(false)), Some(fits(true))), (fit["tips"].as_u64(), fit["signed"].as_u64()));
    }
    let intro = Frame::parse(&bytes(text(&vectors, "/ranges/intro"))).unwrap();
    assert_eq!(told(&intro)["entries"], vectors["ranges"]["parsed"]);
    for row in vectors["ranges"]["rows"].as_array().unwrap() {
        let frame = bytes(text(row, "/frame"));
        assert_eq!(Frame::parse(&frame).unwrap().with_hops(0).print(), frame);
    }
}

#[test]
fn airtimes_are_those_of_the_vectors() {
    let Some(vectors) = vectors("airtime") else { return };
    let airtime = |case: &Value| {
        let settings = ["sf", "bw", "cr", "preamble"].map(|name| format!("{name}={}", case[name]));
        let lora: Lora = settings.join(",").parse().unwrap();
        lora.airtime(case["bytes"].as_u64().unwrap() as usize)
    };
    for case in vectors["ours"].as_array().unwrap() {
        assert_eq!(airtime(case), case["airtime_ms"].as_u64().unwrap(), "{case}");
    }
    for case in vectors["published"].as_array().unwrap() {
        assert_eq!(airtime(case), case["ms"].as_f64().unwrap().ceil() as u64, "{case}");
    }
}
