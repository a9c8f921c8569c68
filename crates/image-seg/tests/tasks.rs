//! `regions` and `foreground` as a user meets them: their files, their words, their exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;

use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_image-seg"))
}

/// Writes a picture of these pixels.
fn pnm(folder: &Trial, name: &str, width: usize, pixels: &[[u8; 3]]) {
    let head = format!("P6 {width} {} 255\n", pixels.len() / width);
    let bytes = [head.as_bytes(), &pixels.concat()].concat();
    fs::write(folder.path().join(name), bytes).unwrap();
}

/// A red square in the middle of blue ground, both a little uneven.
fn square(folder: &Trial, name: &str) {
    let pixels: Vec<[u8; 3]> = (0..80 * 60_usize)
        .map(|i| {
            let (x, y, n) = (i % 80, i / 80, (i * 7919 % 11) as u8);
            let is_inside = (25..55).contains(&x) && (15..45).contains(&y);
            if is_inside {
                [200 + n, 40, 50]
            } else {
                [40, 80 + n, 150]
            }
        })
        .collect();
    pnm(folder, name, 80, &pixels);
}

/// The values of a grey PNG, and its bits.
fn grey(folder: &Trial, name: &str) -> (Vec<u16>, u8) {
    let file = fs::File::open(folder.path().join(name)).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    match info.bit_depth {
        png::BitDepth::Sixteen => {
            let pairs = bytes.chunks(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
            (pairs.collect(), 16)
        }
        _ => (bytes.iter().map(|b| u16::from(*b)).collect(), 8),
    }
}

#[test]
fn regions_are_drawn_labelled_and_listed() {
    let folder = folder();
    square(&folder, "square.ppm");
    let output = folder.run(&[
        "regions",
        "square.ppm",
        "--csv",
        "r.csv",
        "--json",
        "r.json",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        folder.names(),
        [
            "r.csv",
            "r.json",
            "square-regions-labels.png",
            "square-regions.png",
            "square.ppm"
        ]
    );
    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    let regions = report["regions"].as_array().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("80 × 60 pixels, {} regions", regions.len())));
    let (labels, bits) = grey(&folder, "square-regions-labels.png");
    assert_eq!(bits, 16);
    for (i, region) in regions.iter().enumerate() {
        let count = labels.iter().filter(|v| usize::from(**v) == i + 1).count();
        assert_eq!(region["pixels"].as_u64(), Some(count as u64));
    }
    // The square is found to a pixel or two.
    let square = &regions[1];
    assert!(square["pixels"].as_u64().unwrap().abs_diff(900) < 90);
    for (key, expected) in [("left", 25), ("top", 15), ("width", 30), ("height", 30)] {
        assert!(
            square[key].as_u64().unwrap().abs_diff(expected) <= 2,
            "{key}"
        );
    }
    let table = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), regions.len() + 1);
    assert!(lines[0].starts_with("region,pixels,share,mean_color,") && lines[2].starts_with("2,"));
    // At most as many as asked for, and the same bytes from the same seed.
    for name in ["a", "b"] {
        let out = format!("{name}.png");
        let args = [
            "regions",
            "square.ppm",
            "--regions",
            "5",
            "--out",
            &out,
            "--quiet",
        ];
        assert!(folder.run(&args).status.success());
    }
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("a.png"), read("b.png"));
    assert_eq!(read("a-labels.png"), read("b-labels.png"));
    let most = grey(&folder, "a-labels.png").0.into_iter().max();
    assert!(most.is_some_and(|most| (2..=5).contains(&most)));
}

