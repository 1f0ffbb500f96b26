//! Held tones: a sensor's value bends one within the sensor's own range.
//!
//! There are few tones, and often many sensors: those with the most to say are held alone, the others form choirs
//! from left to right. A choir stands as high as its sensors that have spoken stand, counted on all of them, so that
//! it swells as they come in; and that within its own range. A sensor that spoke once has no range and stands in
//! the middle, unless its node's `standing` says otherwise.

use super::mapping::Mapping;
use super::score::{Drone, Laid, Note, Reads, velocity};
use super::sonify::{SensorName, Sonified};
use super::voice::Voice;
use crate::series::Range;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A sensor is held alone from this many readings on, where not all are.
const TALKATIVE: usize = 3;
/// A change of a level by less than this is not heard.
const FINEST: f64 = 1.0 / 48.0;
/// The loudness of a tone at the bottom of its range, and what the top adds.
const FLOOR: f64 = 0.26;
const RISE: f64 = 0.56;
/// Where the tones begin, in semitones from the root: choirs first, then those that are held alone.
const CHORD: [i64; super::mapping::MOST_DRONES] = [-12, -5, 0, 7, 3, 10, 12];

/// A sensor, as the whole trace shows it.
struct Sensor {
    name: SensorName,
    range: Range,
    node: Rc<str>,
    /// Where it was first heard.
    pan: f64,
    loudness: f64,
}

/// A held tone: the places of its sensors among all.
struct Tone {
    members: Vec<usize>,
    choir: bool,
}

/// The parts of all held tones.
pub fn tones(laid: &Laid<'_>, mapping: &Mapping) -> Vec<Note> {
    let sensors = sensors(laid);
    let tones = cast(&sensors, mapping);
    let changes = changes(laid, &sensors, &tones);
    let mut notes = Vec::new();
    let mut solos = 0;
    let mut choirs = 0;
    for (channel, (tone, changes)) in (0..).zip(tones.iter().zip(&changes)) {
        let seat = if tone.choir { &mut choirs } else { &mut solos };
        *seat += 1;
        let start = if tone.choir { *seat - 1 } else { CHORD.len() - *seat };
        let base = mapping.root + CHORD.get(start).copied().unwrap_or(0);
        let part =
            Part { laid, mapping, tone, channel, base: base.clamp(0, 103), mean: Mean::of(tone, &sensors) };
        part.write(changes, &mut notes);
    }
    notes
}

/// Every sensor that ever gave a number, in the order of names.
fn sensors(laid: &Laid<'_>) -> Vec<Sensor> {
    let mut sensors: BTreeMap<SensorName, Sensor> = BTreeMap::new();
    for (event, place) in laid.events.iter().zip(&laid.places) {
        let Some((name, _)) = event.number() else { continue };
        let Some(&range) = laid.ranges.get(&name) else { continue };
        sensors.entry(name.clone()).or_insert_with(|| Sensor {
            name,
            range,
            node: event.node.clone(),
            pan: place.pan,
            loudness: place.loudness,
        });
    }
    sensors.into_values().collect()
}

/// Who is held alone, and who sings in which choir.
fn cast(sensors: &[Sensor], mapping: &Mapping) -> Vec<Tone> {
    let alone = |i: usize| Tone { members: vec![i], choir: false };
    if sensors.len() <= mapping.solos + mapping.choirs {
        return (0..sensors.len()).map(alone).collect();
    }
    let mut order: Vec<usize> = (0..sensors.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(sensors[*i].range.readings));
    let talkative = order.iter().filter(|i| sensors[**i].range.readings >= TALKATIVE).count();
    let mut rest = order.split_off(talkative.min(mapping.solos));
    rest.sort_by(|a, b| sensors[*a].pan.total_cmp(&sensors[*b].pan).then(a.cmp(b)));
    let mut tones: Vec<Tone> = order.into_iter().map(alone).collect();
    let choirs = mapping.choirs.min(rest.len());
    for i in 0..choirs {
        let members = rest[rest.len() * i / choirs..rest.len() * (i + 1) / choirs].to_vec();
        tones.push(Tone { members, choir: true });
    }
    tones
}

/// A tone's level from a moment on.
#[derive(Clone, Copy)]
struct Change {
    event: usize,
    level: f64,
}

