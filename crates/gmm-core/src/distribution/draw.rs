//! Draws with something fixed or balanced.

use ndarray::{Array1, Array2};
use rand::Rng;

use crate::error::GmmError;
use crate::gmm::Gmm;
use crate::shares::pick;

impl Gmm {
    /// Draws `n` whole rows in which `columns` have these values: the rows (n × D) and the component each came from, K
    /// for the background.
    ///
    /// # Errors
    /// As [`conditional`](Self::conditional).
    pub fn sample_given<R: Rng + ?Sized>(
        &self,
        columns: &[usize],
        values: &[f64],
        n: usize,
        rng: &mut R,
    ) -> Result<(Array2<f64>, Array1<usize>), GmmError> {
        let regression = self.regression(columns)?;
        let (drawn, labels) = regression.conditional(values)?.sample(n, rng);
        let mut rows = Array2::zeros((n, self.n_features()));
        for (&j, &value) in columns.iter().zip(values) {
            rows.column_mut(j).fill(value);
        }
        for (&j, column) in regression.targets().iter().zip(drawn.columns()) {
            rows.column_mut(j).assign(&column);
        }
        Ok((rows, labels))
    }

    /// Draws `n` rows of which each component has its share: within one of nπₖ, and nπₖ on average. The rows (n × D) stand
    /// in the order of their components, the background's last; and the component each came from.
    ///
    /// The components are those that n equally spaced points of [0, 1), moved together by one random number, fall on when
    /// the weights lie there end to end (systematic sampling). A mean over the rows varies less than one of
    /// [`sample`](Self::sample), by what lies between the components; the rows are not independent.
    pub fn sample_stratified<R: Rng + ?Sized>(
        &self,
        n: usize,
        rng: &mut R,
    ) -> (Array2<f64>, Array1<usize>) {
        let shares = self.mixture().shares().values();
        let offset = rng.gen_range(0.0..1.0);
        let last = shares.iter().rposition(|s| *s > 0.0).unwrap_or(0);
        let (mut component, mut end) = (0, shares[0]);
        let mut labels = Vec::with_capacity(n);
        for i in 0..n {
            let point = (i as f64 + offset) / n as f64;
            while point >= end && component < last {
                component += 1;
                end += shares[component];
            }
            labels.push(component);
        }
        let drawn: Vec<Vec<f64>> = labels.iter().map(|&k| self.draw_of(k, rng)).collect();
        (self.rows_of(&drawn), Array1::from(labels))
    }

    /// Draws `n` rows in pairs that lie opposite each other about the mean of their component, or the centre of the
    /// background: the rows (n × D), one pair after the other, and the component each came from. Of an odd number the last
    /// has no partner.
    ///
    /// Within a component a pair's mean is exact, so that means over the rows vary only by what lies between the
    /// components; what is even about the means varies more than over independent rows (Hammersley & Morton, *Proc.
    /// Cambridge Phil. Soc.* 52, 1956).
    pub fn sample_antithetic<R: Rng + ?Sized>(
        &self,
        n: usize,
        rng: &mut R,
    ) -> (Array2<f64>, Array1<usize>) {
        let shares = self.mixture().shares().values();
        let (mut drawn, mut labels) = (Vec::with_capacity(n + 1), Vec::with_capacity(n + 1));
        while drawn.len() < n {
            let k = pick(shares, rng);
            let row = self.draw_of(k, rng);
            let centre = self.centre_of(k);
            let opposite = row.iter().zip(&centre).map(|(x, m)| m - (x - m));
            let opposite = opposite.collect();
            drawn.extend([row, opposite]);
            labels.extend([k, k]);
        }
        drawn.truncate(n);
        labels.truncate(n);
        (self.rows_of(&drawn), Array1::from(labels))
    }

    /// A row of component k, or of the background.
    fn draw_of<R: Rng + ?Sized>(&self, k: usize, rng: &mut R) -> Vec<f64> {
        match (self.components().get(k), self.mixture().background()) {
            (None, Some(background)) => background.draw(rng),
            (component, _) => component.unwrap_or(&self.components()[0]).draw(rng),
        }
    }

    /// Where a component lies, or the background.
    fn centre_of(&self, k: usize) -> Vec<f64> {
        match (self.components().get(k), self.mixture().background()) {
            (None, Some(background)) => background.centre(),
            (component, _) => component.unwrap_or(&self.components()[0]).mean().to_vec(),
        }
    }

    fn rows_of(&self, drawn: &[Vec<f64>]) -> Array2<f64> {
        Array2::from_shape_fn((drawn.len(), self.n_features()), |(i, j)| drawn[i][j])
    }
}
