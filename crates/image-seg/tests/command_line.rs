//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_image-seg"))
}

fn asset(name: &str) -> String {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "assets",
        "images",
        name,
    ]
    .iter()
    .collect();
    path.to_str().unwrap().to_owned()
}

fn pnm(folder: &Trial, name: &str, width: usize, pixels: &[[u8; 3]]) {
    let head = format!("P6 {width} {} 255\n", pixels.len() / width);
    fs::write(
        folder.path().join(name),
        [head.as_bytes(), &pixels.concat()].concat(),
    )
    .unwrap();
}

#[test]
fn andromeda_without_a_word() {
    let folder = folder();
    let output = folder.run(&["--json", "m31.json"]);
    assert!(output.status.success());
    assert_eq!(
        folder.names(),
        ["m31-labels.png", "m31-segments.png", "m31.json"]
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("1024 × 1024") && said.contains("converged"),
        "{said}"
    );

    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("m31.json")).unwrap()).unwrap();
    assert_eq!(report["n_components"], 5);
    assert_eq!(report["outcome"], "converged");
    // scikit-learn's fit with the same ridge (slide 8).
    let score = report["mean_log_likelihood"].as_f64().unwrap();
    assert!(score >= -0.248356, "{score}");
    // And what the README says.
    assert!((score - 0.9774).abs() < 1e-4, "{score}");
    let numbers = |key: &str| -> Vec<f64> {
        report[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect()
    };
    assert_eq!(numbers("sizes").iter().sum::<f64>(), 1024.0 * 1024.0);
    assert!((numbers("weights").iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(report["means"].as_array().unwrap().len(), 5);
    assert_eq!(report["covariances"][4][2].as_array().unwrap().len(), 3);
    assert!(report["iterations"].as_u64().unwrap() > 0);

    // The label image holds the numbers that the report counts.
    let file = fs::File::open(folder.path().join("m31-labels.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .unwrap();
    let mut labels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut labels).unwrap();
    for (segment, size) in numbers("sizes").iter().enumerate() {
        let count = labels
            .iter()
            .filter(|&&l| usize::from(l) == segment)
            .count();
        assert_eq!(count as f64, *size);
    }
}

#[test]
fn a_number_of_segments_is_chosen_and_the_same_seed_gives_the_same_files() {
    let folder = folder();
    let coffee = asset("coffee.png");
    let args = [
        "--select",
        "2..4",
        "--color",
        "rgb",
        "--covariance",
        "diag",
        "--palette",
        "mean",
    ];
    for name in ["a", "b"] {
        let (png, json) = (format!("{name}.png"), format!("{name}.json"));
        let output = folder.run(&[&[&coffee, "--out", &png, "--json", &json][..], &args].concat());
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("best"));
    }
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("a.png"), read("b.png"));
    assert_eq!(read("a-labels.png"), read("b-labels.png"));
    assert_eq!(read("a.json"), read("b.json"));
    let report: Value = serde_json::from_slice(&read("a.json")).unwrap();
    let bic: Vec<f64> = report["selection"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["bic"].as_f64().unwrap())
        .collect();
    assert_eq!(bic.len(), 3);
    assert_eq!(
        report["bic"].as_f64().unwrap(),
        bic.iter().copied().fold(f64::INFINITY, f64::min)
    );
    assert_eq!(report["covariance_type"], "diag");
}

#[test]
fn quiet_is_quiet_and_a_closed_pipe_is_no_failure() {
    use std::process::Stdio;
    let folder = folder();
    pnm(
        &folder,
        "small.ppm",
        4,
        &[[0; 3], [9, 9, 9], [250, 0, 0], [255, 3, 0]].repeat(4),
    );
    let output = folder.run(&["small.ppm", "-k", "2", "-q"]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    assert_eq!(
        folder.names(),
        ["small-labels.png", "small-segments.png", "small.ppm"]
    );
    let mut child = folder
        .command()
        .args(["small.ppm", "-k", "2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = folder();
    pnm(&folder, "small.ppm", 2, &[[0; 3], [255; 3]]);
    for (flag, value) in [
        ("--components", "-3"),
        ("--seed", "-1"),
        ("--restarts", "-2"),
    ] {
        folder.refused(&["small.ppm", flag, value], 2, &[flag, value]);
    }
    folder.refused(
        &["small.ppm", "-k", "0"],
        2,
        &["--components", "at least 1"],
    );
    folder.refused(&["small.ppm", "-k", "many"], 2, &["--components", "many"]);
    folder.refused(
        &["small.ppm", "-k", "300"],
        2,
        &["--components", "300", "256"],
    );
    folder.refused(&["small.ppm", "--select", "8..2"], 2, &["--select", "8"]);
    folder.refused(
        &["small.ppm", "--select", "2..3", "-k", "2"],
        2,
        &["--select", "--components"],
    );
    folder.refused(
        &["small.ppm", "--covariance", "round"],
        2,
        &["round", "spherical"],
    );
    folder.refused(&["small.ppm", "--color", "cmyk"], 2, &["cmyk", "lab"]);
    folder.refused(&["small.ppm", "--ridge", "-1"], 2, &["--ridge", "-1"]);
    folder.refused(&["small.ppm", "--ridge=-1"], 2, &["--ridge", "-1"]);
    folder.refused(
        &["small.ppm", "--tolerance", "nan"],
        2,
        &["--tolerance", "nan"],
    );
    folder.refused(&["small.ppm", "--restarts", "0"], 2, &["--restarts"]);
    folder.refused(&["small.ppm", "--nonsense"], 2, &["--nonsense"]);
    folder.refused(&["small.ppm", "other.ppm"], 2, &["other.ppm"]);
    fs::write(
        folder.path().join("own.png"),
        fs::read(asset("coffee.png")).unwrap(),
    )
    .unwrap();
    folder.refused(&["own.png", "--out", "own.png"], 2, &["own.png", "twice"]);
    folder.refused(
        &["small.ppm", "--out", "x.png", "--json", "x.png"],
        2,
        &["x.png", "twice"],
    );
}

#[test]
fn outputs_are_checked_before_any_work() {
    let folder = folder();
    pnm(&folder, "small.ppm", 2, &[[0; 3], [255; 3]]);
    let usage = |args: &[&str], words: &[&str]| folder.refused(args, 2, words);
    usage(&["small.ppm", "--out", "x.jpg"], &["--out", "x.jpg", "PNG"]);
    usage(&["small.ppm", "--labels", "x"], &["--labels", "PNG"]);
    usage(
        &["small.ppm", "--out", "x.png", "--labels", "./x.png"],
        &["x.png", "twice"],
    );
    usage(
        &["missing.png", "--select", "2..257"],
        &["--select", "257", "256"],
    );
    let long = format!("{}.json", "x".repeat(300));
    folder.refused(
        &["small.ppm", "--json", &long],
        1,
        &["cannot write", "name"],
    );
    folder.refused(&["small.ppm", "--json", "new/"], 1, &["new/", "folder"]);
    folder.refused(&["no\nline.png"], 1, &["no\\nline.png"]);
}

#[test]
fn the_report_can_be_printed() {
    let folder = folder();
    pnm(&folder, "small.ppm", 2, &[[0; 3], [255; 3]]);
    let output = folder.run(&["small.ppm", "-k", "2", "--json", "-"]);
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sizes"], serde_json::json!([1, 1]));
    assert_eq!(
        folder.names(),
        ["small-labels.png", "small-segments.png", "small.ppm"]
    );
}

#[test]
fn notes_and_table_speak_of_the_same_segments() {
    // A large light area and a few dark pixels of colours of their own.
    let folder = folder();
    let mut pixels = vec![[250, 250, 250]; 400];
    pixels
        .iter_mut()
        .enumerate()
        .skip(100)
        .step_by(2)
        .for_each(|(i, p)| p[2] = 200 + (i % 50) as u8);
    pixels[7] = [10, 0, 0];
    pixels[8] = [0, 60, 0];
    pnm(&folder, "logo.ppm", 20, &pixels);
    let output = folder.run(&["logo.ppm", "-k", "4", "--json", "logo.json"]);
    assert!(output.status.success());
    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("logo.json")).unwrap()).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut n_thin = 0;
    for note in report["notes"].as_array().unwrap() {
        if let Some(thin) = note.get("thin-component") {
            n_thin += 1;
            let component = thin["component"].as_u64().unwrap() as usize;
            let weight = thin["weight"].as_f64().unwrap();
            assert!((report["weights"][component].as_f64().unwrap() * 400.0 - weight).abs() < 1e-6);
            assert!(
                said.contains(&format!("segment {} rests on", component + 1)),
                "{said}"
            );
        }
    }
    assert!(n_thin > 0, "{report}");
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_file() {
    let folder = folder();
    let png = fs::read(asset("coffee.png")).unwrap();
    let file = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    file("cut.png", &png[..png.len() / 2]);
    let mut corrupt = png.clone();
    corrupt[png.len() / 2..png.len() / 2 + 64].fill(0);
    file("corrupt.png", &corrupt);
    file("empty.png", b"");
    file("text.png", b"this is not a picture");
    file("zero.ppm", b"P6 0 0 255\n");
    file("bomb.ppm", b"P6 60000 60000 255\n");
    fs::create_dir(folder.path().join("folder.png")).unwrap();
    for (name, word) in [
        ("missing.png", "no such file"),
        ("folder.png", "folder"),
        ("cut.png", "readable"),
        ("corrupt.png", "readable"),
        ("empty.png", "readable"),
        ("text.png", "readable"),
        ("zero.ppm", "zero.ppm"),
        ("bomb.ppm", "60000"),
    ] {
        folder.refused(&[name], 1, &[name, word]);
    }
    pnm(&folder, "small.ppm", 2, &[[0; 3], [255; 3]]);
    folder.refused(
        &["small.ppm", "--out", "nowhere/x.png"],
        1,
        &["nowhere/x.png", "no folder"],
    );
    folder.refused(
        &["small.ppm", "--out", "folder.png"],
        1,
        &["folder.png", "folder"],
    );
    // The figure could be written, the report cannot: neither is.
    folder.refused(
        &["small.ppm", "--json", "nowhere/x.json"],
        1,
        &["nowhere/x.json"],
    );
}

#[test]
fn a_compressed_bomb_is_refused_before_it_is_unpacked() {
    // A PNG that claims 50000 × 50000 pixels; its data would only come later.
    let folder = folder();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 50_000, 50_000);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_chunk(png::chunk::IDAT, &[0x78, 0x9c, 0x03, 0x00])
        .unwrap();
    drop(writer);
    fs::write(folder.path().join("bomb.png"), &bytes).unwrap();
    folder.refused(&["bomb.png"], 1, &["bomb.png", "50000"]);
}

#[test]
fn pictures_of_few_colours_are_still_pictures() {
    let folder = folder();
    pnm(&folder, "one.ppm", 3, &[[12, 34, 56]; 6]);
    let output = folder.run(&["one.ppm", "--json", "one.json"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("single colour")
    );
    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("one.json")).unwrap()).unwrap();
    assert_eq!(report["n_components"], 1);
    assert_eq!(report["sizes"][0], 6);
    assert!(folder.path().join("one-segments.png").exists());

    pnm(&folder, "two.ppm", 3, &[[0; 3], [255; 3], [0; 3]]);
    let output = folder.run(&["two.ppm", "-k", "5"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("only 2 colours")
    );
}

#[test]
fn help_teaches_by_example() {
    let folder = folder();
    let output = folder.run(&["--help"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    for word in ["Examples:", "--select", "--json", "[default: 5]"] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}
