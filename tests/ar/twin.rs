//! A thousand viewers beside a twin in numpy, which knows only the page and compares everything with everything.

use super::{BIN, node, space};
use crate::reference::generate::Rng;
use crate::{run, sample};
use serde_json::{Value, json};
use std::process::Stdio;

const VIEWERS: usize = 1000;
const SAMPLE: usize = 40;

struct Chance(Rng);

impl Chance {
    /// Between −`reach` and `reach`, with six decimals.
    fn about(&mut self, reach: f64) -> f64 {
        (reach * (self.0.below(2_000_001) as f64 - 1e6)).round() / 1e6
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        let share = self.0.below(1_000_001) as f64 / 1e6;
        ((low + (high - low) * share) * 1e6).round() / 1e6
    }

    fn geometry(&mut self) -> Value {
        match self.0.below(7) {
            0 => {
                json!({ "kind": "box", "size": [self.between(1.0, 30.0), self.between(1.0, 30.0), self.between(1.0, 30.0)] })
            }
            1 => json!({ "kind": "sphere", "radius": self.between(0.5, 20.0) }),
            2 => {
                json!({ "kind": "cylinder", "radius": self.between(0.5, 9.0), "height": self.between(1.0, 60.0) })
            }
            3 => {
                json!({ "kind": "rect", "width": self.between(1.0, 50.0), "height": self.between(1.0, 50.0) })
            }
            4 => {
                // Corners of an ellipse are convex.
                let (a, b) = (self.between(2.0, 40.0), self.between(2.0, 40.0));
                let corner = |k: f64| {
                    let t = k * std::f64::consts::TAU / 7.0;
                    [a * t.cos(), b * t.sin()].map(|c| (c * 1e3).round() / 1e3)
                };
                let ring: Vec<[f64; 2]> = (0..7).map(|k| corner(f64::from(k))).collect();
                json!({ "kind": "polygon", "points": ring })
            }
            5 => {
                let s = self.between(1.0, 20.0);
                json!({ "kind": "mesh", "positions": [0, 0, 0, s, 0, 0, 0, s, 0, 0, 0, 2.0 * s], "indices": [0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3] })
            }
            _ => Value::Null,
        }
    }

    /// A thing as the twin is told of it.
    fn thing(&mut self, n: usize) -> Value {
        let reach = [60.0, 60.0, 300.0, 20_000.0][n % 4];
        let labels =
            ["Weir", "村の家と川", "A name that is much longer than forty columns are wide", "Łąka", "x"];
        let mut thing = json!({
            "node_id": format!("n{n:03}"),
            "label": labels[self.0.below(labels.len())],
            "position": [self.about(reach), self.about(reach), self.about(reach.min(80.0))],
            "scale": if n.is_multiple_of(6) { [self.between(0.3, 3.0), self.between(0.3, 3.0), self.between(0.3, 3.0)] } else { [1.0; 3] },
        });
        thing["rotation"] = match self.0.below(3) {
            0 => json!(self.about(180.0)),
            1 => json!([self.about(1.0), self.about(1.0), self.about(1.0), self.between(0.1, 1.0)]),
            _ => Value::Null,
        };
        let geometry = self.geometry();
        if !geometry.is_null() {
            thing["geometry"] = geometry;
            thing["height"] = json!(self.between(0.1, 40.0));
        }
        thing
    }
}

/// The event that makes a thing.
fn created((n, thing): (usize, &Value)) -> Value {
    let id = thing["node_id"].as_str().unwrap();
    let mut properties = json!({ "label": thing["label"] });
    let mut more = json!({});
    if let Some(geometry) = thing.get("geometry") {
        more["geometry"] = geometry.clone();
        properties["height"] = thing["height"].clone();
    }
    more["properties"] = properties;
    let mut event = node(n + 1, id, thing["position"].clone(), more);
    event["transform"]["scale"] = thing["scale"].clone();
    if !thing["rotation"].is_null() {
        event["transform"]["rotation"] = thing["rotation"].clone();
    }
    event
}