/// How the level of every tone changes.
fn changes<'l>(laid: &'l Laid<'_>, sensors: &'l [Sensor], tones: &[Tone]) -> Vec<Vec<Change>> {
    let mut choir = Levels::new(sensors, tones);
    let mut changes: Vec<Vec<Change>> = tones.iter().map(|_| Vec::new()).collect();
    for (i, event) in laid.events.iter().enumerate() {
        let node = (event.space, &*event.node);
        if let Some(stands) = event.standing {
            choir.standing.insert(node, (i, stands.clamp(0.0, 1.0)));
        }
        let touched = match (event.number(), event.standing) {
            (Some((name, value)), _) => choir.read(&name, node, value, i).into_iter().collect(),
            (None, Some(_)) => choir.stand(node),
            (None, None) => continue,
        };
        for t in touched {
            changes[t].push(Change { event: i, level: choir.sums[t] / tones[t].members.len() as f64 });
        }
    }
    for (tone, changes) in tones.iter().zip(&mut changes).filter(|(t, _)| t.choir) {
        debug_assert!(!tone.members.is_empty());
        let most = changes.iter().map(|c| c.level).fold(0.0, f64::max);
        changes.iter_mut().filter(|_| most > 0.0).for_each(|c| c.level = (c.level / most).clamp(0.0, 1.0));
    }
    changes
}

/// A node by its space and id.
type NodeName<'l> = (usize, &'l str);

/// How high all sensors stand, summed up by tone: what is said of a node moves its sensors together, however many
/// they are.
struct Levels<'l> {
    sensors: &'l [Sensor],
    by_name: BTreeMap<&'l SensorName, usize>,
    /// The tone of each sensor.
    tones: Vec<Option<usize>>,
    /// Where each sensor that has spoken stood when it did, and the event.
    levels: Vec<Option<(usize, f64)>>,
    /// How each node stands, and the event that said so.
    standing: BTreeMap<NodeName<'l>, (usize, f64)>,
    /// The sensors of a node that have spoken, by their tone: how many, and the sum of their levels.
    seats: BTreeMap<NodeName<'l>, BTreeMap<usize, (usize, f64)>>,
    sums: Vec<f64>,
}

impl<'l> Levels<'l> {
    fn new(sensors: &'l [Sensor], tones: &[Tone]) -> Levels<'l> {
        let mut tone_of = vec![None; sensors.len()];
        for (t, tone) in tones.iter().enumerate() {
            tone.members.iter().for_each(|m| tone_of[*m] = Some(t));
        }
        Levels {
            sensors,
            by_name: sensors.iter().map(|s| &s.name).zip(0..).collect(),
            tones: tone_of,
            levels: vec![None; sensors.len()],
            standing: BTreeMap::new(),
            seats: BTreeMap::new(),
            sums: vec![0.0; tones.len()],
        }
    }

    /// Takes a reading at a node; its tone, if it has one.
    fn read(&mut self, name: &SensorName, node: NodeName<'l>, value: f64, event: usize) -> Option<usize> {
        let s = *self.by_name.get(name)?;
        let t = self.tones[s]?;
        let sensor = &self.sensors[s];
        let level = self.standing.get(&node).map_or_else(|| sensor.range.level(value), |(_, level)| *level);
        let own = (sensor.name.0, &*sensor.node);
        let before =
            self.levels[s].replace((event, level)).map(|(at, level)| match self.standing.get(&own) {
                Some((later, stands)) if *later > at && !sensor.node.is_empty() => *stands,
                _ => level,
            });
        self.sums[t] += level - before.unwrap_or(0.0);
        if !sensor.node.is_empty() {
            let seat = self.seats.entry(own).or_default().entry(t).or_default();
            seat.0 += usize::from(before.is_none());
            seat.1 += level - before.unwrap_or(0.0);
        }
        Some(t)
    }

    /// Lets the sensors of a node stand as it does; their tones. One that has not spoken yet stays silent.
    fn stand(&mut self, node: NodeName<'l>) -> Vec<usize> {
        let Some((_, stands)) = self.standing.get(&node) else { return Vec::new() };
        let seats = self.seats.get_mut(&node).into_iter().flatten();
        seats
            .map(|(t, (count, sum))| {
                let now = stands * *count as f64;
                self.sums[*t] += now - *sum;
                *sum = now;
                *t
            })
            .collect()
    }
}

/// Where the sensors of a tone are heard on the whole.
struct Mean {
    pan: f64,
    loudness: f64,
}

impl Mean {
    fn of(tone: &Tone, sensors: &[Sensor]) -> Mean {
        let members = || tone.members.iter().map(|m| &sensors[*m]);
        let mean = |of: &dyn Fn(&Sensor) -> f64| members().map(of).sum::<f64>() / tone.members.len() as f64;
        Mean { pan: mean(&|s| s.pan), loudness: mean(&|s| s.loudness) }
    }
}

/// One held tone.
struct Part<'p> {
    laid: &'p Laid<'p>,
    mapping: &'p Mapping,
    tone: &'p Tone,
    channel: u8,
    base: i64,
    mean: Mean,
}

