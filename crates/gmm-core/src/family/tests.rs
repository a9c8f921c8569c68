use super::*;
use crate::cholesky::dot;
use crate::moments::lower;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256Plus;

type Random = Xoshiro256Plus;

const FREE: Bounds<'static> = Bounds {
    floor: &[0.0; 100],
    ratio: None,
};

/// Scatters of `rows` rows each, stretched and turned at random; of unlike sizes.
fn parts(rng: &mut Random, k: usize, dim: usize, form: Form) -> Vec<Part> {
    (0..k)
        .map(|_| {
            let rows = rng.gen_range(2 * dim + 2..6 * dim + 9);
            let size = f64::exp(rng.gen_range(-2.0..2.0));
            let mix: Vec<f64> = (0..dim * dim).map(|_| rng.sample(StandardNormal)).collect();
            let stretch: Vec<f64> = (0..dim)
                .map(|_| f64::exp(rng.gen_range(-1.5..1.5)))
                .collect();
            let mut scatter = vec![0.0; form.n_entries(dim)];
            for _ in 0..rows {
                let z: Vec<f64> = stretch
                    .iter()
                    .map(|s| s * rng.sample::<f64, _>(StandardNormal))
                    .collect();
                let x: Vec<f64> = (0..dim)
                    .map(|i| size * dot(&mix[i * dim..][..dim], &z))
                    .collect();
                for i in 0..dim {
                    match form {
                        Form::Full => {
                            for j in 0..=i {
                                scatter[lower(i, j)] += x[i] * x[j];
                            }
                        }
                        Form::Diagonal => scatter[i] += x[i] * x[i],
                    }
                }
            }
            Part {
                weight: rows as f64,
                scatter,
            }
        })
        .collect()
}

/// Σₖ [nₖ ln|Σₖ| + tr(Σₖ⁻¹Wₖ)].
fn objective(of: CovarianceType, parts: &[Part], found: &[Covariance]) -> f64 {
    let of_part = |part: &Part, c: &Covariance| {
        let precision = c.precision();
        let mut trace = 0.0;
        for i in 0..c.dim() {
            match of.form() {
                Form::Full => {
                    for j in 0..=i {
                        let twice = if i == j { 1.0 } else { 2.0 };
                        trace += twice * precision[i][j] * part.scatter[lower(i, j)];
                    }
                }
                Form::Diagonal => trace += precision[i][i] * part.scatter[i],
            }
        }
        part.weight * c.log_det() + trace
    };
    parts.iter().zip(found).map(|(p, c)| of_part(p, c)).sum()
}

fn solve(of: CovarianceType, parts: &[Part], dim: usize) -> Vec<Covariance> {
    let found = covariances(of, parts, dim, &FREE, None);
    found.unwrap_or_else(|e| panic!("{of}: {e:?}"))
}

/// A random member of the family: what it makes of other scatters.
fn member(of: CovarianceType, rng: &mut Random, k: usize, dim: usize) -> Vec<Covariance> {
    solve(of, &parts(rng, k, dim, of.form()), dim)
}

/// A member of the family near to one: what it makes of scatters near to that.
fn nearby(
    of: CovarianceType,
    rng: &mut Random,
    of_these: &[Covariance],
    weights: &[f64],
    step: f64,
) -> Vec<Covariance> {
    let dim = of_these[0].dim();
    let noise = parts(rng, of_these.len(), dim, of.form());
    let moved: Vec<Part> = of_these
        .iter()
        .zip(noise)
        .zip(weights)
        .map(|((c, noise), &weight)| {
            let mut scatter = mean(&noise);
            let size = |i: usize| c.entry(i, i).sqrt();
            let own = |i: usize| noise.scatter[of.form().place(i, i)] / noise.weight;
            let units: Vec<f64> = (0..dim).map(|i| size(i) / own(i).sqrt()).collect();
            for i in 0..dim {
                let first = if of.form() == Form::Full { 0 } else { i };
                for j in first..=i {
                    let entry = &mut scatter[of.form().place(i, j)];
                    *entry = weight * (c.entry(i, j) + step * *entry * units[i] * units[j]);
                }
            }
            Part { weight, scatter }
        })
        .collect();
    let now: Vec<&Covariance> = of_these.iter().collect();
    covariances(of, &moved, dim, &FREE, Some(&now)).unwrap()
}

fn types(dim: usize) -> Vec<CovarianceType> {
    let mut types = CovarianceType::FAMILIES.to_vec();
    for n_factors in 1..dim.min(3) {
        types.push(CovarianceType::FactorAnalyzers { n_factors });
        types.push(CovarianceType::ProbabilisticPca { n_factors });
    }
    types
}

