//! M-steps against hand-made least squares, and fits that climb.

use std::sync::Arc;

use ndarray::{Array2, s};
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256Plus;

use super::belief::{PseudoRows, RegressionBelief, What};
use super::regressor::Regressor;
use crate::belief::{Belief, Ridge};
use crate::covariance::CovarianceType;
use crate::em::{Stopping, climb};
use crate::emission::{Estimate, Latent};
use crate::mixture::Mixture;
use crate::moments::{Form, Moments};
use crate::sample::Sample;
use crate::shares::Shares;
use crate::survey::Survey;

pub(super) type Random = Xoshiro256Plus;

pub(super) const NO_RIDGE: Ridge = Ridge::Absolute(0.0);

pub(super) fn moments(rows: &Array2<f64>) -> Moments {
    let sample = Sample::new(rows);
    Survey::of(&sample).unwrap().moments(&sample, Form::Full)
}

pub(super) fn survey(rows: &Array2<f64>) -> Survey {
    Survey::of(&Sample::new(rows)).unwrap()
}

/// The solution of a regular system, by elimination with pivots.
fn solve(mut a: Array2<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let largest = (i..n).max_by(|&r, &t| a[(r, i)].abs().total_cmp(&a[(t, i)].abs()));
        let pivot = largest.unwrap();
        b.swap(i, pivot);
        for j in 0..n {
            a.swap((i, j), (pivot, j));
        }
        for r in i + 1..n {
            let factor = a[(r, i)] / a[(i, i)];
            for j in i..n {
                a[(r, j)] -= factor * a[(i, j)];
            }
            b[r] -= factor * b[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[(i, j)] * b[j]).sum();
        b[i] = (b[i] - known) / a[(i, i)];
    }
    b
}

/// Two lines, or planes, with noise: p given columns, q targets; and which of the two each row is of.
fn two_regressions(n: usize, p: usize, q: usize, seed: u64) -> (Array2<f64>, Vec<usize>) {
    let mut rng = Random::seed_from_u64(seed);
    let mut rows = Array2::zeros((n, p + q));
    let mut labels = Vec::new();
    for i in 0..n {
        let label = usize::from(rng.gen_range(0.0..1.0) < 0.4);
        let sign = if label == 0 { 1.0 } else { -1.0 };
        for j in 0..p {
            rows[(i, j)] = rng.gen_range(-3.0..3.0);
        }
        for t in 0..q {
            let explained: f64 = (0..p)
                .map(|j| sign * rows[(i, j)] / (1 + j + t) as f64)
                .sum();
            let noise: f64 = rng.sample(StandardNormal);
            rows[(i, p + t)] = 2.0 * sign + explained + (0.5 + 0.3 * label as f64) * noise;
        }
        labels.push(label);
    }
    (rows, labels)
}

#[test]
fn an_m_step_is_least_squares_near_and_far_from_the_origin() {
    let (n, p, q) = (60, 2, 2);
    // Of so few digits that they are the same rows far away.
    let rows = two_regressions(n, p, q, 1)
        .0
        .mapv(|x| (x * 1048576.0).round() / 1048576.0);
    let design = Array2::from_shape_fn((n, p + 1), |(i, j)| if j < p { rows[(i, j)] } else { 1.0 });
    let by_hand = |t: usize| {
        let target = rows.column(p + t);
        solve(design.t().dot(&design), design.t().dot(&target).to_vec())
    };
    let expected: Vec<Vec<f64>> = (0..q).map(by_hand).collect();
    let residual = |i: usize, t: usize| {
        let fitted: f64 = (0..=p).map(|j| design[(i, j)] * expected[t][j]).sum();
        rows[(i, p + t)] - fitted
    };
    for (offset, exact) in [(0.0, 1e-12), (1e8, 1e-7)] {
        let moved = &rows + offset;
        let belief = RegressionBelief::new(&survey(&moved), q, CovarianceType::Full, NO_RIDGE);
        let found = belief
            .emissions(&[moments(&moved)], None)
            .unwrap()
            .remove(0);
        for t in 0..q {
            for j in 0..p {
                let off = found.coefficients()[t * p + j] - expected[t][j];
                assert!(off.abs() < 1e-12, "{offset}: {off}");
            }
            let at = found.mean_given(&vec![offset; p])[t] - offset;
            assert!((at - expected[t][p]).abs() < exact, "{offset}: {at}");
            for o in 0..q {
                let scatter: f64 = (0..n).map(|i| residual(i, t) * residual(i, o)).sum();
                let off = found.residual().entry(t, o) - scatter / n as f64;
                assert!(off.abs() < 1e-12, "{offset}: {off}");
            }
        }
        let at_nought = found.intercept();
        let b = found.coefficients();
        let by_hand = found.mean()[p] - b[0] * found.mean()[0] - b[1] * found.mean()[1];
        assert!((at_nought[0] - by_hand).abs() <= 1e-15 * found.mean()[p].abs().max(1.0));
    }
}

