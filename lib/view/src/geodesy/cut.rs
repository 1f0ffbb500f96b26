//! Lines and areas of the Earth as maps want them: nothing crosses the antimeridian, outer rings run counter-clockwise.
//!
//! Longitudes come in as they count on from the origin, without a fold. A line or a ring is followed from point to
//! point, each as near to the one before as it can be; where it crosses ±180° it is cut, and each piece is brought into
//! [−180, 180]. A ring that goes around a pole is led along the antimeridian to that pole.

/// A place of the Earth that a geometry goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub lon: f64,
    pub lat: f64,
    /// The z of the plane, where the trace gives one.
    pub z: Option<f64>,
}

/// The corners of a ring.
pub type Ring = Vec<Spot>;

/// How many times a ring may go around the Earth.
const MOST_TURNS: f64 = 8.0;
const TURN: f64 = 360.0;

/// The pieces of a line, none of which crosses the antimeridian.
pub fn line(mut points: Vec<Spot>) -> Vec<Vec<Spot>> {
    follow(&mut points, None);
    let mut pieces: Vec<(f64, Vec<Spot>)> = Vec::new();
    for pair in points.windows(2) {
        for [from, to] in split(pair[0], pair[1]) {
            let turn = turn_of(f64::midpoint(from.lon, to.lon));
            match pieces.last_mut() {
                Some((last, piece)) if *last == turn => piece.push(to),
                _ => pieces.push((turn, vec![from, to])),
            }
        }
    }
    pieces.into_iter().map(|(turn, piece)| shifted(piece, turn)).collect()
}

/// A ring that is given without its closing point, closed, in its own direction; none where [`area`] cuts it.
pub fn ring(mut ring: Ring) -> Option<Ring> {
    follow(&mut ring, None);
    if turns(&ring) != 0.0 {
        return None;
    }
    let [least, most] = reach(std::slice::from_ref(&ring));
    let turn = turn_of(least);
    ends_within(turn, most).then(|| closed(shifted(ring, turn)))
}

/// The polygons that rings make, which are given without their closing points, the outer one first: each again an outer
/// ring and its holes, all closed. None where a ring winds around a pole more often than anything on Earth does.
pub fn area(mut rings: Vec<Ring>) -> Option<Vec<Vec<Ring>>> {
    let first = rings.first()?.first()?.lon;
    for ring in &mut rings {
        follow(ring, Some(first));
        around_pole(ring);
    }
    rings.iter_mut().enumerate().for_each(|(i, ring)| turn_about(ring, i == 0));
    let [least, most] = reach(&rings);
    if most - least > MOST_TURNS * TURN {
        return None;
    }
    let (low, high) = (turn_of(least), turn_of(most));
    if ends_within(low, most) {
        return Some(vec![rings.into_iter().map(|ring| closed(shifted(ring, low))).collect()]);
    }
    let mut turn = low;
    let mut polygons = Vec::new();
    while turn <= high {
        let east = side(&rings, turn * TURN - TURN / 2.0, 1.0);
        let part = side(&east, turn * TURN + TURN / 2.0, -1.0);
        polygons.extend(grouped(part.into_iter().map(|ring| shifted(ring, turn)).collect()));
        turn += 1.0;
    }
    Some(polygons)
}

/// The least and the greatest longitude.
fn reach(rings: &[Ring]) -> [f64; 2] {
    let lons = || rings.iter().flatten().map(|spot| spot.lon);
    [lons().fold(f64::INFINITY, f64::min), lons().fold(f64::NEG_INFINITY, f64::max)]
}

/// Whether a turn around the Earth reaches as far as a longitude.
fn ends_within(turn: f64, most: f64) -> bool {
    most <= turn * TURN + TURN / 2.0
}

/// The number of the turn around the Earth that a longitude is in.
fn turn_of(lon: f64) -> f64 {
    ((lon + TURN / 2.0) / TURN).floor()
}

fn shifted(mut spots: Vec<Spot>, turn: f64) -> Vec<Spot> {
    spots.iter_mut().for_each(|spot| spot.lon -= turn * TURN);
    spots
}

fn closed(mut ring: Ring) -> Ring {
    ring.extend(ring.first().copied());
    ring
}