#[test]
fn no_member_nearby_is_better() {
    let mut rng = Random::seed_from_u64(1);
    for (k, dim) in [(3, 2), (4, 3), (2, 5), (6, 4)] {
        for of in types(dim) {
            let parts = parts(&mut rng, k, dim, of.form());
            let weights: Vec<f64> = parts.iter().map(|p| p.weight).collect();
            let found = solve(of, &parts, dim);
            let best = objective(of, &parts, &found);
            let slack = 1e-12 * weights.iter().sum::<f64>() * dim as f64;
            for step in [1e-6, 1e-4, 1e-2, 1.0] {
                for _ in 0..20 {
                    let other = nearby(of, &mut rng, &found, &weights, step);
                    let value = objective(of, &parts, &other);
                    assert!(value >= best - slack, "{of} {step}: {value} < {best}");
                }
            }
        }
    }
}

#[test]
fn never_worse_than_now_and_at_the_optimum_at_once() {
    let mut rng = Random::seed_from_u64(2);
    for round in 0..30 {
        let (k, dim) = (
            [1, 2, 5, 9][round % 4],
            [2, 3, 4, 13][round % 3 + round % 2],
        );
        for of in types(dim) {
            let parts = parts(&mut rng, k, dim, of.form());
            let now = member(of, &mut rng, k, dim);
            let now: Vec<&Covariance> = now.iter().collect();
            let given: Vec<Covariance> = now.iter().map(|c| (*c).clone()).collect();
            let next = covariances(of, &parts, dim, &FREE, Some(&now)).unwrap();
            let [before, after] = [&given, &next].map(|c| objective(of, &parts, c));
            assert!(after <= before, "{of}: {before} to {after}");
            let again: Vec<&Covariance> = next.iter().collect();
            let again = covariances(of, &parts, dim, &FREE, Some(&again)).unwrap();
            let still = objective(of, &parts, &again);
            let rows: f64 = parts.iter().map(|p| p.weight).sum();
            let slack = rows * dim as f64;
            assert!(still <= after + 1e-12 * slack, "{of}: {after} to {still}");
            // Common axes only make some steps towards theirs.
            if !matches!(of, CovarianceType::Eve | CovarianceType::Vve) {
                assert!(still >= after - 1e-11 * slack, "{of}: {after} to {still}");
            }
        }
    }
}

#[test]
fn common_axes_are_found_step_by_step() {
    let mut rng = Random::seed_from_u64(7);
    for of in [CovarianceType::Eve, CovarianceType::Vve] {
        let (k, dim) = (5, 6);
        let parts = parts(&mut rng, k, dim, of.form());
        let mut found = member(of, &mut rng, k, dim);
        let mut last = f64::INFINITY;
        for _ in 0..200 {
            let now: Vec<&Covariance> = found.iter().collect();
            found = covariances(of, &parts, dim, &FREE, Some(&now)).unwrap();
            let value = objective(of, &parts, &found);
            assert!(value <= last + 1e-9);
            last = value;
        }
        let weights: Vec<f64> = parts.iter().map(|p| p.weight).collect();
        for step in [1e-6, 1e-4, 1e-2] {
            for _ in 0..20 {
                let other = nearby(of, &mut rng, &found, &weights, step);
                assert!(objective(of, &parts, &other) >= last - 1e-9, "{of} {step}");
            }
        }
    }
}

fn eigen(c: &Covariance) -> Eigen {
    let dim = c.dim();
    let pairs = (0..dim).flat_map(|i| (0..=i).map(move |j| (i, j)));
    let triangle: Vec<f64> = pairs.map(|(i, j)| c.entry(i, j)).collect();
    Eigen::of(&triangle, dim).unwrap()
}

