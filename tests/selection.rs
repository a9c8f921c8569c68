//! Choosing by other numbers than BIC: ICL and AIC, cross-validation.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::selection::{Criterion, CrossValidated, cross_validate, rank, rank_by};
use gmm_core::{CovarianceType, Gmm, GmmError, InitMethod, Noise, Sample};
use gmm_tests::{faithful, iris, on_any_number_of_threads, two_groups};
use ndarray::{Array2, array};

#[test]
fn icl_is_bic_and_twice_the_entropy() {
    let x = faithful();
    for k in 1..=4 {
        let fitted = Gmm::params(k).fit_report(&x).unwrap();
        let entropy = fitted.model.posterior_entropy(&x).unwrap();
        let wanted = fitted.bic() + 2.0 * entropy.sum();
        assert!((fitted.icl() - wanted).abs() < 1e-8);
        assert!((fitted.icl() - fitted.model.icl(&x).unwrap()).abs() < 1e-8);
        assert_eq!(fitted.criteria().icl, fitted.icl());
        assert!((fitted.mean_entropy() - entropy.mean().unwrap()).abs() < 1e-12);
    }
    // Weights are multiplicities.
    let weights: Vec<f64> = (0..272).map(|i| f64::from(i % 3)).collect();
    let fitted = Gmm::params(3).fit_weighted(&x, &weights).unwrap();
    let entropy = fitted.model.posterior_entropy(&x).unwrap();
    let sum: f64 = entropy.iter().zip(&weights).map(|(h, w)| h * w).sum();
    assert!((fitted.icl() - fitted.bic() - 2.0 * sum).abs() < 1e-8);
    // A label is certain; a row of which nothing was seen says nothing.
    let labels = vec![Some(1); 272];
    let sample = Sample::new(&x).with_labels(&labels).unwrap();
    let fitted = Gmm::params(2).fit_sample(&sample, &|_| {}).unwrap();
    assert_eq!(fitted.icl(), fitted.bic());
    let mut holed = x.clone();
    holed.row_mut(5).fill(f64::NAN);
    (0..60).for_each(|i| holed[(4 * i, 1)] = f64::NAN);
    let sample = Sample::new(&holed).with_missing();
    let fitted = Gmm::params(2).fit_sample(&sample, &|_| {}).unwrap();
    let r = fitted.model.responsibilities_of(&sample).unwrap();
    let of_row = |row: ndarray::ArrayView1<'_, f64>| -> f64 {
        row.iter().filter(|r| **r > 0.0).map(|r| -r * r.ln()).sum()
    };
    let seen = r.rows().into_iter().enumerate().filter(|(i, _)| *i != 5);
    let sum: f64 = seen.map(|(_, row)| of_row(row)).sum();
    assert!((fitted.icl() - fitted.bic() - 2.0 * sum).abs() < 1e-8);
}

#[test]
fn criteria_rank_as_they_are_known_to() {
    let x = faithful();
    let sample = Sample::new(&x);
    let types = [CovarianceType::Full, CovarianceType::Tied];
    let ranking = |criterion| {
        rank_by(
            criterion,
            &sample,
            &Gmm::params(1),
            1..=4,
            &types,
            &|_, _| {},
        )
        .unwrap()
    };
    // EEE,3 by BIC (mclust's choice); the two clusters by ICL; more components by AIC.
    let by_bic = ranking(Criterion::Bic);
    assert_eq!(
        by_bic,
        rank(&sample, &Gmm::params(1), 1..=4, &types, &|_, _| {}).unwrap()
    );
    assert_eq!(by_bic[0].model.n_components(), 3);
    assert_eq!(ranking(Criterion::Icl)[0].model.n_components(), 2);
    assert!(ranking(Criterion::Aic)[0].model.n_components() >= 3);
    for criterion in [Criterion::Bic, Criterion::Aic, Criterion::Icl] {
        let values: Vec<f64> = ranking(criterion)
            .iter()
            .filter(|f| f.is_proper())
            .map(|f| criterion.of(&f.criteria()))
            .collect();
        assert!(values.is_sorted());
    }
}

fn validated(
    x: &Array2<f64>,
    n_components: std::ops::RangeInclusive<usize>,
) -> Vec<CrossValidated> {
    let types = [CovarianceType::Full];
    cross_validate(&Sample::new(x), &Gmm::params(1), n_components, &types, 10).unwrap()
}

#[test]
fn what_is_left_out_tells_two_groups_from_one_and_from_five() {
    let ranking = validated(&faithful(), 1..=5);
    assert_eq!(ranking[0].n_components, 2);
    assert_eq!(ranking[4].n_components, 1);
    let x = two_groups(300);
    let ranking = validated(&x, 1..=4);
    assert_eq!(ranking[0].n_components, 2);
    for candidate in &ranking {
        assert_eq!((candidate.n_folds, candidate.n_failed), (10, 0));
        assert!(candidate.standard_error > 0.0 && candidate.standard_error < 0.2);
        // Rows that were left out are described less well than those of the fit.
        let fitted = Gmm::params(candidate.n_components).fit_report(&x).unwrap();
        assert!(candidate.mean_log_likelihood < fitted.mean_log_likelihood());
    }
}

