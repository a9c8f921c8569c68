//! Parquet, as pyarrow (`parquet.py`) and as this crate writes it.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use gmm_table::{Format, Kind, Source, Texts, Type, Wanted, Writer};
use ndarray::{Array2, arr2};

fn path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet");
    folder.join(name)
}

fn bits(values: Array2<f64>) -> Array2<Option<u64>> {
    values.mapv(|v| (!v.is_nan()).then_some(v.to_bits()))
}

#[test]
fn numbers_texts_and_what_is_missing() {
    for name in ["zstd.parquet", "snappy.parquet"] {
        let source = Source::open(&path(name), &Format::default()).unwrap();
        assert_eq!(
            source.names(),
            ["double", "float", "int", "name", "flag", "class", "id"]
        );
        let wanted = Wanted::all_numeric()
            .except(&["id"])
            .and_text(&["class", "name", "id", "double"]);
        let table = source.read(&wanted, &|_, _| {}).unwrap();
        assert_eq!(table.number_names(), ["double", "float", "int", "flag"]);
        assert_eq!(table.text("name").unwrap(), ["a", "", "é"]);
        assert_eq!(table.text("class").unwrap(), ["x", "y", "x"]);
        assert_eq!(table.text("id").unwrap(), ["1152921504606846977", "2", "3"]);
        assert_eq!(table.text("double").unwrap(), ["1.5", "", "-2"]);
        let nan = f64::NAN;
        let expected = arr2(&[
            [1.5, 0.5, 1.0, 1.0],
            [nan, nan, 2.0, 0.0],
            [-2.0, 3.0, nan, nan],
        ]);
        assert_eq!(bits(table.into_array()), bits(expected));
    }
}

#[test]
fn texts_are_not_made_numbers() {
    let source = Source::open(&path("zstd.parquet"), &Format::default()).unwrap();
    let refused = source
        .read(&Wanted::numbers(&["int", "name"]), &|_, _| {})
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "column \"name\" holds Utf8, not numbers"
    );
}

#[test]
fn what_is_written_is_read_again() {
    let value = |(i, j): (usize, usize)| match (i + j) % 13 {
        0 => f64::NAN,
        k => (i as f64 + 0.1) / k as f64,
    };
    let values = Array2::from_shape_fn((300_000, 4), value);
    let names: Texts = (0..300_000).map(|i| format!("row {i}")).collect();
    let columns = ["a", "b", "c", "d"].map(|name| (name, Type::Number));
    let columns = [&columns[..], &[("name", Type::Text)]].concat();
    let mut out = Vec::new();
    let mut writer = Writer::new(Kind::Parquet, &columns, &mut out).unwrap();
    writer.write(values.view(), &[names]).unwrap();
    writer.finish().unwrap();
    let source = Source::from_bytes(out, &Format::default()).unwrap();
    let wanted = Wanted::numbers(&["d", "c", "b", "a"]).and_text(&["name"]);
    let table = source.read(&wanted, &|_, _| {}).unwrap();
    assert!(table.blocks().len() > 1);
    assert_eq!(table.text("name").unwrap()[299_999], "row 299999");
    let numbers = table.numbers(&["a", "b", "c", "d"]).unwrap();
    assert_eq!(bits(numbers.into_values()), bits(values));
}

#[test]
fn no_file_that_is_cut_short_is_read_or_panics() {
    let bytes = fs::read(path("snappy.parquet")).unwrap();
    for n in (1..bytes.len()).step_by(7) {
        let source = Source::from_bytes(&bytes[..n], &Format::default());
        let read = source.and_then(|s| s.read(&Wanted::all_text(), &|_, _| {}));
        let message = read.unwrap_err().to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        if n >= 4 {
            assert!(
                message.starts_with("not a readable Parquet file: "),
                "{message}"
            );
        }
    }
}