#[test]
fn constant_and_dependent_columns_have_coefficients_of_nought() {
    let (plain, _) = two_regressions(80, 1, 1, 2);
    let with = Array2::from_shape_fn((80, 4), |(i, j)| match j {
        0 => plain[(i, 0)],
        1 => 7e5 + 0.1,
        2 => 3.0 - 2.0 * plain[(i, 0)],
        _ => plain[(i, 1)],
    });
    let fit = |rows: &Array2<f64>| {
        let belief = RegressionBelief::new(&survey(rows), 1, CovarianceType::Full, NO_RIDGE);
        belief.emissions(&[moments(rows)], None).unwrap().remove(0)
    };
    let (plain, with) = (fit(&plain), fit(&with));
    assert_eq!(with.coefficients()[1..], [0.0, 0.0]);
    assert!((with.coefficients()[0] - plain.coefficients()[0]).abs() < 1e-13);
    assert!((with.residual().entry(0, 0) - plain.residual().entry(0, 0)).abs() < 1e-13);
}

#[test]
fn a_state_without_rows_stays_and_takes_what_all_have_together() {
    let (rows, _) = two_regressions(50, 2, 1, 3);
    let all = moments(&rows);
    let empty = Moments::from_sums(Form::Full, &[9.0, 8.0, 7.0], 0.0, &[0.0; 3], &[0.0; 6]);
    for of in [CovarianceType::Full, CovarianceType::Tied] {
        let belief = RegressionBelief::new(&survey(&rows), 1, of, NO_RIDGE);
        let found = belief
            .emissions(&[empty.clone(), all.clone()], None)
            .unwrap();
        assert_eq!(found[0].mean(), [9.0, 8.0, 7.0]);
        assert_eq!(found[0].coefficients(), found[1].coefficients());
        assert_eq!(
            found[0].residual().entry(0, 0),
            found[1].residual().entry(0, 0)
        );
        assert!(
            belief
                .emissions(std::slice::from_ref(&empty), None)
                .is_err()
        );
    }
}

#[test]
fn without_given_columns_the_m_step_is_that_of_gaussians() {
    let (rows, _) = two_regressions(70, 0, 3, 4);
    let parts = [s![..30, ..], s![30.., ..]].map(|part| moments(&rows.slice(part).to_owned()));
    let survey = survey(&rows);
    for of in [
        CovarianceType::Full,
        CovarianceType::Tied,
        CovarianceType::Vei,
    ] {
        let ridge = Ridge::Relative(1e-6);
        let states = RegressionBelief::new(&survey, 3, of, ridge).emissions(&parts, None);
        let parts = parts.clone().map(|part| part.in_form(of.form()));
        let gaussians = Belief::new(of, ridge, &survey.scale).emissions(&parts, None);
        for (state, gaussian) in states.unwrap().iter().zip(gaussians.unwrap()) {
            assert_eq!(state.mean(), gaussian.mean());
            assert_eq!(state.residual(), gaussian.covariance());
        }
    }
}