#[test]
fn left_out_one_by_one_a_gaussian_is_the_textbooks() {
    // μ and σ² of all but one row, by hand.
    let x = array![[1.0], [2.0], [4.0], [7.0], [11.0]];
    let all = x.column(0).to_vec();
    let of_row = |i: usize| {
        let others: Vec<f64> = (0..5).filter(|j| *j != i).map(|j| all[j]).collect();
        let mean = others.iter().sum::<f64>() / 4.0;
        let variance = others.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4.0;
        -0.5 * ((2.0 * std::f64::consts::PI * variance).ln() + (all[i] - mean).powi(2) / variance)
    };
    let wanted = (0..5).map(of_row).sum::<f64>() / 5.0;
    let params = Gmm::params(1).ridge(gmm_core::Ridge::Absolute(0.0));
    let types = [CovarianceType::Full];
    let ranking = cross_validate(&Sample::new(&x), &params, [1], &types, 5).unwrap();
    assert!((ranking[0].mean_log_likelihood - wanted).abs() < 1e-12);
}

#[test]
fn validation_is_the_same_on_any_number_of_threads() {
    let mut x = iris();
    (0..30).for_each(|i| x[(5 * i, i % 4)] = f64::NAN);
    let weights: Vec<f64> = (0..150).map(|i| f64::from(1 + i % 3)).collect();
    let answer = || {
        let sample = Sample::weighted(&x, &weights).unwrap().with_missing();
        let params = Gmm::params(1).init_method(InitMethod::KMeans);
        let types = [CovarianceType::Full, CovarianceType::Vev];
        cross_validate(&sample, &params, 1..=3, &types, 4).unwrap()
    };
    let answer = on_any_number_of_threads(answer);
    assert!(answer[0].mean_log_likelihood.is_finite());
    // Another seed draws other folds.
    let other = Gmm::params(1).with_rng(Xoshiro256Plus::seed_from_u64(7));
    let types = [CovarianceType::Tied];
    let x = iris();
    let of = |params| cross_validate(&Sample::new(&x), params, [2], &types, 4).unwrap();
    assert_ne!(of(&other), of(&Gmm::params(1)));
}

#[test]
fn weights_noise_and_labels_count() {
    let x = two_groups(60);
    // Rows of weight 0 are not there: neither to be described nor to describe.
    let mut far = x.clone();
    (0..20).for_each(|i| far.row_mut(3 * i).fill(1e6));
    let weights: Vec<f64> = (0..60).map(|i| f64::from(u8::from(i % 3 != 0))).collect();
    let types = [CovarianceType::TiedSpherical];
    let of = |sample: &Sample<'_>| {
        cross_validate(sample, &Gmm::params(1), [2], &types, 5).unwrap()[0].clone()
    };
    let weighted = of(&Sample::weighted(&far, &weights).unwrap());
    assert!(weighted.mean_log_likelihood > -6.0);
    let noise = Array2::from_elem((60, 2), 0.25);
    let noisy = of(&Sample::new(&x)
        .with_noise(Noise::Variances(&noise))
        .unwrap());
    assert!((noisy.mean_log_likelihood - of(&Sample::new(&x)).mean_log_likelihood).abs() < 0.1);
    let labels: Vec<_> = (0..60)
        .map(|i| Some(usize::from(x[(i, 0)] > 3.0)))
        .collect();
    let labelled = of(&Sample::new(&x).with_labels(&labels).unwrap());
    assert!((labelled.mean_log_likelihood - of(&Sample::new(&x)).mean_log_likelihood).abs() < 0.05);
}

#[test]
fn what_cannot_be_validated_is_refused_or_told() {
    let x = two_groups(40);
    let sample = Sample::new(&x);
    let types = [CovarianceType::Full];
    for n_folds in [0, 1, 41] {
        let refused = cross_validate(&sample, &Gmm::params(1), 1..=2, &types, n_folds);
        assert!(matches!(
            refused,
            Err(GmmError::InvalidParameter {
                name: "n_folds",
                ..
            })
        ));
    }
    // Twenty rows in each fold cannot carry thirty components.
    let ranking = cross_validate(&sample, &Gmm::params(1), [30, 2], &types, 2).unwrap();
    assert_eq!((ranking[0].n_components, ranking[0].n_failed), (2, 0));
    assert_eq!((ranking[1].n_folds, ranking[1].n_failed), (0, 2));
    assert_eq!(ranking[1].mean_log_likelihood, f64::NEG_INFINITY);
    assert!(!ranking[1].is_proper());
    let refused = cross_validate(&sample, &Gmm::params(1), [30], &types, 2);
    assert!(matches!(refused, Err(GmmError::TooFewRows { .. })));
    let none = cross_validate(&sample, &Gmm::params(1), [], &types, 2);
    assert_eq!(none, Ok(Vec::new()));
    // Components on tied values are told.
    let tied = Array2::from_shape_fn((60, 2), |(i, _)| (i % 6) as f64);
    let ranking = cross_validate(&Sample::new(&tied), &Gmm::params(1), [6, 1], &types, 3).unwrap();
    assert!(ranking.iter().all(|c| c.mean_log_likelihood.is_finite()));
}

