//! Tables of the cache: whatever was done to one, it is damaged or finds what stands in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ulp_store::object::Bytes;
use ulp_store::sorted_table::{ENTRY, NOTE, Row, SortedTable, print};

fuzz_target!(|bytes: &[u8]| {
    // Raw bytes first: hardly ever a table.
    if let Ok(table) = SortedTable::<ENTRY>::open(Bytes::Read(bytes.to_vec())) {
        let _ = table.rows();
    }
    let (rows, rest) = bytes.as_chunks::<ENTRY>();
    let mut rows: Vec<Row> = rows.to_vec();
    rows.sort_unstable();
    let mut printed = print(&[7; NOTE], &rows);
    // The bytes that are left over say where the table is hurt.
    let hurt = rest.first_chunk::<4>().map(|[a, b, c, bit]| {
        let at = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let length = printed.len();
        printed[at % length] ^= 1 << (bit % 8);
    });
    let Ok(table) = SortedTable::<ENTRY>::open(Bytes::Read(printed)) else {
        assert!(hurt.is_some(), "a whole table does not open");
        return;
    };
    match table.rows() {
        Ok(found) => assert!(found == rows && hurt.is_none()),
        Err(_) => assert!(hurt.is_some()),
    }
    for row in &rows {
        let key = &row[..8];
        match table.find(key) {
            Ok(found) => assert_eq!(found.map(|r| r[..8].to_vec()), Some(key.to_vec())),
            Err(_) => assert!(hurt.is_some()),
        }
    }
});
