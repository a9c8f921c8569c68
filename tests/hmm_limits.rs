//! Hidden Markov models at their limits: what is improbable for long, what is not seen, what cannot be.
#![allow(clippy::unwrap_used)]

use gmm_core::hmm::{Chain, GaussianHmm, Sequences};
use gmm_core::switching::{Switches, SwitchingMean, SwitchingRegression};
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError, Sample};
use gmm_tests::{hidden_regimes, rng};
use ndarray::{Array1, Array2, array};

fn drawn(n: usize, seed: u64) -> (Array2<f64>, Vec<usize>) {
    hidden_regimes().sample(n, &mut rng(seed))
}

/// A regime of one number.
fn regime(mean: f64) -> Gmm {
    let variance = Covariances::Spherical(array![1.0]);
    Gmm::new(array![1.0], array![[mean]], variance).unwrap()
}

fn model(chain: Chain, means: &[f64]) -> GaussianHmm {
    GaussianHmm::new(chain, means.iter().map(|m| regime(*m)).collect()).unwrap()
}

fn column(values: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((values.len(), 1), |(t, _)| values[t])
}

#[test]
fn what_is_improbable_for_long_is_not_lost() {
    // Two regimes that are never left: 60 rows speak for one, so that the other falls below e⁻¹⁰⁰⁰, and 100 against it.
    let apart = Chain::new(array![0.5, 0.5], Array2::eye(2).view()).unwrap();
    let hmm = model(apart, &[0.0, 6.0]);
    let values = [vec![6.0; 60], vec![0.0; 100]].concat();
    let x = column(&values);
    let data = Sequences::one(Sample::new(&x));
    let constant = -0.5 * (2.0 * std::f64::consts::PI).ln();
    let expected = 160.0 * constant - 60.0 * 18.0 + 0.5_f64.ln();
    let mut filter = hmm.filter();
    for value in &values {
        filter.observe(&[*value]).unwrap();
    }
    let [filtered, smoothed] = [hmm.filtered(&data), hmm.smoothed(&data)].map(|p| p.unwrap());
    let (before, _) = hmm.log_predictive(&data).unwrap();
    for found in [
        filter.log_likelihood(),
        before.sum(),
        filtered.log_likelihoods[0],
        smoothed.log_likelihoods[0],
    ] {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
    assert!(filter.probabilities()[0] > 0.999);
    assert!(filtered.probabilities[(159, 0)] > 0.999 && filtered.probabilities[(59, 0)] < 1e-300);
    assert!(smoothed.probabilities.column(0).iter().all(|p| *p > 0.999));
}

#[test]
fn what_others_say_of_a_row_holds_where_the_row_rules_regimes_out() {
    let near = |found: f64, expected: f64| {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    };
    let one = |hmm: &GaussianHmm, sample: Sample<'_>| {
        hmm.log_likelihoods(&Sequences::one(sample)).unwrap()[0]
    };
    // Row 10 is 50 deviations from the regime of all others.
    let rare = Chain::running(array![[0.999, 0.001], [0.5, 0.5]].view()).unwrap();
    let hmm = model(rare, &[0.0, 50.0]);
    let mut x = Array2::zeros((21, 1));
    x[(10, 0)] = 50.0;
    let mut without = x.clone();
    without[(10, 0)] = f64::NAN;
    let data = Sequences::one(Sample::new(&x));
    let rest = one(&hmm, Sample::new(&without).with_missing());
    near(
        hmm.log_predictive(&data).unwrap().1[10],
        one(&hmm, Sample::new(&x)) - rest,
    );
    assert!(hmm.predicted(&data).unwrap().1[(10, 0)] > 0.99);
    // A label rules a regime out; the density is that of the row with its label.
    let chain = Chain::running(array![[0.9, 0.1], [0.2, 0.8]].view()).unwrap();
    let hmm = model(chain, &[0.0, 2.0]);
    let (x, without) = (column(&[0.0, 1.0, 0.5]), column(&[0.0, f64::NAN, 0.5]));
    let labels = [None, Some(1), None];
    let labelled = || Sample::new(&x).with_labels(&labels).unwrap();
    let rest = one(&hmm, Sample::new(&without).with_missing());
    let (before, others) = hmm.log_predictive(&Sequences::one(labelled())).unwrap();
    near(others[1], one(&hmm, labelled()) - rest);
    near(before.sum(), one(&hmm, labelled()));
}

