//! Times as they are written, and the steps between them.

use std::fmt;

use chrono::{
    DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    Weekday,
};
use gmm_table::number;

const MONTHS_IN_YEAR: i64 = 12;
const DAYS_IN_WEEK: i64 = 7;
const WORKING_DAYS: i64 = 5;
const MICROSECONDS: i64 = 1_000_000;
const MICROSECONDS_IN_DAY: i64 = 86_400 * MICROSECONDS;

/// What lies between a value of a series and the next.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// There are no times: rows are counted.
    Row,
    /// So much of a number.
    Number(f64),
    /// So many microseconds.
    Microseconds(i64),
    /// So many days.
    Days(i64),
    /// One day from Monday to Friday.
    BusinessDay,
    /// So many months.
    Months(i64),
}

impl Step {
    /// Steps after which the calendar begins again: months and quarters of a year, days of a week, hours of a day.
    pub fn season(self) -> Option<usize> {
        let cycle = |step: i64, whole: i64| {
            let is_part = step > 0 && step < whole && whole % step == 0;
            is_part.then(|| (whole / step) as usize)
        };
        match self {
            Self::Row | Self::Number(_) => None,
            Self::Microseconds(n) => cycle(n, MICROSECONDS_IN_DAY),
            Self::Days(n) => cycle(n, DAYS_IN_WEEK),
            Self::BusinessDay => Some(WORKING_DAYS as usize),
            Self::Months(n) => cycle(n, MONTHS_IN_YEAR),
        }
    }
}

/// `n` in the largest of these units of which it is a whole number.
fn in_units(n: i64, units: &[(i64, &str)]) -> String {
    let whole = units.iter().find(|(unit, _)| n % unit == 0);
    let (unit, name) = whole.copied().unwrap_or((1, "unit"));
    let n = n / unit;
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {name}{s}")
}

impl Step {
    /// How long it is: `1 quarter`, `2 days`, `15 minutes`.
    pub fn length(self) -> String {
        match self {
            Self::Row => String::from("1 row"),
            Self::Number(step) => number(step),
            Self::BusinessDay => String::from("1 business day"),
            Self::Days(n) => in_units(n, &[(DAYS_IN_WEEK, "week"), (1, "day")]),
            Self::Months(n) => {
                in_units(n, &[(MONTHS_IN_YEAR, "year"), (3, "quarter"), (1, "month")])
            }
            Self::Microseconds(n) => {
                let units = [
                    (MICROSECONDS_IN_DAY, "day"),
                    (3600 * MICROSECONDS, "hour"),
                    (60 * MICROSECONDS, "minute"),
                    (MICROSECONDS, "second"),
                    (1000, "millisecond"),
                    (1, "microsecond"),
                ];
                in_units(n, &units)
            }
        }
    }
}

/// What follows "every": `quarter`, `2 days`, `15 minutes`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length();
        write!(f, "{}", length.strip_prefix("1 ").unwrap_or(&length))
    }
}

/// How the dates of a series are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notation {
    /// 1954Q3, or with a dash.
    Quarter { has_dash: bool },
    /// 2021-03, or without the dash.
    Month { has_dash: bool },
    /// 2021-03-05, or without the dashes.
    Day { has_dashes: bool },
    /// 2021-03-05 14:30, perhaps with seconds, decimals of them and a zone.
    Clock {
        separator: char,
        has_seconds: bool,
        n_decimals: usize,
        zone: String,
    },
}

/// The digits of a text as a number, if there are as many and nothing else.
fn digits(text: &str, n: usize) -> Option<u32> {
    let are_digits = text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    are_digits.then(|| text.parse().ok()).flatten()
}

