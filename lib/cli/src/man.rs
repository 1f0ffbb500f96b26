//! Completions and man pages, from the same definitions as the parser: `tool --generate man`.

use std::io::{self, Write};

use clap::{Command, ValueEnum};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

/// What `--generate` can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Generate {
    Bash,
    Zsh,
    Fish,
    Man,
}

/// Sections of the hand-written text that stand before OPTIONS; all others follow it.
const BEFORE_OPTIONS: [&str; 2] = ["DESCRIPTION", "COMMANDS"];
/// How `clap_mangen` defines the quotes that it uses.
const QUOTES: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '";
/// How a section begins in roff.
const SECTION: &str = ".SH ";

/// Writes what was asked for. `extra` is roff: the hand-written sections of the man page.
pub(super) fn write(
    what: Generate,
    mut command: Command,
    extra: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let shell = match what {
        Generate::Man => return man_page(command, extra, out),
        Generate::Bash => Shell::Bash,
        Generate::Zsh => Shell::Zsh,
        Generate::Fish => Shell::Fish,
    };
    // The generator panics where its writer fails; a Vec does not.
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    generate(shell, &mut command, name, &mut text);
    out.write_all(&text)
}

/// NAME, SYNOPSIS, what is written by hand, OPTIONS and those of each command, the rest that is written by hand.
fn man_page(mut command: Command, extra: &str, out: &mut impl Write) -> io::Result<()> {
    command.build();
    let (before, after): (Vec<&str>, Vec<&str>) = sections(extra).partition(|s| is_before_options(s));
    write_head(&mut command, out)?;
    before.iter().try_for_each(|section| writeln!(out, "{}", section.trim_end()))?;
    out.write_all(options(&command)?.as_bytes())?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        write_command(sub, out)?;
    }
    after.iter().try_for_each(|section| writeln!(out, "{}", section.trim_end()))
}

/// The title without a date, so that the page depends on the version alone; NAME; SYNOPSIS.
fn write_head(command: &mut Command, out: &mut impl Write) -> io::Result<()> {
    let usage = command.render_usage().to_string();
    let name = text(command.get_name());
    let usage = usage.trim_start_matches("Usage: ").trim_start_matches(command.get_name()).trim();
    let version = text(command.get_version().unwrap_or_default());
    let about = text(&command.get_about().map(ToString::to_string).unwrap_or_default());
    writeln!(out, ".TH \"{name}\" \"1\" \"\" \"{name} {version}\" \"ulp\"\n{QUOTES}")?;
    writeln!(out, ".SH NAME\n{name} \\- {about}\n.SH SYNOPSIS\n\\fB{name}\\fR {}", text(usage))
}

/// The options of one command, as a part of OPTIONS. Those that every command shares stand there already.
fn write_command(sub: &Command, out: &mut impl Write) -> io::Result<()> {
    let own = sub.clone().mut_args(|arg| {
        let shared = arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
        if shared { arg.hide(true) } else { arg }
    });
    let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(out, ".SS {}\n{}", text(sub.get_name()), text(&about))?;
    out.write_all(options(&own)?.replace(".SH OPTIONS\n", "").as_bytes())
}

/// OPTIONS and the sections of named groups of options, without the lines that define quotes: those stand above.
fn options(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render_options_section(&mut page)?;
    Ok(String::from_utf8_lossy(&page).replace(QUOTES, "").trim_start().to_owned())
}

/// Text in roff: no backslash or hyphen of it is taken for roff's own.
fn text(plain: &str) -> String {
    plain.replace('\\', "\\e").replace('-', "\\-")
}

/// The sections of roff text, each from its `.SH` line on.
fn sections(extra: &str) -> impl Iterator<Item = &str> {
    let starts = extra.match_indices(SECTION).map(|(at, _)| at);
    let mut starts: Vec<usize> = starts.filter(|&at| at == 0 || extra.as_bytes()[at - 1] == b'\n').collect();
    starts.push(extra.len());
    (1..starts.len()).map(move |i| &extra[starts[i - 1]..starts[i]])
}

fn is_before_options(section: &str) -> bool {
    let title =
        section.lines().next().unwrap_or_default().trim_start_matches(SECTION).trim().trim_matches('"');
    BEFORE_OPTIONS.contains(&title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_written_sections_stand_around_the_options() {
        let extra = ".SH EXIT STATUS\nzero\n.SH DESCRIPTION\nIt \\.SH passes.\n";
        let command =
            Command::new("probe").version("1").about("pass on").arg(clap::arg!(--strict "stop early"));
        let mut page = Vec::new();
        man_page(command, extra, &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        let titles: Vec<&str> = page.lines().filter_map(|l| l.strip_prefix(SECTION)).collect();
        assert_eq!(titles, ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"]);
        assert!(page.contains("probe \\- pass on\n") && page.contains("\\fBprobe\\fR [OPTIONS]\n"), "{page}");
        assert_eq!(page.matches(QUOTES).count(), 1);
    }

    #[test]
    fn commands_have_their_options_under_their_names() {
        let check = Command::new("check").about("look for damage").arg(clap::arg!(--replay "from nothing"));
        let command = Command::new("probe")
            .about("pass on")
            .arg(clap::arg!(--strict "stop").global(true))
            .subcommand(check);
        let mut page = Vec::new();
        man_page(command, "", &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        let (_, check) = page.split_once(".SS check\nlook for damage\n").unwrap();
        assert!(check.contains("replay") && !check.contains("strict") && !check.contains(".SH"), "{page}");
    }
}
