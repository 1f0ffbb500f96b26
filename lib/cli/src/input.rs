//! The input of tools that may hold the stream: files mapped, pipes read, both cut into chunks of whole lines.
//!
//! An [`Input`] owns every byte, so what was parsed may borrow from it for as long as it lives.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use memmap2::Mmap;

use super::blocks::{BlockSource, Piece, without_bom};
use super::chunk::{CHUNK, Chunk, DENSE, STDIN, is_dense};
use super::chunks::BlockReader;
use super::progress::Progress;
use super::stdio::Std;
use super::{Failure, Files};
use ulp_core::hash::Blake3;
use ulp_core::json::STATE_BYTES;
use ulp_core::parallel::{InOrder, in_order};
use ulp_store::map;

/// All operands. Files are opened and mapped at once, pipes are opened when their turn comes.
#[derive(Debug)]
pub struct Input {
    names: Vec<String>,
    sources: Vec<Source>,
    digest: Mutex<Digest>,
    /// The digest of all bytes, where a pass over them has found it.
    whole: OnceLock<Blake3>,
    progress: Progress,
}

#[derive(Debug)]
struct Source {
    name: String,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// A file, from where it was to be read on.
    Mapped { map: Mmap, from: usize, file: File },
    /// Anything else, and what was read of it so far.
    Read { reading: Mutex<Reading>, blocks: Box<Blocks> },
}

#[derive(Debug)]
enum Reading {
    On(BlockSource),
    /// It was read to its end, or failed.
    Over(Result<(), Failure>),
}

/// The hash of the raw bytes, operands in order.
#[derive(Debug, Default)]
struct Digest {
    hasher: blake3::Hasher,
    /// How many sources are in it.
    sources: usize,
}

impl Input {
    pub(super) fn open(files: &Files, progress: &Progress) -> Result<Input, Failure> {
        let sources =
            files.operands().into_iter().map(Source::open).collect::<Result<Vec<Source>, Failure>>()?;
        let names = sources.iter().map(|s| s.name.clone()).collect();
        progress.expect(sources.iter().map(Source::known_bytes).sum());
        let (digest, whole) = (Mutex::default(), OnceLock::new());
        Ok(Input { names, sources, digest, whole, progress: progress.clone() })
    }

