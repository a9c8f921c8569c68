//! How far two mixtures are apart.
//!
//! Between two single Gaussians, and where products of Gaussians are integrated, by formulas; else as means over draws.
//! Draws are stratified: each component (and the background) of positive weight gives its share of them, in pairs that
//! mirror each other about its mean.

mod closed;
mod draws;

use rand::Rng;

use crate::error::GmmError;
use crate::gaussian::Gaussian;
use crate::gmm::Gmm;
use crate::integral::Integral;

use closed::{kl_between, log_affinity, log_overlap};
use draws::{Density, mean_over};

impl Gmm {
    /// The Kullback–Leibler divergence KL(p‖q) = ∫ p ln(p/q) from this mixture p to `other`, q, in nats (Kullback &
    /// Leibler, *Ann. Math. Statist.* 22, 1951): at least 0, and 0 where they are equal. By a formula between two single
    /// Gaussians; else the mean of ln(p/q) over about `draws` draws of p, which chance can take below 0.
    ///
    /// A background counts as what it is a density on, its box. Its edges are no obstacle, for components reach
    /// everywhere; where a component reaches so thinly that ln q is −∞ in `f64`, the divergence is +∞ and so is its error.
    ///
    /// ```
    /// use gmm_core::{Covariances, Gmm, rand::SeedableRng, rand_xoshiro::Xoshiro256Plus};
    /// use ndarray::array;
    ///
    /// let at = |mean| Gmm::new(array![1.0], array![[mean]], Covariances::TiedSpherical(1.0));
    /// let mut rng = Xoshiro256Plus::seed_from_u64(1);
    /// let divergence = at(0.0)?.kl_divergence(&at(3.0)?, 1000, &mut rng)?;
    /// assert!((divergence.value - 4.5).abs() < 1e-12);
    /// assert_eq!(divergence.error, 0.0);
    /// # Ok::<(), gmm_core::GmmError>(())
    /// ```
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for mixtures of different numbers of columns; [`GmmError::InvalidParameter`] for no
    /// draws where they are needed.
    pub fn kl_divergence<R: Rng + ?Sized>(
        &self,
        other: &Self,
        draws: usize,
        rng: &mut R,
    ) -> Result<Integral, GmmError> {
        self.check_columns(other.n_features())?;
        if let (Some(p), Some(q)) = (self.single(), other.single()) {
            return Ok(Integral::closed(kl_between(p, q)));
        }
        let (p, q) = (Density::of(self), Density::of(other));
        mean_over(&[(1.0, &p)], [&p, &q], draws, rng, |[p, q]| p - q)
    }

    /// The Hellinger distance H(p, q) = √(1 − ∫√(pq)), from 0 (equal) to 1 (nowhere in the same place); some call its
    /// square by this name, and some leave out the factor ½ in H² = ½∫(√p − √q)². By a formula between two single
    /// Gaussians; else from the mean of a bounded number over about `draws` draws, half of either mixture.
    ///
    /// A background counts as what it is a density on, its box.
    ///
    /// # Errors
    /// As [`kl_divergence`](Self::kl_divergence).
    pub fn hellinger_distance<R: Rng + ?Sized>(
        &self,
        other: &Self,
        draws: usize,
        rng: &mut R,
    ) -> Result<Integral, GmmError> {
        self.check_columns(other.n_features())?;
        if let (Some(p), Some(q)) = (self.single(), other.single()) {
            // 1 − e^l, with all its digits where they are near.
            return Ok(Integral::closed((-log_affinity(p, q).exp_m1()).sqrt()));
        }
        // 1 − √(pq)/m of m = (p+q)/2, which is 1 − 1/cosh of half the difference of logarithms.
        let square = self.mean_of_both(other, draws, rng, |difference| {
            let t = (0.25 * difference).tanh();
            2.0 * t * t / (1.0 + t * t)
        })?;
        let value = square.value.sqrt();
        let error = if value > 0.0 {
            0.5 * square.error / value
        } else {
            0.0
        };
        Ok(Integral {
            value,
            error,
            ..square
        })
    }

