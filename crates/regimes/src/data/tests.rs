use super::*;

fn series(text: &str, columns: &[&str], time: Option<&str>) -> Result<Series, SeriesError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("series.csv");
    std::fs::write(&path, text).unwrap();
    let columns: Vec<String> = columns.iter().map(|c| String::from(*c)).collect();
    Series::read(&path, &columns, time)
}

fn read(text: &str) -> Series {
    series(text, &[], None).unwrap()
}

fn refused(text: &str, columns: &[&str], time: Option<&str>, words: &[&str]) {
    let why = series(text, columns, time).unwrap_err().to_string();
    assert!(words.iter().all(|word| why.contains(word)), "{why}");
}

#[test]
fn the_column_of_values_is_found_and_the_one_of_time_too() {
    let years = read("year,volume\n1871,3\n1872,5\n1873,\n");
    assert_eq!(
        (years.columns[0].as_str(), years.time_name.as_str()),
        ("volume", "year")
    );
    assert_eq!(years.times, [1871.0, 1872.0, 1873.0]);
    assert!(years.values[(2, 0)].is_nan());
    assert_eq!(years.after(2).1, ["1874", "1875"]);
    let quarters = read("quarter,rate\n1969Q4,1\n1970Q1,2\n");
    assert_eq!(quarters.labels, ["1969Q4", "1970Q1"]);
    assert_eq!(quarters.times, [-92.0, 0.0]);
    assert_eq!(quarters.step, Step::Months(3));
    assert_eq!(
        quarters.after(1),
        (vec![90.0], vec![String::from("1970Q2")])
    );
    let plain = read("4\n6\n5\n");
    assert_eq!(plain.only_column().unwrap(), [4.0, 6.0, 5.0]);
    assert_eq!(
        (plain.step, plain.after(1).1),
        (Step::Row, vec![String::from("4")])
    );
    let words = read("who,x\nAda,1\nBob,2\n");
    assert_eq!(
        (words.labels[1].as_str(), words.after(2).1[1].as_str()),
        ("Bob", "+2")
    );
}

#[test]
fn several_columns_are_read_together() {
    let both = read("year,a,b,who\n1871,1,,x\n1872,,4,y\n");
    assert_eq!(both.columns, ["a", "b"]);
    assert_eq!((both.values[(0, 0)], both.values[(1, 1)]), (1.0, 4.0));
    assert!(both.values[(1, 0)].is_nan() && both.only_column().is_err());
    let turned = series("year,a,b\n1871,1,2\n1872,3,4\n", &["b", "1"], None);
    let turned = turned.unwrap();
    // The times are wanted as values.
    assert_eq!(
        (turned.columns.join(" ").as_str(), turned.step),
        ("b year", Step::Row)
    );
}

#[test]
fn steps_without_a_row_are_put_in() {
    let years = read("year,a\n1871,1\n1872,2\n1875,5\n1876,6\n");
    assert_eq!(
        (years.n_filled, years.first_filled, years.n_steps()),
        (2, Some(2), 6)
    );
    assert_eq!(years.labels[2..5], ["1873", "1874", "1875"]);
    assert_eq!(years.times[4], 1875.0);
    assert!(years.values[(3, 0)].is_nan() && years.values[(4, 0)] == 5.0);
    let days = read("d,a\n2021-03-04,1\n2021-03-05,2\n2021-03-08,5\n2021-03-10,6\n");
    assert_eq!((days.step, days.n_filled), (Step::BusinessDay, 1));
    assert_eq!(days.labels[3], "2021-03-09");
    // A number of days, weekend and all.
    assert_eq!(days.times[2] - days.times[1], 3.0);
}

#[test]
fn doubt_is_told() {
    refused("a,b\nx,y\n", &[], None, &["no column"]);
    refused("a,b\n1,2\n", &["c"], None, &["\"c\""]);
    refused("a,b\n1,2\n", &["b", "2"], None, &["b", "twice"]);
    refused("a,b\n1,2\n", &["b"], Some("b"), &["b", "twice"]);
    refused("t,b\n1,NA\n2,\n", &["b"], None, &["b", "no values"]);
    refused(
        "t,b\n1,3\n2,inf\n",
        &["b"],
        None,
        &["line 3", "\"b\"", "inf"],
    );
    refused(
        "year,b\n1871,3\n1870,4\n",
        &[],
        None,
        &["line 3", "\"year\"", "1870"],
    );
    refused(
        "d,b\n2021-03,3\nNA,4\n",
        &[],
        None,
        &["line 3", "\"d\"", "NA"],
    );
    refused(
        "d,b\nAda,3\nBob,4\n",
        &[],
        Some("d"),
        &["line 2", "Ada", "2021-03-05"],
    );
    assert!(series("", &[], None).is_err());
    // Equal values are a series.
    assert_eq!(read("3\n3\n3\n").values.sum(), 9.0);
}

#[test]
fn the_shipped_series_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/tabular");
    for (file, n, step, next) in [
        ("sunspots.csv", 309, Step::Number(1.0), "2009"),
        ("nile.csv", 100, Step::Number(1.0), "1971"),
        ("rgnp.csv", 135, Step::Months(3), "1985Q1"),
        ("fedfunds.csv", 226, Step::Months(3), "2011Q1"),
    ] {
        let series = Series::read(&root.join(file), &[], None).unwrap();
        assert_eq!((series.n_steps(), series.step), (n, step), "{file}");
        assert_eq!((series.after(1).1[0].as_str(), series.n_filled), (next, 0));
    }
}
