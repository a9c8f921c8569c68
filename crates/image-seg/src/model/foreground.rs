//! The foreground of a picture: two mixtures of colours, and the cut between them that costs least.

use gmm_core::ndarray::Array2;
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, GmmError, InitMethod, Mending, Ridge};

use super::outline::{Edges, Outline, pairs};
use super::regions::MOST_PIXELS;
use crate::data::{Mark, Marks, Picture};
use crate::features::{Appearance, shrunk, shrunk_size};
use crate::graph_cut::Graph;

/// What is added to all variances, in squared units of Lab.
const RIDGE: Ridge = Ridge::Absolute(1.0);
/// Pixels that a mixture is fitted to, at most.
const N_FITTED: usize = 8_000;
/// What a pair of neighbours that differ costs where the picture is even, in nats (Rother, Kolmogorov & Blake 2004,
/// eq. 5).
const SMOOTHNESS: f64 = 50.0;

/// By how many nats a pixel in the middle of what can be foreground is foreground rather than background, and on the
/// ellipse in its bounding box the other way round.
const CENTRALITY: f64 = 3.0;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForegroundOptions {
    /// Components of each of the two mixtures.
    pub n_components: usize,
    /// Rounds of fitting and cutting, at most.
    pub max_n_rounds: usize,
    /// What a pair of neighbours that differ costs where the picture is even, in nats.
    pub smoothness: f64,
    /// Seed of the mixtures' starts.
    pub seed: u64,
}

impl Default for ForegroundOptions {
    /// Those of the paper: 5 components and a smoothness of 50; at most 10 rounds.
    fn default() -> Self {
        Self {
            n_components: 5,
            max_n_rounds: 10,
            smoothness: SMOOTHNESS,
            seed: 42,
        }
    }
}

impl ForegroundOptions {
    fn check(&self) -> Result<(), GmmError> {
        let refused = |name, value, allowed| {
            Err(GmmError::InvalidParameter {
                name,
                value,
                allowed,
            })
        };
        if self.n_components == 0 {
            return refused("number of components", String::from("0"), "at least 1");
        }
        if !(self.smoothness.is_finite() && self.smoothness >= 0.0) {
            let value = self.smoothness.to_string();
            return refused("smoothness", value, "a finite number of at least 0");
        }
        Ok(())
    }
}

/// Why a foreground cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForegroundError {
    /// The marks are those of a picture of another size.
    #[error("the marks are {0} × {1} pixels, the picture {2} × {3}")]
    OtherSize(u32, u32, u32, u32),
    /// Nothing says what the background looks like.
    #[error(
        "no pixel is background: what is outside the rectangle, or marked so, shows what it looks like"
    )]
    NoBackground,
    /// Nothing says what the foreground looks like.
    #[error("no pixel can be foreground: all are marked as background")]
    NoForeground,
    /// A mixture cannot be fitted.
    #[error(transparent)]
    Fit(#[from] GmmError),
}

/// A foreground.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreground {
    /// Whether each pixel belongs to it, row by row.
    pub is_foreground: Vec<bool>,
    /// Rounds of fitting and cutting.
    pub n_rounds: usize,
    /// Whether the last round changed nothing or next to nothing, or left nothing of one side and was undone.
    pub has_converged: bool,
    /// The mixtures of the colours of background and foreground, in Lab.
    pub mixtures: [Gmm; 2],
}

