//! Components merged into clusters, and directions in which they differ: mclust's clustCombi and MclustDR.
#![allow(clippy::unwrap_used)]

use gmm_core::discriminant::{Classes, Classifier, edda};
use gmm_core::subspace::Subspace;
use gmm_core::{Background, CovarianceType, Covariances, Gmm, GmmError, Sample};
use gmm_tests::{
    close, columns_of_numbers, faithful, golden, iris, numbers, on_any_number_of_threads, rough,
    row_weights, with_holes,
};
use ndarray::{Array1, Array2, Array3, Axis};
use serde_json::Value;

/// The mixture of weights, means (a list for each component) and covariances of a golden file.
fn mixture(value: &Value) -> Gmm {
    let weights = Array1::from(numbers(&value["weights"]));
    let k = weights.len();
    let means = numbers(&value["means"]);
    let d = means.len() / k;
    Gmm::new(
        weights,
        Array2::from_shape_vec((k, d), means).unwrap(),
        Covariances::Full(
            Array3::from_shape_vec((k, d, d), numbers(&value["covariances"])).unwrap(),
        ),
    )
    .unwrap()
}

fn data(value: &Value) -> Array2<f64> {
    columns_of_numbers(value["file"].as_str().unwrap())
}

#[test]
fn clusters_are_those_of_clust_combi() {
    for (name, theirs) in golden("mclust_classes.json")["combi"].as_object().unwrap() {
        let (gmm, x) = (mixture(theirs), data(theirs));
        let hierarchy = gmm.clusters(&Sample::new(&x)).unwrap();
        let steps: Vec<(usize, usize)> = theirs["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| {
                (
                    pair[0].as_u64().unwrap() as usize - 1,
                    pair[1].as_u64().unwrap() as usize - 1,
                )
            })
            .collect();
        assert_eq!(hierarchy.merges, steps, "{name}");
        close(
            &hierarchy.entropies,
            &numbers(&theirs["entropies"]),
            1e-9,
            name,
        );
        let bend = theirs["one_bend"].as_u64().unwrap() as usize;
        assert_eq!(hierarchy.n_clusters_at_bend(), bend, "{name}");
        let bend = theirs["two_bends"].as_u64().unwrap() as usize;
        assert_eq!(
            hierarchy.n_clusters_at_two_bends().unwrap().0,
            bend,
            "{name}"
        );
    }
}

#[test]
fn posteriors_of_clusters_are_sums() {
    let x = iris();
    let gmm = rough(&x, 6, CovarianceType::Diagonal);
    let sample = Sample::new(&x);
    let hierarchy = on_any_number_of_threads(|| gmm.clusters(&sample).unwrap());
    let responsibilities = gmm.responsibilities(&x).unwrap();
    assert_eq!(hierarchy.n_components(), 6);
    assert!(hierarchy.entropies.is_sorted());
    assert!(hierarchy.entropies[0] < 1e-12);
    for n in 1..=6 {
        let cluster = hierarchy.of_components(n).unwrap();
        let posteriors = hierarchy.posteriors(n, &responsibilities).unwrap();
        let mut entropy = 0.0;
        for (row, r) in posteriors.rows().into_iter().enumerate() {
            for (c, &r) in r.iter().enumerate() {
                let own = (0..6).filter(|&k| cluster[k] == c);
                let sum: f64 = own.map(|k| responsibilities[(row, k)]).sum();
                assert!((r - sum).abs() < 1e-14);
                entropy -= if r > 0.0 { r * r.ln() } else { 0.0 };
            }
        }
        assert!((entropy - hierarchy.entropies[n - 1]).abs() < 1e-9);
        // In the order of their first components.
        let firsts: Vec<_> = (0..n)
            .map(|c| cluster.iter().position(|own| *own == c))
            .collect();
        assert!(firsts.is_sorted() && firsts.iter().all(Option::is_some));
    }
    let labels = hierarchy.labels(6, &responsibilities).unwrap();
    assert_eq!(labels, gmm.labels(&x).unwrap());
    assert!(
        hierarchy
            .labels(1, &responsibilities)
            .unwrap()
            .iter()
            .all(|l| *l == 0)
    );
    for n in [0, 7] {
        assert!(hierarchy.of_components(n).is_err());
    }
    let fewer = responsibilities.select(Axis(1), &[0, 1]);
    assert!(matches!(
        hierarchy.posteriors(2, &fewer),
        Err(GmmError::SizeMismatch { .. })
    ));
}

