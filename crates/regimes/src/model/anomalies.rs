//! What does not fit: values that the regimes make improbable, as they come and in the end.

mod spikes;

use gmm_core::hmm::Sequences;
use gmm_core::ndarray::{Array2, ArrayView2, s};
use gmm_core::switching::SwitchingRegression;
use gmm_core::{Gmm, GmmError, Sample};

use super::detect::{DetectOptions, Detection, applied, chosen, refitted};
use crate::data::Series;
use crate::features::Design;
use crate::score::{Predictive, Scale};
use spikes::without_spikes;

/// What counts as an anomaly, and against what.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyOptions {
    /// The regimes that are usual.
    pub detect: DetectOptions,
    /// Share of usual steps that may be called anomalies.
    pub false_alarms: f64,
    /// Steps from the first on that the regimes are learnt from; all, if there is no number.
    pub n_learnt: Option<usize>,
}

impl Default for AnomalyOptions {
    fn default() -> Self {
        Self {
            detect: DetectOptions::default(),
            false_alarms: 1e-3,
            n_learnt: None,
        }
    }
}

/// A step against what was expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The mean of each column.
    pub expected: Vec<f64>,
    /// Where each column lies but for the share of false alarms: low and high.
    pub band: Vec<(f64, f64)>,
    /// The probability of a step that is as far out or farther, of all columns together; none where a value is missing.
    pub p_value: Option<f64>,
}

impl Judged {
    /// −log₁₀ of the probability, at most 300; none where a value is missing.
    pub fn surprise(&self) -> Option<f64> {
        self.p_value.map(|p| (-p.log10()).clamp(0.0, 300.0))
    }
}

/// A series with its anomalies.
#[derive(Debug, Clone)]
pub struct Anomalies {
    /// The regimes.
    pub detection: Detection,
    /// Each step as it was judged when it came; none for the first steps.
    pub online: Vec<Option<Judged>>,
    /// Each step given what all others say of its regime; none for the first steps.
    pub offline: Vec<Option<Judged>>,
    /// The probability below which a step is an anomaly.
    pub false_alarms: f64,
    /// Steps that the regimes were learnt from.
    pub n_learnt: usize,
}

impl Anomalies {
    /// Whether steps are anomalies, as they came or in the end.
    pub fn are_anomalies(&self, judged: &[Option<Judged>]) -> Vec<bool> {
        let is_one = |j: &Option<Judged>| {
            j.as_ref()
                .and_then(|j| j.p_value)
                .is_some_and(|p| p < self.false_alarms)
        };
        judged.iter().map(is_one).collect()
    }
}

/// Finds the steps of a series that its regimes make improbable.
///
/// The regimes are learnt twice, the first time without steps that stand far out alone, the second time without what the first found anomalous, so that anomalies do not stretch what
/// is usual. Where a value is missing or was an anomaly, what was expected stands for it in what the next steps are explained
/// by; it says nothing of the regimes.
///
/// # Errors
/// As [`detect`](super::detect::detect), [`GmmError::InvalidParameter`] for a share of false alarms that is not between 0 and 0.5.
pub fn anomalies(
    series: &Series,
    options: &AnomalyOptions,
    observe: &dyn Fn(usize, usize),
) -> Result<Anomalies, GmmError> {
    if !(options.false_alarms > 0.0 && options.false_alarms < 0.5) {
        return Err(GmmError::InvalidParameter {
            name: "share of false alarms",
            value: options.false_alarms.to_string(),
            allowed: "above 0 and below 0.5",
        });
    }
    let values = series.values.view();
    let n_learnt = options
        .n_learnt
        .unwrap_or(values.nrows())
        .min(values.nrows());
    let calm = without_spikes(values.slice(s![..n_learnt, ..]));
    let (candidates, best) = chosen(calm.view(), &options.detect, observe)?;
    let (design, mut model) = (best.design, best.model);
    let rate = options.false_alarms;
    let first_look = Pass {
        design: &design,
        model: &model,
        rate,
    }
    .online(values)?;
    let fitted = {
        let cleaned = first_look.rows(&design, values);
        refitted(
            &cleaned.slice(s![..n_learnt - design.n_lags, ..]).to_owned(),
            &model,
            values.ncols(),
            &options.detect,
        )?
    };
    model = fitted.model.clone();
    let pass = Pass {
        design: &design,
        model: &model,
        rate,
    };
    let online = pass.online(values)?;
    let rows = online.rows(&design, values);
    let offline = pass.offline(values, &rows, &online)?;
    Ok(Anomalies {
        detection: applied(series, candidates, design.clone(), fitted, &rows)?,
        online: online.judged,
        offline,
        false_alarms: rate,
        n_learnt,
    })
}

