//! Times in equal steps.

use chrono::{Datelike, NaiveDateTime};
use gmm_table::number;

use super::error::{SeriesError, TimeError};
use super::time::{Notation, Step, Unit, position};

/// When each step of a series was, and when those after it will be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Clock {
    /// Steps are counted from 1; `has_words` where rows have names that tell no time.
    Rows { has_words: bool },
    /// Numbers, written with so many decimals where that is known.
    Numbers {
        first: f64,
        step: f64,
        n_decimals: Option<usize>,
    },
    /// Dates: every `step` of a unit, from the number `first` on.
    Dates {
        notation: Notation,
        unit: Unit,
        first: i64,
        step: i64,
    },
}

impl Clock {
    /// What lies between two steps.
    pub(super) fn step(&self) -> Step {
        match self {
            Self::Rows { .. } => Step::Row,
            Self::Numbers { step, .. } => Step::Number(*step),
            Self::Dates { unit, step, .. } => unit.step(*step),
        }
    }

    fn date(&self, place: usize) -> Option<NaiveDateTime> {
        match self {
            Self::Dates {
                unit, first, step, ..
            } => {
                let steps = i64::try_from(place).ok()?.checked_mul(*step)?;
                unit.time(first.checked_add(steps)?)
            }
            _ => None,
        }
    }

    /// Where the step of a place, from 0, lies on an axis: numbers as they are, dates in days since 1970; NaN beyond
    /// the calendar.
    pub(super) fn position(&self, place: usize) -> f64 {
        match self {
            Self::Rows { .. } => (place + 1) as f64,
            Self::Numbers { first, step, .. } => first + step * place as f64,
            Self::Dates { .. } => self.date(place).map_or(f64::NAN, position),
        }
    }

    /// The same as it is written; steps beyond the `n` that have words are counted from there: +1, +2.
    pub(super) fn label(&self, place: usize, n: usize) -> String {
        match self {
            Self::Rows { has_words: true } => format!("+{}", (place + 1).saturating_sub(n)),
            Self::Rows { has_words: false } => (place + 1).to_string(),
            Self::Numbers { n_decimals, .. } => match n_decimals {
                Some(decimals) => format!("{:.*}", *decimals, self.position(place)),
                None => number(self.position(place)),
            },
            Self::Dates { notation, .. } => self
                .date(place)
                .map_or_else(|| format!("+{place}"), |date| notation.write(date)),
        }
    }
}

/// A column of times, to tell of what is wrong in it.
pub(super) struct Times<'a> {
    pub(super) column: &'a str,
    pub(super) texts: Vec<&'a str>,
    /// The line of each in its file.
    pub(super) lines: Vec<usize>,
}

/// Dates without dashes, of years that look like some; any other number is only that.
fn compact(texts: &[&str]) -> Option<Notation> {
    const YEARS: std::ops::RangeInclusive<i32> = 1600..=2400;
    let candidates = [
        Notation::Day { has_dashes: false },
        Notation::Month { has_dash: false },
    ];
    candidates.into_iter().find(|notation| {
        let is_date = |text: &&str| {
            let date = notation.read(text);
            date.is_some_and(|date| YEARS.contains(&date.year()))
        };
        !texts.is_empty() && texts.iter().all(is_date)
    })
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// How the times of a column are written, if they are some by the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Numbers,
    Dates(Notation),
    Words,
}

impl Kind {
    pub(super) fn of(texts: &[&str]) -> Self {
        let first = texts.first().copied().unwrap_or_default();
        if let Some(notation) = compact(texts) {
            Self::Dates(notation)
        } else if finite(first).is_some() {
            Self::Numbers
        } else {
            Notation::of(first).map_or(Self::Words, Self::Dates)
        }
    }
}