fn stopping(accelerate: bool) -> Stopping {
    Stopping {
        tolerance: 1e-9,
        max_n_iterations: 400,
        accelerate,
    }
}

/// Climbs from these emissions, and does not fall: where it gets, and in how many steps.
pub(super) fn climbed(
    rows: &Array2<f64>,
    belief: &impl Estimate<Regressor>,
    start: Vec<Regressor>,
    accelerate: bool,
) -> (Mixture<Regressor>, usize) {
    let sample = Sample::new(rows);
    let shares = Shares::of_counts(&vec![1.0; start.len()]);
    let run = climb(
        Mixture::new(shares, start, None),
        &sample,
        belief,
        stopping(accelerate),
        &|_, _| {},
    );
    assert!(run.objective.len() > 4, "{:?}", run.objective);
    for pair in run.objective.windows(2) {
        let slack = 1e-12 * pair[0].abs().max(1.0);
        assert!(pair[1] >= pair[0] - slack, "{pair:?} of {:?}", run.outcome);
    }
    assert_eq!(
        run.last_objective(),
        run.model.height(&sample, belief).objective
    );
    (run.model, run.objective.len())
}

/// Emissions of a rough division of the rows.
fn start(rows: &Array2<f64>, belief: &RegressionBelief, k: usize) -> Vec<Regressor> {
    let n = rows.nrows();
    let last = rows.column(rows.ncols() - 1);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| last[a].total_cmp(&last[b]));
    let part = |part: &[usize]| moments(&rows.select(ndarray::Axis(0), part));
    let parts: Vec<Moments> = order.chunks(n.div_ceil(k)).map(part).collect();
    belief.emissions(&parts, None).unwrap()
}

#[test]
fn em_never_falls_whatever_switches_and_whatever_is_believed() {
    for (p, q) in [(0, 2), (1, 1), (3, 2)] {
        let (rows, _) = two_regressions(300, p, q, 5);
        let survey = survey(&rows);
        for of in [
            CovarianceType::Full,
            CovarianceType::Tied,
            CovarianceType::TiedSpherical,
            CovarianceType::Evi,
        ] {
            for what in [What::All, What::InterceptOnly] {
                for accelerate in [false, true] {
                    let belief =
                        RegressionBelief::new(&survey, q, of, NO_RIDGE).with_switching(what);
                    climbed(&rows, &belief, start(&rows, &belief, 2), accelerate);
                    let belief = belief.with_prior(PseudoRows::of(&survey, 3.0, 1.0));
                    climbed(&rows, &belief, start(&rows, &belief, 3), accelerate);
                }
            }
        }
    }
}

#[test]
fn em_finds_the_two_regressions() {
    let (rows, labels) = two_regressions(1500, 2, 1, 6);
    let belief = RegressionBelief::new(&survey(&rows), 1, CovarianceType::Full, NO_RIDGE);
    let (found, _) = climbed(&rows, &belief, start(&rows, &belief, 2), true);
    let mut states = found.components().to_vec();
    states.sort_by(|a, b| b.intercept()[0].total_cmp(&a.intercept()[0]));
    for (label, (state, sign)) in states.iter().zip([1.0, -1.0]).enumerate() {
        let n = labels.iter().filter(|l| **l == label).count() as f64;
        let sigma = 0.5 + 0.3 * label as f64;
        // Four standard errors, of columns with variance 3, and half as much again for what is hidden.
        let error = 6.0 * sigma / n.sqrt();
        assert!(
            (state.intercept()[0] - 2.0 * sign).abs() < error,
            "{state:?}"
        );
        for (b, expected) in state.coefficients().iter().zip([sign, 0.5 * sign]) {
            assert!((b - expected).abs() < error, "{b} {expected}");
        }
        assert!((state.residual().entry(0, 0).sqrt() - sigma).abs() < error);
    }
}

