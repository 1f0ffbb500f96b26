//! Bodies, as a window begins: what the solver is given, and the lines that say so.

use crate::deeds::SPACE;
use crate::fields::Field;
use crate::made::{Made, Motion};
use crate::scene::{Node, Scene};
use std::sync::Arc;
use ulp_core::id::{Lane, Policy, Realm, Tile};
use ulp_core::json::write::{Members, write_numbers};
use ulp_core::json::write_number;
use ulp_view::transform::{Local, Rotation, numbers};

/// How things fall where a space does not say otherwise, in metres and seconds.
const GRAVITY: [f64; 3] = [0.0, 0.0, -9.80665];
/// Beyond these the solver takes no body: metres, metres a second, radians a second.
const FARTHEST: f64 = 1e7;
const FASTEST: f64 = 1e5;
const FASTEST_SPIN: f64 = 1e4;
/// The strongest gravity, in metres and seconds.
const STRONGEST: f64 = 1e4;

const FAR: &str = "it is farther away than the solver takes";
const FAST: &str = "it is faster than the solver takes";

/// Where a body is, and how it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    pub position: [f64; 3],
    /// x, y, z, w; of length 1.
    pub rotation: [f64; 4],
    /// In metres and in radians a second.
    pub velocity: [f64; 3],
    pub spin: [f64; 3],
}

/// One body.
pub struct Body<'a> {
    /// The number of its node.
    pub node: usize,
    pub name: &'a str,
    pub tile: Tile,
    pub made: Arc<Made>,
    pub moment: Moment,
    /// Whether it keeps its height and turns about z alone: its position has two numbers.
    pub is_flat: bool,
    /// Whether its rotation is written in degrees.
    pub in_degrees: bool,
    /// The registers as they stand: geometry, height, physics, position, rotation, scale.
    raws: [Option<&'a str>; 6],
}

/// All bodies of a space, in the order of insertion, with what else a step is a function of.
pub struct World<'a> {
    pub bodies: Vec<Body<'a>>,
    pub gravity: [f64; 3],
    /// Gravity as it stands, where it is given.
    given: Option<&'a str>,
    /// The strictest policy and the narrowest realm of all that it was built from.
    pub lane: Lane,
}

/// A node that is physical and no body, and why.
pub type Refused<'a> = (&'a str, &'static str);

impl<'a> World<'a> {
    /// The world that stands in a scene.
    pub fn of(scene: &mut Scene<'a>, takes_tile: &dyn Fn(Tile) -> bool) -> (World<'a>, Vec<Refused<'a>>) {
        let standing = scene.standing(takes_tile);
        let mut lane = scene.gravity.map_or(LOOSEST, |said| said.lane);
        let (mut bodies, mut refused) = (Vec::with_capacity(standing.len()), Vec::new());
        for number in standing {
            let name = scene.names[number];
            let node = &mut scene.nodes[number];
            match Body::of(number, name, node) {
                Ok(body) => {
                    lane = node.lanes().fold(lane, stricter);
                    bodies.push(body);
                }
                Err(why) => refused.push((name, why)),
            }
        }
        let given = scene.gravity.map(|said| said.value).filter(|raw| *raw != "null");
        (World { bodies, gravity: given.map_or(GRAVITY, gravity), given, lane }, refused)
    }

    /// Appends the lines that say what a step is a function of; or, with what became of bodies, what it came to.
    pub fn write(&self, ends: Option<&[Option<End>]>, out: &mut Vec<u8>) {
        if let Some(given) = self.given {
            let mut line = Members::open(out);
            line.raw("gravity", Some(given), out);
            line.text("node_id", SPACE, out);
            line.end_line(out);
        }
        for (i, body) in self.bodies.iter().enumerate() {
            body.write(ends.and_then(|ends| ends[i].as_ref()), out);
        }
    }
}

const LOOSEST: Lane = Lane { realm: Realm::Public, policy: Policy::Public };

fn stricter(a: Lane, b: Lane) -> Lane {
    Lane { realm: a.realm.min(b.realm), policy: a.policy.min(b.policy) }
}

