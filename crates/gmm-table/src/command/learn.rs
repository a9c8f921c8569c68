//! A model of a table: the flags that fit, select and plot share.

use std::ops::RangeInclusive;
use std::str::FromStr;

use gmm_cli::clap::{self, Args};
use gmm_cli::{SearchArgs, Span, parse_count, parse_share};
use gmm_core::selection::Criterion;
use gmm_core::{CovarianceType, GmmError, GmmParams, Prior, Ridge};

use super::input::Reading;

/// The flags of all that learns from a table.
#[derive(Debug, Clone, Args)]
pub(super) struct Learning {
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) family: Family,
    #[command(flatten)]
    pub(super) search: SearchArgs,
}

/// Columns of a table, and how much each row counts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Table")]
pub(super) struct Chosen {
    /// Columns to use, by name or number, separated by commas [default: all that hold numbers]
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) columns: Vec<String>,

    /// Column of weights: how often each row counts
    #[arg(long, value_name = "NAME")]
    pub(super) weights: Option<String>,

    /// Leave out rows that lack a value, instead of using what they have
    #[arg(long)]
    pub(super) complete_rows: bool,
}

/// Which mixtures are tried, and what they are like.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Model")]
pub(super) struct Family {
    /// Number of components [default: the best of --select]
    #[arg(short = 'k', long, value_name = "K", allow_negative_numbers = true, value_parser = parse_count,
          conflicts_with = "select")]
    components: Option<usize>,

    /// Numbers of components to choose from, both ends included [default: 1..9]
    #[arg(long, value_name = "MIN..MAX")]
    select: Option<Span>,

    /// Covariances: full, tied, diag, spherical, tied-diag, tied-spherical, a family of mclust by its name (as VEV),
    /// mfa-2 or ppca-2 (factors); several, separated by commas, to choose from; all for mclust's fourteen
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    covariance: Vec<Types>,

    /// What the best is chosen by: bic, aic or icl
    #[arg(long, value_name = "CRITERION", default_value = "bic", value_parser = criterion)]
    pub(super) criterion: Criterion,

    /// A conjugate prior: components that describe few rows stay proper
    #[arg(long)]
    prior: bool,

    /// A uniform background beside the components, for rows that belong to none
    #[arg(long)]
    background: bool,

    /// Share of the rows to leave out as outliers, those least likely under the model
    #[arg(long, value_name = "SHARE", value_parser = parse_share, allow_negative_numbers = true, default_value_t = 0.0)]
    trim: f64,
}

/// One type, or all families.
#[derive(Debug, Clone)]
enum Types {
    One(CovarianceType),
    All,
}

impl FromStr for Types {
    type Err = GmmError;

    fn from_str(text: &str) -> Result<Self, GmmError> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::One),
        }
    }
}

fn criterion(text: &str) -> Result<Criterion, String> {
    match text {
        "bic" => Ok(Criterion::Bic),
        "aic" => Ok(Criterion::Aic),
        "icl" => Ok(Criterion::Icl),
        _ => Err(String::from("must be bic, aic or icl")),
    }
}

/// What a criterion is called.
pub(super) fn name_of(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Aic => "AIC",
        Criterion::Icl => "ICL",
        _ => "BIC",
    }
}

impl Family {
    /// Numbers of components that are tried.
    pub(super) fn counts(&self, usual: RangeInclusive<usize>) -> RangeInclusive<usize> {
        match (self.components, self.select) {
            (Some(k), _) => k..=k,
            (None, Some(Span { least, most })) => least..=most,
            (None, None) => usual,
        }
    }

    /// Types of covariances that are tried.
    pub(super) fn types(&self, usual: &[CovarianceType]) -> Vec<CovarianceType> {
        let mut types = Vec::new();
        for asked in &self.covariance {
            let these = match asked {
                Types::One(of) => std::slice::from_ref(of),
                Types::All => &CovarianceType::FAMILIES,
            };
            types.extend(these);
        }
        let mut known = Vec::new();
        types.retain(|of| {
            !known.contains(of) && {
                known.push(*of);
                true
            }
        });
        if types.is_empty() {
            usual.to_vec()
        } else {
            types
        }
    }
}

impl Learning {
    /// The estimator, to be given components and covariances.
    pub(super) fn params(&self) -> GmmParams {
        let Family {
            prior,
            background,
            trim,
            ..
        } = &self.family;
        let params = self.search.params(Ridge::Relative(1e-6));
        let params = params.background(*background).trimming(*trim);
        match prior {
            true => params.prior(Prior::default()),
            false => params,
        }
    }
}
