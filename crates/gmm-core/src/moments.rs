//! Centred weighted moments: the value that passes between the E-step and the M-step.
//!
//! Moments of separate rows pool exactly ([`Moments::merge`]; Chan, Golub & LeVeque, *The American
//! Statistician* 37, 1983, eq. 1.5). Nothing here is a raw sum of
//! squares, so data far from the origin loses no digits.

/// Which second moments are kept, and so which covariances can be made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// All D(D+1)/2.
    Full,
    /// The D on the diagonal.
    Diagonal,
}

/// Weight, mean and scatter of some weighted rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moments {
    /// Σ wᵢ.
    pub(crate) weight: f64,
    /// Σ wᵢxᵢ / Σ wᵢ, one value per feature. Of no meaning when the weight is 0.
    pub(crate) mean: Vec<f64>,
    /// Σ wᵢ(xᵢ−mean)(xᵢ−mean)ᵀ: the lower triangle row by row for [`Form::Full`], else its diagonal.
    pub(crate) scatter: Vec<f64>,
    /// What `scatter` holds.
    pub(crate) form: Form,
}

/// Place of entry (i, j ≤ i) in a lower triangle stored row by row.
pub(crate) const fn lower(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

impl Moments {
    /// Pools with the moments of other rows, of the same form.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.weight <= 0.0 {
            return;
        }
        if self.weight <= 0.0 {
            self.clone_from(other);
            return;
        }
        let weight = self.weight + other.weight;
        let share = other.weight / weight;
        let delta: Vec<f64> = self
            .mean
            .iter()
            .zip(&other.mean)
            .map(|(a, b)| b - a)
            .collect();
        self.mean
            .iter_mut()
            .zip(&delta)
            .for_each(|(m, d)| *m += d * share);
        self.scatter
            .iter_mut()
            .zip(&other.scatter)
            .for_each(|(s, o)| *s += o);
        self.add_outer(self.weight * share, &delta);
        self.weight = weight;
    }

    /// From Σ w, Σ w(x−c) and Σ w(x−c)(x−c)ᵀ about a centre c, the last laid out as `form` says.
    pub(crate) fn from_sums(
        form: Form,
        centre: &[f64],
        weight: f64,
        first: &[f64],
        second: &[f64],
    ) -> Self {
        if weight <= 0.0 {
            // No rows: the component stays at its centre.
            return Self {
                weight: 0.0,
                mean: centre.to_vec(),
                scatter: vec![0.0; second.len()],
                form,
            };
        }
        let offset: Vec<f64> = first.iter().map(|s| s / weight).collect();
        let mut scatter = second.to_vec();
        add_outer(form, -weight, &offset, &mut scatter);
        let mut mean = offset;
        mean.iter_mut().zip(centre).for_each(|(m, c)| *m += c);
        let mut moments = Self {
            weight,
            mean,
            scatter,
            form,
        };
        moments.at_least_nothing();
        moments
    }

    /// Weighted rows with the same mean that keep no more than `form` does.
    pub(crate) fn in_form(&self, form: Form) -> Self {
        let mut reduced = self.clone();
        if (self.form, form) == (Form::Full, Form::Diagonal) {
            reduced.scatter = (0..self.mean.len())
                .map(|i| self.scatter[lower(i, i)])
                .collect();
            reduced.form = form;
        }
        reduced
    }

    /// Takes away what rounding left below 0.
    pub(crate) fn at_least_nothing(&mut self) {
        for i in 0..self.mean.len() {
            let variance = &mut self.scatter[self.form.place(i, i)];
            // Not `max`, which would turn an overflow's NaN into 0.
            if *variance < 0.0 {
                *variance = 0.0;
            }
        }
    }

    /// Whether sums about `centre` cancel by more than four digits in some feature.
    pub(crate) fn is_far_from(&self, centre: &[f64]) -> bool {
        const CANCELLATION: f64 = 1e4;
        self.weight > 0.0
            && (0..centre.len()).any(|i| {
                let offset = self.mean[i] - centre[i];
                let spread = self.scatter[self.form.place(i, i)];
                // Also where both are no numbers any more.
                let is_near = self.weight * offset * offset <= CANCELLATION * spread;
                !is_near
            })
    }

    /// The variance of each feature, Σ wᵢ(xᵢ−mean)² / Σ wᵢ.
    pub(crate) fn variances(&self) -> Vec<f64> {
        (0..self.mean.len())
            .map(|i| self.scatter[self.form.place(i, i)] / self.weight)
            .collect()
    }

    /// Adds `factor`·vvᵀ to the scatter.
    pub(crate) fn add_outer(&mut self, factor: f64, v: &[f64]) {
        add_outer(self.form, factor, v, &mut self.scatter);
    }
}

/// Adds `factor`·vvᵀ to second moments of this form.
pub(crate) fn add_outer(form: Form, factor: f64, v: &[f64], into: &mut [f64]) {
    match form {
        Form::Full => {
            for (i, x) in v.iter().enumerate() {
                let row = &mut into[lower(i, 0)..=lower(i, i)];
                let weighted = factor * x;
                row.iter_mut().zip(v).for_each(|(s, y)| *s += weighted * y);
            }
        }
        Form::Diagonal => {
            let sums = into.iter_mut().zip(v);
            sums.for_each(|(s, x)| *s += factor * x * x);
        }
    }
}

