//! The tasks as a user meets them: images of every form become a model, which reads others.
#![allow(clippy::unwrap_used)]

use std::fs;

use digits::{Images, Recognizer, TrainOptions, View, train};
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_digits"))
}

/// Every twelfth of the images that ship, from this one on: about 150 of 8 × 8 pixels.
fn some(first: usize) -> (Vec<u8>, Vec<u8>) {
    let images = Images::shipped().unwrap();
    let rows = || (first..1797).step_by(12);
    let pixels = rows().flat_map(|i| images.pixels().row(i).to_vec());
    let labels = rows().map(|i| images.labels()[i] as u8);
    (pixels.map(|v| v as u8).collect(), labels.collect())
}

fn idx(dims: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, 8, dims.len() as u8];
    out.extend(dims.iter().flat_map(|&n| (n as u32).to_be_bytes()));
    out.extend(bytes);
    out
}

fn csv(pixels: &[u8], labels: Option<&[u8]>) -> String {
    let row = |(i, pixels): (usize, &[u8])| {
        let pixels = pixels.iter().map(u8::to_string);
        let label = labels.map(|labels| labels[i].to_string());
        pixels.chain(label).collect::<Vec<_>>().join(",") + "\n"
    };
    pixels.chunks(64).enumerate().map(row).collect()
}

const QUICK: [&str; 6] = ["--views", "strokes", "--ridges", "0.3", "-k", "400"];

/// A folder with a model, and images in several forms.
fn with_model() -> Trial {
    let folder = folder();
    let (pixels, labels) = some(0);
    let n = labels.len();
    folder.write("a-images-idx3-ubyte", idx(&[n, 8, 8], &pixels));
    folder.write("a-labels-idx1-ubyte", idx(&[n], &labels));
    folder.write("a.csv", csv(&pixels, Some(&labels)));
    let (pixels, labels) = some(5);
    folder.write("b.csv", csv(&pixels, Some(&labels)));
    folder.write("b-alone.csv", csv(&pixels, None));
    let text = folder.said(
        &[
            &["train", "a-images-idx3-ubyte", "--model", "m.json"],
            &QUICK[..],
        ]
        .concat(),
    );
    for word in [
        "150 images of 8 × 8 pixels, 10 classes",
        "held out",
        "m.json",
    ] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    folder
}

#[test]
fn a_model_reads_what_it_has_not_seen_and_knows_how_well() {
    let folder = with_model();
    let report = folder.json(&["evaluate", "m.json", "b.csv", "--csv", "out.csv"]);
    assert!(report["accuracy"].as_f64().unwrap() > 0.85, "{report}");
    assert!(report["log_loss"].as_f64().unwrap() < 0.6);
    let confusion = report["confusion"].as_array().unwrap();
    let counted: u64 = confusion
        .iter()
        .flat_map(|r| r.as_array().unwrap())
        .map(|c| c.as_u64().unwrap())
        .sum();
    assert_eq!(report["images"], counted);
    // The same images without labels are read alike, whichever way they come.
    let evaluated = folder.read("out.csv");
    let alone = folder.said(&["predict", "m.json", "b-alone.csv"]);
    for (with, without) in evaluated.lines().zip(alone.lines()).skip(1) {
        let (image, rest) = with.split_once(',').unwrap();
        assert_eq!(
            without,
            format!("{image},{}", rest.split_once(',').unwrap().1)
        );
    }
}

#[test]
fn forms_of_images_make_no_difference_and_models_keep_their_bits() {
    let folder = with_model();
    folder.said(
        &[
            &["train", "a.csv", "--model", "n.json", "--out", "n.png"],
            &QUICK[..],
        ]
        .concat(),
    );
    assert_eq!(folder.read("m.json"), folder.read("n.json"));
    let model = Recognizer::from_json(&folder.read("m.json")).unwrap();
    assert_eq!(model.to_json().unwrap(), folder.read("m.json"));
    let images = Images::read(&folder.path().join("a.csv"), None).unwrap();
    let options = TrainOptions {
        views: vec![View::Strokes],
        ridges: vec![0.3],
        components: vec![400],
        ..TrainOptions::default()
    };
    let learned = train(&images, &options, &|_, _| {}).unwrap().recognizer;
    assert_eq!(learned, model);
    let pixels = Images::shipped().unwrap().pixels().clone();
    assert_eq!(
        learned.log_posteriors(&pixels),
        model.log_posteriors(&pixels)
    );
    assert!(model.log_posteriors(&(&pixels * 1e9)).is_err());
}

#[test]
fn what_is_no_model_or_no_images_is_said_in_one_line() {
    let folder = with_model();
    let whole = folder.read("m.json");
    folder.write("cut.json", &whole[..whole.len() / 2]);
    folder.write(
        "other.json",
        "{\"format\": \"gaussian-mixture\", \"version\": 1}",
    );
    folder.write(
        "newer.json",
        whole.replacen("\"version\":1", "\"version\":9", 1),
    );
    folder.write("cut-idx", idx(&[3, 8, 8], &[0; 100]));
    folder.write("few", idx(&[3], &[1, 2, 3]));
    folder.write("wide.csv", "1,2,3,4\n".repeat(4));
    folder.write("bright.csv", (["1e300"; 64].join(",") + "\n").repeat(3));
    folder.write("other-label.csv", csv(&[0; 64], Some(&[11])));
    folder.write("lonely.csv", csv(&[1; 64 * 3], Some(&[1, 1, 2])));
    for name in ["empty", "words/one", "sizes/1"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    folder.write("sizes/1/a.png", "no picture");
    for (args, words) in [
        (
            &["predict", "cut.json", "b.csv"][..],
            &["cut.json", "no model"][..],
        ),
        (
            &["predict", "other.json", "b.csv"],
            &["other.json", "gaussian-mixture"],
        ),
        (
            &["predict", "newer.json", "b.csv"],
            &["newer.json", "version is 9"],
        ),
        (
            &["predict", "gone.json", "b.csv"],
            &["gone.json", "no such file"],
        ),
        (&["predict", "m.json", "cut-idx"], &["cut-idx", "3 × 8 × 8"]),
        (&["predict", "m.json", "wide.csv"], &["wide.csv", "pixels"]),
        (
            &["predict", "m.json", "bright.csv"],
            &["bright.csv", "image 1", "far beyond"],
        ),
        (
            &["evaluate", "m.json", "b-alone.csv"],
            &["b-alone.csv", "--labels"],
        ),
        (
            &["evaluate", "m.json", "b-alone.csv", "--labels", "few"],
            &["b-alone.csv", "3 labels"],
        ),
        (
            &["evaluate", "m.json", "other-label.csv"],
            &["other-label.csv", "label 11"],
        ),
        (
            &["train", "lonely.csv"],
            &["lonely.csv", "label 2", "two images"],
        ),
        (&["train", "empty"], &["empty", "no images"]),
        (&["train", "words"], &["words", "\"one\""]),
        (&["train", "sizes"], &["sizes", "a.png"]),
    ] {
        folder.refused(args, 1, words);
    }
    folder.refused(&["train", "a.csv", "--folds", "1"], 2, &["--folds 1"]);
    folder.refused(&["train", "a.csv", "--model", "a.csv"], 2, &["a.csv"]);
    folder.refused(&["train", "a.csv", "--ridges", "0"], 2, &["ridge"]);
}
