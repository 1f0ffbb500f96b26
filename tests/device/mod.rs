//! What devices run: `lib/c/ulp_radio.h` beside the Rust that it has to agree with.
//!
//! `lib/c/tests/answers.c` answers questions, a line each. The same questions are asked here of the Rust tools, and the
//! answers compared, with every access and every overflow of the C watched.

mod air;
mod frames;
mod parts;
mod ring;

use crate::reference::generate::Rng;
use crate::run;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// What is built for the tests, if there is a compiler of C.
static PROGRAMS: LazyLock<Option<Programs>> = LazyLock::new(Programs::build);

/// The program that answers, with room for many rows, and for few.
struct Programs {
    large: PathBuf,
    small: PathBuf,
}

/// Rows of a node that has room for few, as the example's Makefile says.
const FEW_ROWS: usize = 48;

impl Programs {
    fn build() -> Option<Programs> {
        if Command::new("gcc").arg("--version").output().is_err() {
            run::skipped("gcc is not installed: make deps");
            return None;
        }
        let out = out();
        let [large, small] = ["answers", "few"].map(|name| out.join(name));
        let output = make(&[large.to_str().unwrap(), small.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Programs { large, small })
    }
}

/// Where the example builds what the tests run.
fn out() -> PathBuf {
    run::root().join("target/device")
}

/// Runs a target of the example's Makefile.
fn make(targets: &[&str]) -> Output {
    let mut make = run::command("make", run::root());
    make.args(["-C", "examples/esp32", &format!("OUT={}", out().display())]).args(targets);
    make.output().unwrap()
}

#[test]
fn the_example_checks_itself() {
    // What is built twice is built in turn.
    LazyLock::force(&PROGRAMS);
    let output = make(&["check"]);
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")).for_each(run::skipped);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn programs_have_the_bounds_that_they_were_built_with() {
    let Some(programs) = PROGRAMS.as_ref() else { return };
    for (program, rows) in [(&programs.large, 2048), (&programs.small, FEW_ROWS)] {
        let mut questions = Questions::default();
        questions.ask("bounds".to_owned(), format!("{rows} 255"));
        questions.hold(program);
    }
}

#[test]
fn advertisements_hold_what_they_carry() {
    let dir = run::checkout();
    let said = run::sh("python3 -B examples/ble/test.py 2>&1; examples/ble/run.sh out", dir.path());
    assert!(
        said.contains("\nOK\n") && said.ends_with("02010611ffffffa23001a39abc6b0013183daa0efa\n2\n"),
        "{said}"
    );
}

#[test]
fn packets_go_through_the_classes_of_a_radio() {
    let peers = run::root().join("target/peers/mesh");
    if !peers.exists() {
        run::skipped("meshtastic is not installed: make deps");
        return;
    }
    let dir = run::checkout();
    let said =
        run::sh(&format!("PYTHONPATH={} examples/meshtastic/run.sh 2>&1", peers.display()), dir.path());
    assert!(said.contains("\nOK"), "{said}");
}

#[test]
fn the_page_names_every_function_of_the_header() {
    let read = |path: &str| std::fs::read_to_string(run::root().join(path)).unwrap();
    let (header, page) = (read("lib/c/ulp_radio.h"), read("man/man3/ulp_radio.3"));
    let declared = header.split("#ifdef ULP_RADIO_IMPLEMENTATION").next().unwrap();
    let functions = declared.lines().filter(|line| !line.starts_with([' ', '/', '#', 't']));
    let names = functions.filter_map(|line| line.split_once('(')?.0.rsplit(' ').next());
    let missing: Vec<&str> = names.filter(|name| !page.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Questions with the answers that Rust has to them.
#[derive(Default)]
struct Questions(Vec<(String, String)>);

impl Questions {
    fn ask(&mut self, question: String, answer: impl ToString) {
        self.0.push((question, answer.to_string()));
    }

    /// Asks a program all of them.
    #[track_caller]
    fn hold(&self, program: &Path) {
        let text: String = self.0.iter().flat_map(|(question, _)| [question, "\n"]).collect();
        let output = run::feed(program.to_str().unwrap(), &[], text);
        let said = String::from_utf8(output.stdout).unwrap();
        for (at, (answer, (question, wanted))) in said.lines().zip(&self.0).enumerate() {
            assert_eq!(answer, wanted, "{question}\nafter:\n{}", self.before(at));
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.lines().count() == self.0.len(), "{errors}");
    }

    /// What was asked before a question, since the last beginning.
    fn before(&self, at: usize) -> String {
        let begins =
            |(q, _): &(String, String)| ["node ", "assembly ", "ring "].iter().any(|b| q.starts_with(b));
        let since = self.0[..at].iter().rposition(begins).unwrap_or(at);
        self.0[since..at].iter().flat_map(|(q, a)| [q, " -> ", a, "\n"]).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { data_encoding::HEXLOWER.encode(bytes) }
}

fn bytes(rng: &mut Rng, length: usize) -> Vec<u8> {
    (0..length).map(|_| rng.draw() as u8).collect()
}

/// The generator of one batch of cases.
fn rng(batch: usize) -> Rng {
    Rng::new(crate::sample::number().wrapping_add(batch as u64))
}
