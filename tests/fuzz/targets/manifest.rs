//! The store's own JSON: manifests and snapshot records print as what they were read from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use ulp_store::manifest::Manifest;
use ulp_store::snapshot::record::Record;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("manifest.json");
    if let Ok(manifest) = Manifest::parse(bytes, path) {
        let printed = manifest.print();
        let again = Manifest::parse(&printed, path).expect("a manifest that was printed");
        assert_eq!(again.print(), printed);
    }
    if let Ok(Some(record)) = Record::parse(bytes, path) {
        let printed = record.print();
        let again =
            Record::parse(&printed, path).expect("a record that was printed").expect("of this version");
        assert_eq!(again.print(), printed);
    }
});
