//! How sure fits are: standard errors, the bootstrap, likelihood-ratio tests and audits.
#![allow(clippy::unwrap_used)]

use gmm_core::inference::{Information, Parameters};
use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{
    CovarianceType, Covariances, Frozen, Gmm, GmmError, GmmParams, InitMethod, Noise, Ridge, Sample,
};
use gmm_tests::{faithful, iris, on_any_number_of_threads};
use ndarray::{Array2, Axis, array, concatenate};

const ALL: [Information; 3] = [
    Information::Empirical,
    Information::Observed,
    Information::Robust,
];

fn rng(seed: u64) -> Xoshiro256Plus {
    Xoshiro256Plus::seed_from_u64(seed)
}

/// Three groups that are apart, with the covariances that this type allows.
fn three_groups(of: CovarianceType) -> Gmm {
    let covariances = match of {
        CovarianceType::Full => Covariances::Full(array![
            [[1.0, 0.5], [0.5, 1.0]],
            [[0.5, -0.3], [-0.3, 2.0]],
            [[2.0, 0.0], [0.0, 0.2]]
        ]),
        CovarianceType::Tied => Covariances::Tied(array![[1.0, 0.5], [0.5, 1.0]]),
        CovarianceType::Diagonal => {
            Covariances::Diagonal(array![[1.0, 0.3], [0.5, 2.0], [2.0, 0.2]])
        }
        CovarianceType::TiedDiagonal => Covariances::TiedDiagonal(array![1.0, 0.5]),
        CovarianceType::Spherical => Covariances::Spherical(array![1.0, 0.5, 2.0]),
        _ => Covariances::TiedSpherical(1.0),
    };
    let means = array![[0.0, 0.0], [4.0, 1.0], [0.0, 5.0]];
    Gmm::new(array![0.2, 0.5, 0.3], means, covariances).unwrap()
}

/// A fit that goes on from a model to its very end.
fn from(start: &Gmm) -> GmmParams {
    Gmm::params(start.n_components())
        .covariance_type(start.covariance_type())
        .init_method(InitMethod::Parameters(start.clone()))
        .ridge(Ridge::Relative(0.0))
        .tolerance(1e-10)
}

fn flat(p: &Parameters) -> Vec<f64> {
    p.weights
        .iter()
        .chain(&p.means)
        .chain(&p.covariances)
        .copied()
        .collect()
}

fn values(gmm: &Gmm) -> Vec<f64> {
    let covariances = gmm.covariances();
    let values = gmm
        .weights()
        .to_vec()
        .into_iter()
        .chain(gmm.means().clone());
    values.chain(covariances).collect()
}

