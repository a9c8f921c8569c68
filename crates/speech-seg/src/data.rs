//! Recordings.

mod shipped;

use std::io::Read as _;
use std::path::Path;

use gmm_files::FileError;
use hound::{SampleFormat, WavReader};

pub use shipped::{SHIPPED_VOICES, ShippedVoice};

/// A prompt for telephones, 5.7 s at 8 kHz in 16 bits; credit in `assets/ATTRIBUTION.md`.
const SHIPPED: &[u8] = include_bytes!("../../../assets/speech/allison_en/train/vm-intro.wav");

/// Lengths from this on, beyond what is read, are those of a recording that was streamed.
const STREAMED: u32 = 0x7fff_0000;

const MOST_SAMPLES: u64 = Recording::MOST_SAMPLES;
/// Full scale of a float sample is 1; in units of 16-bit samples it is this.
const FLOAT_SCALE: f64 = 32768.0;

/// Format codes of WAV (`mmreg.h`).
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// Why a recording cannot be read. Samples and channels are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
    /// The bytes are no WAV file, or a damaged one.
    #[error("not a readable WAV file: {0}")]
    Format(String),
    /// The samples are written in a way that is not read.
    #[error("{0} are not read; integers of 8, 16, 24 or 32 bits and floats of 32 bits are")]
    Encoding(String),
    /// Samples are missing at the end.
    #[error(
        "the recording is cut short: its header promises {promised} samples, {found} are there"
    )]
    CutShort {
        /// Samples a channel that the header promises.
        promised: u64,
        /// Samples a channel that are there.
        found: u64,
    },
    /// A sample is NaN or infinite.
    #[error("sample {sample} of channel {channel} is {value}, which is not a finite number")]
    NonFinite {
        /// The sample's place in its channel.
        sample: usize,
        /// The channel.
        channel: usize,
        /// The value itself.
        value: f64,
    },
    /// There are no samples.
    #[error("the recording has no samples")]
    Empty,
    /// The sample rate is zero.
    #[error("the recording says 0 samples per second")]
    NoRate,
    /// There are too many samples.
    #[error("{0} samples are more than the {MOST_SAMPLES} that are read")]
    TooLong(u64),
}

/// A recording of one channel.
///
/// Samples are in the integer units of their file, as scipy's `wavfile` has them: ±32768 is the full scale of
/// 16 bits, ±2³¹ that of 32 bits. So are 24 bits, at ±2²³ (scipy shifts them to 32), and 8 bits, at ±128
/// (scipy has 0 to 255; a spectrogram does not see the difference). Floats, of full scale ±1, are multiplied
/// by 32768, so that a recording has the same powers in floats as in 16 bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    sample_rate: u32,
    n_channels: u16,
    samples: Vec<f64>,
}

impl Recording {
    /// The longest recording that is read: 25 minutes at 44.1 kHz.
    pub(crate) const MOST_SAMPLES: u64 = 1 << 26;