#[test]
fn labelled_rows_are_ranked_by_fits_that_can_have_their_labels() {
    let x = two_groups(100);
    let known: Vec<Option<usize>> = (0..100)
        .map(|i| (i % 10 == 0).then_some(i / 10 % 2))
        .collect();
    let sample = Sample::new(&x).with_labels(&known).unwrap();
    let types = [CovarianceType::Full, CovarianceType::Diagonal];
    let ranking = rank(&sample, &Gmm::params(1), 1..=3, &types, &|_, _| {}).unwrap();
    assert_eq!(ranking.len(), 4);
    assert!(ranking.iter().all(|fitted| fitted.model.n_components() > 1));
}

#[test]
fn runs_of_a_ranking_begin_with_starts_of_their_own() {
    let x = iris();
    let types = [CovarianceType::Full, CovarianceType::Tied];
    let begins = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let observe = |place, progress| {
        if let gmm_core::Progress::Climbing {
            iteration: 0,
            objective,
            ..
        } = progress
        {
            begins.lock().unwrap().insert((place, objective.to_bits()));
        }
    };
    rank(
        &Sample::new(&x),
        &Gmm::params(1).n_runs(4),
        5..=5,
        &types,
        &observe,
    )
    .unwrap();
    assert!(begins.lock().unwrap().len() > 2);
}

#[test]
fn a_type_that_is_not_possible_does_not_refuse_the_others() {
    let x = faithful();
    let sample = Sample::new(&x);
    let params = Gmm::params(1).eigenvalue_ratio(10.0);
    // A ratio bounds covariances that are free of each other.
    let (impossible, possible) = (CovarianceType::Vei, CovarianceType::Full);
    let types = [impossible, possible];
    let ranking = rank(&sample, &params, 1..=2, &types, &|_, _| {}).unwrap();
    assert_eq!(ranking.len(), 2);
    assert!(
        ranking
            .iter()
            .all(|f| f.model.covariance_type() == possible)
    );
    let validated = cross_validate(&sample, &params, 1..=2, &types, 3).unwrap();
    assert_eq!(validated.len(), 2);
    let refused = rank(&sample, &params, 1..=2, &[impossible], &|_, _| {});
    assert!(matches!(refused, Err(GmmError::InvalidParameter { .. })));
}

#[test]
fn twins_in_a_ranking_change_nothing() {
    // Of one feature all types are of one volume or of each component its own.
    let (full, diag) = (CovarianceType::Full, CovarianceType::Diagonal);
    for seed in 0..5 {
        let mut rng = Xoshiro256Plus::seed_from_u64(seed);
        let x = Array2::from_shape_fn((400, 1), |(i, _)| {
            (i % 8) as f64 * 2.5 + rng.gen_range(-1.0..1.0)
        });
        let best = |types: &[CovarianceType]| {
            let ranking = rank(&Sample::new(&x), &Gmm::params(1), [8], types, &|_, _| {});
            ranking.unwrap()[0].bic()
        };
        assert_eq!(best(&[full]), best(&[full, diag]));
    }
    // A far row may have a component where volumes are shared, whichever type comes first.
    let far = Array2::from_shape_fn((39, 1), |(i, _)| match i {
        38 => 40.0,
        i => (i % 2) as f64 * 9.0 + (i / 2) as f64 * 0.1,
    });
    let (tied, evi) = (CovarianceType::TiedSpherical, CovarianceType::Evi);
    for types in [[tied, evi], [evi, tied]] {
        let ranking = rank(&Sample::new(&far), &Gmm::params(1), [3], &types, &|_, _| {});
        assert!(ranking.unwrap().iter().all(|fitted| fitted.is_proper()));
    }
}

#[test]
fn what_is_ranked_can_be_validated() {
    let x = faithful();
    let sample = Sample::new(&x);
    let of_no_use = Gmm::params(0).covariance_type(CovarianceType::Vei);
    let params = of_no_use.eigenvalue_ratio(10.0);
    let types = [CovarianceType::Full];
    assert_eq!(
        rank(&sample, &params, 1..=2, &types, &|_, _| {})
            .unwrap()
            .len(),
        2
    );
    let validated = cross_validate(&sample, &params, 1..=2, &types, 3);
    assert_eq!(validated.unwrap().len(), 2);
}