#[test]
fn members_share_what_their_letters_say() {
    let mut rng = Random::seed_from_u64(3);
    let (k, dim) = (4, 5);
    for of in CovarianceType::FAMILIES {
        let found = member(of, &mut rng, k, dim);
        let letters: Vec<char> = of.mclust_name().unwrap().chars().collect();
        let volumes: Vec<f64> = found.iter().map(|c| c.log_det() / dim as f64).collect();
        // Shapes along the axes; where those are shared, in their order.
        let first = eigen(&found[0]);
        let shapes: Vec<Vec<f64>> = found
            .iter()
            .zip(&volumes)
            .map(|(c, v)| {
                let values: Vec<f64> = match letters[2] {
                    'I' => (0..dim).map(|j| c.entry(j, j)).collect(),
                    'E' => first
                        .axes
                        .chunks_exact(dim)
                        .map(|a| {
                            let row =
                                |i: usize| (0..dim).map(|j| c.entry(i, j) * a[j]).sum::<f64>();
                            (0..dim).map(|i| a[i] * row(i)).sum()
                        })
                        .collect(),
                    _ => eigen(c).values,
                };
                values.iter().map(|x| x.ln() - v).collect()
            })
            .collect();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        for (i, c) in found.iter().enumerate().skip(1) {
            let same_volume = near(volumes[i], volumes[0]);
            let pairs = || shapes[i].iter().zip(&shapes[0]);
            let same_shape = pairs().all(|(a, b)| near(*a, *b));
            assert_eq!(same_volume, letters[0] == 'E', "{of}");
            assert_eq!(same_shape, letters[1] != 'V', "{of}");
            if letters[1] == 'I' {
                assert!(shapes[i].iter().all(|s| near(*s, 0.0)), "{of}");
            }
            // Matrices of the same axes commute.
            let product = |x: &Covariance, y: &Covariance, i: usize, j: usize| -> f64 {
                (0..dim).map(|l| x.entry(i, l) * y.entry(l, j)).sum()
            };
            let size = product(c, &found[0], 0, 0).abs();
            let commute = (0..dim).all(|i| {
                (0..dim).all(|j| {
                    let [a, b] = [product(c, &found[0], i, j), product(&found[0], c, i, j)];
                    (a - b).abs() < 1e-9 * size
                })
            });
            assert_eq!(commute, letters[2] != 'V', "{of}");
            if letters[2] == 'I' {
                assert!(
                    (0..dim).all(|i| (0..i).all(|j| c.entry(i, j) == 0.0)),
                    "{of}"
                );
            }
        }
    }
}

#[test]
fn one_component_is_its_own_mean() {
    let mut rng = Random::seed_from_u64(4);
    let dim = 4;
    for of in CovarianceType::FAMILIES {
        let parts = parts(&mut rng, 1, dim, of.form());
        let found = solve(of, &parts, dim).swap_remove(0);
        let wanted = of.covariance(mean(&parts[0]), dim).unwrap();
        for i in 0..dim {
            for j in 0..=i {
                let off = (found.entry(i, j) - wanted.entry(i, j)).abs();
                let size = wanted.entry(i, i).sqrt() * wanted.entry(j, j).sqrt();
                assert!(off < 1e-13 * size, "{of} {i} {j}");
            }
        }
    }
}

#[test]
fn whoever_shares_less_is_nearer() {
    let mut rng = Random::seed_from_u64(5);
    for (k, dim) in [(3, 2), (5, 4), (9, 4), (4, 8)] {
        let full = parts(&mut rng, k, dim, Form::Full);
        let diagonal: Vec<Part> = full
            .iter()
            .map(|p| Part {
                weight: p.weight,
                scatter: (0..dim).map(|i| p.scatter[lower(i, i)]).collect(),
            })
            .collect();
        let value = |name: &str| {
            let of: CovarianceType = name.parse().unwrap();
            let parts = if of.form() == Form::Full {
                &full
            } else {
                &diagonal
            };
            objective(of, parts, &solve(of, parts, dim))
        };
        let pairs = [
            "VVV EVV", "VVV VEV", "VVV VVE", "VVV VVI", "EVV EEV", "VEV EEV", "VEV VEE", "VVE VEE",
            "VVE EVE", "VVE VVI", "EVE EEE", "EVE EVI", "VEE EEE", "VEE VEI", "EEV EEE", "EVV EVE",
            "EEE EEI", "VVI VEI", "VVI EVI", "VEI VII", "VEI EEI", "EVI EEI", "EEI EII", "VII EII",
        ];
        for pair in pairs {
            let (free, bound) = pair.split_once(' ').unwrap();
            let (free, bound) = (value(free), value(bound));
            assert!(free <= bound + 1e-9 * bound.abs(), "{pair}: {free} {bound}");
        }
    }
}

#[test]
fn of_one_feature_there_are_two_families() {
    let mut rng = Random::seed_from_u64(6);
    for of in CovarianceType::FAMILIES {
        let parts = parts(&mut rng, 3, 1, of.form());
        let total: f64 = parts.iter().map(|p| p.weight).sum();
        let pooled = parts.iter().map(|p| p.scatter[0]).sum::<f64>() / total;
        let varies = of.mclust_name().unwrap().starts_with('V');
        for (part, found) in parts.iter().zip(solve(of, &parts, 1)) {
            let wanted = if varies { mean(part)[0] } else { pooled };
            assert!((found.entry(0, 0) / wanted - 1.0).abs() < 1e-12, "{of}");
        }
    }
}