impl Form {
    /// Entries in a scatter of this form.
    pub(crate) const fn n_entries(self, n_features: usize) -> usize {
        match self {
            Self::Full => lower(n_features, 0),
            Self::Diagonal => n_features,
        }
    }

    /// Place of entry (i, j ≤ i) in a scatter of this form.
    pub(crate) const fn place(self, i: usize, j: usize) -> usize {
        match self {
            Self::Full => lower(i, j),
            Self::Diagonal => i,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emission::{Gathering as _, Sums as _};
    use crate::kernel::Gathering;
    use crate::sample::Sample;
    use crate::simd::flat_mut;
    use crate::tile::{Columns, Scratch};
    use ndarray::{Array2, array};
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro256Plus;

    fn moments_of(rows: &Array2<f64>, weights: &[f64], form: Form) -> Moments {
        let centre = vec![0.0; rows.ncols()];
        let gathering = Gathering::about(form, std::iter::once(centre.as_slice()));
        let gather = |gathering: &Gathering| {
            let sums = Sample::new(rows).fold_tiles(
                || gathering.nothing(),
                |sums, (column, scratch): &mut (Columns, Scratch), tile| {
                    column.resize(1, tile.n_packs());
                    let column_of_one = flat_mut(column.column_mut(0));
                    column_of_one.fill(0.0);
                    column_of_one[..tile.n_rows()]
                        .copy_from_slice(&weights[tile.first_row()..][..tile.n_rows()]);
                    gathering.gather(tile, column, scratch, sums);
                },
                |a, b| a.merge(&b),
            );
            gathering.statistics(&sums)
        };
        let rough = gather(&gathering);
        let near = gathering.recentred(&rough).map(|g| gather(&g));
        near.unwrap_or(rough).swap_remove(0)
    }

    fn nothing(form: Form, n_features: usize) -> Moments {
        let zeros = vec![0.0; form.n_entries(n_features)];
        let centre = &zeros[..n_features];
        Moments::from_sums(form, centre, 0.0, centre, &zeros)
    }

    fn unweighted(rows: &Array2<f64>, form: Form) -> Moments {
        moments_of(rows, &vec![1.0; rows.nrows()], form)
    }

    #[test]
    fn gathers_weight_mean_and_scatter() {
        let rows = array![[1.0, 2.0], [3.0, 2.0], [5.0, 8.0]];
        let full = unweighted(&rows, Form::Full);
        assert_eq!(full.weight, 3.0);
        assert_eq!(full.mean, [3.0, 4.0]);
        assert_eq!(full.scatter, [8.0, 12.0, 24.0]);
        assert_eq!(unweighted(&rows, Form::Diagonal).scatter, [8.0, 24.0]);
    }

    #[test]
    fn shards_equal_the_whole_and_order_does_not_matter() {
        let rows = Array2::from_shape_fn((1300, 3), |(i, j)| {
            1e6 + (i as f64 * (j + 1) as f64).sin() * (j + 1) as f64
        });
        let whole = unweighted(&rows, Form::Full);
        let parts: Vec<Moments> = [0..1, 1..700, 700..1300]
            .map(|r| unweighted(&rows.slice(ndarray::s![r, ..]).to_owned(), Form::Full))
            .into();
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let mut merged = nothing(Form::Full, 3);
            order.iter().for_each(|&p| merged.merge(&parts[p]));
            assert_eq!(merged.weight, whole.weight);
            for (a, b) in merged.mean.iter().zip(&whole.mean) {
                assert!((a - b).abs() <= 1e-15 * b.abs(), "{a} {b}");
            }
            for (a, b) in merged.scatter.iter().zip(&whole.scatter) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    proptest! {
        #[test]
        fn parts_of_any_size_and_weight_pool_to_the_whole(
            seed in 0u64..1000, n in 2usize..900, cut in 0.0..1.0f64, full in prop::bool::ANY
        ) {
            let form = if full { Form::Full } else { Form::Diagonal };
            let mut rng = Xoshiro256Plus::seed_from_u64(seed);
            let x = Array2::from_shape_fn((n, 2), |_| rng.gen_range(-3.0..5.0));
            let w: Vec<f64> = (0..n).map(|_| rng.gen_range(0.0..3.0)).collect();
            let cut = (cut * n as f64) as usize;
            let part = |r: std::ops::Range<usize>| {
                moments_of(&x.slice(ndarray::s![r.clone(), ..]).to_owned(), &w[r], form)
            };
            let (a, b, whole) = (part(0..cut), part(cut..n), part(0..n));
            for (mut left, right) in [(a.clone(), &b), (b.clone(), &a)] {
                left.merge(right);
                prop_assert!((left.weight - whole.weight).abs() <= 1e-12 * whole.weight);
                for (x, y) in left.mean.iter().zip(&whole.mean) {
                    prop_assert!((x - y).abs() < 1e-12);
                }
                for (x, y) in left.scatter.iter().zip(&whole.scatter) {
                    prop_assert!((x - y).abs() <= 1e-11 * whole.weight);
                }
            }
            // Nothing pools to nothing new, and the same rows twice are twice the weight in the same place.
            let mut same = whole.clone();
            same.merge(&nothing(form, 2));
            prop_assert_eq!(&same, &whole);
            same.merge(&whole);
            prop_assert_eq!(same.weight, 2.0 * whole.weight);
            prop_assert_eq!(&same.mean, &whole.mean);
        }
    }
}
