//! Rows seen in part, with noise or with labels: each against the plainest arithmetic that says the same.
#![allow(clippy::unwrap_used)]

use gmm_core::{
    CovarianceType, Covariances, Gmm, GmmParams, InitMethod, Noise, Note, Prior, Ridge, Sample,
};
use gmm_tests::{all_types, close, fit, iris, noise_of, rough, row_weights, with_holes};
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis, concatenate};

/// EM to the letter from a start.
fn steps(start: &Gmm, n: usize) -> GmmParams {
    Gmm::params(start.n_components())
        .covariance_type(start.covariance_type())
        .init_method(InitMethod::Parameters(start.clone()))
        .ridge(Ridge::Absolute(0.0))
        .tolerance(0.0)
        .accelerate(false)
        .max_n_iterations(n)
}

fn close_models(a: &Gmm, b: &Gmm, tolerance: f64, what: &str) {
    close(a.weights(), b.weights(), tolerance, what);
    close(a.means(), b.means(), tolerance, what);
    close(&a.covariances(), &b.covariances(), tolerance, what);
}

/// The inverse and ln |·| of a positive definite matrix, by Gauss and Jordan.
fn inverse(m: &Array2<f64>) -> (Array2<f64>, f64) {
    let n = m.nrows();
    let (mut a, mut b, mut log_det) = (m.clone(), Array2::eye(n), 0.0);
    for p in 0..n {
        let pivot: f64 = a[(p, p)];
        log_det += pivot.ln();
        a.row_mut(p).mapv_inplace(|v| v / pivot);
        b.row_mut(p).mapv_inplace(|v| v / pivot);
        for i in (0..n).filter(|i| *i != p) {
            let factor = a[(i, p)];
            for (m, source) in [(&mut a, p), (&mut b, p)] {
                let row = m.row(source).to_owned();
                m.row_mut(i).scaled_add(-factor, &row);
            }
        }
    }
    (b, log_det)
}

/// What one row says of one component: ln N(o|μₒ, Σₒₒ + S), the mean of the whole row given o and its covariance.
fn given(
    row: ArrayView1<'_, f64>,
    noise: Option<ArrayView1<'_, f64>>,
    mean: ArrayView1<'_, f64>,
    sigma: &Array2<f64>,
) -> (f64, Array1<f64>, Array2<f64>) {
    let d = mean.len();
    let o: Vec<usize> = (0..d).filter(|&j| !row[j].is_nan()).collect();
    let mut t = sigma.select(Axis(0), &o).select(Axis(1), &o);
    if let Some(noise) = noise {
        let noise = noise.into_shape_with_order((d, d)).unwrap();
        t += &noise.select(Axis(0), &o).select(Axis(1), &o);
    }
    let (inverse, log_det) = inverse(&t);
    let offset = Array1::from_iter(o.iter().map(|&j| row[j] - mean[j]));
    let through = inverse.dot(&offset);
    let log = -0.5
        * (o.len() as f64 * (2.0 * std::f64::consts::PI).ln() + log_det + offset.dot(&through));
    let cross = sigma.select(Axis(1), &o);
    let expected = &mean + &cross.dot(&through);
    let left = sigma - &cross.dot(&inverse).dot(&cross.t());
    (log, expected, left)
}

/// Everything that is known of a sample, for the plain arithmetic.
#[derive(Clone, Copy)]
struct Known<'a> {
    x: &'a Array2<f64>,
    noise: Option<&'a Array3<f64>>,
    weights: &'a [f64],
    labels: Option<&'a [Option<usize>]>,
}

/// Mean and covariance of a whole row given what was seen of it.
type Completed = (Array1<f64>, Array2<f64>);