fn mean_and_deviation(samples: &[Vec<f64>], j: usize) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().map(|s| s[j]).sum::<f64>() / n;
    let squares: f64 = samples.iter().map(|s| (s[j] - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

#[test]
fn standard_errors_are_how_far_estimates_vary() {
    // The deviation of 200 estimates is itself known to 5 %.
    const N_SAMPLES: u64 = 200;
    for of in CovarianceType::BASIC {
        let truth = three_groups(of);
        let mut estimates = Vec::new();
        let mut errors = [const { Vec::new() }; 3];
        for seed in 0..N_SAMPLES {
            let (x, _) = truth.sample(2000, &mut rng(seed));
            let gmm = from(&truth).fit_report(&x).unwrap().model;
            estimates.push(values(&gmm));
            // The others take longer.
            let n_ways = if seed < 20 { 3 } else { 1 };
            for (errors, information) in errors.iter_mut().zip(ALL).take(n_ways) {
                let found = gmm.standard_errors_by(information, &Sample::new(&x));
                errors.push(flat(&found.unwrap()));
            }
        }
        for j in 0..estimates[0].len() {
            let (_, spread) = mean_and_deviation(&estimates, j);
            for errors in &errors {
                let (error, _) = mean_and_deviation(errors, j);
                // An entry that is 0 in this type has no error.
                let ratio = if spread > 0.0 {
                    error / spread
                } else {
                    1.0 + error
                };
                assert!((ratio - 1.0).abs() < 0.15, "{of} {j}: {error} {spread}");
            }
        }
    }
}

#[test]
fn the_errors_of_one_gaussian_are_those_of_the_textbook() {
    let n = 500.0;
    let one = Gmm::new(
        array![1.0],
        array![[3.0, -2.0]],
        Covariances::Full(array![[[4.0, 1.0], [1.0, 0.5]]]),
    )
    .unwrap();
    let (x, _) = one.sample(n as usize, &mut rng(1));
    let gmm = from(&one).fit_report(&x).unwrap().model;
    let sample = Sample::new(&x);
    let errors = gmm
        .standard_errors_by(Information::Observed, &sample)
        .unwrap();
    let c = gmm.covariances();
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-5;
    for i in 0..2 {
        let variance = c[(0, i, i)];
        assert!(near(errors.means[(0, i)], (variance / n).sqrt()));
        assert!(near(
            errors.covariances[(0, i, i)],
            variance * (2.0 / n).sqrt()
        ));
    }
    // Of an entry off the diagonal √((σᵢᵢσⱼⱼ + σᵢⱼ²)/n).
    let wanted = ((c[(0, 0, 0)] * c[(0, 1, 1)] + c[(0, 0, 1)].powi(2)) / n).sqrt();
    assert!(near(errors.covariances[(0, 0, 1)], wanted));
    assert_eq!(errors.covariances[(0, 0, 1)], errors.covariances[(0, 1, 0)]);
    assert_eq!(errors.weights[0], 0.0);
    // Of a mean it is so whatever the rows are drawn from.
    let robust = gmm.standard_errors(&sample).unwrap();
    assert!(near(robust.means[(0, 0)], (c[(0, 0, 0)] / n).sqrt()));
}

#[test]
fn twice_the_rows_have_errors_that_are_the_root_of_two_smaller() {
    let (x, _) = three_groups(CovarianceType::Full).sample(400, &mut rng(2));
    let gmm = Gmm::params(3).fit_report(&x).unwrap().model;
    let weights = vec![2.0; 400];
    let repeated = concatenate(Axis(0), &[x.view(), x.view()]).unwrap();
    for information in ALL {
        let errors =
            |sample: &Sample<'_>| flat(&gmm.standard_errors_by(information, sample).unwrap());
        let once = errors(&Sample::new(&x));
        let weighted = errors(&Sample::weighted(&x, &weights).unwrap());
        let twice = errors(&Sample::new(&repeated));
        for ((a, b), c) in once.iter().zip(weighted).zip(twice) {
            assert!((a - b * 2f64.sqrt()).abs() < 1e-6 * a.abs(), "{a} {b}");
            assert!((b - c).abs() < 1e-6 * b.abs(), "{b} {c}");
        }
    }
}

#[test]
fn on_real_rows_the_robust_errors_are_those_of_the_bootstrap() {
    let x = faithful();
    let sample = Sample::new(&x);
    let params = Gmm::params(2);
    let gmm = params.fit_sample(&sample, &|_| {}).unwrap().model;
    let bootstrap = params.bootstrap(&gmm, &sample, 999).unwrap();
    assert_eq!((bootstrap.replicates.len(), bootstrap.n_failed), (999, 0));
    let drawn = flat(&bootstrap.standard_errors());
    let robust = flat(&gmm.standard_errors(&sample).unwrap());
    for (a, b) in robust.iter().zip(&drawn) {
        assert!((a / b - 1.0).abs() < 0.12, "{a} {b}");
    }
    // The eruptions after short waits are no Gaussian, which the others do not know.
    for information in [Information::Empirical, Information::Observed] {
        let errors = gmm.standard_errors_by(information, &sample).unwrap();
        let spread = bootstrap.standard_errors().covariances;
        let worst = errors
            .covariances
            .iter()
            .zip(&spread)
            .map(|(a, b)| (a / b - 1.0).abs());
        assert!(worst.fold(0.0, f64::max) > 0.2, "{information:?}");
    }
    // Replicates are about the model, and their intervals hold it.
    let (low, high) = bootstrap.interval(0.95).unwrap();
    let (low, high) = (flat(&low), flat(&high));
    let means = flat(&bootstrap.mean());
    for (j, value) in values(&gmm).into_iter().enumerate() {
        assert!((means[j] - value).abs() < 0.3 * drawn[j]);
        assert!(low[j] < value && value < high[j]);
        let width = (high[j] - low[j]) / drawn[j];
        assert!((width - 3.92).abs() < 0.4, "{width}");
    }
}

#[test]
fn errors_know_of_what_was_not_seen_and_of_labels() {
    let truth = three_groups(CovarianceType::Tied);
    let (whole, labels) = truth.sample(3000, &mut rng(3));
    let mut x = whole.clone();
    for i in (0..3000).step_by(3) {
        x[(i, 1)] = f64::NAN;
    }
    let noise = array![[0.5, 0.1], [0.1, 0.25]];
    let labels: Vec<Option<usize>> = labels.iter().map(|l| Some(*l)).collect();
    let known: Vec<Option<usize>> = (0..3000)
        .map(|i| labels[i].filter(|_| i % 2 == 0))
        .collect();
    let samples = [
        Sample::new(&x).with_missing(),
        Sample::new(&whole)
            .with_noise(Noise::Common(&noise))
            .unwrap(),
        Sample::new(&x).with_missing().with_labels(&known).unwrap(),
    ];
    for sample in samples {
        let gmm = from(&truth).fit_sample(&sample, &|_| {}).unwrap().model;
        let of = |how| flat(&gmm.standard_errors_by(how, &sample).unwrap());
        let (empirical, observed) = (of(Information::Empirical), of(Information::Observed));
        // The two count differently, so that an error in the scores would show.
        for (a, b) in empirical.iter().zip(&observed) {
            let ratio = if *b > 0.0 { a / b } else { 1.0 };
            assert!((ratio - 1.0).abs() < 0.12, "{a} {b}");
        }
        let bootstrap = from(&gmm).bootstrap(&gmm, &sample, 100).unwrap();
        for (a, b) in observed.iter().zip(flat(&bootstrap.standard_errors())) {
            assert!((a / b - 1.0).abs() < 0.3, "{a} {b}");
        }
    }
    // Where all labels are known a weight is a share of n: √(π(1−π)/n).
    let sample = Sample::new(&whole).with_labels(&labels).unwrap();
    let gmm = from(&truth).fit_sample(&sample, &|_| {}).unwrap().model;
    let errors = gmm.standard_errors_by(Information::Observed, &sample);
    for (p, error) in gmm.weights().iter().zip(&errors.unwrap().weights) {
        let wanted = (p * (1.0 - p) / 3000.0).sqrt();
        assert!((error / wanted - 1.0).abs() < 1e-5, "{error} {wanted}");
    }
}

#[test]
fn a_background_has_a_share_too() {
    let groups = three_groups(CovarianceType::Diagonal);
    let (own, _) = groups.sample(900, &mut rng(4));
    let spread = Array2::from_shape_simple_fn((300, 2), {
        let mut rng = rng(5);
        move || rng.gen_range(-10.0..15.0)
    });
    let x = concatenate(Axis(0), &[own.view(), spread.view()]).unwrap();
    let sample = Sample::new(&x);
    let params = Gmm::params(3)
        .covariance_type(CovarianceType::Diagonal)
        .background(true)
        .tolerance(1e-9);
    let gmm = params.fit_report(&x).unwrap().model;
    assert!((gmm.background().unwrap().0 - 0.25).abs() < 0.04);
    let drawn = params
        .bootstrap(&gmm, &sample, 200)
        .unwrap()
        .standard_errors();
    for information in ALL {
        let errors = gmm.standard_errors_by(information, &sample).unwrap();
        let weights = errors.weights.iter().zip(&drawn.weights);
        for (a, b) in weights.chain(errors.means.iter().zip(&drawn.means)) {
            assert!((a / b - 1.0).abs() < 0.2, "{information:?}: {a} {b}");
        }
    }
}

#[test]
fn all_is_the_same_on_any_number_of_threads() {
    let x = iris();
    let sample = Sample::new(&x);
    let params = Gmm::params(2).covariance_type(CovarianceType::Tied);
    let gmm = params.fit_report(&x).unwrap().model;
    let answer = || {
        (
            gmm.standard_errors(&sample).unwrap(),
            params.bootstrap(&gmm, &sample, 7).unwrap(),
            params.likelihood_ratio_tests(&sample, 2, 3, None).unwrap(),
            params.audit(&sample, 3).unwrap(),
        )
    };
    on_any_number_of_threads(answer);
}

#[test]
fn tests_of_what_cannot_be_drawn_anew_are_refused() {
    let x = faithful();
    let params = Gmm::params(1);
    let refused = |params: &GmmParams, sample: &Sample<'_>, n_replicates| {
        let tests = params.likelihood_ratio_tests(sample, 1, n_replicates, None);
        matches!(tests, Err(GmmError::InvalidParameter { .. }))
    };
    let sample = Sample::new(&x);
    assert!(refused(&params, &sample, 0));
    assert!(refused(&params, &sample.clone().with_missing(), 3));
    let labels = vec![Some(0); 272];
    assert!(refused(
        &params,
        &sample.clone().with_labels(&labels).unwrap(),
        3
    ));
    assert!(refused(&params.clone().trimming(0.1), &sample, 3));
    let one = params.fit_report(&x).unwrap().model;
    let given = params.clone().init_method(InitMethod::Parameters(one));
    assert!(refused(&given, &sample, 3));
    let heavy = vec![1e12; 272];
    assert!(refused(&params, &Sample::weighted(&x, &heavy).unwrap(), 3));
    // More components than rows can carry.
    let few = x.slice(ndarray::s![..3, ..]);
    let tests = params.likelihood_ratio_tests(&Sample::new(&few), 5, 3, None);
    assert!(tests.is_err());
    assert_eq!(
        params.likelihood_ratio_tests(&sample, 0, 3, None),
        Ok(Vec::new())
    );
}

#[test]
fn what_rows_do_not_determine_is_refused() {
    let x = iris();
    let sample = Sample::new(&x);
    let singular = |gmm: &Gmm, sample: &Sample<'_>| {
        ALL.map(|information| gmm.standard_errors_by(information, sample))
            .iter()
            .all(|e| matches!(e, Err(GmmError::SingularInformation { .. })))
    };
    // Fewer rows than the 44 parameters.
    let gmm = Gmm::params(3).fit_report(&x).unwrap().model;
    let few = x.slice(ndarray::s![..;5, ..]);
    assert!(singular(&gmm, &Sample::new(&few)));
    // A component twice; an empty one.
    let two = Gmm::params(2).fit_report(&x).unwrap().model;
    let same = Gmm::new(
        array![0.5, 0.25, 0.25],
        two.means().select(Axis(0), &[0, 1, 1]),
        Covariances::Full(two.covariances().select(Axis(0), &[0, 1, 1])),
    )
    .unwrap();
    assert!(singular(&same, &sample));
    let empty = Gmm::new(
        array![0.5, 0.5, 0.0],
        two.means().select(Axis(0), &[0, 1, 1]),
        Covariances::Full(two.covariances().select(Axis(0), &[0, 1, 1])),
    )
    .unwrap();
    assert!(singular(&empty, &sample));
    let error = empty.standard_errors(&sample).unwrap_err().to_string();
    assert!(error.contains("component"), "{error}");
    // A constant column.
    let mut flat = x.clone();
    flat.column_mut(2).fill(1.0);
    let gmm = Gmm::params(2).fit_report(&flat).unwrap().model;
    let _ = gmm.standard_errors(&Sample::new(&flat));

    let vev = Gmm::params(2).covariance_type(CovarianceType::Vev);
    let vev = vev.fit_report(&x).unwrap().model;
    let error = vev.standard_errors(&sample).unwrap_err().to_string();
    assert!(error.contains("bootstrap"), "{error}");
    assert!(matches!(
        two.standard_errors(&Sample::new(&faithful())),
        Err(GmmError::SizeMismatch { .. })
    ));
    let labels = vec![Some(2); 150];
    assert!(matches!(
        two.standard_errors(&sample.clone().with_labels(&labels).unwrap()),
        Err(GmmError::InvalidLabel {
            row: 0,
            label: 2,
            ..
        })
    ));
    let mut holed = x.clone();
    holed[(7, 1)] = f64::NAN;
    assert!(matches!(
        two.standard_errors(&Sample::new(&holed)),
        Err(GmmError::NonFinite {
            row: 7,
            column: 1,
            ..
        })
    ));
}

