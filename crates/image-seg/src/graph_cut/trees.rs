//! The maximum flow: a tree of nodes that the source can reach and one of nodes that can reach the sink grow until
//! they touch, the path between them is filled, and the branches that break off are hung elsewhere or let go
//! (Boykov & Kolmogorov, *PAMI* 26, 2004, section 3).

use std::collections::VecDeque;

use super::{Arc, Graph, NONE};

/// In place of an arc to a parent: the node hangs on the source or the sink itself.
const TERMINAL: u32 = u32::MAX - 1;
/// In place of an arc to a parent: the node has lost its own.
const ORPHAN: u32 = u32::MAX - 2;

#[derive(Debug, Clone, Copy)]
struct Node {
    first: u32,
    /// The arc to its parent, [`NONE`] if it is in no tree.
    parent: u32,
    /// When its distance was found.
    stamp: u32,
    /// Arcs to its terminal, at that time.
    distance: u32,
    excess: f64,
    in_sink_tree: bool,
    is_active: bool,
}

/// The two trees.
#[derive(Debug)]
pub(super) struct Trees {
    nodes: Vec<Node>,
    arcs: Vec<Arc>,
    active: VecDeque<u32>,
    orphans: VecDeque<u32>,
    /// Paths filled so far.
    time: u32,
}

impl Trees {
    pub(super) fn of(graph: Graph) -> Self {
        let mut active = VecDeque::new();
        let excesses = graph.excess.iter().enumerate();
        let nodes = excesses.map(|(i, &excess)| {
            let is_active = excess != 0.0;
            if is_active {
                active.push_back(i as u32);
            }
            Node {
                first: graph.first[i],
                parent: if is_active { TERMINAL } else { NONE },
                stamp: 0,
                distance: 1,
                excess,
                in_sink_tree: excess < 0.0,
                is_active,
            }
        });
        Self {
            nodes: nodes.collect(),
            arcs: graph.arcs,
            active,
            orphans: VecDeque::new(),
            time: 0,
        }
    }

    pub(super) fn maximum_flow(&mut self) -> f64 {
        let mut flow = 0.0;
        while let Some(&place) = self.active.front() {
            let node = place as usize;
            match self.grow(node) {
                Some(bridge) => {
                    self.time += 1;
                    flow += self.fill(bridge);
                    self.adopt();
                }
                None => {
                    self.active.pop_front();
                    self.nodes[node].is_active = false;
                }
            }
        }
        flow
    }

    /// Whether each node is not in the tree of the source.
    pub(super) fn labels(&self) -> Vec<bool> {
        let is_1 = |n: &Node| n.parent == NONE || n.in_sink_tree;
        self.nodes.iter().map(is_1).collect()
    }

    /// What can flow along an arc away from the source, seen from a node of its tree, or from one of the sink's.
    fn outward(&self, arc: u32, in_sink_tree: bool) -> f64 {
        let arc = if in_sink_tree { arc ^ 1 } else { arc };
        self.arcs[arc as usize].residual
    }

    fn activate(&mut self, node: usize) {
        if !self.nodes[node].is_active {
            self.nodes[node].is_active = true;
            self.active.push_back(node as u32);
        }
    }

    /// Takes in the free neighbours of a node, until it meets the other tree: then the arc from the source's tree to
    /// the sink's.
    fn grow(&mut self, node: usize) -> Option<u32> {
        let own = self.nodes[node];
        if own.parent == NONE {
            return None;
        }
        let mut arc = own.first;
        while arc != NONE {
            let Arc { head, next, .. } = self.arcs[arc as usize];
            if self.outward(arc, own.in_sink_tree) > 0.0 {
                let other = &mut self.nodes[head as usize];
                let is_free = other.parent == NONE;
                if !is_free && other.in_sink_tree != own.in_sink_tree {
                    return Some(if own.in_sink_tree { arc ^ 1 } else { arc });
                }
                let is_shorter = other.stamp <= own.stamp && other.distance > own.distance + 1;
                if is_free || (is_shorter && other.parent != TERMINAL) {
                    other.parent = arc ^ 1;
                    other.stamp = own.stamp;
                    other.distance = own.distance + 1;
                    other.in_sink_tree = own.in_sink_tree;
                }
                if is_free {
                    self.activate(head as usize);
                }
            }
            arc = next;
        }
        None
    }

    /// The nodes from one end of the bridge to its terminal, each with the arc to its parent.
    fn next_up(&self, node: usize) -> Option<(u32, usize)> {
        let arc = self.nodes[node].parent;
        (arc != TERMINAL).then(|| (arc, self.arcs[arc as usize].head as usize))
    }

