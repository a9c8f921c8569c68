//! What a fit returns beside its model, and what it tells on the way.

use serde::{Deserialize, Serialize};

use crate::em::Outcome;
use crate::gmm::{self, Gmm};

/// How far a fit is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The run, from 0.
    pub run: usize,
    /// Runs there will be.
    pub n_runs: usize,
    /// M-steps done in this run.
    pub iteration: usize,
    /// Mean log-likelihood now, in nats.
    pub objective: f64,
}

/// Something about a fit that its user should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Note {
    /// All values of a column are equal.
    #[error("column {column} is constant; its variance is the ridge alone")]
    ConstantColumn {
        /// The column.
        column: usize,
    },
    /// A component has lost all its rows; its weight is (nearly) 0.
    #[error("component {component} is empty")]
    EmptyComponent {
        /// The component.
        component: usize,
    },
    /// A component rests on so few rows that its covariance says more of the ridge than of the data.
    #[error("component {component} rests on {weight:.1} rows only")]
    ThinComponent {
        /// The component.
        component: usize,
        /// Its expected number of rows.
        weight: f64,
    },
    /// A covariance became singular; the model is the last one before that.
    #[error("component {component} collapsed onto a point; the fit was stopped before")]
    Collapsed {
        /// The component.
        component: usize,
    },
}

/// A fitted mixture, and how it was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fitted {
    /// The mixture.
    pub model: Gmm,
    /// Mean log-likelihood before each iteration, then that of `model`, in nats per unit of weight.
    pub objective: Vec<f64>,
    /// How the best run ended.
    pub outcome: Outcome,
    /// Σ of the row weights.
    pub total_weight: f64,
    /// What is unusual about data or model; empty for most.
    pub notes: Vec<Note>,
}

impl Fitted {
    /// M-steps of the best run.
    pub fn n_iterations(&self) -> usize {
        self.objective.len() - 1
    }

    /// Mean log-likelihood of the model on the data of the fit, in nats per unit of weight.
    pub fn mean_log_likelihood(&self) -> f64 {
        self.objective[self.objective.len() - 1]
    }

    /// Log-likelihood of the model on the data of the fit, in nats.
    pub fn log_likelihood(&self) -> f64 {
        self.mean_log_likelihood() * self.total_weight
    }

    /// Bayesian information criterion on the data of the fit; the smaller the better.
    pub fn bic(&self) -> f64 {
        gmm::bic(
            self.log_likelihood(),
            self.model.n_parameters(),
            self.total_weight,
        )
    }

    /// Akaike's information criterion on the data of the fit; the smaller the better.
    pub fn aic(&self) -> f64 {
        gmm::aic(self.log_likelihood(), self.model.n_parameters())
    }
}
