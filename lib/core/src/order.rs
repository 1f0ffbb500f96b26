//! The order: one key an event, which depends on that event and its causes alone.
//!
//! ```text
//! eff(e) = max( timestamp(e), eff(p) + 1 ns for every event p that e names in previous_events,
//!               in e's space and tile, no stricter than e )
//! ```
//!
//! A name means all events that bear it. Edges inside a strongly connected component are ignored; a parent that is
//! not there imposes nothing. Page "3. Order and state".

use crate::event::Texts;
use crate::id::{Lane, Time};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;
use std::collections::HashMap;
use std::hash::BuildHasher as _;

/// What the order needs to know of an event of one space and tile.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub id: &'a str,
    pub time: Time,
    pub lane: Lane,
    pub parents: Texts<'a>,
}

/// The greatest effective time that is known of a name in each lane, from order keys in state lines or a store.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    times: HashMap<&'a str, [Option<Time>; Lane::COUNT], RandomState>,
}

impl<'a> Known<'a> {
    /// Makes the event `id` known in `lane`, at least as late as `eff`.
    pub fn add(&mut self, lane: Lane, id: &'a str, eff: Time) {
        let slot = &mut self.times.entry(id).or_default()[lane.index()];
        *slot = (*slot).max(Some(eff));
    }

    /// Makes known what another knows of an event.
    pub fn add_all(&mut self, id: &'a str, other: &Known<'_>) {
        let Some(times) = other.times.get(id) else { return };
        Lane::all().zip(times).filter_map(|(lane, time)| Some((lane, (*time)?))).for_each(|(lane, time)| {
            self.add(lane, id, time);
        });
    }

    /// The greatest time of `id` in the lanes that `counts` accepts.
    pub fn among(&self, id: &str, counts: impl Fn(Lane) -> bool) -> Option<Time> {
        // A trace without state lines knows nothing: then no name is hashed.
        if self.times.is_empty() {
            return None;
        }
        let times = self.times.get(id)?;
        Lane::all().filter(|l| counts(*l)).filter_map(|l| times[l.index()]).max()
    }

    /// The greatest time of `id` in `lane` itself.
    fn in_lane(&self, lane: Lane, id: &str) -> Option<Time> {
        if self.times.is_empty() {
            return None;
        }
        self.times.get(id).and_then(|times| times[lane.index()])
    }
}

/// Something odd about an event's place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anomaly<'a> {
    /// It names a parent that no lane as loose holds.
    UnknownParent(&'a str),
    /// It stands on a cycle of parents, whose edges are ignored.
    Cycle,
    /// Another event, no stricter, bears its name.
    Equivocation,
}

/// The effective times of `entries`, in their order, and what is odd about them, by entry.
#[derive(Debug, Default)]
pub struct Order<'a> {
    pub eff: Vec<Time>,
    pub anomalies: Vec<(u32, Anomaly<'a>)>,
}

/// No entry: the end of a chain of entries of one name.
const NONE: u32 = u32::MAX;

/// Which entries bear which name: the one table of names that finding duplicates and ordering share.
///
/// It holds numbers of entries alone; the names stay where they are.
#[derive(Debug)]
pub struct Names {
    /// The latest entry of each name.
    last: HashTable<u32>,
    hasher: RandomState,
    /// From each entry to the one before it of the same name.
    previous: Vec<u32>,
    repeated: bool,
}

