//! Borders drawn anew where the picture has edges, by minimum cuts.

use rayon::prelude::*;

use super::parts::squared_distance;
use crate::data::Picture;
use crate::features::{Scale, color, shrunk, shrunk_size};
use crate::graph_cut::Field;

/// The half of the eight directions to neighbours that counts every pair once, with their lengths.
const FORWARD: [((isize, isize), f64); 4] = [
    ((1, 0), 1.0),
    ((0, 1), 1.0),
    ((1, 1), std::f64::consts::SQRT_2),
    ((-1, 1), std::f64::consts::SQRT_2),
];

/// The pairs of a pixel with the neighbours that come after it, and their distances.
fn pairs_from((w, h): (usize, usize), i: usize) -> impl Iterator<Item = (usize, usize, f64)> {
    let (x, y) = ((i % w) as isize, (i / w) as isize);
    FORWARD.into_iter().filter_map(move |((dx, dy), length)| {
        let (u, v) = (x + dx, y + dy);
        let is_inside = (0..w as isize).contains(&u) && v < h as isize;
        is_inside.then(|| (i, v as usize * w + u as usize, length))
    })
}

/// Pairs of neighbouring pixels with their distances.
pub(super) fn pairs(size: (usize, usize)) -> impl Iterator<Item = (usize, usize, f64)> {
    (0..size.0 * size.1).flat_map(move |i| pairs_from(size, i))
}

/// What it costs that neighbours differ: exp(−β|Δ|²) / distance, with β = 1 / (2⟨|Δ|²⟩) over all pairs (Boykov & Jolly,
/// *ICCV* 2001, section 2.5; Rother, Kolmogorov & Blake, *SIGGRAPH* 2004, eqs. 4 and 5).
#[derive(Debug, Clone, Copy)]
pub(super) struct Edges {
    beta: f64,
}

impl Edges {
    pub(super) fn of(colors: &[[f64; 3]], size: (usize, usize)) -> Self {
        let (mut sum, mut count) = (0.0, 0.0);
        for (p, q, _) in pairs(size) {
            sum += squared_distance(colors[p], colors[q]);
            count += 1.0;
        }
        let beta = if sum > 0.0 { count / (2.0 * sum) } else { 0.0 };
        Self { beta }
    }

    pub(super) fn cost(self, a: [f64; 3], b: [f64; 3], length: f64) -> f64 {
        (-self.beta * squared_distance(a, b)).exp() / length
    }
}

/// What labels cost pixels of these colours, pixels × labels.
pub(super) type Costs<'a> = dyn Fn(&[[f64; 3]]) -> Vec<f64> + 'a;

/// How borders are drawn.
pub(super) struct Outline<'a> {
    pub(super) n_labels: usize,
    /// What a pair that differs costs where the picture is even.
    pub(super) smoothness: f64,
    pub(super) edges: Edges,
    pub(super) costs: &'a Costs<'a>,
}

/// How far borders may move, in pixels, and how many pixels of a picture become one pixel of the next smaller along
/// each side.
const REACH: usize = 3;
const STEP: usize = 2;

impl Outline<'_> {
    /// The labels of a small form of a picture at its full size, with borders drawn anew at every size in between.
    pub(super) fn enlarged(
        &self,
        picture: &Picture,
        small: &Picture,
        mut labels: Vec<u16>,
    ) -> Vec<u16> {
        self.redraw(small, &mut labels);
        let full = (picture.width(), picture.height());
        let mut size = (small.width(), small.height());
        while size != full {
            let n_pixels = size.0 as usize * size.1 as usize;
            let next = shrunk_size(full, n_pixels * STEP * STEP);
            // Sides that are rounded could stay as they are.
            let next = if next == size { full } else { next };
            labels = Scale::between(next, size).enlarged(&labels);
            size = next;
            self.redraw(&shrunk(picture, size), &mut labels);
        }
        labels
    }

    /// Moves borders to where they cost least, each by at most [`REACH`] pixels: only pixels near a border may change,
    /// and only to labels that are near.
    pub(super) fn redraw(&self, picture: &Picture, labels: &mut [u16]) {
        let size = (picture.width() as usize, picture.height() as usize);
        let (band, near) = band(labels, size, self.n_labels);
        let mut place = vec![u32::MAX; labels.len()];
        for (node, i) in (0..).zip(&band) {
            place[*i] = node;
        }
        let color_at = |i: usize| color(picture.pixels()[i]);
        let colors: Vec<[f64; 3]> = band.par_iter().map(|i| color_at(*i)).collect();
        let mut costs = (self.costs)(&colors);
        let both = costs.iter_mut().zip(near);
        both.filter(|(_, near)| !near)
            .for_each(|(cost, _)| *cost = f64::INFINITY);
        // Pairs within the band; a neighbour outside it holds its label, and so makes others dearer.
        let mut pairs = Vec::with_capacity(4 * band.len());
        let mut hold = |node: u32, held: u16, weight: f64| {
            let own = &mut costs[node as usize * self.n_labels..][..self.n_labels];
            own.iter_mut().for_each(|cost| *cost += weight);
            own[usize::from(held)] -= weight;
        };
        for (p, q, length) in all_pairs_of(&band, &place, size) {
            let weight = |a, b| self.smoothness * self.edges.cost(a, b, length);
            match (place[p], place[q]) {
                (u32::MAX, node) => {
                    hold(node, labels[p], weight(color_at(p), colors[node as usize]));
                }
                (node, u32::MAX) => {
                    hold(node, labels[q], weight(color_at(q), colors[node as usize]));
                }
                (a, b) => pairs.push((a, b, weight(colors[a as usize], colors[b as usize]))),
            }
        }
        let mut of_band: Vec<u16> = band.iter().map(|i| labels[*i]).collect();
        let field = Field {
            n_labels: self.n_labels,
            costs,
            pairs,
        };
        field.expand(&mut of_band);
        band.iter().zip(of_band).for_each(|(i, l)| labels[*i] = l);
    }
}

