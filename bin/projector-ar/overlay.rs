//! What an eye sees of the things: where each is in the picture, how far, which way, what hides it, and where its label
//! stands.

use crate::body::{Form, met};
use crate::label::{self, Labels, Rect};
use crate::pose::micro;
use crate::sky::{Patch, Sky, patches};
use crate::thing::{Placed, Seen};
use crate::viewer::Camera;
use rayon::prelude::*;
use ulp_view::geodesy::round;
use ulp_view::solid::space::{Vector, dot};

/// A thing as the eye sees it.
pub struct Sight<'t, 's, 'a> {
    pub seen: &'t Seen<'s, 'a>,
    /// The words of its label.
    pub label: String,
    /// Where its place is in the picture; none outside of it.
    pub screen: Option<[f64; 2]>,
    /// Around its body, where all of that is before the eye.
    pub around: Option<Rect>,
    /// In metres.
    pub distance: f64,
    /// From true north to the east, and from the level up, in degrees.
    pub bearing: f64,
    pub elevation: f64,
    /// What the look to it meets first.
    pub hidden_by: Option<&'t str>,
    pub label_box: Option<Rect>,
    /// Which way it lies from the middle of the picture, to the right and down.
    pub aside: [f64; 2],
}

/// Everything in view, the nearest first; with `all` also what is not.
pub fn sights<'t, 's, 'a>(things: &'t [Seen<'s, 'a>], camera: &Camera, all: bool) -> Vec<Sight<'t, 's, 'a>> {
    let looked = things.par_iter().enumerate().map(|(i, seen)| (i, look(seen, camera)));
    let mut sights: Vec<(usize, Sight<'t, 's, 'a>)> =
        looked.filter(|(_, sight)| all || sight.screen.is_some()).collect();
    sights.par_sort_by(|(_, a), (_, b)| {
        let ids = || a.seen.thing.id.cmp(b.seen.thing.id).then(a.seen.thing.space.cmp(b.seen.thing.space));
        a.distance.total_cmp(&b.distance).then_with(ids)
    });
    let hiding = Hiding::new(things, camera);
    sights.par_iter_mut().for_each(|(i, sight)| {
        sight.hidden_by = hiding.first(*i, camera.way(sight.seen.place)).map(|first| things[first].thing.id);
    });
    let mut labels = Labels::new([camera.width, camera.height]);
    for (_, sight) in &mut sights {
        let beside = sight.screen.map(|[x, y]| sight.around.unwrap_or([x, y, 0.0, 0.0]));
        sight.label_box = beside.and_then(|beside| labels.place(label::width(&sight.label), beside));
    }
    sights.into_iter().map(|(_, sight)| sight).collect()
}

fn look<'t, 's, 'a>(seen: &'t Seen<'s, 'a>, camera: &Camera) -> Sight<'t, 's, 'a> {
    let way = camera.way(seen.place);
    let [east, north, up] = camera.east_north_up(way);
    let distance = round::height(libm::sqrt(dot(way, way)));
    // What is where the eye is lies in no direction.
    let [east, north, up] = if distance > 0.0 { [east, north, up] } else { [0.0; 3] };
    let bearing = micro(libm::atan2(east, north).to_degrees());
    Sight {
        seen,
        label: label::words(&seen.name),
        screen: camera.on_screen(way).filter(|place| distance > 0.0 && camera.holds(*place)),
        around: seen.body.as_ref().and_then(|body| around(body, camera)),
        distance,
        bearing: if bearing < 0.0 { micro(bearing + 360.0) % 360.0 } else { bearing },
        elevation: micro(libm::atan2(up, libm::hypot(east, north)).to_degrees()),
        hidden_by: None,
        label_box: None,
        aside: camera.aside(way),
    }
}

/// Around the eight corners of the body's own box; none where one of them is not before the eye.
fn around(body: &Placed, camera: &Camera) -> Option<Rect> {
    let middle = camera.way(body.at);
    let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for corner in body.body.corners() {
        let way = body.way(corner);
        let place = camera.on_screen(std::array::from_fn(|i| middle[i] + way[i]))?;
        for i in 0..2 {
            (least[i], most[i]) = (least[i].min(place[i]), most[i].max(place[i]));
        }
    }
    Some([least[0], least[1], most[0] - least[0], most[1] - least[1]])
}

