use super::*;

/// Noise that is filtered in one of two ways of one's own, by turns, and comes and goes.
fn voice(who: usize, take: u32) -> Recording {
    const WAYS: [[(f64, f64); 2]; 4] = [
        [(1.3, -0.6), (-0.4, -0.5)],
        [(0.2, -0.8), (0.9, 0.0)],
        [(-1.2, -0.6), (0.3, 0.4)],
        [(0.8, -0.9), (-0.8, 0.1)],
    ];
    let mut state = 17 + take * 77 + who as u32 * 1001;
    let mut last = [0.0; 2];
    let samples = (0..16_000).map(|i| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let white = f64::from(state) / f64::from(u32::MAX) - 0.5;
        let (a, b) = WAYS[who][i / 900 % 2];
        let next = a * last[0] + b * last[1] + white;
        last = [next, last[0]];
        let syllable = (i as f64 / 700.0 + f64::from(take)).sin().max(0.02);
        2000.0 * next * syllable
    });
    Recording::new(8000, samples.collect()).unwrap()
}

fn speaker(who: usize) -> Speaker {
    let recordings = (0..3).map(|take| (format!("{who}-{take}"), voice(who, take)));
    Speaker {
        name: format!("speaker {who}"),
        recordings: recordings.collect(),
    }
}

fn options() -> VoiceOptions {
    VoiceOptions {
        noise: Vec::new(),
        false_alarms: 0.1,
        ..VoiceOptions::default()
    }
}

fn three() -> Voices {
    enroll(&[0, 1, 2].map(speaker), &[], &options(), &|_, _| {}).unwrap()
}

#[test]
fn speakers_are_told_apart_and_a_stranger_is_none_of_them() {
    let voices = three();
    assert_eq!(voices.names().len(), 3);
    for who in 0..3 {
        let scores = voices.scores(&voice(who, 9)).unwrap();
        assert_eq!(scores.best(), who, "{scores:?}");
        let is_accepted = scores.scores[who] >= voices.any.score;
        assert_eq!(voices.identified(&scores), is_accepted.then_some(who));
    }
    let stranger = voices.scores(&voice(3, 1)).unwrap();
    assert_eq!(voices.identified(&stranger), None, "{stranger:?}");
    assert_eq!(voices.claim.n_false, 3 * 3 * 2);
}

#[test]
fn voices_read_back_score_with_the_same_bits_and_seeds_repeat() {
    let voices = three();
    let text = voices.to_json().unwrap();
    let read = Voices::from_json(&text).unwrap();
    let unknown = voice(1, 5);
    assert_eq!(
        read.scores(&unknown).unwrap(),
        voices.scores(&unknown).unwrap()
    );
    assert_eq!(read.names(), voices.names());
    assert_eq!(three().to_json().unwrap(), text);
    for (from, to) in [
        ("\"speech-voices\"", "\"speech-words\""),
        (
            "\"version\":1,\"sample_rate\"",
            "\"version\":2,\"sample_rate\"",
        ),
        ("\"sample_rate\":8000", "\"sample_rate\":8"),
        ("\"normalization\":\"mean\"", "\"normalization\":\"none\""),
        ("\"name\":\"speaker 1\"", "\"name\":\"speaker 0\""),
        ("\"means\":[[[", "\"means\":[[[1.0,"),
        ("\"seconds\":", "\"seconds\":-"),
        ("\"false_alarms\":", "\"false_alarms\":7"),
        ("{\"format\"", "[\"format\""),
    ] {
        assert!(text.contains(from), "{from}");
        let refused = Voices::from_json(&text.replacen(from, to, 1))
            .unwrap_err()
            .to_string();
        assert!(!refused.contains('\n') && !refused.is_empty(), "{refused}");
    }
}

#[test]
fn few_speakers_have_an_outcome_or_a_line() {
    let alone = enroll(&[speaker(0)], &[], &options(), &|_, _| {});
    assert!(matches!(alone, Err(VoiceError::Alone)));
    let one = enroll(&[speaker(0)], &[1, 2].map(speaker), &options(), &|_, _| {}).unwrap();
    assert_eq!(one.identified(&one.scores(&voice(0, 8)).unwrap()), Some(0));
    assert_eq!(one.identified(&one.scores(&voice(1, 8)).unwrap()), None);
    // Of two nobody is a stranger to the other: the threshold is where both are equally probable.
    let two = enroll(&[0, 1].map(speaker), &[], &options(), &|_, _| {}).unwrap();
    assert_eq!((two.any.score, two.any.n_false), (0.0, 0));
    let single = |who: usize| Speaker {
        recordings: speaker(who).recordings[..1].to_vec(),
        ..speaker(who)
    };
    let clips = enroll(&[0, 1, 2].map(single), &[], &options(), &|_, _| {}).unwrap();
    assert_eq!(clips.claim.n_true, 0);
    assert_eq!(clips.scores(&voice(2, 8)).unwrap().best(), 2);
}

#[test]
fn what_cannot_be_enrolled_or_scored_is_named() {
    let silent = |samples: Vec<f64>| Speaker {
        name: String::from("silent"),
        recordings: vec![(
            String::from("s.wav"),
            Recording::new(8000, samples).unwrap(),
        )],
    };
    let why = |speakers: &[Speaker], options: &VoiceOptions| {
        enroll(speakers, &[], options, &|_, _| {})
            .unwrap_err()
            .to_string()
    };
    for samples in [vec![0.0; 4000], vec![1.0, 2.0, 3.0]] {
        let line = why(&[speaker(0), silent(samples)], &options());
        assert!(line.starts_with("s.wav: "), "{line}");
    }
    assert_eq!(why(&[], &options()), "there is no speaker to enrol");
    assert!(why(&[speaker(0), speaker(0)], &options()).contains("two speakers"));
    let empty = Speaker {
        name: String::from("ann"),
        recordings: Vec::new(),
    };
    assert_eq!(
        why(&[empty, speaker(0)], &options()),
        "speaker ann has no recording"
    );
    for wrong in [
        VoiceOptions {
            false_alarms: 0.0,
            ..options()
        },
        VoiceOptions {
            n_components: Some(0),
            ..options()
        },
        VoiceOptions {
            noise: vec![f64::NAN],
            ..options()
        },
        VoiceOptions {
            relevance: -1.0,
            ..options()
        },
        VoiceOptions {
            sample_rate: 5,
            ..options()
        },
    ] {
        assert!(!why(&[speaker(0), speaker(1)], &wrong).is_empty());
    }
    let silence = Recording::new(8000, vec![5.0; 4000]).unwrap();
    assert!(matches!(
        three().scores(&silence),
        Err(VoiceError::Recording { .. })
    ));
}
