//! GeoJSON: drafts that the gate takes, or refused by name, as `import::check` has it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| import::check("geojson", bytes));
