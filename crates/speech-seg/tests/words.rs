//! Words made of vowels: what a chain of mixtures tells apart, and what happens to recordings that are no words.
#![allow(clippy::unwrap_used)]

use std::f64::consts::PI;
use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};
use speech_seg::Recording;
use speech_seg::words::{
    Clip, Hearing, LeaveOut, Prepared, SpeakerAdaptation, WordError, WordModels, WordOptions,
    tested, validate,
};
use trial::Trial;

/// A vowel of two formants, in Hz.
type Vowel = (f64, f64);
const A: Vowel = (750.0, 1250.0);
const I: Vowel = (300.0, 2300.0);
const U: Vowel = (350.0, 800.0);

/// Words that differ in their vowels, and in the order of the same vowels.
const WORDS: [(&str, [Vowel; 2]); 3] = [("ai", [A, I]), ("ia", [I, A]), ("ua", [U, A])];

/// Marsaglia's xorshift, from −1 to 1.
fn noise(state: &mut u32) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    f64::from(*state) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// Vowels of 0.15 s, said by a throat whose formants and pitch are multiplied by `throat`.
fn spoken(vowels: &[Vowel], rate: u32, throat: f64, take: u32) -> Recording {
    let mut state = 2_463_534_242 ^ (take * 7919 + (throat * 1000.0) as u32);
    let step = 1.0 / f64::from(rate);
    let mut samples = Vec::new();
    for (place, &(f1, f2)) in vowels.iter().enumerate() {
        let length = (0.15 + 0.02 * noise(&mut state)) * f64::from(rate);
        let pitch = 110.0 * throat * (1.0 + 0.05 * noise(&mut state));
        for i in 0..length as usize {
            let t = (i as f64 + place as f64 * length) * step;
            let voice = (1..25).map(|h| {
                let f = pitch * f64::from(h);
                let near = |formant: f64| (-((f / throat - formant) / 150.0).powi(2)).exp();
                (near(f1) + 0.6 * near(f2)) * (2.0 * PI * f * t).sin()
            });
            samples.push(3000.0 * voice.sum::<f64>() + 30.0 * noise(&mut state));
        }
    }
    Recording::new(rate, samples).unwrap()
}

fn clips(n_takes: u32) -> Vec<Clip> {
    let mut clips = Vec::new();
    for (word, vowels) in WORDS {
        for (speaker, throat) in [("anna", 1.15), ("ben", 0.95), ("carl", 0.88)] {
            for take in 0..n_takes {
                clips.push(Clip {
                    name: format!("{word}_{speaker}_{take}.wav"),
                    word: String::from(word),
                    speaker: Some(String::from(speaker)),
                    recording: spoken(&vowels, 8000, throat, take),
                });
            }
        }
    }
    clips
}

fn small() -> WordOptions {
    WordOptions {
        n_states: 4,
        n_components: 1,
        ..WordOptions::default()
    }
}

fn trained(clips: &[Clip], options: &WordOptions) -> WordModels {
    let prepared = Prepared::all(clips, options).unwrap();
    WordModels::train(&prepared.iter().collect::<Vec<_>>(), options).unwrap()
}

#[test]
fn a_chain_knows_the_order_of_sounds_and_a_mixture_does_not() {
    let clips = clips(3);
    let accuracy = |options: &WordOptions| {
        let prepared = Prepared::all(&clips, options).unwrap();
        let validation = validate(
            &prepared,
            options,
            LeaveOut::Speaker,
            Hearing::Alone,
            &mut |_, _| {},
        )
        .unwrap();
        assert_eq!(validation.folds.len(), 3);
        assert_eq!(validation.tested.matrix().sum(), clips.len());
        validation.tested.accuracy()
    };
    // Without slopes, which know a little of the order too.
    let mut still = small();
    still.front_end.n_deltas = 0;
    assert_eq!(accuracy(&still), 1.0);
    assert!(accuracy(&still.clone().mixtures(4)) < 0.95);
}

#[test]
fn models_are_kept_to_the_bit() {
    let clips = clips(2);
    let models = trained(&clips, &small());
    let again = WordModels::from_json(&models.to_json().unwrap()).unwrap();
    assert_eq!(models, again);
    let refused = |text: &str, word: &str| {
        let line = WordModels::from_json(text).unwrap_err().to_string();
        assert!(line.contains(word), "{line}");
    };
    refused("{", "EOF");
    refused("{}", "format");
    let text = models.to_json().unwrap();
    refused(&text.replace("\"version\":1", "\"version\":2"), "version");
    refused(
        &text.replace("\"n_cepstra\":13", "\"n_cepstra\":12"),
        "front end",
    );
}