/// Cuts the foreground out of a picture (GrabCut: Rother, Kolmogorov & Blake, *SIGGRAPH* 2004): mixtures are fitted to
/// the colours of what is background and foreground so far, the cut that costs least divides the pixels that are not
/// marked, and so on until nothing changes. A large picture is first made smaller; its border is then drawn at full size.
///
/// Where nothing is marked as foreground, all that is not marked is at first, and what is in its middle is rather
/// foreground: its place is one of a Gaussian there. Colours alone, as in the paper, lose what resembles the background.
/// `observe` hears of every round.
///
/// # Errors
/// Marks of another size, or that leave nothing for one of the sides; no components, or a smoothness that is no finite
/// number of at least 0.
pub fn find_foreground(
    picture: &Picture,
    marks: &Marks,
    options: &ForegroundOptions,
    observe: &dyn Fn(usize),
) -> Result<Foreground, ForegroundError> {
    options.check()?;
    let full = (picture.width(), picture.height());
    if (marks.width, marks.height) != full {
        return Err(ForegroundError::OtherSize(
            marks.width,
            marks.height,
            full.0,
            full.1,
        ));
    }
    let size = shrunk_size(full, MOST_PIXELS);
    let small = shrunk(picture, size);
    let scene = Scene::of(&small, shrunk_marks(marks, size), options);
    let mut is_foreground = scene.start()?;
    let mut mixtures: Option<[Gmm; 2]> = None;
    let mut n_rounds = 0;
    let mut has_converged = false;
    let mixtures = loop {
        let found = scene.fit(&is_foreground, mixtures.take())?;
        n_rounds += 1;
        observe(n_rounds);
        let cut = scene.cut(&found)?;
        let changed = cut
            .iter()
            .zip(&is_foreground)
            .filter(|(a, b)| a != b)
            .count();
        let has_two_sides = cut.contains(&true) && cut.contains(&false);
        // A side that nothing is left of has no mixture: the cut before it is the answer.
        if has_two_sides {
            is_foreground = cut;
        }
        has_converged |= changed * 1000 <= is_foreground.len() || !has_two_sides;
        if has_converged || n_rounds >= options.max_n_rounds.max(1) {
            break found;
        }
        mixtures = Some(found);
    };
    let outline = Outline {
        n_labels: 2,
        smoothness: options.smoothness,
        edges: scene.edges,
        costs: &|colors| costs(&mixtures, colors).unwrap_or_else(|_| vec![0.0; 2 * colors.len()]),
    };
    let labels = is_foreground.iter().map(|f| u16::from(*f)).collect();
    let labels = outline.enlarged(picture, &small, labels);
    let said = labels
        .iter()
        .zip(&marks.marks)
        .map(|(label, mark)| match mark {
            Mark::Unknown => *label == 1,
            Mark::Foreground => true,
            Mark::Background => false,
        });
    Ok(Foreground {
        is_foreground: said.collect(),
        n_rounds,
        has_converged,
        mixtures,
    })
}

/// Marks of a smaller picture: a pixel is marked if any that it stands for is; where both marks are, as more of them.
fn shrunk_marks(marks: &Marks, (w, h): (u32, u32)) -> Vec<Mark> {
    let mut votes = vec![[0_u32; 2]; w as usize * h as usize];
    for (i, mark) in marks.marks.iter().enumerate() {
        let (x, y) = (
            i as u64 % u64::from(marks.width),
            i as u64 / u64::from(marks.width),
        );
        let along = |at: u64, n: u32, large: u32| at * u64::from(n) / u64::from(large);
        let place = along(y, h, marks.height) * u64::from(w) + along(x, w, marks.width);
        let votes = &mut votes[place as usize];
        match mark {
            Mark::Unknown => {}
            Mark::Background => votes[0] += 1,
            Mark::Foreground => votes[1] += 1,
        }
    }
    let mark = |[of_0, of_1]: [u32; 2]| match (of_0, of_1) {
        (0, 0) => Mark::Unknown,
        _ if of_0 > of_1 => Mark::Background,
        _ => Mark::Foreground,
    };
    votes.into_iter().map(mark).collect()
}

/// For each pixel by how many nats its place speaks for the foreground, κ(1 − 2r²), with r = 1 on the ellipse in the
/// bounding box of what can be foreground and beyond: the logarithm of a Gaussian about its middle. Where foreground is
/// marked, places say nothing.
fn centrality(marks: &[Mark], width: usize) -> Vec<f64> {
    if marks.contains(&Mark::Foreground) {
        return vec![0.0; marks.len()];
    }
    let (mut least, mut most) = ([usize::MAX; 2], [0; 2]);
    let at = |i: usize| [i % width, i / width];
    for i in (0..marks.len()).filter(|i| marks[*i] != Mark::Background) {
        for (d, at) in at(i).into_iter().enumerate() {
            least[d] = least[d].min(at);
            most[d] = most[d].max(at + 1);
        }
    }
    let offset = |d: usize, at: usize| {
        let (first, end) = (least[d] as f64, most[d] as f64);
        (2.0 * at as f64 + 1.0 - first - end) / (end - first)
    };
    let squared_radius = |i: usize| {
        let [u, v] = [0, 1].map(|d| offset(d, at(i)[d]));
        (u * u + v * v).min(1.0)
    };
    (0..marks.len())
        .map(|i| CENTRALITY * (1.0 - 2.0 * squared_radius(i)))
        .collect()
}

/// A picture with its marks.
struct Scene<'a> {
    size: (usize, usize),
    /// By how many nats the place of each pixel speaks for the foreground.
    centrality: Vec<f64>,
    colors: Vec<[f64; 3]>,
    marks: Vec<Mark>,
    edges: Edges,
    options: &'a ForegroundOptions,
}

