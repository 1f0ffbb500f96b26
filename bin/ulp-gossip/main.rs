//! keep and pass on who has what, and say whom to ask

mod file;
mod held;
mod known;
mod names;
mod own;
mod relay;
mod results;
mod want;
mod who;

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use ulp_cli::{
    Failure, Files, Log, Now, Output, OutputArgs, Select, Status, Witness, project, read_key, stored,
};
use ulp_core::scope::Scope;
use ulp_core::trust::SecretKey;
use ulp_peer::graph::{Bounds, Gate};
use ulp_store::Store;

use held::Held;
use known::Known;
use relay::Relay;

/// keep and pass on who has what, and say whom to ask
#[derive(Parser)]
#[command(name = "ulp-gossip", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// Keep what is heard in FILE, and know what it holds already
    #[arg(long, value_name = "FILE")]
    graph: Option<PathBuf>,
    /// How many rows the graph has at most
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    rows: u32,
    /// Speak for the store in DIR: write what it holds; its dotfiles say whose word is listed
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Sign what is said with the key in FILE (PKCS#8 PEM), the identity's where the store has one
    #[arg(long, value_name = "FILE", requires = "store")]
    key: Option<PathBuf>,
    /// Say WAY of how this peer is reached, as ssh:me@10.0.0.7; again for more, up to 4
    #[arg(long, value_name = "WAY", requires = "store", value_parser = way)]
    reach: Vec<String>,
    /// Say which snapshots and segments are held, too
    #[arg(long, requires = "store", conflicts_with_all = ["want", "who"])]
    objects: bool,
    /// Write a want for each path of which some peer has another head than the store
    #[arg(long, requires_all = ["store", "graph"], conflicts_with = "who")]
    want: bool,
    /// Write whom to ask for PATH, or for all paths of which some peer has another head, best first
    #[arg(long, value_name = "PATH", num_args = 0..=1, value_parser = who::asked)]
    who: Option<Option<ulp_core::path::Path>>,
    /// With --who, know from FILE what ulp-sync printed here, and so who keeps what it promises
    #[arg(long, value_name = "FILE", requires = "who")]
    results: Option<PathBuf>,
    /// Know the dotfiles below DIR beside the store's: keys, what is revoked, and whose word is listed
    #[arg(long, value_name = "DIR")]
    scope: Option<PathBuf>,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    now: Now,
}

/// Most ways in which a peer says that it is reached, and the longest of them, in bytes.
const MOST_WAYS: usize = 4;
const LONGEST_WAY: usize = 128;
/// Nanoseconds of a second.
const NANOS: i64 = 1_000_000_000;

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    args.check()?;
    // Opened first: an output that cannot be written is said before any work is done.
    let out = Output::open(&args.output)?;
    let store = args.store.as_deref().map(|path| Store::open(path, false)).transpose()?;
    let own = store.as_ref().map(Store::scope).transpose()?;
    let added = args.scope.as_deref().map(|dir| project::scope_below(Some(dir))).transpose()?;
    let scopes: Vec<&Scope> = own.iter().chain(&added).collect();
    let key = args.key.as_deref().map(|path| read_key(path, log)).transpose()?;
    if let (Some(key), Some(scope)) = (&key, &own) {
        stored::speaks_with(key, scope)?;
    }
    // What is to be said of the store is found first, so that one which is damaged changes nothing.
    let held = store.as_ref().map(|store| Held::read(&args, store, log)).transpose()?;
    let bounds = Bounds { rows: args.rows as usize, ..Bounds::default() };
    let known =
        Known::open(args.graph.as_deref(), bounds, Gate::new(scopes.iter().copied()), &args.now, log)?;
    let mut relay = Relay::new(&args, known, out);
    let heard = if args.reads() { Some(relay.run(log)?) } else { None };
    if let (Some(held), Some(scope)) = (&held, &own) {
        args.speak(held, Peer::new(key, scope), &mut relay)?;
    }
    if let Some(asked) = &args.who {
        who::write(&args, asked.as_ref(), held.as_ref().zip(own.as_ref()), &mut relay)?;
    }
    let out = relay.finish()?;
    let input = heard.or_else(|| held.as_ref().map(|held| held.manifests));
    let scope = own.as_ref().and_then(Scope::digest);
    log.finish(Some(out), &Witness { input, scope, now: args.now.given(), ..Witness::default() })
}

/// Whom this run speaks for.
pub struct Peer {
    pub name: String,
    pub key: Option<SecretKey>,
}

impl Peer {
    fn new(key: Option<SecretKey>, scope: &Scope) -> Peer {
        let did = key.as_ref().map(SecretKey::did).or_else(|| scope.identity());
        Peer { name: did.map_or_else(|| UNNAMED.to_owned(), |did| did.to_string()), key }
    }
}

/// The name of a store that has none.
const UNNAMED: &str = "peer:unnamed";

impl Args {
    fn check(&self) -> Result<(), Failure> {
        if self.reach.len() > MOST_WAYS {
            return Err(Failure::usage("--reach", "at most 4"));
        }
        if self.select.names_any() && self.store.is_none() && self.who.is_none() {
            return Err(Failure::usage("--space, --tile", "they go with --store and --who"));
        }
        if matches!(&self.who, Some(Some(_))) && self.select.names_any() {
            return Err(Failure::usage("--space, --tile", "PATH says it already"));
        }
        Ok(())
    }

    /// Whether lines are read: those of the operands, or stdin where nothing else is to be spoken of.
    fn reads(&self) -> bool {
        let is_asked_by_hand = || self.who.is_some() && Files::stdin_is_terminal();
        !self.files.files.is_empty() || self.store.is_none() && !is_asked_by_hand()
    }

    /// Says what the store holds, or what it lacks.
    fn speak(&self, held: &Held, peer: Peer, relay: &mut Relay<'_>) -> Result<(), Failure> {
        let says = if self.want {
            want::of(self, held, &peer, &relay.known)?
        } else if self.who.is_none() {
            own::of(self, held, &peer, &relay.known)?
        } else {
            return Ok(());
        };
        for line in own::lines(self, &peer, &says, &mut relay.known)? {
            relay.say(&line)?;
        }
        Ok(())
    }
}

fn way(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.len() <= LONGEST_WAY && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("not 1 to 128 bytes without control characters".to_owned()) }
}
