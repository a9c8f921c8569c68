//! From images to a recognizer.

use std::sync::atomic::{AtomicUsize, Ordering};

use gmm_core::GmmError;
use gmm_core::ndarray::{Array2, Axis};

use super::choice::{Grid, Held, Part, Shape, Tried};
use super::member::{self, Own, by_class};
use super::whitening::Whitening;
use super::{Member, Recognizer};
use crate::classifier::Prior;
use crate::data::Images;
use crate::features::View;
use crate::folds::Folds;
use crate::judgement::Judgement;

/// How [`train`] learns. Where several values are given, one is chosen by the log-loss of images held out in turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// What may be seen of an image.
    pub views: Vec<View>,
    /// Ridges within classes, where the mean variance of a feature is 1: all are used.
    pub ridges: Vec<f64>,
    /// Components of a class, at most: where it has no more images, each is one.
    pub components: Vec<usize>,
    /// Deviations of components, in those of the classes.
    pub deviations: Vec<f64>,
    /// Covariances of the one Gaussian of each class.
    pub owns: Vec<Own>,
    /// The probabilities of the classes.
    pub prior: Prior,
    /// Folds, at most: there are no more than images of the smallest class.
    pub n_folds: usize,
    /// Images that settings are chosen on, at most; all are learned from.
    pub most_images: usize,
    /// The share of read images that may be misread.
    pub error_rate: f64,
    /// Seed of the starts.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            views: vec![View::Strokes, View::Greys],
            ridges: vec![0.03, 0.3, 1.0],
            components: vec![30, 400],
            deviations: vec![0.7, 1.0, 1.4, 2.0],
            owns: vec![Own::Shrunk(30.0), Own::Shrunk(100.0)],
            prior: Prior::Frequency,
            n_folds: 5,
            most_images: 5000,
            error_rate: 0.005,
            seed: 42,
        }
    }
}

/// What [`train`] learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// What reads images.
    pub recognizer: Recognizer,
    /// The best of each view.
    pub tried: Vec<Tried>,
    /// How images were read when they were held out. The settings are those that did best on them, so others are read a
    /// little worse; [`cross_validate`] tells how much.
    pub held_out: Judgement,
    /// The numbers of these images.
    pub held_out_images: Vec<usize>,
}

impl TrainOptions {
    /// Steps that [`train`] tells of.
    pub fn n_steps(&self) -> usize {
        self.views.len() * self.ridges.len() * self.n_folds + 1
    }

    fn grid(&self) -> Result<Grid, GmmError> {
        let lists = [
            ("views", self.views.is_empty()),
            ("ridges", self.ridges.is_empty()),
            ("components", self.components.is_empty()),
            ("deviations", self.deviations.is_empty()),
            ("covariances", self.owns.is_empty()),
        ];
        let empty = lists.iter().find(|(_, is_empty)| *is_empty);
        if let Some((name, _)) = empty {
            return refuse(name, String::from("an empty list"), "at least one");
        }
        let is_no_size = |x: &&f64| !(x.is_finite() && **x > 0.0);
        if let Some(ridge) = self.ridges.iter().find(is_no_size) {
            return refuse("ridge", ridge.to_string(), "above 0");
        }
        if let Some(deviation) = self.deviations.iter().find(is_no_size) {
            return refuse("deviation", deviation.to_string(), "above 0");
        }
        if self.components.contains(&0) {
            return refuse("components", String::from("0"), "at least 1");
        }
        let is_wrong = |own: &&Own| matches!(own, Own::Shrunk(s) if !(s.is_finite() && *s > 0.0));
        if let Some(own) = self.owns.iter().find(is_wrong) {
            return refuse("strength", own.to_string(), "above 0");
        }
        if self.n_folds < 2 {
            return refuse("number of folds", self.n_folds.to_string(), "at least 2");
        }
        if !(0.0..1.0).contains(&self.error_rate) {
            return refuse(
                "error rate",
                self.error_rate.to_string(),
                "from 0 to below 1",
            );
        }
        Ok(Grid {
            views: self.views.clone(),
            ridges: self.ridges.clone(),
            components: self.components.clone(),
            deviations: self.deviations.clone(),
            owns: self.owns.clone(),
            seed: self.seed,
        })
    }
}

fn refuse<T>(name: &'static str, value: String, allowed: &'static str) -> Result<T, GmmError> {
    Err(GmmError::InvalidParameter {
        name,
        value,
        allowed,
    })
}

