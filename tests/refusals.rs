//! What is refused, and that every refusal says where.
#![allow(clippy::unwrap_used, clippy::panic)]

use gmm_core::{Covariances, Gmm, GmmError, InitMethod, Rows, Tile, Tiles};
use gmm_tests::two_groups;
use ndarray::{Array2, array};

#[test]
fn nan_and_infinities_are_named_by_row_and_column() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = two_groups(5000);
        x[(4321, 1)] = value;
        let GmmError::NonFinite { row, column, .. } = Gmm::params(2).fit_report(&x).unwrap_err()
        else {
            panic!("another error");
        };
        assert_eq!((row, column), (4321, 1));
        let gmm = Gmm::params(2).fit_report(&two_groups(100)).unwrap().model;
        for refused in [
            gmm.log_prob(&x).unwrap_err(),
            gmm.responsibilities(&x).unwrap_err(),
            gmm.labels(&x).unwrap_err(),
            gmm.mean_log_likelihood(&x).unwrap_err(),
            gmm.bic(&x).unwrap_err(),
        ] {
            assert!(
                matches!(
                    refused,
                    GmmError::NonFinite {
                        row: 4321,
                        column: 1,
                        ..
                    }
                ),
                "{refused}"
            );
            assert!(
                refused.to_string().starts_with("row 4321, column 1 is "),
                "{refused}"
            );
        }
    }
}

#[test]
fn empty_data_and_too_few_rows_are_refused() {
    let refuse = |x: &Array2<f64>, k| Gmm::params(k).fit_report(x).unwrap_err();
    assert_eq!(refuse(&Array2::zeros((0, 2)), 1), GmmError::NoRows);
    assert_eq!(refuse(&Array2::zeros((5, 0)), 1), GmmError::NoColumns);
    assert_eq!(
        refuse(&two_groups(4), 5),
        GmmError::TooFewRows {
            n_rows: 4,
            n_components: 5
        }
    );
    let x = two_groups(4);
    let refuse = |w: &[f64]| Gmm::params(2).fit_weighted(&x, w).unwrap_err();
    assert_eq!(refuse(&[0.0; 4]), GmmError::NoRows);
    assert_eq!(
        refuse(&[1.0, 0.0, 0.0, 0.0]),
        GmmError::TooFewRows {
            n_rows: 1,
            n_components: 2
        }
    );
    assert_eq!(
        refuse(&[1.0, -1.0, 1.0, 1.0]),
        GmmError::InvalidWeight {
            row: 1,
            weight: -1.0
        }
    );
    assert!(matches!(
        refuse(&[1.0, 1.0, f64::NAN, 1.0]),
        GmmError::InvalidWeight { row: 2, .. }
    ));
    assert!(matches!(
        refuse(&[1.0; 3]),
        GmmError::SizeMismatch {
            expected: 4,
            found: 3,
            ..
        }
    ));
}