#[test]
fn a_bootstrap_serves_every_type_and_keeps_what_is_frozen() {
    let x = iris();
    let sample = Sample::new(&x);
    let factors = CovarianceType::FactorAnalyzers { n_factors: 1 };
    for of in CovarianceType::FAMILIES.into_iter().chain([factors]) {
        let params = Gmm::params(2).covariance_type(of);
        let gmm = params.fit_report(&x).unwrap().model;
        let bootstrap = params.bootstrap(&gmm, &sample, 8).unwrap();
        assert!(bootstrap.replicates.len() >= 6, "{of}");
        // Components keep their names: the replicates' means are nearer to their own than to each other.
        let (errors, means) = (bootstrap.standard_errors(), gmm.means());
        assert!(errors.means.iter().all(|e| *e > 0.0 && *e < 0.5));
        assert!(
            (&bootstrap.mean().means - means)
                .iter()
                .all(|d| d.abs() < 0.5)
        );
    }
    let gmm = Gmm::params(2).fit_report(&x).unwrap().model;
    let frozen = Gmm::params(2).frozen(Frozen::default().means([0]));
    let errors = frozen
        .bootstrap(&gmm, &sample, 5)
        .unwrap()
        .standard_errors();
    assert!(errors.means.row(0).iter().all(|e| *e == 0.0));
    assert!(errors.means.row(1).iter().all(|e| *e > 0.0));
    let none = Gmm::params(2).bootstrap(&gmm, &sample, 0);
    assert_eq!(none, Err(GmmError::NoReplicates { n_replicates: 0 }));
    assert!(
        frozen
            .bootstrap(&gmm, &sample, 5)
            .unwrap()
            .interval(1.0)
            .is_err()
    );
    // Two components of two rows each: most replicates have no proper fit.
    let tiny = array![[0.0], [0.1], [9.0], [9.1]];
    let gmm = Gmm::params(2).fit_report(&tiny).unwrap().model;
    match Gmm::params(2).bootstrap(&gmm, &Sample::new(&tiny), 40) {
        Ok(bootstrap) => assert!(bootstrap.n_failed > 10),
        Err(error) => assert!(matches!(error, GmmError::NoReplicates { .. })),
    }
}

