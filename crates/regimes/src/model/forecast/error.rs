//! Why there is no forecast.

use gmm_core::GmmError;

/// Why there is no forecast.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// There is nothing to learn from.
    #[error("there are no values to learn from")]
    Empty,
    /// There are too few steps for any of the models.
    #[error(
        "{n_steps} steps are too few to learn from, of which the last half is forecast as a check: no model finds enough \
         complete rows of lags and value"
    )]
    TooShort {
        /// Steps to learn from.
        n_steps: usize,
    },
    /// A column does not vary where it is learnt from.
    #[error(
        "all values of {column} that are learnt from are {value}: there is nothing to forecast"
    )]
    Constant {
        /// Name of the column.
        column: String,
        /// Its value.
        value: f64,
    },
    /// A column does not vary over the first half of what is learnt from, which is to forecast the other.
    #[error(
        "all values of {column} until {until} are {value}: what varies later cannot be checked with them; begin where it \
         varies"
    )]
    ConstantStart {
        /// Name of the column.
        column: String,
        /// Its value.
        value: f64,
        /// The last time of the half.
        until: String,
    },
    /// A value is infinite.
    #[error("{column} is {value} at {time}")]
    Infinite {
        /// Name of the column.
        column: String,
        /// When, as it is written.
        time: String,
        /// The value.
        value: f64,
    },
    /// The variance of a column overflows.
    #[error("the values of {column} are too large: their variance overflows")]
    TooLarge {
        /// Name of the column.
        column: String,
    },
    /// A column has no value where it is learnt from.
    #[error("{column} has no values where it is learnt from")]
    NoValues {
        /// Name of the column.
        column: String,
    },
    /// A scale does not have a value.
    #[error("{column} is {value} at {time}, which the scale does not have")]
    OffScale {
        /// Name of the column.
        column: String,
        /// When, as it is written.
        time: String,
        /// The value.
        value: f64,
    },
    /// No model can answer, since its lags are missing.
    #[error("the last values are missing, and regimes cannot do without them; mixtures can")]
    Unanswered,
    /// All fits fail.
    #[error("none of {n} models can be fitted: {first}")]
    AllFail {
        /// How many were tried.
        n: usize,
        /// Why the first fails.
        first: GmmError,
    },
    /// Something about a fit or a score.
    #[error(transparent)]
    Gmm(#[from] GmmError),
}
