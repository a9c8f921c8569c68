//! What a fit returns beside its model, and what it tells on the way.

use serde::{Deserialize, Serialize};

use crate::covariance::CovarianceType;
use crate::em::Outcome;
use crate::error::GmmError;
use crate::gmm::{self, Gmm};

/// How far a fit is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A run looks for its start.
    Starting {
        /// The run, from 0.
        run: usize,
        /// Runs there will be.
        n_runs: usize,
    },
    /// A run climbs.
    Climbing {
        /// The run, from 0.
        run: usize,
        /// Runs there will be.
        n_runs: usize,
        /// M-steps done in this run.
        iteration: usize,
        /// Mean log-likelihood now, in nats.
        objective: f64,
    },
    /// A run has ended.
    Finished {
        /// The run, from 0.
        run: usize,
        /// Runs there will be.
        n_runs: usize,
    },
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
    /// Nothing was seen of some rows; they changed nothing.
    #[error("{count} rows have no value at all, the first is row {first}")]
    UnseenRows {
        /// The first of them.
        first: usize,
        /// How many there are.
        count: usize,
    },
    /// Components that described no data were given up, and others divided in their place.
    #[error("{count} components that described no data were started anew")]
    Reseeded {
        /// How many.
        count: usize,
    },
    /// Components that described no data were taken out of the mixture.
    #[error("{count} components that described no data were removed")]
    Removed {
        /// How many.
        count: usize,
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
    /// A component is as narrow as the ridge where others are not: it sits on tied values, and its share of
    /// the likelihood says more of the ridge than of the data.
    #[error("component {component} is a spike on tied values of column {column}")]
    Spike {
        /// The component.
        component: usize,
        /// The first column in which it has no spread of its own.
        column: usize,
    },
    /// A covariance became singular; the model is the last one before that.
    #[error("component {component} collapsed onto a point; the fit was stopped before")]
    Collapsed {
        /// The component.
        component: usize,
    },
}

impl Note {
    /// The component that the note is about, if it is about one.
    pub fn component(&self) -> Option<usize> {
        match self {
            Self::ConstantColumn { .. }
            | Self::UnseenRows { .. }
            | Self::Reseeded { .. }
            | Self::Removed { .. } => None,
            Self::EmptyComponent { component }
            | Self::ThinComponent { component, .. }
            | Self::Spike { component, .. }
            | Self::Collapsed { component } => Some(*component),
        }
    }

    /// The same note about another component, where it is about one.
    fn renamed(mut self, name: impl Fn(usize) -> usize) -> Self {
        match &mut self {
            Self::ConstantColumn { .. }
            | Self::UnseenRows { .. }
            | Self::Reseeded { .. }
            | Self::Removed { .. } => {}
            Self::EmptyComponent { component }
            | Self::ThinComponent { component, .. }
            | Self::Spike { component, .. }
            | Self::Collapsed { component } => *component = name(*component),
        }
        self
    }
}

/// How well a mixture of so many components fits, in the numbers that models are chosen by; of the criteria the
/// smaller is the better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Criteria {
    /// K.
    pub n_components: usize,
    /// Mean log-likelihood, in nats per unit of weight.
    pub mean_log_likelihood: f64,
    /// Bayesian information criterion.
    pub bic: f64,
    /// Akaike's information criterion.
    pub aic: f64,
    /// Integrated completed likelihood, BIC + 2 Σₙ wₙHₙ: it asks for components that are clusters too.
    pub icl: f64,
}