fn day(year: &str, month: &str, day: &str) -> Option<NaiveDateTime> {
    let year = i32::try_from(digits(year, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, digits(month, 2)?, digits(day, 2)?)?;
    Some(date.and_time(NaiveTime::MIN))
}

/// A date with dashes.
fn dashed(text: &str) -> Option<NaiveDateTime> {
    let mut parts = text.splitn(3, '-');
    day(parts.next()?, parts.next()?, parts.next()?)
}

/// The clock and the zone of a time of the day.
fn parted(clock: &str) -> (&str, &str) {
    clock.split_at(clock.find(['Z', '+', '-']).unwrap_or(clock.len()))
}

/// Seconds that a zone like Z or +01:00 is ahead of UTC.
fn seconds_ahead(zone: &str) -> Option<i32> {
    match zone {
        "Z" => Some(0),
        zone => Some(zone.parse::<FixedOffset>().ok()?.local_minus_utc()),
    }
}

/// A text cut in two.
fn cut(text: &str, at: usize) -> Option<(&str, &str)> {
    text.split_at_checked(at)
}

impl Notation {
    /// That of a text which is a date.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut candidates = vec![
            Self::Quarter {
                has_dash: text.contains('-'),
            },
            Self::Month {
                has_dash: text.contains('-'),
            },
            Self::Day {
                has_dashes: text.contains('-'),
            },
        ];
        if let Some(place) = text.find(['T', ' ']) {
            let (clock, zone) = parted(&text[place + 1..]);
            candidates.push(Self::Clock {
                separator: if text[place..].starts_with('T') {
                    'T'
                } else {
                    ' '
                },
                has_seconds: clock.matches(':').count() == 2,
                n_decimals: clock.split_once('.').map_or(0, |(_, d)| d.len()),
                zone: String::from(zone),
            });
        }
        candidates.into_iter().find(|n| n.read(text).is_some())
    }

    /// The time that a text in this notation says, of other zones in its own; a quarter and a month begin on their first day.
    pub(crate) fn read(&self, text: &str) -> Option<NaiveDateTime> {
        match self {
            Self::Quarter { has_dash } => {
                let (year, rest) = cut(text, 4)?;
                let mark = if *has_dash { "-Q" } else { "Q" };
                let quarter = digits(rest.strip_prefix(mark)?, 1)?;
                let month = quarter.checked_sub(1).filter(|q| *q < 4)? * 3 + 1;
                day(year, &format!("{month:02}"), "01")
            }
            Self::Month { has_dash } => {
                let (year, rest) = cut(text, 4)?;
                let month = if *has_dash {
                    rest.strip_prefix('-')?
                } else {
                    rest
                };
                day(year, month, "01")
            }
            Self::Day { has_dashes: true } => dashed(text),
            Self::Day { has_dashes: false } => {
                let (year, rest) = cut(text, 4)?;
                let (month, last) = cut(rest, 2)?;
                day(year, month, last)
            }
            Self::Clock {
                separator, zone, ..
            } => {
                let (date, rest) = text.split_once(*separator)?;
                let (clock, found) = parted(rest);
                let time = ["%H:%M", "%H:%M:%S%.f"]
                    .iter()
                    .find_map(|format| NaiveTime::parse_from_str(clock, format).ok())?;
                let local = dashed(date)?.date().and_time(time);
                if found == zone {
                    return Some(local);
                }
                // As a clock in the zone of the notation shows it.
                let ahead = seconds_ahead(zone)? - seconds_ahead(found)?;
                local.checked_add_signed(TimeDelta::seconds(ahead.into()))
            }
        }
    }

    /// A time in this notation.
    pub(crate) fn write(&self, time: NaiveDateTime) -> String {
        let (year, month) = (time.year(), time.month());
        match self {
            Self::Quarter { has_dash } => {
                let dash = if *has_dash { "-" } else { "" };
                format!("{year:04}{dash}Q{}", time.month0() / 3 + 1)
            }
            Self::Month { has_dash: true } => format!("{year:04}-{month:02}"),
            Self::Month { has_dash: false } => format!("{year:04}{month:02}"),
            Self::Day { has_dashes: true } => format!("{year:04}-{month:02}-{:02}", time.day()),
            Self::Day { has_dashes: false } => format!("{year:04}{month:02}{:02}", time.day()),
            Self::Clock {
                separator,
                has_seconds,
                n_decimals,
                zone,
            } => {
                let format = if *has_seconds { "%H:%M:%S" } else { "%H:%M" };
                let mut text = format!("{}{separator}{}", time.date(), time.format(format));
                if *n_decimals > 0 {
                    let decimals = format!("{:09}", time.and_utc().timestamp_subsec_nanos());
                    text.push('.');
                    text.push_str(&decimals[..(*n_decimals).min(decimals.len())]);
                }
                text + zone
            }
        }
    }
}

