//! The smallest regions that hold a given mass.

use ndarray::Array1;
use rand::Rng;

use super::chi_square;
use super::line::Line;
use super::root::increasing_root;
use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::integral::Method;
use crate::log_space::{LN_2PI, log_sum_exp_of};
use crate::tile::{Rows, TILE_ROWS, Tile};

/// Fewer draws say nothing of a level.
const LEAST_DRAWS: usize = 100;
/// How far below the highest density a level is sought: for a background, components may have to reach beyond 1e100
/// deviations.
const DEEPEST: f64 = 1e300;

/// Where the density is at least as high as some level: the smallest region of its mass.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Region {
    /// The level, as ln p.
    pub log_level: f64,
    /// The probability of the region.
    pub mass: f64,
    /// The standard error of `log_level`; 0 by a formula.
    pub error: f64,
    /// How the level was found.
    pub method: Method,
    /// Of a mixture of one column, the intervals of which the region consists, from left to right.
    pub intervals: Option<Vec<(f64, f64)>>,
    /// The components alone, and ln of their density at the edge: where a background is all there is, that of the
    /// whole is the same everywhere to rounding.
    components: Gmm,
    level_of_components: f64,
}

impl Gmm {
    /// The region of highest density that holds this mass: ln p ≥ a level with P(ln p(X) ≥ level) = mass.
    ///
    /// In one column level and intervals are those of the formula, the mass right to about 1e-12, and no draw is made; nor
    /// is one for a single Gaussian, whose level is ln p(μ) less half a quantile of χ². Else the level is a quantile of ln p over `n_draws` draws (Hyndman, *American Statistician* 50, 1996), with the
    /// standard error of that quantile by its neighbours a binomial deviation away; the region's true mass is then off by
    /// some √(mass(1 − mass)/n). With a background, which is as high outside its box as in it, the region is one of highest density of
    /// the components, and its mass what the mixture draws.
    ///
    /// # Errors
    /// [`GmmError::InvalidParameter`] for a mass that is not between 0 and 1, fewer than 100 draws where there is no formula,
    /// and components of which none has a share.
    pub fn highest_density_region<R: Rng + ?Sized>(
        &self,
        mass: f64,
        n_draws: usize,
        rng: &mut R,
    ) -> Result<Region, GmmError> {
        let mut regions = self.regions(&[mass], n_draws, rng)?;
        regions.pop().ok_or(GmmError::NoRows)
    }

    /// The levels of the regions of these masses, as ln p: where to draw contours that hold so much. All are found from
    /// the same draws.
    ///
    /// # Errors
    /// As [`highest_density_region`](Self::highest_density_region).
    pub fn contour_levels<R: Rng + ?Sized>(
        &self,
        masses: &[f64],
        n_draws: usize,
        rng: &mut R,
    ) -> Result<Array1<f64>, GmmError> {
        let regions = self.regions(masses, n_draws, rng)?;
        Ok(regions.into_iter().map(|region| region.log_level).collect())
    }

    fn regions<R: Rng + ?Sized>(
        &self,
        masses: &[f64],
        n_draws: usize,
        rng: &mut R,
    ) -> Result<Vec<Region>, GmmError> {
        // Also where it is no number.
        if let Some(mass) = masses.iter().find(|m| !(**m > 0.0 && **m < 1.0)) {
            return Err(GmmError::InvalidParameter {
                name: "mass of a region",
                value: mass.to_string(),
                allowed: "above 0 and below 1",
            });
        }
        // Given a row far out, all can be the background's.
        if self.weights().sum() <= 0.0 {
            return Err(GmmError::InvalidParameter {
                name: "region",
                value: String::from("of a mixture of whose components none has a share"),
                allowed: "of components that have one",
            });
        }
        if let Some(line) = Line::of(self) {
            let outline = Outline::of(&line);
            let region = |&mass: &f64| self.region_of_line(&line, &outline, mass);
            return Ok(masses.iter().map(region).collect());
        }
        if let Some(gaussian) = self.alone() {
            return Ok(masses
                .iter()
                .map(|&mass| self.ellipsoid(gaussian, mass))
                .collect());
        }
        if n_draws < LEAST_DRAWS {
            return Err(GmmError::InvalidParameter {
                name: "draws for a region",
                value: n_draws.to_string(),
                allowed: "at least 100",
            });
        }
        let (rows, _) = self.sample(n_draws, rng);
        let components = self.without_background();
        let mut log_prob = components.log_prob(&rows)?.to_vec();
        // The highest first. Over a background the order is the same.
        log_prob.sort_by(|a, b| b.total_cmp(a));
        let at = |place: f64| {
            let last = log_prob.len() - 1;
            log_prob[(place.max(0.0) as usize).min(last)]
        };
        let region = |&mass: &f64| {
            let n = n_draws as f64;
            let deviation = (n * mass * (1.0 - mass)).sqrt();
            let whole = |place: f64| self.level_of_whole(at(place));
            Region {
                log_level: whole(n * mass),
                mass,
                error: 0.5 * (whole(n * mass - deviation) - whole(n * mass + deviation)),
                method: Method::MonteCarlo { draws: n_draws },
                intervals: None,
                components: components.clone(),
                level_of_components: at(n * mass),
            }
        };
        Ok(masses.iter().map(region).collect())
    }

    /// The only Gaussian that has a share, if there is no background.
    fn alone(&self) -> Option<&Gaussian> {
        let weights = self.weights();
        let components = self.components().iter().zip(weights.iter());
        let mut with_share = components.filter(|(_, w)| **w > 0.0);
        let first = with_share.next().map(|(component, _)| component);
        first.filter(|_| with_share.next().is_none() && self.background().is_none())
    }

