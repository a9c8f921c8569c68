//! Images of 28 × 28 pixels in every form that is read, and images that are made.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use gmm_core::ndarray::Array3;
use image::GrayImage;
use ndarray_npy::WriteNpyExt;
use trial::Trial;

const SIDE: usize = 28;
const QUICK: [&str; 6] = ["--views", "strokes", "--ridges", "0.3", "-k", "400"];

/// A number from −1 to 1 that looks random.
fn jitter(i: usize, j: usize) -> f64 {
    let mixed = (i * 7919 + j * 104_729 + 12_345).wrapping_mul(2_654_435_761) >> 7;
    (mixed % 2001) as f64 / 1000.0 - 1.0
}

/// Image i of its class: bars in four directions, and rings; each moved, and of a width of its own.
fn stroke(class: usize, i: usize) -> Vec<u8> {
    let middle = [13.5 + 4.0 * jitter(i, 1), 13.5 + 4.0 * jitter(i, 2)];
    let turn = class as f64 * std::f64::consts::FRAC_PI_4 + 0.15 * jitter(i, 3);
    let width = 2.0 + jitter(i, 4);
    let grey = |place: usize| {
        let [x, y] = [
            (place % SIDE) as f64 - middle[0],
            (place / SIDE) as f64 - middle[1],
        ];
        let (along, across) = (
            x * turn.cos() + y * turn.sin(),
            y * turn.cos() - x * turn.sin(),
        );
        let far = match class {
            4 => (x.hypot(y) - 6.0).abs(),
            _ => across.hypot((along.abs() - 8.0).max(0.0)),
        };
        (255.0 * (width + 0.5 - far).clamp(0.0, 1.0)) as u8
    };
    (0..SIDE * SIDE).map(grey).collect()
}

/// `n` images of each of five classes, one class after the other in turn, from number `first` on.
fn strokes(first: usize, n: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let each = (first..first + n).flat_map(|i| (0..5).map(move |class| (class, i)));
    each.map(|(class, i)| (stroke(class, 5 * i + class), class as u8))
        .unzip()
}

fn idx(dims: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, 8, dims.len() as u8];
    out.extend(dims.iter().flat_map(|&n| (n as u32).to_be_bytes()));
    out.extend(bytes);
    out
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn npy(images: &[Vec<u8>]) -> Vec<u8> {
    let array = Array3::from_shape_vec((images.len(), SIDE, SIDE), images.concat()).unwrap();
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).unwrap();
    bytes
}

/// A folder with 300 images to learn from, as MNIST's come, and a model of them.
fn with_model() -> Trial {
    let folder = Trial::of(env!("CARGO_BIN_EXE_digits"));
    let (images, labels) = strokes(0, 60);
    let packed = zipped(&idx(&[300, SIDE, SIDE], &images.concat()));
    folder.write("a-images-idx3-ubyte.gz", packed);
    folder.write("a-labels-idx1-ubyte.gz", zipped(&idx(&[300], &labels)));
    let train = ["train", "a-images-idx3-ubyte.gz", "--model", "m.json"];
    let text = folder.said(&[&train[..], &QUICK].concat());
    assert!(
        text.contains("300 images of 28 × 28 pixels, 5 classes"),
        "{text}"
    );
    folder
}

#[test]
fn images_of_28_by_28_pixels_are_read_alike_in_every_form() {
    let folder = with_model();
    let (images, labels) = strokes(60, 12);
    folder.write("b.npy", npy(&images));
    folder.write("b-labels", idx(&[60], &labels));
    folder.write("c.npy.gz", zipped(&npy(&images)));
    let turned: Vec<Vec<u8>> = images
        .iter()
        .map(|image| image.iter().map(|grey| 255 - grey).collect())
        .collect();
    folder.write("turned.npy", npy(&turned));
    for (i, (image, label)) in images.iter().zip(&labels).enumerate() {
        let of_label = folder.path().join(format!("pngs/{label}"));
        fs::create_dir_all(&of_label).unwrap();
        let png = GrayImage::from_raw(SIDE as u32, SIDE as u32, image.clone()).unwrap();
        png.save(of_label.join(format!("{i:02}.png"))).unwrap();
    }
    let evaluated = |images: &str, more: &[&str]| {
        let mut report = folder.json(&[&["evaluate", "m.json", images], more].concat());
        assert!(report["accuracy"].as_f64().unwrap() > 0.95, "{report}");
        // PNGs come class by class, so the order of sums is another.
        let log_loss = report["log_loss"].as_f64().unwrap();
        let confusion = report["confusion"].take();
        (log_loss, confusion)
    };
    let labels = ["--labels", "b-labels"];
    let (log_loss, confusion) = evaluated("b.npy", &labels);
    for (name, more) in [
        ("c.npy.gz", &labels[..]),
        ("turned.npy", &["--labels", "b-labels", "--invert"]),
        ("pngs", &[]),
    ] {
        let other = evaluated(name, more);
        assert!((other.0 - log_loss).abs() < 1e-9, "{name}");
        assert_eq!(other.1, confusion, "{name}");
    }
    let first = fs::read_dir(folder.path().join("pngs/0")).unwrap().next();
    let first = first.unwrap().unwrap().file_name().into_string().unwrap();
    let over = format!("pngs/0/{first}");
    folder.refused(
        &["evaluate", "m.json", "pngs", "-o", &over],
        2,
        &["--out", &over, "which are read"],
    );
    // Labels that lie beside the images are read, and not written over.
    folder.write("d-images.npy", npy(&images));
    fs::copy(
        folder.path().join("b-labels"),
        folder.path().join("d-labels.npy"),
    )
    .unwrap();
    assert_eq!(evaluated("d-images.npy", &[]).1, confusion);
    folder.refused(
        &[
            "evaluate",
            "m.json",
            "d-images.npy",
            "--json",
            "d-labels.npy",
        ],
        2,
        &["d-labels.npy"],
    );
    let png = folder.said(&["predict", "m.json", "pngs"]);
    assert!(png.contains("0/00.png,0,0,"), "{png}");
}

#[test]
fn what_a_model_of_each_class_makes_can_be_learned_from() {
    let folder = with_model();
    let make = ["generate", "a-images-idx3-ubyte.gz", "-k", "2", "-n", "20"];
    let report = folder.json(&[&make[..], &["--csv", "made.csv", "--out", "made.png"]].concat());
    let weights = report["weights"].as_array().unwrap();
    assert_eq!((weights.len(), &report["made_of_each"]), (5, &20.into()));
    for of_class in weights {
        let of_class = of_class.as_array().unwrap().iter();
        let sum: f64 = of_class.map(|w| w.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{report}");
    }
    // A hundred images that look like their classes.
    let read = folder.json(&["evaluate", "m.json", "made.csv"]);
    assert_eq!(read["images"], 100);
    assert!(read["accuracy"].as_f64().unwrap() > 0.9, "{read}");
    let outputs = ["--csv", "made.csv", "--out", "made.svg"];
    folder.same_on_any_threads(&[&make[..], &outputs].concat(), &["made.csv", "made.svg"]);
    for (flag, long, value) in [
        ("-k", "--components", "0"),
        ("-n", "--number", "0"),
        ("-n", "--number", "18446744073709551615"),
    ] {
        folder.refused(&["generate", "made.csv", flag, value], 2, &[long, value]);
    }
    folder.refused(
        &["generate", "made.csv", "--csv", "made.csv"],
        2,
        &["twice"],
    );
    folder.write("alone.npy", npy(&strokes(0, 2).0));
    folder.refused(&["generate", "alone.npy"], 1, &["alone.npy", "no labels"]);
}
