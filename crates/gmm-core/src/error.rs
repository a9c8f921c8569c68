//! Every refusal of the crate, with the place it is about.

/// What a fit, a model or a model file can refuse, and where.
///
/// Rows, columns and components are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GmmError {
    /// There is no row of positive weight.
    #[error("the data has no rows of positive weight")]
    NoRows,
    /// The rows have no columns.
    #[error("the data has no columns")]
    NoColumns,
    /// A value is NaN or infinite.
    #[error("row {row}, column {column} is {value}, which is not a finite number")]
    NonFinite {
        /// Row of the value.
        row: usize,
        /// Column of the value.
        column: usize,
        /// The value itself.
        value: f64,
    },
    /// The values of a column are so large that their variance is not a number.
    #[error("the variance of column {column} overflows; rescale it below about 1e150")]
    Overflow {
        /// Column that overflows.
        column: usize,
    },
    /// A row's weight is negative, NaN or infinite.
    #[error("the weight of row {row} is {weight}, which is not a finite number of at least 0")]
    InvalidWeight {
        /// Row of the weight.
        row: usize,
        /// The weight itself.
        weight: f64,
    },
    /// No row has a value in a column.
    #[error("column {column} has no value in any row")]
    MissingColumn {
        /// The column.
        column: usize,
    },
    /// The noise of a row is no covariance.
    #[error("the noise of row {row} is not positive semi-definite (at column {column})")]
    InvalidNoise {
        /// The row.
        row: usize,
        /// The first column that shows it.
        column: usize,
    },
    /// The scale matrix of a prior is not symmetric and positive definite.
    #[error("the scale of the prior is not symmetric and positive definite (at column {column})")]
    InvalidPrior {
        /// The first column that shows it.
        column: usize,
    },
    /// A row is labelled with a component that there is not.
    #[error("row {row} is labelled {label}, but there are {n_components} components")]
    InvalidLabel {
        /// The row.
        row: usize,
        /// Its label.
        label: usize,
        /// Components asked for.
        n_components: usize,
    },
    /// There are fewer rows of positive weight than components.
    #[error("{n_rows} rows of positive weight cannot carry {n_components} components")]
    TooFewRows {
        /// Rows of positive weight.
        n_rows: usize,
        /// Components asked for.
        n_components: usize,
    },
    /// There are not more complete rows than parameters.
    #[error("{n_rows} complete rows do not determine {n_parameters} parameters")]
    TooFewRowsFor {
        /// Rows that were seen whole.
        n_rows: usize,
        /// Free parameters.
        n_parameters: usize,
    },
    /// Two sizes that must agree do not.
    #[error("{what}: expected {expected}, found {found}")]
    SizeMismatch {
        /// What was counted.
        what: &'static str,
        /// The size it must have.
        expected: usize,
        /// The size it has.
        found: usize,
    },
    /// A parameter of the estimator lies outside its range.
    #[error("{name} is {value}, but must be {allowed}")]
    InvalidParameter {
        /// Name of the parameter.
        name: &'static str,
        /// Its value.
        value: String,
        /// The values it may have.
        allowed: &'static str,
    },
    /// A mixture weight is negative or not a number.
    #[error("the weight of component {component} is {weight}, but must lie in [0, 1]")]
    InvalidShare {
        /// Component of the weight.
        component: usize,
        /// The weight itself.
        weight: f64,
    },
    /// The mixture weights do not sum to one.
    #[error("the mixture weights sum to {sum}, not to 1")]
    WeightsNotNormalized {
        /// Their sum.
        sum: f64,
    },
    /// A mean is NaN or infinite.
    #[error("column {column} of the mean of component {component} is not a finite number")]
    NonFiniteMean {
        /// Component of the mean.
        component: usize,
        /// Column of the mean.
        column: usize,
    },
    /// A covariance matrix differs from its transpose.
    #[error(
        "the covariance of component {component} is not symmetric at row {row}, column {column}"
    )]
    NotSymmetric {
        /// Component of the matrix.
        component: usize,
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
    },
    /// A covariance is not positive definite to working precision.
    #[error(
        "the covariance of component {component} is not positive definite (at column {column}); \
         a larger ridge keeps it away from that"
    )]
    NotPositiveDefinite {
        /// Component of the matrix.
        component: usize,
        /// Column at which the factorisation stopped.
        column: usize,
    },
    /// Covariances do not share what their family asks for.
    #[error(
        "the covariance of component {component} does not share with the others what {family} asks for"
    )]
    OutsideFamily {
        /// First component whose matrix an M-step of the family would not find again.
        component: usize,
        /// Name of the family.
        family: String,
    },
    /// The rows do not determine a parameter, or the model is not at a maximum of their likelihood, so that there are
    /// no standard errors.
    #[error(
        "the information on {parameter} is singular: the rows do not determine it beside the others, \
         or the model is not their best fit"
    )]
    SingularInformation {
        /// Which one, in words.
        parameter: String,
    },
    /// What is wrong with the rows or the model of one class.
    #[error("class '{class}': {error}")]
    InClass {
        /// Name of the class.
        class: String,
        /// What is wrong with it.
        error: Box<GmmError>,
    },
    /// What is wrong with the probabilities of the steps from one regime.
    #[error("transitions from regime {row}: {error}")]
    InTransitions {
        /// The regime.
        row: usize,
        /// What is wrong, as of the weights of a mixture.
        error: Box<GmmError>,
    },
    /// The rows of a class determine no covariance of a type.
    #[error(
        "its rows do not determine a covariance of type {covariance_type}: {why}; a type of fewer parameters, an \
         absolute ridge or a prior may do"
    )]
    Undetermined {
        /// Name of the type.
        covariance_type: String,
        /// What they lack.
        why: String,
    },
    /// No replicate of a bootstrap could be fitted, or none was proper.
    #[error("none of {n_replicates} replicates has a proper fit")]
    NoReplicates {
        /// Replicates that were drawn.
        n_replicates: usize,
    },
    /// A model file is not one, or is damaged.
    #[error("not a readable model: {0}")]
    ModelFormat(String),
    /// A model file was written by a newer version.
    #[error("the model has format version {found}; this program reads versions up to {supported}")]
    ModelVersion {
        /// Version in the file.
        found: u64,
        /// Newest version this crate reads.
        supported: u64,
    },
    /// linfa refused before the fit began.
    #[error("linfa: {0}")]
    Linfa(String),
}

impl GmmError {
    /// The same, of one class.
    pub(crate) fn in_class(self, class: &str) -> Self {
        Self::InClass {
            class: class.to_owned(),
            error: Box::new(self),
        }
    }

    /// That two sizes which must agree do.
    pub(crate) fn check_size(
        what: &'static str,
        expected: usize,
        found: usize,
    ) -> Result<(), Self> {
        if expected == found {
            Ok(())
        } else {
            Err(Self::SizeMismatch {
                what,
                expected,
                found,
            })
        }
    }
}

/// A component whose statistics determine no density: the only way an M-step can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Collapse {
    /// The component.
    pub(crate) component: usize,
    /// Column at which its covariance was found not to be positive definite.
    pub(crate) column: usize,
}

impl From<Collapse> for GmmError {
    fn from(Collapse { component, column }: Collapse) -> Self {
        Self::NotPositiveDefinite { component, column }
    }
}

impl From<linfa::Error> for GmmError {
    fn from(error: linfa::Error) -> Self {
        Self::Linfa(error.to_string())
    }
}
