//! What may explain a series, compared by BIC.

use gmm_core::hmm::{FittedHmm, Sequences};
use gmm_core::ndarray::ArrayView2;
use gmm_core::switching::{Switches, SwitchingParams, SwitchingRegression};
use gmm_core::{GmmError, Note, Sample};

use super::DetectOptions;
use super::waves::{peaks, refined, residuals};
use crate::features::Design;

/// Something that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// K.
    pub n_regimes: usize,
    /// Lags.
    pub n_lags: usize,
    /// Waves.
    pub n_waves: usize,
    /// ln p of the steps that all candidates explain.
    pub log_likelihood: f64,
    /// Free parameters, the frequencies of the waves among them.
    pub n_parameters: usize,
    /// −2 ln L + p ln n; the smaller the better.
    pub bic: f64,
    /// Whether every regime describes enough steps to be one, and lasts for some at a time.
    pub is_sound: bool,
}

/// Steps that a visit of a regime is expected to last: what comes and goes faster is noise, of which heavy tails, too, are
/// made of two kinds of values.
const LEAST_DURATION: f64 = 2.0;

/// A design with a model of it.
#[derive(Debug, Clone)]
pub(in crate::model) struct Explained {
    pub(in crate::model) design: Design,
    pub(in crate::model) model: SwitchingRegression,
    fitted: Explanation,
}

/// The estimator of K regimes of a series of so many columns.
pub(super) fn params(
    n_regimes: usize,
    n_columns: usize,
    options: &DetectOptions,
) -> SwitchingParams {
    SwitchingRegression::params(n_regimes)
        .n_targets(n_columns)
        .switches(options.switches)
        .own_variances(options.has_own_variances)
        .stickiness(options.stickiness)
        .tolerance(1e-8)
        .n_starts(options.n_starts)
        .seed(options.seed)
}

/// A series being explained from one step on.
struct Search<'a> {
    values: ArrayView2<'a, f64>,
    first: usize,
    options: &'a DetectOptions,
}

/// Everything that was tried, and the best of it: of the sound ones that of least BIC.
pub(in crate::model) fn chosen<'a>(
    values: ArrayView2<'a, f64>,
    options: &'a DetectOptions,
    observe: &dyn Fn(usize, usize),
) -> Result<(Vec<Explanation>, Explained), GmmError> {
    check(options)?;
    let search = Search {
        values,
        first: *options.n_lags.end(),
        options,
    };
    let of = options.n_lags.clone().count() * options.n_regimes.clone().count();
    let (mut candidates, mut best, mut refused) = (Vec::new(), None::<Explained>, None);
    let mut done = 0;
    for n_lags in options.n_lags.clone() {
        let mut least = f64::INFINITY;
        for n_regimes in options.n_regimes.clone() {
            let explained = match search.with_waves(n_regimes, n_lags) {
                Ok(explained) => explained,
                Err(error) => {
                    refused = refused.or(Some(error));
                    break;
                }
            };
            done += 1;
            observe(done, of);
            let of_these = explained
                .iter()
                .map(|e| e.fitted.bic)
                .fold(f64::INFINITY, f64::min);
            for explained in explained {
                candidates.push(explained.fitted);
                let rank = |e: &Explained| (!e.fitted.is_sound, e.fitted.bic);
                if best
                    .as_ref()
                    .is_none_or(|best| rank(&explained) < rank(best))
                {
                    best = Some(explained);
                }
            }
            // More regimes than explain the series explain it no better.
            if of_these > least {
                break;
            }
            least = of_these;
        }
    }
    match best {
        Some(best) => Ok((candidates, best)),
        None => Err(refused.unwrap_or(GmmError::NoRows)),
    }
}

fn check(options: &DetectOptions) -> Result<(), GmmError> {
    let refuse = |name, value: String| {
        Err(GmmError::InvalidParameter {
            name,
            value,
            allowed: "at least one number, regimes from 1",
        })
    };
    if options.n_regimes.is_empty() || *options.n_regimes.start() == 0 {
        return refuse("numbers of regimes", format!("{:?}", options.n_regimes));
    }
    if options.n_lags.is_empty() {
        return refuse("numbers of lags", format!("{:?}", options.n_lags));
    }
    if options.n_waves.is_empty() {
        return refuse("numbers of waves", format!("{:?}", options.n_waves));
    }
    Ok(())
}

