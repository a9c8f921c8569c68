//! Minimum cuts of graphs, and the labellings that they make.
//!
//! A [`Graph`] holds a binary energy: each node is 0 (it stays with the source) or 1 (with the sink), costs of
//! single nodes are [`add_costs`](Graph::add_costs), costs of pairs [`add_pair`](Graph::add_pair). Its
//! [`minimum_cut`](Graph::minimum_cut) is the labelling of least energy, found as a maximum flow by the two search
//! trees of Boykov & Kolmogorov (*PAMI* 26, 2004). [`Field`] is the energy of several labels, which
//! [`expand`](Field::expand) lowers by one cut for each label (α-expansion: Boykov, Veksler & Zabih, *PAMI* 23, 2001).

mod expansion;
mod trees;

pub use expansion::Field;

use trees::Trees;

/// An arc; its opposite is its neighbour in the list, at its place with the last bit turned.
#[derive(Debug, Clone, Copy)]
struct Arc {
    /// The node that it leads to.
    head: u32,
    /// The next arc from the same node.
    next: u32,
    /// What can still flow.
    residual: f64,
}

/// No arc.
const NONE: u32 = u32::MAX;

/// A graph between a source and a sink, whose cuts are the labellings of its nodes by 0 and 1. Costs are finite, and
/// nodes are numbered from 0; others are a mistake of the caller, which ends in a panic or a cut of no meaning.
///
/// ```
/// use image_seg::graph_cut::Graph;
///
/// // The first node prefers 0, the second 1 by less than it costs to differ.
/// let mut graph = Graph::new(2);
/// graph.add_costs(0, 0.0, 5.0);
/// graph.add_costs(1, 2.0, 1.0);
/// graph.add_pair(0, 1, [[0.0, 3.0], [3.0, 0.0]]);
/// let cut = graph.minimum_cut();
/// assert_eq!((cut.labels, cut.energy), (vec![false, false], 2.0));
/// ```
#[derive(Debug, Clone)]
pub struct Graph {
    /// For each node the first of its arcs.
    first: Vec<u32>,
    /// For each node what it costs more to be 1 than to be 0: what the source can send it, or if it is below 0, what
    /// it can send the sink.
    excess: Vec<f64>,
    arcs: Vec<Arc>,
    /// What every labelling costs.
    constant: f64,
}

/// A cut of least energy.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Whether each node is 1, on the sink's side. Of several cuts of least energy, that with the fewest nodes that are
    /// 0.
    pub labels: Vec<bool>,
    /// Its energy.
    pub energy: f64,
}

impl Graph {
    /// A graph of this many nodes, without costs.
    pub fn new(n_nodes: usize) -> Self {
        Self::with_pairs(n_nodes, 0)
    }

    /// The same, with room for this many pairs.
    pub fn with_pairs(n_nodes: usize, n_pairs: usize) -> Self {
        Self {
            first: vec![NONE; n_nodes],
            excess: vec![0.0; n_nodes],
            arcs: Vec::with_capacity(2 * n_pairs),
            constant: 0.0,
        }
    }

    /// The number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.first.len()
    }

    /// Adds what it costs that `node` is 0, and that it is 1.
    pub fn add_costs(&mut self, node: usize, of_0: f64, of_1: f64) {
        self.constant += of_0;
        self.excess[node] += of_1 - of_0;
    }

    /// Adds what it costs that `p` and `q` are labelled i and j, `costs[i][j]`.
    ///
    /// A cut can minimize only costs with c₀₀ + c₁₁ ≤ c₀₁ + c₁₀ (Kolmogorov & Zabih, *PAMI* 26, 2004, eq. 7); of
    /// others the part that is missing is left out.
    pub fn add_pair(&mut self, p: usize, q: usize, [[c00, c01], [c10, c11]]: [[f64; 2]; 2]) {
        // c₀₀ + (c₁₀ − c₀₀)·p + (c₁₁ − c₁₀)·q + (c₀₁ + c₁₀ − c₀₀ − c₁₁)·(1 − p)·q
        self.constant += c00;
        self.excess[p] += c10 - c00;
        self.excess[q] += c11 - c10;
        self.add_edge(p, q, (c01 + c10 - c00 - c11).max(0.0), 0.0);
    }

    /// Adds an edge that costs `there` where `from` is 0 and `to` is 1, and `back` where it is the other way round.
    pub fn add_edge(&mut self, from: usize, to: usize, there: f64, back: f64) {
        for (tail, head, residual) in [(from, to, there), (to, from, back)] {
            let arc = self.arcs.len() as u32;
            self.arcs.push(Arc {
                head: head as u32,
                next: self.first[tail],
                residual,
            });
            self.first[tail] = arc;
        }
    }

    /// The labelling of least energy.
    pub fn minimum_cut(self) -> Cut {
        // What the sink gets of nodes that cost less as 1 is paid by every labelling in which they are 1.
        let negative: f64 = self.excess.iter().map(|e| e.min(0.0)).sum();
        let base = self.constant + negative;
        let mut trees = Trees::of(self);
        let flow = trees.maximum_flow();
        Cut {
            labels: trees.labels(),
            energy: base + flow,
        }
    }
}

#[cfg(test)]
mod tests;
