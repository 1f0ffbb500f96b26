//! Runs the real binaries, in a place of their own: no environment but a PATH, no home, no locale.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Every binary of the package that was built, by name.
pub fn tools() -> Vec<&'static str> {
    let manifest = include_str!("../Cargo.toml");
    let bins = manifest.split("[[bin]]").skip(1);
    let name = |bin: &'static str| bin.split("name = \"").nth(1)?.split('"').next();
    bins.filter_map(name).filter(|tool| cfg!(feature = "physics") || *tool != "projector-physics").collect()
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds the binaries under test.
pub fn bin() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_ulp-materialize")).parent().unwrap().to_owned()
}

/// Where public suites and data lie, if this checkout has them beside it.
pub fn shared() -> Option<PathBuf> {
    let path = root().parent()?.join("shared");
    path.is_dir().then_some(path)
}

/// A command in a clean environment.
pub fn command(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin().display());
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", "/nonexistent");
    command.current_dir(dir).stdin(Stdio::null());
    command
}

/// Runs a program on some input, with no environment at all.
pub fn feed(program: &str, args: &[&str], input: impl AsRef<[u8]>) -> Output {
    use std::io::Write as _;
    let mut command = Command::new(program);
    command.args(args).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    let writer = std::thread::spawn(move || {
        // A program that ends early has read all it wants.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Runs a script with bash, failing in the midst of a pipe included.
pub fn shell(script: &str, dir: &Path) -> Output {
    command("bash", dir).args(["-o", "pipefail", "-c", script]).output().unwrap()
}

/// Runs a script that must succeed, and gives what it printed.
#[track_caller]
pub fn sh(script: &str, dir: &Path) -> String {
    let output = shell(script, dir);
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder that sees the repository's examples as a user's checkout does.
pub fn checkout() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("examples"), dir.path().join("examples")).unwrap();
    dir
}

/// Shows what a test counted, past the test runner that would keep it.
pub fn say(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// Says that something could not be looked at here, past the test runner that would keep it.
pub fn skipped(what: &str) {
    say(&format!("SKIPPED: {what}"));
}

/// Runs a script of `tests/faults` over the tools, at one of `every` points.
#[track_caller]
pub fn kills(script: &str, every: &str, what: &str) {
    let output = command("python3", Path::new("/tmp"))
        .arg("-B")
        .arg(root().join("tests/faults").join(script))
        .arg(bin())
        .args([every, crate::sample::seed()])
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(77) => skipped(&format!("{what}: {said}")),
        status => assert_eq!(status, Some(0), "{said}"),
    }
    say(&said);
}