#[test]
fn one_clip_of_each_word_is_enough_to_begin_with() {
    let of_ben: Vec<Clip> = clips(1)
        .into_iter()
        .filter(|c| c.name.contains("ben"))
        .collect();
    let options = WordOptions::default();
    let models = trained(&of_ben, &options);
    let all = clips(2);
    let prepared = Prepared::all(&all, &options).unwrap();
    let found = tested(
        &models,
        &prepared.iter().collect::<Vec<_>>(),
        Hearing::Alone,
    )
    .unwrap();
    assert!(found.accuracy() > 0.6, "{}", found.accuracy());
    for one in &found.recognized {
        assert!((one.posteriors.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(one.log_likelihoods.iter().all(|l| l.is_finite()));
    }
}

#[test]
fn models_get_used_to_who_speaks() {
    let of = |speaker: &str, n_takes| -> Vec<Clip> {
        let own = |c: &Clip| c.speaker.as_deref() == Some(speaker);
        clips(n_takes).into_iter().filter(own).collect()
    };
    let options = WordOptions {
        warps: Vec::new(),
        ..small()
    };
    let models = trained(&of("ben", 2), &options);
    let prepared = Prepared::all(&of("anna", 6), &options).unwrap();
    let of_anna: Vec<&Prepared> = prepared.iter().collect();
    let heard = |hearing| tested(&models, &of_anna, hearing).unwrap();
    let together = |n_rounds, relevance| {
        heard(Hearing::Together(SpeakerAdaptation {
            n_rounds,
            relevance,
            ..SpeakerAdaptation::default()
        }))
    };
    let alone = heard(Hearing::Alone);
    assert_eq!(together(0, 5.0), alone);
    let used = together(8, 5.0);
    // 12 of 18 and all.
    assert!(alone.accuracy() < 0.8, "{}", alone.accuracy());
    assert_eq!(used.accuracy(), 1.0);
    let believed = |t: &speech_seg::words::Tested| -> f64 {
        t.recognized
            .iter()
            .map(|r| r.log_likelihoods.iter().copied().fold(f64::MIN, f64::max))
            .sum()
    };
    // Means that are worth very many rows hardly move; others come nearer to what is said.
    assert!((believed(&together(2, 1e12)) - believed(&alone)).abs() < 1e-3);
    assert!(believed(&used) > believed(&alone));
    for wrong in [f64::NAN, -1.0, f64::INFINITY] {
        let wrong = SpeakerAdaptation {
            relevance: wrong,
            ..SpeakerAdaptation::default()
        };
        assert!(tested(&models, &of_anna, Hearing::Together(wrong)).is_err());
    }
    let wrong = SpeakerAdaptation {
        scale: 0.0,
        ..SpeakerAdaptation::default()
    };
    assert!(models.adapted(&[], &wrong).is_err());
    assert_eq!(
        models.adapted(&[], &SpeakerAdaptation::default()).unwrap(),
        models
    );
}

#[test]
fn unusual_recordings_have_a_defined_outcome() {
    let models = trained(&clips(2), &small());
    let recognized =
        |samples: Vec<f64>, rate| models.recognize("x", &Recording::new(rate, samples).unwrap());
    assert!(matches!(
        recognized(vec![0.0; 8000], 8000),
        Err(WordError::Frames { .. })
    ));
    assert!(matches!(
        recognized(vec![1.0; 100], 8000),
        Err(WordError::Frames { .. })
    ));
    // One frame, fewer than there are states.
    let one = recognized((0..200).map(|i| f64::from(i * i % 37)).collect(), 8000).unwrap();
    assert!(one.posteriors.iter().all(|p| p.is_finite()));
    // Clipped, and at another rate.
    let vowels = WORDS[0].1;
    for rate in [16_000, 22_050, 44_100] {
        let loud = spoken(&vowels, rate, 0.95, 7);
        let clipped = loud.samples().iter().map(|x| x.clamp(-4000.0, 4000.0));
        let found = recognized(clipped.collect(), rate).unwrap();
        assert_eq!(models.words()[found.word], "ai", "{rate}");
    }
}

#[test]
fn what_cannot_be_learnt_is_refused() {
    let clips = clips(1);
    let options = small();
    let prepared = Prepared::all(&clips, &options).unwrap();
    let one_word: Vec<&Prepared> = prepared.iter().filter(|c| c.word == "ai").collect();
    let line = |e: WordError| e.to_string();
    let refused = line(WordModels::train(&one_word, &options).unwrap_err());
    assert!(refused.contains("only 1 words"), "{refused}");
    let validated = |clips: &[Prepared], what| {
        line(validate(clips, &options, what, Hearing::Alone, &mut |_, _| {}).unwrap_err())
    };
    let of_anna: Vec<Prepared> = prepared
        .iter()
        .filter(|c| c.speaker.as_deref() == Some("anna"))
        .cloned()
        .collect();
    assert!(validated(&of_anna, LeaveOut::Speaker).contains("speakers"));
    assert!(validated(&prepared, LeaveOut::Takes(5)).contains("parts of the takes"));
    let mut few = of_anna.clone();
    few.push(prepared[1].clone());
    assert!(validated(&few, LeaveOut::Speaker).contains("cannot be learnt"));
    for wrong in [
        WordOptions {
            n_states: 0,
            ..small()
        },
        WordOptions {
            n_components: 0,
            ..small()
        },
        WordOptions {
            warps: vec![f64::NAN],
            ..small()
        },
        WordOptions {
            believed_rows: 3.0,
            ..small()
        },
        WordOptions {
            scale: 0.0,
            ..small()
        },
    ] {
        assert!(matches!(wrong.check(), Err(WordError::Setting { .. })));
    }
}

fn wav(recording: &Recording) -> Vec<u8> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: recording.sample_rate(),
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for sample in recording.samples() {
        writer.write_sample(*sample as i16).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn the_program_learns_validates_and_recognises() {
    let folder = Trial::of(env!("CARGO_BIN_EXE_speech-seg"));
    std::fs::create_dir(folder.path().join("clips")).unwrap();
    for clip in clips(2) {
        folder.write(&format!("clips/{}", clip.name), wav(&clip.recording));
    }
    let few = ["--states", "4", "-k", "1"];
    let train = [&["words", "train", "clips", "--model", "m.json"], &few[..]].concat();
    assert!(folder.said(&train).contains("words: ai, ia, ua"));
    let validate = [
        "words",
        "validate",
        "clips",
        "--leave-out",
        "speaker",
        "--csv",
        "v.csv",
    ];
    let report = folder.json(&[&validate[..], &few].concat());
    assert_eq!(report["folds"].as_array().unwrap().len(), 3);
    assert!(report["accuracy"].as_f64().unwrap() > 0.9, "{report}");
    assert_eq!(folder.read("v.csv").lines().count(), 19);
    assert!(folder.names().contains(&String::from("clips-words.png")));

    folder.write("new.wav", wav(&spoken(&WORDS[2].1, 16_000, 1.0, 9)));
    folder.write(
        "silent.wav",
        wav(&Recording::new(8000, vec![0.0; 4000]).unwrap()),
    );
    let recognize = [
        "words",
        "recognize",
        "new.wav",
        "silent.wav",
        "gone.wav",
        "--model",
        "m.json",
    ];
    // Others are recognised all the same, and in the end it says that some were not.
    let output = folder.run(&[&recognize[..], &["--csv", "r.csv"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("silent.wav") && error.contains("1 more"),
        "{error}"
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("ua") && said.contains("silent") && said.contains("no such file"),
        "{said}"
    );
    let table = folder.read("r.csv");
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows[0], "clip,word,posterior,p_ai,p_ia,p_ua,refused");
    assert!(rows[1].starts_with("new.wav,ua,"), "{table}");
    let labelled = [
        "words",
        "recognize",
        "clips/ai_ben_0.wav",
        "--model",
        "m.json",
        "--labelled",
    ];
    assert_eq!(folder.json(&labelled)["right"], 1);
    let over = ["words", "validate", "clips", "--csv", "clips/ai_ben_0.wav"];
    folder.refused(&over, 2, &["--csv", "ai_ben_0.wav", "which are read"]);
}

#[test]
fn wrong_usage_and_failed_work_of_words_are_one_line() {
    let folder = Trial::of(env!("CARGO_BIN_EXE_speech-seg"));
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    folder.write("bad.wav", b"RIFF");
    folder.refused(&["words", "train", "empty"], 1, &["empty", "no WAV files"]);
    folder.refused(&["words", "train", "gone"], 1, &["gone", "no such file"]);
    folder.refused(
        &["words", "train", "empty", "--states", "0"],
        2,
        &["--states"],
    );
    folder.refused(
        &["words", "train", "empty", "--states", "65"],
        2,
        &["states", "65"],
    );
    folder.refused(
        &["words", "validate", "empty", "--warps", "3"],
        2,
        &["warp", "3"],
    );
    folder.refused(&["words", "recognize", "bad.wav"], 2, &["--model"]);
    folder.refused(
        &["words", "recognize", "bad.wav", "--model", "bad.wav"],
        1,
        &["bad.wav"],
    );
    let out = [
        "words",
        "recognize",
        "bad.wav",
        "--model",
        "m",
        "--out",
        "x.png",
    ];
    folder.refused(&out, 2, &["--out", "--labelled"]);
}