/// What a space says of gravity; anything else than two or three numbers says nothing.
fn gravity(raw: &str) -> [f64; 3] {
    let given = match numbers(raw)[..] {
        [x, y] => [x, y, 0.0],
        [x, y, z] => [x, y, z],
        _ => GRAVITY,
    };
    if given.iter().all(|x| x.abs() <= STRONGEST) { given } else { GRAVITY }
}

impl<'a> Body<'a> {
    fn of(number: usize, name: &'a str, node: &mut Node<'a>) -> Result<Body<'a>, &'static str> {
        let made = node.made()?;
        let raws =
            [Field::Geometry, Field::Height, Field::Physics, Field::Position, Field::Rotation, Field::Scale]
                .map(|field| node.value(field));
        let [_, _, _, position, rotation, _] = raws;
        let local = Local::said([position, rotation, None]);
        let is_flat = position.is_some_and(|raw| numbers(raw).len() == 2);
        let moment = Moment {
            position: local.translation,
            rotation: local.rotation.quaternion(),
            velocity: vector(&motion(node, Field::Velocity, made.velocity.as_deref()), is_flat, false),
            spin: vector(&motion(node, Field::Spin, made.spin.as_deref()), is_flat, true),
        };
        let moment = if made.motion == Motion::Static { moment.at_rest() } else { moment };
        moment.is_taken()?;
        let in_degrees = is_flat && matches!(local.rotation, Rotation::Degrees(_));
        let (_, tile, _) = node.created.ok_or("it was never created")?;
        Ok(Body { node: number, name, tile, made, moment, is_flat, in_degrees, raws })
    }

    /// Appends its line: as it stands, or as it ends.
    fn write(&self, end: Option<&End>, out: &mut Vec<u8>) {
        let [geometry, height, physics, _, _, scale] = self.raws;
        let registers = end.copied().unwrap_or_else(|| End::of(self, &self.moment)).registers(self);
        let said = |field| registers.iter().find(|(of, _)| *of == field).map(|(_, raw)| raw.as_str());
        let mut line = Members::open(out);
        line.raw("angular_velocity", said(Field::Spin), out);
        line.raw("geometry", geometry, out);
        line.raw("height", height, out);
        line.text("node_id", self.name, out);
        line.raw("physics", physics, out);
        line.raw("position", said(Field::Position), out);
        line.raw("rotation", said(Field::Rotation), out);
        line.raw("scale", scale, out);
        line.word("tile", self.tile, out);
        line.raw("velocity", said(Field::Velocity), out);
        line.end_line(out);
    }

    /// Appends what a step says of it, from the registers that the step writes.
    pub fn write_update(&self, registers: &[(Field, String)], out: &mut Vec<u8>) {
        let said = |field| registers.iter().find(|(of, _)| *of == field).map(|(_, raw)| raw.as_str());
        let mut update = Members::open(out);
        update.raw("angular_velocity", said(Field::Spin), out);
        update.text("node_id", self.name, out);
        let transform = [("position", Field::Position), ("rotation", Field::Rotation)];
        let transform = transform.into_iter().filter_map(|(name, field)| Some((name, said(field)?)));
        update.raws("transform", transform, out);
        update.raw("velocity", said(Field::Velocity), out);
        update.close(out);
    }
}

/// The numbers of the newer of what a step said and what `physics` says, where that says anything.
fn motion(node: &Node<'_>, field: Field, own: Option<&[f64]>) -> Vec<f64> {
    let said = node.said(field);
    let physics = node.said(Field::Physics).map(|said| said.key);
    match (said, own) {
        (Some(said), own) if own.is_none() || Some(said.key) > physics => numbers(said.value),
        (_, own) => own.unwrap_or_default().to_vec(),
    }
}

/// A velocity of two or three numbers, or a spin, which may be one: about z. Anything else is none.
fn vector(numbers: &[f64], is_flat: bool, is_spin: bool) -> [f64; 3] {
    let vector = match *numbers {
        [z] if is_spin => [0.0, 0.0, z],
        [x, y] if !is_spin => [x, y, 0.0],
        [x, y, z] => [x, y, z],
        _ => [0.0; 3],
    };
    match (is_flat, is_spin) {
        (false, _) => vector,
        (true, false) => [vector[0], vector[1], 0.0],
        (true, true) => [0.0, 0.0, vector[2]],
    }
}