#[test]
fn each_merge_takes_most_from_the_entropy() {
    let x = faithful();
    let gmm = rough(&x, 7, CovarianceType::Full);
    let weights = row_weights(x.nrows(), 2);
    let hierarchy = gmm
        .clusters(&Sample::weighted(&x, &weights).unwrap())
        .unwrap();
    let mut columns = gmm.responsibilities(&x).unwrap();
    for (step, &(i, j)) in hierarchy.merges.iter().enumerate() {
        let merged = |i: usize, j: usize| {
            let mut columns = columns.clone();
            let gone = columns.column(j).to_owned();
            let mut sum = columns.column_mut(i);
            sum += &gone;
            let left: Vec<usize> = (0..columns.ncols()).filter(|c| *c != j).collect();
            columns.select(Axis(1), &left)
        };
        let entropy = |columns: &Array2<f64>| -> f64 {
            let rows = columns.rows().into_iter().zip(&weights);
            rows.map(|(row, w)| {
                -w * row
                    .iter()
                    .filter(|r| **r > 0.0)
                    .map(|r| r * r.ln())
                    .sum::<f64>()
            })
            .sum()
        };
        let chosen = entropy(&merged(i, j));
        assert!((chosen - hierarchy.entropies[5 - step]).abs() < 1e-9);
        for a in 0..columns.ncols() {
            for b in a + 1..columns.ncols() {
                assert!(entropy(&merged(a, b)) >= chosen - 1e-9, "{step}");
            }
        }
        columns = merged(i, j);
    }
}

#[test]
fn few_components_and_backgrounds_have_their_clusters() {
    let x = faithful();
    let sample = Sample::new(&x);
    for k in [1, 2, 3] {
        let hierarchy = rough(&x, k, CovarianceType::Full)
            .clusters(&sample)
            .unwrap();
        assert_eq!(hierarchy.n_clusters_at_bend(), [1, 2, 2][k - 1]);
        assert_eq!(hierarchy.n_clusters_at_two_bends(), None);
    }
    let over = rough(&x, 4, CovarianceType::Full)
        .with_background(
            0.1,
            Background {
                low: vec![0.0, 30.0],
                high: vec![7.0, 110.0],
            },
        )
        .unwrap();
    let hierarchy = over.clusters(&sample).unwrap();
    assert_eq!((hierarchy.n_components(), hierarchy.merges.len()), (4, 3));
    assert!(hierarchy.entropies[0] > 0.1);
    let r = over.responsibilities(&x).unwrap();
    let posteriors = hierarchy.posteriors(2, &r).unwrap();
    assert_eq!(posteriors.ncols(), 3);
    assert_eq!(posteriors.column(2), r.column(4));
    let holes = with_holes(&x, 0.2, 3);
    over.clusters(&Sample::new(&holes).with_missing()).unwrap();
}