impl<'a> Scene<'a> {
    fn of(picture: &Picture, marks: Vec<Mark>, options: &'a ForegroundOptions) -> Self {
        let seen = Appearance::of(picture);
        let size = (seen.width, seen.height);
        Self {
            edges: Edges::of(&seen.colors, size),
            centrality: centrality(&marks, size.0),
            size,
            colors: seen.colors,
            marks,
            options,
        }
    }

    /// What is foreground before anything is fitted.
    fn start(&self) -> Result<Vec<bool>, ForegroundError> {
        if !self.marks.contains(&Mark::Background) {
            return Err(ForegroundError::NoBackground);
        }
        let first = match self.marks.contains(&Mark::Foreground) {
            true => Mark::Foreground,
            false => Mark::Unknown,
        };
        let start: Vec<bool> = self.marks.iter().map(|m| *m == first).collect();
        if !start.contains(&true) {
            return Err(ForegroundError::NoForeground);
        }
        Ok(start)
    }

    /// Mixtures of both sides, going on from earlier ones.
    fn fit(&self, is_foreground: &[bool], before: Option<[Gmm; 2]>) -> Result<[Gmm; 2], GmmError> {
        // At first only what is marked shows what the sides look like.
        let is_first = before.is_none();
        let has_marks = self.marks.contains(&Mark::Foreground);
        let side = |foreground: bool, before: Option<Gmm>| {
            let is_seen = |i: &usize| {
                let is_marked = self.marks[*i] != Mark::Unknown;
                is_foreground[*i] == foreground && (is_marked || !(is_first && has_marks))
            };
            let places: Vec<usize> = (0..self.colors.len()).filter(is_seen).collect();
            self.mixture(&places, before)
        };
        let [of_0, of_1] = before.map_or([None, None], |b| b.map(Some));
        Ok([side(false, of_0)?, side(true, of_1)?])
    }

    fn mixture(&self, places: &[usize], before: Option<Gmm>) -> Result<Gmm, GmmError> {
        let step = places.len().div_ceil(N_FITTED).max(1);
        let n = places.len() / step;
        let rows = Array2::from_shape_fn((n, 3), |(i, j)| self.colors[places[i * step]][j]);
        let start = match before {
            Some(before) if before.n_components() <= n => InitMethod::Parameters(before),
            _ => InitMethod::KMeans,
        };
        let n_components = match &start {
            InitMethod::Parameters(before) => before.n_components(),
            _ => self.options.n_components.clamp(1, n.max(1)),
        };
        let rng = Xoshiro256Plus::seed_from_u64(self.options.seed);
        let fitted = Gmm::params_with_rng(n_components, rng)
            .ridge(RIDGE)
            .init_method(start)
            .mending(Mending::Keep)
            .max_n_iterations(50)
            .tolerance(1e-3)
            .fit_report(&rows)?;
        Ok(fitted.model)
    }

    /// The cut of least cost: whether each pixel is on the side of the foreground.
    fn cut(&self, mixtures: &[Gmm; 2]) -> Result<Vec<bool>, GmmError> {
        let costs = costs(mixtures, &self.colors)?;
        let n = self.colors.len();
        let mut graph = Graph::with_pairs(n, 4 * n);
        // More than all pairs of a pixel cost.
        let certain = 1e6;
        for (i, mark) in self.marks.iter().enumerate() {
            let cost = match mark {
                Mark::Unknown => [costs[2 * i], costs[2 * i + 1] - self.centrality[i]],
                Mark::Background => [0.0, certain],
                Mark::Foreground => [certain, 0.0],
            };
            graph.add_costs(i, cost[0], cost[1]);
        }
        for (p, q, length) in pairs(self.size) {
            let edge = self.edges.cost(self.colors[p], self.colors[q], length);
            let cost = self.options.smoothness * edge;
            graph.add_edge(p, q, cost, cost);
        }
        Ok(graph.minimum_cut().labels)
    }
}