    /// Reads a WAV file, whatever its name says. Several channels are averaged to one.
    ///
    /// # Errors
    /// A file that is missing, unreadable, a folder or longer than a GiB, and as
    /// [`from_wav_bytes`](Self::from_wav_bytes).
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        Self::from_wav_bytes(&gmm_files::read(path)?)
    }

    /// Reads the bytes of a WAV file. Several channels are averaged to one.
    ///
    /// # Errors
    /// Bytes that are no WAV file or a damaged one, samples that are missing or written in a way that is not
    /// read (μ-law, MP3, 64-bit floats and others), a float that is NaN or infinite, a recording without
    /// samples, without a sample rate, or of more than 2²⁶ samples.
    pub fn from_wav_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        let (format, data, promised) = parts(bytes)?;
        let frame = u64::from(format.frame_bytes);
        if data.len() < promised as usize {
            return Err(RecordingError::CutShort {
                promised: u64::from(promised) / frame,
                found: data.len() as u64 / frame,
            });
        }
        let n_samples = u64::from(promised) / frame;
        if n_samples > MOST_SAMPLES {
            return Err(RecordingError::TooLong(n_samples));
        }
        let header = format.header(promised);
        let mut reader = WavReader::new(header.as_slice().chain(data)).map_err(damaged)?;
        let interleaved: Vec<f64> = match reader.spec().sample_format {
            SampleFormat::Int => reader
                .samples::<i32>()
                .map(|sample| sample.map(f64::from))
                .collect::<Result<_, _>>(),
            SampleFormat::Float => reader
                .samples::<f32>()
                .map(|sample| sample.map(f64::from))
                .collect(),
        }
        .map_err(damaged)?;
        let n_channels = usize::from(format.n_channels);
        if let Some(at) = interleaved.iter().position(|x| !x.is_finite()) {
            return Err(RecordingError::NonFinite {
                sample: at / n_channels,
                channel: at % n_channels,
                value: interleaved[at],
            });
        }
        let is_float = format.code == FLOAT;
        let scale = if is_float { FLOAT_SCALE } else { 1.0 } / n_channels as f64;
        let samples = interleaved
            .chunks_exact(n_channels)
            .map(|frame| frame.iter().sum::<f64>() * scale)
            .collect();
        Ok(Self {
            n_channels: format.n_channels,
            ..Self::new(format.sample_rate, samples)?
        })
    }

    /// A recording of samples in units of one's own, `sample_rate` of them per second.
    ///
    /// # Errors
    /// [`RecordingError::NoRate`], [`RecordingError::Empty`], [`RecordingError::TooLong`] and
    /// [`RecordingError::NonFinite`].
    pub fn new(sample_rate: u32, samples: Vec<f64>) -> Result<Self, RecordingError> {
        if sample_rate == 0 {
            return Err(RecordingError::NoRate);
        }
        if samples.is_empty() {
            return Err(RecordingError::Empty);
        }
        if samples.len() as u64 > MOST_SAMPLES {
            return Err(RecordingError::TooLong(samples.len() as u64));
        }
        match samples.iter().position(|x| !x.is_finite()) {
            Some(sample) => Err(RecordingError::NonFinite {
                sample,
                channel: 0,
                value: samples[sample],
            }),
            None => Ok(Self {
                sample_rate,
                n_channels: 1,
                samples,
            }),
        }
    }

    /// The recording that comes with the program: a prompt for telephones, spoken in English.
    ///
    /// # Errors
    /// None, as long as the program is whole.
    pub fn shipped() -> Result<Self, RecordingError> {
        Self::from_wav_bytes(SHIPPED)
    }

    /// Samples per second.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Channels of the file, of which the samples are the mean.
    pub fn n_channels(&self) -> u16 {
        self.n_channels
    }

    /// The samples, at least one, all finite.
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// Length in seconds.
    pub fn duration(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate)
    }
}

/// What the `fmt` chunk of a WAV file says.
#[derive(Debug, Clone, Copy)]
struct Format {
    code: u16,
    n_channels: u16,
    sample_rate: u32,
    /// Bytes of one sample of every channel.
    frame_bytes: u16,
    bits: u16,
}

impl Format {
    fn of_chunk(chunk: &[u8]) -> Result<Self, RecordingError> {
        let u16_at = |at: usize| match chunk.get(at..at + 2) {
            Some(&[low, high]) => Ok(u16::from_le_bytes([low, high])),
            _ => Err(format("its format chunk is too short")),
        };
        let code = match u16_at(0)? {
            // The code is then the beginning of the sub-format.
            EXTENSIBLE => u16_at(24)?,
            code => code,
        };
        let found = Self {
            code,
            n_channels: u16_at(2)?,
            sample_rate: u32::from(u16_at(4)?) | u32::from(u16_at(6)?) << 16,
            frame_bytes: u16_at(12)?,
            bits: u16_at(14)?,
        };
        found.check()
    }

