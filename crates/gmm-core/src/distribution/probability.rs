//! The probability of a box.

use rand::Rng;
use rayon::prelude::*;

use super::line::Line;
use super::{bivariate, rectangle};
use crate::background::Background;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::integral::{Integral, Method};
use crate::moments::lower;
use crate::special::between;
use crate::tile::{Rows, TILE_ROWS, Tile};

/// The seed of the shifts of [`Gmm::cdf`].
const SEED: u64 = 42;

impl Gmm {
    /// P(low ≤ X ≤ high in every column); ends may be infinite.
    ///
    /// A component of independent columns, or of one column with finite ends, is a product of differences of Φ. One of
    /// two such columns is a quadrature (Drezner & Wesolowsky 1990, Genz 2004), right to 1e-14. One of more is Genz'
    /// randomised quasi-Monte Carlo to a standard error of 1e-5 and a hundredth of the value, or as far as 786432 points
    /// lead; `rng` gives the shifts of its lattices. A background counts with what of its box lies in this one.
    ///
    /// ```
    /// use gmm_core::{Covariances, Gmm, rand::SeedableRng, rand_xoshiro::Xoshiro256Plus};
    /// use ndarray::array;
    ///
    /// let gmm = Gmm::new(array![1.0], array![[0.0, 0.0]], Covariances::Full(array![[[1.0, 0.5], [0.5, 1.0]]]))?;
    /// let mut rng = Xoshiro256Plus::seed_from_u64(1);
    /// let quarter = gmm.box_probability(&[0.0, 0.0], &[f64::INFINITY; 2], &mut rng)?;
    /// assert!((quarter.value - 1.0 / 3.0).abs() < 1e-14);
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of ends, [`GmmError::InvalidParameter`] for one that is NaN or a
    /// lower end above the upper one.
    pub fn box_probability<R: Rng + ?Sized>(
        &self,
        low: &[f64],
        high: &[f64],
        rng: &mut R,
    ) -> Result<Integral, GmmError> {
        for (what, found) in [("lower ends", low.len()), ("upper ends", high.len())] {
            GmmError::check_size(what, self.n_features(), found)?;
        }
        let is_side = |(l, h): (&f64, &f64)| l <= h;
        if let Some(column) = low.iter().zip(high).position(|s| !is_side(s)) {
            return Err(GmmError::InvalidParameter {
                name: "box",
                value: format!(
                    "from {} to {} in column {column}",
                    low[column], high[column]
                ),
                allowed: "from a number to one at least as large",
            });
        }
        Ok(self.probability(low, high, rng.next_u64()))
    }

    /// P(X ≤ x in every column) for each row x, which may hold infinite values: a
    /// [`box_probability`](Self::box_probability) from −∞ on, in one column Σ πₖΦ((x − μₖ)/σₖ). The shifts of lattices are
    /// those of one seed for all rows, so that it is a function of the row alone.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for rows of another number of columns, [`GmmError::NonFinite`] for a NaN.
    pub fn cdf(&self, rows: &dyn Rows) -> Result<Vec<Integral>, GmmError> {
        self.check_columns(rows.n_features())?;
        let d = self.n_features();
        let low = vec![f64::NEG_INFINITY; d];
        let line = Line::of(self);
        let mut tile = Tile::new(d);
        let mut found = Vec::with_capacity(rows.n_rows());
        for first_row in (0..rows.n_rows()).step_by(TILE_ROWS) {
            let tile = tile.load(rows, first_row);
            let row = |i: usize| -> Vec<f64> { (0..d).map(|j| tile.feature(j)[i]).collect() };
            for i in 0..tile.n_rows() {
                let row_values = row(i);
                if let Some(column) = row_values.iter().position(|x| x.is_nan()) {
                    return Err(GmmError::NonFinite {
                        row: first_row + i,
                        column,
                        value: row_values[column],
                    });
                }
            }
            let of_row = |i: usize| match &line {
                Some(line) => Integral::closed(line.cdf(row(i)[0])),
                None => self.probability(&low, &row(i), SEED),
            };
            let of_tile: Vec<_> = (0..tile.n_rows()).into_par_iter().map(of_row).collect();
            found.extend(of_tile);
        }
        Ok(found)
    }

