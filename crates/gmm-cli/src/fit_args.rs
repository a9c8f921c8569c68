//! The flags of a fit.

use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::Args;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{CovarianceType, Gmm, GmmParams, Ridge};

/// Flags that every program with a fit has.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Fit")]
pub struct FitArgs {
    /// Number of components [default: 2]
    #[arg(short = 'k', long, value_name = "K", allow_negative_numbers = true, value_parser = parse_count,
          conflicts_with = "select")]
    pub components: Option<usize>,

    /// Choose the number of components from this range, both ends included, by BIC
    #[arg(long, value_name = "MIN..MAX")]
    pub select: Option<Span>,

    /// Covariances: full, tied, diag, spherical, tied-diag, tied-spherical, a family of mclust by its name (as VEV or
    /// EEE), mfa-2 or ppca-2 (factors) [default: full, unless the program
    /// says otherwise]
    #[arg(long, value_name = "TYPE")]
    pub covariance: Option<CovarianceType>,

    /// How it is found.
    #[command(flatten)]
    pub search: SearchArgs,
}

/// Flags of how a fit is found, of programs that ask for numbers of components and covariances in their own way.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Fit")]
pub struct SearchArgs {
    /// Variance added to every covariance, in squared units of what is fitted [default: 1e-6 of the variance of
    /// each column; of colours and spectra, 1e-6]
    #[arg(long, value_name = "VARIANCE", value_parser = parse_size, allow_negative_numbers = true)]
    pub ridge: Option<f64>,

    /// Seed of all random choices: the same seed gives the same answer
    #[arg(
        long,
        value_name = "N",
        default_value_t = 42,
        value_parser = parse_seed,
        allow_negative_numbers = true
    )]
    pub seed: u64,

    /// Complete fits from new starts, of which the best is kept
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_restarts, allow_negative_numbers = true)]
    pub restarts: usize,

    /// Stop when the mean log-likelihood is this near to its limit [default: 0.0001 for each free parameter divided by the
    /// rows, within 0.000001 and 0.0001]
    #[arg(long, value_name = "NATS", value_parser = parse_size, allow_negative_numbers = true)]
    pub tolerance: Option<f64>,

    /// Most EM iterations of a fit
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = parse_count, allow_negative_numbers = true)]
    pub max_iterations: usize,

    /// EM alone, without the accelerated steps (SQUAREM) between its own
    #[arg(long)]
    pub no_acceleration: bool,
}

impl FitArgs {
    /// The numbers of components to try; these, unless the command line has others.
    pub fn n_components(&self, usual: RangeInclusive<usize>) -> RangeInclusive<usize> {
        match (self.select, self.components) {
            (Some(Span { least, most }), _) => least..=most,
            (None, Some(k)) => k..=k,
            (None, None) => usual,
        }
    }

    /// The flag that says how many components there are.
    pub fn count_flag(&self) -> &'static str {
        match self.select {
            Some(_) => "--select",
            None => "--components",
        }
    }

    /// The estimator, with this ridge unless the command line has one. It is given the number of components later.
    pub fn params(&self, ridge: Ridge) -> GmmParams {
        let covariance_type = self.covariance.unwrap_or_default();
        self.search.params(ridge).covariance_type(covariance_type)
    }
}

impl SearchArgs {
    /// The estimator, with this ridge unless the command line has one. It is given components and covariances later.
    pub fn params(&self, ridge: Ridge) -> GmmParams {
        let ridge = self.ridge.map_or(ridge, Ridge::Absolute);
        let params = match self.tolerance {
            Some(tolerance) => Gmm::params(1).tolerance(tolerance),
            None => Gmm::params(1),
        };
        params
            .ridge(ridge)
            .n_runs(self.restarts)
            .max_n_iterations(self.max_iterations)
            .accelerate(!self.no_acceleration)
            .with_rng(Xoshiro256Plus::seed_from_u64(self.seed))
    }
}

/// Parses a whole number of at least 1, for a flag.
///
/// # Errors
/// What the number must be.
pub fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err(String::from("must be at least 1")),
        Ok(count) => Ok(count),
        Err(_) => Err(String::from("must be a whole number of at least 1")),
    }
}

/// Parses a seed, for a flag.
///
/// # Errors
/// What the number must be.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    let refused = |_| String::from("must be a whole number from 0 to 18446744073709551615");
    text.parse().map_err(refused)
}

fn parse_restarts(text: &str) -> Result<usize, String> {
    /// What the estimator takes.
    const MOST: usize = 1_000_000;
    match parse_count(text)? {
        n if n <= MOST => Ok(n),
        _ => Err(format!("must be at most {MOST}")),
    }
}

/// Parses a finite number of at least 0, for a flag.
///
/// # Errors
/// What the number must be.
pub fn parse_size(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(size) if size.is_finite() && size >= 0.0 => Ok(size),
        _ => Err(String::from("must be a finite number of at least 0")),
    }
}

/// Parses a share from 0 to 1, for a flag.
///
/// # Errors
/// What the number must be.
pub fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(String::from("must be a number from 0 to 1")),
    }
}

/// A range of counts with both ends, written `2..8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The smallest.
    pub least: usize,
    /// The largest.
    pub most: usize,
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "must be two whole numbers of at least 1, written like 2..8";
        let (least, most) = text.split_once("..").ok_or(SHAPE)?;
        let least = parse_count(least).map_err(|_| SHAPE)?;
        let most = parse_count(most.strip_prefix('=').unwrap_or(most)).map_err(|_| SHAPE)?;
        if least <= most {
            Ok(Self { least, most })
        } else {
            Err(format!("{least} is more than {most}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_both_ends() {
        assert_eq!("2..8".parse(), Ok(Span { least: 2, most: 8 }));
        assert_eq!("2..=8".parse(), Ok(Span { least: 2, most: 8 }));
        for wrong in [
            "2..==8", "2..3..4", "5..", "8..2", "0..3", "2", "..", "a..b", "-1..4",
        ] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
