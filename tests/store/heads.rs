//! What the next event should name: names, each once.

use crate::run;

#[test]
fn a_name_that_several_events_bear_is_one_head() {
    let dir = tempfile::tempdir().unwrap();
    let line = |name: &str, time: usize| {
        format!(
            "{{\"event_id\":\"{name}\",\"timestamp\":{time},\"actor_id\":\"u{time}\",\"operation\":\"create_node\",\"node_id\":\"n\"}}\n"
        )
    };
    // Of 70 names the greater half come twice, first and last.
    let mut lines: String = (0..70).map(|i| line(&format!("e{i:02}"), i)).collect();
    lines.extend((35..70).map(|i| line(&format!("e{i:02}"), 100 + i)));
    std::fs::write(dir.path().join("in"), lines).unwrap();
    let out = run::sh(
        "ulp-store init w; ulp-append --store w in > out 2> log; ulp-materialize --store w --snapshot > out 2> log; \
         ulp-store heads --store w 2> log; cat w/spaces/default/tiles/z0/x0/y0/team.public/index.json",
        dir.path(),
    );
    let heads: Vec<Vec<String>> = serde_json::Deserializer::from_str(&out)
        .into_iter::<serde_json::Value>()
        .map(|line| serde_json::from_value(line.unwrap()["heads"].clone()).unwrap())
        .collect();
    let expected: Vec<String> = (6..70).rev().map(|i| format!("e{i:02}")).collect();
    assert_eq!(heads, [expected.clone(), expected]);
}