impl Search<'_> {
    /// A model for each number of waves, each with one more than the one before.
    fn with_waves(&self, n_regimes: usize, n_lags: usize) -> Result<Vec<Explained>, GmmError> {
        let has_waves = self.options.switches != Switches::Mean;
        let most = if has_waves {
            *self.options.n_waves.end()
        } else {
            0
        };
        let mut now = self.fit(
            Design {
                frequencies: Vec::new(),
                n_lags,
            },
            n_regimes,
        )?;
        let mut all = vec![now.clone()];
        for _ in 0..most {
            let left = residuals(&self.rows(&now.design), &now.model, self.values.ncols())?;
            let mut next: Option<Explained> = None;
            // Of the first wave what the series itself shows; of others what is left after those before.
            let shown = if now.design.frequencies.is_empty() {
                self.values.to_owned()
            } else {
                left
            };
            for frequency in peaks(&shown) {
                let mut design = now.design.clone();
                design.frequencies.push(frequency);
                // Two waves of one frequency are one.
                let near = 0.5 / self.values.nrows() as f64;
                if now
                    .design
                    .frequencies
                    .iter()
                    .any(|w| (w - frequency).abs() < near)
                {
                    continue;
                }
                let Ok(found) = self.fit(design, n_regimes) else {
                    continue;
                };
                let rank = |e: &Explained| (!e.fitted.is_sound, e.fitted.bic);
                if next.as_ref().is_none_or(|next| rank(&found) < rank(next)) {
                    next = Some(found);
                }
            }
            let Some(next) = next else { break };
            all.push(next.clone());
            now = next;
        }
        all.retain(|e| self.options.n_waves.contains(&e.design.frequencies.len()));
        if all.is_empty() {
            return Err(GmmError::InvalidParameter {
                name: "number of waves",
                value: self.options.n_waves.start().to_string(),
                allowed: "no more than the series shows",
            });
        }
        Ok(all)
    }

    fn rows(&self, design: &Design) -> gmm_core::ndarray::Array2<f64> {
        design.rows(self.values, self.first)
    }

    /// A model of a design, its frequencies moved to where they explain most.
    fn fit(&self, mut design: Design, n_regimes: usize) -> Result<Explained, GmmError> {
        /// Rounds of steps of EM and of the frequencies.
        const ROUNDS: usize = 30;
        let q = self.values.ncols();
        let params = params(n_regimes, q, self.options);
        let fit = |design: &Design, params: SwitchingParams| {
            let rows = self.rows(design);
            params.fit(&Sequences::one(Sample::new(&rows).with_missing()))
        };
        let mut fitted = fit(&design, params.clone())?;
        if !design.frequencies.is_empty() {
            for _ in 0..ROUNDS {
                let moved = refined(&design, &self.rows(&design), &fitted.model, q)?;
                let Some(moved) = moved else { break };
                let again = params
                    .clone()
                    .start(fitted.model.clone())
                    .max_n_iterations(10);
                let next = fit(&moved, again)?;
                // Also where it is no number.
                let climbs = next.log_likelihood > fitted.log_likelihood + 1e-6;
                if !climbs {
                    break;
                }
                (design, fitted) = (moved, next);
            }
            fitted = fit(&design, params.start(fitted.model))?;
        }
        Ok(Explained {
            fitted: self.candidate(&design, &fitted),
            design,
            model: fitted.model,
        })
    }

    fn candidate(&self, design: &Design, fitted: &FittedHmm<SwitchingRegression>) -> Explanation {
        let n_waves = design.frequencies.len();
        let durations = fitted.model.chain().expected_durations();
        let lasts = durations.iter().all(|steps| *steps >= LEAST_DURATION);
        let is_thin = |note: &Note| matches!(note, Note::ThinComponent { .. });
        Explanation {
            n_regimes: fitted.model.n_regimes(),
            n_lags: design.n_lags,
            n_waves,
            log_likelihood: fitted.log_likelihood,
            n_parameters: fitted.n_parameters + n_waves,
            bic: fitted.bic() + n_waves as f64 * fitted.total_weight.ln(),
            is_sound: !fitted.notes.iter().any(is_thin) && lasts,
        }
    }
}
