//! Which characters of a line of text a reader of Markdown would take for more than themselves: CommonMark, with what
//! GitHub and Obsidian add to it (strikes, highlights, comments, formulas, tags, block ids, bare addresses).

/// How far a line was read.
pub(crate) struct Place<'t> {
    line: &'t str,
    /// Where the next character begins.
    at: usize,
    before: Option<char>,
    /// What stands before it.
    seen: Seen,
    /// Whether the text is this line alone.
    is_alone: bool,
    /// Whether the whole line is a rule, or what makes a heading of the line above.
    is_rule: bool,
    /// Whether it may hold a formula.
    has_formula: bool,
    /// Whether what was read last looks like a tag of HTML that is still open.
    in_tag: bool,
}

/// What stands in a line before a place.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Blanks,
    /// A number that begins the line, as that of a list.
    Digits,
    More,
}

impl<'t> Place<'t> {
    pub(crate) fn new(line: &'t str, is_alone: bool) -> Place<'t> {
        Place {
            line,
            at: 0,
            before: None,
            seen: Seen::Blanks,
            is_alone,
            is_rule: line.trim().chars().all(|c| c == '-' || c.is_whitespace()),
            has_formula: line.matches('$').nth(1).is_some(),
            in_tag: false,
        }
    }

    /// Goes past the next character.
    pub(crate) fn pass(&mut self, c: char) {
        let rest = &self.line[self.at + c.len_utf8()..];
        self.in_tag = c != '>' && (self.in_tag || c == '<' && begins_a_tag(rest.chars().next()));
        self.seen = match self.seen {
            Seen::Blanks if c.is_whitespace() => Seen::Blanks,
            Seen::Blanks | Seen::Digits if c.is_ascii_digit() => Seen::Digits,
            _ => Seen::More,
        };
        self.at += c.len_utf8();
        self.before = Some(c);
    }

    /// Whether the next character means more than itself there; `after` comes after it.
    pub(crate) fn means_more(&self, c: char, after: Option<char>) -> bool {
        let twin = self.before == Some(c) || after == Some(c);
        let alone = blank(self.before) && blank(after);
        match c {
            '\\' => after.is_none_or(|c| c.is_ascii_punctuation()),
            '`' | '[' => true,
            '*' => !alone || self.is_first(),
            '_' => !(alone || word(self.before) && word(after)) || self.is_first() && twin,
            '<' => begins_a_tag(after),
            '~' | '%' => twin,
            // A reader that takes HTML before Markdown finds no attribute, either.
            '=' => twin || self.in_tag || self.is_first(),
            '$' => self.has_formula,
            '&' => after.is_some_and(|c| c.is_alphanumeric() || c == '#'),
            '|' => !self.is_alone,
            ':' => self.line[self.at..].starts_with("://"),
            '.' => self.is_after_www() || self.seen == Seen::Digits && blank(after),
            ')' => self.seen == Seen::Digits && blank(after),
            '#' => blank(self.before) && (self.is_first() || !blank(after)),
            '^' => blank(self.before) && !blank(after),
            '-' => self.is_first() && (blank(after) || twin || after == Some('|')) || self.is_rule,
            '+' => self.is_first() && blank(after),
            '>' => self.is_first(),
            _ => false,
        }
    }

    /// Whether nothing but blanks stands before it.
    fn is_first(&self) -> bool {
        self.seen == Seen::Blanks
    }

    fn is_after_www(&self) -> bool {
        let before = &self.line.as_bytes()[..self.at];
        before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"www")
    }
}

fn blank(c: Option<char>) -> bool {
    c.is_none_or(char::is_whitespace)
}

fn word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

fn begins_a_tag(after: Option<char>) -> bool {
    after.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}
