//! Dotfiles: any text in any place is rules or a fault, and a gate of such rules judges a line.
#![no_main]

use bumpalo::Bump;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use ulp_core::event::{Line, Reader};
use ulp_core::scope::{NoStore, Scope};

const LINE: &str = r#"{"event_id":"e","timestamp":1,"actor_id":"user:a","space_id":"demo","operation":"create_node","node_id":"n","transform":{"position":[1,2]}}"#;

/// Where a dotfile can stand.
const PLACES: [&str; 4] = [
    ".ulp-root",
    "spaces/demo/.ulp-scope",
    "spaces/demo/.ulp-ignore",
    "spaces/demo/tiles/z0/x0/y0/.ulp-scope",
];

thread_local! {
    static DIR: RefCell<tempfile::TempDir> = RefCell::new(
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary directory"),
    );
}

fuzz_target!(|bytes: &[u8]| {
    let Some((place, text)) = bytes.split_first() else { return };
    let place = PLACES[usize::from(*place) % PLACES.len()];
    DIR.with_borrow(|dir| {
        let path = dir.path().join(place);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        if let Ok(scope) = Scope::discover(dir.path()) {
            let arena = Bump::new();
            if let Ok(Line::Event(event)) = Reader::new(&arena, scope.defaults()).read(LINE) {
                let _ = scope.gate().permit(&event, None, &NoStore);
            }
        }
        std::fs::remove_file(&path).expect("the file");
    });
});
