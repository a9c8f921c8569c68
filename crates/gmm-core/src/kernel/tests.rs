//! Every kernel against the formula it stands for, for many shapes and at every level of the processor.

use ndarray::{Array1, Array2};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256Plus;

use super::gather::Gather;
use super::*;
use crate::covariance::CovarianceType;
use crate::emission::Gathering as _;
use crate::moments::{Form as MomentForm, Moments};
use crate::simd::{Level, dispatch_at, flat, flat_mut};

/// Rows, a covariance for each component, and weights for each row and component.
struct Case {
    rows: Array2<f64>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Covariance>,
    weights: Array2<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Full,
    Diagonal,
    Tied,
    TiedDiagonal,
}

const SHAPES: [Shape; 4] = [
    Shape::Full,
    Shape::Diagonal,
    Shape::Tied,
    Shape::TiedDiagonal,
];

fn case(n: usize, d: usize, k: usize, shape: Shape) -> Case {
    let mut rng = Xoshiro256Plus::seed_from_u64((n * 1000 + d * 10 + k) as u64);
    let mut covariance = || {
        let factor = Array2::from_shape_fn((d, d), |(i, j)| match i.cmp(&j) {
            std::cmp::Ordering::Equal => rng.gen_range(0.5..2.0),
            _ => rng.gen_range(-0.3..0.3),
        });
        let matrix = factor.dot(&factor.t());
        match shape {
            Shape::Full | Shape::Tied => {
                let triangle = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
                CovarianceType::Full.covariance(triangle.map(|at| matrix[at]).collect(), d)
            }
            _ => Covariance::diagonal(matrix.diag().to_vec()),
        }
        .unwrap()
    };
    let first = covariance();
    let covariances = (0..k)
        .map(|_| match shape {
            Shape::Full | Shape::Diagonal => covariance(),
            _ => first.clone(),
        })
        .collect();
    let offset = 1e6;
    Case {
        rows: Array2::from_shape_fn((n, d), |_| offset + rng.gen_range(-3.0..3.0)),
        means: (0..k)
            .map(|_| (0..d).map(|_| offset + rng.gen_range(-2.0..2.0)).collect())
            .collect(),
        covariances,
        // Some rows have no weight to speak of: many in a row, or of every second component all but a few here and there.
        weights: Array2::from_shape_fn((n, k), |(i, c)| match (i / 40 % 3, i % 7) {
            (0, _) => 0.0,
            (1, 0..4) => 1e-30,
            (1, _) => 1e-21,
            (_, 1..) if c % 2 == 1 => 0.0,
            _ => rng.gen_range(0.0..1.0),
        }),
    }
}

