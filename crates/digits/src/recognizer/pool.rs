//! Several classifiers that speak as one.

use gmm_core::ndarray::{Array1, Array2, ArrayView1};

use crate::classifier::log_sum;

/// Newton's steps, at most: the objective is convex, and about ten are needed.
const MOST_STEPS: usize = 100;
const MOST_HALVINGS: usize = 40;

/// ln p(c|x) ∝ ln p(c) + Σₘ wₘ ln pₘ(x|c): a logarithmic opinion pool (Genest & Zidek, *Statist. Sci.* 1, 1986, eq. 3.9),
/// normalised, rows × classes.
///
/// For one member w is an inverse temperature (Guo, Pleiss, Sun & Weinberger, ICML 2017, eq. 9).
pub(crate) fn log_posteriors(
    densities: &[Array2<f64>],
    weights: &[f64],
    log_priors: &[f64],
) -> Array2<f64> {
    let dim = densities.first().map_or((0, log_priors.len()), |d| d.dim());
    let mut out = Array2::from_shape_fn(dim, |(_, class)| log_priors[class]);
    for (density, &weight) in densities.iter().zip(weights).filter(|(_, w)| **w > 0.0) {
        out.scaled_add(weight, density);
    }
    for mut row in out.rows_mut() {
        let total = log_sum(row.iter().copied());
        row -= total;
    }
    out
}

/// Mean −ln p(true class|x), in nats.
pub(crate) fn log_loss(log_posteriors: &Array2<f64>, class_of: &[usize]) -> f64 {
    let rows = log_posteriors.rows().into_iter().zip(class_of);
    -rows.map(|(row, &class)| row[class]).sum::<f64>() / class_of.len().max(1) as f64
}

/// The weights wₘ ≥ 0 under which rows that were held out have the smallest log-loss, with ½Σwₘ² as if half a nat of one
/// more row: where all rows are right by far, weights stay finite.
pub(crate) fn weights(
    densities: &[Array2<f64>],
    log_priors: &[f64],
    class_of: &[usize],
) -> Vec<f64> {
    let mut active = vec![true; densities.len()];
    loop {
        let found = minimum(densities, log_priors, class_of, &active);
        let smallest = (0..found.len()).filter(|&m| active[m] && found[m] < 0.0);
        match smallest.min_by(|&a, &b| found[a].total_cmp(&found[b])) {
            Some(member) => active[member] = false,
            None => return found,
        }
    }
}

/// Newton's method over the active members; the others have weight 0.
fn minimum(
    densities: &[Array2<f64>],
    log_priors: &[f64],
    class_of: &[usize],
    active: &[bool],
) -> Vec<f64> {
    let objective = |weights: &[f64]| {
        let mut unnormalized = 0.0;
        for (i, &class) in class_of.iter().enumerate() {
            let terms = Terms::at(densities, weights, log_priors, i);
            unnormalized += terms.total - terms.joint[class];
        }
        unnormalized + 0.5 * weights.iter().map(|w| w * w).sum::<f64>()
    };
    let n = densities.len();
    let mut weights: Vec<f64> = active.iter().map(|&is| f64::from(u8::from(is))).collect();
    let mut value = objective(&weights);
    for _ in 0..MOST_STEPS {
        let mut gradient = Array1::from(weights.clone());
        let mut hessian = Array2::<f64>::eye(n);
        for (i, &class) in class_of.iter().enumerate() {
            let terms = Terms::at(densities, &weights, log_priors, i);
            let p: Vec<f64> = terms
                .joint
                .iter()
                .map(|l| (l - terms.total).exp())
                .collect();
            let mean = |f: &dyn Fn(usize) -> f64| -> f64 {
                p.iter()
                    .enumerate()
                    .map(|(c, p)| if *p > 0.0 { p * f(c) } else { 0.0 })
                    .sum()
            };
            let means: Vec<f64> = densities.iter().map(|d| mean(&|c| d[(i, c)])).collect();
            for a in 0..n {
                gradient[a] += means[a] - densities[a][(i, class)];
                for b in 0..=a {
                    let product =
                        |c| (densities[a][(i, c)] - means[a]) * (densities[b][(i, c)] - means[b]);
                    hessian[(a, b)] += mean(&product);
                }
            }
        }
        let step = solved(&hessian, gradient.view(), active);
        let mut share = 1.0;
        let mut next = value;
        let mut moved = weights.clone();
        for _ in 0..MOST_HALVINGS {
            moved = weights
                .iter()
                .zip(&step)
                .map(|(w, s)| w - share * s)
                .collect();
            next = objective(&moved);
            if next <= value {
                break;
            }
            share *= 0.5;
        }
        if next.partial_cmp(&value) != Some(std::cmp::Ordering::Less) {
            break;
        }
        weights = moved;
        if value - next <= 1e-10 * (1.0 + value.abs()) {
            break;
        }
        value = next;
    }
    weights
}

