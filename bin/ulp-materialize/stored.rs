//! From a store: one tile at a time.

use super::{Args, Job, events, snapshot};
use std::io::Write as _;
use std::path::Path;
use ulp_cli::project::{self, DefaultLanes};
use ulp_cli::{Failure, Log, Output, Status, When, Witness, missing, stored};
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;
use ulp_core::parallel::in_order;
use ulp_core::report::Report;
use ulp_core::root::{Roots, TileRoot};
use ulp_core::world::{AsOf, Filter};
use ulp_store::read::{Damage, Place, Replay, Wanted, manifest_lines};
use ulp_store::snapshot::make::{NewSnapshot, make};
use ulp_store::{Error, Store};

/// What one tile gives.
#[derive(Default)]
pub struct Given {
    pub space: String,
    pub tile: Option<Tile>,
    /// What is written of it.
    pub text: Vec<u8>,
    pub root: Option<Blake3>,
    pub manifests: String,
    pub damage: Vec<Damage>,
    pub absent: Vec<Damage>,
    pub report: Report,
    pub shots: Vec<NewSnapshot>,
}

/// A job over the tiles of a store.
pub struct Stored<'j> {
    pub args: &'j Args,
    pub store: &'j Store,
    pub filter: Filter,
    /// Whether snapshots hold what is asked for: all kinds of events, to the last.
    pub plain: bool,
    /// Whether snapshots may be used, tile by tile.
    pub snapshots: bool,
    pub all: bool,
    pub since: Option<AsOf>,
}

/// Does what was asked for, from a store.
pub fn run(args: &Args, dir: &Path, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let store = Store::open(dir, args.stored.trust)?;
    let mut places = store.tiles()?;
    places.retain(|p| project::not_selected(&args.select, &p.space, p.tile).is_none());
    let unless = if args.view { DefaultLanes::Shared } else { DefaultLanes::All };
    let filter = project::filter(&args.lanes, &args.layers, &args.kinds, unless);
    missing::in_store(&args.select, &store, |lane| filter.lanes[lane.index()], log)?;
    let plain = filter.takes_all_kinds() && !args.scope.verify && args.at.at.is_none();
    let mut job = Stored {
        args,
        store: &store,
        filter,
        plain,
        snapshots: plain && !args.events,
        all: log.writes_all(),
        since: None,
    };
    job.filter.at = job.cut(args.at.at.as_ref(), "--at", &places)?;
    job.since = job.cut(args.since.since.as_ref(), "--since", &places)?;
    let mut sum = Sum::default();
    if args.view || args.blame.is_some() {
        job.write_joined(&places, &mut out, &mut sum)?;
    } else {
        job.write_tiles(&places, &mut out, &mut sum)?;
    }
    sum.say(log, args.partial)?;
    super::say_unknown(args, !sum.unknown, log)?;
    let root = (!args.events && !args.snapshot).then(|| sum.roots.root(true));
    let input = Some(Blake3::of(sum.manifests.as_bytes()));
    log.finish(Some(out), &Witness { input, root, ..Witness::default() })
}

/// What all tiles together gave to say.
#[derive(Default)]
struct Sum {
    roots: Roots,
    manifests: String,
    damage: Vec<Damage>,
    absent: Vec<Damage>,
    report: Report,
    /// Whether there is no such node as `--blame` asks for.
    unknown: bool,
}

impl Sum {
    fn say(&mut self, log: &mut Log, partial: bool) -> Result<(), Failure> {
        stored::note_damage(log, &self.absent, &self.damage)?;
        log.say(std::mem::take(&mut self.report))?;
        match self.damage.first() {
            Some(first) if !partial => Err(corrupt(first)),
            _ => Ok(()),
        }
    }
}

fn corrupt(damage: &Damage) -> Failure {
    Failure::Corrupt(format!("{}; --partial goes on without it", stored::describe(damage)))
}