impl Names {
    /// Enters the names of all `entries`.
    pub fn new(entries: &[Entry<'_>]) -> Names {
        let mut names = Names {
            last: HashTable::with_capacity(entries.len()),
            hasher: RandomState::default(),
            previous: vec![NONE; entries.len()],
            repeated: false,
        };
        for i in 0..entries.len() {
            names.enter(i, entries);
        }
        names
    }

    fn enter(&mut self, i: usize, entries: &[Entry<'_>]) {
        let name = entries[i].id;
        let at = u32::try_from(i).expect("entries are counted in 32 bits");
        let same = |j: &u32| entries[*j as usize].id == name;
        // The table has room for all: nothing is hashed again.
        let rehash = |j: &u32| self.hasher.hash_one(entries[*j as usize].id);
        match self.last.entry(self.hasher.hash_one(name), same, rehash) {
            Slot::Vacant(slot) => {
                slot.insert(at);
            }
            Slot::Occupied(mut slot) => {
                self.previous[i] = std::mem::replace(slot.get_mut(), at);
                self.repeated = true;
            }
        }
    }

    /// Whether any name is borne twice.
    pub fn any_repeated(&self) -> bool {
        self.repeated
    }

    /// The latest entry of a name.
    fn last(&self, name: &str, entries: &[Entry<'_>]) -> Option<u32> {
        let same = |j: &u32| entries[*j as usize].id == name;
        self.last.find(self.hasher.hash_one(name), same).copied()
    }
}

/// Orders the distinct events of one space and tile, whose names are entered in `names`.
pub fn order<'a>(entries: &[Entry<'a>], names: &Names, known: &Known<'a>) -> Order<'a> {
    let mut sorter = Sorter::new(entries, names, known);
    sorter.take_what_is_ready();
    sorter.take_the_rest();
    if names.repeated {
        sorter.note_equivocations();
    }
    sorter.order.anomalies.sort_unstable();
    sorter.order
}

struct Sorter<'e, 'a> {
    entries: &'e [Entry<'a>],
    names: &'e Names,
    known: &'e Known<'a>,
    done: Vec<bool>,
    /// The names that several entries bear.
    crowds: Vec<Crowd>,
    /// Of each entry its crowd, or [`NONE`]; empty where there is no crowd.
    crowd_of: Vec<u32>,
    order: Order<'a>,
}

/// The entries of one name by lane, so that whoever names them looks at lanes rather than at each of them.
#[derive(Default)]
struct Crowd([Share; Lane::COUNT]);

/// A crowd's entries in one lane.
#[derive(Default)]
struct Share {
    entries: Vec<u32>,
    /// How many of them are not done,
    open: usize,
    /// and the latest of those that are.
    latest: Option<Time>,
}

/// Who bears a name.
enum Bearers<'s> {
    Nobody,
    One(usize),
    Many(usize, &'s Crowd),
}

impl<'e, 'a> Sorter<'e, 'a> {
    fn new(entries: &'e [Entry<'a>], names: &'e Names, known: &'e Known<'a>) -> Self {
        let order = Order { eff: vec![Time(0); entries.len()], anomalies: Vec::new() };
        let (done, crowds, crowd_of) = (vec![false; entries.len()], Vec::new(), Vec::new());
        let mut sorter = Sorter { entries, names, known, done, crowds, crowd_of, order };
        if names.repeated {
            sorter.gather_crowds();
        }
        sorter
    }

    fn gather_crowds(&mut self) {
        self.crowd_of = vec![NONE; self.entries.len()];
        for last in (0..self.entries.len()).rev() {
            // Seen from behind, a chain's last entry comes first, and is the only one of it without a crowd.
            if self.crowd_of[last] != NONE || self.names.previous[last] == NONE {
                continue;
            }
            let number = narrow(self.crowds.len());
            let mut crowd = Crowd::default();
            let mut next = last;
            while next != NONE as usize {
                self.crowd_of[next] = number;
                let share = &mut crowd.0[self.entries[next].lane.index()];
                share.entries.push(narrow(next));
                share.open += 1;
                next = self.names.previous[next] as usize;
            }
            self.crowds.push(crowd);
        }
    }

    fn crowd(&self, i: usize) -> Option<usize> {
        self.crowd_of.get(i).filter(|crowd| **crowd != NONE).map(|crowd| *crowd as usize)
    }