#[test]
fn units_do_not_matter_however_large_or_small() {
    let mut rng = Random::seed_from_u64(7);
    for (k, dim) in [(3, 30), (2, 4)] {
        for of in types(dim) {
            let plain = parts(&mut rng, k, dim, of.form());
            let found = solve(of, &plain, dim);
            for square in [-900, -400, 400, 980].map(|power| 2f64.powi(power)) {
                let scaled: Vec<Part> = plain
                    .iter()
                    .map(|p| Part {
                        weight: p.weight,
                        scatter: p.scatter.iter().map(|w| w * square).collect(),
                    })
                    .collect();
                for (a, b) in found.iter().zip(solve(of, &scaled, dim)) {
                    let off = b.log_det() - a.log_det() - dim as f64 * f64::ln(square);
                    // Matrices can be flat about their optimum.
                    let slack = if of.form() == Form::Full { 1e-6 } else { 1e-9 };
                    assert!(off.abs() < slack * dim as f64, "{of} {square}: {off}");
                    let off = b.entry(dim - 1, dim - 1) / square / a.entry(dim - 1, dim - 1) - 1.0;
                    assert!(off.abs() < 1e-4, "{of} {square}: {off}");
                }
            }
        }
    }
}

#[test]
fn unlike_shapes_do_not_stop_the_search_early() {
    // Two components that are thin in different features: rounds of volumes and shape alone would need millions.
    for thin in [1e-3, 1e-6, 1e-9] {
        let diagonal = [[1.0, thin, 3.0 * thin], [thin, 1.0, 1.0]];
        for (of, weight) in [("VEI", 1.0), ("VEE", 1.0), ("VEI", 5.0), ("VEE", 7.0)] {
            let of: CovarianceType = of.parse().unwrap();
            let parts: Vec<Part> = diagonal
                .iter()
                .zip([1.0, weight])
                .map(|(d, weight)| Part {
                    weight,
                    scatter: match of.form() {
                        Form::Diagonal => d.iter().map(|v| v * weight).collect(),
                        Form::Full => [d[0], 0.0, d[1], 0.0, 0.0, d[2]]
                            .map(|v| v * weight)
                            .to_vec(),
                    },
                })
                .collect();
            let found = solve(of, &parts, 3);
            // Where the derivatives vanish: tr(Σₖ⁻¹Wₖ) = Dnₖ.
            for (part, c) in parts.iter().zip(&found) {
                let trace = objective(of, std::slice::from_ref(part), std::slice::from_ref(c))
                    - part.weight * c.log_det();
                assert!(
                    (trace / (3.0 * part.weight) - 1.0).abs() < 1e-8,
                    "{of} {thin}: {trace}"
                );
            }
        }
    }
}

#[test]
fn empty_components_are_members_too_and_change_nothing() {
    let mut rng = Random::seed_from_u64(8);
    let dim = 3;
    for of in types(dim) {
        let mut parts = parts(&mut rng, 3, dim, of.form());
        let without = solve(of, &parts, dim);
        let empty = Part {
            weight: 0.0,
            scatter: vec![0.0; parts[0].scatter.len()],
        };
        parts.insert(1, empty);
        let with = solve(of, &parts, dim);
        assert_eq!(
            [&with[0], &with[2], &with[3]],
            [&without[0], &without[1], &without[2]],
            "{of}"
        );
        // All four are of the family: it reproduces them.
        let again: Vec<Part> = with
            .iter()
            .map(|c| Part {
                weight: 1.0,
                scatter: (0..dim)
                    .flat_map(|i| (0..=i).map(move |j| (i, j)))
                    .filter(|(i, j)| of.form() == Form::Full || i == j)
                    .map(|(i, j)| c.entry(i, j))
                    .collect(),
            })
            .collect();
        let now: Vec<&Covariance> = with.iter().collect();
        let again = covariances(of, &again, dim, &FREE, Some(&now)).unwrap();
        for (a, b) in with.iter().zip(&again) {
            assert!((a.log_det() - b.log_det()).abs() < 1e-8, "{of}");
        }
    }
}

#[test]
fn what_has_no_covariance_is_named() {
    let mut rng = Random::seed_from_u64(9);
    let dim = 3;
    for of in types(dim) {
        for bad in [0.0, f64::NAN, f64::INFINITY] {
            let mut parts = parts(&mut rng, 3, dim, of.form());
            parts[2].scatter.fill(bad);
            let found = covariances(of, &parts, dim, &FREE, None);
            let shares = matches!(
                of.name().as_ref(),
                "tied" | "tied-diag" | "tied-spherical" | "EEV"
            );
            assert!(found.is_err() || (shares && bad == 0.0), "{of} {bad}");
            if !of.is_tied() {
                assert!(found.err().is_none_or(|e| e.component == 2), "{of} {bad}");
            }
            parts.iter_mut().for_each(|p| p.scatter.fill(bad));
            assert!(
                covariances(of, &parts, dim, &FREE, None).is_err(),
                "{of} {bad}"
            );
            parts.iter_mut().for_each(|p| p.weight = 0.0);
            assert!(
                covariances(of, &parts, dim, &FREE, None).is_err(),
                "{of} {bad}"
            );
        }
    }
}
