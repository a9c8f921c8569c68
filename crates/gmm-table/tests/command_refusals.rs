//! What `gmm` refuses, and how.
#![allow(clippy::unwrap_used)]

use shipped::with_model;

mod shipped;

#[test]
fn tables_that_cannot_be_used_are_refused() {
    let folder = with_model();
    for (name, text, words) in [
        ("ragged.csv", "a,b\n1,2\n3\n", vec!["line 3", "1 field"]),
        ("text.csv", "a,b\n1,2\n3,x\n", vec!["line 3", "\"b\"", "x"]),
        ("empty.csv", "", vec!["empty"]),
        ("names.csv", "a,b\n", vec!["no rows"]),
        ("twice.csv", "a,a\n1,2\n", vec!["\"a\"", "1 and 2"]),
        ("words.csv", "a,b\nx,y\n", vec!["no column holds numbers"]),
        (
            "quote.csv",
            "a,b\n1,\"2\n3,4\n",
            vec!["line 2", "quotation mark"],
        ),
        ("array.npy", "a,b\n1,2\n", vec!["NPY"]),
        ("inf.csv", "a\n1\ninf\n", vec!["line 3", "infinite"]),
        (
            "huge.csv",
            "a\n1e200\n-1e200\n1e201\n",
            vec!["a", "overflow"],
        ),
    ] {
        folder.write(name, text);
        for task in ["fit", "select", "plot"] {
            let mut all = vec![name];
            all.extend(&words);
            folder.refused(&[task, name], 1, &all);
        }
    }
    folder.write("nothing.csv", "a,b\n1,NA\n2,\n4,?\n");
    folder.refused(
        &["fit", "nothing.csv", "-c", "a,b"],
        1,
        &["nothing.csv", "\"b\"", "no value"],
    );
    let said = folder.said(&["fit", "nothing.csv", "-k", "1"]);
    assert!(said.contains("not used, for want of numbers: b"), "{said}");
    folder.refused(&["fit", "missing.csv"], 1, &["missing.csv", "no such file"]);
    folder.refused(
        &["fit", "faithful.csv", "-c", "wait"],
        1,
        &["\"wait\"", "waiting"],
    );
    folder.refused(
        &["fit", "faithful.csv", "-c", "waiting,waiting"],
        2,
        &["waiting"],
    );
    folder.refused(&["fit", "faithful.csv", "-k", "1000"], 1, &["1000", "272"]);
    folder.refused(
        &["fit", "faithful.csv", "-o", "faithful.csv"],
        2,
        &["--out"],
    );
    folder.refused(
        &["fit", "faithful.csv", "-o", "nowhere/m.json"],
        1,
        &["nowhere"],
    );
    folder.refused(
        &["score", "two.json", "faithful.csv", "-o", "faithful.csv"],
        2,
        &["twice"],
    );
    folder.refused(
        &["plot", "faithful.csv", "-o", "x.pdf"],
        2,
        &["--out", "PNG"],
    );
}

#[test]
fn models_that_cannot_be_used_are_refused() {
    let folder = with_model();
    let text = folder.read("two.json");
    folder.write("cut.json", &text[..text.len() / 2]);
    folder.write(
        "newer.json",
        text.replace("\"version\": 1", "\"version\": 9"),
    );
    folder.write("other.json", "{\"a\": 1}");
    folder.write("three.csv", "a,b,c\n1,2,3\n");
    folder.write("cut.npz", b"PK\x03\x04 and no more");
    for (model, words) in [
        ("cut.json", vec!["line"]),
        ("newer.json", vec!["9"]),
        ("other.json", vec!["format"]),
        ("faithful.csv", vec!["looks like a table"]),
        ("cut.npz", vec!["NPZ"]),
        ("missing.json", vec!["no such file"]),
    ] {
        let mut all = vec![model];
        all.extend(&words);
        folder.refused(&["score", model, "faithful.csv"], 1, &all);
        folder.refused(&["describe", model], 1, &all);
    }
    folder.refused(
        &["score", "two.json", "three.csv"],
        1,
        &["three.csv", "eruptions"],
    );
    folder.write("three.csv", "1,2,3\n4,5,6\n");
    folder.refused(
        &["predict", "two.json", "three.csv"],
        1,
        &["three.csv", "3 columns", "2"],
    );
}

#[test]
fn flags_that_cannot_be_followed_are_refused() {
    let folder = with_model();
    let utf16: Vec<u8> = "\u{feff}a,b\n1,2\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    folder.write("wide.csv", utf16);
    folder.refused(&["fit", "wide.csv"], 1, &["wide.csv", "UTF-16", "UTF-8"]);
    folder.said(&["sample", "two.json", "-n", "9", "-o", "a.npy"]);
    let missing = ["score", "two.json", "a.npy", "--missing", "-999"];
    folder.refused(&missing, 2, &["--missing", "a.npy"]);
    folder.write("one.csv", "a,class\n1,x\n2,x\n3,y\n");
    let class = ["fit", "one.csv", "--class", "class"];
    folder.refused(&class, 1, &["one.csv", "\"y\"", "one row"]);
    let threads = ["describe", "two.json", "--threads", "99999999"];
    folder.refused(&threads, 2, &["--threads", "1024"]);
    let plot = ["plot", "two.json", "-c", "1,eruptions"];
    folder.refused(&plot, 2, &["--columns", "\"eruptions\""]);
    for given in ["eruptions=1,eruptions=2", "eruptions=1,waiting=2"] {
        let sample = ["sample", "two.json", "--given", given];
        folder.refused(&sample, 2, &["--given"]);
    }
    let target = [
        "predict",
        "two.json",
        "faithful.csv",
        "--target",
        "waiting,waiting",
    ];
    folder.refused(&target, 2, &["--target", "\"waiting\""]);
    folder.refused(
        &["sample", "two.json", "-o", "rows"],
        2,
        &["--out", "--format"],
    );
    let fit = ["fit", "faithful.csv", "-k", "1"];
    let both = [&fit[..], &["-o", "-", "--json", "-"]].concat();
    folder.refused(&both, 2, &["--json", "--out"]);
    let report = folder.json(&[&fit[..], &["-o", "one.json"]].concat());
    assert_eq!(report["n_components"], 1);
}