/// Brings each longitude as near as can be to the one before.
fn follow(spots: &mut [Spot], from: Option<f64>) {
    let mut before = from.unwrap_or_else(|| spots.first().map_or(0.0, |spot| spot.lon));
    for spot in spots {
        spot.lon += TURN * ((before - spot.lon) / TURN).round();
        before = spot.lon;
    }
}

/// How many times around the Earth a ring ends from where it began.
fn turns(ring: &[Spot]) -> f64 {
    let ends = ring.first().zip(ring.last());
    ends.map_or(0.0, |(first, last)| ((last.lon - first.lon) / TURN).round())
}

/// Leads a ring that does not come back to where it began along the antimeridian to the pole that it goes around.
fn around_pole(ring: &mut Ring) {
    let turns = turns(ring);
    let Some(first) = ring.first().copied().filter(|_| turns != 0.0) else { return };
    let mean: f64 = ring.iter().map(|spot| spot.lat).sum();
    let pole = 90.0_f64.copysign(mean);
    let end = first.lon + turns * TURN;
    ring.extend([
        Spot { lon: end, ..first },
        Spot { lon: end, lat: pole, ..first },
        Spot { lat: pole, ..first },
    ]);
}

/// Twice the area of a ring, positive where it runs counter-clockwise.
fn doubled_area(ring: &[Spot]) -> f64 {
    let Some(first) = ring.first() else { return 0.0 };
    let near = |spot: &Spot| [spot.lon - first.lon, spot.lat - first.lat];
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| near(a)[0] * near(b)[1] - near(b)[0] * near(a)[1]).sum()
}

fn turn_about(ring: &mut Ring, is_outer: bool) {
    if (doubled_area(ring) < 0.0) == is_outer {
        ring.reverse();
    }
}

/// Where the way between two places is at a longitude.
fn at(from: Spot, to: Spot, lon: f64) -> Spot {
    let share = (lon - from.lon) / (to.lon - from.lon);
    let mix = |a: f64, b: f64| a + (b - a) * share;
    let z = from.z.zip(to.z).map(|(a, b)| mix(a, b));
    // The meridian itself, so that both pieces end on it.
    Spot { lon, lat: mix(from.lat, to.lat), z }
}

/// A way in one piece or in two.
fn split(from: Spot, to: Spot) -> Vec<[Spot; 2]> {
    let cut = turn_of(from.lon.max(to.lon)) * TURN - TURN / 2.0;
    if from.lon.min(to.lon) < cut && cut < from.lon.max(to.lon) {
        let middle = at(from, to, cut);
        vec![[from, middle], [middle, to]]
    } else {
        vec![[from, to]]
    }
}

/// What of some rings lies east (`sign` 1) or west (−1) of a longitude. Where rings cross it they are cut, and the
/// pieces joined along it: from the least latitude on, each crossing with the next.
fn side(rings: &[Ring], lon: f64, sign: f64) -> Vec<Ring> {
    let is_in = |spot: &Spot| (spot.lon - lon) * sign > 0.0;
    let (mut whole, mut chains) = (Vec::new(), Vec::new());
    for ring in rings {
        match ring.iter().position(|spot| !is_in(spot)) {
            None => whole.push(ring.clone()),
            Some(start) => chains.extend(pieces(ring, start, lon, is_in)),
        }
    }
    whole.extend(joined(chains));
    whole
}

/// The pieces of a ring that lie inside, each from crossing to crossing; it is outside at `start`.
fn pieces(ring: &[Spot], start: usize, lon: f64, is_in: impl Fn(&Spot) -> bool) -> Vec<Vec<Spot>> {
    let mut chains: Vec<Vec<Spot>> = Vec::new();
    let spot = |i: usize| ring[(start + i) % ring.len()];
    for i in 0..ring.len() {
        let (here, next) = (spot(i), spot(i + 1));
        match (is_in(&here), is_in(&next)) {
            (false, true) => chains.push(vec![at(here, next, lon), next]),
            (true, true) => chains.last_mut().into_iter().for_each(|chain| chain.push(next)),
            (true, false) => chains.last_mut().into_iter().for_each(|chain| chain.push(at(here, next, lon))),
            (false, false) => {}
        }
    }
    chains
}

