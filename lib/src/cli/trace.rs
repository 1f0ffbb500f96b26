//! A trace read by a tool: from its operands into a [`World`], with everything there is to say put into the log.

use super::{Action, Failure, Input, Kinds, Lanes, Layers, Log, Record, Select, When};
use crate::event::Defaults;
use crate::id::{Lane, Tile};
use crate::kind::Kind;
use crate::world::{Arenas, Cut, Fate, Filter, Gatherer, Remarks, World};

/// Whether lanes that are not for everyone are taken in where no option names a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unless {
    /// Every lane: what the owner of a store sees.
    All,
    /// Shared lanes alone: what a view shows.
    Shared,
}

/// What a tool takes in, from its options.
pub fn filter(lanes: &Lanes, layers: &Layers, kinds: &Kinds, unless: Unless) -> Filter {
    let takes = |lane: Lane| match unless {
        Unless::All => lanes.all_unless_told(lane),
        Unless::Shared => lanes.shared_unless_told(lane),
    };
    Filter {
        lanes: std::array::from_fn(|i| takes(Lane::from_index(i))),
        layers: layers.layer.clone(),
        authorities: kinds.authority.clone(),
        boundaries: kinds.boundary.clone(),
        at: None,
    }
}

/// The code under which a space or tile that was not chosen is withheld.
pub fn not_selected(select: &Select, space: &str, tile: Tile) -> Option<&'static str> {
    if !select.space(space) {
        Some("view.space")
    } else if !select.tile(tile) {
        Some("view.tile")
    } else {
        None
    }
}

/// Reads all operands into an ordered world, on the threads of the current pool. What is refused, doubled or odd is
/// in the remarks, for [`say`].
///
/// # Errors
/// Where the input cannot be read, or is larger than the arenas hold.
pub fn read<'a>(
    input: &'a Input,
    arenas: &'a mut Arenas,
    defaults: &'a Defaults,
    filter: &'a Filter,
    select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
    all: bool,
) -> Result<(World<'a>, Remarks), Failure> {
    let gatherer = Gatherer::new(arenas, defaults, filter, select);
    let batches = input.map(|chunk| {
        let mut lines = chunk.lines();
        let numbered = lines.by_ref().map(|(number, line)| (narrow(number), line.map(|l| (l, l))));
        let mut batch = gatherer.batch(chunk.source, numbered)?;
        batch.set_lines(narrow(lines.number()));
        Ok(batch)
    })?;
    let batches: Result<Vec<_>, crate::world::TooLarge> = batches.into_iter().collect();
    let batches = batches.map_err(|e| Failure::of(Kind::System, e))?;
    let mut world = World::new(batches, defaults);
    let mut remarks = world.remarks(all);
    remarks.join(world.order(all));
    Ok((world, remarks))
}

/// A line's number within its chunk; a chunk holds at most 64 MiB.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What `--at` asks for, once the keys of the world are known.
///
/// # Errors
/// A name that no event of the view bears is wrong usage.
pub fn cut(at: Option<&When>, world: &World<'_>, filter: &Filter) -> Result<Option<Cut>, Failure> {
    match at {
        None => Ok(None),
        Some(When::Time(time)) => Ok(Some(Cut::Time(*time))),
        Some(When::Event(name)) => match world.greatest_key(name, filter) {
            Some(key) => Ok(Some(key)),
            None => Err(Failure::usage(format!("--at id:{name}"), "no event of this name is in the view")),
        },
    }
}

/// Writes what there is to say into the log, in the order of the lines, and counts it.
///
/// # Errors
/// Under `--strict` the first rejection is a failure.
pub fn say(log: &mut Log, mut remarks: Remarks) -> Result<(), Failure> {
    remarks.list.sort();
    let list = std::mem::take(&mut remarks.list);
    for remark in list {
        let record = Record {
            action: match remark.fate {
                Fate::Rejected => Action::Rejected,
                Fate::Withheld => Action::Withheld,
                Fate::Duplicate => Action::Duplicate,
                Fate::Noted => Action::Noted,
            },
            code: remark.code,
            place: Some((remark.site.source, remark.site.line)),
            shared: remark.shared,
            event_id: remark.event_id,
            detail: remark.detail,
        };
        log.write_counted(&record)?;
        if log.is_strict() && remark.fate == Fate::Rejected {
            return Err(Failure::Strict);
        }
    }
    let tally = log.tally_mut();
    tally.rejected += remarks.rejected;
    tally.withheld += remarks.withheld;
    tally.duplicate += remarks.duplicate;
    tally.applied += remarks.read.saturating_sub(remarks.rejected + remarks.withheld + remarks.duplicate);
    tally.private |= remarks.private;
    for (code, count) in remarks.codes {
        *tally.codes.entry(code).or_default() += count;
    }
    Ok(())
}
