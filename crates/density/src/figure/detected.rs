//! What does not belong, where it lies and how far it stands out.

use gmm_core::detection::Detection;
use gmm_figures::{
    Axes, BLUE, Fill, Frame, Histogram, Key, MUTED, Place, Sheet, Stroke, TEXT, VERMILION, legend,
    padded, typeset, viridis,
};
use gmm_table::figure::{MARGIN, legend_place, page};

use crate::data::Points;
use crate::model::Detected;

const SIDE: u32 = 440;
const STEP: u32 = SIDE + gmm_figures::LEFT + MARGIN;
const CROSS: Stroke = Stroke::new(VERMILION, 2.2);
const USUAL: Fill = Fill::new(BLUE).opacity(0.75);
const UNUSUAL: Fill = Fill::new(VERMILION).opacity(0.75);
const THRESHOLD: Stroke = Stroke::new(TEXT, 1.6);
/// Bars of scores.
const N_BARS: usize = 48;

/// The rows in the two columns that say most of the anomalies, the scores of all rows with the threshold, and where the
/// truth is known the curves of the detector.
pub fn detected(points: &Points, found: &Detected, truth: Option<(&Detection, &[bool])>) -> Sheet {
    let n_panels = if truth.is_some() { 3 } else { 2 };
    let (mut sheet, first) = page(
        n_panels * STEP + MARGIN,
        SIDE + 164,
        (n_panels - 1) * STEP + MARGIN,
    );
    let title = format!("Anomalies: {}", points.name);
    let subtitle = format!(
        "{} of {} rows score {} or more",
        found.anomalies.len(),
        points.rows.nrows(),
        typeset(found.threshold, 2)
    );
    sheet.heading(&title, &subtitle);
    rows(&mut sheet, first, points, found);
    let at = |panel: u32| Frame {
        x: first.x + panel * STEP,
        ..first
    };
    scores(&mut sheet, at(1), found, truth.map(|(_, truth)| truth));
    if let Some((detection, _)) = truth {
        curves(&mut sheet, at(2), detection, found.threshold);
    }
    sheet
}

/// The columns that are named first most often in the reasons, the earlier of equals; of one column that alone.
fn telling(points: &Points, found: &Detected) -> (usize, usize) {
    let mut counts = vec![0_usize; points.columns.len()];
    for reason in &found.reasons {
        for (place, part) in reason.parts.iter().take(2).enumerate() {
            counts[part.column] += 2 - place;
        }
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&column| std::cmp::Reverse(counts[column]));
    let [a, b] = [0, 1].map(|place| order.get(place).copied().unwrap_or(0));
    (a.min(b), a.max(b))
}

fn rows(sheet: &mut Sheet, frame: Frame, points: &Points, found: &Detected) {
    let (a, b) = telling(points, found);
    let is_line = points.columns.len() == 1;
    let logs = logs(found);
    let place = |i: usize| -> Place {
        let y = if is_line {
            logs[i]
        } else {
            points.rows[(i, b)]
        };
        (points.rows[(i, a)], y)
    };
    let all = || (0..points.rows.nrows()).map(place);
    let is_there = |p: &Place| p.0.is_finite() && p.1.is_finite();
    let (x, y) = (
        padded(all().filter(is_there).map(|p| p.0)),
        padded(all().filter(is_there).map(|p| p.1)),
    );
    let y_name = if is_line { SCORE } else { &points.columns[b] };
    let axes = Axes::new(frame, x, y).labelled(&points.columns[a], y_name);
    axes.draw(sheet);
    let most = logs.iter().copied().fold(0.0, f64::max);
    let radius = if logs.len() > 5000 { 2.0 } else { 3.2 };
    for (i, log) in logs
        .iter()
        .enumerate()
        .filter(|(i, _)| is_there(&place(*i)))
    {
        let share = if most > 0.0 { 1.0 - log / most } else { 1.0 };
        axes.dot(
            sheet,
            place(i),
            radius,
            Fill::new(viridis(share)).opacity(0.8),
        );
    }
    for &row in found.anomalies.iter().filter(|&&row| is_there(&place(row))) {
        axes.cross(sheet, place(row), 5.5, CROSS);
    }
    let entries = [
        (Key::Dot(Fill::new(viridis(0.9))), "Row, darker with score"),
        (Key::Cross(CROSS), "Anomaly"),
    ];
    legend(sheet, above(frame), &entries);
}

const SCORE: &str = "Score [interquartile ranges above the median]";

/// log10(1 + score), from 0 on.
fn logs(found: &Detected) -> Vec<f64> {
    found.scores.scores.iter().map(|s| log(*s)).collect()
}