    /// The Jensen–Shannon divergence ½KL(p‖m) + ½KL(q‖m) with m = (p+q)/2, in nats: from 0 (equal) to ln 2 (nowhere in the
    /// same place). Its root is a metric (Lin, *IEEE Trans. Inf. Theory* 37, 1991; Endres & Schindelin, *ibid.* 49, 2003).
    /// The mean of a bounded number over about `draws` draws, half of either mixture.
    ///
    /// A background counts as what it is a density on, its box.
    ///
    /// # Errors
    /// As [`kl_divergence`](Self::kl_divergence).
    pub fn jensen_shannon_divergence<R: Rng + ?Sized>(
        &self,
        other: &Self,
        draws: usize,
        rng: &mut R,
    ) -> Result<Integral, GmmError> {
        self.check_columns(other.n_features())?;
        // With a = p/(p+q), that row's share: a ln 2a + (1−a) ln 2(1−a).
        self.mean_of_both(other, draws, rng, |difference| {
            let least = -difference.abs();
            // The smaller of both shares is e^l/(1+e^l), the larger 1/(1+e^l).
            let small = least.exp() / (1.0 + least.exp());
            let log_sum = least.exp().ln_1p();
            let of_small = if small > 0.0 { small * least } else { 0.0 };
            (std::f64::consts::LN_2 + of_small - log_sum).max(0.0)
        })
    }

    /// The Cauchy–Schwarz divergence −ln(∫pq / √(∫p²∫q²)): at least 0, and 0 where the mixtures are equal (Kampa,
    /// Hasanbelliu & Principe, IJCNN 2011). By a formula.
    ///
    /// # Errors
    /// [`GmmError::SizeMismatch`] for mixtures of different numbers of columns; [`GmmError::InvalidParameter`] for a
    /// background, of which there is no formula.
    pub fn cauchy_schwarz_divergence(&self, other: &Self) -> Result<Integral, GmmError> {
        let [pp, pq, qq] = self.overlaps(other)?;
        Ok(Integral::closed((0.5 * (pp + qq) - pq).max(0.0)))
    }

    /// The L₂ distance √∫(p − q)² of the densities, in the root of their unit; 0 where they are equal, up to the root of
    /// rounding. By a formula, from ∫N(x|a,A)N(x|b,B)dx = N(a|b, A+B).
    ///
    /// # Errors
    /// As [`cauchy_schwarz_divergence`](Self::cauchy_schwarz_divergence).
    pub fn l2_distance(&self, other: &Self) -> Result<Integral, GmmError> {
        let [pp, pq, qq] = self.overlaps(other)?;
        // In shares of the largest, so that none overflows.
        let largest = pp.max(qq);
        let square = (pp - largest).exp() - 2.0 * (pq - largest).exp() + (qq - largest).exp();
        let value = (0.5 * largest).exp() * square.max(0.0).sqrt();
        Ok(Integral::closed(value))
    }

    /// ln ∫p², ln ∫pq and ln ∫q².
    fn overlaps(&self, other: &Self) -> Result<[f64; 3], GmmError> {
        self.check_columns(other.n_features())?;
        self.check_no_background()?;
        other.check_no_background()?;
        Ok([(self, self), (self, other), (other, other)].map(|(p, q)| log_overlap(p, q)))
    }

    /// The only Gaussian of the mixture, if it is one.
    fn single(&self) -> Option<&Gaussian> {
        match (self.components(), self.background()) {
            ([alone], None) => Some(alone),
            _ => None,
        }
    }

    /// ∫ m f(ln p − ln q) of m = (p+q)/2.
    fn mean_of_both<R: Rng + ?Sized>(
        &self,
        other: &Self,
        draws: usize,
        rng: &mut R,
        f: impl Fn(f64) -> f64,
    ) -> Result<Integral, GmmError> {
        let (p, q) = (Density::of(self), Density::of(other));
        mean_over(&[(0.5, &p), (0.5, &q)], [&p, &q], draws, rng, |[p, q]| {
            f(p - q)
        })
    }
}