/// A way to count times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    Microsecond,
    /// Each at this time of the day.
    Day(NaiveTime),
    BusinessDay(NaiveTime),
    /// On this day of the month, or the last of shorter ones.
    Month {
        day: u32,
        time: NaiveTime,
    },
}

fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce())
}

fn day_of_number(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}

fn last_of_month(date: NaiveDate) -> u32 {
    let first = date.with_day(1).unwrap_or(date);
    let next = first.checked_add_months(Months::new(1));
    let last = next.and_then(|next| next.checked_sub_days(Days::new(1)));
    last.map_or(31, |last| last.day())
}

pub(crate) fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

impl Unit {
    /// That of times that increase: months if all stand on the same day of theirs, or the last; days if all are of one
    /// time of the day, those of business if no weekend has any though they pass one; else microseconds.
    pub(crate) fn of(notation: &Notation, times: &[NaiveDateTime]) -> Self {
        let time = times.first().map_or(NaiveTime::MIN, NaiveDateTime::time);
        if matches!(notation, Notation::Quarter { .. } | Notation::Month { .. }) {
            return Self::Month { day: 1, time };
        }
        if times.iter().any(|t| t.time() != time) {
            return Self::Microsecond;
        }
        let dates = || times.iter().map(NaiveDateTime::date);
        let are_last = dates().all(|d| d.day() == last_of_month(d));
        let latest = dates().map(|d| d.day()).max().unwrap_or(1);
        let day = if are_last { 31 } else { latest };
        let is_there = |d: NaiveDate| d.day() == day.min(last_of_month(d));
        if times.len() > 1 && dates().all(is_there) {
            return Self::Month { day, time };
        }
        let business = Self::BusinessDay(time);
        let number = |t: &NaiveDateTime| business.number(*t);
        let n_single = times
            .windows(2)
            .filter(|pair| number(&pair[1]) - number(&pair[0]) == 1);
        let n_single = n_single.count();
        let week = |t: &NaiveDateTime| (day_number(t.date()) - 1).div_euclid(DAYS_IN_WEEK);
        let passes_weekends = times.first().map(week) != times.last().map(week);
        if 2 * n_single + 1 > times.len() && passes_weekends && !dates().any(is_weekend) {
            return business;
        }
        Self::Day(time)
    }

    /// The number of a time; those that are one apart are neighbours.
    pub(crate) fn number(self, time: NaiveDateTime) -> i64 {
        match self {
            Self::Microsecond => time.and_utc().timestamp_micros(),
            Self::Day(_) => day_number(time.date()),
            Self::BusinessDay(_) => {
                // Day 1 was a Monday.
                let since = day_number(time.date()) - 1;
                let weekday = since.rem_euclid(DAYS_IN_WEEK).min(WORKING_DAYS - 1);
                WORKING_DAYS * since.div_euclid(DAYS_IN_WEEK) + weekday
            }
            Self::Month { .. } => {
                MONTHS_IN_YEAR * i64::from(time.year()) + i64::from(time.month0())
            }
        }
    }