impl Times<'_> {
    /// The clock of these times, and the step at which each row stands. Words tell no time; they are refused where
    /// times were asked for.
    pub(super) fn regular(&self, are_asked: bool) -> Result<(Clock, Vec<usize>), SeriesError> {
        match Kind::of(&self.texts) {
            Kind::Words if are_asked => Err(self.no_time(0)),
            Kind::Words => Ok((
                Clock::Rows { has_words: true },
                (0..self.texts.len()).collect(),
            )),
            Kind::Numbers => self.numbers(),
            Kind::Dates(notation) => self.dates(notation),
        }
    }

    fn no_time(&self, row: usize) -> SeriesError {
        let why = TimeError::NotATime {
            line: self.lines[row],
            column: self.column.to_owned(),
            value: self.texts[row].to_owned(),
            like: (row > 0).then(|| self.texts[0].to_owned()),
        };
        why.into()
    }

    /// That each is later than the one before.
    fn check_order<T: PartialOrd>(&self, times: &[T]) -> Result<(), SeriesError> {
        let is_wrong = |row: &usize| times[row - 1] >= times[*row];
        let Some(row) = (1..times.len()).find(is_wrong) else {
            return Ok(());
        };
        let (line, value) = (self.lines[row], self.texts[row].to_owned());
        let column = self.column.to_owned();
        if let Some(first) = times[..row].iter().position(|t| *t == times[row]) {
            let first_line = self.lines[first];
            return Err(TimeError::TwiceTheTime {
                line,
                column,
                value,
                first_line,
            }
            .into());
        }
        let before = self.texts[row - 1].to_owned();
        Err(TimeError::Unsorted {
            line,
            column,
            value,
            before,
        }
        .into())
    }

    fn irregular(&self, row: usize, gap: String, step: String) -> SeriesError {
        let why = TimeError::Irregular {
            line: self.lines[row],
            column: self.column.to_owned(),
            value: self.texts[row].to_owned(),
            gap,
            before: self.texts[row - 1].to_owned(),
            step,
        };
        why.into()
    }

    /// The places of rows so many steps after each other.
    fn places(&self, steps: &[usize]) -> Result<Vec<usize>, SeriesError> {
        /// A series may become longer by so many times its rows, and as many steps.
        const MOST_FILLED: usize = 20;
        const SLACK: usize = 1000;
        let most = (MOST_FILLED * self.texts.len()).saturating_add(SLACK);
        let mut places = vec![0usize];
        for (row, &step) in steps.iter().enumerate() {
            let place = places[row].saturating_add(step);
            if place > most {
                let longest = (0..steps.len()).max_by_key(|i| (steps[*i], usize::MAX - i));
                let row = longest.unwrap_or(row) + 1;
                return Err(TimeError::LongGap {
                    line: self.lines[row],
                    column: self.column.to_owned(),
                    value: self.texts[row].to_owned(),
                    before: self.texts[row - 1].to_owned(),
                    n_missing: steps[row - 1] - 1,
                }
                .into());
            }
            places.push(place);
        }
        places.truncate(self.texts.len());
        Ok(places)
    }

    fn dates(&self, notation: Notation) -> Result<(Clock, Vec<usize>), SeriesError> {
        let read =
            |(row, text): (usize, &&str)| notation.read(text).ok_or_else(|| self.no_time(row));
        let times: Vec<NaiveDateTime> = self
            .texts
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        self.check_order(&times)?;
        let unit = Unit::of(&notation, &times);
        let numbers: Vec<i64> = times.iter().map(|t| unit.number(*t)).collect();
        let gaps: Vec<i64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let step = most_frequent(&gaps).unwrap_or(1);
        if let Some(row) = gaps.iter().position(|gap| gap % step != 0) {
            let [gap, step] = [gaps[row], step].map(|n| unit.step(n).length());
            return Err(self.irregular(row + 1, gap, step));
        }
        let steps: Vec<usize> = gaps.iter().map(|gap| (gap / step) as usize).collect();
        let clock = Clock::Dates {
            notation,
            unit,
            first: numbers.first().copied().unwrap_or_default(),
            step,
        };
        Ok((clock, self.places(&steps)?))
    }

    /// Numbers may be off their places by what their last decimal leaves open, and a tenth of a step at most.
    fn numbers(&self) -> Result<(Clock, Vec<usize>), SeriesError> {
        const ROUNDING: f64 = 1e-6;
        const MOST: f64 = 0.1;
        let read = |(row, text): (usize, &&str)| finite(text).ok_or_else(|| self.no_time(row));
        let times: Vec<f64> = self
            .texts
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        self.check_order(&times)?;
        let decimals = |text: &&str| text.split_once('.').map_or(0, |(_, d)| d.len());
        let has_exponents = self.texts.iter().any(|t| t.contains(['e', 'E']));
        let n_decimals = self.texts.iter().map(decimals).max().unwrap_or(0);
        let last_decimal = match n_decimals {
            0 => 0.0,
            n => 10f64.powi(-(n as i32)),
        };
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let tolerance = |step: f64| (ROUNDING * step).max(last_decimal.min(MOST * step));
        let usual = usual_gap(&gaps, tolerance).unwrap_or(1.0);
        let steps: Vec<usize> = gaps
            .iter()
            .map(|gap| (gap / usual).round() as usize)
            .collect();
        let n: usize = steps.iter().fold(0, |n, step| n.saturating_add(*step));
        let span = times
            .last()
            .zip(times.first())
            .map_or(0.0, |(last, first)| last - first);
        let step = if n > 0 { span / n as f64 } else { usual };
        let shown = |length: f64| {
            let text = format!("{length:.n_decimals$}");
            if has_exponents { number(length) } else { text }
        };
        let is_off = |row: &usize| {
            let gap = gaps[*row];
            steps[*row] == 0 || (gap - step * steps[*row] as f64).abs() > 2.0 * tolerance(step)
        };
        if let Some(row) = (0..gaps.len()).find(is_off) {
            return Err(self.irregular(row + 1, shown(gaps[row]), shown(usual)));
        }
        let clock = Clock::Numbers {
            first: times.first().copied().unwrap_or_default(),
            step,
            n_decimals: (!has_exponents).then_some(n_decimals),
        };
        Ok((clock, self.places(&steps)?))
    }
}