#[test]
fn a_label_is_the_regime_of_its_time_whatever_was_seen() {
    let chain = Chain::running(array![[0.9, 0.1], [0.2, 0.8]].view()).unwrap();
    let hmm = model(chain.clone(), &[0.0, 2.0]);
    let x = column(&[0.0, f64::NAN, 0.5]);
    let labels = [None, Some(1), None];
    let sample = || Sample::new(&x).with_missing().with_labels(&labels).unwrap();
    let data = Sequences::one(sample());
    let path = hmm.most_probable(&data).unwrap();
    let posteriors = hmm.smoothed(&data).unwrap();
    assert_eq!(
        (path.regimes[1], posteriors.probabilities[(1, 1)]),
        (1, 1.0)
    );
    // Of its weight 0 as of what was not seen.
    let whole = column(&[0.0, 7.0, 0.5]);
    let weighted = Sample::weighted(&whole, &[1.0, 0.0, 1.0]).unwrap();
    let data = Sequences::one(weighted.with_labels(&labels).unwrap());
    let again = hmm.smoothed(&data).unwrap();
    assert!((again.log_likelihoods[0] - posteriors.log_likelihoods[0]).abs() < 1e-13);
    // A fit begins with regimes that are named as the labels are.
    let truth = model(chain, &[0.0, 3.0]);
    let (x, regimes) = truth.sample(500, &mut rng(3));
    let likelihoods = [false, true].map(|is_flipped| {
        let named = |t: usize| {
            if is_flipped {
                1 - regimes[t]
            } else {
                regimes[t]
            }
        };
        let labels: Vec<_> = (0..500).map(|t| (t % 10 == 0).then(|| named(t))).collect();
        let data = Sequences::one(Sample::new(&x).with_labels(&labels).unwrap());
        let fitted = GaussianHmm::params(2).n_starts(3).fit(&data).unwrap();
        let switching = SwitchingRegression::params(2)
            .n_starts(1)
            .fit(&data)
            .unwrap();
        let low = usize::from(is_flipped);
        assert!(fitted.model.states()[low].means()[(0, 0)] < 1.0);
        assert!(switching.model.intercept(low).unwrap()[0] < 1.0);
        fitted.log_likelihood
    });
    assert!(
        (likelihoods[0] - likelihoods[1]).abs() < 1e-4,
        "{likelihoods:?}"
    );
}

#[test]
fn a_row_of_which_nothing_was_seen_leaves_mixtures_what_they_are() {
    let (x, _) = drawn(400, 1);
    let mut holed = x.clone();
    holed.row_mut(7).fill(f64::NAN);
    let fit = |x: &Array2<f64>| {
        let params = GaussianHmm::params(2).n_components(2).n_starts(6);
        let data = Sequences::one(Sample::new(x).with_missing());
        params.fit(&data).unwrap()
    };
    let (whole, holed) = (fit(&x), fit(&holed));
    assert!((whole.log_likelihood - holed.log_likelihood).abs() < 15.0);
    for state in holed.model.states() {
        assert_ne!(state.means().row(0), state.means().row(1));
    }
}

#[test]
fn mixtures_are_found_whose_regimes_single_gaussians_would_not_take() {
    // Each regime is two round groups along a diagonal; of single Gaussians with axes the best take one row of groups each.
    let regime = |x: f64| {
        let means = array![[x, 0.0], [x + 3.0, 4.0]];
        let variances = Covariances::Diagonal(Array2::from_elem((2, 2), 0.5));
        Gmm::new(array![0.5, 0.5], means, variances).unwrap()
    };
    let chain = Chain::running(array![[0.95, 0.05], [0.1, 0.9]].view()).unwrap();
    let truth = GaussianHmm::new(chain, vec![regime(0.0), regime(8.0)]).unwrap();
    let (x, _) = truth.sample(300, &mut rng(1));
    let data = Sequences::one(Sample::new(&x));
    let params = GaussianHmm::params(2).n_components(2);
    for seed in 1..4 {
        let params = params.clone().covariance_type(CovarianceType::Diagonal);
        let fitted = params.seed(seed).fit(&data).unwrap();
        assert!(fitted.log_likelihood > truth.log_likelihoods(&data).unwrap()[0]);
    }
}

#[test]
fn probabilities_sum_to_one_however_far_ahead() {
    // Rows that sum to 1 − 9e-13 are taken as they are.
    let rows = array![[0.9, 0.1 - 9e-13], [0.2, 0.8 - 9e-13]];
    let hmm = model(Chain::running(rows.view()).unwrap(), &[0.0, 2.0]);
    let mut filter = hmm.filter();
    filter.observe(&[1.0]).unwrap();
    assert!(filter.ahead(2_000_000).is_ok());
    for _ in 0..20_000 {
        filter.observe(&[f64::NAN]).unwrap();
    }
    let sum: f64 = filter.probabilities().iter().sum();
    assert!((sum - 1.0).abs() < 1e-14, "{sum}");
    let sum: f64 = hmm.chain().ahead(&[0.5, 0.5], 20_000).iter().sum();
    assert!((sum - 1.0).abs() < 1e-14, "{sum}");
}

