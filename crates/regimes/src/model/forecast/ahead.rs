//! Several steps ahead, by simulated futures.

use gmm_core::ndarray::Array2;
use gmm_core::rand::{Rng, SeedableRng};
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::switching::{Place, SwitchingFilter};
use gmm_core::{Gmm, GmmError};
use rayon::prelude::*;

use super::ForecastError;
use super::learnt::{Bell, Learnt, Model, bells};
use crate::features::lagged;
use crate::score::Pool;

/// For each step and column, the Gaussians of one candidate.
type Fan = Vec<Vec<Vec<Bell>>>;

/// Distributions of the next `horizon` steps after the last of `values`, steps × columns.
///
/// A path is a future of one candidate, drawn with its weight. At each step the distribution is the mixture of what every path
/// expects, given what it drew before: less noisy than the draws themselves (Rao & Blackwell; Gelfand & Smith, *JASA* 85, 1990,
/// 2.2). The first step is exact. A draw that is farther outside what was learnt from than that is wide is moved to there, so that
/// no path runs away.
///
/// # Errors
/// [`ForecastError::Unanswered`] where no candidate can do without what is missing.
pub(super) fn ahead(
    members: &[(f64, Learnt<'_>)],
    values: &Array2<f64>,
    (horizon, n_paths, seed): (usize, usize, u64),
) -> Result<Vec<Vec<Pool>>, ForecastError> {
    let fans: Vec<Result<Option<Fan>, GmmError>> = (members.par_iter().enumerate())
        .map(|(place, (weight, learnt))| {
            let n_paths = ((weight * n_paths as f64).ceil() as usize).max(1);
            // A stream of its own for each candidate.
            let seed = seed.wrapping_add(1 + place as u64);
            fan(learnt, values, horizon, (n_paths, seed))
        })
        .collect();
    let fans: Vec<Option<Fan>> = fans.into_iter().collect::<Result<_, _>>()?;
    if fans.iter().all(Option::is_none) {
        return Err(ForecastError::Unanswered);
    }
    let pool = |h: usize, column: usize| {
        let own = members
            .iter()
            .zip(&fans)
            .filter_map(|((weight, learnt), fan)| {
                let scale = learnt.candidate.scales[column];
                let bells = fan.as_ref()?[h][column].iter();
                Some(bells.map(move |&[share, mean, deviation]| {
                    (scale, [weight * share, mean, deviation])
                }))
            });
        Pool::of_gaussians(&own.flatten().collect::<Vec<_>>())
    };
    let columns = 0..values.ncols();
    let step = |h: usize| {
        columns
            .clone()
            .map(|j| pool(h, j))
            .collect::<Result<_, _>>()
    };
    Ok((0..horizon).map(step).collect::<Result<_, _>>()?)
}

/// What one candidate expects of each step; none where it cannot begin.
fn fan(
    learnt: &Learnt<'_>,
    values: &Array2<f64>,
    horizon: usize,
    (n_paths, seed): (usize, u64),
) -> Result<Option<Fan>, GmmError> {
    let scaled = learnt.candidate.scaled(values);
    let start: Vec<Vec<f64>> = scaled.outer_iter().map(|row| row.to_vec()).collect();
    let start = &start[start.len().saturating_sub(learnt.candidate.reach())..];
    let mut rng = Xoshiro256Plus::seed_from_u64(seed);
    let q = scaled.ncols();
    let mut fan: Fan = vec![vec![Vec::new(); q]; horizon];
    let filter = match &learnt.model {
        Model::Mixture(_) => None,
        Model::Regimes(model) => {
            let rows = lagged(&scaled, &learnt.candidate.lags);
            Some(Learnt::filter(model, &rows, learnt.candidate.reach())?)
        }
    };
    let lags = lags_of(learnt, start, q);
    let first: Gmm = match &filter {
        None => match learnt.given(&lags)? {
            Some(first) => first,
            None => return Ok(None),
        },
        // All that will be asked for must be there.
        Some(_) if start.iter().flatten().any(|z| z.is_nan()) => return Ok(None),
        Some(_) if lags.iter().any(|z| z.is_nan()) => return Ok(None),
        Some(filter) => filter.next(&lags)?,
    };
    if let Some(of_first) = fan.first_mut() {
        *of_first = (0..q).map(|j| bells(&first, j)).collect();
    }
    for _ in 0..n_paths {
        let mut path = Path {
            learnt,
            history: start.to_vec(),
            place: filter.as_ref().map(|filter| filter.draw_place(&mut rng)),
        };
        path.step(&filter, Some(&first), None, &mut rng)?;
        for of_step in fan.iter_mut().skip(1) {
            path.step(&filter, None, Some((of_step, n_paths)), &mut rng)?;
        }
    }
    Ok(Some(fan))
}

/// The values at the lags before the end of a history, the farthest first; NaN before its beginning.
fn lags_of(learnt: &Learnt<'_>, history: &[Vec<f64>], q: usize) -> Vec<f64> {
    let at = |lag: &usize| {
        let place = history.len().checked_sub(*lag);
        place.map_or_else(|| vec![f64::NAN; q], |place| history[place].clone())
    };
    learnt.candidate.lags.iter().rev().flat_map(at).collect()
}

/// One simulated future.
struct Path<'a> {
    learnt: &'a Learnt<'a>,
    /// The last values and those drawn so far, on the scales.
    history: Vec<Vec<f64>>,
    /// Where the chain of regimes is, if there is one.
    place: Option<Place>,
}

impl Path<'_> {
    /// Adds what is expected of the next step to the `n`-th part of a fan, and draws it; the mixture of the first is `known`.
    fn step<R: Rng + ?Sized>(
        &mut self,
        filter: &Option<SwitchingFilter>,
        known: Option<&Gmm>,
        fan: Option<(&mut Vec<Vec<Bell>>, usize)>,
        rng: &mut R,
    ) -> Result<(), GmmError> {
        let q = self.learnt.ranges.len();
        let lags = lags_of(self.learnt, &self.history, q);
        let mut expected: Vec<Vec<Bell>> = vec![Vec::new(); q];
        let drawn = match (filter, self.place) {
            (Some(filter), Some(place)) => {
                if fan.is_some() {
                    for branch in filter.branches(place, &lags)? {
                        for (j, column) in expected.iter_mut().enumerate() {
                            column.push([
                                branch.probability,
                                branch.means[j],
                                branch.variances[j].sqrt(),
                            ]);
                        }
                    }
                }
                let (next, drawn) = filter.draw_next(place, &lags, rng)?;
                self.place = Some(next);
                drawn
            }
            _ => {
                let own = match known {
                    Some(_) => None,
                    None => self.learnt.given(&lags)?,
                };
                let next = known.or(own.as_ref()).ok_or(GmmError::NoRows)?;
                if fan.is_some() {
                    expected = (0..q).map(|j| bells(next, j)).collect();
                }
                next.sample(1, rng).0.row(0).to_vec()
            }
        };
        if let Some((columns, n)) = fan {
            for (column, own) in columns.iter_mut().zip(expected) {
                column.extend(own.iter().map(|[w, m, s]| [w / n as f64, *m, *s]));
            }
        }
        let within = |(z, (low, high)): (f64, &(f64, f64))| {
            let width = high - low;
            z.max(low - width).min(high + width)
        };
        let moved = drawn.into_iter().zip(&self.learnt.ranges).map(within);
        self.history.push(moved.collect());
        Ok(())
    }
}
