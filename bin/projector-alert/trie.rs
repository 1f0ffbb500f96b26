//! Maps of small numbers that are never changed: a map with one entry more shares the rest with the one before.
//!
//! Every event of a history keeps what is known at it, and nearly all of that is known at its causes too. A map is a
//! tree of sixteen branches whose shape depends on its numbers alone, so that two maps that grew apart are joined where
//! they differ, and nowhere else.

use std::rc::Rc;

/// The bits of a number that choose a branch, and how many branches that makes.
const BITS: u32 = 4;
const WIDTH: usize = 1 << BITS;

/// What two maps that are joined do about an entry of both.
pub trait Join: Clone {
    /// What the two come to.
    fn join(&self, other: &Self) -> Self;
    /// Whether they are one, so that neither has anything to add; it may say no where they are alike.
    fn is(&self, other: &Self) -> bool;
}

/// A set has nothing to tell of its numbers.
impl Join for () {
    fn join(&self, (): &()) {}

    fn is(&self, (): &()) -> bool {
        true
    }
}

/// A map from numbers.
#[derive(Clone)]
pub struct Trie<V> {
    root: Option<Rc<Node<V>>>,
    /// How many levels of branches stand above the leaves: as few as hold the greatest number.
    height: u32,
}

enum Node<V> {
    Leaf([Option<V>; WIDTH]),
    Branch([Option<Rc<Node<V>>>; WIDTH]),
}

impl<V> Default for Trie<V> {
    fn default() -> Trie<V> {
        Trie { root: None, height: 0 }
    }
}

impl<V: Join> Trie<V> {
    pub fn get(&self, number: u32) -> Option<&V> {
        if !self.holds(number) {
            return None;
        }
        let (mut node, mut level) = (self.root.as_deref()?, self.height);
        loop {
            match node {
                Node::Leaf(values) => return values[branch(number, 0)].as_ref(),
                Node::Branch(nodes) => node = nodes[branch(number, level)].as_deref()?,
            }
            level -= 1;
        }
    }

    /// The map with this entry.
    pub fn with(&self, number: u32, value: V) -> Trie<V> {
        let mut grown = self.clone();
        while !grown.holds(number) {
            grown = grown.higher();
        }
        let root = insert(grown.root.as_deref(), grown.height, number, value);
        Trie { root: Some(Rc::new(root)), height: grown.height }
    }

    /// The entries of both; where one holds all of the other it is that one itself.
    pub fn join(&self, other: &Trie<V>) -> Trie<V> {
        // Levels that one gains here are nobody else's: where both are alike the nodes of the other stay.
        let (high, mut low) =
            if self.height < other.height { (other, self.clone()) } else { (self, other.clone()) };
        while low.height < high.height {
            low = low.higher();
        }
        Trie { root: join(high.root.as_ref(), low.root.as_ref()), height: high.height }
    }

    /// Whether two are one, and not only alike.
    pub fn is(&self, other: &Trie<V>) -> bool {
        self.height == other.height && same(&self.root, &other.root, Rc::ptr_eq)
    }

    /// The numbers, in order.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers = Vec::new();
        if let Some(root) = &self.root {
            collect(root, 0, &mut numbers);
        }
        numbers
    }

    /// The greatest number.
    pub fn last(&self) -> Option<u32> {
        let (mut node, mut prefix) = (self.root.as_deref()?, 0);
        loop {
            let at = match node {
                Node::Leaf(values) => values.iter().rposition(Option::is_some)?,
                Node::Branch(nodes) => nodes.iter().rposition(Option::is_some)?,
            };
            prefix = prefix << BITS | narrow(at);
            match node {
                Node::Leaf(_) => return Some(prefix),
                Node::Branch(nodes) => node = nodes[at].as_deref()?,
            }
        }
    }

    fn holds(&self, number: u32) -> bool {
        number.checked_shr((self.height + 1) * BITS).is_none_or(|rest| rest == 0)
    }

    /// The same with one level more.
    fn higher(&self) -> Trie<V> {
        let root = self.root.as_ref().map(|root| {
            let mut nodes: [Option<Rc<Node<V>>>; WIDTH] = Default::default();
            nodes[0] = Some(Rc::clone(root));
            Rc::new(Node::Branch(nodes))
        });
        Trie { root, height: self.height + 1 }
    }
}

/// Which branch leads to a number at a level.
fn branch(number: u32, level: u32) -> usize {
    (number >> (level * BITS)) as usize % WIDTH
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).expect("because a node has few branches")
}