/// Rings of chains whose ends lie on one meridian.
fn joined(chains: Vec<Vec<Spot>>) -> Vec<Ring> {
    // Each end by its chain, and whether it is the last of it.
    let mut ends: Vec<(usize, bool)> = (0..chains.len()).flat_map(|i| [(i, false), (i, true)]).collect();
    let lat = |(i, last): &(usize, bool)| chains[*i][if *last { chains[*i].len() - 1 } else { 0 }].lat;
    ends.sort_by(|a, b| lat(a).total_cmp(&lat(b)).then(a.cmp(b)));
    let mut mates = vec![[(0, false); 2]; chains.len()];
    for pair in ends.chunks_exact(2) {
        for (one, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            mates[one.0][usize::from(one.1)] = other;
        }
    }
    let mut used = vec![false; chains.len()];
    let mut rings = Vec::new();
    for start in 0..chains.len() {
        let (mut ring, mut at, mut backward) = (Vec::new(), start, false);
        while !std::mem::replace(&mut used[at], true) {
            let chain = chains[at].iter().copied();
            if backward {
                ring.extend(chain.rev())
            } else {
                ring.extend(chain)
            }
            let (next, last) = mates[at][usize::from(!backward)];
            (at, backward) = (next, last);
        }
        if ring.len() > 2 {
            rings.push(ring);
        }
    }
    rings
}

/// Polygons of rings: those that run counter-clockwise, each with the holes inside of it.
fn grouped(rings: Vec<Ring>) -> Vec<Vec<Ring>> {
    let (outer, holes): (Vec<Ring>, Vec<Ring>) =
        rings.into_iter().partition(|ring| doubled_area(ring) >= 0.0);
    let mut polygons: Vec<Vec<Ring>> = outer.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        let around = polygons.iter().position(|polygon| holds(&polygon[0], &hole[0]));
        polygons.get_mut(around.unwrap_or(0)).into_iter().for_each(|polygon| polygon.push(hole.clone()));
    }
    polygons.into_iter().map(|polygon| polygon.into_iter().map(closed).collect()).collect()
}