/// Σ over states of the expected log-likelihood.
pub(super) fn expected(stats: &[Moments], states: &[Regressor]) -> f64 {
    let parts = states.iter().zip(stats);
    parts.map(|(state, rows)| state.log_likelihood(rows)).sum()
}

#[test]
fn common_coefficients_are_common_and_the_best_of_such() {
    let (rows, _) = two_regressions(200, 2, 2, 7);
    let parts = [s![..50, ..], s![50.., ..]].map(|part| moments(&rows.slice(part).to_owned()));
    for of in [CovarianceType::Full, CovarianceType::Tied] {
        let belief = RegressionBelief::new(&survey(&rows), 2, of, NO_RIDGE)
            .with_switching(What::InterceptOnly);
        let mut found = belief.emissions(&parts, None).unwrap();
        for _ in 0..30 {
            let next = belief.emissions(&parts, Some(&found)).unwrap();
            let (before, after) = (expected(&parts, &found), expected(&parts, &next));
            assert!(after >= before - 1e-12 * before.abs());
            found = next;
        }
        assert_eq!(found[0].coefficients(), found[1].coefficients());
        let best = expected(&parts, &found);
        for at in 0..4 {
            for step in [-1e-3, 1e-3] {
                let moved: Vec<Regressor> = found
                    .iter()
                    .map(|r| {
                        let mut slopes = r.coefficients().to_vec();
                        slopes[at] += step;
                        let (mean, reference) = (r.mean().to_vec(), Arc::clone(&belief.reference));
                        Regressor::new(mean, slopes, r.residual().clone(), reference)
                    })
                    .collect();
                assert!(expected(&parts, &moved) < best);
            }
        }
    }
}

#[test]
fn rows_that_were_not_seen_whole_say_nothing() {
    let (mut rows, _) = two_regressions(120, 1, 1, 8);
    let survey = survey(&rows);
    let belief = RegressionBelief::new(&survey, 1, CovarianceType::Full, NO_RIDGE);
    let states = start(&rows, &belief, 2);
    let model = Mixture::new(Shares::of_counts(&[1.0, 1.0]), states, None);
    for i in 100..120 {
        rows[(i, i % 2)] = f64::NAN;
    }
    let whole = rows.slice(s![..100, ..]).to_owned();
    let prepared = |sample: &Sample<'_>| {
        let expectation = model.expect(sample, &belief);
        let likelihood = expectation.height.mean_log_likelihood * sample.total_weight();
        (likelihood, expectation.stats.components)
    };
    let (likelihood, stats) = prepared(&Sample::new(&whole));
    let sample = Sample::new(&rows).with_missing();
    let (with, stats_with) =
        crate::incomplete::prepared(&sample, false, |sample| Ok(prepared(sample))).unwrap();
    assert!((with - likelihood).abs() < 1e-12 * likelihood.abs());
    for (a, b) in stats.iter().zip(&stats_with) {
        assert!((a.weight - b.weight).abs() < 1e-12 * b.weight);
    }
}

#[test]
fn residuals_of_no_variance_are_refused_or_have_the_ridge() {
    let exact = Array2::from_shape_fn(
        (20, 2),
        |(i, j)| if j == 0 { i as f64 } else { 2.0 * i as f64 },
    );
    let belief = RegressionBelief::new(&survey(&exact), 1, CovarianceType::Full, NO_RIDGE);
    let refused = belief.emissions(&[moments(&exact)], None).unwrap_err();
    assert_eq!((refused.component, refused.column), (0, 1));
    let belief = RegressionBelief::new(
        &survey(&exact),
        1,
        CovarianceType::Full,
        Ridge::Relative(1e-6),
    );
    let found = belief.emissions(&[moments(&exact)], None).unwrap();
    let variance = found[0].residual().entry(0, 0);
    assert!((variance / (1e-6 * survey(&exact).scale[1]) - 1.0).abs() < 1e-6);
}