fn log(score: f64) -> f64 {
    score.max(0.0).ln_1p() / std::f64::consts::LN_10
}

fn scores(sheet: &mut Sheet, frame: Frame, found: &Detected, truth: Option<&[bool]>) {
    let logs = logs(found);
    let most = logs
        .iter()
        .copied()
        .fold(log(found.threshold), f64::max)
        .max(0.1);
    // The bins are those of all scores, and the first and the last bar have room.
    let mut edges = logs.clone();
    edges.extend([0.0, most]);
    let all = Histogram::of(&edges, N_BARS);
    let width = most / N_BARS as f64;
    let count = |is_it: &dyn Fn(usize) -> bool| -> Vec<f64> {
        let mut counts = vec![0.0; N_BARS];
        for (_, log) in logs.iter().enumerate().filter(|(i, _)| is_it(*i)) {
            counts[((log / width) as usize).min(N_BARS - 1)] += 1.0;
        }
        counts
    };
    let unusual = |i: usize| truth.map_or(found.scores.scores[i] >= found.threshold, |t| t[i]);
    let (usual, unusual) = (count(&|i| !unusual(i)), count(&unusual));
    let root = |n: f64| n.sqrt();
    let peak = usual
        .iter()
        .zip(&unusual)
        .map(|(a, b)| a + b)
        .fold(1.0, f64::max);
    let names = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6, 1e9, 1e12];
    let names = names.map(|s| {
        (
            log(s),
            if s < 1e4 {
                s.to_string()
            } else {
                format!("{s:e}")
            },
        )
    });
    let axes = Axes::new(frame, (0.0, most * 1.03), (0.0, root(peak) * 1.06))
        .labelled(SCORE, "Rows, as the root of their number")
        .with_x_names(names.into_iter().filter(|(x, _)| *x <= most));
    axes.draw(sheet);
    for ((edge, _), (a, b)) in all.bins().zip(usual.iter().zip(&unusual)) {
        axes.bar(sheet, edge, root(a + b), UNUSUAL);
        axes.bar(
            sheet,
            edge,
            root(*a),
            Fill::new(gmm_figures::Color(255, 255, 255)),
        );
        axes.bar(sheet, edge, root(*a), USUAL);
    }
    let at = log(found.threshold);
    axes.line(sheet, [(at, 0.0), (at, root(peak) * 1.06)], THRESHOLD);
    let names = if truth.is_some() {
        ["Usual", "Anomaly by the labels"]
    } else {
        ["Usual", "Anomaly"]
    };
    let entries = [
        (Key::Area(USUAL), names[0]),
        (Key::Area(UNUSUAL), names[1]),
        (Key::Line(THRESHOLD), "Threshold"),
    ];
    legend(sheet, above(frame), &entries);
}

fn curves(sheet: &mut Sheet, frame: Frame, detection: &Detection, threshold: f64) {
    const ROC: Stroke = Stroke::new(BLUE, 2.2);
    const PRECISION: Stroke = Stroke::new(VERMILION, 2.2);
    let axes = Axes::new(frame, (0.0, 1.0), (0.0, 1.02)).labelled(
        "False-alarm rate, or share of anomalies found",
        "Share found, or precision",
    );
    axes.draw(sheet);
    axes.line(sheet, [(0.0, 0.0), (1.0, 1.0)], Stroke::new(MUTED, 0.8));
    let points = detection.points();
    axes.line(
        sheet,
        points
            .iter()
            .map(|p| (p.false_alarm_rate, p.detection_rate)),
        ROC,
    );
    axes.line(
        sheet,
        // The first of the points is of no alarms, whose precision of 1 is by convention.
        points[1..].iter().map(|p| (p.detection_rate, p.precision)),
        PRECISION,
    );
    if let Some(point) = points.iter().rev().find(|p| p.threshold >= threshold) {
        let ring = |color| Fill::new(color);
        axes.dot(
            sheet,
            (point.false_alarm_rate, point.detection_rate),
            5.5,
            ring(BLUE),
        );
        axes.dot(
            sheet,
            (point.detection_rate, point.precision),
            5.5,
            ring(VERMILION),
        );
    }
    let names = [
        format!("ROC, area {}", typeset(detection.area_under_roc(), 3)),
        format!(
            "Precision, mean {}",
            typeset(detection.average_precision(), 3)
        ),
    ];
    let entries = [
        (Key::Line(ROC), names[0].as_str()),
        (Key::Line(PRECISION), names[1].as_str()),
        (Key::Dot(Fill::new(TEXT)), "Threshold"),
    ];
    legend(sheet, above(frame), &entries);
}

fn above(frame: Frame) -> Place {
    let (x, y) = legend_place(frame);
    (x, y - 4.0)
}