    fn bearers(&self, name: &str) -> Bearers<'_> {
        match self.names.last(name, self.entries).map(|last| last as usize) {
            None => Bearers::Nobody,
            Some(last) => match self.crowd(last) {
                None => Bearers::One(last),
                Some(number) => Bearers::Many(number, &self.crowds[number]),
            },
        }
    }

    /// Nearly every event comes after its parents: those are ordered in one pass.
    fn take_what_is_ready(&mut self) {
        for i in 0..self.entries.len() {
            if !self.take_plain(i) && self.is_ready(i) {
                let eff = self.settle(i);
                self.finish(i, eff);
            }
        }
    }

    fn is_ready(&self, i: usize) -> bool {
        let entry = self.entries[i];
        entry.parents.iter().all(|parent| match self.bearers(parent) {
            Bearers::Nobody => true,
            Bearers::One(j) => self.done[j] || !self.entries[j].lane.is_no_stricter_than(entry.lane),
            Bearers::Many(_, crowd) => crowd.shares(entry.lane).all(|(_, share)| share.open == 0),
        })
    }

    /// The usual event, with each name looked up once: nothing is known but what is here, and of each parent there
    /// is at most one event, which is done where it counts. Answers whether it was one.
    fn take_plain(&mut self, i: usize) -> bool {
        if !self.known.times.is_empty() {
            return false;
        }
        let entry = self.entries[i];
        let said = self.order.anomalies.len();
        let mut eff = entry.time;
        for parent in entry.parents.iter() {
            let found = self.names.last(parent, self.entries).map(|j| j as usize);
            if found.is_some_and(|j| self.names.previous[j] != NONE) {
                self.order.anomalies.truncate(said);
                return false;
            }
            match found.filter(|j| self.entries[*j].lane.is_no_stricter_than(entry.lane)) {
                None => self.order.anomalies.push((narrow(i), Anomaly::UnknownParent(parent))),
                Some(j) if self.done[j] => eff = eff.max(Time(self.order.eff[j].0.saturating_add(1))),
                Some(_) => {
                    self.order.anomalies.truncate(said);
                    return false;
                }
            }
        }
        self.finish(i, eff);
        true
    }

    /// The effective time of `i`, whose parents are done but for those of its own component, which count for nothing.
    fn settle(&mut self, i: usize) -> Time {
        let entry = self.entries[i];
        let mut eff = entry.time.max(self.known.in_lane(entry.lane, entry.id).unwrap_or(entry.time));
        let mut odd = Vec::new();
        let mut ignored = false;
        for parent in entry.parents.iter() {
            let mut latest = None;
            let mut here = [false; Lane::COUNT];
            match self.bearers(parent) {
                Bearers::Nobody => {}
                Bearers::One(j) => {
                    let lane = self.entries[j].lane;
                    if lane.is_no_stricter_than(entry.lane) {
                        here[lane.index()] = true;
                        ignored |= !self.done[j];
                        latest = self.done[j].then(|| self.order.eff[j]);
                    }
                }
                Bearers::Many(_, crowd) => {
                    for (lane, share) in crowd.shares(entry.lane) {
                        here[lane.index()] = true;
                        ignored |= share.open > 0;
                        latest = latest.max(share.latest);
                    }
                }
            }
            // Where events of that name are at hand, they speak for themselves: they are as late as is known. So an
            // edge inside a component stays ignored when a state line names its events.
            let absent = |lane: Lane| lane.is_no_stricter_than(entry.lane) && !here[lane.index()];
            let known = self.known.among(parent, absent);
            latest = latest.max(known);
            let found = known.is_some() || here.contains(&true);
            if let Some(latest) = latest {
                eff = eff.max(Time(latest.0.saturating_add(1)));
            }
            if !found {
                odd.push(Anomaly::UnknownParent(parent));
            }
        }
        if ignored {
            odd.push(Anomaly::Cycle);
        }
        self.order.anomalies.extend(odd.into_iter().map(|o| (narrow(i), o)));
        eff
    }

    fn finish(&mut self, i: usize, eff: Time) {
        self.order.eff[i] = eff;
        self.done[i] = true;
        if let Some(number) = self.crowd(i) {
            let share = &mut self.crowds[number].0[self.entries[i].lane.index()];
            share.open -= 1;
            share.latest = share.latest.max(Some(eff));
        }
    }

    /// Tarjan's algorithm, without recursion: components come out after everything they build on.
    ///
    /// Between an event and a crowd that it names stand the crowd's lanes, as vertices of their own behind the
    /// entries: so there are never more edges than names and entries.
    fn take_the_rest(&mut self) {
        if self.done.iter().all(|d| *d) {
            return;
        }
        let n = self.entries.len() + self.crowds.len() * Lane::COUNT;
        let mut search = Search {
            found: vec![0; n],
            low: vec![0; n],
            on_stack: vec![false; n],
            stack: Vec::new(),
            calls: Vec::new(),
            count: 0,
        };
        for root in 0..self.entries.len() {
            if !self.done[root] && search.found[root] == 0 {
                self.search_from(root, &mut search);
            }
        }
    }

    fn search_from(&mut self, root: usize, s: &mut Search) {
        s.enter(root, self.causes(root));
        while let Some((v, causes, next)) = s.calls.last_mut() {
            let v = *v;
            if let Some(w) = causes.get(*next).map(|w| *w as usize) {
                *next += 1;
                if s.found[w] == 0 {
                    let causes = self.causes(w);
                    s.enter(w, causes);
                } else if s.on_stack[w] {
                    s.low[v] = s.low[v].min(s.found[w]);
                }
                continue;
            }
            s.calls.pop();
            if let Some((parent, _, _)) = s.calls.last() {
                s.low[*parent] = s.low[*parent].min(s.low[v]);
            }
            if s.low[v] == s.found[v] {
                self.finish_component(v, s);
            }
        }
    }

    /// Where a vertex leads: from an entry to its causes that are not done yet, itself included where it names
    /// itself; from a crowd's lane to its entries.
    fn causes(&self, v: usize) -> Vec<u32> {
        let open = |j: &u32| !self.done[*j as usize];
        let Some(entry) = self.entries.get(v) else {
            let (number, lane) =
                ((v - self.entries.len()) / Lane::COUNT, (v - self.entries.len()) % Lane::COUNT);
            return self.crowds[number].0[lane].entries.iter().copied().filter(open).collect();
        };
        let mut causes = Vec::new();
        for parent in entry.parents.iter() {
            match self.bearers(parent) {
                Bearers::Nobody => {}
                Bearers::One(j) => {
                    let counts = self.entries[j].lane.is_no_stricter_than(entry.lane);
                    causes.extend(Some(narrow(j)).filter(|j| counts && open(j)));
                }
                Bearers::Many(number, crowd) => {
                    let first = self.entries.len() + number * Lane::COUNT;
                    let shares = crowd.shares(entry.lane).filter(|(_, share)| share.open > 0);
                    causes.extend(shares.map(|(lane, _)| narrow(first + lane.index())));
                }
            }
        }
        causes
    }

    fn finish_component(&mut self, root: usize, s: &mut Search) {
        let mut members = Vec::new();
        while let Some(w) = s.stack.pop() {
            s.on_stack[w] = false;
            if w < self.entries.len() {
                members.push((w, Time(0)));
            }
            if w == root {
                break;
            }
        }
        // What is not done of the members' causes is the component itself: so none is done before all are settled.
        for (member, eff) in &mut members {
            *eff = self.settle(*member);
        }
        for (member, eff) in members {
            self.finish(member, eff);
        }
    }

    fn note_equivocations(&mut self) {
        for (i, entry) in self.entries.iter().enumerate() {
            let Some(number) = self.crowd(i) else { continue };
            let bearers: usize = self.crowds[number].shares(entry.lane).map(|(_, s)| s.entries.len()).sum();
            if bearers > 1 {
                self.order.anomalies.push((narrow(i), Anomaly::Equivocation));
            }
        }
    }
}

