//! What an audit means, in words.

use std::fmt;

use serde::Serialize;

use super::audit::{Audit, Optimum};
use crate::em::Outcome;
use crate::fitted::Note;

/// What to think of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// To be looked at before much is built on it.
    Doubtful,
    /// The fit should not be used as it is.
    Bad,
}

/// Something that an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What to think of it.
    pub verdict: Verdict,
    /// What it is, in a sentence.
    pub text: String,
}

impl Finding {
    fn new(verdict: Verdict, text: String) -> Self {
        Self { verdict, text }
    }
}

/// What the sum of a log-likelihood may be off by, in nats per unit of weight.
const ROUNDING: f64 = 1e-12;
/// The objective may fall by this, in nats per unit of weight, where a ridge is added.
const RIDGE_FALL: f64 = 1e-7;
/// Optima whose log-likelihoods differ by less are equally likely as far as data can tell.
const EQUALLY_LIKELY: f64 = 2.0;
/// Partitions that agree less are different answers.
const OTHER_PARTITION: f64 = 0.9;
/// A covariance of a larger condition number, in deviations, is nearly singular.
const LARGE_CONDITION: f64 = 1e5;
/// Components of a larger Bhattacharyya coefficient are one to the eye: equal ones 1.5 deviations apart.
const LARGE_OVERLAP: f64 = 0.75;
/// Fewer rows for a parameter are few, and very few.
const FEW_ROWS: f64 = 10.0;
const VERY_FEW_ROWS: f64 = 5.0;

/// All that there is to say of an audit.
pub(super) fn findings(audit: &Audit) -> Vec<Finding> {
    let mut findings = vec![of_search(audit)];
    findings.extend(of_rivals(audit));
    findings.push(of_outcome(audit));
    findings.push(of_trace(audit));
    findings.extend(of_components(audit));
    findings.push(of_conditions(audit));
    findings.extend(of_overlap(audit));
    findings.push(of_rows(audit));
    findings
}

fn of_search(audit: &Audit) -> Finding {
    let n = audit.n_runs;
    let n_best = audit.optima.first().map_or(0, |o| o.n_runs);
    let n_failed = audit.n_failed;
    let refused = match n_failed {
        0 => String::new(),
        _ => format!("; {n_failed} were refused"),
    };
    let text = format!("{n_best} of {n} runs reach the best optimum{refused}");
    match (n, n_best) {
        (1, _) => {
            let text = "there was one run, which says nothing of other optima";
            Finding::new(Verdict::Doubtful, String::from(text))
        }
        _ if 2 * n_best >= n => Finding::new(Verdict::Good, text),
        (_, 1) => Finding::new(Verdict::Bad, format!("{text}: others may be better still")),
        _ => Finding::new(Verdict::Doubtful, format!("{text}: one run is not enough")),
    }
}

/// Optima that are as likely but say something else, and flawed ones that are likelier.
fn of_rivals(audit: &Audit) -> Vec<Finding> {
    let Some((best, others)) = audit.optima.split_first() else {
        return Vec::new();
    };
    let lower = |o: &Optimum| (best.objective - o.objective) * audit.total_weight;
    let is_rival =
        |o: &&Optimum| o.is_proper && lower(o) < EQUALLY_LIKELY && o.agreement < OTHER_PARTITION;
    let rival = |o: &Optimum| {
        let text = format!(
            "another optimum is only {:.2} nats lower in all and divides the rows otherwise (agreement {:.2}): \
             the data do not decide",
            lower(o),
            o.agreement
        );
        Finding::new(Verdict::Doubtful, text)
    };
    let mut findings: Vec<Finding> = others.iter().filter(is_rival).map(rival).collect();
    let is_spurious = |o: &&Optimum| best.is_proper && !o.is_proper && o.objective > best.objective;
    let n_spurious: usize = others.iter().filter(is_spurious).map(|o| o.n_runs).sum();
    if n_spurious > 0 {
        let text = format!(
            "{n_spurious} runs end at a larger objective with components that describe no data; they rank behind"
        );
        findings.push(Finding::new(Verdict::Doubtful, text));
    }
    findings
}

fn of_outcome(audit: &Audit) -> Finding {
    let n = audit.best.n_iterations();
    match audit.best.outcome {
        Outcome::Converged => Finding::new(
            Verdict::Good,
            format!("the best run converged in {n} iterations"),
        ),
        Outcome::IterationLimit => Finding::new(
            Verdict::Doubtful,
            format!("the best run was stopped after {n} iterations, before it converged"),
        ),
        Outcome::Collapsed { component } => Finding::new(
            Verdict::Bad,
            format!("component {component} of the best run collapsed onto a point"),
        ),
    }
}