    /// The probability of a box that was checked.
    fn probability(&self, low: &[f64], high: &[f64], seed: u64) -> Integral {
        let weights = self.weights();
        let components = self.components().iter().zip(weights.iter()).enumerate();
        let with_share = components.filter(|(_, (_, w))| **w > 0.0);
        let mut whole = Integral::closed(0.0);
        for (k, (component, &share)) in with_share {
            let seed = seed.wrapping_add(k as u64);
            add(&mut whole, share, &of_component(component, low, high, seed));
        }
        if let Some((share, region)) = self.background() {
            whole.value += share * held(region, low, high);
        }
        whole.value = whole.value.clamp(0.0, 1.0);
        whole
    }
}

/// Adds a share of a part; errors of different lattices are independent.
fn add(whole: &mut Integral, share: f64, part: &Integral) {
    whole.value += share * part.value;
    whole.error = whole.error.hypot(share * part.error);
    whole.method = match (whole.method, part.method) {
        (Method::MonteCarlo { draws: a }, Method::MonteCarlo { draws: b }) => {
            Method::MonteCarlo { draws: a + b }
        }
        (drawn @ Method::MonteCarlo { .. }, _) | (_, drawn @ Method::MonteCarlo { .. }) => drawn,
        (Method::ClosedForm, Method::ClosedForm) => Method::ClosedForm,
        _ => Method::Quadrature,
    };
}

/// The share of a background's box that lies in another.
fn held(region: &Background, low: &[f64], high: &[f64]) -> f64 {
    let side = |j: usize| {
        let (from, to) = (region.low[j], region.high[j]);
        let inner = high[j].clamp(from, to) - low[j].clamp(from, to);
        inner / (to - from)
    };
    (0..low.len()).map(side).product()
}

/// P(low < X < high) of one Gaussian.
fn of_component(component: &Gaussian, low: &[f64], high: &[f64], seed: u64) -> Integral {
    let covariance = component.covariance();
    let is_bound = |j: &usize| low[*j].is_finite() || high[*j].is_finite() || low[*j] == high[*j];
    let bound: Vec<usize> = (0..low.len()).filter(is_bound).collect();
    let deviations: Vec<f64> = bound
        .iter()
        .map(|&j| covariance.entry(j, j).sqrt())
        .collect();
    let standardised = |ends: &[f64]| -> Vec<f64> {
        let of = |(&j, s): (&usize, &f64)| (ends[j] - component.mean()[j]) / s;
        bound.iter().zip(&deviations).map(of).collect()
    };
    let [low, high] = [low, high].map(standardised);
    // At most so much is held as by each side alone; and an end at infinity has no place from which to go on.
    if low.iter().zip(&high).any(|(l, h)| between(*l, *h) <= 0.0) {
        return Integral::closed(0.0);
    }
    let n = bound.len();
    let mut correlations = vec![1.0; lower(n, 0)];
    for i in 0..n {
        for j in 0..i {
            let covariance = covariance.entry(bound[i], bound[j]);
            correlations[lower(i, j)] = covariance / deviations[i] / deviations[j];
        }
    }
    let mut pairs = (0..n).flat_map(|i| (0..i).map(move |j| lower(i, j)));
    if pairs.all(|place| correlations[place] == 0.0) {
        let sides = low.iter().zip(&high);
        return Integral::closed(sides.map(|(l, h)| between(*l, *h)).product());
    }
    if n == 2 {
        let ends = [[low[0], low[1]], [high[0], high[1]]];
        return Integral {
            value: bivariate::rectangle(ends, correlations[lower(1, 0)]),
            error: bivariate::ERROR,
            method: Method::Quadrature,
        };
    }
    rectangle::probability(&low, &high, &correlations, seed)
}