    fn check(self) -> Result<Self, RecordingError> {
        if let Some(encoding) = self.unreadable() {
            return Err(RecordingError::Encoding(encoding));
        }
        if self.n_channels == 0 {
            return Err(format("it has no channels"));
        }
        if self.sample_rate == 0 {
            return Err(RecordingError::NoRate);
        }
        let bytes = self.frame_bytes / self.n_channels;
        // 24 bits may stand in four bytes.
        let fits = bytes == self.bits / 8 || (self.bits, bytes) == (24, 4);
        if !fits || !self.frame_bytes.is_multiple_of(self.n_channels) {
            return Err(format("its samples are not as long as it says"));
        }
        Ok(self)
    }

    /// The name of the encoding, if it is one that is not read.
    fn unreadable(&self) -> Option<String> {
        let named = |name: &str| Some(format!("{name} samples"));
        match (self.code, self.bits) {
            (PCM, 8 | 16 | 24 | 32) | (FLOAT, 32) => None,
            (PCM, bits) => Some(format!("integers of {bits} bits")),
            (FLOAT, bits) => Some(format!("floats of {bits} bits")),
            (2 | 0x11, _) => named("ADPCM"),
            (6, _) => named("A-law"),
            (7, _) => named("μ-law"),
            (0x31, _) => named("GSM 6.10"),
            (0x55, _) => named("MP3"),
            (code, _) => Some(format!("samples of WAV format {code:#06x}")),
        }
    }

    /// The plainest header of a WAV file with `n_bytes` of such samples, one a second: bytes per second, which
    /// must agree, can then not overflow.
    fn header(&self, n_bytes: u32) -> Vec<u8> {
        let mut header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        header.extend(self.code.to_le_bytes());
        header.extend(self.n_channels.to_le_bytes());
        header.extend(1u32.to_le_bytes());
        header.extend(u32::from(self.frame_bytes).to_le_bytes());
        header.extend(self.frame_bytes.to_le_bytes());
        header.extend(self.bits.to_le_bytes());
        header.extend(b"data");
        header.extend(n_bytes.to_le_bytes());
        header
    }
}

/// The format and the data of a WAV file, and how many bytes of data it promises.
///
/// hound stumbles over chunks of odd length and over unusual format chunks, and cannot tell which encoding it
/// refuses; so the chunks are looked up here, and it is given format and data with the plainest header.
fn parts(bytes: &[u8]) -> Result<(Format, &[u8], u32), RecordingError> {
    let riff = (bytes.get(..4), bytes.get(8..12));
    if riff != (Some(b"RIFF"), Some(b"WAVE")) {
        return Err(format("it does not begin with RIFF and WAVE"));
    }
    let mut found = None;
    let mut rest = &bytes[12..];
    while let Some((&[a, b, c, d, length @ ..], body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes(length);
        let (chunk, after) = body.split_at(body.len().min(length as usize));
        match (&[a, b, c, d], found) {
            (b"fmt ", _) => found = Some(Format::of_chunk(chunk)?),
            // A writer that could not know the length says that it is as long as can be.
            (b"data", Some(format)) if length >= STREAMED => {
                let whole_frames = chunk.len() - chunk.len() % usize::from(format.frame_bytes);
                return Ok((format, chunk, whole_frames as u32));
            }
            (b"data", Some(format)) => return Ok((format, chunk, length)),
            (b"data", None) => return Err(format("its data comes before its format")),
            _ => {}
        }
        // A chunk of odd length is followed by a zero, which some writers forget.
        rest = match after {
            [0, after @ ..] if length % 2 == 1 => after,
            after => after,
        };
    }
    Err(format("it ends before its samples"))
}

fn format(why: impl Into<String>) -> RecordingError {
    RecordingError::Format(why.into())
}

fn damaged(error: hound::Error) -> RecordingError {
    format(error.to_string())
}

#[cfg(test)]
mod tests;
