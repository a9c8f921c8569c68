//! Curves of detectors against scikit-learn's.
#![allow(clippy::unwrap_used)]

use gmm_core::detection::Detection;
use gmm_tests::{golden, numbers};

fn near(ours: impl IntoIterator<Item = f64>, theirs: &[f64], what: &str) {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() < 1e-14, "{what}: {a} and {b}");
    }
}

#[test]
fn curves_and_areas_are_scikit_learns() {
    let file = golden("detection.json");
    for case in file["cases"].as_array().unwrap() {
        let truth = case["truth"].as_array().unwrap();
        let truth: Vec<bool> = truth.iter().map(|t| t.as_bool().unwrap()).collect();
        let detection = Detection::of(&numbers(&case["scores"]), &truth).unwrap();
        let name = case["name"].as_str().unwrap();
        let golden = |what: &str| numbers(&case[what]);
        let number = |what: &str| case[what].as_f64().unwrap();
        near(
            [detection.area_under_roc(), detection.average_precision()],
            &[number("roc_auc_score"), number("average_precision_score")],
            name,
        );
        let points = detection.points();
        near(
            points.iter().map(|p| p.false_alarm_rate),
            &golden("false_alarm_rate"),
            name,
        );
        near(
            points.iter().map(|p| p.detection_rate),
            &golden("detection_rate"),
            name,
        );
        near(
            points.iter().map(|p| p.precision),
            &golden("precision"),
            name,
        );
        near(
            points.iter().map(|p| p.detection_rate),
            &golden("recall"),
            name,
        );
        // scikit-learn leaves out the ends of this curve that lie on the axes, and goes the other way.
        for (alarm, miss) in golden("det_false_alarm_rate")
            .iter()
            .zip(golden("det_miss_rate"))
        {
            let is_it = |p: &gmm_core::detection::Point| {
                (p.false_alarm_rate - alarm).abs() < 1e-14 && (p.miss_rate() - miss).abs() < 1e-14
            };
            assert!(points.iter().any(is_it), "{name}: {alarm}, {miss}");
        }
        // Where the two curves of rates cross: at most the neighbours' larger one apart.
        let rate = detection.equal_error_rate();
        let larger = |p: &gmm_core::detection::Point| p.false_alarm_rate.max(p.miss_rate());
        let smaller = |p: &gmm_core::detection::Point| p.false_alarm_rate.min(p.miss_rate());
        let least = points.iter().map(larger).fold(1.0, f64::min);
        let most = points.iter().map(smaller).fold(0.0, f64::max);
        assert!(
            most <= rate + 1e-14 && rate <= least + 1e-14,
            "{name}: {rate}"
        );
    }
}
