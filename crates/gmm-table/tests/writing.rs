//! What is written.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;
use std::path::Path;

use gmm_table::{Format, Kind, Source, Texts, Type, Wanted, Writer};
use ndarray::{Array2, arr2};

/// Three columns, of which one holds texts, written in two blocks.
fn written(kind: Kind) -> String {
    let mut out = Vec::new();
    let columns = [
        ("x", Type::Number),
        ("name, first", Type::Text),
        ("x", Type::Number),
    ];
    let mut writer = Writer::new(kind, &columns, &mut out).unwrap();
    let texts: Texts = ["a \"b\"", ""].into_iter().collect();
    writer
        .write(arr2(&[[0.1, 1e300], [f64::NAN, -2.0]]).view(), &[texts])
        .unwrap();
    let texts: Texts = ["é,\n"].into_iter().collect();
    writer
        .write(arr2(&[[1e-7, f64::NEG_INFINITY]]).view(), &[texts])
        .unwrap();
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn text_with_commas_or_tabs() {
    assert_eq!(
        written(Kind::Csv),
        "x,\"name, first\",x_2\n0.1,\"a \"\"b\"\"\",1e300\n,,-2\n1e-7,\"é,\n\",-inf\n"
    );
    assert_eq!(
        written(Kind::Tsv),
        "x\tname, first\tx_2\n0.1\t\"a \"\"b\"\"\"\t1e300\n\t\t-2\n1e-7\t\"é,\n\"\t-inf\n"
    );
}

#[test]
fn an_array_of_records() {
    assert_eq!(
        written(Kind::Json),
        "[\n{\"x\":0.1,\"name, first\":\"a \\\"b\\\"\",\"x_2\":1e300},\n\
         {\"x\":null,\"name, first\":null,\"x_2\":-2},\n\
         {\"x\":1e-7,\"name, first\":\"é,\\n\",\"x_2\":null}\n]\n"
    );
    let mut out = Vec::new();
    Writer::new(Kind::Json, &[("x", Type::Number)], &mut out)
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(out, b"[\n]\n");
}

#[test]
fn a_missing_value_alone_in_its_row_is_no_blank_line() {
    let mut out = Vec::new();
    let mut writer = Writer::new(Kind::Csv, &[("x", Type::Number)], &mut out).unwrap();
    writer
        .write(arr2(&[[1.0], [f64::NAN], [3.0]]).view(), &[])
        .unwrap();
    writer.finish().unwrap();
    assert_eq!(out, b"x\n1\n\"\"\n3\n");
}

/// Numbers of all sizes, with gaps.
fn many() -> Array2<f64> {
    let value = |(i, j): (usize, usize)| match (i * 7 + j) % 11 {
        0 => f64::NAN,
        k => (i as f64 - 0.3).powi(k as i32 - 4) * if j == 1 { -1.0 } else { 1.0 },
    };
    Array2::from_shape_fn((20_000, 3), value)
}

fn same(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

#[test]
fn what_is_written_is_read_again_to_the_bit() {
    let values = many();
    let columns = ["a", "b", "c"].map(|name| (name, Type::Number));
    for kind in [Kind::Csv, Kind::Tsv] {
        let mut out = Vec::new();
        let mut writer = Writer::new(kind, &columns, &mut out).unwrap();
        for rows in values.axis_chunks_iter(ndarray::Axis(0), 7_000) {
            writer.write(rows, &[]).unwrap();
        }
        writer.finish().unwrap();
        let source = Source::from_bytes(out, &Format::default()).unwrap();
        let table = source.read(&Wanted::all_numeric(), &|_, _| {}).unwrap();
        assert_eq!(table.number_names(), ["a", "b", "c"]);
        assert!(same(&table.into_array(), &values));
    }
}

#[test]
fn an_array_of_numpy_learns_its_length_at_the_end() {
    let values = many();
    let columns = ["a", "b", "c"].map(|name| (name, Type::Number));
    let mut out = Cursor::new(Vec::new());
    let mut writer = Writer::seekable(Kind::Npy, &columns, &mut out).unwrap();
    for rows in values.axis_chunks_iter(ndarray::Axis(0), 7_000) {
        writer.write(rows, &[]).unwrap();
    }
    writer.finish().unwrap();
    let position = out.position();
    let bytes = out.into_inner();
    assert_eq!(position as usize, bytes.len());
    assert!(bytes.starts_with(
        b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (20000, 3), }"
    ));
    assert_eq!(bytes.len(), 128 + 8 * 60_000);
}

#[test]
fn what_cannot_be_written_is_said() {
    let refusal = |kind, columns: &[(&str, Type)]| {
        let error = Writer::seekable(kind, columns, Cursor::new(Vec::new())).unwrap_err();
        error.to_string()
    };
    let columns = [("x", Type::Number), ("class", Type::Text)];
    assert_eq!(
        refusal(Kind::Npy, &columns),
        "column \"class\" is text, and an NPY file holds numbers only"
    );
    let stream = Writer::new(Kind::Npy, &columns[..1], Vec::new()).unwrap_err();
    assert_eq!(
        stream.to_string(),
        "an NPY file is written to a file, not to a stream"
    );
    let mut writer = Writer::new(Kind::Csv, &columns, Vec::new()).unwrap();
    let mut write = |numbers: Array2<f64>, texts: &[&str]| {
        let texts: Texts = texts.iter().collect();
        writer
            .write(numbers.view(), &[texts])
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        write(Array2::zeros((1, 2)), &["a"]),
        "columns of numbers: expected 1, found 2"
    );
    assert_eq!(
        write(Array2::zeros((2, 1)), &["a"]),
        "rows: expected 2, found 1"
    );
    assert_eq!(Kind::of(Path::new("a.CSV")).unwrap(), Kind::Csv);
    assert_eq!(Kind::of(Path::new("x/b.npy")).unwrap(), Kind::Npy);
    let unknown = Kind::of(Path::new("b.xlsx")).unwrap_err().to_string();
    assert_eq!(
        unknown,
        "the ending \".xlsx\" is none of .csv, .tsv, .json, .npy and .parquet"
    );
}
