//! sources.toml: where manifests come from, and by which rules a view is folded.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use serde::Deserialize;
use ulp_cli::{Failure, duration};
use ulp_um::cache::words::Role;
use ulp_um::cache::{Authority, Reopen, Settings, Verify};

/// The name of the file, in the cache.
pub const NAME: &str = "sources.toml";

/// What stands in the file.
pub struct Sources {
    pub settings: Settings,
    pub subjects: Vec<Subject>,
}

/// A subject, with its sources in the order of the file.
pub struct Subject {
    pub name: String,
    pub sources: Vec<Source>,
}

/// Where something comes from.
pub struct Source {
    pub name: String,
    pub role: Role,
    pub manifest: Option<Road>,
    pub metadata: Option<Road>,
    pub status: Option<Road>,
    pub changes: Option<Road>,
    /// Whose signatures count beside the subject's.
    pub keys: Vec<String>,
}

/// How it comes: a file, or a command with its arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Road {
    File(String),
    Command(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    reopen: Option<String>,
    authority: Option<String>,
    verify: Option<String>,
    confirm_within: Option<String>,
    #[serde(default)]
    display: Vec<String>,
    #[serde(default)]
    source: Vec<SourceText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    name: String,
    subject: String,
    role: String,
    manifest: Option<Road>,
    metadata: Option<Road>,
    status: Option<Road>,
    changes: Option<Road>,
    #[serde(default)]
    keys: Vec<String>,
}

impl Sources {
    /// Reads the file of a cache, if it is there.
    ///
    /// # Errors
    /// Usage: something in it is not understood.
    pub fn read(cache: &Path) -> Result<Option<Sources>, Failure> {
        let text = text_of(cache)?;
        text.map(|text| parse(&text)).transpose().map_err(|reason| wrong(cache, &reason))
    }

    /// The settings of a cache alone: who only asks what is permitted need not read of a thousand sources. They stand at
    /// the top.
    ///
    /// # Errors
    /// As [`Sources::read`].
    pub fn read_settings(cache: &Path) -> Result<Settings, Failure> {
        let Some(text) = text_of(cache)? else { return Ok(Settings::default()) };
        let mut end = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_start_matches(['[', ' ', '\t']).starts_with("source") {
                break;
            }
            end += line.len();
        }
        let parsed = parse(&text[..end]).or_else(|_| parse(&text));
        parsed.map(|sources| sources.settings).map_err(|reason| wrong(cache, &reason))
    }
}

fn text_of(cache: &Path) -> Result<Option<String>, Failure> {
    let path = cache.join(NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io(path.display(), error)),
    }
}

fn wrong(cache: &Path, reason: &str) -> Failure {
    Failure::usage(cache.join(NAME).display(), reason)
}

fn parse(text: &str) -> Result<Sources, String> {
    let text: Text = toml::from_str(text).map_err(|error| one_line(text, &error))?;
    let settings = settings(&text)?;
    let mut subjects: Vec<Subject> = Vec::new();
    for source in text.source {
        let subject = source.subject.clone();
        let source = read_source(source)?;
        match subjects.iter_mut().find(|known| known.name == subject) {
            Some(known) => known.sources.push(source),
            None => subjects.push(Subject { name: subject, sources: vec![source] }),
        }
    }
    subjects.iter().try_for_each(check)?;
    Ok(Sources { settings, subjects })
}

/// What the parser complains about, and where.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

fn settings(text: &Text) -> Result<Settings, String> {
    let default = Settings::default();
    let within = text.confirm_within.as_deref().map(within).transpose()?;
    Ok(Settings {
        reopen: word("reopen", text.reopen.as_deref())?.unwrap_or(default.reopen),
        authority: word("authority", text.authority.as_deref())?.unwrap_or(default.authority),
        verify: word("verify", text.verify.as_deref())?.unwrap_or(default.verify),
        confirm_within: within.unwrap_or(default.confirm_within),
        display: text.display.clone(),
    })
}

fn within(text: &str) -> Result<i64, String> {
    let wrong = |reason: String| format!("confirm_within: {reason}");
    let nanos = duration(text).map_err(wrong)?.as_nanos();
    i64::try_from(nanos).map_err(|_| wrong("too long".to_owned()))
}

fn word<T: FromStr<Err = String>>(name: &str, text: Option<&str>) -> Result<Option<T>, String> {
    text.map(str::parse).transpose().map_err(|reason| format!("{name}: {reason}"))
}

fn read_source(text: SourceText) -> Result<Source, String> {
    let wrong = |what: &str| format!("source {:?}: {what}", text.name);
    let role = text.role.parse().map_err(|reason| wrong(&format!("role: {reason}")))?;
    let roads = [&text.manifest, &text.metadata, &text.status, &text.changes];
    let is_empty = |road: &Road| match road {
        Road::File(path) => path.is_empty(),
        Road::Command(words) => words.first().is_none_or(String::is_empty),
    };
    if roads.into_iter().flatten().any(is_empty) {
        return Err(wrong("a road is empty"));
    }
    if text.keys.iter().any(|key| !key.starts_with("did:")) {
        return Err(wrong("keys: not a DID"));
    }
    if text.subject.is_empty() {
        return Err(wrong("subject: it is empty"));
    }
    let SourceText { name, manifest, metadata, status, changes, keys, .. } = text;
    Ok(Source { name, role, manifest, metadata, status, changes, keys })
}

/// Each subject has one source of its own at most, and no two that are called alike.
fn check(subject: &Subject) -> Result<(), String> {
    let authoritative = subject.sources.iter().filter(|source| source.role == Role::Authoritative);
    if authoritative.count() > 1 {
        return Err(format!("{}: more than one authoritative source", subject.name));
    }
    let names: BTreeSet<&str> = subject.sources.iter().map(|source| source.name.as_str()).collect();
    if names.len() < subject.sources.len() {
        return Err(format!("{}: two sources of one name", subject.name));
    }
    Ok(())
}

impl Subject {
    /// Whose signatures count, beside the subject's own, where a document comes from that source: those of its keys,
    /// and of the subject's own source.
    pub fn keys<'s>(&'s self, source: &'s Source) -> impl Iterator<Item = &'s str> {
        let own = self.sources.iter().filter(|other| other.role == Role::Authoritative);
        own.chain(std::iter::once(source)).flat_map(|source| source.keys.iter().map(String::as_str))
    }
}

/// The words of the settings, for the journal: what a view was folded by is part of what it was folded from.
pub fn print(settings: &Settings, out: &mut Vec<u8>) {
    let mut object = ulp_core::json::write::Members::open(out);
    object.word("authority", settings.authority, out);
    object.integer("confirm_within", settings.confirm_within / SECOND, out);
    object.texts("display", settings.display.iter().map(String::as_str), out);
    object.word("reopen", settings.reopen, out);
    object.word("verify", settings.verify, out);
    object.close(out);
}

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// The settings that a journal names.
pub fn settings_of(value: ulp_core::json::Value<'_, '_>) -> Option<Settings> {
    let text = |name: &str| value.get(name)?.as_text();
    Some(Settings {
        authority: text("authority")?.parse::<Authority>().ok()?,
        confirm_within: value.get("confirm_within")?.as_i64()?.checked_mul(SECOND)?,
        display: value.get("display")?.items().filter_map(ulp_core::json::Value::as_text).collect(),
        reopen: text("reopen")?.parse::<Reopen>().ok()?,
        verify: text("verify")?.parse::<Verify>().ok()?,
    })
}
