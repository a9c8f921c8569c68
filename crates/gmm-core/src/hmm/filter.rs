//! Regimes as they are known from one row after another.

use ndarray::ArrayView2;

use super::emit::{Buffers, LaidOut};
use super::{GaussianHmm, Hmm};
use crate::chain::{Layout, keep_sum, normalize};
use crate::emission::Emission;
use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::log_space::log_sum_exp_by;
use crate::observation::Observation;
use crate::tile::Tile;

/// A model that rows are shown to one by one: the states of a stream of any length in bounded memory.
#[derive(Debug)]
pub(crate) struct Online<E: Emission> {
    hmm: Hmm<E>,
    laid_out: LaidOut<E>,
    layout: Layout,
    tile: Tile,
    buffers: Buffers,
    /// Of the states of the last row; before the first, of that.
    states: Vec<f64>,
    /// Their logarithms, which keep what is improbable for long and right in the end.
    log_states: Vec<f64>,
    n_rows: u64,
    log_likelihood: f64,
}

impl<E: Emission> Online<E> {
    pub(crate) fn new(hmm: Hmm<E>, n_features: usize) -> Self {
        let layout = Layout::new(hmm.chain());
        let states = hmm.chain().initial_states();
        Self {
            laid_out: LaidOut::new(&hmm),
            tile: Tile::new(n_features),
            buffers: Buffers::default(),
            log_states: states.iter().map(|p| p.ln()).collect(),
            states,
            layout,
            hmm,
            n_rows: 0,
            log_likelihood: 0.0,
        }
    }

    pub(crate) fn hmm(&self) -> &Hmm<E> {
        &self.hmm
    }

    /// Probabilities of the states `n_steps` after the last row; before the first row at least 1 step.
    pub(crate) fn ahead(&self, n_steps: usize) -> Vec<f64> {
        let n_steps = if self.n_rows == 0 {
            n_steps.saturating_sub(1)
        } else {
            n_steps
        };
        let chain = self.hmm.chain();
        let memory = chain.kind().memory;
        if n_steps > memory {
            // All that is remembered then is still to come.
            let regimes = chain.ahead(&self.regimes(&self.states), n_steps - memory);
            return chain.states_from(&regimes);
        }
        let mut now = self.states.clone();
        let mut next = vec![0.0; now.len()];
        for _ in 0..n_steps {
            self.layout.ahead(&now, &mut next);
            std::mem::swap(&mut now, &mut next);
        }
        keep_sum(&self.states, &mut now);
        now
    }

    /// Sums of the probabilities of states over all but the present regime.
    pub(crate) fn regimes(&self, states: &[f64]) -> Vec<f64> {
        let mut regimes = vec![0.0; self.hmm.chain().n_regimes()];
        for of_present in states.chunks_exact(regimes.len()) {
            regimes
                .iter_mut()
                .zip(of_present)
                .for_each(|(r, p)| *r += p);
        }
        regimes
    }

    /// That a row has as many values as the model, and none that is infinite.
    fn check(&self, row: &[f64]) -> Result<(), GmmError> {
        let d = self.tile.n_features();
        GmmError::check_size("number of columns", d, row.len())?;
        if let Some(column) = row.iter().position(|x| x.is_infinite()) {
            let value = row[column];
            return Err(GmmError::NonFinite {
                row: self.n_rows as usize,
                column,
                value,
            });
        }
        Ok(())
    }

    /// ln p(x|s) of a row that is seen as far as its values are numbers; none where nothing of it is.
    fn log_densities(&mut self, row: &[f64]) -> Option<Vec<f64>> {
        let d = self.tile.n_features();
        let seen: Vec<usize> = (0..d).filter(|&j| !row[j].is_nan()).collect();
        if seen.is_empty() {
            return None;
        }
        let values: Vec<f64> = seen.iter().map(|&j| row[j]).collect();
        let Ok(rows) = ArrayView2::from_shape((1, seen.len()), &values) else {
            return None;
        };
        if seen.len() == d {
            self.tile.load_some(&rows, 0, 1);
            return Some(
                self.laid_out
                    .log_states_of_row(&self.tile, &mut self.buffers),
            );
        }
        let mut tile = Tile::new(seen.len());
        tile.load_some(&rows, 0, 1);
        let hmm = self.hmm.seen(&Observation::new(seen, d, None));
        Some(LaidOut::new(&hmm).log_states_of_row(&tile, &mut self.buffers))
    }