/// One look at a series under a model.
struct Pass<'a> {
    design: &'a Design,
    model: &'a SwitchingRegression,
    rate: f64,
}

/// What a look as the steps came has found.
struct Seen {
    judged: Vec<Option<Judged>>,
    /// The values, with what was expected in place of what was missing or anomalous.
    filled: Array2<f64>,
    /// Whether a step says anything of the regimes.
    counts: Vec<bool>,
}

impl Seen {
    /// What explains each step, and its values where they count.
    fn rows(&self, design: &Design, values: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut rows = design.rows(self.filled.view(), design.n_lags);
        let q = values.ncols();
        let p = rows.ncols() - q;
        for (mut row, counts) in rows.outer_iter_mut().zip(&self.counts[design.n_lags..]) {
            if !counts {
                row.slice_mut(s![p..]).fill(f64::NAN);
            }
        }
        rows
    }
}

impl Pass<'_> {
    fn online(&self, values: ArrayView2<'_, f64>) -> Result<Seen, GmmError> {
        let (n, q) = values.dim();
        let mut filled = values.to_owned();
        let mut counts = vec![true; n];
        let mut judged = vec![None; n];
        let mut filter = self.model.filter();
        let first = self.design.n_lags;
        // What stands for values before there is an expectation.
        let means: Vec<f64> = values.columns().into_iter().map(mean_of).collect();
        for t in 0..n {
            let row = values.row(t);
            let is_whole = row.iter().all(|v| v.is_finite());
            if t < first {
                let holes = filled
                    .row_mut(t)
                    .into_iter()
                    .zip(&means)
                    .filter(|(v, _)| v.is_nan());
                holes.for_each(|(v, mean)| *v = *mean);
                continue;
            }
            let given = self.design.given(filled.view(), t);
            let next = filter.next(&given)?;
            let found = judge(&next, &row.to_vec(), self.rate)?;
            counts[t] = is_whole && found.p_value.is_none_or(|p| p >= self.rate);
            if !counts[t] {
                filled
                    .row_mut(t)
                    .assign(&gmm_core::ndarray::ArrayView1::from(&found.expected));
            }
            let mut observed = given;
            observed.extend((0..q).map(|j| if counts[t] { row[j] } else { f64::NAN }));
            filter.observe(&observed)?;
            judged[t] = Some(found);
        }
        Ok(Seen {
            judged,
            filled,
            counts,
        })
    }

    fn offline(
        &self,
        values: ArrayView2<'_, f64>,
        rows: &Array2<f64>,
        online: &Seen,
    ) -> Result<Vec<Option<Judged>>, GmmError> {
        let data = Sequences::one(Sample::new(rows).with_missing());
        let (_, others) = self.model.predicted(&data)?;
        let first = self.design.n_lags;
        let mut judged = vec![None; first];
        for (t, regimes) in others.outer_iter().enumerate() {
            let given = self.design.given(online.filled.view(), first + t);
            let next = self.model.given(&regimes.to_vec(), &given)?;
            judged.push(Some(judge(
                &next,
                &values.row(first + t).to_vec(),
                self.rate,
            )?));
        }
        Ok(judged)
    }
}

fn mean_of(column: gmm_core::ndarray::ArrayView1<'_, f64>) -> f64 {
    let known: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
    known.iter().sum::<f64>() / known.len().max(1) as f64
}

/// A step against a density of its columns: of each both tails, of several the smallest times their number (Bonferroni).
fn judge(density: &Gmm, values: &[f64], rate: f64) -> Result<Judged, GmmError> {
    let (mut expected, mut band, mut least) = (Vec::new(), Vec::new(), 1.0_f64);
    for (j, &value) in values.iter().enumerate() {
        let marginal = if values.len() == 1 {
            density.clone()
        } else {
            density.marginal(&[j])?
        };
        let (weights, means) = (
            marginal.weights().to_vec(),
            marginal.means().column(0).to_vec(),
        );
        let deviations: Vec<f64> = marginal.covariances().iter().map(|v| v.sqrt()).collect();
        let predictive = Predictive::new(&weights, &means, &deviations, Scale::Identity)?;
        expected.push(predictive.mean());
        band.push(predictive.interval(1.0 - rate)?);
        if value.is_nan() {
            continue;
        }
        // The upper tail as a lower one, which keeps its digits.
        let mirrored: Vec<f64> = means.iter().map(|m| -m).collect();
        let above =
            Predictive::new(&weights, &mirrored, &deviations, Scale::Identity)?.cdf(-value)?;
        let tail = predictive.cdf(value)?.min(above);
        least = least.min((2.0 * tail * values.len() as f64).min(1.0));
    }
    let is_whole = values.iter().all(|v| !v.is_nan());
    Ok(Judged {
        expected,
        band,
        p_value: is_whole.then_some(least),
    })
}
