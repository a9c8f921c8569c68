//! Several small matrices at once, each in a lane of its own: one alone has too few entries to fill vectors.

use std::ops::{Range, RangeInclusive};

use rayon::prelude::*;

use super::{BadPivot, Cholesky, log_det, with_room};
use crate::moments::lower;
use crate::simd::{LANES, Pack, Task, Vector, dispatch, flat_mut, ln};
use crate::spare::with_buffers;

/// Features with which that is faster; of fewer, matrices cost less than the memory that many of them at once take.
const FEATURES: RangeInclusive<usize> = 8..=32;
/// Fewest matrices with which it is.
const SEVERAL: usize = 4;
/// Features from which eight matrices are worth another thread; of fewer, four times as many are.
pub(crate) const MANY_FEATURES: usize = 24;

/// The lower triangle of a matrix, row by row.
pub(crate) trait Triangle: AsRef<[f64]> + Sync {}

impl<T: AsRef<[f64]> + Sync> Triangle for T {}

impl Cholesky {
    /// Factors each of these matrices, to the bit as [`Cholesky::new`] does.
    pub(crate) fn of_each(matrices: &[impl Triangle], dim: usize) -> Vec<Result<Self, BadPivot>> {
        in_groups(matrices, dim, |group| {
            if !are_several(group.len(), dim) {
                return group.iter().map(|m| Self::new(m.as_ref(), dim)).collect();
            }
            let mut triangles: Vec<Vec<f64>> =
                group.iter().map(|m| with_room(m.as_ref())).collect();
            let log_dets = eliminated(group, dim, Some(&mut triangles));
            let all = triangles.into_iter().zip(log_dets);
            all.map(|(triangles, log_det)| {
                log_det.map(|log_det| Self {
                    dim,
                    triangles,
                    log_det,
                })
            })
            .collect()
        })
    }
}

/// ln |Σ| of each of these matrices, to the bit as [`log_det`] has it.
pub(crate) fn log_dets(matrices: &[impl Triangle], dim: usize) -> Vec<Result<f64, BadPivot>> {
    in_groups(matrices, dim, |group| {
        if are_several(group.len(), dim) {
            eliminated(group, dim, None).collect()
        } else {
            group.iter().map(|m| log_det(m.as_ref(), dim)).collect()
        }
    })
}

/// Whether so many matrices are done sooner together than one after the other.
pub(crate) fn are_several(n: usize, dim: usize) -> bool {
    n >= SEVERAL && FEATURES.contains(&dim)
}

/// How many matrices are best done together, if there are as many.
pub(crate) fn group_size(dim: usize) -> usize {
    if are_several(LANES, dim) { LANES } else { 1 }
}

/// Works on groups of matrices. Results are in the order of the matrices.
fn in_groups<M: Triangle, T: Send>(
    matrices: &[M],
    dim: usize,
    work: impl Fn(&[M]) -> Vec<T> + Send + Sync,
) -> Vec<T> {
    let size = group_size(dim);
    let least = if dim < MANY_FEATURES { 4 } else { 1 };
    let groups = matrices.par_chunks(size).with_min_len(least);
    if dim < *FEATURES.start() || groups.len() < 2 * least {
        return matrices.chunks(size).flat_map(work).collect();
    }
    groups.flat_map_iter(work).collect()
}

/// ln |Σ| of up to eight matrices, and L and L⁻¹ beside each Σ where they are asked for.
fn eliminated<M: Triangle>(
    group: &[M],
    dim: usize,
    found: Option<&mut [Vec<f64>]>,
) -> impl Iterator<Item = Result<f64, BadPivot>> + use<M> {
    let (log_dets, bad) = with_buffers(|lanes| {
        dispatch(Eliminate {
            group,
            dim,
            lanes,
            found,
        })
    });
    let each = log_dets.0.into_iter().zip(bad).take(group.len());
    each.map(|(log_det, bad)| bad.map_or(Ok(log_det), Err))
}

/// What an elimination works on, triangles row by row: lane l of each pack belongs to matrix l.
#[derive(Debug, Default)]
struct Lanes {
    /// What is left of Σ: UD, the transpose of the DUᵀ of [`super::Eliminate`].
    rows: Vec<Pack>,
    /// U⁻¹.
    units: Vec<Pack>,
    /// For each row below, the multiple of the pivot's row that is added to it.
    factors: Vec<Pack>,
    /// The variances, then D.
    pivots: Vec<Pack>,
}

/// The elimination of [`super::Eliminate`], number by number in the same order.
struct Eliminate<'a, M> {
    group: &'a [M],
    dim: usize,
    lanes: &'a mut Lanes,
    /// Σ, L and L⁻¹ of each.
    found: Option<&'a mut [Vec<f64>]>,
}

