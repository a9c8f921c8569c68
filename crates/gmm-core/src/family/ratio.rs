//! Eigenvalues within a factor of each other (García-Escudero et al., *Ann. Statist.* 36, 2008).
//!
//! Eigenvalues d are cut to [m, cm]; of all m the best is one of finitely many, one for each set of eigenvalues
//! that it cuts (Fritz, García-Escudero & Mayo-Iscar, *Comput. Statist. Data Anal.* 61, 2013, prop. 3.2).

use super::{Group, Part, Ratio, Refusal, axes_of, mean};
use crate::cholesky::BadPivot;
use crate::covariance::{Covariance, CovarianceType};
use crate::eigen::compose;
use crate::moments::{Form, lower};

/// The lower edge m of the interval [m, cm] for which Σ n (ln d′ + d/d′) is least, d′ being d cut to it; none where
/// nothing need be cut. Pairs are (d, n). Errors where all are 0 or one is no number.
fn lower_edge(mut sorted: Vec<(f64, f64)>, largest: f64) -> Result<Option<f64>, BadPivot> {
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (least, greatest) = match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) => (first.0, last.0),
        _ => return Ok(None),
    };
    let is_sound = least >= 0.0 && greatest >= f64::MIN_POSITIVE && greatest.is_finite();
    if !is_sound {
        return Err(BadPivot(0));
    }
    if least > 0.0 && greatest <= largest * least {
        return Ok(None);
    }
    let total: f64 = sorted.iter().map(|(_, n)| n).sum();
    // Shares, their d, and their ln d, of all before each.
    let mut sums = vec![[0.0; 3]];
    let mut sum = [0.0; 3];
    for (d, n) in &sorted {
        let share = n / total;
        // What is 0 is always cut.
        let log = if *d > 0.0 { share * d.ln() } else { 0.0 };
        sum = [sum[0] + share, sum[1] + share * d, sum[2] + log];
        sums.push(sum);
    }
    let mut edges: Vec<f64> = sorted.iter().flat_map(|(d, _)| [*d, d / largest]).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let (mut below, mut within) = (0, 0);
    let mut best = (f64::INFINITY, None);
    for (i, &edge) in edges.iter().enumerate() {
        let next = edges.get(i + 1).copied().unwrap_or(edge);
        // For m between this edge and the next: d < m of those before `below`, d > cm from `within` on.
        while sorted.get(below).is_some_and(|(d, _)| *d <= edge) {
            below += 1;
        }
        while sorted
            .get(within)
            .is_some_and(|(d, _)| *d / largest <= edge)
        {
            within += 1;
        }
        let [low, mid] = [sums[below], sums[within.max(below)]];
        let high = [sum[0] - mid[0], sum[1] - mid[1]];
        let cut = low[0] + high[0];
        let pull = low[1] + high[1] / largest;
        let wanted = if cut > 0.0 { pull / cut } else { edge };
        let m = wanted.clamp(edge, next);
        if m <= 0.0 {
            continue;
        }
        let top = m * largest;
        let value = low[0] * m.ln()
            + low[1] / m
            + (mid[2] - low[2])
            + (mid[0] - low[0])
            + high[0] * top.ln()
            + high[1] / top;
        if value < best.0 {
            best = (value, Some(m));
        }
    }
    best.1.map_or(Err(BadPivot(0)), |m| Ok(Some(m)))
}

/// The covariances of a type that allows it, their eigenvalues within the ratio.
pub(super) fn within(
    of: CovarianceType,
    group: &Group<'_>,
    ratio: &Ratio<'_>,
) -> Result<Vec<Covariance>, Refusal> {
    let dim = group.dim;
    // A part that stands for empty ones is an average of what the others get, which keeps the ratio.
    let live = Group {
        parts: group.live().to_vec(),
        ..*group
    };
    let mut found = match of {
        CovarianceType::Full | CovarianceType::Tied => matrices(&live, ratio)?,
        CovarianceType::Diagonal | CovarianceType::TiedDiagonal => diagonals(&live, ratio)?,
        _ => {
            let mean_of = |p: &Part| mean(p).iter().map(|v| v / dim as f64).sum::<f64>();
            let values: Vec<f64> = live.parts.iter().map(|p| mean_of(p)).collect();
            let interval = Interval::of(&live, ratio.largest, values.chunks_exact(1))?;
            live.each(|i, _| Covariance::spherical(interval.cut(values[i]), dim))?
        }
    };
    if group.parts.len() > group.n_live {
        found.push(average(&found, group, of)?);
    }
    Ok(found)
}

