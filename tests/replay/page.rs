//! Pages as a test reads them: what they embed, and what their reader shows of it.

use crate::reference::generate::Rng;
use crate::run;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use ulp_core::id::{Key, Time};

const SCRIPT: &str = "lib/view/src/page/history.js";

/// What a page embeds.
pub struct Page {
    data: String,
    /// The keys of the events of each space, in order.
    pub steps: Vec<Steps>,
}

/// A moment to look at.
pub struct Instant {
    /// As `--at` is told; none for the end.
    at: Option<String>,
    /// How many events of each space have happened.
    pub counts: Vec<usize>,
}

impl Instant {
    pub fn args(&self) -> Vec<&str> {
        self.at.iter().flat_map(|at| ["--at", at]).collect()
    }
}

impl Page {
    /// The page that a projector writes.
    pub fn of(tool: &str, view: &[&str], input: &str) -> Page {
        let program = run::bin().join(tool);
        let args = [&["-f", "html", "--jobs", "1"], view].concat();
        let output = run::feed(program.to_str().unwrap(), &args, input);
        let html = String::from_utf8(output.stdout).unwrap();
        let script = std::fs::read_to_string(run::root().join(SCRIPT)).unwrap();
        assert!(html.contains(&script), "{tool}: the page's reader is another one");
        let (_, data) = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
        let data = data.split_once("</script>").unwrap().0.trim().to_owned();
        let steps = steps(&data);
        Page { data, steps }
    }

    /// What it embeds.
    pub fn data(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }

    /// Some instants, the end among them.
    pub fn instants(&self, rng: &mut Rng, lines: &[String], count: usize) -> Vec<Instant> {
        let all: Vec<&(Time, String)> = self.steps.iter().flatten().collect();
        let end = Instant { at: None, counts: self.steps.iter().map(Vec::len).collect() };
        let mut instants = vec![end];
        while instants.len() < count {
            let Some((time, name)) = all.get(rng.below(all.len().max(1))) else {
                // Where nothing is seen, nothing is seen at any time.
                instants.push(self.until(Time(1_000_000_000 * rng.below(1_800_000_000) as i64), "", None));
                continue;
            };
            // What `--at id:` finds of a name in state lines depends on which of them the view takes in.
            let told = lines.iter().any(|line| is_told(line, name));
            instants.push(match rng.below(5) {
                0 => self.until(Time(time.0 - 1), "", None),
                3 | 4 if !told => {
                    let own = all.iter().filter(|step| step.1 == *name).map(|step| step.0);
                    self.until(own.max().unwrap(), name, Some(name))
                }
                _ => self.until(*time, "", None),
            });
        }
        instants
    }

    /// Up to a time, or to the key of that time and name.
    fn until(&self, time: Time, id: &str, name: Option<&str>) -> Instant {
        let by_then = |step: &&(Time, String)| match name {
            Some(_) => (step.0, step.1.as_str()) <= (time, id),
            None => step.0 <= time,
        };
        let at = name.map_or_else(|| time.to_string(), |name| format!("id:{name}"));
        Instant {
            at: Some(at),
            counts: self.steps.iter().map(|s| s.iter().filter(by_then).count()).collect(),
        }
    }
}

/// The keys of the events that the data of a page lists. Times have more digits than a double holds.
fn steps(data: &str) -> Vec<Steps> {
    let parsed: Value = serde_json::from_str(data).unwrap();
    let times = data.split("\"time\":[").skip(1).map(|rest| rest.split(']').next().unwrap());
    let spaces = parsed["spaces"].as_array().unwrap();
    let steps = |(space, times): (&Value, &str)| {
        let ids = space["id"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
        let times = times.split(',').filter(|text| !text.is_empty()).map(|text| Time::parse(text).unwrap());
        let steps: Vec<_> = times.zip(ids).collect();
        assert!(steps.is_sorted() && steps.len() == space["id"].as_array().unwrap().len());
        steps
    };
    spaces.iter().zip(times).map(steps).collect()
}

/// Whether a state line knows an event of that name.
fn is_told(line: &str, name: &str) -> bool {
    if !line.contains("_state\"") {
        return false;
    }
    let mut texts = Vec::new();
    gather(&serde_json::from_str(line).unwrap(), &mut texts);
    texts.iter().filter_map(|text| Key::parse(text)).any(|key| key.event() == name)
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Object(members) => members.values().for_each(|value| gather(value, texts)),
        _ => {}
    }
}

/// The keys of the events of a space, in order.
pub type Steps = Vec<(Time, String)>;

/// What is shown of each space at one instant: its name, what the reader says, and its events.
pub struct Shown {
    pub spaces: Vec<(String, Value, Steps)>,
}

/// The reader of pages, in a process of its own.
pub struct Reader {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Reader {
    /// None, and said so, where there is nothing that runs scripts.
    pub fn several(count: usize) -> Option<Vec<Reader>> {
        let known = Command::new("node").arg("--version").stdout(Stdio::null()).status();
        if !known.is_ok_and(|status| status.success()) {
            run::skipped("node is not installed");
            return None;
        }
        Some((0..count).map(|_| Reader::start()).collect())
    }

    fn start() -> Reader {
        let mut child = Command::new("node")
            .args(["tests/replay/reader.js", SCRIPT])
            .current_dir(run::root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Reader { child, stdin, stdout: BufReader::new(stdout) }
    }

    /// What a page shows where so many events of each space have happened.
    pub fn look(&mut self, page: &Page, seeks: &[Vec<usize>]) -> Vec<Shown> {
        writeln!(self.stdin, "{{\"data\":{},\"seeks\":{}}}", page.data, json!(seeks)).unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        let answer: Vec<Vec<Value>> = serde_json::from_str(&line).expect("an answer of the reader");
        let data = page.data();
        let names =
            data["spaces"].as_array().unwrap().iter().map(|s| s["space"].as_str().unwrap().to_owned());
        let names: Vec<String> = names.collect();
        let shown = |spaces: Vec<Value>| {
            let steps = page.steps.iter().cloned();
            Shown {
                spaces: names.iter().cloned().zip(spaces).zip(steps).map(|((n, v), s)| (n, v, s)).collect(),
            }
        };
        answer.into_iter().map(shown).collect()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