    /// Takes the next row; its ln p given all before it.
    pub(crate) fn observe(&mut self, row: &[f64]) -> Result<f64, GmmError> {
        self.check(row)?;
        let said = self.log_densities(row);
        let mut now = self.log_states.clone();
        if self.n_rows > 0 {
            self.layout.log_ahead(&self.log_states, &mut now);
        }
        normalize(&mut now);
        self.n_rows += 1;
        let mut log_density = 0.0;
        if let Some(said) = said {
            let joint = || now.iter().zip(&said).map(|(p, l)| p + l);
            log_density = log_sum_exp_by(joint());
            // A row that no state can emit says nothing of them.
            if log_density > f64::NEG_INFINITY {
                now = joint().map(|l| l - log_density).collect();
            }
        }
        self.log_likelihood += log_density;
        self.states = now.iter().map(|l| l.exp()).collect();
        self.log_states = now;
        Ok(log_density)
    }

    /// The same of a row that says nothing unless it is whole.
    pub(crate) fn observe_whole(&mut self, row: &[f64]) -> Result<f64, GmmError> {
        self.check(row)?;
        if row.iter().any(|x| x.is_nan()) {
            return self.observe(&vec![f64::NAN; row.len()]);
        }
        self.observe(row)
    }

    pub(crate) fn states(&self) -> &[f64] {
        &self.states
    }

    pub(crate) fn n_rows(&self) -> u64 {
        self.n_rows
    }

    pub(crate) fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }
}

/// The regimes of a stream, row by row, in memory that does not grow: Hamilton's filter (*Econometrica* 57, 1989, (4.1)–(4.5)),
/// or Rabiner's forward recursion.
///
/// ```
/// use gmm_core::hmm::{Chain, GaussianHmm};
/// use gmm_core::{Covariances, Gmm};
/// use ndarray::array;
///
/// let state = |mean: f64| Gmm::new(array![1.0], array![[mean]], Covariances::Spherical(array![1.0]));
/// let chain = Chain::running(array![[0.9, 0.1], [0.2, 0.8]].view())?;
/// let hmm = GaussianHmm::new(chain, vec![state(0.0)?, state(5.0)?])?;
/// let mut filter = hmm.filter();
/// filter.observe(&[4.6])?;
/// assert!(filter.probabilities()[1] > 0.99);
/// // Nothing seen: the chain goes on by itself.
/// filter.observe(&[f64::NAN])?;
/// assert!((filter.probabilities()[1] - 0.8).abs() < 0.01);
/// # Ok::<(), gmm_core::GmmError>(())
/// ```
#[derive(Debug)]
pub struct Filter {
    online: Online<crate::gaussian::Gaussian>,
    covariance_type: crate::covariance::CovarianceType,
}

impl Filter {
    pub(super) fn new(model: &GaussianHmm) -> Self {
        Self {
            online: Online::new(model.hmm().clone(), model.n_features()),
            covariance_type: model.covariance_type(),
        }
    }

    /// Takes the next row, NaN where a value is missing, and returns its ln p given all rows before it, in nats; 0 for a
    /// row of which nothing was seen, −∞ for one that no regime can emit, which then says nothing of them.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for another number of values, [`GmmError::NonFinite`] for an infinite one; the row is
    /// then not taken.
    pub fn observe(&mut self, row: &[f64]) -> Result<f64, GmmError> {
        self.online.observe(row)
    }

    /// p(s_t = k | x₁, …, x_t), K numbers; before the first row those of the beginning.
    pub fn probabilities(&self) -> &[f64] {
        self.online.states()
    }

    /// p(s_{t+h} = k | x₁, …, x_t) for h = `n_steps`, K numbers.
    pub fn probabilities_ahead(&self, n_steps: usize) -> Vec<f64> {
        self.online.ahead(n_steps)
    }

    /// p(x_{t+h} | x₁, …, x_t) for h = `n_steps`: a mixture of all emissions.
    ///
    /// # Errors
    /// [`GmmError::InvalidShare`] where the model's own numbers are none any more; no rows are known that cause it.
    pub fn ahead(&self, n_steps: usize) -> Result<Gmm, GmmError> {
        let probabilities = self.probabilities_ahead(n_steps);
        self.online
            .hmm()
            .emitted(&probabilities, self.covariance_type)
    }

    /// Rows so far.
    pub fn n_rows(&self) -> u64 {
        self.online.n_rows()
    }

    /// ln p(x₁, …, x_t), in nats.
    pub fn log_likelihood(&self) -> f64 {
        self.online.log_likelihood()
    }
}
