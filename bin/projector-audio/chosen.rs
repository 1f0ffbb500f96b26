//! The mapping that was chosen: a file that changes the default.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use ulp_core::kind::Kind;
use ulp_core::yaml::Fault;
use ulp_view::sound::mapping::Mapping;

/// Longest mapping that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Why a mapping could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: more than 1 MiB", .path.display())]
    TooLong { path: PathBuf },
    #[error("{}:{}:{}: {}", .path.display(), .fault.at.line, .fault.at.column, .fault.reason)]
    NotUnderstood { path: PathBuf, fault: Fault },
}

impl Error {
    /// A mapping that is not understood is wrong usage, as a dotfile is.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Io { .. } => Kind::System,
            Error::TooLong { .. } | Error::NotUnderstood { .. } => Kind::Usage,
        }
    }
}

/// The default with what a file changes.
///
/// # Errors
/// A file that cannot be read or is not understood.
pub fn read(path: &Path) -> Result<Mapping, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(io)?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(io)?;
    if text.len() as u64 > LONGEST {
        return Err(Error::TooLong { path: path.to_owned() });
    }
    Mapping::parse(&text).map_err(|fault| Error::NotUnderstood { path: path.to_owned(), fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_man_page_shows_the_default() {
        let page = include_str!("man.roff");
        let (_, shown) = page.split_once(".nf\nroot:").unwrap();
        let (shown, _) = shown.split_once(".fi").unwrap();
        let shown = format!("root:{shown}").replace("\\-", "-").replace("\\(aq", "'");
        let mut mapping = Mapping::parse(&shown).unwrap();
        mapping.listener = None;
        assert_eq!(mapping, Mapping::default());
    }
}
