//! A mixture over the rows that it describes, drawn as suits the number of columns.

use gmm_core::ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use gmm_core::{Gmm, GmmError, Sample};
use gmm_figures::{Axes, Color, Fill, Key, Sheet, Stroke, color_bar, legend, padded};

use super::curve::curve;
use super::groups::Groups;
use super::page::{MARGIN, axes_over, legend_place, page, point, square_page};
use super::pairs;
use super::plane::{ellipses, map};

/// Rows that are drawn of more.
const MOST_DOTS: usize = 8000;
/// What is drawn: a mixture, its columns, and the rows that it describes.
#[derive(Debug, Clone)]
pub struct Portrait<'a> {
    /// What it shows.
    pub title: String,
    /// More of that.
    pub subtitle: String,
    /// Names of the columns.
    pub columns: &'a [String],
    /// The mixture.
    pub model: &'a Gmm,
    /// Rows under the columns, NaN where a value is missing; none to show the mixture alone.
    pub rows: Option<ArrayView2<'a, f64>>,
    /// What is shown of each column; else the range of the rows, or of the components.
    pub ranges: Option<Vec<(f64, f64)>>,
    /// Which components have one colour.
    pub groups: Groups,
}

/// Rows as they are drawn: at most so many, each in a colour.
pub(super) struct Dots {
    pub(super) rows: Array2<f64>,
    pub(super) colors: Vec<Color>,
}

impl<'a> Portrait<'a> {
    /// A mixture alone.
    pub fn new(title: impl Into<String>, columns: &'a [String], model: &'a Gmm) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            columns,
            model,
            rows: None,
            ranges: None,
            groups: Groups::of_components(model.n_components()),
        }
    }

    /// One column as a histogram under its density, two as a map with contours, ellipses and rows, more as panels
    /// of each column and each pair.
    ///
    /// # Errors
    /// As [`Gmm::log_prob_of`].
    pub fn sheet(&self) -> Result<Sheet, GmmError> {
        match self.model.n_features() {
            1 => self.line(),
            2 => self.plane(),
            _ => pairs::pairs(self),
        }
    }

    /// What is shown of a column.
    pub(super) fn range(&self, column: usize) -> (f64, f64) {
        /// Deviations from a mean that are shown.
        const REACH: f64 = 3.5;
        match (&self.ranges, self.rows) {
            (Some(ranges), _) => ranges[column],
            (None, Some(rows)) => padded(rows.column(column).iter().copied()),
            (None, None) => padded(self.model.components().iter().flat_map(|component| {
                let deviation = component.covariance().entry(column, column).sqrt();
                [-REACH, REACH].map(|reach| component.mean()[column] + reach * deviation)
            })),
        }
    }

    /// The rows that are drawn, in the colours of their groups; those between groups mix them.
    pub(super) fn dots(&self) -> Result<Option<Dots>, GmmError> {
        let Some(rows) = self.rows else {
            return Ok(None);
        };
        let every = rows.nrows().div_ceil(MOST_DOTS).max(1);
        let shown: Vec<usize> = (0..rows.nrows()).step_by(every).collect();
        let rows = rows.select(Axis(0), &shown);
        let posteriors = self
            .model
            .responsibilities_of(&Sample::new(&rows).with_missing())?;
        let mix = |posterior: ArrayView1<'_, f64>| {
            let mut sums = [0.0; 3];
            for (component, r) in posterior.iter().enumerate() {
                let Color(red, green, blue) = self.groups.color(component);
                for (sum, channel) in sums.iter_mut().zip([red, green, blue]) {
                    *sum += r * f64::from(channel);
                }
            }
            let [red, green, blue] = sums.map(|s| s.round() as u8);
            Color(red, green, blue)
        };
        let colors = posteriors.rows().into_iter().map(mix).collect();
        Ok(Some(Dots { rows, colors }))
    }

    /// The groups as they are seen: rows, or where there are none the outlines of components.
    pub(super) fn entries(&self) -> Vec<(Key, &str)> {
        let key = |color: Color| match self.rows {
            Some(_) => Key::Dot(Fill::new(color)),
            None => Key::Line(Stroke::new(color, 2.0)),
        };
        self.groups.entries(self.model, key)
    }

    fn line(&self) -> Result<Sheet, GmmError> {
        let (mut sheet, frame) = page(900, 560, MARGIN);
        sheet.heading(&self.title, &self.subtitle);
        let values = self.rows.map(|rows| rows.column(0).to_vec());
        let values = values.as_deref().map(|values| ("Data", values));
        let axis = (self.columns[0].as_str(), self.range(0));
        curve(&mut sheet, frame, values, axis, (self.model, &self.groups))?;
        Ok(sheet)
    }

    fn plane(&self) -> Result<Sheet, GmmError> {
        let (mut sheet, frame) = square_page();
        sheet.heading(&self.title, &self.subtitle);
        let axes = axes_over(frame, self.range(0), self.range(1))
            .labelled(&self.columns[0], &self.columns[1]);
        let bands = map(&mut sheet, &axes, self.model)?;
        if let Some(dots) = self.dots()? {
            dots.scatter(&mut sheet, &axes, 3.2);
        }
        ellipses(&mut sheet, &axes, self.model, |component| {
            let dark = self.groups.color(component).mixed(0.8, Color(0, 0, 0));
            Stroke::new(dark, 2.0)
        });
        let entries = self.entries();
        legend(&mut sheet, legend_place(frame), &entries);
        let color = |share: f64| bands.color(share * bands.peak);
        color_bar(&mut sheet, frame, (0.0, bands.peak), "Density", color);
        Ok(sheet)
    }
}

impl Dots {
    /// A disc for each row, of its first two columns.
    pub(super) fn scatter(&self, sheet: &mut Sheet, axes: &Axes, radius: f64) {
        let radius = if self.rows.nrows() > 4000 {
            0.6 * radius
        } else {
            radius
        };
        for (row, &color) in self.rows.outer_iter().zip(&self.colors) {
            axes.dot(sheet, point(row), radius, Fill::new(color).opacity(0.75));
        }
    }
}
