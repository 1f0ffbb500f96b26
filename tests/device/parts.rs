//! Lines in parts: cut alike, and put together alike, whatever comes in whichever order.

use super::{PROGRAMS, Questions, bytes, hex, rng};
use crate::reference::generate::Rng;
use crate::sample;
use ulp_core::frame::{Body, Frame, Part, Tag};
use ulp_peer::radio::{Assembly, Message};

/// Memory for a message: more than what is drawn here comes to, as the Rust side has more too.
const EACH: usize = 20_000;

fn line(rng: &mut Rng) -> Vec<u8> {
    let length = [0, 1, 40, 113, 361, 2_492, 2_493][rng.below(7)];
    bytes(rng, length)
}

fn message(rng: &mut Rng) -> Message {
    Message { peer: Tag([0, 0, 0, rng.below(3) as u8]), seq: rng.below(4) as u32, hops: rng.below(8) as u8 }
}

#[test]
fn lines_are_cut_alike() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    for batch in 0..sample::size(100, 2) {
        let (mut rng, mut questions) = (rng(batch), Questions::default());
        for _ in 0..300 {
            let (line, message, mtu) = (line(&mut rng), message(&mut rng), 10 + rng.below(300));
            let answer = match message.cut(&line, mtu) {
                Ok(parts) => parts.iter().map(|p| hex(&p.print())).collect::<Vec<_>>().join(" "),
                Err(_) => "long".to_owned(),
            };
            let (peer, seq, hops) = (message.peer, message.seq, message.hops);
            questions.ask(format!("cut {mtu} {peer} {seq} {hops} {}", hex(&line)), answer);
        }
        questions.hold(&programs.large);
    }
}

/// Parts of a few messages, some of them twice, hurt or from elsewhere, in some order.
fn parts(rng: &mut Rng) -> Vec<Frame> {
    let mut all = Vec::new();
    for _ in 0..1 + rng.below(7) {
        let (mtu, length) = (13 + rng.below(60), rng.below(200));
        let message = message(rng);
        all.extend(message.cut(&bytes(rng, length), mtu).unwrap_or_default());
    }
    for at in 0..all.len() {
        if rng.chance(10) {
            all.push(all[at].clone());
        }
        if rng.chance(2)
            && let Body::Part(part) = &mut all[at].body
        {
            *part = Part { index: 0, total: 1 + rng.below(3) as u8, data: bytes(rng, 9) };
        }
    }
    if rng.chance(60) {
        for at in (1..all.len()).rev() {
            all.swap(at, rng.below(at + 1));
        }
    }
    all
}

#[test]
fn lines_are_put_together_alike() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    for batch in 0..sample::size(400, 4) {
        let (mut rng, mut questions) = (rng(batch), Questions::default());
        for _ in 0..50 {
            let (mut assembly, mut now) = (Assembly::default(), 0);
            questions.ask(format!("assembly {EACH}"), "ready");
            for frame in parts(&mut rng) {
                now += [0, 0, 10, 30_000, 60_000][rng.below(5)] * u64::from(rng.chance(20));
                let answer = match assembly.hear(now, &frame) {
                    Ok(None) => "none".to_owned(),
                    // An empty line has no digits.
                    Ok(Some(line)) => format!("line {}", hex(&line).trim_matches('-')),
                    Err(refusal) if refusal.code == "radio.long" => "long".to_owned(),
                    Err(_) => "broken".to_owned(),
                };
                questions.ask(format!("part {now} {}", hex(&frame.print())), answer);
            }
        }
        questions.hold(&programs.large);
    }
}