fn insert<V: Join>(node: Option<&Node<V>>, level: u32, number: u32, value: V) -> Node<V> {
    let at = branch(number, level);
    if level == 0 {
        let mut values = match node {
            Some(Node::Leaf(values)) => values.clone(),
            _ => Default::default(),
        };
        values[at] = Some(value);
        return Node::Leaf(values);
    }
    let mut nodes = match node {
        Some(Node::Branch(nodes)) => nodes.clone(),
        _ => Default::default(),
    };
    nodes[at] = Some(Rc::new(insert(nodes[at].as_deref(), level - 1, number, value)));
    Node::Branch(nodes)
}

type Link<V> = Option<Rc<Node<V>>>;

fn join<V: Join>(a: Option<&Rc<Node<V>>>, b: Option<&Rc<Node<V>>>) -> Link<V> {
    let (Some(a), Some(b)) = (a, b) else { return a.or(b).cloned() };
    if Rc::ptr_eq(a, b) {
        return Some(Rc::clone(a));
    }
    let node = match (&**a, &**b) {
        (Node::Leaf(x), Node::Leaf(y)) => {
            let both = |i: usize| match (&x[i], &y[i]) {
                (Some(one), Some(other)) => Some(one.join(other)),
                (one, other) => one.as_ref().or(other.as_ref()).cloned(),
            };
            let values: [Option<V>; WIDTH] = std::array::from_fn(both);
            let is = |old: &[Option<V>; WIDTH]| old.iter().zip(&values).all(|(a, b)| same(a, b, V::is));
            if is(x) {
                return Some(Rc::clone(a));
            }
            if is(y) {
                return Some(Rc::clone(b));
            }
            Node::Leaf(values)
        }
        (Node::Branch(x), Node::Branch(y)) => {
            let nodes: [Link<V>; WIDTH] = std::array::from_fn(|i| join(x[i].as_ref(), y[i].as_ref()));
            let is = |old: &[Link<V>; WIDTH]| old.iter().zip(&nodes).all(|(a, b)| same(a, b, Rc::ptr_eq));
            if is(x) {
                return Some(Rc::clone(a));
            }
            if is(y) {
                return Some(Rc::clone(b));
            }
            Node::Branch(nodes)
        }
        // Maps are brought to one height before they are joined.
        _ => return Some(Rc::clone(a)),
    };
    Some(Rc::new(node))
}

fn same<T>(a: &Option<T>, b: &Option<T>, is: impl Fn(&T, &T) -> bool) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => is(a, b),
        _ => false,
    }
}

fn collect<V>(node: &Node<V>, prefix: u32, numbers: &mut Vec<u32>) {
    let numbered = |at: usize| prefix << BITS | narrow(at);
    match node {
        Node::Leaf(values) => {
            let there = values.iter().enumerate().filter(|(_, value)| value.is_some());
            numbers.extend(there.map(|(at, _)| numbered(at)));
        }
        Node::Branch(nodes) => {
            let there = nodes.iter().enumerate().filter_map(|(at, node)| Some((at, node.as_deref()?)));
            there.for_each(|(at, node)| collect(node, numbered(at), numbers));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32]) -> Trie<()> {
        numbers.iter().fold(Trie::default(), |set, number| set.with(*number, ()))
    }

    #[test]
    fn a_set_holds_what_was_put_in_whatever_the_order() {
        let numbers = [0, 1, 15, 16, 255, 256, 70_000, 1 << 28, u32::MAX];
        let mut turned = numbers;
        turned.reverse();
        for set in [set(&numbers), set(&turned), set(&turned[..4]).join(&set(&numbers[..5]))] {
            assert_eq!((set.numbers(), set.last()), (numbers.to_vec(), Some(u32::MAX)));
            assert!(numbers.iter().all(|n| set.get(*n).is_some()) && set.get(2).is_none());
        }
        assert_eq!((set(&[]).last(), set(&[3]).get(u32::MAX)), (None, None));
    }

    #[test]
    fn a_join_is_the_greater_one_itself() {
        let less = set(&[1, 300]);
        let more = less.with(70_000, ());
        let root = |set: &Trie<()>| set.root.as_ref().map(Rc::as_ptr);
        assert_eq!(root(&more.join(&less)), root(&more));
        assert_eq!(root(&less.join(&more)), root(&more));
        assert_eq!(root(&more.join(&Trie::default())), root(&more));
    }
}
