//! How cards are laid out: no two lie on each other, but for those that a canvas had so.
//!
//! 1. What stands as a canvas had it stays.
//! 2. What has an area, the smallest first, keeps its box. Where the place of another card, or a box that stays, lies
//!    in it, it becomes a frame if it is large enough to hold cards: a group, which they lie in; else a card as all
//!    others.
//! 3. All others, in paint order, then readings, stay where they are if there is room, else go to the nearest free
//!    slot of a grid.
//! 4. Groups that have no box lie around what hangs below them.
//! 5. Readings without a place stand right of all that, one below the other.

use super::card::{Card, Stands, WIDTH};
use super::ground::Ground;
use super::spots::Spots;
use super::{LARGE, MARGIN};
use std::collections::BTreeMap;
use ulp_view::geometry::Bounds;
use ulp_view::sheet::scene::Scene;

/// Between readings that say no place.
const GAP: f64 = 20.0;
/// Between a group and what it holds.
const INSIDE: f64 = 30.0;

/// Gives each card of a space its place.
pub fn lay(cards: &mut [Card<'_, '_, '_>], scene: &Scene<'_, '_>) {
    frame(cards);
    let mut ground = Ground::default();
    let stay = |card: &&Card<'_, '_, '_>| {
        matches!(card.stands, Stands::Fixed | Stands::Area) && is_kept(card.bounds)
    };
    let holds = |card: &&Card<'_, '_, '_>| !card.is_group();
    cards.iter().filter(stay).filter(holds).for_each(|card| ground.take(card.bounds));
    let below = below(cards, scene);
    for (card, below) in cards.iter_mut().zip(&below) {
        if card.stands == Stands::Near || card.stands == Stands::Around && !below {
            let found = ground.find(card.bounds);
            if found != card.bounds {
                card.lost.push("position");
            }
            card.bounds = found;
        }
    }
    gather(cards, scene);
    stack(cards);
}

/// Whether a box is small enough to be looked for.
fn is_kept(bounds: Bounds) -> bool {
    bounds.size().iter().all(|side| *side <= LARGE && !Spots::is_beyond(*side))
}

/// Makes frames of the areas that others lie in.
fn frame(cards: &mut [Card<'_, '_, '_>]) {
    let mut spots = Spots::default();
    for card in cards.iter().filter(|card| !card.is_group()) {
        match card.stands {
            Stands::Near | Stands::Around => spots.add(Bounds::at(card.bounds.centre())),
            Stands::Fixed => spots.add(card.bounds),
            _ => {}
        }
    }
    let area = |card: &Card<'_, '_, '_>| card.bounds.size().iter().product::<f64>();
    let mut areas: Vec<(f64, &mut Card<'_, '_, '_>)> =
        cards.iter_mut().filter(|card| card.stands == Stands::Area).map(|card| (area(card), card)).collect();
    // The sort is stable: of two of one size the first in paint order stays a card.
    areas.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for (_, card) in areas {
        let is_free = is_kept(card.bounds) && !spots.hits(card.bounds);
        if !is_free && holds_cards(card.bounds) {
            card.stands = Stands::Frame;
            continue;
        }
        if !is_free {
            card.shrink();
        }
        spots.add(if is_free { card.bounds } else { Bounds::at(card.bounds.centre()) });
    }
}

/// Whether a box is large enough for two cards beside and below each other.
fn holds_cards(bounds: Bounds) -> bool {
    let [width, height] = bounds.size();
    width >= 2.0 * WIDTH && height >= WIDTH
}

/// Which cards have others below them, by their nodes' parents.
fn below(cards: &[Card<'_, '_, '_>], scene: &Scene<'_, '_>) -> Vec<bool> {
    let mut below = vec![false; cards.len()];
    let numbers = numbers(cards, scene);
    for parent in cards.iter().filter_map(|card| card.item?.node.parent) {
        if let Some(i) = numbers.get(&parent) {
            below[*i] = true;
        }
    }
    below
}

/// The cards by the numbers of their nodes.
fn numbers(cards: &[Card<'_, '_, '_>], scene: &Scene<'_, '_>) -> BTreeMap<usize, usize> {
    let number = |card: &Card<'_, '_, '_>| scene.whole.nodes.number(card.item?.id);
    cards.iter().enumerate().filter_map(|(i, card)| Some((number(card)?, i))).collect()
}

/// Lays groups that have no box around what hangs below them, the lowest first.
fn gather(cards: &mut [Card<'_, '_, '_>], scene: &Scene<'_, '_>) {
    let numbers = numbers(cards, scene);
    let parent = |i: usize| numbers.get(&cards[i].item?.node.parent?).copied();
    let parents: Vec<Option<usize>> = (0..cards.len()).map(parent).collect();
    let mut held: Vec<Option<Bounds>> = vec![None; cards.len()];
    for i in lowest_first(&parents) {
        if cards[i].stands == Stands::Around
            && let Some(held) = held[i]
        {
            cards[i].bounds = held.grown(INSIDE);
            cards[i].stands = Stands::Frame;
        }
        let own = held[i].map_or(cards[i].bounds, |held| held.join(cards[i].bounds));
        if let Some(parent) = parents[i] {
            held[parent] = Some(held[parent].map_or(own, |held| held.join(own)));
        }
    }
}

/// The places of a list in an order in which each comes before its parent. Parents have no cycles.
fn lowest_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut open = vec![0_usize; parents.len()];
    parents.iter().flatten().for_each(|parent| open[*parent] += 1);
    let mut order: Vec<usize> = (0..parents.len()).filter(|i| open[*i] == 0).collect();
    let mut next = 0;
    while let Some(i) = order.get(next).copied() {
        next += 1;
        if let Some(parent) = parents[i] {
            open[parent] -= 1;
            if open[parent] == 0 {
                order.push(parent);
            }
        }
    }
    order
}

/// Stands what says no place right of all others, from their top down.
fn stack(cards: &mut [Card<'_, '_, '_>]) {
    let others = cards.iter().filter(|card| card.stands != Stands::Beside).map(|card| card.bounds);
    let [left, mut top] =
        others.reduce(Bounds::join).map_or([0.0; 2], |all| [all.max[0] + MARGIN, all.min[1]]);
    for card in cards.iter_mut().filter(|card| card.stands == Stands::Beside) {
        let size = card.bounds.size();
        card.bounds = Bounds { min: [left, top], max: [left + size[0], top + size[1]] };
        top += size[1] + GAP;
    }
}
