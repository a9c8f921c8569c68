//! Few directions in place of many columns: what they keep, and what is refused.
#![allow(clippy::unwrap_used)]

use density::{directions, directions_of_classes};
use gmm_core::discriminant::Classes;
use gmm_core::ndarray::{Array1, Array2, Array3, array};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Covariances, Gmm};
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_density"))
}

/// Two groups in six columns that differ along one direction, whose other columns vary more.
fn groups() -> (Gmm, Array2<f64>, Vec<usize>) {
    let mut means = Array2::zeros((2, 6));
    means[(1, 0)] = 3.0;
    means[(1, 1)] = 3.0;
    let deviation = [1.0, 1.0, 5.0, 5.0, 5.0, 5.0];
    let entry = |(_, i, j): (usize, usize, usize)| {
        if i == j {
            f64::powi(deviation[i], 2)
        } else {
            0.0
        }
    };
    let covariances = Covariances::Full(Array3::from_shape_fn((2, 6, 6), entry));
    let gmm = Gmm::new(array![0.5, 0.5], means, covariances).unwrap();
    let (rows, of) = gmm.sample(400, &mut Xoshiro256Plus::seed_from_u64(1));
    (gmm, rows, of.to_vec())
}

#[test]
fn one_direction_keeps_what_two_groups_differ_in() {
    let (gmm, rows, of) = groups();
    let found = directions(&rows, &gmm, None).unwrap();
    let first = found.kept[0];
    assert_eq!((found.lambda, first.n_directions), (1.0, 1));
    assert!(
        first.information > 0.99 && first.changed < 0.01,
        "{first:?}"
    );
    assert!(first.variance < 0.4, "{first:?}");
    let direction: Array1<f64> = found.subspace.basis.column(0).to_owned();
    let along = (direction[0] + direction[1]) / 2f64.sqrt();
    assert!(along.abs() > 0.99, "{direction}");

    let names: Vec<&str> = of.iter().map(|k| ["a", "b"][*k]).collect();
    let found = directions_of_classes(&rows, &Classes::new(&names), None, 1).unwrap();
    let error = found.kept[0].error.unwrap();
    // Φ(−√18/2) = 0.017 is the least that is possible.
    assert!(
        error < 0.04 && found.error_of_all.unwrap() < 0.05,
        "{error}"
    );
    assert_eq!(found.names, ["a", "b"]);
}

#[test]
fn what_is_kept_grows_with_directions_to_everything() {
    let (gmm, rows, _) = groups();
    let found = directions(&rows, &gmm, Some(0.5)).unwrap();
    for pair in found.kept.windows(2) {
        assert!(pair[1].eigenvalues >= pair[0].eigenvalues);
        assert!(pair[1].variance >= pair[0].variance);
    }
    // As many directions as columns are other coordinates of the same rows.
    let three = Gmm::params(3)
        .fit_report(&rows.select(gmm_core::ndarray::Axis(1), &[0, 1]))
        .unwrap();
    let plane = rows.select(gmm_core::ndarray::Axis(1), &[0, 1]);
    let all = directions(&plane, &three.model, Some(0.5)).unwrap();
    let last = all.kept.last().unwrap();
    assert_eq!(last.n_directions, 2);
    assert!((last.information - 1.0).abs() < 1e-9 && last.changed == 0.0);
    assert!((last.variance - 1.0).abs() < 1e-9);
}

#[test]
fn the_command_tells_what_is_kept() {
    let folder = folder();
    let (_, rows, of) = groups();
    let mut text = String::from("a,b,c,d,e,f,kind\n");
    for (row, k) in rows.rows().into_iter().zip(&of) {
        let values: Vec<String> = row.iter().map(f64::to_string).collect();
        text += &format!("{},{}\n", values.join(","), ["x", "y"][*k]);
    }
    folder.write("t.csv", text);
    let report = folder.json(&["reduce", "t.csv", "--class", "kind", "--csv", "out.csv"]);
    assert_eq!(report["columns"].as_array().unwrap().len(), 6);
    assert_eq!(report["groups"], serde_json::json!(["x", "y"]));
    assert!(report["kept"][0]["information"].as_f64().unwrap() > 0.95);
    let table = folder.csv("out.csv");
    assert_eq!(
        (table[0].join(","), table.len()),
        ("row,direction_1,class".into(), 401)
    );
    let said = folder.said(&["reduce", "t.csv", "-k", "2"]);
    assert!(said.contains("2 components; directions"), "{said}");
    let slide = folder.json(&["reduce", "t.csv", "--posteriors"]);
    assert_eq!(slide["n_components"], 5);

    for (args, code, words) in [
        (&["t.csv", "-k", "1"][..], 1, &["t.csv", "no direction"][..]),
        (&["t.csv", "--class", "kin"], 1, &["t.csv", "kin"]),
        (&["t.csv", "--lambda", "2"], 2, &["--lambda"]),
        (&["t.csv", "--columns", "a"], 1, &["t.csv", "one column"]),
        (&["--class", "kind"], 2, &["--class", "no file"]),
        (
            &["t.csv", "--class", "a", "--columns", "b,c"],
            1,
            &["t.csv"],
        ),
    ] {
        folder.refused(&[&["reduce"], args].concat(), code, words);
    }
}