impl Part<'_> {
    /// Appends the parts of the tone: one a step in which it changes, within each scene.
    fn write(&self, changes: &[Change], notes: &mut Vec<Note>) {
        let mut last: Option<(usize, usize, f64)> = None;
        let start_of = |c: &Change| self.laid.step_of(c.event);
        for (i, change) in changes.iter().enumerate() {
            // Within a step the last change counts.
            if changes.get(i + 1).is_some_and(|next| start_of(next) == start_of(change)) {
                continue;
            }
            let (start, scene) = (start_of(change), self.laid.clock.places[change.event].1);
            let goes_on = last.is_some_and(|(_, before, _)| before == scene);
            if last.is_some_and(|(_, _, level)| goes_on && (level - change.level).abs() < FINEST) {
                continue;
            }
            if let Some((at, _, _)) = last {
                let before: &mut Note = &mut notes[at];
                before.length = before.length.min(start - before.start);
                before.drone = before.drone.map(|h| Drone { last: !goes_on, ..h });
            }
            let before = last.filter(|_| goes_on).map(|(at, _, _)| &notes[at]);
            let note = self.note(*change, start, before);
            notes.push(note);
            last = Some((notes.len() - 1, scene, change.level));
        }
    }

    fn note(&self, change: Change, start: i64, before: Option<&Note>) -> Note {
        let Laid { events, clock, places, .. } = self.laid;
        let event = &events[change.event];
        let pitch = self.pitch(change.level);
        let loudness = if self.tone.choir { 1.0 } else { self.mean.loudness };
        let velocity = velocity((FLOOR + RISE * change.level) * loudness);
        let end = clock.ends[clock.places[change.event].1].max(start + self.laid.step);
        Note {
            start,
            length: end - start,
            pitch,
            velocity,
            pan: if self.tone.choir { self.mean.pan } else { places[change.event].pan },
            voice: Voice::Drone,
            drone: Some(Drone {
                channel: self.channel,
                pitch: before.map_or(pitch, |b| b.pitch),
                velocity: before.map_or(0, |b| b.velocity),
                first: before.is_none(),
                last: true,
                level: change.level,
            }),
            clip: None,
            what: self.label(event, change.level),
            count: 1,
            node: event.node.clone(),
            event: event.id.clone(),
            time: event.time,
            space: event.space,
            scene: self.laid.scenes[change.event],
            reads: event.reading.as_ref().map(|read| Reads {
                sensor: super::words::clean(&read.sensor),
                place: event.name.clone(),
                choir: self.tone.choir.then(|| self.choir()),
                words: read.words.clone(),
                moved: self.laid.moved[change.event],
            }),
            tally: Vec::new(),
        }
    }

    /// The pitch of a level: it bends, and lingers on the notes of the scale.
    fn pitch(&self, level: f64) -> f64 {
        let wanted = self.base as f64 + self.mapping.bend as f64 * level;
        let note = |n: i64| (n - self.mapping.root).rem_euclid(12);
        let on_scale = |n: &i64| self.mapping.scale.contains(&note(*n));
        let floor = wanted.floor() as i64;
        let below = (floor - 12..=floor).rev().find(on_scale).unwrap_or(floor);
        let above = (floor + 1..=floor + 13).find(on_scale).unwrap_or(floor + 1);
        let ease = |u: f64| u * u * (3.0 - 2.0 * u);
        let along = ease(ease((wanted - below as f64) / (above - below) as f64));
        (below as f64 + (above - below) as f64 * along).clamp(0.0, 127.0)
    }

    fn label(&self, event: &Sonified, level: f64) -> String {
        let percent = (level * 100.0).round();
        match &event.reading {
            Some(read) if !self.tone.choir => {
                format!("{} at {}: {}", super::words::clean(&read.sensor), event.name, read.words)
            }
            _ if !self.tone.choir => format!("{} stands at {percent} %", event.name),
            _ => format!("{}: {percent} %", self.choir()),
        }
    }

    /// Who forms it, in words.
    fn choir(&self) -> String {
        format!("{} sensors {}", self.tone.members.len(), side(self.mean.pan))
    }
}

/// A side in words.
fn side(pan: f64) -> &'static str {
    match pan {
        p if p < -0.5 => "on the left",
        p if p < -0.15 => "left of the middle",
        p if p <= 0.15 => "in the middle",
        p if p <= 0.5 => "right of the middle",
        _ => "on the right",
    }
}
