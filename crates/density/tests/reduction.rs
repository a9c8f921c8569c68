//! Few directions in place of many columns: what they keep, and what is refused.
#![allow(clippy::unwrap_used)]

use density::{Options, Points, directions, directions_of_classes, latent};
use gmm_core::discriminant::Classes;
use gmm_core::ndarray::{Array1, Array2, Array3, Axis, array};
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

fn with(n_components: usize) -> Options {
    Options {
        n_components: n_components..=n_components,
        ..Options::default()
    }
}

#[test]
fn one_component_is_principal_component_analysis() {
    let (_, rows, _) = groups();
    let plane = rows.select(Axis(1), &[0, 1]);
    let points = Points::new("two", &["a", "b"], plane.clone());
    let found = latent(&points, 1, &with(1), 1, &|_, _| {}).unwrap();
    // The eigenvalues of two standardised columns are 1 + r and 1 − r.
    let centred = &plane - &plane.mean_axis(Axis(0)).unwrap();
    let moment = |i: usize, j: usize| centred.column(i).dot(&centred.column(j));
    let r = moment(0, 1) / (moment(0, 0) * moment(1, 1)).sqrt();
    let wanted = 0.5 * (1.0 + r.abs());
    assert!((found.local - wanted).abs() < 1e-9, "{}", found.local);
    assert!((found.global - wanted).abs() < 1e-9);
    let new = found.kept[0].of_new.unwrap();
    assert_eq!(new.local, new.global);
}

#[test]
fn one_coordinate_less_than_columns_has_the_likelihood_of_full_covariances() {
    let (_, rows, _) = groups();
    let three = Points::new("three", &["a", "b", "c"], rows.select(Axis(1), &[0, 1, 2]));
    let found = latent(&three, 2, &with(2), 1, &|_, _| {}).unwrap();
    let of = |q: usize| found.kept[q - 1].of_new.unwrap();
    let full = found.full_log_likelihood.unwrap();
    assert!((of(2).log_likelihood - full).abs() < 1e-2, "{found:?}");
    assert!(of(1).local < of(2).local && of(2).local < 1.0);
}

#[test]
fn lines_in_space_are_reduced_to_themselves() {
    // Two crossed lines, almost without noise.
    let entry = |(i, j): (usize, usize)| {
        let along = (i / 2) as f64 / 30.0 - 1.0;
        let noise = ((i * 7 + j * 13) as f64).sin() * 1e-3;
        noise
            + if (i % 2 == 0) == (j == 0) {
                along
            } else {
                5.0 * (i % 2) as f64
            }
    };
    let rows = Array2::from_shape_fn((120, 3), entry);
    let points = Points::new("lines", &["a", "b", "c"], rows.clone());
    let found = latent(&points, 1, &with(2), 1, &|_, _| {}).unwrap();
    assert!(found.local > 0.9999, "{}", found.local);
    assert!(found.global < 0.99, "{}", found.global);
    assert!(
        (&found.reconstructed - &rows)
            .iter()
            .all(|d| d.abs() < 0.01)
    );
    assert_eq!(found.scores.scores.dim(), (120, 1));
    // What is lost is the same in units of the data, measured in deviations.
    let left = (&found.reconstructed - &rows) / &found.units.1;
    let lost = left.mapv(|v| v * v).sum() / 360.0;
    assert!((1.0 - found.local - lost).abs() < 1e-12);

    // A column that does not vary changes nothing, and few rows have no folds.
    let few = array![[0.0, 1.0, 4.0], [1.0, 0.0, 4.0], [2.0, 2.0, 4.0]];
    let few = Points::new("few", &["a", "b", "c"], few);
    let found = latent(&few, 2, &with(1), 1, &|_, _| {}).unwrap();
    assert!((found.local - 1.0).abs() < 1e-6);
    assert!(found.kept.iter().all(|kept| kept.of_new.is_none()));
    assert!(latent(&few, 3, &with(1), 1, &|_, _| {}).is_err());
}

#[test]
fn the_command_writes_component_and_coordinates() {
    let folder = folder();
    let (_, rows, _) = groups();
    let mut text = String::from("a,b,c\n");
    for row in rows.rows() {
        text += &format!("{},{},{}\n", row[0], row[1], row[2]);
    }
    folder.write("t.csv", text);
    let report = folder.json(&["reduce", "t.csv", "--latent", "1", "--csv", "out.csv"]);
    assert_eq!(report["coordinates"], 1);
    assert_eq!(report["new_rows"].as_array().unwrap().len(), 2);
    let table = folder.csv("out.csv");
    assert_eq!(
        (table[0].join(","), table.len()),
        ("row,component,coordinate_1".into(), 401)
    );
    let said = folder.said(&["reduce", "t.csv", "--latent", "2", "-k", "3"]);
    assert!(said.contains("3 components and 2 coordinates"), "{said}");
    let slide = folder.json(&["reduce", "--latent", "1"]);
    assert_eq!(slide["n_components"], 5);
    for (args, code, words) in [
        (
            &["--latent", "3"][..],
            2,
            &["--latent 3", "t.csv", "3 columns"][..],
        ),
        (&["--latent", "0"], 2, &["--latent"]),
        (&["--latent", "1", "--class", "a"], 2, &["--class"]),
        (
            &["--latent", "1", "--covariance", "full"],
            2,
            &["--covariance"],
        ),
        (
            &["--latent", "1", "--columns", "a"],
            1,
            &["t.csv", "one column"],
        ),
        (
            &["--latent", "1", "-k", "500"],
            1,
            &["t.csv", "too few rows"],
        ),
    ] {
        folder.refused(&[&["reduce", "t.csv"], args].concat(), code, words);
    }
    folder.write("gap.csv", "a,b\n1,2\n3,\n5,6\n2,1\n7,3\n");
    let found = folder.said(&["reduce", "gap.csv"]);
    assert!(
        found.contains("\n1 row lacks a value and was left out\n"),
        "{found}"
    );
    folder.write("one.csv", "a,b\n1,2\n");
    // More columns than rows: no axes but those of the columns can be told.
    let wide: Vec<String> = (0..10)
        .map(|i| {
            let value = |j: usize| ((i * (j + 3) + j * j) % 11).to_string();
            let values: Vec<String> = (0..40).map(value).collect();
            format!("{},{}\n", values.join(","), ["a", "b"][i % 2])
        })
        .collect();
    let head: Vec<String> = (0..40).map(|j| format!("x{j}")).collect();
    folder.write(
        "wide.csv",
        format!("{},c\n{}", head.join(","), wide.concat()),
    );
    let found = folder.said(&["reduce", "wide.csv", "--class", "c"]);
    assert!(found.contains("2 classes: a, b"), "{found}");
    let one = ["reduce", "one.csv", "--latent", "1"];
    folder.refused(&one, 1, &["one.csv", "too few rows"]);
}
