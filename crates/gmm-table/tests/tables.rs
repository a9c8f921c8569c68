//! What is read from a table.
#![allow(clippy::unwrap_used)]

use gmm_table::{Format, Source, Table, Wanted};
use ndarray::{Array2, arr2};

fn table(text: &str) -> Table {
    Table::from_bytes(text.as_bytes()).unwrap()
}

fn numbers(text: &str) -> Array2<f64> {
    let table = table(text);
    table.numbers(table.names()).unwrap().into_values()
}

#[test]
fn a_table_with_names() {
    let table = table("height,day,mass\n1.5,2024-05-01,60\n1.75,2024-05-02,70\n");
    assert_eq!(table.names(), ["height", "day", "mass"]);
    assert!(table.has_header());
    assert_eq!((table.n_rows(), table.n_columns()), (2, 3));
    assert_eq!(table.lines(), [2, 3]);
    assert_eq!(table.numeric_columns().unwrap(), ["height", "mass"]);
    assert_eq!(table.text("day").unwrap(), ["2024-05-01", "2024-05-02"]);
    assert_eq!(table.text("mass").unwrap(), ["60", "70"]);
    let both = table.numbers(&["mass", "height"]).unwrap();
    assert_eq!(both.names(), ["mass", "height"]);
    assert_eq!(both.values(), arr2(&[[60.0, 1.5], [70.0, 1.75]]));
    let none: [&str; 0] = [];
    assert_eq!(table.numbers(&none).unwrap().values().dim(), (2, 0));
}

#[test]
fn columns_without_names_are_numbered() {
    let table = table("1,2\n3,4\n");
    assert_eq!(table.names(), ["1", "2"]);
    assert!(!table.has_header());
    assert_eq!((table.n_rows(), table.lines()), (2, vec![1, 2]));
    assert_eq!(numbers("NA,2\n3,4\n")[[1, 0]], 3.0);
}

#[test]
fn columns_are_found_by_name_before_number() {
    let table = table("2,x,,1e9\n5,6,7,8\n");
    assert_eq!(table.names(), ["2", "x", "3", "1e9"]);
    let number = |name: &str| table.column(name).unwrap().number();
    assert_eq!(["2", "x", "3", "1", "4"].map(number), [1, 2, 3, 1, 4]);
    assert_eq!(table.column("1").unwrap().name(), "2");
    for unknown in ["0", "5", "X", "", "-1", "99999999999999999999"] {
        assert!(table.column(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn missing_values_are_nan_and_counted() {
    let table = table("a,b,c\n1,NA,\n?,2, null \nN/A,.,nan\n3,4,\n");
    assert_eq!(table.numeric_columns().unwrap(), ["a", "b"]);
    assert_eq!(table.column("c").unwrap().n_missing(), 4);
    let numbers = table.numbers(&["a", "b", "c"]).unwrap();
    assert_eq!(numbers.n_missing(), [2, 2, 4]);
    assert!(numbers.values()[[1, 0]].is_nan());
    let (rows, values) = table.numbers(&["a", "b"]).unwrap().complete();
    assert_eq!(rows, [3]);
    assert_eq!(values, arr2(&[[3.0, 4.0]]));
    let (rows, values) = numbers.complete();
    assert_eq!((rows.len(), values.dim()), (0, (0, 3)));
}

#[test]
fn all_forms_of_a_file_are_the_same_table() {
    let expected = arr2(&[[1.0, 2.5], [-3.0, 4e2]]);
    for text in [
        "x,y\n1,2.5\n-3,4e2\n",
        "x,y\n1,2.5\n-3,4e2",
        "\u{feff}x,y\n1,2.5\n-3,4e2\n",
        "x,y\r\n1,2.5\r\n-3,4e2\r\n",
        "x,y\r1,2.5\r-3,4e2\r",
        "\n\nx,y\n\n1,2.5\n   \n-3,4e2\n\n\n",
        "x;y\n1;2.5\n-3;4e2\n",
        "x\ty\n1\t2.5\n-3\t4e2\n",
        "x|y\n1|2.5\n-3|4e2\n",
        " x , y \n 1, 2.5 \n-3 ,4e2\n",
        "\"x\",\"y\"\n\"1\",\"2.5\"\n\"-3\",\"4e2\"\n",
    ] {
        let found = table(text);
        assert_eq!(found.names(), ["x", "y"], "{text:?}");
        let found = found.numbers(&["x", "y"]).unwrap();
        assert_eq!(found.values(), expected, "{text:?}");
    }
    assert_eq!(numbers("x\n1\n\n2\n"), arr2(&[[1.0], [2.0]]));
    assert_eq!(numbers("1\n"), arr2(&[[1.0]]));
}

#[test]
fn a_row_of_missing_values_is_no_blank_line() {
    assert_eq!(table("a\tb\n1\t2\n\t\n\n3\t4\n").lines(), [2, 3, 5]);
    assert_eq!(table("a,b\n,\n1,2\n").lines(), [2, 3]);
    assert_eq!(table("a\n1\n\"\"\n").n_rows(), 2);
}

#[test]
fn texts_may_hold_anything_in_quotes() {
    let table = table("name,note\nµ,\"one, \"\"two\"\"\nand three\"\nβ,\n");
    assert_eq!(table.text("note").unwrap(), ["one, \"two\"\nand three", ""]);
    assert_eq!(table.lines(), [2, 4]);
    assert_eq!(table.text("name").unwrap(), ["µ", "β"]);
}

#[test]
fn a_file_is_read_like_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    assert_eq!(Table::read(&path).unwrap(), table("a,b\n1,2\n"));
}

#[test]
fn a_number_that_stands_for_nothing_does_so_however_it_is_written() {
    let format = Format {
        missing: vec![String::from("-999")],
        ..Format::default()
    };
    let source = Source::from_bytes("a,b\n-999,1\n2,-999.0\n3,-9.99e2\n4,5\n", &format).unwrap();
    let table = source.read(&Wanted::all_numeric(), &|_, _| {}).unwrap();
    assert_eq!(table.n_missing(), [1, 2]);
}
