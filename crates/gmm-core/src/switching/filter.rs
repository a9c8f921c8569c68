//! Rows one by one, and futures as they may come.

use rand::Rng;

use super::model::{SwitchingRegression, check_given, targets_given};
use super::regressor::Regressor;
use crate::chain::Layout;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::hmm::Online;
use crate::shares::pick;

/// The regimes of a stream of rows z = (u, v), row by row, in memory that does not grow.
#[derive(Debug)]
pub struct SwitchingFilter {
    online: Online<Regressor>,
}

/// Where a series may be: the state of its chain, drawn from what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

/// What may come next in one regime.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Branch {
    /// That it is this regime.
    pub probability: f64,
    /// Means of the targets.
    pub means: Vec<f64>,
    /// Variances of the targets.
    pub variances: Vec<f64>,
}

impl SwitchingRegression {
    /// Follows rows one by one.
    pub fn filter(&self) -> SwitchingFilter {
        SwitchingFilter {
            online: Online::new(self.hmm.clone(), self.n_features()),
        }
    }
}

impl SwitchingFilter {
    /// Takes the next row and returns the ln p of its targets given its other columns and all rows before it, in nats; 0 for
    /// a row in which a value is missing (NaN), which says nothing.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of values, [`GmmError::NonFinite`] for an infinite one; the row is
    /// then not taken.
    pub fn observe(&mut self, row: &[f64]) -> Result<f64, GmmError> {
        self.online.observe_whole(row)
    }

    /// p(s_t = k | the rows up to t), K numbers.
    pub fn probabilities(&self) -> Vec<f64> {
        self.online.regimes(self.online.states())
    }

    /// p(s_{t+h} = k | the rows up to t) for h = `n_steps`, K numbers.
    pub fn probabilities_ahead(&self, n_steps: usize) -> Vec<f64> {
        self.online.regimes(&self.online.ahead(n_steps))
    }

    /// The density of the targets of the next row given its other columns: a mixture, one Gaussian for each state.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of given values, [`GmmError::NonFinite`] for one that is no number, and
    /// where they are so far out that a mean given them is none.
    pub fn next(&self, given: &[f64]) -> Result<Gmm, GmmError> {
        targets_given(self.online.hmm(), self.online.ahead(1), given)
    }

    /// A state drawn from what is known after the last row, where a simulated future begins.
    pub fn draw_place<R: Rng + ?Sized>(&self, rng: &mut R) -> Place {
        Place(pick(self.online.states(), rng))
    }

    /// The targets of the next row of a simulated future, for each next regime: its probability, the means and the variances
    /// of the targets given the other columns.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of given values, [`GmmError::NonFinite`] for one that is no number.
    pub fn branches(&self, place: Place, given: &[f64]) -> Result<Vec<Branch>, GmmError> {
        check_given(self.online.hmm(), given)?;
        let layout = Layout::new(self.online.hmm().chain());
        let next = layout.next_states(place.0);
        let branch = |(c, p): (usize, f64)| {
            let emission = &self.online.hmm().emissions()[c];
            let variances = (0..emission.n_targets()).map(|j| emission.residual().entry(j, j));
            Branch {
                probability: p,
                means: emission.mean_given(given),
                variances: variances.collect(),
            }
        };
        Ok(next.map(branch).collect())
    }

    /// The next state of a simulated future, and its targets.
    ///
    /// # Errors
    /// As [`branches`](Self::branches).
    pub fn draw_next<R: Rng + ?Sized>(
        &self,
        place: Place,
        given: &[f64],
        rng: &mut R,
    ) -> Result<(Place, Vec<f64>), GmmError> {
        check_given(self.online.hmm(), given)?;
        let layout = Layout::new(self.online.hmm().chain());
        let next: Vec<(usize, f64)> = layout.next_states(place.0).collect();
        let weights: Vec<f64> = next.iter().map(|(_, p)| *p).collect();
        let state = next[pick(&weights, rng)].0;
        let targets = self.online.hmm().emissions()[state].draw(given, rng);
        Ok((Place(state), targets))
    }

    /// Rows so far.
    pub fn n_rows(&self) -> u64 {
        self.online.n_rows()
    }

    /// The sum of what [`observe`](Self::observe) returned.
    pub fn log_likelihood(&self) -> f64 {
        self.online.log_likelihood()
    }
}