/// What eigenvalues are cut to, if they must be.
#[derive(Clone, Copy)]
struct Interval {
    edge: Option<f64>,
    largest: f64,
}

impl Interval {
    /// Of all values of all parts, as they are measured.
    fn of<'v>(
        live: &Group<'_>,
        largest: f64,
        values: impl Iterator<Item = &'v [f64]>,
    ) -> Result<Self, BadPivot> {
        let weighted = live.parts.iter().zip(values);
        let pairs = weighted.flat_map(|(part, d)| d.iter().map(|d| (*d, part.weight)));
        let edge = lower_edge(pairs.collect(), largest)?;
        Ok(Self { edge, largest })
    }

    fn cut(self, d: f64) -> f64 {
        self.edge.map_or(d, |m| d.clamp(m, m * self.largest))
    }
}

fn diagonals(live: &Group<'_>, ratio: &Ratio<'_>) -> Result<Vec<Covariance>, Refusal> {
    let measured = |p: &Part| -> Vec<f64> {
        let variances = mean(p);
        variances
            .iter()
            .zip(ratio.scale)
            .map(|(v, s)| v / s)
            .collect()
    };
    let values: Vec<Vec<f64>> = live.parts.iter().map(|p| measured(p)).collect();
    let interval = Interval::of(live, ratio.largest, values.iter().map(Vec::as_slice))?;
    live.each(|i, _| {
        let variances = values[i].iter().zip(ratio.scale);
        Covariance::diagonal(variances.map(|(v, s)| interval.cut(*v) * s).collect())
    })
}

/// The cut is of eigenvalues of matrices whose features are measured in their scales.
fn matrices(live: &Group<'_>, ratio: &Ratio<'_>) -> Result<Vec<Covariance>, Refusal> {
    let dim = live.dim;
    let deviations: Vec<f64> = ratio.scale.iter().map(|v| v.sqrt()).collect();
    let scaled = |triangle: &mut [f64], unit: &dyn Fn(usize) -> f64| {
        for i in 0..dim {
            for j in 0..=i {
                triangle[lower(i, j)] *= unit(i);
                triangle[lower(i, j)] *= unit(j);
            }
        }
    };
    let means: Vec<Part> = live
        .parts
        .iter()
        .map(|p| {
            let mut scatter = mean(p);
            scaled(&mut scatter, &|i| 1.0 / deviations[i]);
            Part {
                weight: p.weight,
                scatter,
            }
        })
        .collect();
    let measured = Group {
        parts: means.iter().collect(),
        ..*live
    };
    let axes = axes_of(&measured)?;
    let interval = Interval::of(
        live,
        ratio.largest,
        axes.iter().map(|e| e.values.as_slice()),
    )?;
    live.factored(|i, part| {
        let eigen = &axes[i];
        if eigen.values.iter().all(|v| interval.cut(*v) == *v) {
            return mean(part);
        }
        let mut matrix = compose(
            &eigen.axes,
            eigen.values.iter().map(|v| interval.cut(*v)),
            dim,
        );
        scaled(&mut matrix, &|i| deviations[i]);
        matrix
    })
}

