//! The numbers of scikit-learn and scikit-image, and fits that are published.
#![allow(clippy::unwrap_used)]

use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Covariances, Gmm, InitMethod, Outcome};
use gmm_tests::{faithful, golden, iris, numbers};
use ndarray::{Array1, Array2, Array3};
use serde_json::Value;

fn model(parameters: &Value, covariance_type: CovarianceType) -> Gmm {
    let weights = Array1::from(numbers(&parameters["weights"]));
    let means = numbers(&parameters["means"]);
    let k = weights.len();
    let d = means.len() / k;
    let c = numbers(&parameters["covariances"]);
    let covariances = match covariance_type {
        CovarianceType::Full => Covariances::Full(Array3::from_shape_vec((k, d, d), c).unwrap()),
        CovarianceType::Tied => Covariances::Tied(Array2::from_shape_vec((d, d), c).unwrap()),
        CovarianceType::Diagonal => {
            Covariances::Diagonal(Array2::from_shape_vec((k, d), c).unwrap())
        }
        _ => Covariances::Spherical(Array1::from(c)),
    };
    Gmm::new(
        weights,
        Array2::from_shape_vec((k, d), means).unwrap(),
        covariances,
    )
    .unwrap()
}

/// The largest |a−b|.
fn furthest(a: impl IntoIterator<Item = f64>, b: &[f64]) -> f64 {
    let a: Vec<f64> = a.into_iter().collect();
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// The largest |a−b| / max(|b|, `least`).
fn worst(a: impl IntoIterator<Item = f64>, b: &[f64], least: f64) -> f64 {
    let a: Vec<f64> = a.into_iter().collect();
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs() / b.abs().max(least))
        .fold(0.0, f64::max)
}

#[test]
fn em_from_the_same_start_is_scikit_learns() {
    let file = golden("sklearn_em.json");
    let steps = file["steps"].as_u64().unwrap() as usize;
    let ridge = file["reg_covar"].as_f64().unwrap();
    let cases = file["cases"].as_array().unwrap();
    let every = file["every"].as_u64().unwrap() as isize;
    assert_eq!(cases.len(), 24);
    for case in cases {
        let name = format!(
            "{} {} {}",
            case["data"], case["covariance_type"], case["start"]["weights"]
        );
        let covariance_type: CovarianceType =
            case["covariance_type"].as_str().unwrap().parse().unwrap();
        let x = if case["data"] == "iris" {
            iris()
        } else {
            faithful()
        };
        let start = model(&case["start"], covariance_type);
        let k = start.n_components();
        let some = x.slice(ndarray::s![..;every, ..]);
        let fitted = Gmm::params(k)
            .covariance_type(covariance_type)
            .reg_covariance(ridge)
            .tolerance(0.0)
            .accelerate(false)
            .max_n_iterations(steps)
            .init_method(InitMethod::Parameters(start))
            .fit_report(&x)
            .unwrap();
        assert_eq!(fitted.n_iterations(), steps);
        assert_eq!(fitted.outcome, Outcome::IterationLimit);

        let end = model(&case["end"], covariance_type);
        let gmm = &fitted.model;
        let parameters = [
            (
                "weights",
                worst(
                    gmm.weights().to_vec(),
                    end.weights().to_vec().as_slice(),
                    0.0,
                ),
            ),
            (
                "means",
                worst(gmm.means().clone(), end.means().as_slice().unwrap(), 0.0),
            ),
            (
                "covariances",
                worst(
                    gmm.covariances(),
                    end.covariances().as_slice().unwrap(),
                    0.0,
                ),
            ),
        ];
        for (what, error) in parameters {
            assert!(error < 1e-8, "{name}: {what} differ by {error:e}");
        }
        let scores = [
            (
                "score_samples",
                furthest(
                    gmm.log_prob(&some).unwrap(),
                    &numbers(&case["score_samples"]),
                ),
            ),
            (
                "predict_proba",
                furthest(
                    gmm.responsibilities(&some).unwrap(),
                    &numbers(&case["predict_proba"]),
                ),
            ),
            (
                "score",
                worst(
                    [gmm.mean_log_likelihood(&x).unwrap()],
                    &numbers(&case["score"]),
                    1.0,
                ),
            ),
            (
                "last objective",
                worst(
                    [fitted.mean_log_likelihood()],
                    &numbers(&case["score"]),
                    1.0,
                ),
            ),
            (
                "bic",
                worst([gmm.bic(&x).unwrap()], &numbers(&case["bic"]), 1.0),
            ),
            (
                "bic of the fit",
                worst([fitted.bic()], &numbers(&case["bic"]), 1.0),
            ),
            (
                "aic",
                worst([gmm.aic(&x).unwrap()], &numbers(&case["aic"]), 1.0),
            ),
        ];
        for (what, error) in scores {
            assert!(error < 1e-9, "{name}: {what} differ by {error:e}");
        }
    }
}

#[test]
fn old_faithful_with_two_components_is_the_published_optimum() {
    let x = faithful();
    let fitted = Gmm::params(2).fit_report(&x).unwrap();
    assert_eq!(fitted.outcome, Outcome::Converged);
    // scikit-learn and mclust agree on it.
    assert!(
        (fitted.log_likelihood() - -1130.26396).abs() < 1e-4,
        "{}",
        fitted.log_likelihood()
    );
    let gmm = fitted.model;
    let short = usize::from(gmm.means()[(0, 0)] > 3.0);
    assert!((gmm.weights()[short] - 0.35593).abs() < 1e-4);
    assert!((gmm.means()[(short, 0)] - 2.03652).abs() < 1e-3);
    assert!((gmm.means()[(short, 1)] - 54.47989).abs() < 1e-2);
}

#[test]
fn old_faithful_with_three_components_beats_the_usual_stop() {
    let file = golden("sklearn_defaults.json");
    let (defaults, converged) = (numbers(&file["defaults"]), numbers(&file["tol 1e-9"]));
    // What the README says of scikit-learn: the median of its defaults, and the best of its starts.
    assert!((defaults[defaults.len() / 2] - -1126.3).abs() < 0.4);
    let best = converged.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let x = faithful();
    let seeds = (0..20).map(Xoshiro256Plus::seed_from_u64);
    let fits = seeds
        .map(|rng| Gmm::params(3).with_rng(rng))
        .chain([Gmm::params(3)]);
    for params in fits {
        let fitted = params.fit_report(&x).unwrap();
        let score = fitted.log_likelihood();
        assert!(score >= best - 1e-3 && score >= -1114.45, "{score} {best}");
        assert_eq!(fitted.notes, [], "a proper optimum, not a spike");
    }
}

#[test]
fn lab_is_scikit_images() {
    // Written by skimage.color.rgb2lab, whose version and settings the file names.
    let file = golden("rgb2lab.json");
    let (rgb, expected) = (numbers(&file["rgb"]), numbers(&file["lab"]));
    assert!(rgb.len() > 100 && rgb.len() == expected.len());
    for (c, e) in rgb.chunks_exact(3).zip(expected.chunks_exact(3)) {
        let lab = image_seg::lab([c[0] / 255.0, c[1] / 255.0, c[2] / 255.0]);
        for (a, b) in lab.iter().zip(e) {
            assert!((a - b).abs() < 1e-9, "{c:?}: {lab:?} {e:?}");
        }
    }
}