#[test]
fn parameters_out_of_range_are_named() {
    let x = two_groups(50);
    let named = |params: gmm_core::GmmParams| match params.fit_report(&x).unwrap_err() {
        GmmError::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    assert_eq!(named(Gmm::params(0)), "n_components");
    assert_eq!(named(Gmm::params(2).n_runs(0)), "n_runs");
    assert_eq!(
        named(Gmm::params(2).max_n_iterations(0)),
        "max_n_iterations"
    );
    assert_eq!(named(Gmm::params(2).tolerance(-1.0)), "tolerance");
    assert_eq!(named(Gmm::params(2).tolerance(f64::NAN)), "tolerance");
    assert_eq!(named(Gmm::params(2).reg_covariance(f64::INFINITY)), "ridge");
    let given = |gmm: Gmm| {
        Gmm::params(2)
            .init_method(InitMethod::Parameters(gmm))
            .fit_report(&x)
    };
    let other = Gmm::new(
        array![1.0],
        array![[0.0, 0.0]],
        Covariances::TiedSpherical(1.0),
    )
    .unwrap();
    assert!(matches!(
        given(other),
        Err(GmmError::SizeMismatch {
            expected: 2,
            found: 1,
            ..
        })
    ));
    let r = |r| {
        Gmm::params(2)
            .init_method(InitMethod::Responsibilities(r))
            .fit_report(&x)
    };
    assert!(matches!(
        r(Array2::ones((50, 3))),
        Err(GmmError::SizeMismatch { .. })
    ));
    assert!(matches!(
        r(Array2::ones((49, 2))),
        Err(GmmError::SizeMismatch { .. })
    ));
    assert!(r(Array2::from_elem((50, 2), -1.0)).is_err());
}

#[test]
fn given_parameters_are_checked() {
    let new = |w: ndarray::Array1<f64>, m: Array2<f64>, c| Gmm::new(w, m, c).unwrap_err();
    let two = || array![[0.0, 0.0], [1.0, 1.0]];
    let unit = || Covariances::TiedSpherical(1.0);
    assert_eq!(
        new(array![0.5, 0.6], two(), unit()),
        GmmError::WeightsNotNormalized { sum: 1.1 }
    );
    assert!(matches!(
        new(array![1.5, -0.5], two(), unit()),
        GmmError::InvalidShare { component: 1, .. }
    ));
    assert!(matches!(
        new(array![f64::NAN, 1.0], two(), unit()),
        GmmError::InvalidShare { .. }
    ));
    assert!(matches!(
        new(array![1.0], two(), unit()),
        GmmError::SizeMismatch { .. }
    ));
    assert!(matches!(
        new(array![], Array2::zeros((0, 2)), unit()),
        GmmError::SizeMismatch { .. }
    ));
    assert_eq!(
        new(array![0.5, 0.5], Array2::zeros((2, 0)), unit()),
        GmmError::NoColumns
    );
    let nan = array![[0.0, 0.0], [1.0, f64::NAN]];
    assert_eq!(
        new(array![0.5, 0.5], nan, unit()),
        GmmError::NonFiniteMean {
            component: 1,
            column: 1
        }
    );
    let indefinite = Covariances::Tied(array![[1.0, 2.0], [2.0, 1.0]]);
    assert!(matches!(
        new(array![0.5, 0.5], two(), indefinite),
        GmmError::NotPositiveDefinite {
            component: 0,
            column: 1
        }
    ));
    let lopsided = Covariances::Tied(array![[1.0, 0.2], [0.3, 1.0]]);
    assert!(matches!(
        new(array![0.5, 0.5], two(), lopsided),
        GmmError::NotSymmetric { .. }
    ));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            new(
                array![0.5, 0.5],
                two(),
                Covariances::Spherical(array![1.0, bad])
            ),
            GmmError::NotPositiveDefinite { component: 1, .. }
        ));
    }
    assert!(matches!(
        new(
            array![0.5, 0.5],
            two(),
            Covariances::Diagonal(array![[1.0, 1.0]])
        ),
        GmmError::SizeMismatch { .. }
    ));
    // Weights that are off by single precision are set right.
    let thirds = array![1.0f32 / 3.0, 2.0 / 3.0].mapv(f64::from) + array![0.0, 1e-8];
    let gmm = Gmm::new(thirds, two(), unit()).unwrap();
    assert!((gmm.weights().sum() - 1.0).abs() < 1e-15);
    // Rows of another width are refused.
    assert!(matches!(
        gmm.log_prob(&array![[1.0]]),
        Err(GmmError::SizeMismatch {
            expected: 2,
            found: 1,
            ..
        })
    ));
    assert!(gmm.reordered(&[0, 0]).is_err());
}

#[test]
fn model_files_that_are_damaged_newer_or_no_models_are_refused_in_one_line() {
    let gmm = Gmm::params(2).fit_report(&two_groups(100)).unwrap().model;
    let text = gmm.to_json().unwrap();
    for cut in [0, 1, text.len() / 2, text.len() - 2] {
        let refused = Gmm::from_json(&text[..cut]).unwrap_err();
        assert!(matches!(refused, GmmError::ModelFormat(_)), "{refused}");
        assert!(!refused.to_string().contains('\n'));
    }
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        Gmm::from_json(&text.replace(from, to)).unwrap_err()
    };
    assert_eq!(
        edited("\"version\": 1", "\"version\": 3"),
        GmmError::ModelVersion {
            found: 3,
            supported: 2
        }
    );
    assert!(matches!(
        edited("gaussian-mixture", "svm"),
        GmmError::ModelFormat(_)
    ));
    assert!(matches!(
        edited("\"full\"", "\"tied\""),
        GmmError::ModelFormat(_)
    ));
    assert!(matches!(
        edited("\"full\"", "\"round\""),
        GmmError::ModelFormat(_)
    ));
    assert!(matches!(
        edited("\"means\"", "\"moans\""),
        GmmError::ModelFormat(_)
    ));
    assert!(Gmm::from_json("{}").is_err());
    // Rows that add up to the right number of numbers in the wrong shape.
    let ragged = r#"{"format": "gaussian-mixture", "version": 1, "covariance_type": "spherical",
        "weights": [0.5, 0.5], "means": [[1.0, 2.0], [3.0]], "covariances": [1.0, 1.0]}"#;
    assert!(matches!(
        Gmm::from_json(ragged),
        Err(GmmError::ModelFormat(_))
    ));
    // Fields of later minor revisions are no obstacle.
    let more = text.replacen('{', "{\"comment\": \"mine\",", 1);
    assert_eq!(Gmm::from_json(&more).unwrap(), gmm);
}

