//! The example: run twice it says the same, and other programs take what it writes.

use super::peers::program;
use crate::run;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

#[test]
fn the_example_says_the_same_each_time() {
    let dir = run::checkout();
    let script = "for out in one two; do examples/dashboard/run.sh $out > $out.txt; done; cmp one.txt two.txt
        diff one.txt examples/dashboard/expected.txt
        for f in figures.jsonl readings.csv readings.senml.json textfile/ulp.prom valley.html valley.svg; do cmp one/$f two/$f; done";
    run::sh(script, dir.path());
    if let Some(promtool) = program("promtool") {
        let said = run::sh(
            &format!("{} check metrics < one/textfile/ulp.prom 2>&1", promtool.display()),
            dir.path(),
        );
        assert_eq!(said, "");
    }
    a_collector_takes_it(dir.path());
}

/// node_exporter, as a process of its own on the loopback, hands out what lies in the folder.
fn a_collector_takes_it(dir: &Path) {
    let Some(exporter) = program("prometheus-node-exporter") else { return };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = run::command(exporter.to_str().unwrap(), dir)
        .args(["--collector.disable-defaults", "--collector.textfile"])
        .arg(format!("--collector.textfile.directory={}", dir.join("one/textfile").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let scraped = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        scrape(port)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let scraped = scraped.expect("the collector answers");
    let written = std::fs::read_to_string(dir.join("one/textfile/ulp.prom")).unwrap();
    for sample in written.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = sample.rsplit_once(' ').unwrap();
        let found = scraped.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let number = |text: &str| text.parse::<f64>().unwrap();
        assert_eq!(found.map(number), Some(number(value)), "{sample}");
    }
    assert!(scraped.contains("node_textfile_scrape_error 0"), "{scraped}");
}

fn scrape(port: u16) -> Option<String> {
    use std::io::Write as _;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Every expression of the Grafana dashboard asks for a metric that is written, by labels that it has.
#[test]
fn the_grafana_dashboard_asks_for_what_is_there() {
    let dir = run::checkout();
    let written = run::sh(
        "projector-dashboard -f prom --rules examples/dashboard/rules.yaml examples/dashboard/trace.jsonl 2> log",
        dir.path(),
    );
    let text = std::fs::read_to_string(run::root().join("examples/dashboard/grafana.json")).unwrap();
    let board: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let mut asked = 0;
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
        let expression = target["expr"].as_str().unwrap();
        let words = expression.split(|c: char| !c.is_ascii_lowercase() && c != '_');
        for metric in words.filter(|word| word.starts_with("ulp_")) {
            assert!(written.contains(&format!("# TYPE {metric} gauge")), "{expression}");
            asked += 1;
        }
        if let Some(promtool) = program("promtool") {
            let rule = format!(
                "groups: [{{name: g, rules: [{{record: 'a:b', expr: {}}}]}}]",
                serde_json::Value::from(expression)
            );
            std::fs::write(dir.path().join("rule.yml"), rule).unwrap();
            run::sh(&format!("{} check rules rule.yml", promtool.display()), dir.path());
        }
    }
    assert!(asked >= 4 && board["uid"].is_string() && board["schemaVersion"].is_number());
    for label in text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
        assert!(written.contains(&format!("{label}=\"")), "{label}");
    }
}