impl Known<'_> {
    /// ln πₖ + ln p(row|k), and what the row is then expected to be, for each component.
    fn row(&self, gmm: &Gmm, i: usize) -> (Vec<f64>, Vec<Completed>) {
        let d = gmm.n_features();
        let flat = self
            .noise
            .map(|n| Array1::from_iter(n.index_axis(Axis(0), i).iter().copied()));
        let of = |k: usize| {
            let sigma = gmm.covariances().index_axis(Axis(0), k).to_owned();
            let noise = flat.as_ref().map(|n| n.view());
            assert_eq!(sigma.dim(), (d, d));
            let (log, mean, left) = given(self.x.row(i), noise, gmm.means().row(k), &sigma);
            let label = self.labels.and_then(|l| l[i]);
            let is_ruled_out = label.is_some_and(|label| label != k);
            let log = if is_ruled_out { f64::NEG_INFINITY } else { log };
            (log + gmm.weights()[k].ln(), (mean, left))
        };
        (0..gmm.n_components()).map(of).unzip()
    }

    /// One step of EM, row by row (Ghahramani & Jordan 1994; Bovy et al. 2011, eq. 12–16), and the mean
    /// log-likelihood before it.
    fn step(&self, gmm: &Gmm) -> (Gmm, f64) {
        let (k, d) = (gmm.n_components(), gmm.n_features());
        let (mut counts, mut log_likelihood) = (Array1::<f64>::zeros(k), 0.0);
        let mut means = Array2::<f64>::zeros((k, d));
        let is_seen = |i: &usize| self.x.row(*i).iter().any(|v| !v.is_nan());
        let rows: Vec<_> = (0..self.x.nrows())
            .filter(is_seen)
            .map(|i| {
                let (logs, expected) = self.row(gmm, i);
                let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let log = most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln();
                let r: Vec<f64> = logs
                    .iter()
                    .map(|l| self.weights[i] * (l - log).exp())
                    .collect();
                log_likelihood += self.weights[i] * log;
                for c in 0..k {
                    counts[c] += r[c];
                    means.row_mut(c).scaled_add(r[c], &expected[c].0);
                }
                (r, expected)
            })
            .collect();
        let total = counts.sum();
        for c in 0..k {
            means.row_mut(c).mapv_inplace(|m| m / counts[c]);
        }
        let mut sigmas = Array3::<f64>::zeros((k, d, d));
        for (r, expected) in &rows {
            for c in 0..k {
                let away = (&expected[c].0 - &means.row(c)).insert_axis(Axis(1));
                let spread = away.dot(&away.t()) + &expected[c].1;
                sigmas
                    .index_axis_mut(Axis(0), c)
                    .scaled_add(r[c] / counts[c], &spread);
            }
        }
        let pooled = sigmas
            .outer_iter()
            .zip(&counts)
            .fold(Array2::zeros((d, d)), |sum, (s, n)| sum + &s * (n / total));
        let covariances = match gmm.covariance_type() {
            CovarianceType::Full => Covariances::Full(sigmas),
            CovarianceType::Tied => Covariances::Tied(pooled),
            CovarianceType::Diagonal => {
                Covariances::Diagonal(Array2::from_shape_fn((k, d), |(c, j)| sigmas[(c, j, j)]))
            }
            _ => Covariances::Spherical(Array1::from_shape_fn(k, |c| {
                (0..d).map(|j| sigmas[(c, j, j)]).sum::<f64>() / d as f64
            })),
        };
        let model = Gmm::new(&counts / total, means, covariances).unwrap();
        (model, log_likelihood / total)
    }
}

const STEPPED: [CovarianceType; 4] = [
    CovarianceType::Full,
    CovarianceType::Diagonal,
    CovarianceType::Tied,
    CovarianceType::Spherical,
];

#[test]
fn the_density_of_what_was_seen_is_the_marginal_density() {
    let x = iris();
    let mut holed = with_holes(&x, 0.4, 1);
    holed.row_mut(7).fill(f64::NAN);
    let sample = Sample::new(&holed).with_missing();
    for covariance_type in all_types() {
        let what = covariance_type.to_string();
        let gmm = rough(&x, 3, covariance_type);
        let density = gmm.log_prob_of(&sample).unwrap();
        let r = gmm.responsibilities_of(&sample).unwrap();
        let imputed = gmm.imputed(&sample).unwrap();
        assert_eq!(density[7], 0.0);
        let mean = gmm.mean_log_likelihood_of(&sample).unwrap();
        let n_seen = (0..150)
            .filter(|i| holed.row(*i).iter().any(|v| !v.is_nan()))
            .count();
        close(&[mean], &[density.sum() / n_seen as f64], 1e-12, &what);
        close(r.row(7), gmm.weights(), 1e-15, &what);
        close(
            imputed.row(7),
            &gmm.weights().dot(gmm.means()),
            1e-12,
            &what,
        );
        let ones = vec![1.0; x.nrows()];
        let known = Known {
            x: &holed,
            noise: None,
            weights: &ones,
            labels: None,
        };
        for i in (0..x.nrows()).filter(|i| *i != 7) {
            let o: Vec<usize> = (0..4).filter(|&j| !holed[(i, j)].is_nan()).collect();
            if !o.is_empty() {
                let seen = holed.row(i).select(Axis(0), &o).insert_axis(Axis(0));
                let marginal = gmm.marginal(&o).unwrap();
                close(
                    &[density[i]],
                    &[marginal.log_prob(&seen).unwrap()[0]],
                    1e-9,
                    &what,
                );
                close(
                    r.row(i),
                    &marginal.responsibilities(&seen).unwrap(),
                    1e-9,
                    &what,
                );
            }
            let (logs, expected) = known.row(&gmm, i);
            let p: Vec<f64> = logs.iter().map(|l| l.exp()).collect();
            let sum: f64 = p.iter().sum();
            close(&[density[i].exp()], &[sum], 1e-9, &what);
            let posterior: Vec<f64> = p.iter().map(|p| p / sum).collect();
            close(r.row(i), &posterior, 1e-9, &what);
            let mut mean = Array1::zeros(4);
            for (r, (e, _)) in posterior.iter().zip(&expected) {
                mean.scaled_add(*r, e);
            }
            close(imputed.row(i), &mean, 1e-9, &what);
            for &j in &o {
                assert_eq!(imputed[(i, j)].to_bits(), x[(i, j)].to_bits());
            }
        }
        let labels = gmm.labels_of(&sample).unwrap();
        for (row, &label) in r.rows().into_iter().zip(&labels) {
            assert!(row.iter().all(|p| *p <= row[label]));
        }
    }
}

