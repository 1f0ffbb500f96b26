//! The canonical form that comes of an event's one reading, against the one that comes of parsing its line once more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::event::{Defaults, Event, Line, Reader};
use ulp_core::json::{Tape, is_canonical};

fn form(event: &Event<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    event.write_canonical(&mut Tape::new(), &mut out);
    out
}

fuzz_target!(|data: &[u8]| {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let reader = || Reader::new(&arena, &defaults).with_drafts();
    let (mut quick, mut plain) = (reader().with_forms(), reader().with_forms().plainly());
    let mut slow = reader().plainly();
    for line in data.split(|b| *b == b'\n') {
        let read = [quick.read_bytes(line), plain.read_bytes(line), slow.read_bytes(line)];
        let [Ok(Line::Event(quick)), Ok(Line::Event(plain)), Ok(Line::Event(slow))] = read else { continue };
        let expected = form(&slow);
        assert!(form(&quick) == expected && form(&plain) == expected);
        assert!(std::str::from_utf8(&expected).is_ok_and(is_canonical));
    }
});