fn of_trace(audit: &Audit) -> Finding {
    let fall = audit.largest_fall;
    if fall <= ROUNDING {
        Finding::new(Verdict::Good, String::from("the objective never falls"))
    } else if fall <= RIDGE_FALL {
        let text =
            format!("the objective falls by at most {fall:.0e} nats a row, as a ridge allows");
        Finding::new(Verdict::Good, text)
    } else {
        let text = format!(
            "the objective falls by {fall:.1e} nats a row: the ridge is large, or digits are lost"
        );
        Finding::new(Verdict::Doubtful, text)
    }
}

fn of_components(audit: &Audit) -> Vec<Finding> {
    let finding = |note: &Note| {
        let verdict = if note.component().is_some() {
            Verdict::Bad
        } else {
            Verdict::Doubtful
        };
        Finding::new(verdict, note.to_string())
    };
    // What collapsed has been said.
    let is_new = |note: &&Note| !matches!(note, Note::Collapsed { .. });
    let findings: Vec<Finding> = audit
        .best
        .notes
        .iter()
        .filter(is_new)
        .map(finding)
        .collect();
    if findings.is_empty() {
        let text = String::from("no component is empty, thin or a spike");
        vec![Finding::new(Verdict::Good, text)]
    } else {
        findings
    }
}

fn of_conditions(audit: &Audit) -> Finding {
    let conditions = audit.components.iter().map(|c| c.condition_in_deviations);
    let infinite = |c: Option<f64>| c.unwrap_or(f64::INFINITY);
    let worst = conditions
        .map(infinite)
        .enumerate()
        .fold((0, 0.0), |worst, c| if c.1 > worst.1 { c } else { worst });
    let (component, condition) = worst;
    let text =
        format!("condition numbers of the covariances are at most {condition:.1e}, in deviations");
    if condition <= LARGE_CONDITION {
        Finding::new(Verdict::Good, text)
    } else {
        let text = format!("{text}: that of component {component} is nearly singular");
        Finding::new(Verdict::Doubtful, text)
    }
}

fn of_overlap(audit: &Audit) -> Option<Finding> {
    let closest = audit.closest?;
    let (first, second) = closest.components;
    let share = audit.mean_entropy / (audit.components.len() as f64).ln();
    let text = format!(
        "components {first} and {second} overlap most ({:.2}, {:.1} deviations apart); posteriors have {:.0} % of the \
         entropy they could have",
        closest.coefficient,
        closest.distance,
        100.0 * share
    );
    Some(if closest.coefficient <= LARGE_OVERLAP {
        Finding::new(Verdict::Good, text)
    } else {
        let text =
            format!("{text}: components are not clusters, and their parameters are uncertain");
        Finding::new(Verdict::Doubtful, text)
    })
}

fn of_rows(audit: &Audit) -> Finding {
    let rows = audit.rows_per_parameter;
    let text = format!("there are {rows:.1} rows for each parameter");
    if rows >= FEW_ROWS {
        Finding::new(Verdict::Good, text)
    } else if rows >= VERY_FEW_ROWS {
        Finding::new(Verdict::Doubtful, format!("{text}, which is few"))
    } else {
        let text = format!(
            "{text}, which is too few: fewer components or a simpler covariance type are better"
        );
        Finding::new(Verdict::Bad, text)
    }
}

/// The largest number of optima that a report lists.
const MOST_LISTED: usize = 8;

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} components, {}, {} rows of {} columns: BIC {:.2}, ICL {:.2}",
            self.criteria.n_components,
            self.covariance_type,
            self.total_weight,
            self.n_features,
            self.criteria.bic,
            self.criteria.icl
        )?;
        writeln!(f, "\n  objective  runs  agreement  iterations")?;
        for optimum in self.optima.iter().take(MOST_LISTED) {
            let (fewest, most) = optimum.n_iterations;
            let mark = if optimum.is_proper { "" } else { "  flawed" };
            writeln!(
                f,
                "{:11.6} {:5} {:10.3}  {fewest}-{most}{mark}",
                optimum.objective, optimum.n_runs, optimum.agreement
            )?;
        }
        if self.optima.len() > MOST_LISTED {
            writeln!(f, "  and {} more", self.optima.len() - MOST_LISTED)?;
        }
        writeln!(f)?;
        for finding in &self.findings {
            let mark = match finding.verdict {
                Verdict::Good => "good",
                Verdict::Doubtful => "doubtful",
                Verdict::Bad => "bad",
            };
            writeln!(f, "{mark:>8}: {}", finding.text)?;
        }
        Ok(())
    }
}