/// Directions, and the classes of the rows after projection.
fn check_directions(theirs: &Value) {
    let (gmm, x) = (mixture(theirs), data(theirs));
    let sample = Sample::new(&x);
    let class_of = numbers(&theirs["class_of_component"]);
    for lambda in ["1", "0.5"] {
        let theirs = &theirs[lambda];
        let subspace = Subspace::of(&gmm, &sample, lambda.parse().unwrap()).unwrap();
        close(
            &subspace.eigenvalues,
            &numbers(&theirs["eigenvalues"]),
            1e-10,
            "eigenvalues",
        );
        let basis = theirs["basis"].as_array().unwrap();
        assert_eq!(basis.len(), subspace.n_directions());
        for (ours, theirs) in subspace.basis.columns().into_iter().zip(basis) {
            let theirs = Array1::from(numbers(theirs));
            let sign = ours.dot(&theirs).signum();
            let off = &ours - &(theirs * sign);
            assert!(off.iter().all(|off| off.abs() < 1e-7), "{off}");
        }
        // The posteriors of classes after projection.
        let rows = subspace.project(&sample).unwrap();
        let r = subspace
            .mixture(&gmm)
            .unwrap()
            .responsibilities(&rows)
            .unwrap();
        let labels: Vec<f64> = r
            .rows()
            .into_iter()
            .map(|row| {
                let mut of_class = [0.0; 3];
                for (r, class) in row.iter().zip(&class_of) {
                    of_class[*class as usize - 1] += r;
                }
                let largest = of_class.iter().copied().fold(0.0, f64::max);
                1.0 + of_class.iter().position(|r| *r == largest).unwrap() as f64
            })
            .collect();
        assert_eq!(labels, numbers(&theirs["classes"]));
    }
}

#[test]
fn directions_are_those_of_mclust_dr() {
    for theirs in golden("mclust_classes.json")["directions"]
        .as_object()
        .unwrap()
        .values()
    {
        check_directions(theirs);
    }
}

/// The irises and their species.
fn irises() -> (Array2<f64>, Classes) {
    let text = gmm_tests::read("assets/tabular/iris.csv");
    let species: Vec<&str> = text
        .lines()
        .skip(1)
        .map(|l| l.rsplit(',').next().unwrap())
        .collect();
    (iris(), Classes::new(&species))
}

#[test]
fn a_classifier_keeps_its_say_on_few_directions() {
    let (x, classes) = irises();
    let sample = Sample::new(&x);
    let classifier = edda(&sample, &classes, &[CovarianceType::Vev])
        .unwrap()
        .model;
    let subspace = Subspace::of_classifier(&classifier, &sample, 1.0).unwrap();
    assert_eq!(subspace.n_directions(), 2);
    let kept = subspace.kept_of_classifier(&classifier, &sample).unwrap();
    assert!(
        kept.agreement > 0.9 && kept.posterior_difference < 0.05,
        "{kept:?}"
    );
    assert!((kept.eigenvalues - 1.0).abs() < 1e-12);
    let projected: Classifier = subspace.classifier(&classifier).unwrap();
    let rows = subspace.project(&sample).unwrap();
    let score = projected.score(&Sample::new(&rows), &classes).unwrap();
    assert!(score.error <= 0.03, "{}", score.error);
    let first = subspace.first(1).unwrap();
    let less = first.kept_of_classifier(&classifier, &sample).unwrap();
    assert!(less.eigenvalues < kept.eigenvalues);
    close(
        &first.cumulative_shares(),
        [&less.eigenvalues],
        1e-12,
        "shares",
    );
    for n in [0, 3] {
        assert!(subspace.first(n).is_err());
    }
}

