//! Where an axis of dates has its names.

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};

use super::time::Notation;

/// A stretch of the calendar: the number of the one that a time is in, and how the time that begins it is named.
struct Period {
    number: fn(NaiveDateTime, i64) -> i64,
    name: fn(NaiveDateTime) -> String,
    lengths: &'static [i64],
}

fn minutes(t: NaiveDateTime, n: i64) -> i64 {
    t.and_utc().timestamp().div_euclid(60 * n)
}

fn days(t: NaiveDateTime, n: i64) -> i64 {
    (i64::from(t.num_days_from_ce()) - 1).div_euclid(n)
}

fn months(t: NaiveDateTime, n: i64) -> i64 {
    (12 * i64::from(t.year()) + i64::from(t.month0())).div_euclid(n)
}

const PERIODS: [Period; 5] = [
    Period {
        number: |t, n| (t.and_utc().timestamp_micros()).div_euclid(1_000_000 * n),
        name: |t| format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second()),
        lengths: &[1, 2, 5, 10, 30],
    },
    Period {
        number: minutes,
        name: |t| {
            format!(
                "{:02}-{:02} {:02}:{:02}",
                t.month(),
                t.day(),
                t.hour(),
                t.minute()
            )
        },
        lengths: &[1, 2, 5, 10, 30, 60, 180, 360, 720],
    },
    Period {
        number: days,
        name: |t| t.date().to_string(),
        lengths: &[1, 2, 7, 14],
    },
    Period {
        number: months,
        name: |t| format!("{:04}-{:02}", t.year(), t.month()),
        lengths: &[1, 3, 6],
    },
    Period {
        number: months,
        name: |t| format!("{:04}", t.year()),
        lengths: &[12, 24, 60, 120, 240, 600, 1200, 6000, 12000],
    },
];

/// The places of at most `n` labels that begin a stretch of the calendar, with a name for each: years or months of
/// months, days or hours of clocks. None for labels that are no dates.
pub(crate) fn calendar_names(labels: &[String], n: usize) -> Option<Vec<(usize, String)>> {
    let notation = Notation::of(labels.first()?)?;
    let dates: Vec<NaiveDateTime> = (labels.iter())
        .map(|label| notation.read(label))
        .collect::<Option<_>>()?;
    let is_quarter = matches!(notation, Notation::Quarter { .. });
    let lengths =
        |period: &'static Period| period.lengths.iter().map(move |length| (period, length));
    // Stretches that are finer than what is written would all be called midnight.
    let n_finer = match notation {
        Notation::Clock { .. } => 0,
        Notation::Day { .. } => 2,
        Notation::Month { .. } | Notation::Quarter { .. } => 3,
    };
    let names = PERIODS
        .iter()
        .skip(n_finer)
        .flat_map(lengths)
        .find_map(|(period, &length)| {
            let number = |t: NaiveDateTime| (period.number)(t, length);
            let begins = |place: &usize| {
                let t = dates[*place];
                let before = match place.checked_sub(1) {
                    Some(before) => Some(dates[before]),
                    None => t.checked_sub_signed(TimeDelta::microseconds(1)),
                };
                before.is_some_and(|before| number(before) != number(t))
            };
            let places: Vec<usize> = (0..dates.len()).filter(begins).collect();
            (places.len() <= n).then_some((period, length, places))
        });
    let (period, length, places) = names?;
    // A quarter is named as it is written.
    let is_own = is_quarter && length < 12;
    let name = |place: usize| match is_own {
        true => labels[place].clone(),
        false => (period.name)(dates[place]),
    };
    Some(
        places
            .into_iter()
            .map(|place| (place, name(place)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(labels: &[String], n: usize) -> Vec<String> {
        let names = calendar_names(labels, n).unwrap();
        names.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn names_are_round_dates() {
        let quarters: Vec<String> = (0..226)
            .map(|i| format!("{}Q{}", 1954 + (i + 2) / 4, (i + 2) % 4 + 1))
            .collect();
        assert_eq!(
            names(&quarters, 6),
            ["1960", "1970", "1980", "1990", "2000", "2010"]
        );
        assert_eq!(names(&quarters[..5], 9), quarters[..5]);
        let days: Vec<String> = (1..=28).map(|d| format!("2021-02-{d:02}")).collect();
        let weeks = ["2021-02-01", "2021-02-08", "2021-02-15", "2021-02-22"];
        assert_eq!(names(&days, 8), weeks);
        assert_eq!(names(&days[..5], 8), days[..5]);
        let months: Vec<String> = (1..=5).map(|m| format!("2021-{m:02}")).collect();
        assert_eq!(names(&months, 8), months);
        let hours: Vec<String> = (0..24).map(|h| format!("2021-02-01 {h:02}:00")).collect();
        assert_eq!(names(&hours, 8)[1], "02-01 03:00");
        assert_eq!(calendar_names(&[String::from("1871")], 5), None);
        assert_eq!(
            calendar_names(&["2021-02", "+1"].map(String::from), 5),
            None
        );
    }
}
