//! On the stick itself: exFAT, which folds case and knows no modes, read-only, read in place.

use crate::run;

#[test]
fn an_exfat_stick_is_read_in_place() {
    let dir = run::checkout();
    let script = r#"
        export PATH=$PATH:/usr/sbin:/sbin
        truncate -s 64M stick.img && mkfs.exfat stick.img > /dev/null 2>&1 && mkdir stick
        loop=$(losetup -f --show stick.img 2> /dev/null) || { echo no mount; exit 0; }
        trap 'umount stick 2> /dev/null; losetup -d $loop' EXIT
        mount.exfat-fuse $loop stick > /dev/null 2>&1 || { echo no mount; exit 0; }
        tile-pack -f dir -o stick/bag < examples/flood/trace.jsonl 2> /dev/null; echo $?
        tile-pack -o stick/world.tar.zst < examples/flood/trace.jsonl 2> /dev/null
        umount stick; mount.exfat-fuse -o ro $loop stick > /dev/null 2>&1
        ulp-materialize --store stick/bag/data --root 2> /dev/null > one; echo $?
        ulp-materialize --root examples/flood/trace.jsonl 2> /dev/null | cmp - one
        tile-pack --store stick/bag/data 2> /dev/null | cmp - stick/world.tar.zst
        tile-unpack --store w stick/world.tar.zst 2> /dev/null | wc -l
        tile-unpack --list stick/bag 2> /dev/null | cmp - <(tile-unpack --list stick/world.tar.zst 2> /dev/null)
        ulp-append --store stick/bag/data < examples/flood/trace.jsonl > /dev/null 2>&1; echo $?"#;
    let printed = run::sh(script, dir.path());
    if printed == "no mount\n" {
        return run::skipped("this machine mounts no exFAT image");
    }
    // All events are there already, so nothing is written: whether the lock could be taken does not matter.
    assert!(printed == "0\n0\n8007\n0\n" || printed == "0\n0\n8007\n4\n", "{printed}");
}
