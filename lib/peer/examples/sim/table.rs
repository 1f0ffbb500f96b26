//! The table that is printed: what was found in each world, beside what it is measured by.

use std::fmt;
use std::io::{self, Write};

/// A world, and what was found in it.
#[derive(Clone, Debug)]
pub struct World {
    pub name: &'static str,
    pub found: Vec<Found>,
    /// What the physics of this world allow, where a goal was missed.
    pub allows: &'static str,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Found {
    pub what: &'static str,
    pub value: Value,
    /// What a throw-away model gave.
    pub model: Option<Value>,
    pub goal: Goal,
}

/// A figure as it is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Milliseconds, printed as seconds.
    Seconds(u64),
    /// Milliseconds, printed as hours.
    Hours(u64),
    Number(f64),
    Percent(f64),
    Never,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(Value),
    All,
    /// It is told beside another.
    Told,
}

impl Value {
    fn as_f64(self) -> f64 {
        match self {
            Value::Seconds(ms) | Value::Hours(ms) => ms as f64,
            Value::Number(number) | Value::Percent(number) => number,
            Value::Never => f64::INFINITY,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Seconds(ms) => write!(f, "{:.0} s", *ms as f64 / 1e3),
            Value::Hours(ms) => write!(f, "{:.2} h", *ms as f64 / 3.6e6),
            Value::Number(number) => write!(f, "{number:.2}"),
            Value::Percent(number) => write!(f, "{number:.3} %"),
            Value::Never => f.write_str("never"),
        }
    }
}

impl Found {
    /// Whether it is as good as it should be.
    pub fn is_reached(&self) -> bool {
        match self.goal {
            Goal::AtMost(goal) => self.value.as_f64() <= goal.as_f64(),
            Goal::All => self.value == Value::Percent(100.0),
            Goal::Told => true,
        }
    }

    fn verdict(&self) -> (String, &'static str) {
        let goal = match self.goal {
            Goal::AtMost(goal) => format!("<= {goal}"),
            Goal::All => "100 %".to_owned(),
            Goal::Told => return (String::new(), ""),
        };
        (goal, if self.is_reached() { "reached" } else { "MISSED" })
    }
}

impl World {
    /// Writes its rows.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.name)?;
        for found in &self.found {
            let model = found.model.map_or("–".to_owned(), |model| model.to_string());
            let (goal, verdict) = found.verdict();
            let (what, value) = (found.what, found.value.to_string());
            writeln!(
                out,
                "  {}",
                format!("{what:<46} {value:>12} {model:>10} {goal:>14}  {verdict}").trim_end()
            )?;
        }
        if self.found.iter().any(|found| !found.is_reached()) {
            writeln!(out, "  {}", self.allows)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_what_was_found_the_model_the_goal_and_the_verdict() {
        let goal = Goal::AtMost(Value::Seconds(1200));
        let found = |what, value, goal| Found { what, value, model: Some(Value::Seconds(1000)), goal };
        let world = World {
            name: "a world",
            found: vec![
                found("soon", Value::Seconds(1200), goal),
                found("late", Value::Never, goal),
                found("so", Value::Hours(1_800_000), Goal::Told),
            ],
            allows: "no more",
        };
        let mut out = Vec::new();
        world.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[2], ["soon", "1", "s", "1", "s", "<=", "1", "s", "reached"]);
        assert_eq!(words[3], ["late", "never", "1", "s", "<=", "1", "s", "MISSED"]);
        assert_eq!((words[4][1], words[5].join(" ").as_str()), ("0.50", "no more"));
    }
}
