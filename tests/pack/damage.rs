//! A bad stick costs what it damaged, and no more: cut at every byte, flipped in many.

use super::{EVENTS, quiet, sh};
use crate::run;
use std::collections::BTreeSet;
use std::path::Path;
use ulp_core::hash::Sha256;
use ulp_store::pack::read::{Pack, Piece};

fn packs(dir: &Path) -> Vec<Vec<u8>> {
    std::fs::write(dir.join("t.jsonl"), EVENTS).unwrap();
    quiet("tile-pack -f tar t.jsonl > a.tar; tile-pack t.jsonl > a.tar.zst", dir);
    ["a.tar", "a.tar.zst"].map(|name| std::fs::read(dir.join(name)).unwrap()).to_vec()
}

/// The segments that come whole out of some bytes, and how many things were damaged; nothing where all was refused.
fn read(bytes: &[u8]) -> Option<(BTreeSet<Sha256>, usize)> {
    let (mut whole, mut damaged) = (BTreeSet::new(), 0);
    let mut pack = Pack::new(bytes, 1 << 30, std::env::temp_dir());
    loop {
        match pack.next_piece().ok()? {
            Some(Piece::Segment(_, entry, bytes)) => {
                assert!(Sha256::of(&bytes) == entry.hash && bytes.ends_with(b"\n"));
                whole.insert(entry.hash);
            }
            Some(Piece::Damaged(_)) => damaged += 1,
            Some(_) => {}
            None => return Some((whole, damaged)),
        }
    }
}

#[test]
fn cut_anywhere_it_gives_whole_segments_and_says_what_is_missing() {
    let dir = run::checkout();
    for pack in packs(dir.path()) {
        let (all, damaged) = read(&pack).unwrap();
        assert_eq!((all.len(), damaged), (3, 0));
        let mut before = 0;
        for end in 0..pack.len() {
            let (whole, damaged) = read(&pack[..end]).unwrap();
            assert!(damaged > 0 && whole.is_subset(&all) && whole.len() >= before, "cut at {end}");
            before = whole.len();
        }
        assert_eq!(before, 3);
    }
}

#[test]
fn a_flipped_byte_costs_at_most_what_it_is_in() {
    let dir = run::checkout();
    let packs = packs(dir.path());
    let pack = &packs[0];
    let mut all_kept = 0;
    for at in 0..pack.len() {
        let mut bad = pack.clone();
        bad[at] ^= 0x04;
        // What stands in no hash or sum may be anything: zeros behind bodies.
        let Some((whole, damaged)) = read(&bad) else { continue };
        let segment_lost = whole.len() < 3;
        assert!(whole.len() >= 2 && (damaged > 0 || !segment_lost), "byte {at}: {} whole", whole.len());
        all_kept += usize::from(!segment_lost);
    }
    assert!(all_kept > pack.len() / 2);
}

#[test]
fn a_store_takes_the_rest_and_names_what_is_lost() {
    let dir = run::checkout();
    let script = r#"
        tile-pack < examples/flood/trace.jsonl > world.tar.zst 2> /dev/null
        n=$(stat -c %s world.tar.zst)
        cp world.tar.zst bad.tar.zst; printf 'XXXX' | dd of=bad.tar.zst bs=1 seek=$((n / 2)) conv=notrunc status=none
        tile-unpack --test bad.tar.zst 2> log; echo $?
        lost=$(jq -r 'select(.code == "pack.damaged") | .detail' log | grep -c 'spaces/.* events, .* to .*: it is ')
        [ $lost -ge 1 ] && [ $lost -le 6 ] && echo few
        tile-unpack --store w bad.tar.zst > one 2> log; echo $?
        ulp-store check --store w --objects 2> /dev/null
        tile-unpack --store w world.tar.zst > two 2> log; echo $?
        cat one two | ulp-materialize --root 2> /dev/null | tail -1 > r1
        ulp-materialize --root examples/flood/trace.jsonl 2> /dev/null | tail -1 | cmp - r1
        head -c $((n / 3)) world.tar.zst | tile-unpack --store w3 > /dev/null 2> log; echo $?
        ulp-store check --store w3 --objects 2> /dev/null
        tile-unpack --store w3 world.tar.zst > /dev/null 2> log; echo $?
        ulp-materialize --root --store w3 2> /dev/null | tail -1 | cmp - r1"#;
    assert_eq!(run::sh(script, dir.path()), "3\nfew\n3\n0\n3\n0\n");
}

#[test]
fn a_run_that_was_cut_off_can_be_run_again() {
    let dir = run::checkout();
    let script = r#"
        tile-pack -f tar < examples/flood/trace.jsonl > world.tar 2> /dev/null
        for n in 100000 400000 1200000 3000000; do
            head -c $n world.tar | tile-unpack --store w 2> /dev/null >> all
            ulp-store check --store w 2> /dev/null
        done
        tile-unpack --store w world.tar 2> /dev/null >> all; echo $?
        sort all | uniq -d | wc -l; wc -l < all"#;
    assert_eq!(run::sh(script, dir.path()), "0\n0\n8007\n");
}

#[test]
fn damage_at_the_sender_is_left_out_and_said() {
    let dir = run::checkout();
    std::fs::write(dir.path().join("t.jsonl"), EVENTS).unwrap();
    let script = r#"
        tile-pack t.jsonl 2> /dev/null | tile-unpack --store w > /dev/null 2>&1
        o=$(find w/objects -type f | sort | head -1); chmod +w $o; sed -i 's/create/CREATE/' $o
        tile-pack --store w -f dir -o none 2> /dev/null; [ ! -e none ] && tile-pack --store w -o none 2> /dev/null; [ ! -e none ]
        tile-pack --store w > bag.tar.zst 2> log; echo $?; jq -r 'select(.code) | .action + " " + .code' log
        tar --zstd -xf bag.tar.zst; valid world
        tile-pack --store w 2> /dev/null | tile-unpack --store w2 2> /dev/null | wc -l
        grep -l '"lost":true' $(find world -name manifest.json) | wc -l"#;
    assert_eq!(sh(script, dir.path()), "3\nnoted store.lost\n2\n1\n");
}
