//! Hidden Markov models: regimes that follow one another, each with its own density of rows.
//!
//! [`GaussianHmm`] is a value: a [`Chain`] of regimes, each of which emits from a [`Gmm`](crate::Gmm), one Gaussian or several.
//! [`HmmParams`] learns one from [`Sequences`]; a [`Filter`] follows a stream row by row.

mod answers;
mod course;
mod emit;
mod filter;
mod fitting;
mod gaussian;
mod guesses;
mod latent;
mod persist;
mod regimes;
mod sequences;
mod start;

pub use crate::chain::Chain;
pub use filter::Filter;
pub use fitting::{FittedHmm, HmmParams};
pub use gaussian::GaussianHmm;
pub use regimes::{Path, Posteriors};
pub use sequences::Sequences;

pub(crate) use answers::answers;
pub(crate) use course::{Course, check_size_of, course_setters, refused};
pub(crate) use filter::Online;
pub(crate) use gaussian::check_labels;
pub(crate) use latent::{Learnt, Visits};
pub(crate) use start::{Start, best_ends, best_run};

use std::ops::Range;

use rayon::prelude::*;

use crate::chain::{Counts, Layout, Posterior};
use crate::emission::Emission;
use crate::shares::Shares;

use emit::LaidOut;

/// A chain of regimes, and for each state of the chain a mixture of emissions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hmm<E> {
    chain: Chain,
    /// Shares of the emissions of each state.
    mixes: Vec<Shares>,
    /// The emissions of all states, one after the other.
    emissions: Vec<E>,
}

/// Posteriors of the states of all rows, and what they add up to.
#[derive(Debug)]
pub(crate) struct States {
    /// n × S.
    pub(crate) values: Vec<f64>,
    /// ln p of each sequence.
    pub(crate) log_likelihoods: Vec<f64>,
    /// Over all sequences.
    pub(crate) counts: Counts,
}

impl<E: Emission> Hmm<E> {
    /// There must be a mix for each state of the chain, and an emission for each share of each.
    pub(crate) fn new(chain: Chain, mixes: Vec<Shares>, emissions: Vec<E>) -> Self {
        debug_assert_eq!(mixes.len(), chain.n_states());
        Self {
            chain,
            mixes,
            emissions,
        }
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn mixes(&self) -> &[Shares] {
        &self.mixes
    }

    pub(crate) fn emissions(&self) -> &[E] {
        &self.emissions
    }

    /// The emissions of each state.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut end = 0;
        self.mixes.iter().map(move |mix| {
            let start = end;
            end += mix.values().len();
            start..end
        })
    }

    /// What is known of the states.
    pub(crate) fn posteriors(&self, which: Posterior, data: &Sequences<'_>) -> States {
        let n = self.chain.n_states();
        let layout = Layout::new(&self.chain);
        let mut values = vec![0.0; data.sample().n_rows() * n];
        let mut rest = values.as_mut_slice();
        let mut tasks = Vec::with_capacity(data.len());
        for range in data.ranges() {
            let (own, after) = rest.split_at_mut(range.len() * n);
            tasks.push((range, own, None));
            rest = after;
        }
        if layout.may_scale(which) {
            let evidence = LaidOut::evidence(self, data.sample());
            tasks.par_iter_mut().for_each(|(range, own, found)| {
                let evidence = &evidence[range.start * (n + 1)..range.end * (n + 1)];
                *found = layout.scaled(which, evidence, own);
            });
        }
        if tasks.iter().any(|(_, _, found)| found.is_none()) {
            let log_densities = LaidOut::log_densities(self, data.sample());
            let lost = tasks.par_iter_mut().filter(|(_, _, found)| found.is_none());
            lost.for_each(|(range, own, found)| {
                let log_densities = &log_densities[range.start * n..range.end * n];
                *found = Some(layout.in_logs(which, log_densities, own));
            });
        }
        let mut counts = Counts::new(self.chain.n_regimes());
        let mut log_likelihoods = Vec::with_capacity(data.len());
        for smoothed in tasks.into_iter().filter_map(|(_, _, found)| found) {
            log_likelihoods.push(smoothed.log_likelihood);
            counts.merge(&smoothed.counts);
        }
        States {
            values,
            log_likelihoods,
            counts,
        }
    }

    /// The most probable states of each sequence, one after the other, with the logarithms of their joint
    /// probabilities with the rows.
    pub(crate) fn most_probable(&self, data: &Sequences<'_>) -> (Vec<usize>, Vec<f64>) {
        let n = self.chain.n_states();
        let layout = Layout::new(&self.chain);
        let log_densities = LaidOut::log_densities(self, data.sample());
        let ranges: Vec<_> = data.ranges().collect();
        let path = |range: &Range<usize>| {
            layout.most_probable(&log_densities[range.start * n..range.end * n])
        };
        let paths: Vec<_> = ranges.par_iter().map(path).collect();
        let logs = paths.iter().map(|(_, log)| *log).collect();
        (paths.into_iter().flat_map(|(path, _)| path).collect(), logs)
    }
}
