//! The two steps of EM.

use super::emit::LaidOut;
use super::{Hmm, Sequences};
use crate::chain::{Chain, ChainPrior, Counts, Kind, Posterior};
use crate::emission::{Emission, Estimate, Expectation, Height, Latent, Statistics};
use crate::error::Collapse;
use crate::shares::Shares;
use crate::squarem::Coordinates;

/// ln of a probability of 0, as a coordinate, and of what is one again.
const LEAST_LOG: f64 = -700.0;
const NONE_BELOW: f64 = -690.0;

/// What a fit is to: sequences, and what is believed of their chain. A prior is pseudo-data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Learnt<'a> {
    pub(crate) sequences: &'a Sequences<'a>,
    pub(crate) prior: &'a ChainPrior,
}

/// What an E-step sums up.
#[derive(Debug, Clone)]
pub(crate) struct Visits<S> {
    /// The statistics of each emission.
    pub(crate) emissions: Vec<S>,
    /// The steps of the chain.
    pub(crate) counts: Counts,
    /// What is believed of it.
    pub(crate) prior: ChainPrior,
    /// What it is.
    pub(crate) kind: Kind,
    /// The number of emissions of each state.
    pub(crate) sizes: Vec<usize>,
}

impl<E: Emission> Hmm<E> {
    fn height_at(
        &self,
        log_likelihoods: &[f64],
        data: Learnt<'_>,
        belief: &impl Estimate<E>,
    ) -> Height {
        let weight = data.sequences.sample().total_weight();
        let log_likelihood: f64 = log_likelihoods.iter().sum();
        let shares = self.mixes.iter().flat_map(|mix| mix.values()).copied();
        let of_emissions = belief.log_prior(&Shares::of_whole(shares.collect()), &self.emissions);
        let log_prior = of_emissions + data.prior.log_density(&self.chain);
        Height {
            mean_log_likelihood: log_likelihood / weight,
            objective: (log_likelihood + log_prior) / weight,
            entropy: 0.0,
        }
    }

    /// Shares of each state's emissions from their counts; those of `now` where there are none.
    fn mixes_of(
        sizes: &[usize],
        counts: &[f64],
        belief: &impl Estimate<E>,
        now: Option<&Self>,
    ) -> Vec<Shares> {
        let mut start = 0;
        let mix = |(state, &size): (usize, &usize)| {
            let counts = &counts[start..start + size];
            start += size;
            if size == 1 {
                return Shares::of_whole(vec![1.0]);
            }
            let is_visited = counts.iter().sum::<f64>() > 0.0;
            match now {
                Some(now) if !is_visited => now.mixes[state].clone(),
                _ if is_visited => belief.shares(counts),
                _ => Shares::of_counts(&vec![1.0; size]),
            }
        };
        sizes.iter().enumerate().map(mix).collect()
    }
}

impl<E: Emission> Latent for Hmm<E> {
    type Emission = E;
    type Data<'a> = Learnt<'a>;
    type Stats = Visits<E::Stats>;

    fn is_shared(data: Learnt<'_>) -> bool {
        data.sequences.sample().is_shared()
    }

    /// γ and ξ of Rabiner 1989, (27) and (37), and with mixtures (54).
    fn expect(&self, data: Learnt<'_>, belief: &impl Estimate<E>) -> Expectation<Self::Stats> {
        let states = self.posteriors(Posterior::Smoothed, data.sequences);
        let emissions = LaidOut::statistics(
            self,
            data.sequences.sample(),
            &states.values,
            belief.wanted(),
        );
        Expectation {
            stats: Visits {
                emissions,
                counts: states.counts,
                prior: *data.prior,
                kind: self.chain.kind(),
                sizes: self.mixes.iter().map(|mix| mix.values().len()).collect(),
            },
            height: self.height_at(&states.log_likelihoods, data, belief),
        }
    }

    fn height(&self, data: Learnt<'_>, belief: &impl Estimate<E>) -> Height {
        let states = self.posteriors(Posterior::Filtered, data.sequences);
        self.height_at(&states.log_likelihoods, data, belief)
    }

    /// Logarithms of transitions, of the mixes, and the emissions'; how sequences begin is left to EM.
    fn coordinates(&self) -> Coordinates {
        let mut coordinates = Coordinates::default();
        let regimes = self.chain.stationary();
        let mut push = |share: f64, shares: &Shares| {
            for (log, value) in shares.logs().iter().zip(shares.values()) {
                coordinates.push(log.max(LEAST_LOG), share * value);
            }
        };
        for (row, share) in self.chain.rows().iter().zip(&regimes) {
            push(*share, row);
        }
        let k = self.chain.n_regimes();
        let per_state = k as f64 / self.mixes.len() as f64;
        for (s, mix) in self.mixes.iter().enumerate() {
            push(regimes[s % k] * per_state, mix);
        }
        for (s, (range, mix)) in self.ranges().zip(&self.mixes).enumerate() {
            for (emission, share) in self.emissions[range].iter().zip(mix.values()) {
                emission.coordinates(regimes[s % k] * per_state * share, &mut coordinates);
            }
        }
        coordinates
    }

    fn at(&self, values: &[f64], belief: &impl Estimate<E>) -> Option<Self> {
        let mut rest = values.iter();
        let mut shares = |n: usize| {
            let logs: Vec<f64> = rest.by_ref().take(n).copied().collect();
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let value = |l: &f64| {
                if *l > NONE_BELOW {
                    (l - largest).exp()
                } else {
                    0.0
                }
            };
            let values: Vec<f64> = logs.iter().map(value).collect();
            let is_valid = values.iter().all(|v| v.is_finite()) && values.iter().sum::<f64>() > 0.0;
            is_valid.then(|| Shares::of_counts(&values))
        };
        let k = self.chain.n_regimes();
        let rows: Vec<Shares> = (0..k).map(|_| shares(k)).collect::<Option<_>>()?;
        let mixes: Vec<Shares> = self
            .mixes
            .iter()
            .map(|mix| shares(mix.values().len()))
            .collect::<Option<_>>()?;
        let moved: Vec<E> = self
            .emissions
            .iter()
            .map(|e| e.at(&mut rest))
            .collect::<Option<_>>()?;
        let initial = (!self.chain.is_stationary()).then(|| self.chain.initial_shares().clone());
        let chain = Chain::of(initial, rows, self.chain.kind());
        let regimes = chain.stationary();
        let of_all: Vec<f64> = mixes
            .iter()
            .enumerate()
            .flat_map(|(s, mix)| mix.values().iter().map(move |share| (s, share)))
            .map(|(s, share)| share * regimes[s % k])
            .collect();
        let (_, emissions) = belief.admitted(&of_all, moved)?;
        Some(Self::new(chain, mixes, emissions))
    }

    fn maximize(
        visits: &Self::Stats,
        belief: &impl Estimate<E>,
        now: Option<&Self>,
    ) -> Result<Self, Collapse> {
        let counts: Vec<f64> = visits.emissions.iter().map(Statistics::weight).collect();
        let emissions = belief.emissions(&visits.emissions, now.map(Self::emissions))?;
        let mixes = Self::mixes_of(&visits.sizes, &counts, belief, now);
        let chain = visits
            .counts
            .chain(&visits.prior, visits.kind, now.map(Self::chain));
        Ok(Self::new(chain, mixes, emissions))
    }
}
