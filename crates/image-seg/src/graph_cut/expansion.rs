//! Energies of several labels, lowered by one cut for each.

use super::Graph;

/// A Markov random field: costs of labels, and of pairs that differ (Potts).
///
/// The energy of a labelling l is Σᵢ costs[i·n_labels + lᵢ] + Σ₍ᵢⱼ₎ wᵢⱼ·[lᵢ ≠ lⱼ].
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The number of labels.
    pub n_labels: usize,
    /// What each label costs each node, node by node. No node takes a label whose cost is infinite.
    pub costs: Vec<f64>,
    /// Pairs of nodes, with what it costs that their labels differ.
    pub pairs: Vec<(u32, u32, f64)>,
}

/// Sweeps over all labels, at most.
const MOST_SWEEPS: usize = 5;

impl Field {
    /// The number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.costs.len() / self.n_labels.max(1)
    }

    /// The energy of a labelling.
    pub fn energy(&self, labels: &[u16]) -> f64 {
        let alone = labels.iter().enumerate();
        let alone = alone.map(|(i, &l)| self.costs[i * self.n_labels + usize::from(l)]);
        let differ = |(p, q, w): &(u32, u32, f64)| {
            let differ = labels[*p as usize] != labels[*q as usize];
            if differ { *w } else { 0.0 }
        };
        alone.sum::<f64>() + self.pairs.iter().map(differ).sum::<f64>()
    }

    /// Lowers the energy of a labelling: for each label in turn, all nodes that should take it do, until a sweep
    /// changes nothing. The energy that is reached is at most twice the least there is (Boykov, Veksler & Zabih 2001,
    /// theorem 6.1).
    pub fn expand(&self, labels: &mut [u16]) {
        for _ in 0..MOST_SWEEPS {
            let mut has_changed = false;
            for label in 0..self.n_labels {
                has_changed |= self.expand_one(labels, label as u16);
            }
            if !has_changed {
                break;
            }
        }
    }

    /// The best of all moves in which nodes take `label`; whether any did.
    fn expand_one(&self, labels: &mut [u16], label: u16) -> bool {
        const STAYS: u32 = u32::MAX;
        let cost = |i: usize, l: u16| self.costs[i * self.n_labels + usize::from(l)];
        // The cut is among nodes that can move; the rest hold what they have.
        let mut place = vec![STAYS; labels.len()];
        let mut movable = Vec::new();
        for (i, &own) in labels.iter().enumerate() {
            if own != label && cost(i, label) < f64::INFINITY {
                place[i] = movable.len() as u32;
                movable.push(i);
            }
        }
        if movable.is_empty() {
            return false;
        }
        let mut graph = Graph::with_pairs(movable.len(), 4 * movable.len());
        for (node, &i) in movable.iter().enumerate() {
            graph.add_costs(node, cost(i, label), cost(i, labels[i]));
        }
        for &(p, q, weight) in &self.pairs {
            let (p, q) = (p as usize, q as usize);
            let cost = |a: u16, b: u16| if a == b { 0.0 } else { weight };
            let (of_p, of_q) = (labels[p], labels[q]);
            // 0 takes the label: where it makes no difference nothing moves.
            match (place[p], place[q]) {
                (STAYS, STAYS) => {}
                (STAYS, node) => {
                    graph.add_costs(node as usize, cost(of_p, label), cost(of_p, of_q))
                }
                (node, STAYS) => {
                    graph.add_costs(node as usize, cost(label, of_q), cost(of_p, of_q))
                }
                (a, b) => {
                    let costs = [
                        [0.0, cost(label, of_q)],
                        [cost(of_p, label), cost(of_p, of_q)],
                    ];
                    graph.add_pair(a as usize, b as usize, costs);
                }
            }
        }
        let mut has_changed = false;
        for (i, stays) in movable.into_iter().zip(graph.minimum_cut().labels) {
            if !stays {
                labels[i] = label;
                has_changed = true;
            }
        }
        has_changed
    }
}