/// A fitted mixture, and how it was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fitted {
    /// The mixture.
    pub model: Gmm,
    /// What the fit climbs, before each iteration and then of `model`: the mean log-likelihood, with a prior the mean
    /// log posterior density up to a constant, in nats per unit of weight.
    pub objective: Vec<f64>,
    /// Mean log-likelihood of `model`.
    pub(crate) mean_log_likelihood: f64,
    /// Parameters of `model` that were not free.
    pub(crate) n_frozen: usize,
    /// Σₙ wₙHₙ, the entropies of the posteriors of the rows that were not trimmed.
    pub(crate) entropy: f64,
    /// How the best run ended.
    pub outcome: Outcome,
    /// Σ of the weights of the rows that were not trimmed, as [`Sample`](crate::Sample) counts them: the n of BIC.
    pub total_weight: f64,
    /// How near to its limit the objective had to come, in nats per unit of weight: as asked for, or as
    /// [`GmmParams::tolerance`](crate::GmmParams::tolerance) says.
    pub tolerance: f64,
    /// What is unusual about data or model; empty for most.
    pub notes: Vec<Note>,
}

impl Fitted {
    /// Whether every component describes the data: none is empty, too thin, a spike or collapsed.
    ///
    /// The likelihood of a mixture has no upper bound, and improper fits are where it is largest; ranking by
    /// likelihood or BIC means something among proper fits only (Biernacki & Chrétien, *Statist. Probab.
    /// Lett.* 61, 2003).
    pub fn is_proper(&self) -> bool {
        self.notes.iter().all(|note| note.component().is_none())
    }

    /// The same fit under the name of another type, of which its covariances are too.
    pub(crate) fn renamed_to(self, covariance_type: CovarianceType) -> Self {
        Self {
            model: self.model.renamed_to(covariance_type),
            ..self
        }
    }

    /// The same fit with its components in another order: component i of the result is component `order[i]`
    /// of this one.
    ///
    /// # Errors
    /// As [`Gmm::reordered`].
    pub fn reordered(self, order: &[usize]) -> Result<Self, GmmError> {
        let model = self.model.reordered(order)?;
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(i, &c)| place[c] = i);
        let outcome = match self.outcome {
            Outcome::Collapsed { component } => Outcome::Collapsed {
                component: place[component],
            },
            outcome => outcome,
        };
        let notes = self
            .notes
            .into_iter()
            .map(|note| note.renamed(|c| place[c]))
            .collect();
        Ok(Self {
            model,
            outcome,
            notes,
            ..self
        })
    }

    /// M-steps of the best run.
    pub fn n_iterations(&self) -> usize {
        self.objective.len() - 1
    }

    /// Mean log-likelihood of the model on the data of the fit, in nats per unit of weight.
    pub fn mean_log_likelihood(&self) -> f64 {
        self.mean_log_likelihood
    }

    /// Log-likelihood of the model on the data of the fit, in nats.
    pub fn log_likelihood(&self) -> f64 {
        self.mean_log_likelihood * self.total_weight
    }

    /// The criteria on the data of the fit.
    pub fn criteria(&self) -> Criteria {
        Criteria {
            n_components: self.model.n_components(),
            mean_log_likelihood: self.mean_log_likelihood,
            bic: self.bic(),
            aic: self.aic(),
            icl: self.icl(),
        }
    }

    /// Parameters that were free: those of the model but for frozen ones.
    pub fn n_parameters(&self) -> usize {
        self.model.n_parameters() - self.n_frozen
    }

    /// Bayesian information criterion on the data of the fit; the smaller the better.
    pub fn bic(&self) -> f64 {
        gmm::bic(
            self.log_likelihood(),
            self.n_parameters(),
            self.total_weight,
        )
    }

    /// Akaike's information criterion on the data of the fit; the smaller the better.
    pub fn aic(&self) -> f64 {
        gmm::aic(self.log_likelihood(), self.n_parameters())
    }

    /// Integrated completed likelihood in its BIC form, BIC + 2 Σₙ wₙHₙ, on the data of the fit; the smaller the
    /// better. [`Gmm::icl`] says more. What is known of the components of rows is certain, and what was not seen of
    /// rows makes theirs less so.
    pub fn icl(&self) -> f64 {
        self.bic() + 2.0 * self.entropy
    }

    /// Mean entropy of the posteriors of the rows of the fit, in nats: 0 where every row is sure of its component,
    /// ln K where none knows.
    pub fn mean_entropy(&self) -> f64 {
        self.entropy / self.total_weight
    }
}
