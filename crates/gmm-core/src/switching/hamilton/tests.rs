//! Hamilton's model: composites, M-steps and fits.

use std::sync::Arc;

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;

use super::super::tests::{NO_RIDGE, Random, climbed, expected, moments, survey};
use super::*;

/// A series of Hamilton's model with the states of each time.
fn series(of: &Hamilton, n: usize, stay: f64, seed: u64) -> (Vec<f64>, Vec<usize>) {
    let mut rng = Random::seed_from_u64(seed);
    let k = of.means.len();
    let (mut y, mut states): (Vec<f64>, Vec<usize>) = (Vec::new(), Vec::new());
    for t in 0..n {
        let before = states.last().copied().unwrap_or(0);
        let state = if rng.gen_range(0.0..1.0) < stay {
            before
        } else {
            rng.gen_range(0..k)
        };
        states.push(state);
        let past = of.ar.iter().enumerate().filter(|(i, _)| t > *i);
        let moved: f64 = past
            .map(|(i, phi)| phi * (y[t - 1 - i] - of.means[states[t - 1 - i]]))
            .sum();
        let noise: f64 = rng.sample(StandardNormal);
        y.push(of.means[state] + moved + of.variances[state].sqrt() * noise);
    }
    (y, states)
}

/// The windows of a series and the composite state of each.
fn windows(y: &[f64], states: &[usize], k: usize, p: usize) -> (Array2<f64>, Vec<usize>) {
    let rows = Array2::from_shape_fn((y.len() - p, p + 1), |(i, j)| y[i + j]);
    let composite = |i: usize| {
        (0..=p)
            .map(|lag| states[i + p - lag] * k.pow(lag as u32))
            .sum()
    };
    (rows, (0..y.len() - p).map(composite).collect())
}

/// The moments of the rows of each composite.
fn sorted(rows: &Array2<f64>, labels: &[usize], n: usize) -> Vec<Moments> {
    let d = rows.ncols();
    let of = |c: usize| {
        let own: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == c).collect();
        if own.is_empty() {
            let zeros = vec![0.0; Form::Full.n_entries(d)];
            return Moments::from_sums(Form::Full, &zeros[..d], 0.0, &zeros[..d], &zeros);
        }
        moments(&rows.select(ndarray::Axis(0), &own))
    };
    (0..n).map(of).collect()
}

fn model(k: usize, p: usize) -> Hamilton {
    Hamilton {
        means: [1.5, -1.0, 4.0][..k].to_vec(),
        ar: [0.4, -0.2, 0.1, 0.15][..p].to_vec(),
        variances: [0.5, 1.2, 0.8][..k].to_vec(),
    }
}

#[test]
fn a_composite_is_the_regression_of_its_states() {
    assert_eq!(n_composites(3, 4), Some(243));
    assert_eq!(n_composites(10, 40), None);
    let (of, reference) = (
        model(3, 2),
        Arc::new(Reference {
            at: vec![0.3; 2],
            scale: vec![1.0; 2],
        }),
    );
    let regressors = of.regressors(&reference).unwrap();
    assert_eq!(regressors.len(), 27);
    for (c, r) in regressors.iter().enumerate() {
        let s = [0, 1, 2].map(|lag| state_at(c, lag, 3));
        assert_eq!(c, s[0] + 3 * s[1] + 9 * s[2]);
        let y = [0.7, -0.2];
        let moved = of.ar[0] * (y[1] - of.means[s[1]]) + of.ar[1] * (y[0] - of.means[s[2]]);
        assert!((r.mean_given(&y)[0] - of.means[s[0]] - moved).abs() < 1e-15);
        assert_eq!(r.residual().entry(0, 0), of.variances[s[0]]);
    }
    assert_eq!(Hamilton::of(&regressors, 3), of);
}

#[test]
fn labelled_series_give_back_their_parameters() {
    for (k, p, own, offset) in [
        (2, 1, true, 0.0),
        (2, 4, false, 0.0),
        (3, 2, true, 1e8),
        (2, 0, true, 0.0),
        (1, 3, true, -50.0),
    ] {
        let mut of = model(k, p);
        if !own {
            of.variances.fill(0.5);
        }
        let n = 20_000;
        let (y, states) = series(&of, n, 0.8, 9);
        let (rows, labels) = windows(&y, &states, k, p);
        let rows = rows + offset;
        let stats = sorted(&rows, &labels, k.pow(p as u32 + 1));
        let belief = HamiltonBelief::new(&survey(&rows), k, own, Ridge::Relative(1e-6));
        let found = belief.emissions(&stats, None).unwrap();
        let found = Hamilton::of(&found, k);
        // Some five standard errors.
        let error = 5.0 * (k as f64 * 1.2 / n as f64).sqrt() / (1.0 - of.ar.iter().sum::<f64>());
        for (a, b) in found.means.iter().zip(&of.means) {
            assert!((a - offset - b).abs() < error, "{found:?}");
        }
        for (a, b) in found.ar.iter().zip(&of.ar) {
            assert!((a - b).abs() < 0.03, "{found:?}");
        }
        for (a, b) in found.variances.iter().zip(&of.variances) {
            assert!((a / b - 1.0).abs() < 0.08, "{found:?}");
        }
        assert!(own || found.variances[0] == found.variances[k - 1]);
    }
}

