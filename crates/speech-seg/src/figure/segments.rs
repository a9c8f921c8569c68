//! The spectrogram over its segments, on the same axes.

use gmm_figures::{
    Anchor, Axes, BELOW, COLOR_BAR, Color, FAINT, Fill, Frame, HEADING, Key, LEFT, MUTED, Sheet,
    VERMILION, color_bar, legend, sequential, typeset, viridis,
};

use crate::features::Scale;
use crate::model::Report;

const WIDTH: u32 = 1120;
const PLOT: u32 = 250;
const MARGIN: u32 = 24;
/// Room between the plots for a title and a legend.
const BETWEEN: u32 = 84;
/// The height of the strip that tells sound from pauses.
const STRIP: u32 = 14;

/// The spectrogram in decibels over the segments of its cells, with the stretches of sound below.
pub fn draw(report: &Report, title: &str) -> Sheet {
    let left = LEFT + MARGIN;
    let first = Frame {
        x: left,
        y: HEADING as u32 + 30,
        width: WIDTH - left - COLOR_BAR,
        height: PLOT,
    };
    let second = Frame {
        y: first.y + PLOT + BETWEEN,
        ..first
    };
    let strip = second.y + PLOT + BELOW + 6;
    let mut sheet = Sheet::new(WIDTH, strip + STRIP + 20);
    sheet.heading(title, &subtitle(report));
    levels(&mut sheet, first, report);
    segments(&mut sheet, second, report);
    sound(&mut sheet, strip, second, report);
    sheet
}

fn subtitle(report: &Report) -> String {
    let fitted = &report.fitted;
    format!(
        "{} windows of {} frequencies · {} components of {} · mean log-likelihood {} nats per cell",
        report.spectrogram.times.len(),
        report.spectrogram.frequencies.len(),
        report.segments.len(),
        match report.scale {
            Scale::Power => "power",
            Scale::LogPower => "log-power",
        },
        typeset(fitted.mean_log_likelihood(), 4)
    )
}

/// Axes whose cells are centred on the times and frequencies of the spectrogram.
fn axes(frame: Frame, report: &Report) -> Axes {
    let ends = |centres: &[f64]| {
        let half = match centres {
            [a, b, ..] => 0.5 * (b - a),
            _ => 0.5 * report.spectrogram.step,
        };
        let (first, last) = (centres.first(), centres.last());
        (
            first.map_or(0.0, |c| c - half),
            last.map_or(1.0, |c| c + half),
        )
    };
    let spectrogram = &report.spectrogram;
    Axes::new(
        frame,
        ends(&spectrogram.times),
        ends(&spectrogram.frequencies),
    )
    .without_grid()
}

fn levels(sheet: &mut Sheet, frame: Frame, report: &Report) {
    /// Decibels below the loudest that are told apart, here as in the fit.
    const RANGE: f64 = 80.0;
    let spectrogram = &report.spectrogram;
    let loudest = spectrogram.loudest();
    let top = Scale::LogPower.of(loudest, loudest);
    let share = |power: f64| (Scale::LogPower.of(power, loudest) - top) / RANGE + 1.0;
    let axes = axes(frame, report)
        .labelled("", "Frequency [Hz]")
        .titled("Spectrogram");
    axes.draw(sheet);
    let (n_frequencies, n_times) = spectrogram.power.dim();
    axes.cells(sheet, (n_times, n_frequencies), |time, frequency| {
        viridis(share(spectrogram.power[(frequency, time)]))
    });
    color_bar(
        sheet,
        frame,
        (top - RANGE, top),
        "Power [dB re 1 unit²/Hz]",
        viridis,
    );
}

fn segments(sheet: &mut Sheet, frame: Frame, report: &Report) {
    let n = report.segments.len();
    let color = |segment: usize| sequential(segment, n);
    let axes = axes(frame, report).labelled("Time [s]", "Frequency [Hz]");
    axes.draw(sheet);
    let (n_frequencies, n_times) = report.labels.dim();
    axes.cells(sheet, (n_times, n_frequencies), |time, frequency| {
        color(usize::from(report.labels[(frequency, time)]))
    });
    let names: Vec<String> = report
        .segments
        .iter()
        .map(|s| {
            let mean = match report.scale {
                Scale::Power if s.mean > 0.0 => 10.0 * s.mean.log10(),
                Scale::Power => f64::NEG_INFINITY,
                Scale::LogPower => s.mean,
            };
            format!("mean {} dB ({:.0} %)", typeset(mean, 0), 100.0 * s.share)
        })
        .collect();
    let entries: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (Key::Area(Fill::new(color(i))), name.as_str()))
        .collect();
    let middle = f64::from(frame.x) + 0.5 * f64::from(frame.width);
    let above = f64::from(frame.y);
    sheet.text(
        "Segments",
        (middle, above - 40.0),
        15.0,
        gmm_figures::TEXT,
        Anchor::Center,
    );
    legend(sheet, (middle, above - 17.0), &entries);
}

/// A strip along the time axis: where there is sound.
fn sound(sheet: &mut Sheet, top: u32, above: Frame, report: &Report) {
    let middle = f64::from(top) + 0.5 * f64::from(STRIP);
    let right = f64::from(above.x) - 12.0;
    sheet.text("Sound", (right, middle), 13.0, MUTED, Anchor::Right);
    let (left, width) = (f64::from(above.x), f64::from(above.width));
    let strip = |color: Color| Fill::new(color);
    sheet.rectangle(
        (left, f64::from(top)),
        (width, f64::from(STRIP)),
        strip(FAINT.mixed(0.5, Color(255, 255, 255))),
    );
    let axes = axes(above, report);
    for span in report.spans() {
        let within = |t: f64| t.clamp(axes.x().0, axes.x().1);
        let (from, _) = axes.at((within(span.start), 0.0));
        let (to, _) = axes.at((within(span.end), 0.0));
        sheet.rectangle(
            (from, f64::from(top)),
            (to - from, f64::from(STRIP)),
            strip(VERMILION),
        );
    }
}