/// The number that is there most often; of several the least.
fn most_frequent(numbers: &[i64]) -> Option<i64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    // Of equal ones `max_by_key` takes the last.
    let longest = runs.rev().max_by_key(|run| run.len());
    longest.map(|run| run[0])
}

/// The middle of the largest group of gaps that are equal within a tolerance; of several the least.
fn usual_gap(gaps: &[f64], tolerance: impl Fn(f64) -> f64) -> Option<f64> {
    let mut sorted = gaps.to_vec();
    sorted.sort_by(f64::total_cmp);
    let runs = sorted.chunk_by(|a, b| b - a <= tolerance(*a));
    let longest = runs.rev().max_by_key(|run| run.len());
    longest.map(|run| run.iter().sum::<f64>() / run.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Result<(Clock, Vec<usize>), SeriesError> {
        let times = Times {
            column: "t",
            texts: texts.to_vec(),
            lines: (2..2 + texts.len()).collect(),
        };
        times.regular(true)
    }

    /// The step, the places, and the label of the step after the last.
    fn told(texts: &[&str]) -> (String, Vec<usize>, String) {
        let (clock, places) = of(texts).unwrap();
        let next = places.last().unwrap() + 1;
        (clock.step().to_string(), places, clock.label(next, next))
    }

    fn refused(texts: &[&str], words: &[&str]) {
        let why = of(texts).unwrap_err().to_string();
        assert!(words.iter().all(|word| why.contains(word)), "{why}");
    }

    #[test]
    fn steps_of_the_calendar_are_found_and_go_on() {
        for (texts, step, next) in [
            (&["1954Q3", "1954Q4", "1955Q1"][..], "quarter", "1955Q2"),
            (&["2021-Q3", "2021-Q4"], "quarter", "2022-Q1"),
            (&["2021-11", "2021-12"], "month", "2022-01"),
            (&["202111", "202112"], "month", "202201"),
            (
                &["2021-01-31", "2021-02-28", "2021-03-31"],
                "month",
                "2021-04-30",
            ),
            (&["2021-06-30", "2021-09-30"], "quarter", "2021-12-31"),
            (&["2021-01-15", "2021-02-15"], "month", "2021-03-15"),
            (&["2019-03-05", "2020-03-05"], "year", "2021-03-05"),
            (&["2021-03-05", "2021-03-06"], "day", "2021-03-07"),
            (&["20210305", "20210306"], "day", "20210307"),
            (&["2021-03-05", "2021-03-12"], "week", "2021-03-19"),
            (
                &["2021-03-04", "2021-03-05", "2021-03-08", "2021-03-09"],
                "business day",
                "2021-03-10",
            ),
            (
                &[
                    "2021-03-03",
                    "2021-03-04",
                    "2021-03-05",
                    "2021-03-08",
                    "2021-03-09",
                    "2021-03-10",
                    "2021-03-11",
                    "2021-03-12",
                ],
                "business day",
                "2021-03-15",
            ),
            (
                &["2021-03-05 23:15", "2021-03-05 23:30", "2021-03-05 23:45"],
                "15 minutes",
                "2021-03-06 00:00",
            ),
            (
                &["2021-03-05 00:00:00", "2021-03-06 00:00:00"],
                "day",
                "2021-03-07 00:00:00",
            ),
            (
                &["2021-03-05T01:00Z", "2021-03-05T02:00Z"],
                "hour",
                "2021-03-05T03:00Z",
            ),
            (
                &[
                    "2021-03-28T00:00+01:00",
                    "2021-03-28T01:00+01:00",
                    "2021-03-28T03:00+02:00",
                ],
                "hour",
                "2021-03-28T03:00+01:00",
            ),
            (&["1871", "1872"], "1", "1873"),
            (&["1954.50", "1954.75", "1955.00"], "0.25", "1955.25"),
            (
                &[
                    "2021.000", "2021.083", "2021.167", "2021.250", "2021.333", "2021.417",
                ],
                "0.08339999999998327",
                "2021.500",
            ),
        ] {
            let (found, places, after) = told(texts);
            assert_eq!((found.as_str(), after.as_str()), (step, next), "{texts:?}");
            assert!(places.iter().copied().eq(0..texts.len()), "{texts:?}");
        }
    }

    #[test]
    fn gaps_of_whole_steps_are_left_open() {
        for (texts, places) in [
            (&["1954Q3", "1954Q4", "1955Q3", "1955Q4"][..], [0, 1, 4, 5]),
            (&["1", "2", "3", "9"], [0, 1, 2, 8]),
            (
                &["2021-03-04", "2021-03-05", "2021-03-08", "2021-03-11"],
                [0, 1, 2, 5],
            ),
        ] {
            assert_eq!(told(texts).1, places);
        }
    }

    #[test]
    fn what_is_no_regular_time_is_refused_with_its_line() {
        refused(&["2021-03", "2021-02"], &["line 3", "2021-02", "2021-03"]);
        refused(&["1", "2", "2"], &["line 4", "\"t\"", "2", "line 3"]);
        refused(&["1", "3", "2", "1"], &["line 4"]);
        refused(&["1", "2", "3", "4.5"], &["line 5", "4.5", "1.5"]);
        refused(
            &["2021-03-01", "2021-03-08", "2021-03-15", "2021-03-16"],
            &["line 5", "2021-03-16", "1 day", "1 week"],
        );
        refused(
            &["2021-03", "2021-04", "soon"],
            &["line 4", "soon", "2021-03"],
        );
        refused(&["2021-03-01", ""], &["line 3", "\"\""]);
        refused(&["soon"], &["line 2", "soon"]);
        refused(&["2021", "2022", "2022-03"], &["line 4", "2022-03"]);
        refused(
            &["2021-03-05T01:00+01:00", "2021-03-05T02:00+02:00"],
            &["line 3"],
        );
        refused(&["1", "2", "3", "1e9"], &["line 5", "1e9", "999999996"]);
    }
}