/// Σ nₖΣₖ/n.
fn average(
    found: &[Covariance],
    group: &Group<'_>,
    of: CovarianceType,
) -> Result<Covariance, BadPivot> {
    let dim = group.dim;
    let form = of.form();
    let mut sum = vec![0.0; form.n_entries(dim)];
    for (covariance, part) in found.iter().zip(group.live()) {
        let share = part.weight / group.total;
        for i in 0..dim {
            let first = match form {
                Form::Full => 0,
                Form::Diagonal => i,
            };
            for j in first..=i {
                sum[form.place(i, j)] += share * covariance.entry(i, j);
            }
        }
    }
    of.covariance(sum, dim)
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, covariances};
    use super::*;
    use crate::eigen::Eigen;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    fn value(values: &[(f64, f64)], m: f64, largest: f64) -> f64 {
        let of = |&(d, n): &(f64, f64)| {
            let cut = d.clamp(m, m * largest);
            n * (cut.ln() + d / cut)
        };
        values.iter().map(of).sum()
    }

    #[test]
    fn no_interval_of_a_fine_grid_is_better() {
        let mut rng = Xoshiro256Plus::seed_from_u64(1);
        for round in 0..200 {
            let mut values: Vec<(f64, f64)> = (0..rng.gen_range(2..20))
                .map(|_| (f64::exp(rng.gen_range(-6.0..6.0)), rng.gen_range(1.0..50.0)))
                .collect();
            if round % 3 == 0 {
                values[0].0 = 0.0;
            }
            let largest = f64::exp(rng.gen_range(0.0..5.0));
            match lower_edge(values.clone(), largest).unwrap() {
                Some(m) => {
                    let best = value(&values, m, largest);
                    for i in 0..20_000 {
                        let other = f64::exp(-12.0 + 20.0 * f64::from(i) / 20_000.0);
                        assert!(best <= value(&values, other, largest) + 1e-9 * best.abs());
                    }
                }
                None => {
                    let of = |pick: fn(f64, f64) -> f64| values.iter().map(|v| v.0).reduce(pick);
                    assert!(of(f64::max).unwrap() <= largest * of(f64::min).unwrap());
                }
            }
        }
        assert!(lower_edge(vec![(0.0, 1.0), (0.0, 2.0)], 3.0).is_err());
        assert!(lower_edge(vec![(1.0, 1.0), (f64::NAN, 2.0)], 3.0).is_err());
    }

    #[test]
    fn eigenvalues_keep_the_ratio_and_only_cut_if_they_must() {
        let mut rng = Xoshiro256Plus::seed_from_u64(2);
        let dim = 3;
        for of in CovarianceType::BASIC {
            let form = of.form();
            let scale = [1e-6, 1.0, 1e6];
            let mut parts: Vec<Part> = (0..3)
                .map(|_| {
                    let mut scatter = vec![0.0; form.n_entries(dim)];
                    let size = f64::exp(rng.gen_range(-2.0..2.0));
                    for _ in 0..9 {
                        let x = scale.map(|s: f64| size * s.sqrt() * rng.gen_range(-1.0..1.0));
                        for i in 0..dim {
                            let first = if form == Form::Full { 0 } else { i };
                            for j in first..=i {
                                scatter[form.place(i, j)] += x[i] * x[j];
                            }
                        }
                    }
                    Part {
                        weight: 9.0,
                        scatter,
                    }
                })
                .collect();
            parts.push(Part {
                weight: 0.0,
                scatter: vec![0.0; form.n_entries(dim)],
            });
            for largest in [1.0, 2.0, 10.0, 1e9] {
                let bounds = |ratio| Bounds {
                    floor: &[0.0; 3],
                    ratio,
                };
                let ratio = Ratio {
                    largest,
                    scale: &scale,
                };
                let found = covariances(of, &parts, dim, &bounds(Some(ratio)), None).unwrap();
                let measured = |c: &Covariance| -> Vec<f64> {
                    let is_one = matches!(c, Covariance::Spherical { .. });
                    let unit = |i: usize| if is_one { 1.0 } else { scale[i].sqrt() };
                    let pairs = (0..dim).flat_map(|i| (0..=i).map(move |j| (i, j)));
                    let triangle: Vec<f64> = pairs
                        .map(|(i, j)| c.entry(i, j) / unit(i) / unit(j))
                        .collect();
                    Eigen::of(&triangle, dim).unwrap().values
                };
                let values: Vec<f64> = found.iter().flat_map(measured).collect();
                let greatest = values.iter().copied().fold(0.0, f64::max);
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                assert!(greatest <= largest * least * (1.0 + 1e-9), "{of} {largest}");
                if largest == 1e9 {
                    let free = covariances(of, &parts, dim, &bounds(None), None).unwrap();
                    for (a, b) in found.iter().zip(&free).take(3) {
                        let off = a.log_det() - b.log_det();
                        assert!(off.abs() < 1e-12, "{of} {off}");
                    }
                }
            }
        }
    }
}