#[test]
fn a_foreground_is_cut_out_by_a_rectangle_and_again_by_its_mask() {
    let folder = folder();
    square(&folder, "square.ppm");
    let args = [
        "foreground",
        "square.ppm",
        "--rectangle",
        "15,8,50,46",
        "--json",
        "f.json",
    ];
    let output = folder.run(&args);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("18.8 % of them foreground") && said.contains("converged"),
        "{said}"
    );
    let (mask, bits) = grey(&folder, "square-foreground-mask.png");
    assert_eq!((bits, mask.iter().filter(|v| **v == 255).count()), (8, 900));
    assert!(mask.iter().all(|v| *v == 0 || *v == 255));
    let report: Value =
        serde_json::from_slice(&fs::read(folder.path().join("f.json")).unwrap()).unwrap();
    assert_eq!(report["foreground_pixels"], 900);
    let file = fs::File::open(folder.path().join("square-foreground-cutout.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    assert_eq!(
        reader.next_frame(&mut bytes).unwrap().color_type,
        png::ColorType::Rgba
    );
    let inside = &bytes[4 * (30 * 80 + 40)..][..4];
    assert!(inside[0] >= 200 && inside[1] == 40 && inside[3] == 255);
    assert_eq!(bytes[..4], [0; 4]);
    let args = [
        "foreground",
        "square.ppm",
        "--mask",
        "square-foreground-mask.png",
        "--out",
        "again.png",
    ];
    assert!(folder.run(&args).status.success());
    assert_eq!(grey(&folder, "again-mask.png").0, mask);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = folder();
    square(&folder, "square.ppm");
    let usage = |args: &[&str], words: &[&str]| folder.refused(args, 2, words);
    usage(&["regions"], &["INPUT"]);
    usage(
        &["regions", "square.ppm", "--regions", "0"],
        &["--regions", "at least 1"],
    );
    usage(
        &["regions", "square.ppm", "--regions", "100000"],
        &["--regions 100000", "400"],
    );
    usage(
        &["regions", "square.ppm", "--threshold", "0"],
        &["--threshold", "above 0"],
    );
    usage(
        &["regions", "square.ppm", "--threshold", "nan"],
        &["--threshold", "nan"],
    );
    usage(
        &[
            "regions",
            "square.ppm",
            "--threshold",
            "1",
            "--regions",
            "3",
        ],
        &["--threshold", "--regions"],
    );
    usage(
        &["regions", "square.ppm", "--labels", "l.jpg"],
        &["--labels", "PNG"],
    );
    usage(&["foreground", "square.ppm"], &["--rectangle", "--mask"]);
    usage(
        &["foreground", "square.ppm", "--rectangle", "1,2,3"],
        &["--rectangle", "four whole numbers"],
    );
    usage(
        &["foreground", "square.ppm", "--rectangle", "-1,2,3,4"],
        &["--rectangle", "four whole numbers"],
    );
    usage(
        &["foreground", "square.ppm", "--rectangle", "1,2,0,4"],
        &["--rectangle", "at least 1"],
    );
    usage(
        &["foreground", "square.ppm", "--rectangle", "80,0,5,5"],
        &["--rectangle 80,0,5,5", "outside", "80 × 60"],
    );
    usage(
        &[
            "foreground",
            "square.ppm",
            "--rectangle",
            "1,1,9,9",
            "-k",
            "1000",
        ],
        &["--components 1000", "50"],
    );
    usage(
        &[
            "foreground",
            "square.ppm",
            "--mask",
            "m.png",
            "--save-mask",
            "m.png",
        ],
        &["m.png", "twice"],
    );
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_file() {
    let folder = folder();
    square(&folder, "square.ppm");
    let failed = |args: &[&str], words: &[&str]| folder.refused(args, 1, words);
    failed(
        &["regions", "missing.png"],
        &["missing.png", "no such file"],
    );
    fs::write(folder.path().join("text.png"), "words").unwrap();
    failed(
        &["foreground", "square.ppm", "--mask", "text.png"],
        &["text.png", "readable"],
    );
    let all = ["foreground", "square.ppm", "--rectangle", "0,0,80,60"];
    failed(&all, &["square.ppm", "no pixel is background"]);
    pnm(&folder, "small.ppm", 2, &[[0; 3], [255; 3]]);
    pnm(&folder, "grey.ppm", 80, &[[128; 3]; 4800]);
    pnm(&folder, "black.ppm", 80, &[[0; 3]; 4800]);
    let with = |mask: &str, words: &[&str]| {
        failed(
            &["foreground", "square.ppm", "--mask", mask],
            &[&[mask], words].concat(),
        );
    };
    with("small.ppm", &["2 × 1", "80 × 60"]);
    with("grey.ppm", &["no pixel is background"]);
    with("black.ppm", &["no pixel can be foreground"]);
    assert_eq!(
        folder
            .names()
            .iter()
            .filter(|n| n.ends_with(".png"))
            .count(),
        1
    );
}

#[test]
fn pictures_of_few_pixels_or_colours_have_regions() {
    let folder = folder();
    for (name, width, n) in [("one.ppm", 1, 1), ("line.ppm", 1, 9), ("row.ppm", 30, 30)] {
        pnm(&folder, name, width, &vec![[9, 90, 200]; n]);
        let output = folder.run(&["regions", name]);
        assert!(output.status.success(), "{output:?}");
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("pixels, 1 region\n")
        );
    }
    let output = folder.run(&["regions", "row.ppm", "--regions", "400"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("regions to tell apart")
    );
}

#[test]
fn help_teaches_by_example() {
    let folder = folder();
    for (args, words) in [
        (
            &["--help"][..],
            &["regions", "foreground", "segment", "Examples:"][..],
        ),
        (
            &["regions", "--help"],
            &["--regions", "--threshold", "--csv"],
        ),
        (
            &["foreground", "--help"],
            &["--rectangle", "--mask", "--cutout"],
        ),
    ] {
        let said = String::from_utf8(folder.run(args).stdout).unwrap();
        for word in words {
            assert!(said.contains(word), "{word} is not in {said}");
        }
    }
}
