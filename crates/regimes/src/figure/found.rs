//! Regimes that were found, in words and as a chart.

use gmm_figures::typeset;

use super::regimes::RegimeChart;
use crate::data::Series;
use crate::model::{Detection, Found};

/// The series in the colours of its regimes.
pub fn found_chart<'a>(series: &'a Series, detection: &'a Detection) -> RegimeChart<'a> {
    let n = detection.n_regimes();
    let name = |(k, found): (usize, &Found)| {
        let lasts = duration(found.expected_duration);
        let words = match (found.size, detection.amplitude(k)) {
            (0, _) => String::from("no steps"),
            (_, Some(amplitude)) => format!("amplitude {}, lasts {lasts}", typeset(amplitude, 2)),
            (_, None) => format!("mean {}, lasts {lasts}", typeset(found.means[0], 2)),
        };
        (format!("Regime {}", k + 1), words)
    };
    RegimeChart {
        title: format!("Regimes of {}", series.name),
        subtitle: format!(
            "{} steps · {} · {}",
            series.n_steps(),
            if n == 1 {
                String::from("one regime")
            } else {
                format!("{n} regimes")
            },
            explained(detection)
        ),
        series,
        regimes: &detection.regimes,
        probabilities: detection.smoothed.clone(),
        names: detection.found.iter().enumerate().map(name).collect(),
    }
}

/// What explains each step, in words.
pub fn explained(detection: &Detection) -> String {
    let lags = match detection.design.n_lags {
        0 => None,
        1 => Some(String::from("the step before")),
        n => Some(format!("{n} steps before")),
    };
    let periods: Vec<String> = detection.periods().iter().map(|p| typeset(*p, 1)).collect();
    let waves = match periods.as_slice() {
        [] => None,
        [one] => Some(format!("a wave of {one} steps")),
        many => Some(format!("waves of {} steps", many.join(" and "))),
    };
    let parts: Vec<String> = lags.into_iter().chain(waves).collect();
    match parts.as_slice() {
        [] => String::from("levels"),
        parts => format!("explained by {}", parts.join(" and ")),
    }
}

fn duration(steps: f64) -> String {
    match steps {
        s if s.is_infinite() => String::from("for good"),
        s if s >= 1e4 => String::from("10 000 steps or more"),
        s if s < 10.0 => format!("{} steps", typeset(s, 1)),
        s => format!("{} steps", typeset(s, 0)),
    }
}
