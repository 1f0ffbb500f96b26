//! What builds on what, in an order: Tarjan's algorithm, without recursion.

/// Every vertex after all that it builds on, with the number of its ring: vertices that build on each other, around any
/// number of corners, are of one ring; other rings that it builds on have smaller numbers.
pub fn order<'g>(count: usize, causes: impl Fn(u32) -> &'g [u32]) -> Vec<(u32, u32)> {
    let mut search = Search {
        found: vec![0; count],
        low: vec![0; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        calls: Vec::new(),
        time: 0,
        rings: 0,
        order: Vec::with_capacity(count),
    };
    for root in 0..u32::try_from(count).expect("because vertices are counted in 32 bits") {
        if search.found[root as usize] == 0 {
            search.enter(root);
            search.run(&causes);
        }
    }
    search.order
}

struct Search {
    /// When each vertex was found, from 1.
    found: Vec<u32>,
    /// The earliest vertex that is reached from it.
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    /// The vertices that are looked at, with how many of their causes are done.
    calls: Vec<(u32, u32)>,
    time: u32,
    rings: u32,
    order: Vec<(u32, u32)>,
}

impl Search {
    fn enter(&mut self, vertex: u32) {
        self.time += 1;
        let at = vertex as usize;
        (self.found[at], self.low[at], self.on_stack[at]) = (self.time, self.time, true);
        self.stack.push(vertex);
        self.calls.push((vertex, 0));
    }

    fn run<'g>(&mut self, causes: &impl Fn(u32) -> &'g [u32]) {
        while let Some((vertex, next)) = self.calls.last_mut() {
            let at = *vertex as usize;
            let Some(cause) = causes(*vertex).get(*next as usize).copied() else {
                self.leave();
                continue;
            };
            *next += 1;
            let of_cause = cause as usize;
            if self.found[of_cause] == 0 {
                self.enter(cause);
            } else if self.on_stack[of_cause] {
                self.low[at] = self.low[at].min(self.found[of_cause]);
            }
        }
    }

    fn leave(&mut self) {
        let Some((vertex, _)) = self.calls.pop() else { return };
        let at = vertex as usize;
        if let Some((above, _)) = self.calls.last() {
            self.low[*above as usize] = self.low[*above as usize].min(self.low[at]);
        }
        if self.low[at] != self.found[at] {
            return;
        }
        while let Some(member) = self.stack.pop() {
            self.on_stack[member as usize] = false;
            self.order.push((member, self.rings));
            if member == vertex {
                break;
            }
        }
        self.rings += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_come_first_and_rings_are_one() {
        // 0 builds on 1, 1 and 2 on each other, 2 on 3; 4 on itself.
        let causes: [&[u32]; 5] = [&[1], &[2], &[1, 3], &[], &[4]];
        let order = order(5, |v| causes[v as usize]);
        let at = |vertex| order.iter().position(|(v, _)| *v == vertex).unwrap();
        let ring = |vertex: u32| order[at(vertex)].1;
        assert!(at(3) < at(2) && at(3) < at(1) && at(1) < at(0) && at(2) < at(0));
        assert!(ring(1) == ring(2) && ring(3) < ring(1) && ring(1) < ring(0));
        assert_eq!(order.len(), 5);
    }

    #[test]
    fn a_long_chain_is_no_matter() {
        let causes: Vec<u32> = (1..200_000).collect();
        let order = order(200_000, |v| causes.get(v as usize).map_or(&[], std::slice::from_ref));
        assert!(order.iter().zip(0..).all(|((vertex, ring), n)| *vertex == 199_999 - n && *ring == n));
    }
}
