//! Audits: whether a search found its optimum, and what they say in words.
#![allow(clippy::unwrap_used)]

use gmm_core::inference::{Audit, Verdict};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Gmm, GmmError, InitMethod, Note, Ridge, Sample};
use gmm_tests::{iris, two_groups};
use ndarray::{Array2, Axis, array, concatenate};

/// Findings that are not good.
fn concerns(audit: &Audit) -> Vec<&str> {
    let concerns = audit.findings.iter().filter(|f| f.verdict > Verdict::Good);
    concerns.map(|f| f.text.as_str()).collect()
}

#[test]
fn three_irises_are_found_by_every_run() {
    let x = iris();
    let sample = Sample::new(&x);
    let audit = Gmm::params(3).audit(&sample, 8).unwrap();
    assert_eq!(audit.optima.len(), 1);
    assert_eq!(
        (audit.optima[0].n_runs, audit.optima[0].n_converged),
        (8, 8)
    );
    assert_eq!(audit.optima[0].agreement, 1.0);
    assert!((audit.best.log_likelihood() + 180.186).abs() < 0.01);
    assert!(audit.largest_fall < 1e-8);
    assert_eq!(audit.rows_per_parameter, 150.0 / 44.0);
    let rows: f64 = audit.components.iter().map(|c| c.n_rows).sum();
    assert!((rows - 150.0).abs() < 1e-9);
    // Versicolor and virginica.
    let closest = audit.closest.unwrap();
    assert!(closest.coefficient > 0.05 && closest.coefficient < 0.3);
    assert!(audit.best.model.means()[(closest.components.0, 0)] > 5.5);
    // Only that there are few rows for so many parameters.
    let concerns = concerns(&audit);
    assert!(
        concerns.len() == 1 && concerns[0].contains("too few"),
        "{concerns:?}"
    );
    let report = audit.to_string();
    for words in ["8 of 8 runs", "good: ", "bad: ", "3 components, full"] {
        assert!(report.contains(words), "{report}");
    }
    assert_eq!(audit, Gmm::params(3).audit(&sample, 8).unwrap());
    let json = serde_json::to_value(&audit).unwrap();
    assert_eq!(json["optima"][0]["n_runs"], 8);
    assert_eq!(json["findings"][0]["verdict"], "good");
}

#[test]
fn the_first_run_is_the_fit_itself() {
    let x = iris();
    let params = Gmm::params(3).init_method(InitMethod::Random);
    let alone = params.fit_report(&x).unwrap();
    assert_eq!(params.audit(&Sample::new(&x), 1).unwrap().best, alone);
    let audit = params.audit(&Sample::new(&x), 1).unwrap();
    assert!(concerns(&audit)[0].contains("one run"));
    let best = params.audit(&Sample::new(&x), 12).unwrap().best;
    assert!(best.mean_log_likelihood() >= alone.mean_log_likelihood());
}

#[test]
fn corners_of_a_square_can_be_divided_in_two_ways() {
    let corners = Gmm::new(
        array![0.25, 0.25, 0.25, 0.25],
        array![[-4.0, -4.0], [-4.0, 4.0], [4.0, -4.0], [4.0, 4.0]],
        Covariances::TiedSpherical(1.0),
    )
    .unwrap();
    let (x, _) = corners.sample(300, &mut Xoshiro256Plus::seed_from_u64(1));
    let mirrored = x.select(Axis(1), &[1, 0]);
    let square = concatenate(Axis(0), &[x.view(), mirrored.view()]).unwrap();
    let params = Gmm::params(2)
        .covariance_type(CovarianceType::Diagonal)
        .init_method(InitMethod::KMeans);
    let audit = params.audit(&Sample::new(&square), 16).unwrap();
    assert_eq!(audit.optima.len(), 2);
    let [best, other] = [&audit.optima[0], &audit.optima[1]];
    assert!(best.n_runs > 2 && other.n_runs > 2 && best.n_runs + other.n_runs == 16);
    assert!((best.objective - other.objective).abs() < 1e-5);
    assert!(other.agreement < 0.05, "{}", other.agreement);
    assert!(concerns(&audit).iter().any(|c| c.contains("do not decide")));
    // Of a rectangle one way is better, and the other a lower optimum.
    let mut rectangle = square.clone();
    rectangle
        .column_mut(0)
        .mapv_inplace(|v| if v > 0.0 { v + 2.0 } else { v - 2.0 });
    let audit = params
        .covariance_type(CovarianceType::TiedSpherical)
        .init_method(InitMethod::Random)
        .audit(&Sample::new(&rectangle), 16)
        .unwrap();
    let best = audit.best.model.means();
    assert!((best[(0, 0)] - best[(1, 0)]).abs() > 11.0);
    assert!(!concerns(&audit).iter().any(|c| c.contains("do not decide")));
    let n_runs: usize = audit.optima.iter().map(|o| o.n_runs).sum();
    assert_eq!(n_runs, 16);
    assert!(audit.optima.is_sorted_by(|a, b| a.objective >= b.objective));
}

