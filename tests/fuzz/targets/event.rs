//! Lines of events and state lines: the quick way and the plain one agree on every line, whatever came before it.
#![no_main]

use bumpalo::Bump;
use libfuzzer_sys::fuzz_target;
use ulp_core::event::{Defaults, Reader};

fuzz_target!(|bytes: &[u8]| {
    let (arena, defaults) = (Bump::new(), Defaults::default());
    let mut readers = [
        (Reader::new(&arena, &defaults), Reader::new(&arena, &defaults).plainly()),
        (
            Reader::new(&arena, &defaults).with_drafts(),
            Reader::new(&arena, &defaults).with_drafts().plainly(),
        ),
    ];
    for line in bytes.split(|b| *b == b'\n') {
        for (quick, plain) in &mut readers {
            assert_eq!(format!("{:?}", quick.read_bytes(line)), format!("{:?}", plain.read_bytes(line)));
        }
    }
});
