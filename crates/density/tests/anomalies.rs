//! What does not belong in a table: what is found, what holds on new rows, and what is refused.
#![allow(clippy::unwrap_used)]

use density::{DetectOptions, Detector, Limit, View, detect, learn_usual};
use gmm_core::detection::Detection;
use gmm_core::ndarray::{Array2, Axis, array, concatenate, s};
use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Covariances, Gmm};
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_density"))
}

/// Two groups of three columns, the columns of each correlated.
fn groups() -> Gmm {
    let covariance = [[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 0.5]];
    let both = gmm_core::ndarray::Array3::from_shape_fn((2, 3, 3), |(_, i, j)| covariance[i][j]);
    let means = array![[0.0, 0.0, 0.0], [9.0, 9.0, 2.0]];
    Gmm::new(array![0.6, 0.4], means, Covariances::Full(both)).unwrap()
}

fn usual(n: usize, seed: u64) -> Array2<f64> {
    groups()
        .sample(n, &mut Xoshiro256Plus::seed_from_u64(seed))
        .0
}

/// The area under the ROC curve of rows of which the first are usual.
fn area(rows: &Array2<f64>, n_usual: usize) -> f64 {
    let (_, found) = detect(rows, Limit::Drawn(0.01), &DetectOptions::default()).unwrap();
    let truth: Vec<bool> = (0..rows.nrows()).map(|i| i >= n_usual).collect();
    let detection = Detection::of(&found.scores.scores, &truth).unwrap();
    detection.area_under_roc()
}

#[test]
fn each_view_finds_its_own() {
    // Far out; between the groups; against what two columns say of each other; unusual in one column.
    let odd = array![
        [60.0, 60.0, 0.0],
        [4.5, 4.5, 1.0],
        [2.2, -2.2, 0.0],
        [0.0, 0.0, 9.0]
    ];
    let rows = concatenate![Axis(0), usual(600, 1), odd];
    let (_, found) = detect(&rows, Limit::Drawn(0.001), &DetectOptions::default()).unwrap();
    for row in 600..604 {
        assert!(found.anomalies.contains(&row), "{row}");
    }
    assert!(found.anomalies.len() < 16, "{:?}", found.anomalies);
    let place = |row: usize| found.anomalies.iter().position(|r| *r == row).unwrap();
    let reason = &found.reasons[place(602)];
    assert!(matches!(reason.view, View::Groups | View::Whole));
    // Either of the two is against the other, and the third says nothing.
    assert_eq!(reason.parts[2].column, 2);
    let first = reason.parts[0];
    assert!(first.given_others.abs() > 3.0, "{first:?}");
    assert_eq!(found.reasons[place(603)].parts[0].column, 2);
}

#[test]
fn a_fifth_of_gross_outliers_hides_nothing() {
    let mut rng = Xoshiro256Plus::seed_from_u64(3);
    let far = Array2::from_shape_fn((100, 3), |_| rng.gen_range(-1e5..1e5));
    assert!(area(&concatenate![Axis(0), usual(400, 2), far], 400) > 0.99);
    let little = Array2::from_shape_fn((8, 3), |(i, j)| 40.0 + (i * j) as f64 * 0.1);
    assert!(area(&concatenate![Axis(0), usual(400, 2), little], 400) > 0.99);
}

#[test]
fn a_trimmed_fit_is_not_moved_by_a_fifth_of_gross_outliers() {
    let mut rng = Xoshiro256Plus::seed_from_u64(4);
    let far = Array2::from_shape_fn((100, 3), |_| rng.gen_range(-1e5..1e5));
    let clean = usual(400, 2);
    let rows = concatenate![Axis(0), clean, far];
    let fitted = |trimming: f64, rows: &Array2<f64>| {
        let fitted = Gmm::params(2).trimming(trimming).fit_report(rows).unwrap();
        fitted.model
    };
    let (trimmed, own) = (fitted(0.2, &rows), fitted(0.0, &clean));
    for mean in own.means().rows() {
        let distance = |other: gmm_core::ndarray::ArrayView1<'_, f64>| {
            (&other - &mean).iter().map(|d| d * d).sum::<f64>()
        };
        let least = trimmed
            .means()
            .rows()
            .into_iter()
            .map(distance)
            .fold(f64::INFINITY, f64::min);
        assert!(least < 0.04, "{least}");
    }
    // Without trimming it is the plain fit.
    assert_eq!(own, Gmm::params(2).fit_report(&clean).unwrap().model);
}

