//! Voices and turns as a user meets them.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use speech_seg::SHIPPED_VOICES;
use trial::Trial;

fn assets() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/speech"))
}

fn folder() -> Trial {
    Trial::of(env!("CARGO_BIN_EXE_speech-seg"))
}

/// With recordings of three of the voices that ship, two to learn from and one to try.
fn people() -> Trial {
    let folder = folder();
    for voice in &SHIPPED_VOICES[..3] {
        for (part, name) in [
            ("train", "vm-intro.wav"),
            ("train", "dir-instr.wav"),
            ("test", "vm-rec-name.wav"),
        ] {
            let bytes = fs::read(assets().join(voice.name).join(part).join(name)).unwrap();
            folder.write(&format!("{}-{name}", voice.name), bytes);
        }
    }
    folder
}

/// Enrols two voices quickly.
fn enrolled() -> Trial {
    let folder = people();
    let mut words = vec!["enroll", "-k", "8", "--noise", "none"];
    let named: Vec<String> = (SHIPPED_VOICES[..3].iter())
        .flat_map(|v| ["vm-intro.wav", "dir-instr.wav"].map(|f| format!("{0}={0}-{f}", v.name)))
        .collect();
    words.extend(named.iter().map(String::as_str));
    let text = folder.said(&words);
    assert!(
        text.contains("allison_en") && text.contains("voices.json"),
        "{text}"
    );
    folder
}

#[test]
fn enrolled_voices_are_identified_and_verified() {
    let folder = enrolled();
    let report = folder.json(&[
        "identify",
        "voices.json",
        "allison_en-vm-rec-name.wav",
        "carlo_it-vm-rec-name.wav",
        "--csv",
        "out.csv",
    ]);
    assert_eq!(report["recordings"][0]["most_likely"], "allison_en");
    assert_eq!(report["recordings"][1]["most_likely"], "carlo_it");
    assert!(report["recordings"][0]["score"].as_f64().unwrap() > 0.0);
    let names = folder.names();
    assert!(
        names.contains(&String::from("voices-identified.png"))
            && names.contains(&String::from("out.csv"))
    );
    let claim = folder.json(&[
        "verify",
        "voices.json",
        "carlo_it=allison_en-vm-rec-name.wav",
    ]);
    assert_eq!(claim["trials"][0]["accepted"], false);
    let words: Vec<String> = (SHIPPED_VOICES[..3].iter())
        .map(|v| format!("{0}={0}-vm-rec-name.wav", v.name))
        .collect();
    let mut all = vec!["verify", "voices.json", "--trials", "-o", "det.png"];
    all.extend(words.iter().map(String::as_str));
    let report = folder.json(&all);
    assert_eq!(report["trials"].as_array().unwrap().len(), 9);
    assert!(report["equal_error_rate"].as_f64().unwrap() < 0.4);
}

#[test]
fn turns_are_told_and_compared_with_the_truth() {
    let folder = folder();
    // Six seconds of one voice, then of another.
    let part = |voice: usize| SHIPPED_VOICES[voice].train().unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    let mut truth = String::from("start,end,speaker\n");
    let mut at = 0;
    for voice in [0, 1] {
        let samples = part(voice)[1].1.samples().to_vec();
        truth += &format!(
            "{},{},{voice}\n",
            at as f64 / 8000.0,
            (at + samples.len()) as f64 / 8000.0
        );
        at += samples.len();
        samples
            .iter()
            .for_each(|s| writer.write_sample(*s as i16).unwrap());
    }
    writer.finalize().unwrap();
    folder.write("two.wav", bytes.into_inner());
    folder.write("truth.csv", truth);
    let report = folder.json(&[
        "speakers",
        "two.wav",
        "--truth",
        "truth.csv",
        "--csv",
        "turns.csv",
    ]);
    assert_eq!(report["speakers"].as_array().unwrap().len(), 2);
    assert!(report["error"]["rate"].as_f64().unwrap() < 0.25);
    assert_eq!(
        folder.names(),
        ["truth.csv", "turns.csv", "two-speakers.png", "two.wav"]
    );
    folder.write("short.csv", "start,end,speaker\n1,1.1,x\n");
    let said = folder.said(&["speakers", "two.wav", "--truth", "short.csv"]);
    assert!(said.contains("nothing to score with a collar"), "{said}");
    let one = folder.json(&["speakers", "two.wav", "-k", "1"]);
    assert_eq!(one["speakers"].as_array().unwrap().len(), 1);
    for (truth, said) in [
        ("a,b\n", "start,end,speaker"),
        ("start,end,speaker\n2,1,x\n", "line 2"),
        ("start,end,speaker\n1,1,x\n", "line 2"),
        ("start,end,speaker\n0,1,x\n99,100,x\n", "line 3"),
        ("start,end,speaker\n", "no turns"),
    ] {
        folder.write("wrong.csv", truth);
        folder.refused(&["speakers", "two.wav", "--truth", "wrong.csv"], 1, &[said]);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let folder = people();
    folder.write("not.json", "{}");
    for (code, words, said) in [
        (1, &["enroll", "nowhere"][..], "nowhere"),
        (2, &["enroll", "carlo_it-vm-intro.wav"], "NAME=FILE"),
        (1, &["enroll", "a=missing.wav"], "missing.wav"),
        (
            2,
            &["enroll", "a=carlo_it-vm-intro.wav", "--false-alarms", "2"],
            "false alarms",
        ),
        (
            2,
            &["enroll", "a=carlo_it-vm-intro.wav", "--noise", "loud"],
            "--noise",
        ),
        (
            1,
            &["identify", "not.json", "carlo_it-vm-intro.wav"],
            "not.json",
        ),
        (
            1,
            &["identify", "carlo_it-vm-intro.wav", "carlo_it-vm-intro.wav"],
            "carlo_it-vm-intro.wav",
        ),
        (2, &["speakers", "carlo_it-vm-intro.wav", "-k", "99"], "99"),
        (
            2,
            &["enroll", "a=carlo_it-vm-intro.wav", "--rate", "0"],
            "--rate",
        ),
        (
            2,
            &["classes", "carlo_it-vm-intro.wav", "-k", "999"],
            "--classes",
        ),
        (
            2,
            &["speakers", "carlo_it-vm-intro.wav", "--shortest", "0"],
            "shortest",
        ),
    ] {
        folder.refused(words, code, &[said]);
    }
}