fn twin(world: &Value) -> Option<Vec<Value>> {
    let numpy = run::root().join("target/peers/numpy");
    if !numpy.exists() {
        run::skipped("numpy is not installed: make deps");
        return None;
    }
    use std::io::Write as _;
    let mut command = run::command("python3", run::root());
    let script = run::root().join("tests/ar/twin.py");
    command.arg("-B").arg(script).env("PYTHONPATH", numpy).env("OPENBLAS_NUM_THREADS", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = world.to_string();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Two in the last place, and a millionth of what is huge: the twin does its sums in another order.
fn is_close(found: &Value, wanted: &Value, last: f64) -> bool {
    match (found, wanted) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_close(a, b, last))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 2.0 * last + 1e-6 * b.abs() * f64::from(last == 1e-3)
        }
        _ => found == wanted,
    }
}

fn is_same_angle(found: &Value, wanted: &Value) -> bool {
    let off = (found.as_f64().unwrap() - wanted.as_f64().unwrap()).abs();
    off.min(360.0 - off) <= 2e-6
}

#[test]
fn a_thousand_viewers_see_what_the_twin_sees() {
    let mut chance = Chance(Rng::new(1306));
    let things: Vec<Value> = (0..72).map(|n| chance.thing(n)).collect();
    let every: Vec<Value> = (0..VIEWERS)
        .map(|n| {
            let reach = [0.0005, 0.0005, 0.003, 0.1][n % 4];
            let pose = [
                52.6 + chance.about(reach),
                -2.0 + chance.about(reach * 1.6),
                chance.between(80.0, 260.0),
                chance.about(180.0),
                chance.about(80.0),
                chance.about(40.0),
                chance.between(25.0, 120.0),
            ];
            let size = [[1920, 1080], [1000, 1000], [320, 200], [1080, 2400]][chance.0.below(4)];
            json!({ "pose": pose, "size": size, "all": n % 3 == 0 })
        })
        .collect();
    let viewers: Vec<Value> = sample::of(every, VIEWERS / SAMPLE).collect();
    let world = json!({ "origin": { "lat": 52.6, "lon": -2.0, "height": 100.0 }, "things": things, "viewers": viewers });
    let Some(wanted) = twin(&world) else { return };
    let lines: Vec<Value> =
        [space(json!({}))].into_iter().chain(things.iter().enumerate().map(created)).collect();
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (mut seen, mut hidden, mut labelled) = (0, 0, 0);
    for (viewer, wanted) in viewers.iter().zip(&wanted) {
        let pose =
            viewer["pose"].as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join(",");
        let size = format!("{}x{}", viewer["size"][0], viewer["size"][1]);
        let mut args = vec!["--viewer", &pose, "--size", &size];
        args.extend((viewer["all"] == true).then_some("--all"));
        let output = run::feed(BIN, &args, &input);
        let text = String::from_utf8(output.stdout).unwrap();
        let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let wanted = wanted.as_array().unwrap();
        assert_eq!(super::ids(&found), super::ids(wanted), "{viewer}");
        for (found, wanted) in found.iter().zip(wanted) {
            let said = || format!("{viewer}\n{found}\n{wanted}");
            for name in ["screen", "box", "label_box", "distance"] {
                assert!(is_close(&found[name], &wanted[name], 1e-3), "{name}: {}", said());
            }
            for name in ["bearing", "elevation"] {
                assert!(is_same_angle(&found[name], &wanted[name]), "{name}: {}", said());
            }
            assert_eq!(found["occluded_by"], wanted["occluded_by"], "{}", said());
            assert_eq!(found["label"], wanted["label"], "{}", said());
            seen += 1;
            hidden += usize::from(!found["occluded_by"].is_null());
            labelled += usize::from(!found["label_box"].is_null());
        }
    }
    assert!(seen > 100 && hidden * 10 > seen && labelled > 20, "{seen} {hidden} {labelled}");
    run::say(&format!(
        "{} viewers see {seen} things as the twin does, {hidden} of them behind others",
        viewers.len()
    ));
}