/// Whether a place lies inside of a ring.
fn holds(ring: &[Spot], spot: &Spot) -> bool {
    let next = ring.iter().cycle().skip(1);
    let crosses = |(a, b): &(&Spot, &Spot)| {
        (a.lat > spot.lat) != (b.lat > spot.lat)
            && spot.lon < a.lon + (b.lon - a.lon) * (spot.lat - a.lat) / (b.lat - a.lat)
    };
    ring.iter().zip(next).filter(crosses).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spots(list: &[[f64; 2]]) -> Vec<Spot> {
        list.iter().map(|[lon, lat]| Spot { lon: *lon, lat: *lat, z: None }).collect()
    }

    fn plain(spots: &[Spot]) -> Vec<[f64; 2]> {
        spots.iter().map(|spot| [spot.lon, spot.lat]).collect()
    }

    fn cut(rings: &[&[[f64; 2]]]) -> Vec<Vec<Vec<[f64; 2]>>> {
        let polygons = area(rings.iter().map(|ring| spots(ring)).collect()).unwrap();
        polygons.iter().map(|polygon| polygon.iter().map(|ring| plain(ring)).collect()).collect()
    }

    #[test]
    fn a_line_is_cut_where_it_crosses() {
        let cut = |list| line(spots(list)).iter().map(|piece| plain(piece)).collect::<Vec<_>>();
        assert_eq!(cut(&[[1.0, 2.0], [3.0, 4.0]]), [vec![[1.0, 2.0], [3.0, 4.0]]]);
        let across = [[[170.0, 0.0], [180.0, 10.0]], [[-180.0, 10.0], [-170.0, 20.0]]];
        assert_eq!(cut(&[[170.0, 0.0], [190.0, 20.0]]), across);
        assert_eq!(cut(&[[170.0, 0.0], [-170.0, 20.0]]), across);
        assert_eq!(cut(&[[170.0, 0.0], [180.0, 0.0], [170.0, 5.0]]).len(), 1);
        assert_eq!(cut(&[[179.0, 0.0], [181.0, 0.0], [179.0, 1.0]]).len(), 3);
        assert_eq!(cut(&[[181.0, 0.0], [182.0, 1.0]]), [vec![[-179.0, 0.0], [-178.0, 1.0]]]);
    }

    #[test]
    fn rings_are_closed_and_turned() {
        let square: &[[f64; 2]] = &[[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0]];
        let hole: &[[f64; 2]] = &[[1.0, 1.0], [2.0, 1.0], [2.0, 2.0]];
        let turned = vec![[9.0, 0.0], [9.0, 9.0], [0.0, 9.0], [0.0, 0.0], [9.0, 0.0]];
        let hollow = vec![[2.0, 2.0], [2.0, 1.0], [1.0, 1.0], [2.0, 2.0]];
        assert_eq!(cut(&[square, hole]), [[turned, hollow]]);
    }

    #[test]
    fn a_ring_that_is_whole_keeps_its_direction() {
        let whole = |list: &[[f64; 2]]| ring(spots(list)).map(|ring| plain(&ring));
        let clockwise = [[0.0, 0.0], [0.0, 9.0], [9.0, 9.0]];
        assert_eq!(whole(&clockwise), Some([&clockwise[..], &[[0.0, 0.0]]].concat()));
        // What begins or ends on the antimeridian is on its own side of it.
        let east = whole(&[[180.0, 0.0], [190.0, 0.0], [180.0, 5.0]]).unwrap();
        assert_eq!(east, [[-180.0, 0.0], [-170.0, 0.0], [-180.0, 5.0], [-180.0, 0.0]]);
        assert_eq!(whole(&[[170.0, 0.0], [180.0, 0.0], [180.0, 5.0]]).unwrap()[1], [180.0, 0.0]);
        assert_eq!(whole(&[[179.0, 0.0], [181.0, 0.0], [179.0, 5.0]]), None);
        assert_eq!(whole(&[[0.0, 80.0], [90.0, 80.0], [180.0, 80.0], [270.0, 80.0]]), None);
    }

    #[test]
    fn an_area_across_the_antimeridian_is_two() {
        let square: &[[f64; 2]] = &[[175.0, 0.0], [185.0, 0.0], [185.0, 10.0], [175.0, 10.0]];
        let parts = cut(&[square]);
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|polygon| polygon.len() == 1 && polygon[0].len() == 5));
        let all = |part: usize, holds: fn(f64) -> bool| parts[part][0].iter().all(|[lon, _]| holds(*lon));
        assert!(
            all(0, |lon| (175.0..=180.0).contains(&lon)) && all(1, |lon| (-180.0..=-175.0).contains(&lon))
        );
    }

    #[test]
    fn a_hole_on_the_antimeridian_opens_both_parts_and_others_stay_holes() {
        let outer: &[[f64; 2]] = &[[170.0, 0.0], [190.0, 0.0], [190.0, 10.0], [170.0, 10.0]];
        let middle: &[[f64; 2]] = &[[178.0, 4.0], [182.0, 4.0], [182.0, 6.0], [178.0, 6.0]];
        let east: &[[f64; 2]] = &[[172.0, 4.0], [173.0, 4.0], [173.0, 6.0]];
        let parts = cut(&[outer, middle, east]);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        // A ring with a bay that crosses twice is two pieces on one side.
        let bay: &[[f64; 2]] = &[
            [170.0, 0.0],
            [185.0, 0.0],
            [185.0, 2.0],
            [175.0, 2.0],
            [175.0, 8.0],
            [185.0, 8.0],
            [185.0, 10.0],
            [170.0, 10.0],
        ];
        assert_eq!(cut(&[bay]).len(), 3);
    }

    #[test]
    fn a_ring_around_a_pole_reaches_it() {
        let ring: &[[f64; 2]] = &[[0.0, 80.0], [90.0, 80.0], [180.0, 80.0], [270.0, 80.0]];
        let parts = cut(&[ring]);
        let spots: Vec<[f64; 2]> = parts.iter().flatten().flatten().copied().collect();
        assert!(spots.iter().any(|[_, lat]| *lat == 90.0) && spots.iter().all(|[lon, _]| lon.abs() <= 180.0));
        let area: f64 = area(vec![self::spots(ring)]).unwrap().iter().map(|p| doubled_area(&p[0])).sum();
        assert!((area - 2.0 * 3600.0).abs() < 1e-6, "{area}");
    }
}