#[test]
fn all_directions_keep_everything_whatever_the_units() {
    let x = iris();
    let sample = Sample::new(&x);
    let gmm = rough(&x, 3, CovarianceType::Full);
    let subspace = Subspace::of(&gmm, &sample, 0.5).unwrap();
    assert_eq!(subspace.n_directions(), 4);
    let kept = subspace.kept(&gmm, &sample).unwrap();
    assert_eq!(kept.agreement, 1.0);
    assert!(kept.posterior_difference < 1e-9);
    // The rows are uncorrelated on the directions.
    let z = subspace.project(&sample).unwrap();
    let products = z.t().dot(&z);
    for i in 0..4 {
        for j in 0..i {
            let size = (products[(i, i)] * products[(j, j)]).sqrt();
            assert!(products[(i, j)].abs() < 1e-9 * size);
        }
    }
    // Other units, other entries, the same eigenvalues and projections up to a factor.
    let units = Array1::from(vec![1e-6, 1.0, 1e3, 7.0]);
    let y = &x * &units;
    let covariances = Array3::from_shape_fn((3, 4, 4), |(k, i, j)| {
        gmm.covariances()[(k, i, j)] * units[i] * units[j]
    });
    let scaled = Gmm::new(
        gmm.weights().to_owned(),
        gmm.means() * &units,
        Covariances::Full(covariances),
    );
    let other = Subspace::of(&scaled.unwrap(), &Sample::new(&y), 0.5).unwrap();
    close(
        &other.eigenvalues,
        &subspace.eigenvalues,
        1e-10,
        "eigenvalues",
    );
    let w = other.project(&Sample::new(&y)).unwrap();
    for (a, b) in z.columns().into_iter().zip(w.columns()) {
        let correlation = a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt();
        assert!((correlation.abs() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn hard_rows_have_directions_or_a_refusal() {
    let x = iris();
    let gmm = rough(&x, 3, CovarianceType::Full);
    let sample = Sample::new(&x);
    // A column that is constant, and one that is another again, have no direction of their own.
    let mut y = Array2::zeros((150, 6));
    y.slice_mut(ndarray::s![.., ..4]).assign(&x);
    y.column_mut(4).fill(3.0);
    y.column_mut(5).assign(&x.column(0));
    let wide = Gmm::params(3).fit_report(&y).unwrap().model;
    let subspace = Subspace::of(&wide, &Sample::new(&y), 1.0).unwrap();
    assert_eq!(subspace.n_directions(), 2);
    assert!(subspace.basis.iter().all(|b| b.is_finite()));
    assert!(subspace.basis.row(4).iter().all(|b| *b == 0.0));
    // Weights count as rows, and missing values are no obstacle to directions.
    let weights = row_weights(150, 4);
    let repeated: Vec<usize> = (0..150)
        .flat_map(|i| vec![i; weights[i] as usize])
        .collect();
    let a = Subspace::of(&gmm, &Sample::weighted(&x, &weights).unwrap(), 0.5).unwrap();
    let b = Subspace::of(&gmm, &Sample::new(&x.select(Axis(0), &repeated)), 0.5).unwrap();
    close(&a.basis, &b.basis, 1e-9, "weighted");
    let holes = with_holes(&x, 0.1, 5);
    let seen = Sample::new(&holes).with_missing();
    let c = Subspace::of(&gmm, &seen, 1.0).unwrap();
    // Their mean is not that of the mixture, which is a direction too.
    assert_eq!(c.n_directions(), 3);
    assert!(matches!(c.project(&seen), Err(GmmError::NonFinite { .. })));
    // Nothing differs, or not in what is looked at.
    let one = rough(&x, 1, CovarianceType::Full);
    let tied = rough(&x, 3, CovarianceType::Tied);
    assert!(Subspace::of(&tied, &sample, 0.0).is_err());
    assert!(matches!(
        Subspace::of(&one, &sample, 0.5),
        Err(GmmError::InvalidParameter { .. })
    ));
    for lambda in [-0.1, 1.1, f64::NAN] {
        assert!(Subspace::of(&gmm, &sample, lambda).is_err());
    }
    assert!(Subspace::of(&gmm, &Sample::new(&faithful()), 1.0).is_err());
    let region = Background {
        low: vec![0.0; 4],
        high: vec![9.0; 4],
    };
    let over = gmm.clone().with_background(0.1, region).unwrap();
    let subspace = Subspace::of(&over, &sample, 1.0).unwrap();
    close(
        &subspace.eigenvalues,
        &Subspace::of(&gmm, &sample, 1.0).unwrap().eigenvalues,
        1e-12,
        "over",
    );
    assert!(matches!(
        subspace.mixture(&over),
        Err(GmmError::InvalidParameter { .. })
    ));
}