#[test]
fn the_rate_of_false_alarms_holds_on_new_rows() {
    let new = usual(4000, 77);
    for (rate, n) in [(0.05, 200), (0.01, 500)] {
        let mut alarms = 0;
        for seed in 0..5 {
            let learnt = learn_usual(
                &usual(n, seed),
                rate,
                &DetectOptions {
                    trimming: 0.0,
                    seed,
                },
            );
            let learnt = learnt.unwrap();
            let scores = learnt.detector.scores(&new).unwrap().scores;
            alarms += scores.iter().filter(|s| **s >= learnt.threshold).count();
            let held_out = learnt.held_out.iter().filter(|s| **s >= learnt.threshold);
            assert!(held_out.count() as f64 <= rate * n as f64);
        }
        let found = f64::from(alarms as u32) / 20_000.0;
        // The threshold itself is as uncertain as n rows leave it: ten times as much as the count here.
        let error = (rate * (1.0 - rate) / (5 * n) as f64).sqrt();
        assert!(found < rate + 3.0 * error, "{found} for {rate}");
        assert!(found > 0.3 * rate, "{found} for {rate}");
    }
}

#[test]
fn units_and_order_of_columns_change_nothing() {
    let rows = usual(150, 5);
    let scores = |rows: &Array2<f64>| {
        let detector = Detector::learn(rows, &DetectOptions::default()).unwrap();
        detector.scores(rows).unwrap().scores
    };
    let own = scores(&rows);
    let scaled = &rows * 1024.0 + 512.0;
    for (a, b) in own.iter().zip(scores(&scaled)) {
        assert!((a - b).abs() < 1e-6 * (1.0 + a.abs()), "{a} {b}");
    }
    assert_eq!(own, scores(&rows));
}

#[test]
fn rows_are_judged_by_what_was_seen_of_them() {
    let mut rows = concatenate![
        Axis(0),
        usual(300, 6),
        array![[0.0, f64::NAN, 0.0], [0.0, f64::NAN, 30.0]]
    ];
    rows[(5, 0)] = f64::NAN;
    rows.slice_mut(s![7, ..]).fill(f64::NAN);
    let (_, found) = detect(&rows, Limit::Drawn(0.01), &DetectOptions::default()).unwrap();
    assert!(!found.anomalies.contains(&300) && found.anomalies.contains(&301));
    assert_eq!(found.scores.scores[7], 0.0);
    let reason = found.reasons.last().unwrap();
    assert_eq!((reason.parts.len(), reason.parts[0].column), (2, 2));
}

#[test]
fn hard_tables_have_an_answer() {
    let options = DetectOptions::default();
    let all = |rows: &Array2<f64>| detect(rows, Limit::Share(0.1), &options).map(|(_, f)| f);
    // Fewer rows than columns, equal rows, constant columns, values at the end of the numbers.
    let wide = Array2::from_shape_fn((5, 9), |(i, j)| ((i * 7 + j * j) % 5) as f64);
    assert!(
        all(&wide)
            .unwrap()
            .scores
            .scores
            .iter()
            .all(|s| s.is_finite())
    );
    let equal = all(&Array2::ones((30, 2))).unwrap();
    assert!(equal.scores.scores.iter().all(|s| *s == 0.0));
    assert!(equal.anomalies.is_empty());
    let mut constant = usual(60, 8);
    constant.column_mut(1).fill(4.0);
    constant[(9, 0)] = 1e300;
    assert!(all(&constant).unwrap().scores.scores[9] > 1e6);
    // What never varied among usual rows is far when it does.
    let learnt = learn_usual(
        &usual(60, 8).slice(s![.., ..1]).mapv(|_| 4.0),
        0.1,
        &options,
    )
    .unwrap();
    let scores = learnt
        .detector
        .scores(&array![[4.0], [4.1]])
        .unwrap()
        .scores;
    assert!(
        scores[0] < learnt.threshold.max(1.0) && scores[1] > 1e3,
        "{scores:?}"
    );

    let refused = |rows: &Array2<f64>| all(rows).unwrap_err().to_string();
    assert!(refused(&array![[1.0, 2.0]]).contains("1 rows"));
    assert!(refused(&Array2::zeros((0, 2))).contains("0 rows"));
    assert!(refused(&array![[1.0, f64::NAN], [2.0, f64::NAN]]).contains("column 1"));
    assert!(refused(&array![[1.0], [f64::INFINITY]]).contains("row 1, column 0"));
    for share in [0.0, -1.0, 0.6, f64::NAN] {
        assert!(detect(&usual(20, 1), Limit::Share(share), &options).is_err());
    }
    let few = learn_usual(&usual(50, 1), 0.01, &options).unwrap_err();
    assert!(few.to_string().contains("0.01 of 50 usual rows"), "{few}");
}

