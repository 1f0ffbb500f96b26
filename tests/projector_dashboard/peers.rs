//! Other programs that work out the same, or read what is written.

use crate::run;
use std::path::{Path, PathBuf};

/// A program of Debian's prometheus packages, where it is installed or unpacked.
pub fn program(name: &str) -> Option<PathBuf> {
    let unpacked = run::root().join("target/peers/prometheus/usr/bin").join(name);
    let found = [unpacked, Path::new("/usr/bin").join(name)].into_iter().find(|path| path.exists());
    if found.is_none() {
        run::skipped(&format!("{name} is not installed: make deps"));
    }
    found
}

/// Lets promtool look at what a trace becomes.
pub fn promtool_checks(trace: &str, dir: &Path) {
    if let Some(promtool) = program("promtool") {
        let check =
            format!("projector-dashboard -f prom {trace} 2> log | {} check metrics 2>&1", promtool.display());
        assert_eq!(run::sh(&check, dir), "");
    }
}

/// The figures as DuckDB works them out, one line a series.
const FIGURES: &str = r"
import duckdb, sys
rows = duckdb.sql(f'''
    with r as (select space_id, actor_id, sensor, unit, timestamp as t, event_id, value
               from read_json('{sys.argv[1]}', format = 'newline_delimited', columns = {{space_id: 'varchar', actor_id: 'varchar',
                    sensor: 'varchar', unit: 'varchar', timestamp: 'double', event_id: 'varchar', value: 'double', operation: 'varchar'}})
               where operation = 'sensor_reading')
    select space_id, actor_id, sensor, unit, count(value), min(value), max(value), round(avg(value), 6),
           quantile_disc(value, 0.5), quantile_disc(value, 0.95),
           arg_min(value, (t, event_id)), arg_max(value, (t, event_id))
    from r group by all having count(value) > 0 order by all''').fetchall()
for row in rows: print(*row, sep='\t')
";

/// The same of our records.
const RECORDS: &str = r"
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if 'mean' in r:
        print(r['space_id'], r['actor_id'], r['sensor'], r.get('unit'), r['count'], float(r['min']['value']), float(r['max']['value']),
              round(float(r['mean']), 6), float(r['p50']), float(r['p95']), float(r['first']['value']), float(r['last']['value']), sep='\t')
";

#[test]
fn the_figures_are_those_of_a_database() {
    let peers = run::root().join("target/peers");
    if !peers.join("duckdb").is_dir() {
        run::skipped("duckdb is not installed: make deps");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    std::fs::write(at.join("figures.py"), FIGURES).unwrap();
    std::fs::write(at.join("records.py"), RECORDS).unwrap();
    let trace = run::root().join("tests/bench/readings.py");
    run::sh(&format!("python3 -B {} 20000 in.jsonl 37", trace.display()), at);
    run::sh(
        &format!(
            "PYTHONPATH={} python3 -B figures.py in.jsonl > theirs; projector-dashboard in.jsonl 2> log | python3 records.py > ours; \
             test $(wc -l < ours) = 37 && diff theirs ours",
            peers.display()
        ),
        at,
    );
}