/// Row i: ln p(c) + Σ wₘ ln pₘ(x|c) of each class, and the logarithm of their sum.
struct Terms {
    joint: Vec<f64>,
    total: f64,
}

impl Terms {
    fn at(densities: &[Array2<f64>], weights: &[f64], log_priors: &[f64], i: usize) -> Self {
        let of = |(c, prior): (usize, &f64)| {
            let members = densities.iter().zip(weights).filter(|(_, w)| **w != 0.0);
            members.map(|(d, w)| w * d[(i, c)]).sum::<f64>() + prior
        };
        let joint: Vec<f64> = log_priors.iter().enumerate().map(of).collect();
        let total = log_sum(joint.iter().copied());
        Self { joint, total }
    }
}

/// H⁻¹g among the active, by Gauss's elimination: H is positive definite, and small.
fn solved(hessian: &Array2<f64>, gradient: ArrayView1<'_, f64>, active: &[bool]) -> Vec<f64> {
    let places: Vec<usize> = (0..active.len()).filter(|&m| active[m]).collect();
    let mut a: Vec<Vec<f64>> = places
        .iter()
        .map(|&i| {
            let row = places.iter().map(|&j| hessian[(i.max(j), i.min(j))]);
            row.chain([gradient[i]]).collect()
        })
        .collect();
    let n = places.len();
    for pivot in 0..n {
        for row in pivot + 1..n {
            let share = a[row][pivot] / a[pivot][pivot];
            for column in pivot..=n {
                a[row][column] -= share * a[pivot][column];
            }
        }
    }
    let mut step = vec![0.0; active.len()];
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| a[row][j] * step[places[j]]).sum();
        step[places[row]] = (a[row][n] - known) / a[row][row];
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log-odds of two classes that are right as often as they say, times `factor`.
    fn told(factor: f64) -> (Array2<f64>, Vec<usize>) {
        let n = 4000;
        let mut rows = Array2::zeros((n, 2));
        let mut class_of = Vec::new();
        for i in 0..n {
            // 40 levels of odds, each with as many of class 1 as it says.
            let (level, place) = (i % 40, (i / 40) as f64 + 0.5);
            let odds = (level as f64 - 19.5) / 5.0;
            rows[(i, 1)] = factor * odds;
            class_of.push(usize::from(place / 100.0 < 1.0 / (1.0 + (-odds).exp())));
        }
        (rows, class_of)
    }

    #[test]
    fn odds_that_are_too_sure_are_divided_by_what_they_exaggerate() {
        for factor in [0.5, 1.0, 4.0, 100.0] {
            let (rows, class_of) = told(factor);
            let found = weights(&[rows], &[0.0, 0.0], &class_of);
            assert!((found[0] * factor - 1.0).abs() < 0.02, "{factor} {found:?}");
        }
    }

    #[test]
    fn a_member_that_knows_nothing_or_lies_has_no_weight() {
        let (rows, class_of) = told(1.0);
        let lies = rows.mapv(|x| -0.3 * x);
        let nothing = Array2::zeros(rows.dim());
        let found = weights(
            &[lies.clone(), rows.clone(), nothing.clone()],
            &[0.0; 2],
            &class_of,
        );
        assert!(found[0] == 0.0 && found[2].abs() < 1e-9, "{found:?}");
        assert!((found[1] - 1.0).abs() < 0.02, "{found:?}");
        // All members lie: the prior is all there is.
        assert_eq!(
            weights(std::slice::from_ref(&lies), &[0.0; 2], &class_of),
            [0.0]
        );
        let posteriors = log_posteriors(&[lies], &[0.0], &[0.25f64.ln(), 0.75f64.ln()]);
        assert!((posteriors[(0, 1)].exp() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn rows_that_are_all_right_leave_weights_finite() {
        let rows = Array2::from_shape_fn((6, 2), |(i, c)| if i % 2 == c { 0.0 } else { -1e6 });
        let class_of = [0, 1, 0, 1, 0, 1];
        let found = weights(&[rows.clone(), rows.clone()], &[0.5f64.ln(); 2], &class_of);
        assert!(
            found.iter().all(|w| w.is_finite() && *w >= 0.0),
            "{found:?}"
        );
        let posteriors = log_posteriors(&[rows.clone(), rows], &found, &[0.5f64.ln(); 2]);
        assert!(log_loss(&posteriors, &class_of) < 0.1);
    }
}