    /// The names of the sources, as the log has them: `-` for stdin, else the path as it was given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Gives each chunk to `take`, in order, reading pipes as it goes. A second call gives the same chunks again.
    pub fn for_each<'a>(
        &'a self,
        mut take: impl FnMut(Chunk<'a>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut parts = 0;
        for (index, source) in self.sources.iter().enumerate() {
            let mut give = |bytes: &'a [u8], too_long: bool| {
                let mut rest = bytes;
                if too_long {
                    take(chunk(index, bytes, true))?;
                }
                while let Some(part) = cut(&mut rest, parts) {
                    parts += 1;
                    take(chunk(index, part, false))?;
                }
                Ok::<(), Failure>(())
            };
            match &source.body {
                Body::Mapped { map, from, .. } => give(without_bom(&map[*from..]), false)?,
                Body::Read { reading, blocks } => {
                    let mut place = 0;
                    while let Some((bytes, too_long)) = self.block(index, reading, blocks, place)? {
                        give(bytes, *too_long)?;
                        place += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Works on all chunks in parallel, on the threads of the current `rayon` pool, while pipes are still being
    /// read. The results stand in the order of the chunks.
    pub fn map<'a, T: Send>(&'a self, work: impl Fn(Chunk<'a>) -> T + Sync) -> Result<Vec<T>, Failure> {
        let mut results = Vec::new();
        self.map_in_order(work, |result| {
            results.push(result);
            Ok(())
        })?;
        Ok(results)
    }

    /// [`Input::map`], whose results are taken one after the other, in the order of the chunks, while those that
    /// follow are worked on. Few are held.
    ///
    /// # Errors
    /// The system's, and the first of `take`, after which nothing more is read.
    pub fn map_in_order<'a, T: Send>(
        &'a self,
        work: impl Fn(Chunk<'a>) -> T + Sync,
        take: impl FnMut(T) -> Result<(), Failure> + Send,
    ) -> Result<(), Failure> {
        let run = |chunk: Chunk<'a>| {
            let result = work(chunk);
            self.progress.advance(chunk.bytes.len() as u64);
            result
        };
        if rayon::current_num_threads() == 1 {
            let mut take = take;
            return self.for_each(|chunk| take(run(chunk)));
        }
        let results = InOrder::new(take);
        let read = rayon::in_place_scope_fifo(|scope| {
            let mut count = 0;
            self.for_each(|chunk| {
                let (place, results, run) = (count, &results, &run);
                count += 1;
                scope.spawn_fifo(move |_| {
                    results.approach(place);
                    results.put(place, run(chunk));
                });
                // What has failed is said in the end.
                if results.has_failed() { Err(Failure::Strict) } else { Ok(()) }
            })
        });
        results.finish().and(read)
    }

    /// [`Input::map_in_order`] for work that keeps nothing of the text it is given, the second argument: the same
    /// bytes stay in the chunk, but those of a file are better left alone. A file that stands alone is hashed on the
    /// way, so that [`Input::digest`] costs nothing afterwards.
    pub fn map_once<'a, T: Send>(
        &'a self,
        work: impl Fn(Chunk<'a>, &[u8]) -> T + Sync,
        mut take: impl FnMut(T) -> Result<(), Failure> + Send,
    ) -> Result<(), Failure> {
        let [Source { name, body: Body::Mapped { map, from, file } }] = &self.sources[..] else {
            return self.map_in_order(|chunk| work(chunk, chunk.bytes), take);
        };
        let bytes = &map[*from..];
        if is_dense_anywhere(bytes) {
            return self.map_in_order(|chunk| work(chunk, chunk.bytes), take);
        }
        let pass = BlockReader::new(file, bytes, *from as u64);
        let run = |i: usize| {
            let done = pass.block(i, |text, stays| work(chunk(0, stays, false), text));
            self.progress.advance(CHUNK as u64);
            done.map_err(|e| Failure::io(name, e))
        };
        let mut parts = Vec::with_capacity(pass.len());
        let schedule: Vec<usize> = (0..pass.len()).collect();
        in_order(&schedule, run, |done| {
            let (part, result) = done?;
            parts.push(part);
            take(result)
        })?;
        self.whole.get_or_init(|| pass.hash(&parts));
        Ok(())
    }

    /// The digest of all bytes, operands in order. What was mapped is hashed now, on the threads of the current
    /// `rayon` pool, so this may run beside [`Input::map`] in a `rayon::join`; pipes are hashed as they are read,
    /// which this waits for, or does.
    pub fn digest(&self) -> Result<Blake3, Failure> {
        if let Some(whole) = self.whole.get() {
            return Ok(*whole);
        }
        self.for_each(|_| Ok(()))?;
        // Nothing changes the hash once every pipe was read. No lock is held on the way: a thread that waits for its
        // part of the hash may be given other work, and that may want the lock.
        let (mut hasher, hashed) = {
            let digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
            (digest.hasher.clone(), digest.sources)
        };
        for bytes in self.sources.iter().skip(hashed).filter_map(Source::mapped) {
            hasher.update_rayon(bytes);
        }
        Ok(hasher.finalize().into())
    }

    /// Hashes the mapped sources before the one numbered `end`, whose turn it is; pipes among them have been read.
    fn hash_up_to(&self, end: usize, digest: &mut Digest) {
        for bytes in self.sources.iter().take(end).skip(digest.sources).filter_map(Source::mapped) {
            digest.hasher.update(bytes);
        }
        digest.sources = digest.sources.max(end);
    }

    /// The block of a pipe at a place, reading it if need be; nothing at the end. Whoever comes first reads, and no
    /// lock is held while blocks are worked on, so that several can go through the same pipe side by side.
    fn block<'a>(
        &self,
        index: usize,
        reading: &Mutex<Reading>,
        blocks: &'a Blocks,
        place: usize,
    ) -> Result<Option<&'a Block>, Failure> {
        if let Some(block) = blocks.get(place) {
            return Ok(Some(block));
        }
        let mut reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = blocks.get(place) {
            return Ok(Some(block));
        }
        let feed = match &mut *reading {
            Reading::On(feed) => feed,
            Reading::Over(end) => return end.clone().map(|()| None),
        };
        match self.next_piece(index, feed) {
            Ok(Some(piece)) => Ok(blocks.put(place, piece.into())),
            ended => {
                let end = ended.map(drop);
                *reading = Reading::Over(end.clone());
                end.map(|()| None)
            }
        }
    }

    fn next_piece(&self, index: usize, feed: &mut BlockSource) -> Result<Option<Piece>, Failure> {
        let mut digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        self.hash_up_to(index, &mut digest);
        let piece = feed.next_block(CHUNK, &mut digest.hasher)?;
        if piece.is_none() {
            digest.sources = digest.sources.max(index + 1);
        }
        Ok(piece)
    }
}

fn chunk(source: usize, bytes: &[u8], too_long: bool) -> Chunk<'_> {
    // More sources than that cannot stand on a command line.
    Chunk { source: u32::try_from(source).unwrap_or(u32::MAX), bytes, too_long, limit: STATE_BYTES }
}

/// How many samples are taken of a file.
const SAMPLES: usize = 16;

