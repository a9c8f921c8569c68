use gmm_core::ndarray::Array2;
use gmm_figures::Sheet;

use super::*;
use crate::data::Series;

fn is_drawn(sheet: &Sheet, width: u32) {
    let picture = sheet.to_image().unwrap();
    assert_eq!(picture.width(), width);
    sheet.to_svg().unwrap();
}

/// Series without values, of one, of equal ones, and with gaps.
fn odd() -> Vec<Series> {
    let values = [
        vec![],
        vec![3.0],
        vec![2.0; 5],
        vec![f64::NAN; 4],
        vec![1.0, f64::NAN, 1e300, -1e300, f64::NAN, 2.0],
    ];
    values.map(|values| Series::new("odd", values)).to_vec()
}

#[test]
fn odd_series_have_figures() {
    for series in odd() {
        let n = series.n_steps();
        let regimes: Vec<Option<usize>> = (0..n).map(|t| (t % 3 > 0).then_some(t % 2)).collect();
        let probabilities = Array2::from_shape_fn((n, 2), |(t, _)| match regimes[t] {
            Some(_) => 0.5,
            None => f64::NAN,
        });
        let regimes = RegimeChart {
            title: String::from("Odd"),
            subtitle: String::new(),
            series: &series,
            regimes: &regimes,
            probabilities: probabilities.clone(),
            names: vec![
                (String::from("A"), String::from("low")),
                (String::from("B"), String::new()),
            ],
        };
        is_drawn(&regimes.sheet(), 1180);
        let surprises: Vec<Surprise> = (0..n + 1)
            .map(|place| Surprise {
                place,
                score: place as f64,
                is_anomaly: place > 2,
            })
            .collect();
        let anomalies = AnomalyChart {
            title: String::from("Odd"),
            subtitle: String::new(),
            series: &series,
            column: 0,
            expected: vec![f64::NAN; n],
            band: None,
            surprises,
            score_name: String::from("Surprise [nats]"),
            threshold: 2.5,
        };
        is_drawn(&anomalies.sheet(), 1180);
        let none = AnomalyChart {
            column: 1,
            surprises: Vec::new(),
            ..anomalies
        };
        is_drawn(&none.sheet(), 1180);
        let (times, labels) = series.after(2);
        let fan = Fan {
            title: String::from("Odd"),
            subtitle: String::new(),
            column: String::from("x"),
            time_name: String::from("t"),
            times: [series.times.as_slice(), &times].concat(),
            labels: [series.labels.as_slice(), &labels].concat(),
            history: series.values.column(0).to_vec(),
            median: vec![1.0, f64::NAN],
            mean: None,
            bands: vec![Band {
                level: 0.9,
                low: vec![0.0, f64::NAN],
                high: vec![2.0, f64::NAN],
            }],
            actual: Some(vec![1.5]),
            rolling: Some(Rolling {
                start: 9,
                centre: vec![1.0],
                band: Band {
                    level: 0.5,
                    low: vec![],
                    high: vec![],
                },
            }),
        };
        is_drawn(&fan.sheet(), 1180);
    }
    for n_bars in [0, 1, 10] {
        let chart = PitChart {
            title: String::from("None"),
            subtitle: String::new(),
            pit: Vec::new(),
            n_bars,
        };
        is_drawn(&chart.sheet(), 760);
    }
}

#[test]
fn figures_of_the_shipped_dates_name_round_ones() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/tabular/rgnp.csv");
    let series = Series::read(&path, &[], None).unwrap();
    let regimes: Vec<Option<usize>> = (0..series.n_steps()).map(|t| Some(t / 70)).collect();
    let probabilities = Array2::from_elem((series.n_steps(), 2), 0.5);
    let chart = RegimeChart {
        title: String::from("Growth"),
        subtitle: String::new(),
        series: &series,
        regimes: &regimes,
        probabilities: probabilities.clone(),
        names: vec![(String::from("Recession"), String::from("mean <0")); 2],
    };
    let svg = String::from_utf8(chart.sheet().to_svg().unwrap()).unwrap();
    assert!(svg.contains("1960") && svg.contains("1980") && svg.contains("Recession"));
}