#[test]
fn what_is_wrong_with_a_fit_is_said() {
    // Spikes on tied values: five equal rows among others.
    let mut x = two_groups(60);
    (0..6).for_each(|i| x[(i, 0)] = 20.0);
    let sample = Sample::new(&x);
    let params = Gmm::params(3).mending(gmm_core::Mending::Keep);
    let audit = params.audit(&sample, 4).unwrap();
    if !audit.best.is_proper() {
        assert!(audit.findings.iter().any(|f| f.verdict == Verdict::Bad));
    }
    // Iterations that run out.
    let audit = Gmm::params(2)
        .init_method(InitMethod::Random)
        .max_n_iterations(2)
        .audit(&sample, 3)
        .unwrap();
    assert!(
        concerns(&audit)
            .iter()
            .any(|c| c.contains("before it converged"))
    );
    assert_eq!(audit.outcome, "iteration-limit");
    // A constant column, and nearly a line.
    let line = Array2::from_shape_fn((80, 3), |(i, j)| match j {
        0 => i as f64,
        1 => i as f64 + 1e-5 * ((i * i) as f64).sin(),
        _ => 7.0,
    });
    let audit = Gmm::params(1)
        .ridge(Ridge::Relative(1e-12))
        .audit(&Sample::new(&line), 2)
        .unwrap();
    assert!(
        concerns(&audit)
            .iter()
            .any(|c| c.contains("nearly singular"))
    );
    assert!(concerns(&audit).iter().any(|c| c.contains("constant")));
    assert_eq!(audit.closest, None);
    assert!(
        audit
            .best
            .notes
            .contains(&Note::ConstantColumn { column: 2 })
    );
    // One component too many in one cloud: what overlaps is no cluster.
    let cloud = Gmm::new(array![1.0], array![[0.0]], Covariances::TiedSpherical(1.0)).unwrap();
    let (x, _) = cloud.sample(500, &mut Xoshiro256Plus::seed_from_u64(5));
    let params = Gmm::params(2).covariance_type(CovarianceType::Tied);
    let audit = params.audit(&Sample::new(&x), 6).unwrap();
    assert!(audit.closest.unwrap().coefficient > 0.5);
    assert!(audit.mean_entropy > 0.1);
}

#[test]
fn what_cannot_be_audited_is_refused() {
    let x = two_groups(30);
    let refused = Gmm::params(2).audit(&Sample::new(&x), 0);
    assert!(matches!(
        refused,
        Err(GmmError::InvalidParameter { name: "n_runs", .. })
    ));
    let refused = Gmm::params(31).audit(&Sample::new(&x), 3);
    assert!(matches!(refused, Err(GmmError::TooFewRows { .. })));
    // As many components as rows are no panic.
    let audit = Gmm::params(30).audit(&Sample::new(&x), 2).unwrap();
    assert!(!concerns(&audit).is_empty());
    // Missing values, weights and a background are nothing special.
    let mut holed = x.clone();
    (0..10).for_each(|i| holed[(3 * i, 1)] = f64::NAN);
    holed.row_mut(1).fill(f64::NAN);
    let weights = vec![2.0; 30];
    let sample = Sample::weighted(&holed, &weights).unwrap().with_missing();
    let audit = Gmm::params(2).background(true).audit(&sample, 3).unwrap();
    assert_eq!(audit.total_weight, 58.0);
    assert!(audit.optima[0].n_runs >= 1);
}