    /// The time of a number; none beyond the calendar.
    pub(crate) fn time(self, number: i64) -> Option<NaiveDateTime> {
        match self {
            Self::Microsecond => Some(DateTime::from_timestamp_micros(number)?.naive_utc()),
            Self::Day(time) => Some(day_of_number(number)?.and_time(time)),
            Self::BusinessDay(time) => {
                let weeks = number.div_euclid(WORKING_DAYS);
                let day = 1 + DAYS_IN_WEEK * weeks + number.rem_euclid(WORKING_DAYS);
                Some(day_of_number(day)?.and_time(time))
            }
            Self::Month { day, time } => {
                let year = i32::try_from(number.div_euclid(MONTHS_IN_YEAR)).ok()?;
                let month = number.rem_euclid(MONTHS_IN_YEAR) as u32 + 1;
                let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                let date = first.with_day(day.min(last_of_month(first)))?;
                Some(date.and_time(time))
            }
        }
    }

    /// A step of so many.
    pub(crate) fn step(self, n: i64) -> Step {
        match self {
            Self::Microsecond => Step::Microseconds(n),
            Self::Day(_) => Step::Days(n),
            Self::BusinessDay(_) if n == 1 => Step::BusinessDay,
            Self::BusinessDay(_) => Step::Days(n),
            Self::Month { .. } => Step::Months(n),
        }
    }
}

/// Days since 1970 began: where a time lies on an axis.
pub(crate) fn position(time: NaiveDateTime) -> f64 {
    time.and_utc().timestamp_micros() as f64 / MICROSECONDS_IN_DAY as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            "1954Q3",
            "2021-Q4",
            "2021-03",
            "202103",
            "2021-03-05",
            "20210305",
            "2021-03-05 14:30",
            "2021-03-05T14:30:01",
            "2021-03-05 14:30:01.250",
            "2021-03-05T14:30:00+01:00",
            "2021-03-05T14:30Z",
        ] {
            let notation = Notation::of(text).unwrap();
            assert_eq!(notation.write(notation.read(text).unwrap()), text);
        }
        for text in [
            "",
            "1954Q5",
            "1954Q0",
            "2021-13",
            "2021-02-30",
            "x",
            "day 1",
            "21-03-05",
            "05/03/2021",
            "2021-03-05 25:00",
            "2021-3-5",
            "2021",
            "٢٠٢١-٠٣",
            "2021-03-05T",
            "äöüQ1",
        ] {
            assert_eq!(Notation::of(text), None, "{text}");
        }
    }

    #[test]
    fn clocks_of_other_zones_are_read_in_the_first() {
        let notation = Notation::of("2021-03-28T01:00+01:00").unwrap();
        for (text, local) in [
            ("2021-03-28T03:00+02:00", Some("2021-03-28T02:00+01:00")),
            ("2021-03-27T23:30Z", Some("2021-03-28T00:30+01:00")),
            ("2021-03-28T02:00", None),
            ("2021-03-28T02:00+aa", None),
        ] {
            let found = notation.read(text).map(|time| notation.write(time));
            assert_eq!(found.as_deref(), local, "{text}");
        }
    }

    #[test]
    fn steps_are_said_in_words() {
        for (step, words, season) in [
            (Step::Months(3), "quarter", Some(4)),
            (Step::Months(1), "month", Some(12)),
            (Step::Months(24), "2 years", None),
            (Step::Days(7), "week", None),
            (Step::Days(1), "day", Some(7)),
            (Step::BusinessDay, "business day", Some(5)),
            (
                Step::Microseconds(900 * MICROSECONDS),
                "15 minutes",
                Some(96),
            ),
            (Step::Microseconds(3600 * MICROSECONDS), "hour", Some(24)),
            (Step::Number(0.5), "0.5", None),
        ] {
            assert_eq!((step.to_string().as_str(), step.season()), (words, season));
        }
    }

    #[test]
    fn business_days_skip_weekends() {
        let unit = Unit::BusinessDay(NaiveTime::MIN);
        let friday = dashed("2021-03-05").unwrap();
        let next = unit.time(unit.number(friday) + 1).unwrap();
        assert_eq!(next, dashed("2021-03-08").unwrap());
        for i in -3000..3000 {
            let time = unit.time(unit.number(friday) + i).unwrap();
            assert!(!is_weekend(time.date()));
            assert_eq!(unit.number(time), unit.number(friday) + i);
        }
    }
}
