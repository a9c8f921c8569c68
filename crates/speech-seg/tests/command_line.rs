//! The command as a user meets it: its files, its words, its exit codes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use serde_json::Value;
use trial::Trial;

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_speech-seg"))
}

/// The arguments of the task of segments.
fn segment<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["segment"], args].concat()
}

const INT: SampleFormat = SampleFormat::Int;
const FLOAT: SampleFormat = SampleFormat::Float;

/// A second of a hum that is loud by turns, in full scale 1.
fn hum() -> Vec<f32> {
    let at = |i: i32| {
        let loud = if i / 2000 % 2 == 1 { 0.5 } else { 0.005 };
        loud * ((i as f32 * 0.7).sin() + (i * 7919 % 13) as f32 / 40.0)
    };
    (0..8000).map(at).collect()
}

fn wav(bits: u16, format: SampleFormat, channels: u16, samples: &[f32]) -> Vec<u8> {
    let spec = WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    let full = ((1u64 << (bits - 1)) - 1) as f64;
    for sample in samples {
        for _ in 0..channels {
            match format {
                INT => writer
                    .write_sample((f64::from(*sample) * full) as i32)
                    .unwrap(),
                FLOAT => writer.write_sample(*sample).unwrap(),
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn with_hum() -> Trial {
    let folder = folder();
    folder.write("hum.wav", wav(16, INT, 1, &hum()));
    folder
}

#[test]
fn without_a_word_the_prompt_is_segmented() {
    let folder = folder();
    let text = folder.said(&segment(&[]));
    assert_eq!(folder.names(), ["vm-intro-segments.png"]);
    for word in ["vm-intro.wav", "8000 Hz, mono", "sound at", "converged"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}

#[test]
fn the_report_agrees_with_the_table_of_windows() {
    let folder = with_hum();
    let report = folder.json(&segment(&["hum.wav", "--csv", "out.csv"]));
    assert_eq!(folder.names(), ["hum-segments.png", "hum.wav", "out.csv"]);
    assert_eq!(report["input"], "hum.wav");
    assert_eq!(
        (&report["sample_rate"], &report["channels"]),
        (&8000.into(), &1.into())
    );
    assert_eq!(
        (&report["seconds"], &report["overlap"]),
        (&1.0.into(), &128.into())
    );
    let text = folder.read("out.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(
        rows[0].join(","),
        "time_s,level_db,sound,share_1,share_2,share_3"
    );
    // Windows of 256 samples, each half over the one before it.
    assert_eq!(rows.len() - 1, (8000 - 128) / 128);
    let mut loud = 0;
    for row in &rows[1..] {
        let share: f64 = row[3..].iter().map(|s| s.parse::<f64>().unwrap()).sum();
        assert!((share - 1.0).abs() < 1e-12);
        loud += row[2].parse::<usize>().unwrap();
    }
    assert!((20..45).contains(&loud), "{loud}");
    assert_eq!(report["sound"].as_array().unwrap().len(), 2);
    let shares = report["segments"].as_array().unwrap();
    let sum: f64 = shares.iter().map(|s| s["share"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-12);
}

#[test]
fn every_usual_encoding_says_the_same() {
    let folder = folder();
    let mut found = Vec::new();
    for (bits, format, channels, voice) in [
        (16, INT, 1, "mono"),
        (8, INT, 1, "mono"),
        (24, INT, 1, "mono"),
        (32, INT, 1, "mono"),
        (32, FLOAT, 1, "mono"),
        (16, INT, 2, "the mean of 2 channels"),
    ] {
        let name = format!("{bits}-{format:?}-{channels}.wav");
        folder.write(&name, wav(bits, format, channels, &hum()));
        let text = folder.said(&segment(&[&name, "-o", "x.png"]));
        assert!(text.contains(voice), "{name}: {text}");
        let report = folder.json(&segment(&[&name, "-o", "x.png"]));
        let ends = report["sound"][0].as_array().unwrap().clone();
        found.push(ends);
    }
    for ends in &found {
        assert_eq!(ends, &found[0]);
    }
}

#[test]
fn a_figure_named_so_is_an_svg_and_quiet_is_quiet() {
    let folder = with_hum();
    let args = [
        "segment",
        "hum.wav",
        "-q",
        "-k",
        "2",
        "--window",
        "1024",
        "--overlap",
        "0",
    ];
    let places = ["--out", "x.svg", "--json", "x.json"];
    assert_eq!(folder.said(&[&args[..], &places].concat()), "");
    assert_eq!(folder.names(), ["hum.wav", "x.json", "x.svg"]);
    assert!(folder.read("x.svg").contains("</svg>"));
    let report: Value = serde_json::from_str(&folder.read("x.json")).unwrap();
    assert_eq!(
        (&report["n_components"], &report["window"]),
        (&2.into(), &1024.into())
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_may_have_any_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    let name = OsStr::from_bytes(b"a\xff.wav");
    fs::write(folder.path().join(name), wav(16, INT, 1, &hum())).unwrap();
    let output = folder
        .command()
        .args([
            "segment".as_ref(),
            name,
            "-o".as_ref(),
            "x.png".as_ref(),
            "--json".as_ref(),
            "-".as_ref(),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["input"], "a\u{fffd}.wav");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = with_hum();
    let fit = [
        "segment",
        "hum.wav",
        "--select",
        "2..3",
        "--restarts",
        "2",
        "--seed",
        "5",
    ];
    let files = ["x.png", "x.csv", "x.json"];
    let outputs = ["--out", files[0], "--csv", files[1], "--json", files[2]];
    folder.same_on_any_threads(&[&fit[..], &outputs].concat(), &files);
}

#[test]
fn unusual_recordings_are_still_segmented() {
    let folder = folder();
    folder.write("short.wav", wav(16, INT, 1, &hum()[2000..2256]));
    assert!(
        folder
            .said(&segment(&["short.wav"]))
            .contains("cannot be told apart")
    );
    let mut click = vec![0.0; 4000];
    click[2000] = 1.0;
    folder.write("click.wav", wav(16, INT, 1, &click));
    assert_eq!(
        folder.json(&segment(&["click.wav", "--scale", "POWER"]))["scale"],
        "power"
    );
    let loud: Vec<f32> = hum().iter().map(|x| x * 3e38).collect();
    folder.write("loud.wav", wav(32, FLOAT, 1, &loud));
    for scale in ["power", "log-power"] {
        folder.json(&segment(&["loud.wav", "--scale", scale]));
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = with_hum();
    let usage = |args: &[&str], words: &[&str]| {
        folder.refused(&[&["segment", "hum.wav"], args].concat(), 2, words);
    };
    for (flag, value) in [
        ("--components", "0"),
        ("--components", "257"),
        ("--select", "2..300"),
        ("--select", "3..2"),
        ("--covariance", "round"),
        ("--scale", "loudness"),
        ("--window", "0"),
        ("--window", "1"),
        ("--window", "-3"),
        ("--overlap", "256"),
        ("--overlap", "-1"),
        ("--ridge", "-1"),
        ("--seed", "-1"),
        ("--out", "x.wav"),
    ] {
        let number = value.trim_start_matches("2..");
        usage(&[flag, value], &[flag, number]);
    }
    usage(&["other.wav"], &["other.wav"]);
    usage(&["--nonsense"], &["--nonsense"]);
    usage(&["--csv", "./hum.wav"], &["hum.wav", "twice"]);
    usage(
        &["--csv", "hum-segments.png"],
        &["hum-segments.png", "twice"],
    );
    usage(&["--csv", "x", "--json", "./x"], &["x", "twice"]);
    // Before any work, and before the recording is read.
    folder.refused(
        &segment(&["gone.wav", "-o", "x.gif"]),
        2,
        &["--out", "x.gif"],
    );
}

#[test]
fn failed_work_is_exit_code_1_and_names_the_file() {
    let folder = with_hum();
    let whole = wav(16, INT, 1, &hum());
    // Its number of channels and sample rate are at bytes 22 and 24.
    let changed = |at: usize, bytes: &[u8]| {
        let mut wav = whole.clone();
        wav[at..at + bytes.len()].copy_from_slice(bytes);
        wav
    };
    let mut holed = hum();
    holed[500] = f32::NAN;
    fs::create_dir(folder.path().join("folder.wav")).unwrap();
    for (name, bytes, word) in [
        ("cut.wav", whole[..9000].to_vec(), "cut short"),
        ("header.wav", whole[..30].to_vec(), "readable"),
        ("none.wav", wav(16, INT, 1, &[]), "no samples"),
        ("short.wav", wav(16, INT, 1, &hum()[..100]), "100 samples"),
        ("silent.wav", wav(16, INT, 1, &[0.0; 8000]), "silent"),
        ("steady.wav", wav(24, INT, 2, &[0.5; 8000]), "silent"),
        ("holed.wav", wav(32, FLOAT, 1, &holed), "sample 500"),
        ("mute.wav", changed(22, &[0, 0]), "no channels"),
        ("still.wav", changed(24, &[0; 4]), "0 samples per second"),
        ("phone.wav", changed(20, &[7, 0]), "μ-law"),
        ("empty.wav", Vec::new(), "readable"),
        ("text.wav", b"a,b\n1,2\n".to_vec(), "readable"),
        ("binary.wav", (0..=255).collect(), "readable"),
    ] {
        folder.write(name, bytes);
        let args = [name, "--csv", "x.csv", "--json", "x.json"];
        folder.refused(&segment(&args), 1, &[name, word]);
    }
    folder.refused(&segment(&["gone.wav"]), 1, &["gone.wav", "no such file"]);
    folder.refused(&segment(&["folder.wav"]), 1, &["folder.wav", "folder"]);
    folder.refused(
        &segment(&["hum.wav", "--window", "8001"]),
        1,
        &["hum.wav", "8001"],
    );
    for (flag, place) in [
        ("--json", "nowhere/x.json"),
        ("--csv", "folder.wav"),
        ("--out", "nowhere/x.png"),
    ] {
        folder.refused(
            &segment(&["hum.wav", flag, place]),
            1,
            &["cannot write", place, "folder"],
        );
    }
}
