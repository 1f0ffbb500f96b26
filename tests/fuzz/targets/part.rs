//! Parts of lines: whatever comes, in bounded memory; a line that is cut comes back, among whatever else comes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::frame::{Body, Tag, packet};
use ulp_peer::radio::{Assembly, Message};

fuzz_target!(|bytes: &[u8]| {
    let Some(([mtu, order], rest)) = bytes.split_first_chunk::<2>() else { return };
    let (mut assembly, mut now) = (Assembly::default(), 0);
    // Packets of a length each, which stands before them.
    let mut packets = rest;
    while let Some((length, tail)) = packets.split_first() {
        let (some, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        packets = tail;
        now += u64::from(*length) * 100;
        for frame in packet(some).into_iter().flatten() {
            let _ = assembly.hear(now, &frame);
        }
    }
    let message = Message { peer: Tag::of(rest), seq: 7, hops: 0 };
    let Ok(parts) = message.cut(rest, usize::from(*mtu)) else { return };
    let start = usize::from(*order) % parts.len();
    let mut assembly = Assembly::default();
    let turned: Vec<_> = parts[start..].iter().chain(&parts[..start]).collect();
    for (at, part) in turned.iter().enumerate() {
        assert!(matches!(part.body, Body::Part(_)) && part.print().len() <= usize::from(*mtu));
        assert_eq!(packet(&part.print()).as_deref(), Ok(&[(*part).clone()][..]));
        let line = assembly.hear(0, part).expect("a part that was cut");
        assert_eq!(line.as_deref(), (at + 1 == parts.len()).then_some(rest));
        assert_eq!(assembly.hear(0, part), Ok(None));
    }
});