fn is_dense_anywhere(bytes: &[u8]) -> bool {
    (0..SAMPLES).any(|i| is_dense(&bytes[bytes.len() / SAMPLES * i..]))
}

/// Takes the next part off some lines: up to the first line end at or beyond a [`CHUNK`]. Of very short lines it is
/// smaller, unless so many parts were given that their number counts for more.
fn cut<'b>(rest: &mut &'b [u8], given: usize) -> Option<&'b [u8]> {
    let dense = (DENSE << (given >> MANY).min(CHUNK.ilog2() as usize)).min(CHUNK);
    let from = if is_dense(rest) { dense } else { CHUNK }.min(rest.len());
    let end = memchr::memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
    let (head, tail) = rest.split_at(end);
    *rest = tail;
    (!head.is_empty()).then_some(head)
}

/// After 2 to the power of this many parts, parts of very short lines are twice as large, and so on.
const MANY: usize = 14;

impl Source {
    fn open(operand: &OsStr) -> Result<Source, Failure> {
        let name = operand.to_string_lossy().into_owned();
        let body = if name == STDIN { Body::stdin(&name) } else { Body::path(operand, &name) };
        Ok(Source { body: body?, name })
    }

    /// The bytes of a source that is mapped, from where it was to be read on.
    fn mapped(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Mapped { map, from, .. } => Some(&map[*from..]),
            Body::Read { .. } => None,
        }
    }

    fn known_bytes(&self) -> u64 {
        self.mapped().map_or(0, |bytes| bytes.len() as u64)
    }
}

impl Body {
    fn stdin(name: &str) -> Result<Body, Failure> {
        let fail = |e| Failure::io("stdin", e);
        let mut file = Std::In.open().map_err(fail)?;
        match mapped(&file) {
            Some((map, from)) => {
                // As if it had been read: whoever shares the descriptor goes on after what we took.
                file.seek(SeekFrom::Start(map.len() as u64)).map_err(fail)?;
                Ok(Body::Mapped { map, from, file })
            }
            None => Ok(Body::feed(BlockSource::new(name, file, STATE_BYTES))),
        }
    }

    fn path(path: &OsStr, name: &str) -> Result<Body, Failure> {
        let kind = fs::metadata(path).map_err(|e| Failure::io(name, e))?;
        if !kind.is_file() {
            return Ok(Body::feed(BlockSource::later(name, path, STATE_BYTES)?));
        }
        let file = File::open(path).map_err(|e| Failure::io(name, e))?;
        Ok(match mapped(&file) {
            Some((map, from)) => Body::Mapped { map, from, file },
            None => Body::feed(BlockSource::new(name, file, STATE_BYTES)),
        })
    }

    fn feed(feed: BlockSource) -> Body {
        Body::Read { reading: Mutex::new(Reading::On(feed)), blocks: Box::default() }
    }
}

/// The file's map and the offset it is to be read from. Nothing where the file cannot be mapped: it is no regular
/// file, it claims to be empty (as those under /proc do), or the system will not.
fn mapped(file: &File) -> Option<(Mmap, usize)> {
    let there = file.metadata().ok()?;
    if !there.is_file() || there.len() == 0 {
        return None;
    }
    let map = map::map(file).ok()?;
    let from = usize::try_from((&*file).stream_position().ok()?).ok()?;
    Some((map, from)).filter(|(map, from)| *from <= map.len())
}

/// Lines, and whether they stand for one that was too long.
type Block = (Vec<u8>, bool);

/// A list that grows behind a shared reference: what it lends stays where it is. Shelf n has room for 2^n blocks.
#[derive(Debug)]
struct Blocks([OnceLock<Box<[OnceLock<Block>]>>; SHELVES]);

impl From<Piece> for Block {
    fn from(piece: Piece) -> Block {
        match piece {
            Piece::Lines(bytes) => (bytes, false),
            Piece::TooLong => (Vec::new(), true),
        }
    }
}

/// Enough for 2^40 blocks.
const SHELVES: usize = 40;

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks([const { OnceLock::new() }; SHELVES])
    }
}

impl Blocks {
    /// The shelf of a place, and where on it.
    fn locate(place: usize) -> (usize, usize) {
        let shelf = (place + 1).ilog2();
        (shelf as usize, place + 1 - (1 << shelf))
    }

    fn get(&self, place: usize) -> Option<&Block> {
        let (shelf, at) = Blocks::locate(place);
        self.0.get(shelf)?.get()?.get(at)?.get()
    }