#[test]
fn a_step_on_what_was_seen_is_that_of_the_plain_arithmetic() {
    let x = iris();
    let deviations = [0.8, 0.4, 1.7, 0.7];
    for seed in 0..2 {
        let mut holed = with_holes(&x, 0.3, seed);
        holed.row_mut(11).fill(f64::NAN);
        let weights = row_weights(150, seed);
        let ones = vec![1.0; 150];
        let labels: Vec<Option<usize>> = (0..150)
            .map(|i| (i % 5 == 0).then_some((i / 5) % 3))
            .collect();
        let correlated = noise_of(150, &deviations, false, seed);
        let diagonal = noise_of(150, &deviations, true, seed);
        let variances = Array2::from_shape_fn((150, 4), |(i, j)| diagonal[(i, j, j)]);
        for covariance_type in STEPPED {
            let start = rough(&x, 3, covariance_type);
            for case in 0..24 {
                let what = format!("{covariance_type}, seed {seed}, case {case}");
                let [has_weights, has_missing, has_labels] = [1, 2, 4].map(|bit| case & bit != 0);
                let known = Known {
                    x: if has_missing { &holed } else { &x },
                    weights: if has_weights { &weights } else { &ones },
                    labels: has_labels.then_some(labels.as_slice()),
                    noise: [None, Some(&correlated), Some(&diagonal)][case / 8],
                };
                let mut sample = Sample::weighted(known.x, known.weights).unwrap();
                if has_missing {
                    sample = sample.with_missing();
                }
                if let Some(labels) = known.labels {
                    sample = sample.with_labels(labels).unwrap();
                }
                sample = match case / 8 {
                    0 => sample,
                    1 => sample.with_noise(Noise::Covariances(&correlated)).unwrap(),
                    _ => sample.with_noise(Noise::Variances(&variances)).unwrap(),
                };
                let fitted = fit(&steps(&start, 1), &sample);
                let (expected, height) = known.step(&start);
                close_models(&fitted.model, &expected, 1e-9, &what);
                close(&fitted.objective[..1], &[height], 1e-9, &what);
                let (_, after) = known.step(&expected);
                close(&[fitted.mean_log_likelihood()], &[after], 1e-9, &what);
            }
        }
    }
}

#[test]
fn a_row_of_which_nothing_was_seen_changes_nothing() {
    let mut holed = with_holes(&iris(), 0.2, 3);
    holed.column_mut(2).assign(&iris().column(2));
    let n = holed.nrows();
    let more = |places: &[usize]| {
        let mut out = Array2::from_elem((n + places.len(), 4), f64::NAN);
        let own = (0..n + places.len()).filter(|i| !places.contains(i));
        for (row, i) in holed.rows().into_iter().zip(own) {
            out.row_mut(i).assign(&row);
        }
        out
    };
    let start = rough(&iris(), 3, CovarianceType::Full);
    for places in [vec![0], vec![n], vec![3, 77, 90]] {
        let wider = more(&places);
        for params in [
            steps(&start, 30),
            Gmm::params(2).covariance_type(CovarianceType::Vee),
            Gmm::params(2).background(true).prior(Prior::default()),
            Gmm::params(2).trimming(0.05),
        ] {
            let a = fit(&params, &Sample::new(&holed).with_missing());
            let b = fit(&params, &Sample::new(&wider).with_missing());
            close_models(&b.model, &a.model, 1e-9, "more rows");
            assert_eq!(a.total_weight, b.total_weight);
            assert!((a.bic() - b.bic()).abs() < 1e-6);
            let note = Note::UnseenRows {
                first: places[0],
                count: places.len(),
            };
            assert!(b.notes.contains(&note), "{:?}", b.notes);
            assert!(!a.notes.iter().any(|n| matches!(n, Note::UnseenRows { .. })));
        }
        let weights = row_weights(n, 4);
        let mut of_wider = Vec::new();
        let mut own = weights.iter();
        for i in 0..wider.nrows() {
            let is_new = places.contains(&i);
            of_wider.push(if is_new { 3.0 } else { *own.next().unwrap() });
        }
        let a = Sample::weighted(&holed, &weights).unwrap().with_missing();
        let b = Sample::weighted(&wider, &of_wider).unwrap().with_missing();
        let (a, b) = (fit(&Gmm::params(2), &a), fit(&Gmm::params(2), &b));
        close_models(&b.model, &a.model, 1e-9, "weighted");
        assert_eq!(a.total_weight, b.total_weight);
    }
}