#[test]
fn responsibilities_are_proportions() {
    let x = two_groups(100);
    let r = Array2::from_shape_fn((100, 2), |(i, c)| 1.0 + ((i + c) % 3) as f64);
    let params = |r: Array2<f64>| {
        Gmm::params(2)
            .init_method(InitMethod::Responsibilities(r))
            .max_n_iterations(1)
    };
    let plain = params(r.clone()).fit_report(&x).unwrap();
    let mut larger = r.clone();
    larger
        .slice_mut(ndarray::s![..50, ..])
        .mapv_inplace(|v| v * 4.0);
    assert_eq!(params(larger).fit_report(&x).unwrap(), plain);
    let mut nothing = r;
    nothing.row_mut(7).fill(0.0);
    let refused = params(nothing).fit_report(&x).unwrap_err().to_string();
    assert!(refused.contains("row 7"), "{refused}");
}

/// Rows of which those from 600 on never arrive, as another tile is put in the place of theirs.
struct Misplaced;

impl Rows for Misplaced {
    fn n_rows(&self) -> usize {
        1000
    }

    fn n_features(&self) -> usize {
        2
    }

    fn read(&self, tile: &mut Tile) {
        let first = tile.first_row();
        for j in 0..2 {
            for (i, value) in tile.feature_mut(j).iter_mut().enumerate() {
                *value = ((first + i) % (7 + j)) as f64;
            }
        }
        if (first..first + tile.n_rows()).contains(&600) {
            *tile = Tile::new(5);
        }
    }
}

#[test]
fn a_source_that_replaces_a_tile_has_not_filled_it() {
    let refused = Gmm::params(2).fit_report(&Misplaced).unwrap_err();
    let GmmError::NonFinite { row, value, .. } = refused else {
        panic!("{refused}");
    };
    assert!(row <= 600 && value.is_nan(), "{refused}");
}

/// Rows that are held in tiles, but in those of another table, of other sizes and with other values.
struct Astray {
    rows: Array2<f64>,
    held: Tiles,
}

impl Rows for Astray {
    fn n_rows(&self) -> usize {
        self.rows.nrows()
    }

    fn n_features(&self) -> usize {
        self.rows.ncols()
    }

    fn read(&self, tile: &mut Tile) {
        self.rows.read(tile);
    }

    fn tile(&self, first_row: usize) -> Option<&Tile> {
        self.held.tile(first_row)
    }
}

#[test]
fn tiles_that_are_not_those_asked_for_are_not_used() {
    // Of sizes that are cut into tiles of 224 rows and of 128, so that some of them begin at the same rows.
    let table =
        |n_rows| Array2::from_shape_fn((n_rows, 9), |(i, j)| ((i * (7 + j) + i * i) % 101) as f64);
    let rows = table(1800);
    for other in [
        table(1000) * 3.0,
        table(1800).slice(ndarray::s![.., ..8]).to_owned(),
    ] {
        let held = Tiles::of(&other);
        assert!(held.tile(0).is_some());
        let astray = Astray {
            rows: rows.clone(),
            held,
        };
        let fitted = Gmm::params(2).fit_report(&rows).unwrap();
        assert_eq!(Gmm::params(2).fit_report(&astray).unwrap(), fitted);
        let model = fitted.model;
        assert_eq!(model.log_prob(&astray), model.log_prob(&rows));
    }
}