impl Stored<'_> {
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted { snapshots: self.snapshots, keeps: self.args.snapshot, ..self.events() }
    }

    /// The events alone.
    fn events(&self) -> Wanted<'_> {
        Wanted { verify: self.args.scope.verify, ..Wanted::new(&self.filter, false) }
    }

    /// Where a time or an event cuts: behind the greatest key of its name in any tile.
    fn cut(&self, when: Option<&When>, option: &str, places: &[Place]) -> Result<Option<AsOf>, Failure> {
        let name = match when {
            None => return Ok(None),
            Some(When::Time(time)) => return Ok(Some(AsOf::Time(*time))),
            Some(When::Event(name)) => name,
        };
        let wanted = self.events();
        let (mut greatest, mut damaged) = (None, None);
        for place in places {
            let here = self.store.replay(place, wanted, false, |replay| {
                damaged = damaged.take().or_else(|| replay.damage.first().cloned());
                replay.world.greatest_key(name, &self.filter)
            })?;
            if let Some(AsOf::Key { eff, .. }) = here {
                greatest = greatest.max(Some(eff));
            }
        }
        // What is damaged may hold the event, or a greater key of its name.
        if let Some(damage) = damaged.filter(|_| greatest.is_none() || !self.args.partial) {
            return Err(corrupt(&damage));
        }
        let unknown =
            || Failure::usage(format!("{option} id:{name}"), "no event of this name is in the view");
        greatest.map(|eff| Some(AsOf::Key { eff, id: name.clone() })).ok_or_else(unknown)
    }

    /// What is written tile by tile. Tiles are taken in their order, so that few are held.
    fn write_tiles(&self, places: &[Place], out: &mut Output, sum: &mut Sum) -> Result<(), Failure> {
        let order: Vec<usize> = (0..places.len()).collect();
        let mut keeper = snapshot::Keeper::new(self.store);
        let sink = |given: Result<Given, Error>| {
            let given = given?;
            sum.manifests.push_str(&given.manifests);
            sum.absent.extend(given.absent);
            sum.damage.extend(given.damage);
            sum.report.join(given.report);
            if let Some(damage) = sum.damage.first().filter(|_| !self.args.partial) {
                return Err(corrupt(damage));
            }
            if let (Some(root), Some(tile)) = (given.root, given.tile) {
                sum.roots.push(&given.space, tile, root);
            }
            if self.args.snapshot {
                return keeper.take(given.shots, out);
            }
            if self.args.root { Ok(()) } else { out.write_all(&given.text).map_err(Failure::from) }
        };
        in_order(&order, |i| self.tile(&places[i]), sink)?;
        keeper.finish(out)?;
        if self.args.root {
            let (tiles, spaces) = sum.roots.lines();
            out.write_all(&tiles)?;
            out.write_all(&spaces)?;
        }
        Ok(())
    }

    /// One tile.
    fn tile(&self, place: &Place) -> Result<Given, Error> {
        if self.args.snapshot
            && self.snapshots
            && self.store.is_trusted()
            && let Some((shots, manifests)) = self.store.shots_as_new(place, &self.filter)?
        {
            let mut given = Given { manifests, ..Given::default() };
            given.report.tally.private = shots.iter().any(|shot| !shot.lane.lane.is_shared());
            given.shots = shots;
            return Ok(given);
        }
        let given = self.store.replay(place, self.wanted(), self.all, |replay| {
            let mut given = Given {
                space: place.space.clone(),
                tile: Some(place.tile),
                manifests: manifest_lines(replay.parts),
                damage: replay.damage.to_vec(),
                absent: replay.absent.to_vec(),
                report: replay.report.clone(),
                ..Given::default()
            };
            given.report.tally.private |=
                replay.parts.iter().any(|p| self.filter.lanes[p.id.lane.index()] && !p.id.lane.is_shared());
            if self.args.events {
                if !replay.world.is_empty() {
                    let job = self.job(&replay);
                    let (text, said) = events::lines_of(&job, 0, self.since.as_ref());
                    given.text = text;
                    given.report.join(said);
                }
            } else {
                self.states(&replay, &mut given)?;
            }
            Ok(given)
        });
        given?
    }

    fn job<'j, 'a>(&'j self, replay: &'j Replay<'_, 'a>) -> Job<'j, 'a> {
        Job { args: self.args, world: replay.world, filter: &self.filter, all: self.all }
    }

    /// The state lines of each lane, and new snapshots where they are asked for.
    fn states(&self, replay: &Replay<'_, '_>, given: &mut Given) -> Result<(), Error> {
        let (mut root, mut failed) = (TileRoot::default(), Ok(()));
        let said = replay.states(&self.filter, self.all, |part, lines| {
            if !self.args.snapshot {
                root.push(part.id.lane, lines);
                given.text.extend_from_slice(lines);
            } else if replay.damage.is_empty() && failed.is_ok() {
                failed = make(replay, part, lines).map(|shot| given.shots.extend(shot));
            }
        });
        given.report.join(said);
        given.root = root.root();
        failed
    }

    /// What needs all tiles of a space at once: the view, and the blame of a node.
    fn write_joined(&self, places: &[Place], out: &mut Output, sum: &mut Sum) -> Result<(), Failure> {
        let all = self.all;
        let wanted = Wanted { snapshots: self.args.view && self.plain, ..self.events() };
        let done = self.store.replay_together(places, wanted, all, |read| {
            sum.manifests = manifest_lines(read.parts);
            sum.absent = read.absent.to_vec();
            sum.damage = read.damage.to_vec();
            sum.report.join(read.report);
            if let Some(damage) = read.damage.first().filter(|_| !self.args.partial) {
                return Err(corrupt(damage));
            }
            let job = Job { args: self.args, world: read.world, filter: &self.filter, all };
            let (roots, known) = job.write_joined(out, &mut sum.report)?;
            (sum.roots, sum.unknown) = (roots, !known);
            Ok(())
        });
        done?
    }
}
