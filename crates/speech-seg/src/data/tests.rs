use std::io::Cursor;

use hound::{Sample, WavSpec, WavWriter};

use super::*;

fn wav<S: Sample + Copy>(spec: (u16, u16, SampleFormat), samples: &[S]) -> Vec<u8> {
    let (channels, bits_per_sample, sample_format) = spec;
    let spec = WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample,
        sample_format,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A WAV file from its chunks, as they are.
fn from_chunks(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
    for (name, body) in chunks {
        bytes.extend(*name);
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(*body);
    }
    bytes
}

fn fmt_chunk(code: u16, n_channels: u16, sample_rate: u32, frame: u16, bits: u16) -> Vec<u8> {
    let mut chunk = code.to_le_bytes().to_vec();
    chunk.extend(n_channels.to_le_bytes());
    chunk.extend(sample_rate.to_le_bytes());
    chunk.extend(sample_rate.wrapping_mul(u32::from(frame)).to_le_bytes());
    chunk.extend(frame.to_le_bytes());
    chunk.extend(bits.to_le_bytes());
    chunk
}

fn refusal(bytes: &[u8]) -> RecordingError {
    let refused = Recording::from_wav_bytes(bytes).unwrap_err();
    assert!(!refused.to_string().contains('\n'), "{refused}");
    refused
}

#[test]
fn the_shipped_recording_is_as_scipy_reads_it() {
    let recording = Recording::shipped().unwrap();
    assert_eq!((recording.sample_rate(), recording.n_channels()), (8000, 1));
    let samples = recording.samples();
    assert_eq!(samples.len(), 45235);
    assert_eq!(samples[..4], [0.0, -1.0, 1.0, 1.0]);
    let fold = |f: fn(f64, f64) -> f64| samples.iter().copied().fold(0.0, f);
    assert_eq!((fold(f64::min), fold(f64::max)), (-20353.0, 22592.0));
    assert!((recording.duration() - 5.654375).abs() < 1e-12);
}

#[test]
fn every_integer_width_keeps_its_values_and_floats_are_in_16_bit_units() {
    for (bits, full) in [(8, 1 << 7), (16, 1 << 15), (24, 1 << 23), (32, 1i64 << 31)] {
        let samples = [0, 1, -1, (full - 1) as i32, (-full) as i32];
        let bytes = wav((1, bits, SampleFormat::Int), &samples);
        let recording = Recording::from_wav_bytes(&bytes).unwrap();
        assert_eq!(recording.samples(), samples.map(f64::from), "{bits} bits");
    }
    let floats = wav((1, 32, SampleFormat::Float), &[0.5f32, -1.0, 1.5]);
    let recording = Recording::from_wav_bytes(&floats).unwrap();
    assert_eq!(recording.samples(), [16384.0, -32768.0, 49152.0]);
}

#[test]
fn channels_are_averaged() {
    let bytes = wav((2, 16, SampleFormat::Int), &[1i16, 2, -10, 30]);
    let recording = Recording::from_wav_bytes(&bytes).unwrap();
    assert_eq!(
        (recording.samples(), recording.n_channels()),
        (&[1.5, 10.0][..], 2)
    );
}

#[test]
fn odd_chunks_and_unusual_format_chunks_are_read() {
    let format = fmt_chunk(PCM, 1, 8000, 2, 16);
    let data: &[u8] = &[1, 0, 2, 0];
    let padded = [&b"abc"[..], &[0]].concat();
    let mut with_pad = from_chunks(&[(b"LIST", &padded), (b"fmt ", &format), (b"data", data)]);
    with_pad[16] = 3;
    let longer = [&format[..], &[4, 0, 9, 9, 9, 9]].concat();
    let wide = [&fmt_chunk(PCM, 1, 8000, 4, 32)[..], &[0, 0]].concat();
    for bytes in [
        with_pad,
        from_chunks(&[(b"LIST", b"abc"), (b"fmt ", &format), (b"data", data)]),
        from_chunks(&[(b"fmt ", &longer), (b"data", data), (b"LIST", b"odd")]),
        from_chunks(&[(b"fmt ", &wide), (b"data", &[1, 0, 0, 0, 2, 0, 0, 0])]),
    ] {
        let recording = Recording::from_wav_bytes(&bytes).unwrap();
        assert_eq!(recording.samples(), [1.0, 2.0]);
    }
    // 24 bits in four bytes.
    let in_four = fmt_chunk(PCM, 1, 8000, 4, 24);
    let bytes = from_chunks(&[(b"fmt ", &in_four), (b"data", &[0xff, 0xff, 0xff, 0])]);
    assert_eq!(Recording::from_wav_bytes(&bytes).unwrap().samples(), [-1.0]);
}

#[test]
fn a_recording_that_is_cut_short_says_how_much_is_there() {
    let whole = wav((2, 16, SampleFormat::Int), &[7i16; 200]);
    let cut_short = |promised, found| RecordingError::CutShort { promised, found };
    assert_eq!(refusal(&whole[..whole.len() - 1]), cut_short(100, 99));
    assert_eq!(refusal(&whole[..whole.len() - 200]), cut_short(100, 50));
    let at = whole.windows(4).position(|w| w == b"data").unwrap() + 4;
    for length in 0..at + 4 {
        let refused = refusal(&whole[..length]);
        assert!(
            matches!(refused, RecordingError::Format(_)),
            "{length} bytes: {refused}"
        );
    }
}

#[test]
fn other_encodings_are_refused_by_name() {
    let data: (&[u8; 4], &[u8]) = (b"data", &[0; 24]);
    let mut extensible = fmt_chunk(EXTENSIBLE, 1, 8000, 1, 8);
    extensible.extend([22, 0, 8, 0, 0, 0, 0, 0, 7, 0, 0, 0]);
    for (format, name) in [
        (fmt_chunk(7, 1, 8000, 1, 8), "μ-law samples"),
        (extensible, "μ-law samples"),
        (fmt_chunk(6, 1, 8000, 1, 8), "A-law samples"),
        (fmt_chunk(0x11, 1, 8000, 256, 4), "ADPCM samples"),
        (fmt_chunk(FLOAT, 1, 8000, 8, 64), "floats of 64 bits"),
        (fmt_chunk(PCM, 1, 8000, 2, 12), "integers of 12 bits"),
        (
            fmt_chunk(0x161, 1, 8000, 2, 16),
            "samples of WAV format 0x0161",
        ),
    ] {
        let refused = refusal(&from_chunks(&[(b"fmt ", &format), data]));
        assert_eq!(refused, RecordingError::Encoding(name.to_owned()));
    }
}

#[test]
fn impossible_recordings_are_refused() {
    let data: (&[u8; 4], &[u8]) = (b"data", &[0; 12]);
    let good = fmt_chunk(PCM, 1, 8000, 2, 16);
    let rateless = fmt_chunk(PCM, 1, 0, 2, 16);
    assert_eq!(
        refusal(&from_chunks(&[(b"fmt ", &rateless), data])),
        RecordingError::NoRate
    );
    assert_eq!(
        refusal(&from_chunks(&[(b"fmt ", &good), (b"data", &[])])),
        RecordingError::Empty
    );
    let channelless = fmt_chunk(PCM, 0, 8000, 2, 16);
    let crowded = fmt_chunk(PCM, 3, 8000, 2, 16);
    for bytes in [
        b"not a recording at all".to_vec(),
        from_chunks(&[(b"fmt ", &channelless), data]),
        from_chunks(&[(b"fmt ", &crowded), data]),
        from_chunks(&[(b"fmt ", &good[..10]), data]),
        from_chunks(&[data, (b"fmt ", &good)]),
        from_chunks(&[(b"fmt ", &good), (b"data", &[0; 3])]),
    ] {
        let refused = refusal(&bytes);
        assert!(matches!(refused, RecordingError::Format(_)), "{refused}");
    }
    // Too many samples to keep, all of them there.
    let long = (1 << 26) + 1;
    let byte = fmt_chunk(PCM, 1, 8000, 1, 8);
    let bytes = from_chunks(&[(b"fmt ", &byte), (b"data", &vec![0; long])]);
    assert_eq!(refusal(&bytes), RecordingError::TooLong(long as u64));
    // More bytes a second than a header can say.
    let fast = fmt_chunk(PCM, 1, u32::MAX, 2, 16);
    let fast = Recording::from_wav_bytes(&from_chunks(&[(b"fmt ", &fast), data])).unwrap();
    assert_eq!(fast.sample_rate(), u32::MAX);
}

#[test]
fn no_header_panics() {
    let whole = wav((2, 24, SampleFormat::Int), &[1, 2, 3, 4]);
    for at in 0..whole.len() {
        for value in [0, 1, 2, 3, 0x7f, 0x80, 0xfe, 0xff] {
            for length in 1..=4 {
                let mut changed = whole.clone();
                let end = whole.len().min(at + length);
                changed[at..end].fill(value);
                if let Ok(recording) = Recording::from_wav_bytes(&changed) {
                    assert!(recording.samples().iter().all(|x| x.is_finite()));
                }
            }
        }
    }
}

#[test]
fn floats_that_are_no_numbers_are_refused_with_their_place() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = wav((2, 32, SampleFormat::Float), &[0.0, 0.0, 0.0, value]);
        let refused = refusal(&bytes).to_string();
        assert!(
            refused.starts_with("sample 1 of channel 1 is "),
            "{refused}"
        );
    }
    assert!(Recording::new(8000, vec![0.0, f64::NAN]).is_err());
    assert_eq!(Recording::new(0, vec![0.0]), Err(RecordingError::NoRate));
    assert_eq!(Recording::new(8000, vec![]), Err(RecordingError::Empty));
}

#[test]
fn files_say_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone");
    let why = |path: &Path| Recording::read(path).unwrap_err().to_string();
    assert_eq!(why(&path), "there is no such file");
    assert_eq!(why(folder.path()), "it is a folder");
    std::fs::write(&path, wav((1, 16, SampleFormat::Int), &[5i16])).unwrap();
    assert_eq!(Recording::read(&path).unwrap().samples(), [5.0]);
    std::fs::write(&path, "text").unwrap();
    assert!(why(&path).starts_with("not a readable WAV file: "));
}

#[test]
fn a_streamed_recording_goes_on_to_the_end_of_the_file() {
    let whole = wav((1, 16, SampleFormat::Int), &[5i16, -7, 9]);
    let length = whole.len() - 6 - 4;
    for said in [u32::MAX, 0x7fff_ffff] {
        let mut streamed = whole.clone();
        streamed[length..length + 4].copy_from_slice(&said.to_le_bytes());
        // The last sample came to half only.
        streamed.pop();
        let recording = Recording::from_wav_bytes(&streamed).unwrap();
        assert_eq!(recording.samples(), [5.0, -7.0]);
    }
}