#[test]
fn what_is_asked_for_too_much_is_refused() {
    let x = column(&[1.0, 2.0, 3.0, 5.0, 4.0]);
    for k in [6, 1 << 40, usize::MAX] {
        let data = Sequences::one(Sample::new(&x));
        for switches in [Switches::All, Switches::Intercept, Switches::Mean] {
            let params = SwitchingRegression::params(k).switches(switches);
            let error = params.fit(&data).unwrap_err();
            assert!(matches!(error, GmmError::TooFewRowsFor { n_rows: 5, .. }));
        }
        let error = GaussianHmm::params(k)
            .n_components(3)
            .fit(&data)
            .unwrap_err();
        assert!(matches!(error, GmmError::TooFewRows { .. }));
    }
    let alone = || Chain::running(array![[1.0]].view()).unwrap();
    let nothing = (
        Array1::zeros(0),
        Array2::zeros((0, 2)),
        Array2::zeros((0, 0)),
    );
    assert!(SwitchingRegression::new(alone(), &[nothing.0], &[nothing.1], &[nothing.2]).is_err());
}

#[test]
fn parameters_are_counted_by_the_chain_that_a_fit_goes_on_from() {
    let (x, _) = model(
        Chain::running(array![[0.9, 0.1], [0.2, 0.8]].view()).unwrap(),
        &[0.0, 3.0],
    )
    .sample(100, &mut rng(5));
    let rows = array![[0.9, 0.1], [0.2, 0.8]];
    let free = Chain::new(array![0.5, 0.5], rows.view()).unwrap();
    for (chain, of_beginning) in [(free, 1), (Chain::running(rows.view()).unwrap(), 0)] {
        let parts = [array![0.0], array![3.0]];
        let (none, one) = (Array2::zeros((1, 0)), array![[1.0]]);
        let start =
            SwitchingRegression::new(chain, &parts, &[none.clone(), none], &[one.clone(), one])
                .unwrap();
        let expected = start.n_parameters();
        assert_eq!(expected, 4 + 2 + of_beginning);
        let params = SwitchingRegression::params(2).start(start);
        let fitted = params.fit(&Sequences::one(Sample::new(&x))).unwrap();
        assert_eq!(fitted.n_parameters, expected);
        assert_eq!(fitted.model.n_parameters(), expected);
    }
    let mean = SwitchingMean::new(vec![0.0, 3.0], vec![], vec![1.0, 1.5]);
    let chain = Chain::running(rows.view()).unwrap();
    let hamilton = SwitchingRegression::of_mean(chain, mean).unwrap();
    assert_eq!(hamilton.n_parameters(), 2 + 2 + 2);
}

#[test]
fn degenerate_rows_have_an_outcome() {
    let fit = |x: &Array2<f64>, k: usize| {
        GaussianHmm::params(k)
            .n_starts(4)
            .fit(&Sequences::one(Sample::new(x)))
    };
    assert!(matches!(
        fit(&array![[1.0], [2.0]], 3),
        Err(GmmError::TooFewRows {
            n_rows: 2,
            n_components: 3
        })
    ));
    assert!(matches!(
        fit(&array![[1.0], [f64::NAN]], 1),
        Err(GmmError::NonFinite { row: 1, .. })
    ));
    assert!(fit(&Array2::zeros((0, 1)), 1).is_err());
    assert!(fit(&array![[1.0]], 0).is_err());
    let constant = fit(&Array2::from_elem((20, 2), 3.0), 2).unwrap();
    let p = constant
        .model
        .smoothed(&Sequences::one(Sample::new(&Array2::from_elem(
            (20, 2),
            3.0,
        ))))
        .unwrap();
    assert!(p.probabilities.iter().all(|p| p.is_finite()));
    for scale in [1e-140, 1e140] {
        let (x, _) = drawn(100, 8);
        let scaled = fit(&x.mapv(|v| v * scale), 2).unwrap();
        assert!(scaled.log_likelihood.is_finite());
    }
    let (x, _) = drawn(300, 9);
    let near = fit(&x, 3).unwrap();
    let far = fit(&x.mapv(|v| v + 1e8), 3).unwrap();
    assert!(
        (near.log_likelihood - far.log_likelihood).abs() < 1e-3,
        "{} {}",
        near.log_likelihood,
        far.log_likelihood
    );
    // Rows that cannot be have no probability, and what is asked of them still has numbers.
    let hmm = hidden_regimes();
    let beyond = array![[0.0, 0.0], [1e200, 0.0], [4.0, 1.0]];
    let data = Sequences::one(Sample::new(&beyond));
    let smoothed = hmm.smoothed(&data).unwrap();
    assert_eq!(smoothed.log_likelihoods, [f64::NEG_INFINITY]);
    assert!(smoothed.probabilities.iter().all(|p| p.is_finite()));
    assert!(Sequences::of_lengths(Sample::new(&beyond), &[1, 1]).is_err());
    assert!(Sequences::of_lengths(Sample::new(&beyond), &[3, 0]).is_err());
}