impl Crowd {
    /// Where there are entries that may count as causes in `lane`.
    fn shares(&self, lane: Lane) -> impl Iterator<Item = (Lane, &Share)> {
        let here = Lane::all().map(|of| (of, &self.0[of.index()]));
        here.filter(move |(of, share)| of.is_no_stricter_than(lane) && !share.entries.is_empty())
    }
}

fn narrow(i: usize) -> u32 {
    u32::try_from(i).expect("entries are counted in 32 bits")
}

/// The state of Tarjan's algorithm. `found` counts from 1; 0 is not found yet.
struct Search {
    found: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    /// The path: a vertex, where it leads, and which of that is next.
    calls: Vec<(usize, Vec<u32>, usize)>,
    count: u32,
}

impl Search {
    fn enter(&mut self, v: usize, causes: Vec<u32>) {
        self.count += 1;
        self.found[v] = self.count;
        self.low[v] = self.count;
        self.on_stack[v] = true;
        self.stack.push(v);
        self.calls.push((v, causes, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::{Anomaly, Entry, Known, Lane, Names, Order, Texts, Time};
    use crate::id::{Policy, Realm};

    const TEAM: Lane = Lane { realm: Realm::Team, policy: Policy::Public };
    const OPEN: Lane = Lane { realm: Realm::Public, policy: Policy::Public };

    fn entry<'a>(id: &'a str, time: i64, lane: Lane, parents: &'a [&'a str]) -> Entry<'a> {
        Entry { id, time: Time(time), lane, parents: Texts::Plain(parents) }
    }

