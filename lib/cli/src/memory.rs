//! Room for what follows the input: running out of memory is a failure with a message, not an abort, nor a kill.
//!
//! Most of what is kept lies in collections that can only abort where they cannot grow. So whoever is about to work on
//! some input asks first whether there is room for what comes of it, so that what was begun is taken back; where it is
//! refused in the midst of work, `signals` sees to the status.
//!
//! Under `ulimit -v` the system itself refuses. Elsewhere it hands out more than it has, and kills whoever makes use of
//! it; so what the machine and the process's control groups have left is looked at, where they say. They are files
//! that change all the time and are not free to read: a look is good for a part of what it found.

use super::Failure;
use std::fs::read_to_string;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use ulp_core::kind::Kind;

/// What is said where a stream is larger than memory, and what to do about it.
const WAY: &str = "Cannot allocate memory for all of this stream: take it into a store (ulp-append --store DIR), \
                   which is read tile by tile (--store DIR)";

/// How much is left alone for what nobody asks for.
const MARGIN: u64 = 16 << 20;
/// So many looks are due until what a look found is used up.
const LOOKS: u64 = 4;

/// Makes sure that there is room for so many bytes that are kept until a stream ends: a store is the way around that.
///
/// # Errors
/// Where there is none: the system's, with the way.
pub fn room_for(bytes: usize) -> Result<(), Failure> {
    is_there(bytes).then_some(()).ok_or_else(|| Failure::new(Kind::System, "memory", WAY))
}

/// The same, where nothing is kept but what is worked on.
///
/// # Errors
/// Where there is no room: the system's.
pub fn room_to_work(bytes: usize) -> Result<(), Failure> {
    is_there(bytes)
        .then_some(())
        .ok_or_else(|| Failure::new(Kind::System, "memory", "Cannot allocate memory"))
}

fn is_there(bytes: usize) -> bool {
    let mut room: Vec<u8> = Vec::new();
    let reserved = room.try_reserve_exact(bytes);
    // Room that nobody looks at would not be asked for at all.
    std::hint::black_box(&mut room);
    reserved.is_ok() && system_has(bytes as u64)
}

/// Whether the system has so much left, as far as it says.
fn system_has(bytes: u64) -> bool {
    /// What may still be asked for before the next look.
    static GOOD: AtomicU64 = AtomicU64::new(0);
    let take = |good: u64| good.checked_sub(bytes);
    if GOOD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        return true;
    }
    let left = left(Path::new("/"));
    GOOD.store(left / LOOKS, Ordering::Relaxed);
    left >= bytes.saturating_add(MARGIN)
}

/// How many bytes are left to the process in the system whose files lie below `root`.
fn left(root: &Path) -> u64 {
    let machine = read_to_string(root.join("proc/meminfo")).ok().and_then(|text| of_machine(&text));
    let groups = read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let of_groups = groups.lines().filter_map(|line| of_group(&root.join("sys/fs/cgroup"), line));
    of_groups.chain(machine).min().unwrap_or(u64::MAX)
}

/// What a machine has without taking it from others: caches are given back.
fn of_machine(meminfo: &str) -> Option<u64> {
    Some((field(meminfo, "MemAvailable:")? + field(meminfo, "SwapFree:").unwrap_or(0)) << 10)
}

/// What the control group of a line of `/proc/self/cgroup`, and those that it is in, have left. A container may show
/// its own group where the line says that the root is.
fn of_group(groups: &Path, line: &str) -> Option<u64> {
    let (kinds, path) = line.split_once(':')?.1.split_once(':')?;
    let (groups, files) = match kinds {
        "" => (groups.to_owned(), &V2),
        _ if kinds.split(',').any(|kind| kind == "memory") => (groups.join("memory"), &V1),
        _ => return None,
    };
    let within = Path::new(path).ancestors();
    within.filter_map(|path| files.left(&groups.join(path.strip_prefix("/").unwrap_or(path)))).min()
}

/// What the two versions of control groups call what they say of memory.
struct Files {
    limit: &'static str,
    used: &'static str,
    /// Members of `memory.stat`: the pages of files, and those of them that lie nowhere else.
    cache: &'static str,
    shared: &'static str,
}

const V1: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cache: "total_cache",
    shared: "total_shmem",
};
const V2: Files = Files { limit: "memory.max", used: "memory.current", cache: "file", shared: "shmem" };

impl Files {
    /// What one group has left, where it has a limit.
    fn left(&self, group: &Path) -> Option<u64> {
        let number = |name| read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
        let (limit, used) = (number(self.limit)?, number(self.used)?);
        let stat = read_to_string(group.join("memory.stat")).unwrap_or_default();
        let of_files = field(&stat, self.cache).unwrap_or(0);
        let given_back = of_files.saturating_sub(field(&stat, self.shared).unwrap_or(0));
        Some(limit.saturating_sub(used.saturating_sub(given_back)))
    }
}

/// The number behind a name that begins a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut words = text.lines().map(str::split_whitespace);
    words.find_map(|mut words| if words.next() == Some(name) { words.next()?.parse().ok() } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A system with some files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn of(files: &[(&str, &str)]) -> u64 {
        left(system(files).path())
    }

    const MACHINE: (&str, &str) =
        ("proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 204800 kB\nSwapFree: 102400 kB\n");

    #[test]
    fn where_nothing_is_said_there_is_no_end() {
        assert_eq!(of(&[]), u64::MAX);
        assert_eq!(
            of(&[("proc/meminfo", "MemFree: 7 kB\n"), ("proc/self/cgroup", "nonsense\n:\n")]),
            u64::MAX
        );
    }

    #[test]
    fn a_machine_gives_its_caches_back_and_swaps() {
        assert_eq!(of(&[MACHINE]), 300 * MIB);
    }

    #[test]
    fn the_tightest_group_counts_without_the_files_that_it_has_read() {
        let stat = "anon 1\nfile 62914560\nshmem 10485760\n";
        let group = [
            MACHINE,
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/b/memory.current", "104857600\n"),
            ("sys/fs/cgroup/a/memory.max", "209715200\n"),
            ("sys/fs/cgroup/a/memory.current", "104857600\n"),
            ("sys/fs/cgroup/a/memory.stat", stat),
        ];
        assert_eq!(of(&group), 150 * MIB);
        let older = [
            MACHINE,
            ("proc/self/cgroup", "5:cpu:/\n4:cpuacct,memory:/x/y\n0::/\n"),
            // A container sees its own group as the root.
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "209715200\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "104857600\n"),
            ("sys/fs/cgroup/memory/memory.stat", "total_cache 62914560\ntotal_shmem 10485760\n"),
        ];
        assert_eq!(of(&older), 150 * MIB);
    }
}
