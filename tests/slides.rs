//! The slides' numbers beside scikit-learn's: the same data, models at least as good, the same answers.
#![allow(clippy::unwrap_used, clippy::panic)]

use density::{Points, Report, anomalies, examples, samples, score};
use gmm_core::{CovarianceType, Covariances, Fitted, Gmm, Ridge};
use gmm_tests::{golden, numbers};
use ndarray::{Array1, Array2, Array3};
use serde_json::Value;

/// Slides of one fit by the density program.
const FITTED: [usize; 7] = [1, 5, 6, 7, 11, 12, 13];

fn slides() -> Value {
    golden("slides_sklearn.json")
}

fn fact(slides: &Value, slide: usize, name: &str) -> f64 {
    slides[slide.to_string()]["facts"][name].as_f64().unwrap()
}

fn same_data(rows: &Array2<f64>, expected: &Value, slide: usize) {
    let shape: Vec<usize> = numbers(&expected["shape"])
        .iter()
        .map(|&n| n as usize)
        .collect();
    assert_eq!(rows.shape(), shape, "slide {slide}");
    let n = rows.nrows();
    let ends = [
        (&expected["first_rows"], 0),
        (&expected["last_rows"], n - 3),
    ];
    for (wanted, from) in ends {
        let found = rows.slice(ndarray::s![from..from + 3, ..]);
        for (a, b) in found.iter().zip(numbers(wanted)) {
            // NumPy's sine and cosine are its own; all else is equal to the bit.
            let rounding = if slide >= 13 { 2.0 * f64::EPSILON } else { 0.0 };
            assert!((a - b).abs() <= rounding, "slide {slide}: {a} {b}");
        }
    }
    for (found, name) in [(rows.sum(), "sum"), ((rows * rows).sum(), "sum_of_squares")] {
        let wanted = expected[name].as_f64().unwrap();
        let size = rows.iter().map(|x| x.abs()).sum::<f64>().max(1.0);
        assert!(
            (found - wanted).abs() <= 1e-12 * size,
            "slide {slide}: {name} {found} {wanted}"
        );
    }
}

#[test]
fn the_data_are_the_slides_own() {
    let slides = slides();
    let (_, all) = samples::clouds_with_anomalies();
    let of_density = [
        (1, samples::two_peaks()),
        (4, samples::two_peaks()),
        (5, samples::two_clouds()),
        (6, all),
        (7, samples::overlapping_peaks()),
        (11, samples::wide_and_narrow()),
        (12, samples::cloud_with_outliers()),
        (13, samples::moons()),
    ];
    for (slide, points) in of_density {
        same_data(&points.rows, &slides[slide.to_string()]["data"], slide);
    }
    let series = regimes::examples::sine_then_cosine().only_column().unwrap();
    let pairs = Array2::from_shape_fn((999, 2), |(i, j)| series[i + j]);
    same_data(&pairs, &slides["14"]["data"], 14);
    let images = digits::Images::shipped().unwrap();
    same_data(images.pixels(), &slides["10"]["data"], 10);
}

/// The slide's own estimator, stopped as late as scikit-learn's converged fit.
fn to_the_end(rows: &Array2<f64>, k: usize, covariance_type: CovarianceType) -> Fitted {
    Gmm::params(k)
        .covariance_type(covariance_type)
        .ridge(Ridge::Absolute(1e-6))
        .tolerance(1e-12)
        .max_n_iterations(100_000)
        .fit_report(rows)
        .unwrap()
}

#[test]
fn no_fit_is_below_scikit_learns() {
    let slides = slides();
    for slide in FITTED {
        let (_, report) = examples::report(slide).unwrap();
        let ours = report.fitted.mean_log_likelihood();
        let theirs = fact(&slides, slide, "mean log-likelihood");
        assert!(ours >= theirs - 1e-6, "slide {slide}: {ours} {theirs}");
        let at_its_end = slides[slide.to_string()]["converged"]["mean log-likelihood"].as_f64();
        let at_its_end = at_its_end.unwrap();
        assert!(
            ours >= at_its_end - 2e-6,
            "slide {slide}: {ours} {at_its_end}"
        );
        let (bic, theirs) = (report.fitted.bic(), fact(&slides, slide, "BIC"));
        assert!(bic <= theirs + 1e-3, "slide {slide}: BIC {bic} {theirs}");
    }
    let (_, report) = regimes::examples::report().unwrap();
    let ours = report.fitted.mean_log_likelihood();
    assert!(ours >= fact(&slides, 14, "mean log-likelihood") - 1e-6);
    let recording = speech_seg::Recording::shipped().unwrap();
    let report = speech_seg::analyze(&recording, &Default::default(), &|_, _| {}).unwrap();
    let ours = report.fitted.mean_log_likelihood();
    assert!(ours >= fact(&slides, 9, "mean log-likelihood") - 1e-6);
}

#[test]
fn the_andromeda_galaxy_is_fitted_better_than_scikit_learn_does() {
    let picture = image_seg::Picture::andromeda().unwrap();
    let report = image_seg::analyze(&picture, &Default::default(), &|_, _| {}).unwrap();
    let theirs = fact(&slides(), 8, "mean log-likelihood");
    assert!(report.fitted.mean_log_likelihood() >= theirs - 1e-6);
}

