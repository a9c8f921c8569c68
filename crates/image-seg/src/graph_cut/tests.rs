use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;

use super::*;

/// The pairs of a grid with eight neighbours.
fn pairs_of_grid(w: usize, h: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
        for (dy, dx) in [(0, 1), (1, 0), (1, 1), (1, -1)] {
            let (v, u) = (y + dy, x.checked_add_signed(dx));
            if let Some(u) = u.filter(|u| *u < w && v < h) {
                pairs.push((y * w + x, v * w + u));
            }
        }
    }
    pairs
}

#[test]
fn cuts_of_small_grids_are_those_of_all_labellings() {
    let mut rng = Xoshiro256Plus::seed_from_u64(1);
    for round in 0..300 {
        let (w, h) = (rng.gen_range(1..5), rng.gen_range(1..4));
        let n = w * h;
        // Whole costs make many ties, and costs far apart long paths.
        let whole = round % 2 == 0;
        let mut cost = |most: f64| {
            let c: f64 = rng.gen_range(0.0..most);
            if whole { c.round() } else { c }
        };
        let costs: Vec<[f64; 2]> = (0..n).map(|_| [cost(6.0), cost(6.0)]).collect();
        let pairs: Vec<_> = pairs_of_grid(w, h)
            .into_iter()
            .map(|(p, q)| {
                let (c00, c11) = (cost(2.0), cost(2.0));
                let c01 = cost(5.0);
                let c10 = (c00 + c11 - c01).max(0.0) + cost(4.0);
                (p, q, [[c00, c01], [c10, c11]])
            })
            .collect();
        let energy = |bits: usize| -> f64 {
            let bit = |i: usize| bits >> i & 1;
            let alone: f64 = (0..n).map(|i| costs[i][bit(i)]).sum();
            alone
                + pairs
                    .iter()
                    .map(|(p, q, c)| c[bit(*p)][bit(*q)])
                    .sum::<f64>()
        };
        let mut graph = Graph::new(n);
        for (i, c) in costs.iter().enumerate() {
            graph.add_costs(i, c[0], c[1]);
        }
        for (p, q, c) in &pairs {
            graph.add_pair(*p, *q, *c);
        }
        let cut = graph.minimum_cut();
        let least = (0..1 << n).map(energy).fold(f64::INFINITY, f64::min);
        let bits = cut.labels.iter().enumerate();
        let of_cut = energy(bits.map(|(i, b)| usize::from(*b) << i).sum());
        assert!((of_cut - least).abs() < 1e-9, "{of_cut} {least}");
        assert!((cut.energy - least).abs() < 1e-9, "{} {least}", cut.energy);
    }
}

#[test]
fn large_flows_equal_the_cuts_that_they_find() {
    // Two sides of a noisy grid: the flow is the energy of the labelling only if no path is left.
    let mut rng = Xoshiro256Plus::seed_from_u64(2);
    let (w, h) = (60, 50);
    let mut graph = Graph::new(w * h);
    let costs: Vec<[f64; 2]> = (0..w * h)
        .map(|i| {
            let side = f64::from(u8::from(i % w < w / 2));
            [
                rng.gen_range(0.0..2.0) + 1.0 - side,
                rng.gen_range(0.0..2.0) + side,
            ]
        })
        .collect();
    costs
        .iter()
        .enumerate()
        .for_each(|(i, c)| graph.add_costs(i, c[0], c[1]));
    let pairs = pairs_of_grid(w, h);
    pairs
        .iter()
        .for_each(|(p, q)| graph.add_edge(*p, *q, 1.3, 1.3));
    let cut = graph.minimum_cut();
    let alone: f64 = costs
        .iter()
        .zip(&cut.labels)
        .map(|(c, l)| c[usize::from(*l)])
        .sum();
    let differ = pairs
        .iter()
        .filter(|(p, q)| cut.labels[*p] != cut.labels[*q])
        .count();
    assert!((alone + 1.3 * differ as f64 - cut.energy).abs() < 1e-7);
    assert!(
        cut.labels
            .iter()
            .enumerate()
            .all(|(i, l)| *l == (i % w >= w / 2))
    );
}

#[test]
fn expansion_stays_within_its_bound_and_never_raises_the_energy() {
    let mut rng = Xoshiro256Plus::seed_from_u64(3);
    for _ in 0..60 {
        let (w, h, k) = (3, 3, 3);
        let pairs = pairs_of_grid(w, h).into_iter();
        let field = Field {
            n_labels: k,
            costs: (0..w * h * k).map(|_| rng.gen_range(0.0..4.0)).collect(),
            pairs: pairs
                .map(|(p, q)| (p as u32, q as u32, rng.gen_range(0.0..2.0)))
                .collect(),
        };
        let mut labels: Vec<u16> = (0..w * h).map(|_| rng.gen_range(0..k as u16)).collect();
        let before = field.energy(&labels);
        field.expand(&mut labels);
        let after = field.energy(&labels);
        let all = (0..k.pow(9)).map(|code| {
            let digit = |i: u32| (code / k.pow(i) % k) as u16;
            field.energy(&(0..9).map(digit).collect::<Vec<_>>())
        });
        let least = all.fold(f64::INFINITY, f64::min);
        assert!(
            after <= before + 1e-9 && after <= 2.0 * least + 1e-9,
            "{after} {least}"
        );
    }
}

#[test]
fn graphs_without_nodes_or_costs_have_cuts_too() {
    assert_eq!(Graph::new(0).minimum_cut().labels, Vec::<bool>::new());
    let cut = Graph::new(2).minimum_cut();
    assert_eq!((cut.labels, cut.energy), (vec![true, true], 0.0));
    let empty = Field {
        n_labels: 0,
        costs: vec![],
        pairs: vec![],
    };
    empty.expand(&mut []);
    assert_eq!(empty.n_nodes(), 0);
}