/// −ln of the densities of colours under both mixtures, colours × 2.
fn costs(mixtures: &[Gmm; 2], colors: &[[f64; 3]]) -> Result<Vec<f64>, GmmError> {
    let rows = Array2::from_shape_fn((colors.len(), 3), |(i, j)| colors[i][j]);
    let [of_0, of_1] = mixtures.each_ref().map(|m| m.log_prob(&rows));
    let both = of_0?.into_iter().zip(of_1?);
    Ok(both.flat_map(|(a, b)| [-a, -b]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc of two colours on a ground of two others, all noisy.
    fn scene(w: u32, h: u32) -> (Picture, Vec<bool>) {
        let inside = |x: u32, y: u32| {
            let (dx, dy) = (
                f64::from(x) - f64::from(w) / 2.0,
                f64::from(y) - f64::from(h) / 2.0,
            );
            dx.hypot(dy) < f64::from(h) / 4.0
        };
        let places = (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
        let noise = |x: u32, y: u32| (x * 7919 + y * 104_729 + x * y * 31) % 23;
        let bytes = places.clone().flat_map(|(x, y)| {
            let n = noise(x, y) as u8;
            match (inside(x, y), (x / 5 + y / 5) % 2) {
                (true, 0) => [200 + n, 60 + n, 40],
                (true, _) => [220, 160 + n, 60],
                (false, 0) => [40 + n, 80 + n, 160],
                (false, _) => [30, 120 + n, 90 + n],
            }
        });
        let picture = Picture::from_rgb8(w, h, &bytes.collect::<Vec<u8>>()).unwrap();
        (picture, places.map(|(x, y)| inside(x, y)).collect())
    }

    fn overlap(a: &[bool], b: &[bool]) -> f64 {
        let count =
            |f: fn(bool, bool) -> bool| a.iter().zip(b).filter(|(a, b)| f(**a, **b)).count();
        count(|a, b| a && b) as f64 / count(|a, b| a || b) as f64
    }

    #[test]
    fn a_disc_is_cut_out_of_pictures_small_and_large() {
        for (w, h) in [(120, 90), (900, 600)] {
            let (picture, truth) = scene(w, h);
            let marks = Marks::outside((w, h), [w / 5, h / 8, 3 * w / 5, 3 * h / 4]).unwrap();
            let found = find_foreground(&picture, &marks, &ForegroundOptions::default(), &|_| {});
            let found = found.unwrap();
            let iou = overlap(&found.is_foreground, &truth);
            assert!(iou > 0.98 && found.has_converged, "{iou}");
        }
    }

    #[test]
    fn marks_are_obeyed() {
        let (picture, truth) = scene(120, 90);
        let mut marks = Marks {
            width: 120,
            height: 90,
            marks: vec![Mark::Unknown; 120 * 90],
        };
        for x in 0..120 {
            marks.marks[5 * 120 + x] = Mark::Background;
        }
        for x in 50..70 {
            marks.marks[45 * 120 + x] = Mark::Foreground;
        }
        // Against all evidence.
        marks.marks[80 * 120 + 100] = Mark::Foreground;
        let found = find_foreground(&picture, &marks, &ForegroundOptions::default(), &|_| {});
        let found = found.unwrap();
        assert!(overlap(&found.is_foreground, &truth) > 0.95);
        for (mark, is_foreground) in marks.marks.iter().zip(&found.is_foreground) {
            assert!(*mark == Mark::Unknown || (*mark == Mark::Foreground) == *is_foreground);
        }
    }

    #[test]
    fn marks_of_one_side_only_or_of_another_size_are_refused() {
        let (picture, _) = scene(20, 10);
        let find = |width: u32, height: u32, mark: Mark| {
            let marks = Marks {
                width,
                height,
                marks: vec![mark; (width * height) as usize],
            };
            find_foreground(&picture, &marks, &ForegroundOptions::default(), &|_| {}).unwrap_err()
        };
        assert!(matches!(
            find(20, 10, Mark::Unknown),
            ForegroundError::NoBackground
        ));
        assert!(matches!(
            find(20, 10, Mark::Foreground),
            ForegroundError::NoBackground
        ));
        assert!(matches!(
            find(20, 10, Mark::Background),
            ForegroundError::NoForeground
        ));
        assert!(matches!(
            find(10, 20, Mark::Unknown),
            ForegroundError::OtherSize(10, 20, 20, 10)
        ));
    }

    #[test]
    fn pictures_of_few_pixels_or_colours_have_a_foreground_too() {
        for (w, h) in [(2, 1), (1, 9), (7, 5)] {
            let picture = Picture::from_rgb8(w, h, &vec![77; (w * h * 3) as usize]).unwrap();
            let mut marks = vec![Mark::Unknown; (w * h) as usize];
            marks[0] = Mark::Background;
            let marks = Marks {
                width: w,
                height: h,
                marks,
            };
            let options = ForegroundOptions {
                n_components: 50,
                ..ForegroundOptions::default()
            };
            let found = find_foreground(&picture, &marks, &options, &|_| {}).unwrap();
            assert!(!found.is_foreground[0]);
        }
    }
}
