//! Every case of the vectors: what becomes of a file with these options, to the byte but for a micrometre.

use crate::run;
use serde_json::Value;

/// How far a coordinate may be off: a micrometre.
const NEAR: f64 = 1.000_001e-6;

/// Whether two values are the same but for the last place of their numbers.
fn is_near(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= NEAR,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_near(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_near(a, b)))
        }
        (a, b) => a == b,
    }
}

fn is_same_line(got: &str, expected: &str) -> bool {
    let near = |a, b| is_near(&serde_json::from_str(a).unwrap(), &serde_json::from_str(b).unwrap());
    got == expected || got.len().abs_diff(expected.len()) < 16 && near(got, expected)
}

#[test]
fn every_case_of_the_vectors_gives_its_events() {
    let Some(dir) = run::shared().map(|dir| dir.join("fixtures/import")).filter(|dir| dir.is_dir()) else {
        run::skipped("no vectors of imports beside this checkout");
        return;
    };
    let cases = std::fs::read_to_string(dir.join("cases.tsv")).unwrap();
    let mut count = 0;
    for case in cases.lines().skip(1) {
        let [name, input, options, status, rest @ ..] = &case.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{case}")
        };
        let output = run::command("ulp-import", &dir).args(options.split(' ')).arg(input).output().unwrap();
        assert_eq!(output.status.code().unwrap().to_string(), *status, "{name}");
        let expected = std::fs::read_to_string(dir.join(format!("{name}.events.jsonl"))).unwrap();
        let got = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<(&str, &str)> = got.lines().zip(expected.lines()).collect();
        assert_eq!(got.lines().count(), expected.lines().count(), "{name}");
        for (got, expected) in lines {
            assert!(is_same_line(got, expected), "{name}\n{got}\n{expected}");
        }
        if let Some(codes) = rest.first().filter(|codes| !codes.is_empty()) {
            let witness: Value =
                serde_json::from_slice(output.stderr.split(|b| *b == b'\n').rev().nth(1).unwrap()).unwrap();
            assert_eq!(witness["codes"], serde_json::from_str::<Value>(codes).unwrap(), "{name}");
        }
        count += 1;
    }
    run::say(&format!("imports: {count} cases of the vectors"));
}
