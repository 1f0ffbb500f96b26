//! `ulp-append`, and what every tool does with a private log: through the final binaries.

mod after_delete;
mod again;
mod clock;
mod files;
mod key;
mod mqtt;
mod one_door;
mod private_log;
mod rejects;
mod state_lines;
mod twice;

use crate::run;
use std::path::Path;

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Said {
    pub status: i32,
    pub out: String,
    pub log: String,
}

impl Said {
    /// The codes in the log of one action, in their order.
    pub fn codes(&self, action: &str) -> Vec<&str> {
        let of = format!("\"action\":\"{action}\"");
        let lines = self.log.lines().filter(|line| line.contains(&of));
        lines.filter_map(|line| line.split_once("\"code\":\"")?.1.split('"').next()).collect()
    }
}

/// Runs a line of shell.
pub fn said(script: &str, dir: &Path) -> Said {
    let output = run::shell(script, dir);
    Said {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        log: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}
