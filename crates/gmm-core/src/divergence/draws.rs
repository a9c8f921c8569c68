//! Means over draws of mixtures.

use ndarray::Array2;
use rand::Rng;

use crate::background::Background;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::integral::{Integral, Method};

/// Pairs of draws that are evaluated at a time.
const BLOCK: usize = 2048;

/// A mixture as a density that integrates to 1: its background lies in its box and nowhere else.
pub(super) struct Density<'g> {
    gmm: &'g Gmm,
    /// Without a background.
    components: Gmm,
}

/// A component, or the background, of which draws are made.
struct Stratum<'d> {
    density: &'d Density<'d>,
    /// A component; K is the background.
    number: usize,
    share: f64,
}

impl<'g> Density<'g> {
    pub(super) fn of(gmm: &'g Gmm) -> Self {
        let components = gmm.without_background();
        Self { gmm, components }
    }

    /// ln p of each row.
    fn log_prob(&self, rows: &Array2<f64>) -> Result<Vec<f64>, GmmError> {
        let mut log_prob = self.components.log_prob(rows)?.to_vec();
        let Some((share, region)) = self.gmm.background() else {
            return Ok(log_prob);
        };
        let of_components = (1.0 - share).ln();
        let of_background = share.ln() + region.log_density();
        for (l, row) in log_prob.iter_mut().zip(rows.rows()) {
            *l += of_components;
            if is_inside(region, row.iter()) {
                let (most, least) = (l.max(of_background), l.min(of_background));
                *l = most + (least - most).exp().ln_1p();
            }
        }
        Ok(log_prob)
    }

    /// What a `share` of all draws are draws of.
    fn strata(&'g self, share: f64) -> Vec<Stratum<'g>> {
        let weights = self.gmm.weights().to_vec();
        let background = self.gmm.background().map(|(share, _)| share);
        let shares = weights.into_iter().chain(background).enumerate();
        let stratum = |(number, weight)| Stratum {
            density: self,
            number,
            share: share * weight,
        };
        shares.map(stratum).filter(|s| s.share > 0.0).collect()
    }
}

impl Stratum<'_> {
    /// A draw and its mirror image.
    fn pair<R: Rng + ?Sized>(&self, rng: &mut R) -> [Vec<f64>; 2] {
        let gmm = self.density.gmm;
        let (drawn, twice_centre): (_, Vec<f64>) =
            match (gmm.components().get(self.number), gmm.background()) {
                (None, Some((_, region))) => {
                    let edges = region.low.iter().zip(&region.high);
                    (region.draw(rng), edges.map(|(l, h)| l + h).collect())
                }
                (component, _) => {
                    let component = component.unwrap_or(&gmm.components()[0]);
                    let twice = component.mean().iter().map(|m| 2.0 * m);
                    (component.draw(rng), twice.collect())
                }
            };
        let mirrored = twice_centre.iter().zip(&drawn).map(|(c, x)| c - x);
        let mirrored = mirrored.collect();
        [drawn, mirrored]
    }
}

fn is_inside<'x>(region: &Background, row: impl Iterator<Item = &'x f64>) -> bool {
    let mut edges = region.low.iter().zip(&region.high).zip(row);
    edges.all(|((low, high), x)| (low..=high).contains(&x))
}

/// ∫ Σ shareᵢ densityᵢ(x) f(ln p(x), ln q(x)) dx from about so many draws, with its standard error.
pub(super) fn mean_over<R: Rng + ?Sized>(
    of: &[(f64, &Density<'_>)],
    at: [&Density<'_>; 2],
    draws: usize,
    rng: &mut R,
    f: impl Fn([f64; 2]) -> f64,
) -> Result<Integral, GmmError> {
    if draws == 0 {
        return Err(GmmError::InvalidParameter {
            name: "draws",
            value: draws.to_string(),
            allowed: "at least 1",
        });
    }
    let strata = of
        .iter()
        .flat_map(|(share, density)| density.strata(*share));
    let (mut value, mut square, mut n_draws) = (0.0, 0.0, 0);
    for stratum in strata {
        // Two pairs are the fewest that have a spread.
        let n_pairs = ((0.5 * stratum.share * draws as f64).ceil() as usize).max(2);
        let mut spread = Spread::default();
        let mut left = n_pairs;
        while left > 0 {
            let n = left.min(BLOCK);
            let pairs: Vec<f64> = (0..n).flat_map(|_| stratum.pair(rng).concat()).collect();
            let shape = (2 * n, at[0].gmm.n_features());
            let rows = Array2::from_shape_vec(shape, pairs);
            let rows = rows.unwrap_or_else(|_| Array2::zeros(shape));
            let logs = [at[0].log_prob(&rows)?, at[1].log_prob(&rows)?];
            let value = |i: usize| f([logs[0][i], logs[1][i]]);
            (0..n).for_each(|pair| spread.add(0.5 * (value(2 * pair) + value(2 * pair + 1))));
            left -= n;
        }
        value += stratum.share * spread.mean;
        square += stratum.share.powi(2) * spread.variance_of_mean();
        n_draws += 2 * n_pairs;
    }
    let error = if value.is_finite() {
        square.sqrt()
    } else {
        f64::INFINITY
    };
    Ok(Integral {
        value,
        error,
        method: Method::MonteCarlo { draws: n_draws },
    })
}

/// Mean and spread of numbers that come one after the other (Welford, *Technometrics* 4, 1962).
#[derive(Default)]
struct Spread {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, x: f64) {
        self.n += 1.0;
        if x.is_infinite() || self.mean.is_infinite() {
            self.mean = f64::INFINITY;
            return;
        }
        let before = x - self.mean;
        self.mean += before / self.n;
        self.squares += before * (x - self.mean);
    }

    fn variance_of_mean(&self) -> f64 {
        self.squares / ((self.n - 1.0).max(1.0) * self.n)
    }
}