impl Case {
    fn components(&self) -> Vec<Component<'_>> {
        let parts = self.means.iter().zip(&self.covariances);
        parts
            .map(|(mean, covariance)| Component { mean, covariance })
            .collect()
    }

    fn tile(&self) -> Tile {
        let mut tile = Tile::new(self.rows.ncols());
        tile.load(&self.rows, 0);
        tile
    }

    fn log_densities(&self, level: Level) -> Vec<Vec<f64>> {
        let densities = Densities::new(&self.components());
        let tile = self.tile();
        let mut out = Columns::default();
        out.resize(self.means.len(), tile.n_packs());
        let task = LogDensities {
            densities: &densities,
            constants: &densities.constants,
            tile: &tile,
            scratch: &mut Scratch::default(),
            out: &mut out,
        };
        dispatch_at(level, task);
        out.iter(self.means.len())
            .map(|column| flat(column)[..self.rows.nrows()].to_vec())
            .collect()
    }

    fn moments(&self, level: Level, wanted: Wanted) -> Vec<Moments> {
        let tile = self.tile();
        let k = self.means.len();
        let mut weights = Columns::default();
        weights.resize(k, tile.n_packs());
        for (column, own) in weights.iter_mut(k).zip(self.weights.columns()) {
            let values = flat_mut(column);
            values.fill(0.0);
            own.iter().zip(values).for_each(|(w, v)| *v = *w);
        }
        let gathering = Gathering::of(&self.components(), wanted);
        let mut sums = gathering.nothing();
        let task = Gather {
            gathering: &gathering,
            tile: &tile,
            weights: &weights,
            scratch: &mut Scratch::default(),
            sums: sums.numbers(),
        };
        dispatch_at(level, task);
        gathering.statistics(&sums)
    }

    /// The moments of component `k`, by their definition.
    fn defined(&self, k: usize, form: MomentForm) -> Moments {
        let d = self.rows.ncols();
        let w = self.weights.column(k);
        let weight = w.sum();
        let mean: Vec<f64> = (0..d)
            .map(|j| {
                let centred = self.rows.column(j).mapv(|x| x - self.means[k][j]);
                self.means[k][j] + w.dot(&centred) / weight
            })
            .collect();
        let entry = |i: usize, j: usize| -> f64 {
            let rows = self.rows.rows().into_iter().zip(w);
            rows.map(|(x, w)| w * (x[i] - mean[i]) * (x[j] - mean[j]))
                .sum()
        };
        let scatter = match form {
            MomentForm::Full => (0..d)
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .map(|(i, j)| entry(i, j))
                .collect(),
            MomentForm::Diagonal => (0..d).map(|j| entry(j, j)).collect(),
        };
        Moments {
            weight,
            mean,
            scatter,
            form,
        }
    }
}

fn available() -> impl Iterator<Item = Level> {
    Level::ALL.iter().copied().filter(|l| l.is_available())
}

/// Dimensions and numbers of components on either side of every block.
const DIMS: [usize; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 33];
const COMPONENTS: [usize; 6] = [1, 2, 3, 4, 5, 9];