    /// Sends as much as it bears along the path over the bridge.
    fn fill(&mut self, bridge: u32) -> f64 {
        let ends = [
            (self.arcs[(bridge ^ 1) as usize].head as usize, 1),
            (self.arcs[bridge as usize].head as usize, 0),
        ];
        let mut least = self.arcs[bridge as usize].residual;
        for (end, turned) in ends {
            let mut node = end;
            while let Some((arc, up)) = self.next_up(node) {
                // Flow comes down the source's tree and goes up the sink's.
                least = least.min(self.arcs[(arc ^ turned) as usize].residual);
                node = up;
            }
            least = least.min(self.nodes[node].excess.abs());
        }
        self.send(bridge, least);
        for (end, turned) in ends {
            let mut node = end;
            while let Some((arc, up)) = self.next_up(node) {
                self.send(arc ^ turned, least);
                if self.arcs[(arc ^ turned) as usize].residual <= 0.0 {
                    self.orphan(node);
                }
                node = up;
            }
            let root = &mut self.nodes[node];
            root.excess -= least.copysign(root.excess);
            if root.excess == 0.0 {
                self.orphan(node);
            }
        }
        least
    }

    fn send(&mut self, arc: u32, amount: f64) {
        self.arcs[arc as usize].residual -= amount;
        self.arcs[(arc ^ 1) as usize].residual += amount;
    }

    fn orphan(&mut self, node: usize) {
        self.nodes[node].parent = ORPHAN;
        self.orphans.push_back(node as u32);
    }

    /// Finds every orphan a new parent of its tree, or lets it go with its children as new orphans.
    fn adopt(&mut self) {
        while let Some(orphan) = self.orphans.pop_front() {
            let orphan = orphan as usize;
            match self.best_parent(orphan) {
                Some((arc, distance)) => {
                    let node = &mut self.nodes[orphan];
                    node.parent = arc;
                    node.stamp = self.time;
                    node.distance = distance + 1;
                }
                None => self.let_go(orphan),
            }
        }
    }

    /// The arc to the nearest possible parent, and that one's distance from the terminal.
    fn best_parent(&mut self, orphan: usize) -> Option<(u32, u32)> {
        let in_sink_tree = self.nodes[orphan].in_sink_tree;
        let mut best: Option<(u32, u32)> = None;
        let mut arc = self.nodes[orphan].first;
        while arc != NONE {
            let Arc { head, next, .. } = self.arcs[arc as usize];
            let other = &self.nodes[head as usize];
            let is_parent = other.parent != NONE && other.in_sink_tree == in_sink_tree;
            if is_parent
                && self.outward(arc ^ 1, in_sink_tree) > 0.0
                && let Some(distance) = self.distance(head as usize)
                && best.is_none_or(|(_, least)| distance < least)
            {
                best = Some((arc, distance));
            }
            arc = next;
        }
        best
    }

    /// How far a node is from its terminal; none if an orphan is on the way. What is found is noted on the way.
    fn distance(&mut self, from: usize) -> Option<u32> {
        let mut steps = 0;
        let mut node = from;
        let at_end = loop {
            let Node {
                parent,
                stamp,
                distance,
                ..
            } = self.nodes[node];
            if parent == ORPHAN || parent == NONE {
                return None;
            }
            if stamp == self.time {
                break distance;
            }
            if parent == TERMINAL {
                let root = &mut self.nodes[node];
                root.stamp = self.time;
                root.distance = 1;
                break 1;
            }
            steps += 1;
            node = self.arcs[parent as usize].head as usize;
        };
        let found = at_end + steps;
        let mut distance = found;
        let mut node = from;
        while self.nodes[node].stamp != self.time {
            self.nodes[node].stamp = self.time;
            self.nodes[node].distance = distance;
            distance -= 1;
            node = self.arcs[self.nodes[node].parent as usize].head as usize;
        }
        Some(found)
    }

    fn let_go(&mut self, orphan: usize) {
        let Node {
            in_sink_tree,
            first,
            ..
        } = self.nodes[orphan];
        self.nodes[orphan].parent = NONE;
        let mut arc = first;
        while arc != NONE {
            let Arc { head, next, .. } = self.arcs[arc as usize];
            let head = head as usize;
            let other = self.nodes[head];
            if other.parent != NONE && other.in_sink_tree == in_sink_tree {
                if self.outward(arc ^ 1, in_sink_tree) > 0.0 {
                    self.activate(head);
                }
                let hangs_here = other.parent < ORPHAN
                    && self.arcs[other.parent as usize].head as usize == orphan;
                if hangs_here {
                    self.orphan(head);
                }
            }
            arc = next;
        }
    }
}