    /// The region of one Gaussian: where the squared Mahalanobis length is at most a quantile of χ².
    fn ellipsoid(&self, gaussian: &Gaussian, mass: f64) -> Region {
        let d = self.n_features();
        let square = chi_square::quantile(mass, d);
        let level = -0.5 * (d as f64 * LN_2PI + gaussian.covariance().log_det() + square);
        Region {
            log_level: level,
            mass,
            error: 0.0,
            method: Method::ClosedForm,
            intervals: None,
            components: self.clone(),
            level_of_components: level,
        }
    }

    fn region_of_line(&self, line: &Line, outline: &Outline, mass: f64) -> Region {
        let level = outline.level(line, mass);
        // The bells of a line have their shares of the whole.
        let level_of_components = level - self.weights().sum().ln();
        Region {
            log_level: self.level_of_whole(level_of_components),
            mass,
            error: 0.0,
            method: Method::ClosedForm,
            intervals: Some(outline.intervals(line, level)),
            components: self.without_background(),
            level_of_components,
        }
    }

    /// ln p where ln of the density of the components alone is this.
    fn level_of_whole(&self, level: f64) -> f64 {
        match self.background() {
            Some((share, region)) => {
                let uniform = share.ln() + region.log_density();
                log_sum_exp_of(&[level + self.weights().sum().ln(), uniform])
            }
            None => level,
        }
    }
}

impl Region {
    /// Whether each row lies in the region.
    ///
    /// # Errors
    /// Those of [`Gmm::log_prob`](crate::Gmm::log_prob).
    pub fn contains(&self, rows: &dyn Rows) -> Result<Array1<bool>, GmmError> {
        let log_prob = self.components.log_prob(rows)?;
        let Some(intervals) = &self.intervals else {
            return Ok(log_prob.mapv(|l| l >= self.level_of_components));
        };
        let is_in = |x: &f64| intervals.iter().any(|(low, high)| low <= x && x <= high);
        let mut tile = Tile::new(1);
        let mut out = Vec::with_capacity(rows.n_rows());
        for first_row in (0..rows.n_rows()).step_by(TILE_ROWS) {
            out.extend(tile.load(rows, first_row).feature(0).iter().map(is_in));
        }
        Ok(Array1::from(out))
    }
}

/// The pieces on which the density of Gaussians of one column rises or falls.
struct Outline {
    /// Modes and the places between them, from left to right, with ln of the density there.
    turns: Vec<(f64, f64)>,
    /// Some deviations.
    width: f64,
}

impl Outline {
    fn of(line: &Line) -> Self {
        let (modes, lows) = line.turns();
        let mut turns: Vec<f64> = modes.into_iter().chain(lows).collect();
        turns.sort_by(f64::total_cmp);
        let turns = turns.into_iter().map(|x| (x, line.log_density(x).0));
        let width = line.bells.iter().map(|b| b.deviation).fold(0.0, f64::max);
        Self {
            turns: turns.collect(),
            width,
        }
    }

    /// Where ln of the density is at least `level`: intervals from left to right.
    fn intervals(&self, line: &Line, level: f64) -> Vec<(f64, f64)> {
        let (Some(first), Some(last)) = (self.turns.first(), self.turns.last()) else {
            return Vec::new();
        };
        let outside = |from: f64, sign: f64| {
            let mut step = sign * self.width;
            while line.log_density(from + step).0 >= level && step.is_finite() {
                step *= 2.0;
            }
            (from + step, f64::NEG_INFINITY)
        };
        let ends = (outside(first.0, -1.0), outside(last.0, 1.0));
        let mut points = vec![ends.0];
        points.extend(&self.turns);
        points.push(ends.1);
        let (mut intervals, mut start) = (Vec::new(), None);
        for pair in points.windows(2) {
            let [(left, before), (right, after)] = [pair[0], pair[1]];
            let sign = if before < after { 1.0 } else { -1.0 };
            if (before < level) == (after < level) {
                continue;
            }
            let edge = increasing_root(left, right, |x| {
                let (log, slope, _) = line.log_density(x);
                (sign * (log - level), sign * slope)
            });
            match start.take() {
                Some(from) => intervals.push((from, edge)),
                None => start = Some(edge),
            }
        }
        intervals
    }

    /// The level whose region holds this mass.
    fn level(&self, line: &Line, mass: f64) -> f64 {
        let highest = self.turns.iter().map(|t| t.1);
        let high = highest.fold(f64::NEG_INFINITY, f64::max);
        let held = |level: f64| -> f64 {
            let intervals = self.intervals(line, level);
            intervals.iter().map(|(l, h)| line.between(*l, *h)).sum()
        };
        let mut depth = 1.0;
        while held(high - depth) < mass && depth < DEEPEST {
            depth *= 2.0;
        }
        increasing_root(high - depth, high, |level| {
            let edges = self.intervals(line, level).into_iter();
            // An edge x moves by dx/dlevel, the inverse of the slope of ln p there.
            let speed = |x: f64| {
                let (log, slope, _) = line.log_density(x);
                (log.exp() + line.uniform(x)) / slope.abs()
            };
            let (mut value, mut slope) = (mass, 0.0);
            for (left, right) in edges {
                value -= line.between(left, right);
                slope += speed(left) + speed(right);
            }
            (value, slope)
        })
    }
}
