//! Arrays of NumPy, as it writes them (`arrays.py`).
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use gmm_core::{Rows, Tiles};
use gmm_table::{Format, Kind, Source, Table, TableError, Type, Wanted, Writer};
use ndarray::{Array2, Axis, arr2};

fn path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arrays");
    folder.join(name)
}

fn entry(name: Option<&str>) -> Format {
    Format {
        entry: name.map(String::from),
        ..Format::default()
    }
}

fn table(name: &str, of: Option<&str>) -> Result<Table, TableError> {
    let source = Source::open(&path(name), &entry(of))?;
    source.read(&Wanted::all_numeric(), &|_, _| {})
}

fn numbers(name: &str) -> Array2<f64> {
    table(name, None).unwrap().into_array()
}

fn refusal(name: &str) -> String {
    table(name, None).unwrap_err().to_string()
}

#[test]
fn numbers_of_all_types_in_both_orders() {
    let x = arr2(&[[1.5, -2.0, 3.0], [0.0, f64::NAN, 1e300]]);
    let bits = |v: f64| v.to_bits();
    for name in ["f8.npy", "f8-columns.npy", "f8-big.npy", "two.npz"] {
        assert_eq!(numbers(name).mapv(bits), x.mapv(bits), "{name}");
    }
    for (of, factor) in [("x", 1.0), ("y", 2.0), ("y.npy", 2.0)] {
        let found = table("packed.npz", Some(of)).unwrap().into_array();
        assert_eq!(found.mapv(bits), x.mapv(|v| bits(v * factor)), "{of}");
    }
    assert_eq!(numbers("f4.npy"), arr2(&[[f64::from(0.1f32), -2.5]]));
    assert_eq!(numbers("i8-one.npy"), arr2(&[[-1.0], [2.0], [3.0]]));
    assert_eq!(numbers("u1.npy"), arr2(&[[0.0, 255.0]]));
    assert_eq!(numbers("bool.npy"), arr2(&[[1.0, 0.0]]));
    let labels = table("two.npz", Some("labels")).unwrap();
    assert_eq!(labels.into_array(), arr2(&[[0.0], [1.0]]));
}

#[test]
fn columns_are_called_by_their_numbers() {
    let source = Source::open(&path("f8.npy"), &Format::default()).unwrap();
    assert_eq!(source.names(), ["1", "2", "3"]);
    let wanted = Wanted::numbers(&["3", "1"]).and_text(&["2"]);
    let table = source.read(&wanted, &|_, _| {}).unwrap();
    assert_eq!(table.text("2").unwrap(), ["-2", ""]);
    assert_eq!(table.line(1), 2);
    assert_eq!(table.into_array(), arr2(&[[3.0, 1.5], [1e300, 0.0]]));
}

#[test]
fn what_is_no_table_is_refused() {
    let not_read = "not a readable NPY file: ";
    assert_eq!(
        refusal("records.npy"),
        format!("{not_read}its elements are records of fields")
    );
    assert_eq!(
        refusal("cube.npy"),
        format!("{not_read}an array of 3 dimensions is no table")
    );
    assert_eq!(
        refusal("texts.npy"),
        format!("{not_read}its elements of type \"<U1\" are not numbers that are read")
    );
    assert_eq!(
        refusal("packed.npz"),
        "which array is the table must be said; there are \"x\", \"y\""
    );
    let none = table("two.npz", Some("z")).unwrap_err().to_string();
    assert_eq!(none, "there is no array \"z\"; there are \"x\", \"labels\"");
}

#[test]
fn no_file_that_is_cut_short_is_read_or_panics() {
    for name in [
        "f8.npy",
        "f8-columns.npy",
        "i8-one.npy",
        "two.npz",
        "packed.npz",
    ] {
        let bytes = fs::read(path(name)).unwrap();
        for n in 0..bytes.len() {
            let source = Source::from_bytes(&bytes[..n], &entry(Some("x")));
            let read = source.and_then(|s| s.read(&Wanted::all_numeric(), &|_, _| {}));
            let message = read.unwrap_err().to_string();
            assert!(!message.contains(char::is_control), "{message:?}");
            if n >= 10 && name.ends_with("npy") {
                assert_eq!(message, "the file is cut short", "{name} {n}");
            }
        }
    }
}

#[test]
fn infinite_values_are_refused_by_row_and_column() {
    let columns = [("a", Type::Number), ("b", Type::Number)];
    let mut out = Cursor::new(Vec::new());
    let mut writer = Writer::seekable(Kind::Npy, &columns, &mut out).unwrap();
    let rows = arr2(&[[1.0, 2.0], [3.0, f64::INFINITY]]);
    writer.write(rows.view(), &[]).unwrap();
    writer.finish().unwrap();
    let source = Source::from_bytes(out.into_inner(), &Format::default()).unwrap();
    let refused = source.read(&Wanted::all_numeric(), &|_, _| {}).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "row 2, column \"2\": the value is infinite"
    );
}

#[test]
fn rows_are_the_same_for_a_fit_whatever_blocks_they_came_in() {
    let value = |(i, j): (usize, usize)| (i * 3 + j) as f64 / 7.0;
    let values = Array2::from_shape_fn((200_001, 5), value);
    let columns = ["a", "b", "c", "d", "e"].map(|name| (name, Type::Number));
    let mut out = Cursor::new(Vec::new());
    let mut writer = Writer::seekable(Kind::Npy, &columns, &mut out).unwrap();
    writer.write(values.view(), &[]).unwrap();
    writer.finish().unwrap();
    let source = Source::from_bytes(out.into_inner(), &Format::default()).unwrap();
    let table = source.read(&Wanted::all_numeric(), &|_, _| {}).unwrap();
    assert!(table.blocks().len() > 1);
    assert_eq!((Rows::n_rows(&table), table.n_features()), (200_001, 5));
    let (found, expected) = (Tiles::of(&table), Tiles::of(&values));
    for first in (0..values.len_of(Axis(0))).step_by(gmm_core::TILE_ROWS) {
        let (found, expected) = (found.tile(first).unwrap(), expected.tile(first).unwrap());
        assert_eq!(found.n_rows(), expected.n_rows());
        for j in 0..5 {
            assert_eq!(found.feature(j), expected.feature(j));
        }
    }
}