/// Moments of rows that belong to every composite in part.
fn soft(k: usize, p: usize, seed: u64) -> (Array2<f64>, Vec<Moments>) {
    let (y, states) = series(&model(k, p), 400, 0.7, seed);
    let (rows, labels) = windows(&y, &states, k, p);
    let n = k.pow(p as u32 + 1);
    let mut rng = Random::seed_from_u64(seed);
    let mixed: Vec<usize> = labels
        .iter()
        .map(|&l| {
            if rng.gen_range(0.0..1.0) < 0.7 {
                l
            } else {
                rng.gen_range(0..n)
            }
        })
        .collect();
    let stats = sorted(&rows, &mixed, n);
    (rows, stats)
}

#[test]
fn what_an_m_step_expects_never_falls_and_ends_at_a_maximum() {
    let mut rng = Random::seed_from_u64(10);
    for (k, p, own) in [(2, 1, true), (2, 3, false), (3, 2, true), (3, 0, true)] {
        let (rows, stats) = soft(k, p, 11 + k as u64);
        let belief = HamiltonBelief::new(&survey(&rows), k, own, NO_RIDGE);
        for _ in 0..10 {
            let mut around = |n: usize, from: f64, to: f64| -> Vec<f64> {
                (0..n).map(|_| rng.gen_range(from..to)).collect()
            };
            let mut now = Hamilton {
                means: around(k, -3.0, 3.0),
                ar: around(p, -0.5, 0.5),
                variances: around(k, 0.2, 3.0),
            };
            if !own {
                now.variances.fill(0.7);
            }
            let mut now = now.regressors(&belief.reference).unwrap();
            for _ in 0..4 {
                let next = belief.emissions(&stats, Some(&now)).unwrap();
                let (before, after) = (expected(&stats, &now), expected(&stats, &next));
                assert!(after >= before - 1e-12 * before.abs(), "{before} {after}");
                now = next;
            }
            let best = expected(&stats, &now);
            let found = Hamilton::of(&now, k);
            for _ in 0..20 {
                let mut near = found.clone();
                let parts = [&mut near.means, &mut near.ar];
                for x in parts.into_iter().flatten() {
                    *x += rng.gen_range(-1e-3..1e-3);
                }
                let near = near.regressors(&belief.reference).unwrap();
                assert!(expected(&stats, &near) <= best + 1e-10 * best.abs());
            }
        }
    }
}

#[test]
fn states_without_rows_stay_where_they_are() {
    let (rows, mut stats) = soft(3, 1, 12);
    for c in 0..9 {
        if state_at(c, 0, 3) == 1 || state_at(c, 1, 3) == 1 {
            stats[c] = Moments::from_sums(Form::Full, &[0.0; 2], 0.0, &[0.0; 2], &[0.0; 3]);
        }
    }
    let belief = HamiltonBelief::new(&survey(&rows), 3, true, Ridge::Relative(1e-6));
    let now = model(3, 1).regressors(&belief.reference).unwrap();
    let found = Hamilton::of(&belief.emissions(&stats, Some(&now)).unwrap(), 3);
    assert_eq!(found.means[1], model(3, 1).means[1]);
    let others = [found.variances[0], found.variances[2]];
    assert!(found.variances[1] > others[0].min(others[1]));
    assert!(found.variances[1] < others[0].max(others[1]));
}

#[test]
fn a_mixture_of_composites_climbs_with_and_without_a_prior() {
    let mut steps = [0, 0];
    for (k, p, own) in [(2, 1, true), (2, 2, false), (3, 1, true)] {
        let (y, states) = series(&model(k, p), 600, 0.8, 13);
        let (rows, _) = windows(&y, &states, k, p);
        let plain = HamiltonBelief::new(&survey(&rows), k, own, NO_RIDGE);
        let with_prior = plain.clone().with_prior(HamiltonPrior {
            mean: 0.5,
            variance: 1.0,
            strength: 2.0,
            rows: 4.0,
            extra_counts: 1.0,
        });
        for belief in [plain, with_prior] {
            for accelerate in [false, true] {
                let start = Hamilton {
                    means: [2.0, -1.0, 3.0][..k].to_vec(),
                    ar: vec![0.0; p],
                    variances: vec![1.0; k],
                };
                let start = start.regressors(&belief.reference).unwrap();
                let (found, n) = climbed(&rows, &belief, start, accelerate);
                steps[usize::from(accelerate)] += n;
                // What comes out is of the family.
                let of = Hamilton::of(found.components(), k);
                let again = of.regressors(&belief.reference).unwrap();
                assert_eq!(found.components(), again);
            }
        }
    }
    assert!(steps[1] < steps[0], "{steps:?}");
}

#[test]
fn what_is_of_the_family_is_admitted_as_it_is() {
    let (rows, _) = soft(2, 2, 14);
    let belief = HamiltonBelief::new(&survey(&rows), 2, true, Ridge::Relative(1e-6));
    let now = model(2, 2).regressors(&belief.reference).unwrap();
    let shares = [0.3, 0.2, 0.1, 0.0, 0.1, 0.1, 0.1, 0.1];
    let (_, admitted) = belief.admitted(&shares, now).unwrap();
    let found = Hamilton::of(&admitted, 2);
    for (a, b) in found.means.iter().zip(&model(2, 2).means) {
        assert!((a - b).abs() < 1e-13);
    }
    let mut narrow = model(2, 2);
    narrow.variances[1] = 1e-9;
    let narrow = narrow.regressors(&belief.reference).unwrap();
    assert!(belief.admitted(&shares, narrow).is_none());
}