    fn order<'a>(entries: &[Entry<'a>], known: &Known<'a>) -> Order<'a> {
        super::order(entries, &Names::new(entries), known)
    }

    fn times(entries: &[Entry<'_>]) -> Vec<i64> {
        order(entries, &Known::default()).eff.into_iter().map(|t| t.0).collect()
    }

    #[test]
    fn an_event_is_later_than_its_parents_wherever_they_stand() {
        assert_eq!(times(&[entry("b", 1, TEAM, &["a"]), entry("a", 5, TEAM, &[])]), [6, 5]);
        assert_eq!(times(&[entry("b", 9, TEAM, &["a"]), entry("a", 5, TEAM, &[])]), [9, 5]);
    }

    #[test]
    fn a_stricter_parent_does_not_count() {
        let entries =
            [entry("a", 5, TEAM, &[]), entry("b", 1, OPEN, &["a"]), entry("c", 1, TEAM, &["b", "a"])];
        let order = order(&entries, &Known::default());
        assert_eq!(order.eff, [Time(5), Time(1), Time(6)]);
        assert_eq!(order.anomalies, [(1, Anomaly::UnknownParent("a"))]);
    }

    #[test]
    fn edges_of_a_cycle_are_ignored_and_what_hangs_on_it_is_not() {
        let entries = [
            entry("a", 5, TEAM, &["b", "x"]),
            entry("b", 7, TEAM, &["a"]),
            entry("x", 20, TEAM, &["x"]),
            entry("y", 1, TEAM, &["b"]),
        ];
        let order = order(&entries, &Known::default());
        assert_eq!(order.eff, [Time(21), Time(7), Time(20), Time(8)]);
        assert_eq!(order.anomalies, [(0, Anomaly::Cycle), (1, Anomaly::Cycle), (2, Anomaly::Cycle)]);
    }

    #[test]
    fn a_name_means_all_its_events() {
        let entries = [entry("a", 5, TEAM, &[]), entry("b", 1, TEAM, &["a"]), entry("a", 9, TEAM, &[])];
        let order = order(&entries, &Known::default());
        assert_eq!(order.eff[1], Time(10));
        assert_eq!(order.anomalies, [(0, Anomaly::Equivocation), (2, Anomaly::Equivocation)]);
    }

    #[test]
    fn a_known_key_stands_for_an_absent_parent() {
        let mut known = Known::default();
        known.add(TEAM, "a", Time(50));
        let entries = [entry("b", 1, TEAM, &["a"]), entry("c", 1, OPEN, &["a"]), entry("a", 5, TEAM, &[])];
        assert_eq!(order(&entries[..2], &known).eff, [Time(51), Time(1)]);
        assert_eq!(order(&entries, &known).eff, [Time(51), Time(1), Time(50)]);
    }

    #[test]
    fn a_long_chain_backwards_needs_no_deep_stack() {
        let names: Vec<String> = (0..200_000).map(|i| format!("e{i}")).collect();
        let parents: Vec<[&str; 1]> = names.iter().skip(1).map(|n| [n.as_str()]).collect();
        let mut entries: Vec<Entry<'_>> =
            names.iter().zip(&parents).map(|(n, p)| entry(n, 0, TEAM, p)).collect();
        entries.push(entry(&names[names.len() - 1], 0, TEAM, &[]));
        let eff = times(&entries);
        assert_eq!(eff[0], 199_999);
    }

    /// Twenty thousand events of one name, in every lane: each names that name, and so do as many others. Looked at
    /// one by one, that would be a thousand million pairs.
    #[test]
    fn a_crowd_of_one_name_costs_what_its_events_do() {
        let lane = |i: usize| Lane::from_index(i % Lane::COUNT);
        let own: Vec<Entry<'_>> =
            (0..20_000).map(|i| entry("a", i64::try_from(i).unwrap(), lane(i), &["a"])).collect();
        let names: Vec<String> = (0..20_000).map(|i| format!("e{i}")).collect();
        let others = names.iter().enumerate().map(|(i, name)| entry(name, 0, lane(i), &["a"]));
        let entries: Vec<Entry<'_>> = others.chain(own).collect();
        let order = order(&entries, &Known::default());
        // Edges within a lane are ignored; what a looser lane holds is a cause. From lane to lane the latest settle.
        let causes =
            |l: usize| (0..Lane::COUNT).filter(move |m| *m != l && lane(*m).is_no_stricter_than(lane(l)));
        let mut latest = [0; Lane::COUNT];
        for _ in 0..Lane::COUNT {
            for (l, i) in (0..20_000).map(|i: usize| (i % Lane::COUNT, i64::try_from(i).unwrap())) {
                let after = causes(l).map(|m| latest[m] + 1).max().unwrap_or(0);
                latest[l] = latest[l].max(i).max(after);
            }
        }
        for i in 0..20_000 {
            let l = i % Lane::COUNT;
            let after = causes(l).map(|m| latest[m] + 1).max().unwrap_or(0);
            assert_eq!(order.eff[20_000 + i].0, i64::try_from(i).unwrap().max(after));
            assert_eq!(order.eff[i].0, latest[l].max(after) + 1);
        }
        let of = |oddity| order.anomalies.iter().filter(|(_, o)| *o == oddity).count();
        assert_eq!((of(Anomaly::Cycle), of(Anomaly::Equivocation)), (20_000, 20_000));
    }
}