#[test]
fn where_the_optimum_is_the_same_so_are_the_parameters() {
    let slides = slides();
    let regimes_series = regimes::examples::sine_then_cosine().only_column().unwrap();
    let pairs = Array2::from_shape_fn((999, 2), |(i, j)| regimes_series[i + j]);
    for slide in FITTED.into_iter().chain([14]) {
        let expected = &slides[slide.to_string()]["converged"];
        let theirs = model_of(expected);
        let rows = match slide {
            6 => samples::clouds_with_anomalies().0.rows,
            14 => pairs.clone(),
            _ => examples::report(slide).unwrap().0.rows,
        };
        let ours = to_the_end(&rows, theirs.n_components(), theirs.covariance_type());
        let reached = expected["mean log-likelihood"].as_f64().unwrap();
        assert!(
            (ours.mean_log_likelihood() - reached).abs() < 1e-8,
            "slide {slide}"
        );
        assert_close(&in_order(&ours.model), &in_order(&theirs), slide);
    }
}

fn model_of(parameters: &Value) -> Gmm {
    let weights = Array1::from(numbers(&parameters["weights"]));
    let k = weights.len();
    let means = numbers(&parameters["means"]);
    let d = means.len() / k;
    let covariances = numbers(&parameters["covariances"]);
    let covariances = if covariances.len() == k * d * d {
        Covariances::Full(Array3::from_shape_vec((k, d, d), covariances).unwrap())
    } else {
        Covariances::Tied(Array2::from_shape_vec((d, d), covariances).unwrap())
    };
    let means = Array2::from_shape_vec((k, d), means).unwrap();
    Gmm::new(weights, means, covariances).unwrap()
}

/// Components by their means in the first column.
fn in_order(model: &Gmm) -> Gmm {
    let mut order: Vec<usize> = (0..model.n_components()).collect();
    let means = model.means();
    order.sort_by(|&a, &b| means[(a, 0)].total_cmp(&means[(b, 0)]));
    model.reordered(&order).unwrap()
}

fn assert_close(ours: &Gmm, theirs: &Gmm, slide: usize) {
    let parts = |model: &Gmm| {
        [
            model.weights().to_vec(),
            model.means().iter().copied().collect(),
            model.covariances().iter().copied().collect::<Vec<f64>>(),
        ]
        .concat()
    };
    for (a, b) in parts(ours).iter().zip(parts(theirs)) {
        assert!((a - b).abs() < 1e-3, "slide {slide}: {a} {b}");
    }
}

#[test]
fn bic_is_never_above_scikit_learns_and_least_at_two() {
    let slides = slides();
    let (_, report) = examples::report(4).unwrap();
    assert_eq!(report.candidates.len(), 9);
    for c in &report.candidates {
        let theirs = fact(&slides, 4, &format!("BIC of {}", c.n_components));
        assert!(
            c.bic <= theirs + 1e-3,
            "{}: {} {theirs}",
            c.n_components,
            c.bic
        );
    }
    assert_eq!(report.fitted.model.n_components(), 2);
}

/// What a slide's anomaly detection says with scikit-learn's parameters.
fn with_their_model(slides: &Value, slide: usize, points: &Points) -> Report {
    let (_, own) = examples::report(slide).unwrap();
    let mut fitted = own.fitted;
    fitted.model = model_of(&slides[slide.to_string()]["model"]);
    score(points, fitted, Vec::new()).unwrap()
}

#[test]
fn anomalies_are_the_slides() {
    let slides = slides();
    let (_, all) = samples::clouds_with_anomalies();
    for (slide, points) in [(6, all), (12, samples::cloud_with_outliers())] {
        let theirs = anomalies(&with_their_model(&slides, slide, &points).log_prob, 0.01);
        let threshold = fact(&slides, slide, "threshold");
        assert!((theirs.threshold - threshold).abs() < 1e-9, "slide {slide}");
        assert_eq!(theirs.rows.len(), 11, "slide {slide}");
        // Our own fit is a little further on, and flags the same rows.
        let (_, own) = examples::report(slide).unwrap();
        let own = score(&points, own.fitted, Vec::new()).unwrap();
        let ours = anomalies(&own.log_prob, 0.01);
        assert_eq!(ours.rows, theirs.rows, "slide {slide}");
        assert!((ours.threshold - threshold).abs() < 0.01, "slide {slide}");
    }
}

#[test]
fn the_slides_regimes_tell_low_from_high_only() {
    let (series, report) = regimes::examples::report().unwrap();
    let right = regimes::examples::share_right(&series, &report.regimes);
    assert!((0.5..0.56).contains(&right), "{right}");
    // scikit-learn's fit, which stops early, on the same pairs.
    let theirs = model_of(&slides()["14"]["model"]);
    let pairs = Array2::from_shape_fn((999, 2), |(i, j)| series.values[(i + j, 0)]);
    let labels = theirs.labels(&pairs).unwrap();
    let low = labels.iter().filter(|&&label| label == 0).count();
    assert_eq!((low, labels.len() - low), (510, 489));
    let same = labels.iter().zip(report.regimes.iter().flatten());
    let agreement = same.filter(|(a, b)| a == b).count() as f64 / 999.0;
    assert!(agreement > 0.95, "{agreement}");
}

#[test]
fn digits_are_read_unseen_as_scikit_learn_does_with_the_slides_recipe_and_better_without() {
    let facts = slides()["10"]["facts"].clone();
    let theirs = facts["slide's recipe on unseen images"].as_f64().unwrap();
    assert!((theirs - 0.665).abs() < 5e-4);
    let images = digits::Images::shipped().unwrap();
    let options = digits::Options {
        candidate_components: vec![1],
        candidate_ridges: vec![1.0, 3.0],
        ..Default::default()
    };
    let report = digits::analyze(&images, &options, &|_, _| {}).unwrap();
    assert_eq!(report.slide.training_accuracy, 1.0);
    // The folds and the starts, which are not scikit-learn's, decide about several points.
    assert!((report.slide.held_out.accuracy() - theirs).abs() < 0.1);
    assert!(report.held_out.accuracy() > 0.98);
}