    /// Puts a block at a place, which must be empty; nothing where there is no room.
    fn put(&self, place: usize, block: Block) -> Option<&Block> {
        let (shelf, at) = Blocks::locate(place);
        let range: Range<usize> = 0..1 << shelf;
        let slots = self.0.get(shelf)?.get_or_init(|| range.map(|_| OnceLock::new()).collect());
        Some(slots.get(at)?.get_or_init(|| block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::io::Write as _;
    use std::path::Path;

    fn open(paths: &[&Path]) -> Result<Input, Failure> {
        let files = paths.iter().map(OsString::from).collect();
        Input::open(&Files { files }, &Progress::default())
    }

    /// A named pipe that something else writes.
    fn pipe(dir: &Path, name: &str, bytes: Vec<u8>) -> std::path::PathBuf {
        let path = dir.join(name);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let to = path.clone();
        std::thread::spawn(move || File::options().write(true).open(to).unwrap().write_all(&bytes));
        path
    }

    fn text(input: &Input) -> Vec<(u32, Vec<u8>)> {
        let chunks = input.map(|chunk| {
            assert!(!chunk.too_long);
            chunk.lines().map(|(_, line)| (chunk.source, line.unwrap().to_vec())).collect::<Vec<_>>()
        });
        chunks.unwrap().concat()
    }

    fn big(lines: usize) -> Vec<u8> {
        (0..lines)
            .flat_map(|i| format!("{{\"line\":{i},\"pad\":\"{}\"}}\n", "x".repeat(i % 300)).into_bytes())
            .collect()
    }

    #[test]
    fn files_and_pipes_give_the_same_lines_in_order_again_and_again() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (big(30_000), big(20_000));
        let file = dir.path().join("file");
        fs::write(&file, &one).unwrap();
        let pipe = pipe(dir.path(), "pipe", two.clone());
        let input = open(&[&file, &pipe, &file]).unwrap();
        let lines = text(&input);
        assert_eq!(lines.len(), 80_000);
        let joined = |source| {
            lines
                .iter()
                .filter(|l| l.0 == source)
                .flat_map(|l| [&l.1[..], b"\n"].concat())
                .collect::<Vec<u8>>()
        };
        assert!(joined(0) == one && joined(1) == two && joined(2) == one);
        assert!(lines.is_sorted_by_key(|l| l.0) && text(&input) == lines);
        assert_eq!(input.digest().unwrap(), Blake3::of(&[&one[..], &two, &one].concat()));
    }

    #[test]
    fn a_mark_at_the_start_of_a_source_is_dropped_but_hashed() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = b"\xef\xbb\xbfa\n\xef\xbb\xbfb".to_vec();
        let file = dir.path().join("file");
        fs::write(&file, &bytes).unwrap();
        let input = open(&[&file, &pipe(dir.path(), "pipe", bytes.clone())]).unwrap();
        let expected = [(0, "a"), (0, "\u{feff}b"), (1, "a"), (1, "\u{feff}b")];
        assert_eq!(text(&input), expected.map(|(s, t)| (s, t.as_bytes().to_vec())));
        assert_eq!(input.digest().unwrap(), Blake3::of(&[&bytes[..], &bytes].concat()));
    }

    #[test]
    fn what_is_not_there_or_a_directory_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for bad in [dir.path(), &dir.path().join("none")] {
            assert!(matches!(open(&[bad]), Err(Failure::System(_))));
        }
    }

    #[test]
    fn files_that_claim_to_be_empty_are_read() {
        let input = open(&[Path::new("/proc/self/status"), Path::new("/dev/null")]).unwrap();
        assert!(text(&input).len() > 10);
    }

    #[test]
    fn blocks_stay_where_they_are() {
        let blocks = Blocks::default();
        let first = blocks.put(0, (vec![1], false)).unwrap();
        (1..100).for_each(|i| assert!(blocks.put(i, (vec![], true)).is_some()));
        assert_eq!((&first.0[..], blocks.get(99).is_some(), blocks.get(100)), (&[1][..], true, None));
    }

    #[test]
    fn the_digest_may_be_asked_for_at_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = big(40_000);
        let file = dir.path().join("file");
        fs::write(&file, &bytes).unwrap();
        for (i, threads) in [1, 2, 3, 1, 2, 3].into_iter().enumerate() {
            let pipe = pipe(dir.path(), &format!("pipe{i}"), bytes.clone());
            let input = open(&[&file, &pipe, &file]).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let map = || input.map(|chunk| chunk.lines().count()).unwrap().iter().sum::<usize>();
            let digest = || input.digest().unwrap();
            let (lines, hash) = pool.install(|| {
                if i < 3 {
                    rayon::join(map, digest)
                } else {
                    let (hash, lines) = rayon::join(digest, map);
                    (lines, hash)
                }
            });
            assert_eq!((lines, hash), (120_000, Blake3::of(&bytes.repeat(3))));
        }
    }
}