impl Moment {
    /// The same place, without motion.
    pub fn at_rest(self) -> Moment {
        Moment { velocity: [0.0; 3], spin: [0.0; 3], ..self }
    }

    /// Whether the solver takes it.
    fn is_taken(&self) -> Result<(), &'static str> {
        let within = |numbers: &[f64], most: f64| numbers.iter().all(|x| x.abs() <= most);
        if !within(&self.position, FARTHEST) {
            return Err(FAR);
        }
        let slow = within(&self.velocity, FASTEST) && within(&self.spin, FASTEST_SPIN);
        if slow { Ok(()) } else { Err(FAST) }
    }

    pub fn is_finite(&self) -> bool {
        let Moment { position, rotation, velocity, spin } = self;
        position.iter().chain(rotation).chain(velocity).chain(spin).all(|x| x.is_finite() && x.abs() < 1e12)
    }
}

/// Where a body ends, as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    is_flat: bool,
    /// Whether it is where it began: that stays as it was written.
    is_in_place: bool,
    pub position: [f64; 3],
    turn: Turn,
    velocity: [f64; 3],
    spin: [f64; 3],
}

/// A rotation as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Degrees(f64),
    Quaternion([f64; 4]),
}

impl End {
    /// A moment of a body, rounded.
    pub fn of(body: &Body<'_>, moment: &Moment) -> End {
        let turn = if body.in_degrees {
            let [_, _, z, w] = moment.rotation;
            let degrees = micro((2.0 * libm::atan2(z, w)).to_degrees());
            Turn::Degrees(if degrees > 180.0 {
                micro(degrees - 360.0)
            } else if degrees <= -180.0 {
                micro(degrees + 360.0)
            } else {
                degrees
            })
        } else {
            Turn::Quaternion(quaternion(moment.rotation))
        };
        End {
            is_flat: body.is_flat,
            is_in_place: moment.position == body.moment.position && moment.rotation == body.moment.rotation,
            position: moment.position.map(micro),
            turn,
            velocity: moment.velocity.map(micro),
            spin: moment.spin.map(micro),
        }
    }

    /// Whether both are written alike.
    pub fn says_as(&self, other: &End) -> bool {
        let numbers = |end: &End| (end.position, end.turn, end.velocity, end.spin);
        numbers(self) == numbers(other)
    }

    /// The registers that it writes of a body, as canonical JSON.
    pub fn registers(&self, body: &Body<'_>) -> Vec<(Field, String)> {
        let mut written = Vec::with_capacity(4);
        let mut write = |field, write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            written.push((field, String::from_utf8(out).unwrap_or_default()));
        };
        let axes = if self.is_flat { 2 } else { 3 };
        if self.is_in_place {
            let [_, _, _, position, rotation, _] = body.raws;
            for (field, raw) in [(Field::Position, position), (Field::Rotation, rotation)] {
                raw.into_iter().for_each(|raw| write(field, &|out| out.extend_from_slice(raw.as_bytes())));
            }
        } else {
            write(Field::Position, &|out| write_numbers(&self.position[..axes], out));
            write(Field::Rotation, &|out| match self.turn {
                Turn::Degrees(degrees) => write_number(degrees, out),
                Turn::Quaternion(q) => write_numbers(&q, out),
            });
        }
        write(Field::Velocity, &|out| write_numbers(&self.velocity[..axes], out));
        write(Field::Spin, &|out| {
            if self.is_flat { write_number(self.spin[2], out) } else { write_numbers(&self.spin, out) }
        });
        written
    }
}

/// To 10⁻⁶: halves away from zero, never −0.
fn micro(x: f64) -> f64 {
    ulp_view::geodesy::round::position(x)
}

/// To 10⁻⁹, and of the two that turn alike the one whose w is no less than 0.
fn quaternion(q: [f64; 4]) -> [f64; 4] {
    let q = q.map(ulp_view::geodesy::round::degrees);
    let [x, y, z, w] = q;
    let is_turned = w < 0.0 || w == 0.0 && [x, y, z].into_iter().find(|x| *x != 0.0).is_some_and(|x| x < 0.0);
    if is_turned { q.map(|x| -x + 0.0) } else { q }
}