impl<M: Triangle> Task for Eliminate<'_, M> {
    /// ln |Σ|, and where it has no meaning the column that shows it.
    type Output = (Pack, [Option<BadPivot>; LANES]);

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let Self {
            group,
            dim,
            lanes,
            found,
        } = self;
        let n = lower(dim, 0);
        lanes.load::<V>(group, dim, found.is_some());
        let mut bad = [None; LANES];
        let mut sums = [V::splat(0.0); LANES];
        let rounding = V::splat(dim as f64 * f64::EPSILON);
        for j in 0..dim {
            let pivot = lanes.rows[lower(j, j)];
            let mut least = Pack::default();
            let smallest = V::splat(f64::MIN_POSITIVE);
            (rounding * V::load(&lanes.pivots[j]))
                .max(smallest)
                .store(&mut least);
            for ((bad, pivot), least) in bad.iter_mut().zip(pivot.0).zip(least.0) {
                // A NaN fails these comparisons, whatever `max` makes of it.
                if !(pivot >= least && pivot.is_finite()) {
                    *bad = bad.or(Some(BadPivot(j)));
                }
            }
            lanes.pivots[j] = pivot;
            let pivot = V::load(&pivot);
            sums[j % LANES] = sums[j % LANES] + ln(pivot);
            lanes.eliminate(j, V::splat(-1.0) / pivot, found.is_some());
        }
        // In the order of `Vector::sum`: what is a lane there is a sum here.
        let [a, b, c, d, e, f, g, h] = sums;
        let mut log_dets = Pack::default();
        (((a + e) + (c + g)) + ((b + f) + (d + h))).store(&mut log_dets);
        if let Some(found) = found {
            lanes.scale::<V>();
            unload::<V>(&lanes.rows, found, n..2 * n);
            unload::<V>(&lanes.units, found, 2 * n..3 * n);
        }
        (log_dets, bad)
    }
}

impl Lanes {
    /// A matrix in each lane; the first again in those that are left over.
    #[inline(always)]
    fn load<V: Vector>(&mut self, group: &[impl Triangle], dim: usize, with_units: bool) {
        let n = lower(dim, 0).next_multiple_of(LANES);
        self.rows.resize(n, Pack::default());
        self.factors.resize(dim, Pack::default());
        self.pivots.resize(dim, Pack::default());
        for (place, packs) in self.rows.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut entries = [V::splat(0.0); LANES];
            for (lane, entries) in entries.iter_mut().enumerate() {
                let matrix = group.get(lane).unwrap_or(&group[0]).as_ref();
                let rest = &matrix[place * LANES..];
                let mut some = Pack::default();
                match rest.first_chunk() {
                    Some(all) => some.0 = *all,
                    None => some.0[..rest.len()].copy_from_slice(rest),
                }
                *entries = V::load(&some);
            }
            for (lanes, pack) in V::transpose(entries).into_iter().zip(packs) {
                lanes.store(pack);
            }
        }
        for i in 0..dim {
            self.pivots[i] = self.rows[lower(i, i)];
        }
        if with_units {
            self.units.clear();
            self.units.resize(n, Pack::default());
            (0..dim).for_each(|i| self.units[lower(i, i)] = Pack::splat(1.0));
        }
    }

    /// Takes what a column explains out of those after it; `factor` is −1/its pivot.
    #[inline(always)]
    fn eliminate<V: Vector>(&mut self, j: usize, factor: V, with_units: bool) {
        let Self {
            rows,
            units,
            factors,
            ..
        } = self;
        let dim = factors.len();
        for i in j + 1..dim {
            (factor * V::load(&rows[lower(i, j)])).store(&mut factors[i]);
        }
        for i in j + 1..dim {
            let row = &mut rows[lower(i, 0)..=lower(i, i)];
            let entry = V::load(&row[j]);
            for (x, factor) in row[j + 1..].iter_mut().zip(&factors[j + 1..=i]) {
                V::load(factor).mul_add(entry, V::load(x)).store(x);
            }
        }
        if with_units {
            let (done, below) = units.split_at_mut(lower(j + 1, 0));
            let unit = &done[lower(j, 0)..];
            let mut first = 0;
            for i in j + 1..dim {
                let factor = V::load(&factors[i]);
                for (x, unit) in below[first..].iter_mut().zip(unit) {
                    factor.mul_add(V::load(unit), V::load(x)).store(x);
                }
                first += i + 1;
            }
        }
    }

    /// L and L⁻¹ from UD and U⁻¹.
    #[inline(always)]
    fn scale<V: Vector>(&mut self) {
        let Self {
            rows,
            units,
            pivots,
            ..
        } = self;
        for pivot in flat_mut(pivots) {
            *pivot = 1.0 / pivot.sqrt();
        }
        for (i, scale) in pivots.iter().enumerate() {
            let row = lower(i, 0)..=lower(i, i);
            for (x, scale) in rows[row.clone()].iter_mut().zip(&*pivots) {
                (V::load(x) * V::load(scale)).store(x);
            }
            for x in &mut units[row] {
                (V::load(x) * V::load(scale)).store(x);
            }
        }
    }
}

