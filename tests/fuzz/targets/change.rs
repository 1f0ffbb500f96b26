//! A change event is the same once it is canonical and has its id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_core::json::{Tape, is_canonical, parse_line};
use ulp_um::cache::Event;

fuzz_target!(|bytes: &[u8]| {
    let mut tape = Tape::new();
    let Ok(event) =
        parse_line(&mut tape, bytes).map_err(|_| ()).and_then(|value| Event::read(value).map_err(|_| ()))
    else {
        return;
    };
    assert!(is_canonical(&event.text));
    let mut tape = Tape::new();
    let again = parse_line(&mut tape, event.text.as_bytes()).expect("an event that was printed");
    assert_eq!(Event::read(again), Ok(event));
});
