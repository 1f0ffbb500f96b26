//! Packs that people made: a bag that was unpacked and packed again with whatever they have comes back whole, in any
//! order and dialect, and from its directory; a hostile sibling of each does not.

use crate::{run, sample};
use std::path::Path;

/// A store with a few lanes, snapshots and blobs, what `tile-pack` makes of it, and what it derives to.
fn bag(dir: &Path) {
    let script = r#"
        set -e
        ulp-store init w
        for i in 1 2 3; do
            echo blob $i > blob; ulp-store put --store w blob > put
            jq -c "{event_id: \"e$i\", timestamp: $i, space_id: \"demo\", actor_id: \"a\", operation: \"create_node\",
                node_id: \"n$i\", tile: \"z0/x$i/y0\", media: {ref, mime: \"text/plain\"}}" put >> t.jsonl
        done
        ulp-append --store w t.jsonl > /dev/null
        ulp-materialize --store w --snapshot > /dev/null
        tile-pack --store w -f dir -o bag
        ulp-materialize --store w --root > root
        find w/objects -type f -printf '%f\n' | sort > there
        find bag -type f | wc -l"#;
    assert_eq!(super::quiet(script, dir), "20\n");
}

/// `takes …` takes a pack into a new store, and says how that ended, and whether all of it is there.
const TAKES: &str = r#"
    takes() {
        rm -rf x; tile-unpack --store x "$@" > /dev/null 2> log; s=$?
        ulp-materialize --store x --root 2> /dev/null | cmp -s - root || s="$s, another root"
        [ -z "$(find x/objects -type f -printf '%f\n' | sort | comm -23 - there)" ] || s="$s, more"
        for f in $(jq -r .media.ref t.jsonl | cut -c8-); do [ -e x/objects/sha256/${f:0:2}/${f:2} ] || s="$s, no blob"; done
        echo "$s"
    }
"#;

#[test]
fn any_order_of_any_dialect_is_the_same_world() {
    let dir = run::checkout();
    bag(dir.path());
    let count = sample::size(2_000, 30);
    let script = format!(
        "{TAKES}
        python3 {}/tests/pack/people.py bag many '{}' {count}
        for f in many/*.tar; do takes $f; done | sort | uniq -c | xargs
        for f in many/*.tar; do tile-unpack --test < $f 2> /dev/null; echo $?; done | sort | uniq -c | xargs
        tile-unpack --list bag 2> /dev/null | sort > list
        for f in many/*.tar; do tile-unpack --list $f 2> /dev/null | sort | cmp -s - list; echo $?; done | sort | uniq -c | xargs
        for f in many/*.unsafe; do
            rm -rf x; tile-unpack --store x $f > /dev/null 2> log; echo $? $(jq -r 'select(.code).code' log)
        done | sort | uniq -c | xargs
        ls | xargs; [ ! -e /tmp/ulp-evil ]; echo $?",
        run::root().display(),
        sample::seed(),
    );
    let expected = format!(
        "{count} 0\n{count} 0\n{count} 0\n{count} 1 pack.unsafe\n\
         bag blob examples list log many put quiet.log root t.jsonl there w x\n0\n"
    );
    assert_eq!(run::sh(&script, dir.path()), expected);
}

#[test]
fn the_tars_of_programs_are_taken() {
    let dir = run::checkout();
    bag(dir.path());
    let script = format!(
        "{TAKES}
        for f in ustar gnu oldgnu pax; do tar --format=$f -cf f.tar bag; takes f.tar; done
        tar --format=pax --pax-option='globexthdr.name=g,comment=x' -cf f.tar bag; takes f.tar
        tar -C bag -cf f.tar .; takes f.tar
        (cd bag; tar -cf ../f.tar *); takes f.tar
        tar -cf f.tar ./bag/; takes f.tar
        cp -r bag 'Dörfchen am See (1)'; tar -cf f.tar D*; takes f.tar
        tar --zstd -cf f.tar.zst bag; takes f.tar.zst
        zstd -q -19 f.tar -o f.19.zst; takes f.19.zst
        takes < f.tar
        tar -czf f.tar.gz bag; takes f.tar.gz; jq -r 'select(.code) | .code + \" \" + .detail' log
        gzip -dc f.tar.gz | takes"
    );
    let foreign = "1, another root, no blob, no blob, no blob\n\
                   pack.unsafe it is compressed with gzip, and opened by: gzip -dc f.tar.gz | tile-unpack\n0\n";
    assert_eq!(run::sh(&script, dir.path()), "0\n".repeat(12) + foreign);
}

#[test]
fn the_directory_of_a_bag_is_taken_and_left_alone() {
    let dir = run::checkout();
    bag(dir.path());
    let script = format!(
        "{TAKES}
        chmod -R a-w bag; (find bag -printf '%p %T@ %s\n' | sort; cat bag/*.txt) > before
        takes bag; takes bag/; takes ./bag
        tile-unpack --test bag 2> log; echo $?; jq -c '[.read, .applied]' log
        tile-unpack --list bag 2> /dev/null | wc -l
        (find bag -printf '%p %T@ %s\n' | sort; cat bag/*.txt) | cmp - before
        # What a file manager leaves, and rules that nobody asked for.
        cp -r bag more; chmod -R u+w more; touch more/.DS_Store more/data/Thumbs.db; mkdir more/data/x
        echo 'signature: required' > more/data/spaces/demo/.ulp-scope; echo '*' > more/data/.ulp-ignore
        takes more
        # A file that is damaged costs itself.
        f=$(find more -path '*x2*' -name manifest.json); o=$(jq -r .segments[0].hash $f | cut -c8-)
        chmod u+w more/data/objects/sha256/${{o:0:2}}/${{o:2}}; printf X | dd of=more/data/objects/sha256/${{o:0:2}}/${{o:2}} conv=notrunc status=none
        takes more; jq -r 'select(.code) | .code' log
        tile-unpack --store x w 2>&1 | grep -c 'no bag'; tile-unpack --store x /nowhere 2> /dev/null; echo $?"
    );
    let expected = "0\n0\n0\n0\n[3,3]\n9\n0\n3, another root, no blob\npack.damaged\n1\n4\n";
    assert_eq!(run::sh(&script, dir.path()), expected);
}

#[test]
fn nothing_in_a_directory_is_followed() {
    let dir = run::checkout();
    bag(dir.path());
    let script = "
        said() { rm -rf x; tile-unpack --store x $1 2> log > /dev/null; echo $? $(jq -r 'select(.code).code' log); find x -path '*objects*' -type f | wc -l; }
        cp -r bag a; ln -s /etc/passwd a/data/evil; said a
        cp -r bag b; chmod -R u+w b; mv b/data/spaces/demo aside; ln -s ../../../aside b/data/spaces/demo; said b
        cp -r bag c; chmod -R u+w c; rm c/bag-info.txt; mkfifo c/bag-info.txt; said c
        cp -r bag d; chmod -R u+w d; mv d/data d-data; ln -s ../d-data d/data; said d
        mkdir e; ln -s ../bag/bagit.txt e; said e";
    assert_eq!(run::sh(script, dir.path()), "1 pack.unsafe\n0\n".repeat(5));
}