/// What may hide something: bodies that the eye is inside of hide nothing.
struct Hiding<'t, 's, 'a> {
    things: &'t [Seen<'s, 'a>],
    parts: Vec<Part>,
    /// The eye in each body's own frame.
    eyes: Vec<Option<Vector>>,
    sky: Sky,
}

/// A body as a whole, or one of its triangles.
#[derive(Clone, Copy)]
struct Part {
    of: usize,
    triangle: Option<usize>,
}

impl<'t, 's, 'a> Hiding<'t, 's, 'a> {
    fn new(things: &'t [Seen<'s, 'a>], camera: &Camera) -> Hiding<'t, 's, 'a> {
        let eyes: Vec<Option<Vector>> = things.par_iter().map(|seen| eye_in(seen, camera)).collect();
        let parts: Vec<Part> = (0..things.len())
            .filter(|i| eyes[*i].is_some())
            .flat_map(|of| {
                let count = match things[of].body.as_ref().map(|body| &body.body.form) {
                    Some(Form::Triangles(list)) => Some(list.len()),
                    _ => None,
                };
                let whole = count.is_none().then_some(Part { of, triangle: None });
                let each = (0..count.unwrap_or(0)).map(move |i| Part { of, triangle: Some(i) });
                whole.into_iter().chain(each)
            })
            .collect();
        let patch = |i: usize, part: &Part| patch(i, part, &things[part.of], camera);
        let sky = Sky::new(patches(&parts, patch));
        Hiding { things, parts, eyes, sky }
    }

    /// The thing, other than `of` itself, that the way to its place meets first. Of two that are met together it is the
    /// one whose id comes first.
    fn first(&self, of: usize, way: Vector) -> Option<usize> {
        let far = libm::sqrt(dot(way, way));
        if far == 0.0 {
            return None;
        }
        let to = way.map(|c| c / far);
        let (mut share, mut first) = (1.0, None);
        self.sky.along(to, far, &mut |part, _| {
            let Part { of: other, triangle } = self.parts[part];
            if let Some(found) = (other != of).then(|| self.meet(other, triangle, way)).flatten() {
                let is_first = |now: usize| found == share && self.rank(other) < self.rank(now);
                if found < share || first.is_some_and(is_first) {
                    (share, first) = (found, Some(other));
                }
            }
            share * far
        });
        first
    }

    fn rank(&self, i: usize) -> (&str, &str) {
        (self.things[i].thing.id, self.things[i].thing.space)
    }

    fn meet(&self, of: usize, triangle: Option<usize>, way: Vector) -> Option<f64> {
        let (body, eye) = (self.things[of].body.as_ref()?, self.eyes[of]?);
        let way = body.inward(way);
        match (&body.body.form, triangle) {
            (Form::Triangles(list), Some(i)) => met(&list[i], eye, way),
            _ => body.body.met(eye, way),
        }
    }
}

/// Where the eye is in the frame of what may hide something; none of what hides nothing.
fn eye_in(seen: &Seen<'_, '_>, camera: &Camera) -> Option<Vector> {
    let body = seen.body.as_ref().filter(|body| body.is_solid())?;
    let middle = body.body.middle();
    let inward = body.inward(camera.way(body.at));
    let eye: Vector = std::array::from_fn(|i| middle[i] - inward[i]);
    (eye.iter().all(|c| c.is_finite()) && !body.body.surrounds(eye)).then_some(eye)
}

/// The part of the sky that something may hide.
fn patch(i: usize, part: &Part, seen: &Seen<'_, '_>, camera: &Camera) -> Patch {
    let Some(body) = seen.body.as_ref() else { return Patch::new(i, [0.0; 3], 1.0) };
    let middle = camera.way(body.at);
    match (&body.body.form, part.triangle) {
        (Form::Triangles(list), Some(triangle)) => {
            let corners = list[triangle].map(|corner| body.way(corner));
            let centre: Vector = std::array::from_fn(|i| corners.iter().map(|c| c[i]).sum::<f64>() / 3.0);
            let off = |corner: &Vector| {
                let way: Vector = std::array::from_fn(|i| corner[i] - centre[i]);
                libm::sqrt(dot(way, way))
            };
            let radius = corners.iter().map(off).fold(0.0, f64::max);
            Patch::new(i, std::array::from_fn(|i| middle[i] + centre[i]), radius)
        }
        _ => Patch::new(i, middle, body.reach()),
    }
}