#[test]
fn the_command_says_what_was_found_and_how_well() {
    let folder = folder();
    let mut text = String::from("a,b,c,kind\n");
    for row in usual(200, 4).rows() {
        text += &format!("{},{},{},good\n", row[0], row[1], row[2]);
    }
    folder.write("new.csv", text.clone() + "0,0,14,bad\n30,,2,bad\n");
    folder.write("usual.csv", text);
    let report = folder.json(&[
        "anomalies",
        "new.csv",
        "--labels",
        "kind",
        "--csv",
        "out.csv",
    ]);
    assert_eq!(report["columns"], serde_json::json!(["a", "b", "c"]));
    assert_eq!(report["detection"]["area_under_roc"], 1.0);
    assert_eq!(report["detection"]["anomalies_are"], "bad");
    let marked: Vec<u64> = (report["anomalies"].as_array().unwrap().iter())
        .map(|a| a["row"].as_u64().unwrap())
        .collect();
    assert!(marked.contains(&201) && marked.contains(&202), "{marked:?}");
    let rows = folder.csv("out.csv");
    assert_eq!(rows[0][9..].join(","), "anomaly,view,because");
    assert_eq!((&*rows[202][2], &*rows[202][9]), ("", "1"));
    assert!(rows[201][11].contains('c'), "{:?}", rows[201]);

    let text = folder.said(&[
        "anomalies",
        "new.csv",
        "--train",
        "usual.csv",
        "--labels",
        "kind",
    ]);
    assert!(
        text.contains("usual: 200 rows") && text.contains("area under ROC 1.000"),
        "{text}"
    );
    let report = folder.json(&["anomalies", "new.csv", "--contamination", "0.01"]);
    assert_eq!(report["anomalies"].as_array().unwrap().len(), 2);

    for (flags, code, words) in [
        (
            &["--contamination", "0.7"][..],
            2,
            &["--contamination", "at most 0.5"][..],
        ),
        (&["--contamination", "0"], 2, &["above 0"]),
        (&["--false-alarm-rate", "0"], 2, &["--false-alarm-rate"]),
        (&["--labels", "d"], 1, &["new.csv", "d"]),
        (&["--labels", "b"], 1, &["row 202 has no label"]),
        (&["--labels", "c"], 1, &["new.csv", "two values"]),
        (&["--labels", "a", "--columns", "a,b"], 1, &["new.csv", "a"]),
        (&["-k", "3"], 2, &["--components", "--rate"]),
        (
            &["--train", "usual.csv", "--false-alarm-rate", "0.001"],
            1,
            &["usual.csv", "200 usual rows"],
        ),
        (
            &["--train", "usual.csv", "--contamination", "0.1"],
            2,
            &["--contamination"],
        ),
    ] {
        folder.refused(&[&["anomalies", "new.csv"], flags].concat(), code, words);
    }
    folder.write("one.csv", "a,b\n1,2\n");
    folder.refused(&["anomalies", "one.csv"], 1, &["one.csv", "at least two"]);
    folder.refused(&["anomalies", "--labels", "x"], 2, &["--labels", "no file"]);
}
