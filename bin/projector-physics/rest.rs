//! Rest: bodies that touch form islands, and an island of which nothing moves to speak of stays where it is.

use crate::body::{Body, Moment};
use crate::made::Motion;

/// What is no motion to speak of over a window: metres, radians; and at its end: metres and radians a second.
const MOVED: f64 = 1e-4;
const TURNED: f64 = 1e-4;
const SLOW: f64 = 0.01;

/// Which bodies rest, of those that have ended somewhere.
pub fn resting(bodies: &[Body<'_>], ends: &[Option<Moment>], touching: &[(usize, usize)]) -> Vec<bool> {
    let mut islands = Islands((0..bodies.len()).collect());
    let joins = |i: usize| bodies[i].made.motion != Motion::Static;
    for (a, b) in touching.iter().filter(|(a, b)| joins(*a) && joins(*b)) {
        islands.join(*a, *b);
    }
    let mut rests = vec![true; bodies.len()];
    for (i, body) in bodies.iter().enumerate().filter(|(i, _)| joins(*i)) {
        let island = islands.of(i);
        rests[island] &= ends[i].as_ref().is_none_or(|end| is_still(body, end));
    }
    (0..bodies.len()).map(|i| rests[islands.of(i)]).collect()
}

/// Whether a body has not moved to speak of. What moves by its own velocity is still where that is nothing.
fn is_still(body: &Body<'_>, end: &Moment) -> bool {
    let start = &body.moment;
    if body.made.motion == Motion::Kinematic {
        return start.velocity == [0.0; 3] && start.spin == [0.0; 3];
    }
    let between: [f64; 3] = std::array::from_fn(|i| end.position[i] - start.position[i]);
    length(between) < MOVED
        && turned(start.rotation, end.rotation) < TURNED
        && length(end.velocity) < SLOW
        && length(end.spin) < SLOW
}

fn length(v: [f64; 3]) -> f64 {
    libm::sqrt(v.iter().map(|x| x * x).sum())
}

/// The angle between two rotations that are close, in radians: twice the vector part of the one after the other's
/// inverse.
fn turned(a: [f64; 4], b: [f64; 4]) -> f64 {
    let ([ax, ay, az, aw], [bx, by, bz, bw]) = (a, b);
    let cross = [
        aw * bx - bw * ax - (ay * bz - az * by),
        aw * by - bw * ay - (az * bx - ax * bz),
        aw * bz - bw * az - (ax * by - ay * bx),
    ];
    2.0 * length(cross)
}

/// Bodies that belong together, each by one of them.
struct Islands(Vec<usize>);

impl Islands {
    fn of(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}
