//! The story of a phone that goes from village to village, played twice.

use crate::run;

#[test]
fn a_phone_carries_three_villages_to_one_world() {
    let dir = run::checkout();
    for out in ["one", "two"] {
        run::sh(
            &format!("examples/ferry/run.sh {out} > said && cmp said examples/ferry/expected.txt"),
            dir.path(),
        );
    }
    // Who is not listed is not called, and a way that is none of those it knows opens nothing.
    let script = r#"
        cd one; echo nowhere > stop
        um-key generate -o eve.pem > eve.did 2> log
        advert() { printf '{"peer":"%s","seq":%s,"knows":[{"path":"m/world/%s","points_to":"blake3:000000000000"}],"reach":["%s"]}\n' "$(cat $1.did)" 1795200000 $2 "$3"; }
        advert eve new 'here:eve' | um-sign --key eve.pem > heard 2> log
        (advert mill a 'here:mill; touch pwned'; advert mill b '$(touch pwned)'; advert mill c 'exec:true') |
            um-sign --key mill.pem >> heard 2> log
        ulp-gossip --graph phone.graph --scope phone --now 1795200000 heard > out 2> log
        NOW=1795200000 ../examples/ferry/ferry.sh phone phone.graph ../examples/ferry/call.sh
        grep -c pwned phone.graph.ways; grep -c eve phone.graph.ways; ls pwned 2> log || true"#;
    assert_eq!(run::shell(script, dir.path()).stdout, b"2\n0\n");
}