/// mclust's own example (`mclustBootstrapLRT`, Scrucca, Fop, Murphy & Raftery, *R Journal* 8, 2016, p. 302): 369.99,
/// 121.11 and 19.90 with p-values 0.001, 0.001 and 0.283. Its optima with two and with four components are 12.6 and 6.4
/// nats below ours, so that only the sum of the first two, from one component to three, can agree.
#[test]
fn likelihood_ratios_of_the_diabetes_data_are_as_published() {
    let path = "assets/tabular/diabetes_mclust_flawed.csv";
    let text = gmm_tests::read(path);
    let rows = text
        .lines()
        .skip(1)
        .flat_map(|line| line.split(',').skip(1));
    let numbers: Vec<f64> = rows.map(|v| v.parse().unwrap()).collect();
    let mut x = Array2::from_shape_vec((145, 3), numbers).unwrap();
    assert_eq!(x[(103, 1)], 45.0);
    x[(103, 1)] = 455.0;
    let params = Gmm::params(1).ridge(Ridge::Relative(0.0));
    let sample = Sample::new(&x);
    let tests = params
        .likelihood_ratio_tests(&sample, 5, 59, Some(0.05))
        .unwrap();
    // The third accepts three components, and ends the tests.
    assert_eq!(tests.len(), 3);
    assert!(tests.iter().all(|t| t.is_proper && t.n_failed <= 3));
    let statistics: Vec<f64> = tests.iter().map(|t| t.statistic).collect();
    assert!(statistics[0] > 369.99);
    assert!((statistics[0] + statistics[1] - (369.99 + 121.11)).abs() < 0.1);
    assert!(statistics.iter().sum::<f64>() > 369.99 + 121.11 + 19.90);
    assert_eq!([tests[0].p_value, tests[1].p_value], [1.0 / 60.0; 2]);
    assert!(
        tests[2].p_value > 0.1 && tests[2].p_value < 0.5,
        "{}",
        tests[2].p_value
    );
    assert!(tests.iter().flat_map(|t| &t.replicates).all(|s| *s >= 0.0));
}