/// Every pair of neighbours of which at least one is in the band, once.
fn all_pairs_of<'a>(
    band: &'a [usize],
    place: &'a [u32],
    (w, h): (usize, usize),
) -> impl Iterator<Item = (usize, usize, f64)> + 'a {
    let before = move |i: usize| {
        let (x, y) = ((i % w) as isize, (i / w) as isize);
        FORWARD.into_iter().filter_map(move |((dx, dy), length)| {
            let (u, v) = (x - dx, y - dy);
            let is_inside = (0..w as isize).contains(&u) && v >= 0;
            let j = is_inside.then(|| v as usize * w + u as usize)?;
            (place[j] == u32::MAX).then_some((j, i, length))
        })
    };
    band.iter()
        .flat_map(move |&i| pairs_from((w, h), i).chain(before(i)))
}

/// The pixels near a border, and which labels are near each, pixels × labels.
fn band(labels: &[u16], (w, h): (usize, usize), n_labels: usize) -> (Vec<usize>, Vec<bool>) {
    // Two pixels across a border, and how far what is seen there reaches.
    let mut is_near = vec![false; labels.len()];
    let around = |i: usize, r: usize| {
        let (x, y) = (i % w, i / w);
        let rows = y.saturating_sub(r)..(y + r + 1).min(h);
        let columns = x.saturating_sub(r)..(x + r + 1).min(w);
        rows.flat_map(move |v| columns.clone().map(move |u| v * w + u))
    };
    let borders: Vec<(usize, usize)> = pairs((w, h))
        .filter(|(p, q, _)| labels[*p] != labels[*q])
        .map(|(p, q, _)| (p, q))
        .collect();
    for &(p, _) in &borders {
        around(p, REACH).for_each(|i| is_near[i] = true);
    }
    // What is all border stays as it is: it could be lost.
    let mut has_inside = vec![false; n_labels];
    for (label, is_near) in labels.iter().zip(&is_near) {
        has_inside[usize::from(*label)] |= !is_near;
    }
    let may_move = |i: &usize| is_near[*i] && has_inside[usize::from(labels[*i])];
    let band: Vec<usize> = (0..labels.len()).filter(may_move).collect();
    let mut place = vec![u32::MAX; labels.len()];
    for (node, i) in (0..).zip(&band) {
        place[*i] = node;
    }
    let mut near = vec![false; band.len() * n_labels];
    for (node, &i) in band.iter().enumerate() {
        near[node * n_labels + usize::from(labels[i])] = true;
    }
    for (p, q) in borders {
        for i in around(p, REACH).filter(|i| place[*i] != u32::MAX) {
            let own = &mut near[place[i] as usize * n_labels..][..n_labels];
            own[usize::from(labels[p])] = true;
            own[usize::from(labels[q])] = true;
        }
    }
    (band, near)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc, light on dark.
    fn disc(w: usize, h: usize) -> (Picture, Vec<u16>) {
        let inside = |i: usize| {
            let (x, y) = (
                (i % w) as f64 + 0.5 - w as f64 / 2.0,
                (i / w) as f64 + 0.5 - h as f64 / 2.0,
            );
            x.hypot(y) < h as f64 / 3.0
        };
        let truth: Vec<u16> = (0..w * h).map(|i| u16::from(inside(i))).collect();
        let bytes: Vec<u8> = truth
            .iter()
            .flat_map(|l| [60 + 140 * *l as u8; 3])
            .collect();
        let picture = Picture::from_rgb8(w as u32, h as u32, &bytes).unwrap();
        (picture, truth)
    }

    #[test]
    fn blocks_become_a_disc() {
        let (picture, truth) = disc(96, 80);
        let small = shrunk_size((96, 80), 300);
        let small = shrunk(&picture, small);
        let blocks: Vec<u16> = small
            .pixels()
            .iter()
            .map(|p| u16::from(p[0] > 130 * 257))
            .collect();
        let costs = |colors: &[[f64; 3]]| -> Vec<f64> {
            let of = |c: &[f64; 3]| [(c[0] - 25.0).abs(), (c[0] - 80.0).abs()];
            colors.iter().flat_map(of).collect()
        };
        let outline = Outline {
            n_labels: 2,
            smoothness: 1.0,
            edges: Edges { beta: 0.01 },
            costs: &costs,
        };
        let drawn = outline.enlarged(&picture, &small, blocks.clone());
        assert_eq!(drawn, truth);
        let plain = Scale::between((96, 80), (small.width(), small.height())).enlarged(&blocks);
        assert_ne!(plain, truth);
    }

    #[test]
    fn borders_between_even_sides_are_short() {
        // A staircase where the picture shows nothing becomes smoother, and what has no border stays.
        let picture = Picture::from_rgb8(20, 20, &[128; 1200]).unwrap();
        let free = |colors: &[[f64; 3]]| vec![0.0; 2 * colors.len()];
        let outline = Outline {
            n_labels: 2,
            smoothness: 1.0,
            edges: Edges::of(&[[0.0; 3]; 400], (20, 20)),
            costs: &free,
        };
        let mut labels: Vec<u16> = (0..400)
            .map(|i| u16::from(i % 20 > 10 + (i / 20) % 2))
            .collect();
        outline.redraw(&picture, &mut labels);
        let first = labels[..20].to_vec();
        assert!(labels.chunks(20).all(|row| row == first));
        let mut one = vec![1; 400];
        outline.redraw(&picture, &mut one);
        assert_eq!(one, [1; 400]);
    }
}
