//! Answers as a tree for people.

use crate::answer::{Answer, Role};
use crate::ground::Thing;
use crate::lines::operation;
use crate::told::At;
use ulp_core::text::escape;

/// Of how many registers of one event the names are told.
const NAMES: usize = 6;

/// Appends all answers, each thing that was asked with its own tree.
pub fn write(answers: &[Answer<'_>], sources: &[String], out: &mut String) {
    for (number, answer) in answers.iter().enumerate().filter(|(_, answer)| answer.role == Role::Itself) {
        say(answer, sources, out);
        below(answers, number, "", sources, out);
    }
}

/// What is told of an answer, each line after what shows where it hangs.
fn below(answers: &[Answer<'_>], number: usize, before: &str, sources: &[String], out: &mut String) {
    // Causes and consequences can lie deep, and what was told of is told once.
    let mut open: Vec<(usize, String)> = children(answers, number, before);
    while let Some((at, before)) = open.pop() {
        let (stem, is_last) = (&before[..before.len() - 1], before.ends_with('1'));
        out.push_str(stem);
        out.push_str(if is_last { "└─ " } else { "├─ " });
        say(&answers[at], sources, out);
        let more = format!("{stem}{}", if is_last { "   " } else { "│  " });
        open.extend(children(answers, at, &more));
    }
}

/// The numbers of what hangs on an answer, the last first, each with what stands before it, and whether it is the last.
fn children(answers: &[Answer<'_>], of: usize, before: &str) -> Vec<(usize, String)> {
    let hangs = |(at, answer): &(usize, &Answer<'_>)| answer.above == of && *at != of;
    let mut numbers: Vec<usize> = answers.iter().enumerate().filter(hangs).map(|(at, _)| at).collect();
    numbers.reverse();
    let last = numbers.first().copied();
    let mark = |at: usize| format!("{before}{}", if Some(at) == last { '1' } else { '0' });
    numbers.into_iter().map(|at| (at, mark(at))).collect()
}

/// One event in a line: its role, name, what it does, who did it and when, what it set, and where it lies.
fn say(answer: &Answer<'_>, sources: &[String], out: &mut String) {
    let word = match answer.role {
        Role::Itself => "",
        Role::Macro => "of macro ",
        Role::Set => "set by ",
        Role::Cause => "because of ",
        Role::Overruled => "overruled by ",
        Role::Led => "led to ",
    };
    out.push_str(word);
    if !answer.shows {
        out.push_str(&format!("what may not be shown, {}\n", answer.found.hash()));
        return;
    }
    let event = answer.found.event();
    let mut line = format!("{}  {} by {}", answer.key.id, operation(answer), event.actor);
    line.push_str(&format!(" at {}", answer.key.eff.rfc3339()));
    if !answer.things.is_empty() {
        let names: Vec<String> = answer.things.iter().take(NAMES).map(name).collect();
        let more = answer.things.len().saturating_sub(NAMES);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        line.push_str(&format!("  [{}{rest}]", names.join(", ")));
    }
    line.push_str("  ");
    line.push_str(&place(&answer.found.read.at, sources));
    out.push_str(&escape(&line));
    out.push('\n');
}

fn name(thing: &Thing<'_>) -> String {
    match thing {
        Thing::Register(node, register) => format!("{node} {register}"),
        Thing::Link(ends) => format!("{} {} {}", ends.from, ends.relation, ends.to),
        Thing::Sensor(actor, sensor) => format!("{actor}/{sensor}"),
    }
}

fn place(at: &At, sources: &[String]) -> String {
    match at {
        At::Stream { source, line } => {
            let name = usize::try_from(*source).ok().and_then(|at| sources.get(at));
            format!("{}:{line}", name.map_or("-", String::as_str))
        }
        At::Store { lane, segment, offset } => format!("{lane} {}+{offset}", &segment.hex()[..12]),
    }
}