#[test]
fn no_noise_is_plain_em_and_common_noise_is_that_of_every_row() {
    let x = iris();
    let zeros = (
        Array2::zeros((150, 4)),
        Array3::zeros((150, 4, 4)),
        Array2::zeros((4, 4)),
    );
    let common = noise_of(1, &[0.8, 0.4, 1.7, 0.7], false, 2)
        .index_axis(Axis(0), 0)
        .to_owned();
    let of_rows = Array3::from_shape_fn((150, 4, 4), |(_, i, j)| common[(i, j)]);
    let holed = with_holes(&x, 0.2, 8);
    for covariance_type in all_types() {
        let what = covariance_type.to_string();
        let start = rough(&x, 3, covariance_type);
        let params = steps(&start, 10);
        let plain = params.fit_report(&x).unwrap();
        let noises = [
            Noise::Variances(&zeros.0),
            Noise::Covariances(&zeros.1),
            Noise::Common(&zeros.2),
        ];
        for noise in noises {
            let fitted = fit(&params, &Sample::new(&x).with_noise(noise).unwrap());
            // Iterations within an M-step end where rounding lets them.
            let iterates = ["VEI", "VEE", "EVE", "VVE", "VEV", "mfa-2"].contains(&what.as_str());
            let tolerance = if iterates { 1e-7 } else { 1e-10 };
            close_models(&fitted.model, &plain.model, tolerance, &what);
            close(&fitted.objective, &plain.objective, 1e-10, &what);
        }
        for sample in [Sample::new(&x), Sample::new(&holed).with_missing()] {
            let with = |noise| fit(&params, &sample.clone().with_noise(noise).unwrap());
            let a = with(Noise::Common(&common));
            let b = with(Noise::Covariances(&of_rows));
            let iterates = ["VEI", "VEE", "EVE", "VVE", "VEV", "mfa-2"].contains(&what.as_str());
            close_models(
                &a.model,
                &b.model,
                if iterates { 1e-7 } else { 1e-9 },
                &what,
            );
            close(&a.objective, &b.objective, 1e-9, &what);
        }
    }
}

#[test]
fn where_all_rows_are_labelled_a_fit_is_that_of_the_groups() {
    let x = iris();
    let labels: Vec<Option<usize>> = (0..150).map(|i| Some(2 - i / 50)).collect();
    for covariance_type in [
        CovarianceType::Full,
        CovarianceType::Diagonal,
        CovarianceType::Spherical,
    ] {
        let params = Gmm::params(3).covariance_type(covariance_type);
        let sample = Sample::new(&x).with_labels(&labels).unwrap();
        let all = fit(&params, &sample).model;
        for label in 0..3 {
            let own: Vec<usize> = (0..150).filter(|i| labels[*i] == Some(label)).collect();
            let one = params.clone().n_components(1).ridge(Ridge::Absolute(0.0));
            let one = one.fit_report(&x.select(Axis(0), &own)).unwrap().model;
            close(all.means().row(label), one.means(), 1e-9, "means");
            let sigmas = (all.covariances(), one.covariances());
            close(
                sigmas.0.index_axis(Axis(0), label),
                &sigmas.1,
                1e-5,
                "covariances",
            );
            assert!((all.weights()[label] - 1.0 / 3.0).abs() < 1e-12);
        }
    }
}

#[test]
fn a_concatenation_of_complete_and_incomplete_rows_needs_no_order() {
    let holed = with_holes(&iris(), 0.3, 9);
    let start = rough(&iris(), 3, CovarianceType::Full);
    let backwards = holed.slice(ndarray::s![..;-1, ..]).to_owned();
    let twice = concatenate![Axis(0), holed, backwards];
    let once = fit(&steps(&start, 15), &Sample::new(&holed).with_missing());
    let other = fit(&steps(&start, 15), &Sample::new(&twice).with_missing());
    close_models(&once.model, &other.model, 1e-9, "twice");
    assert_eq!(other.total_weight, 300.0);
}
