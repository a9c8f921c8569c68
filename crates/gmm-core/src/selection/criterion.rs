//! By which number fits are ranked.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::fitted::{Criteria, Fitted};

/// What models are chosen by; of each the smaller is the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Bayesian information criterion: which mixture describes the density.
    #[default]
    Bic,
    /// Akaike's information criterion: which predicts best. It asks for more components.
    Aic,
    /// Integrated completed likelihood: which is of components that are clusters too. It asks for fewer.
    Icl,
}

impl Criterion {
    /// Its value among those of a fit.
    pub const fn of(self, criteria: &Criteria) -> f64 {
        match self {
            Self::Bic => criteria.bic,
            Self::Aic => criteria.aic,
            Self::Icl => criteria.icl,
        }
    }

    /// The order in which fits are preferred: proper ones before others.
    pub(super) fn order(self, a: &Fitted, b: &Fitted) -> Ordering {
        let value = |fitted: &Fitted| self.of(&fitted.criteria());
        let are_proper = b.is_proper().cmp(&a.is_proper());
        are_proper.then_with(|| value(a).total_cmp(&value(b)))
    }
}