#[test]
fn densities_are_those_of_the_formula() {
    for shape in SHAPES {
        for d in DIMS {
            for k in COMPONENTS {
                let case = case(77, d, k, shape);
                for level in available() {
                    for (c, column) in case.log_densities(level).iter().enumerate() {
                        let precision = case.covariances[c].precision();
                        for (x, found) in case.rows.rows().into_iter().zip(column) {
                            let y: Vec<f64> = (0..d).map(|j| x[j] - case.means[c][j]).collect();
                            let q: f64 = (0..d)
                                .map(|i| (0..d).map(|j| y[i] * precision[i][j] * y[j]).sum::<f64>())
                                .sum();
                            let log_det = case.covariances[c].log_det();
                            let expected = -0.5 * (d as f64 * LN_2PI + log_det + q);
                            let error = (found - expected).abs() / expected.abs().max(1.0);
                            assert!(error < 1e-8, "{level:?} {shape:?} D={d} K={k}: {error:e}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn moments_are_those_of_the_definition() {
    for shape in SHAPES {
        let form = match shape {
            Shape::Full | Shape::Tied => MomentForm::Full,
            _ => MomentForm::Diagonal,
        };
        let pooled = matches!(shape, Shape::Tied | Shape::TiedDiagonal);
        for d in DIMS {
            for k in COMPONENTS {
                let case = case(333, d, k, shape);
                let mut expected: Vec<Moments> = (0..k).map(|c| case.defined(c, form)).collect();
                if pooled && k > 1 {
                    let weight: f64 = expected.iter().map(|m| m.weight).sum();
                    let all = expected.clone();
                    for m in &mut expected {
                        for (i, s) in m.scatter.iter_mut().enumerate() {
                            let total: f64 = all.iter().map(|m| m.scatter[i]).sum();
                            *s = total * m.weight / weight;
                        }
                    }
                }
                for level in available() {
                    let found = case.moments(level, Wanted { form, pooled });
                    for (a, b) in found.iter().zip(&expected) {
                        assert!((a.weight - b.weight).abs() <= 1e-12 * b.weight);
                        for (x, y) in a.mean.iter().zip(&b.mean) {
                            assert!((x - y).abs() <= 1e-14 * y.abs(), "{level:?} {shape:?}");
                        }
                        for (x, y) in a.scatter.iter().zip(&b.scatter) {
                            let error = (x - y).abs() / b.weight;
                            assert!(error < 1e-9, "{level:?} {shape:?} D={d} K={k}: {error:e}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_little_a_tile_holds_of_a_component_counts() {
    for (shape, form) in [
        (Shape::Full, MomentForm::Full),
        (Shape::Diagonal, MomentForm::Diagonal),
    ] {
        let wanted = Wanted {
            form,
            pooled: false,
        };
        for d in [5, 16, 39] {
            let whole = case(333, d, 2, shape);
            let mut little = case(333, d, 2, shape);
            // Less than is left out beside rows that weigh 1, but more than nothing.
            let scale = 2f64.powi(-66);
            little.weights *= scale;
            for level in available() {
                let moments = little.moments(level, wanted);
                for (a, b) in moments.iter().zip(whole.moments(level, wanted)) {
                    assert!((a.weight - scale * b.weight).abs() <= 1e-15 * a.weight);
                    for (x, y) in a.scatter.iter().zip(&b.scatter) {
                        let error = (x / scale - y).abs() / b.weight;
                        assert!(error < 1e-9, "{level:?} {shape:?} D={d}: {error:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn levels_that_fuse_give_the_same_bits() {
    for shape in SHAPES {
        let form = match shape {
            Shape::Full | Shape::Tied => MomentForm::Full,
            _ => MomentForm::Diagonal,
        };
        for d in DIMS {
            let case = case(150, d, 5, shape);
            let pooled = matches!(shape, Shape::Tied | Shape::TiedDiagonal);
            let answers: Vec<_> = available()
                .filter(|l| *l != Level::Portable || cfg!(target_arch = "aarch64"))
                .map(|l| {
                    (
                        case.log_densities(l),
                        case.moments(l, Wanted { form, pooled }),
                    )
                })
                .collect();
            assert!(
                answers.windows(2).all(|pair| pair[0] == pair[1]),
                "{shape:?} D={d}"
            );
        }
    }
}

#[test]
fn differences_are_taken_once_only_where_that_loses_no_digits() {
    let wanted = Wanted {
        form: MomentForm::Full,
        pooled: false,
    };
    for d in [5, 9, 16] {
        let near = case(150, d, 3, Shape::Full);
        assert!(pooled::near_middle(&near.components()).is_some());
        // The same components beside one that is far from them.
        let mut far = case(150, d, 3, Shape::Full);
        far.means.push(vec![2e6; d]);
        far.covariances.push(far.covariances[0].clone());
        far.weights.push_column(Array1::zeros(150).view()).unwrap();
        assert!(pooled::near_middle(&far.components()).is_none());
        for level in available() {
            let columns = near.log_densities(level).into_iter();
            for (once, each) in columns.zip(far.log_densities(level)) {
                for (a, b) in once.iter().zip(each) {
                    assert!((a - b).abs() < 1e-11 * b.abs(), "{level:?} D={d}: {a} {b}");
                }
            }
            let moments = near.moments(level, wanted).into_iter();
            let far = far.moments(level, wanted);
            for (a, b) in moments.zip(&far) {
                for (x, y) in a.scatter.iter().zip(&b.scatter) {
                    assert!((x - y).abs() < 1e-11 * b.weight, "{level:?} D={d}: {x} {y}");
                }
            }
            // One without rows stays where it was.
            assert_eq!((far[3].weight, far[3].mean[0]), (0.0, 2e6));
        }
    }
}

#[test]
fn a_shared_covariance_is_whitened_only_where_that_loses_no_digits() {
    let near = case(10, 3, 4, Shape::Tied);
    assert!(pooled::Shared::new(&near.components()).is_some());
    let mut far = case(10, 3, 4, Shape::Tied);
    far.means[1][0] += 1e4;
    assert!(pooled::Shared::new(&far.components()).is_none());
    let own = case(10, 3, 4, Shape::Full);
    assert!(pooled::Shared::new(&own.components()).is_none());
}