/// Takes the triangle of each lane to a place in what is wanted of it.
#[inline(always)]
fn unload<V: Vector>(triangles: &[Pack], wanted: &mut [Vec<f64>], place: Range<usize>) {
    for (k, packs) in triangles.as_chunks::<LANES>().0.iter().enumerate() {
        let mut lanes = [V::splat(0.0); LANES];
        for (lanes, pack) in lanes.iter_mut().zip(packs) {
            *lanes = V::load(pack);
        }
        for (entries, wanted) in V::transpose(lanes).into_iter().zip(wanted.iter_mut()) {
            let mut some = Pack::default();
            entries.store(&mut some);
            let rest = &mut wanted[place.clone()][k * LANES..];
            match rest.first_chunk_mut() {
                Some(all) => *all = some.0,
                None => rest.copy_from_slice(&some.0[..rest.len()]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, dispatch_at};

    fn matrix(dim: usize, seed: usize) -> Vec<f64> {
        let entry =
            |i: usize, j: usize| 1.0 / (1 + i + j + seed) as f64 + f64::from(u8::from(i == j));
        let row = |i: usize| (0..=i).map(move |j| entry(i, j));
        (0..dim).flat_map(row).collect()
    }

    #[test]
    fn each_of_several_is_as_it_would_be_alone() {
        for dim in [0, 1, 2, 7, 8, 9, 16, 23, 32, 33] {
            for n in [1, 2, 3, 8, 10, 37] {
                let all: Vec<_> = (0..n).map(|seed| matrix(dim, seed)).collect();
                let alone = all.iter().map(|m| Cholesky::new(m, dim));
                assert_eq!(Cholesky::of_each(&all, dim), alone.collect::<Vec<_>>());
                let alone = all.iter().map(|m| log_det(m, dim));
                assert_eq!(log_dets(&all, dim), alone.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_is_singular_does_not_touch_the_others() {
        let dim = 9;
        let mut all: Vec<_> = (0..29).map(|seed| matrix(dim, seed)).collect();
        all[0][lower(4, 4)] = f64::NAN;
        all[2].fill(1.0);
        all[5].fill(0.0);
        all[7][lower(8, 8)] = f64::INFINITY;
        all[26][lower(6, 2)] = f64::INFINITY;
        // Neighbours of very different size.
        all[3].iter_mut().for_each(|x| *x *= 1e-300);
        all[4].iter_mut().for_each(|x| *x *= 1e300);
        let alone: Vec<_> = all.iter().map(|m| Cholesky::new(m, dim)).collect();
        let bad = |i: usize| alone[i].as_ref().err().map(|bad| bad.0);
        let found = [0, 2, 5, 7, 26].map(bad);
        assert_eq!(found, [Some(4), Some(1), Some(0), Some(8), Some(6)]);
        assert_eq!(alone.iter().flatten().count(), 24);
        for n in [4, 6, 29] {
            assert_eq!(Cholesky::of_each(&all[..n], dim), alone[..n]);
        }
    }

    #[test]
    fn every_level_does_the_same() {
        let (dim, n) = (11, lower(11, 0));
        let group: Vec<_> = (0..6).map(|seed| matrix(dim, seed)).collect();
        for level in Level::ALL.iter().copied().filter(|l| l.is_available()) {
            let (mut lanes, mut found) = (Lanes::default(), vec![vec![0.0; 3 * n]; 6]);
            let several = Eliminate {
                group: &group,
                dim,
                lanes: &mut lanes,
                found: Some(&mut found),
            };
            let (log_dets, _) = dispatch_at(level, several);
            for (m, (found, log_det)) in group.iter().zip(found.iter().zip(log_dets.0)) {
                let mut alone = vec![0.0; 2 * n];
                let one = super::super::Eliminate {
                    matrix: m,
                    dim,
                    found: Some(alone.split_at_mut(n)),
                };
                assert_eq!(dispatch_at(level, one), Ok(log_det), "{level:?}");
                assert_eq!(found[n..], alone, "{level:?}");
            }
        }
    }
}
