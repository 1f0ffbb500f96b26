//! What file managers, phones, file servers and sync tools drop into directories, by name: said to a person who has to
//! decide what to do with it.

/// How a name is told.
enum Name {
    Is(&'static str),
    Begins(&'static str),
    Ends(&'static str),
    Holds(&'static str),
}

use Name::{Begins, Ends, Holds, Is};

const MACOS: &str = "left by macOS";
const WINDOWS: &str = "left by Windows";
const NAS: &str =
    "left by a NAS, which makes one in every directory that it indexes or keeps a recycle bin for";
const SYNCTHING: &str = "left by Syncthing";
const CONFLICT: &str = "a copy that a sync tool made of a file that two machines wrote: two stores are joined by \
    tile-pack | tile-unpack, never by copying";
const DESKTOP: &str = "left by a desktop's or a phone's file manager";
const EDITOR: &str = "left by an editor";

const KNOWN: [(Name, &str); 46] = [
    (Is(".DS_Store"), MACOS),
    (Begins("._"), MACOS),
    (Is(".AppleDouble"), MACOS),
    (Is(".Spotlight-V100"), MACOS),
    (Is(".Trashes"), MACOS),
    (Is(".fseventsd"), MACOS),
    (Is(".TemporaryItems"), MACOS),
    (Is(".localized"), MACOS),
    (Is("Thumbs.db"), WINDOWS),
    (Is("ehthumbs.db"), WINDOWS),
    (Is("desktop.ini"), WINDOWS),
    (Is("Desktop.ini"), WINDOWS),
    (Is("$RECYCLE.BIN"), WINDOWS),
    (Is("System Volume Information"), WINDOWS),
    (Begins("@eaDir"), NAS),
    (Ends("@SynoEAStream"), NAS),
    (Ends("@SynoResource"), NAS),
    (Is("#recycle"), NAS),
    (Is("#snapshot"), NAS),
    (Is("@Recycle"), NAS),
    (Is("@tmp"), NAS),
    (Is(".@__thumb"), NAS),
    (Is(".stfolder"), SYNCTHING),
    (Is(".stversions"), SYNCTHING),
    (Is(".stignore"), SYNCTHING),
    (Begins(".syncthing."), SYNCTHING),
    (Begins("~syncthing~"), SYNCTHING),
    (Holds(".sync-conflict-"), CONFLICT),
    (Holds("conflicted copy"), CONFLICT),
    (Holds("_conflict-"), CONFLICT),
    (Begins(".dropbox"), "left by Dropbox"),
    (Begins(".owncloudsync"), "left by ownCloud"),
    (Begins(".sync_"), "left by Nextcloud"),
    (Begins(".Trash"), DESKTOP),
    (Is(".directory"), DESKTOP),
    (Is(".nomedia"), DESKTOP),
    (Is(".thumbnails"), DESKTOP),
    (Begins(".goutputstream-"), DESKTOP),
    (Is("lost+found"), "made by mkfs and fsck, which put there what belongs to no directory"),
    (Begins(".nfs"), "a file that was deleted over NFS while a process had it open: it goes when that ends"),
    (
        Begins(".fuse_hidden"),
        "a file that was deleted over FUSE while a process had it open: it goes when that ends",
    ),
    (Begins(".~lock."), "the lock of an office program"),
    (Ends("~"), EDITOR),
    (Ends(".swp"), EDITOR),
    (Ends(".part"), "a download that was not ended"),
    (Ends(".partial"), "a copy that was not ended"),
];

/// Who drops what is called so, where that is known.
pub(super) fn origin(name: &str) -> Option<&'static str> {
    let is_called = |(known, _): &&(Name, &str)| match known {
        Is(whole) => name == *whole,
        Begins(start) => name.starts_with(start),
        Ends(end) => name.ends_with(end),
        Holds(part) => name.contains(part),
    };
    KNOWN.iter().find(is_called).map(|(_, said)| *said).or_else(|| is_second_copy(name).then_some(COPY))
}

const COPY: &str = "a second copy under another name, as browsers and file managers make them";

/// Whether a name has a number in parentheses before its ending: `manifest (1).json`.
fn is_second_copy(name: &str) -> bool {
    let Some((_, rest)) = name.rsplit_once(" (") else { return false };
    let Some((number, ending)) = rest.split_once(')') else { return false };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number && (ending.is_empty() || ending.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_from_names() {
        for name in ["manifest (1).json", "team.public (2)", "a (10)"] {
            assert_eq!(origin(name), Some(COPY), "{name}");
        }
        for name in ["manifest.json", "a (b).json", "a (1)b", "a ()", "(1)"] {
            assert_eq!(origin(name), None, "{name}");
        }
    }
}