/// Learns to read images like these.
///
/// Settings are chosen by the log-loss of images that are held out in turn, in folds of images that follow one another in
/// their class; so are the weights of the two members, which make probabilities come true, and the smallest probability
/// that is read.
///
/// `observe` hears, from several threads, how many of so many steps are done.
///
/// # Errors
/// [`GmmError::InvalidParameter`] for options out of range, and those of the fits; none are known.
pub fn train(
    images: &Images,
    options: &TrainOptions,
    observe: &(dyn Fn(usize, usize) + Sync),
) -> Result<Trained, GmmError> {
    let grid = options.grid()?;
    let class_of = images.class_of();
    let n_classes = images.classes().len();
    let log_priors = log_priors(&class_of, n_classes, options.prior);
    let shown = spread(&class_of, n_classes, options.most_images);
    let pixels = images.pixels().select(Axis(0), &shown);
    let classes_shown: Vec<usize> = shown.iter().map(|&i| class_of[i]).collect();
    let smallest = counts(&classes_shown, n_classes).into_iter().min();
    let n_folds = options.n_folds.min(smallest.unwrap_or(0)).max(2);
    let folds = Folds::in_order(&classes_shown, n_folds);
    let n_steps = options.views.len() * options.ridges.len() * n_folds + 1;
    let n_done = AtomicUsize::new(0);
    let tell = || observe(n_done.fetch_add(1, Ordering::Relaxed) + 1, n_steps);
    let held = Held {
        pixels: &pixels,
        size: (images.width(), images.height()),
        class_of: &classes_shown,
        log_priors: &log_priors,
        folds: &folds,
    };
    let tried = held.try_all(&grid, &tell)?;
    let mut best = &tried[0];
    for candidate in &tried {
        if candidate.log_loss < best.log_loss {
            best = candidate;
        }
    }
    let held_out = Judgement::of(best.log_posteriors.clone(), classes_shown.clone());
    let features = best
        .view
        .of(images.pixels(), images.width(), images.height());
    // Where nothing can be told apart, the first alone says so.
    let is_used = |place: usize| {
        let mut weights = best.parts.iter().map(|part| part.weight);
        best.parts[place].weight > 0.0 || (place == 0 && weights.all(|w| w <= 0.0))
    };
    let used = (0..best.parts.len()).filter(|&place| is_used(place));
    let used = used.map(|place| &best.parts[place]);
    let members = used.map(|&part| member(part, &features, &class_of, n_classes, options.seed));
    let members = members.collect::<Result<_, _>>()?;
    tell();
    let recognizer = Recognizer {
        width: images.width(),
        height: images.height(),
        classes: images.classes().to_vec(),
        brightest: images.pixels().fold(0.0f64, |most, v| most.max(v.abs())),
        view: best.view,
        members,
        log_priors,
        threshold: held_out.threshold(options.error_rate),
        error_rate: options.error_rate,
    };
    Ok(Trained {
        recognizer,
        held_out,
        held_out_images: shown,
        tried,
    })
}

/// One member, learned from all images.
fn member(
    part: Part,
    features: &Array2<f64>,
    class_of: &[usize],
    n_classes: usize,
    seed: u64,
) -> Result<Member, GmmError> {
    let whitening = Whitening::fit(features, class_of, n_classes, part.ridge)?;
    let classes = by_class(&whitening.of(features), class_of, n_classes);
    let classifier = match part.shape {
        Shape::Spheres {
            components,
            deviation,
        } => member::spheres(&member::centers(&classes, components, seed)?, deviation)?,
        Shape::Own(own) => member::own(&classes, own)?,
    };
    Ok(Member {
        part,
        whitening,
        classifier,
    })
}

fn counts(class_of: &[usize], n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    for &class in class_of {
        counts[class] += 1;
    }
    counts
}

fn log_priors(class_of: &[usize], n_classes: usize, prior: Prior) -> Vec<f64> {
    let n = class_of.len() as f64;
    let share = |count: usize| match prior {
        Prior::Frequency => (count as f64 / n).ln(),
        Prior::Equal => -(n_classes as f64).ln(),
    };
    counts(class_of, n_classes).into_iter().map(share).collect()
}

/// At most about `most` images, evenly spread over those of each class, at least two of each.
fn spread(class_of: &[usize], n_classes: usize, most: usize) -> Vec<usize> {
    let n = class_of.len();
    if n <= most {
        return (0..n).collect();
    }
    let sizes = counts(class_of, n_classes);
    let mut seen = vec![0; n_classes];
    let is_shown = |class: usize| {
        let (size, place): (usize, usize) = (sizes[class], seen[class]);
        seen[class] += 1;
        let wanted = (size * most / n).clamp(2.min(size), size);
        (place + 1) * wanted / size > place * wanted / size
    };
    let mut is_shown = is_shown;
    (0..n).filter(|&i| is_shown(class_of[i])).collect()
}

/// Reads every image by a recognizer that has not seen it: each fold, shuffled with the seed, by what [`train`] makes of
/// all others. So nothing of what reads an image was chosen with it.
///
/// `observe` hears, from several threads, how many of so many steps are done.
///
/// # Errors
/// [`GmmError::InvalidParameter`] for fewer than two folds, or as many that some class is in one of them alone, and the
/// errors of [`train`].
pub fn cross_validate(
    images: &Images,
    options: &TrainOptions,
    n_folds: usize,
    seed: u64,
    observe: &(dyn Fn(usize, usize) + Sync),
) -> Result<Judgement, GmmError> {
    let class_of = images.class_of();
    if n_folds < 2 || n_folds > class_of.len() {
        return refuse(
            "number of folds",
            n_folds.to_string(),
            "from 2 to the number of images",
        );
    }
    let folds = Folds::stratified(&class_of, n_folds, seed);
    let mut log_posteriors = Array2::zeros((class_of.len(), images.classes().len()));
    for fold in 0..n_folds {
        let (learned, held) = (folds.rows_without(&[fold]), folds.rows_of(fold));
        let known = images.select(&learned);
        let trained = train(&known, options, &|done, of| {
            observe(fold * of + done, n_folds * of);
        })?;
        let unseen = images.pixels().select(Axis(0), &held);
        let read = trained.recognizer.log_posteriors(&unseen)?;
        // A class that was not learned from is not expected.
        let mut wide = Array2::from_elem((held.len(), images.classes().len()), f64::NEG_INFINITY);
        for (class, label) in known.classes().iter().enumerate() {
            let place = images.classes().partition_point(|l| l < label);
            wide.column_mut(place).assign(&read.column(class));
        }
        for (&row, values) in held.iter().zip(wide.rows()) {
            log_posteriors.row_mut(row).assign(&values);
        }
    }
    Ok(Judgement::of(log_posteriors, class_of))
}
