//! Lines of equal value.

use std::collections::BTreeMap;

use crate::sheet::Place;

/// Values on a lattice, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Columns of the lattice.
    pub width: usize,
    /// The values; a multiple of `width` of them.
    pub values: Vec<f64>,
}

/// Where a line crosses the lattice: the edge to the right of a point, or the one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Right(usize),
    Down(usize),
}

/// The lines along which the field, linear between neighbours, has the value `level`, in columns and rows of
/// the lattice: marching squares (Lorensen & Cline, *SIGGRAPH* 1987, in two dimensions). Closed lines end
/// where they begin.
pub fn contour(field: &Field, level: f64) -> Vec<Vec<Place>> {
    let mut neighbours: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
    for (a, b) in crossings(field, level) {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut lines = Vec::new();
    // Open lines from their ends first; what is left is closed.
    let ends = neighbours.iter().filter(|(_, next)| next.len() == 1);
    let starts: Vec<Edge> = ends
        .chain(neighbours.iter())
        .map(|(&edge, _)| edge)
        .collect();
    for start in starts {
        let mut line = Vec::new();
        let mut edge = start;
        while let Some(next) = neighbours.get_mut(&edge).and_then(Vec::pop) {
            if line.is_empty() {
                line.push(crossing(field, level, edge));
            }
            if let Some(back) = neighbours.get_mut(&next)
                && let Some(place) = back.iter().position(|e| *e == edge)
            {
                back.swap_remove(place);
            }
            line.push(crossing(field, level, next));
            edge = next;
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

/// The pieces of line within each cell of the lattice, as the edges that they join.
fn crossings(field: &Field, level: f64) -> Vec<(Edge, Edge)> {
    let (w, v) = (field.width, &field.values);
    let mut pieces = Vec::new();
    if w < 2 {
        return pieces;
    }
    for row in 0..(v.len() / w).saturating_sub(1) {
        for column in 0..w - 1 {
            let p = row * w + column;
            let corners = [v[p], v[p + 1], v[p + w + 1], v[p + w]];
            if !corners.iter().all(|c| c.is_finite()) {
                continue;
            }
            let sides = [
                Edge::Right(p),
                Edge::Down(p + 1),
                Edge::Right(p + w),
                Edge::Down(p),
            ];
            let is_above = corners.map(|c| c > level);
            let crossed: Vec<Edge> = (0..4)
                .filter(|&i| is_above[i] != is_above[(i + 1) % 4])
                .map(|i| sides[i])
                .collect();
            match crossed[..] {
                [a, b] => pieces.push((a, b)),
                // A saddle: its middle says which corners belong together.
                [a, b, c, d] => {
                    let middle = corners.iter().sum::<f64>() / 4.0 > level;
                    if middle == is_above[0] {
                        pieces.extend([(a, b), (c, d)]);
                    } else {
                        pieces.extend([(d, a), (b, c)]);
                    }
                }
                _ => {}
            }
        }
    }
    pieces
}

/// The point of an edge that has the value `level`.
fn crossing(field: &Field, level: f64, edge: Edge) -> Place {
    let w = field.width;
    let share = |a: usize, b: usize| {
        let (a, b) = (field.values[a], field.values[b]);
        (level - a) / (b - a)
    };
    let place = |p: usize| ((p % w) as f64, (p / w) as f64);
    match edge {
        Edge::Right(p) => (place(p).0 + share(p, p + 1), place(p).1),
        Edge::Down(p) => (place(p).0, place(p).1 + share(p, p + w)),
    }
}

/// The ellipse at `radius` standard deviations around a mean, for a covariance given by its variances and
/// their covariance (s₁², s₁₂, s₂²): mean + radius·L·(cos t, sin t) with L its Cholesky factor.
pub fn ellipse(mean: Place, (v1, c12, v2): (f64, f64, f64), radius: f64) -> Vec<Place> {
    const STEPS: usize = 120;
    let l11 = v1.max(0.0).sqrt();
    let l21 = if l11 > 0.0 { c12 / l11 } else { 0.0 };
    let l22 = (v2 - l21 * l21).max(0.0).sqrt();
    (0..=STEPS)
        .map(|i| {
            let (sin, cos) = (std::f64::consts::TAU * i as f64 / STEPS as f64).sin_cos();
            (
                mean.0 + radius * l11 * cos,
                mean.1 + radius * (l21 * cos + l22 * sin),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hill_has_a_closed_line_around_it() {
        let field = Field {
            width: 41,
            values: (0..41 * 41)
                .map(|p| {
                    let (x, y) = ((p % 41) as f64 - 20.0, (p / 41) as f64 - 20.0);
                    -(x * x + y * y).sqrt()
                })
                .collect(),
        };
        let lines = contour(&field, -10.0);
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(line.first(), line.last());
        for (x, y) in line {
            let radius = ((x - 20.0).powi(2) + (y - 20.0).powi(2)).sqrt();
            assert!((radius - 10.0).abs() < 0.05, "{radius}");
        }
    }

    #[test]
    fn a_slope_has_one_open_line_and_a_plain_none() {
        let slope = Field {
            width: 5,
            values: (0..25).map(|p| (p % 5) as f64).collect(),
        };
        let lines = contour(&slope, 1.5);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), 5);
        assert!(lines[0].iter().all(|(x, _)| *x == 1.5));
        assert!(contour(&slope, 9.0).is_empty());
        let nothing = Field {
            width: 5,
            values: vec![f64::NAN; 25],
        };
        assert!(contour(&nothing, 0.0).is_empty());
        let thin = Field {
            width: 1,
            values: vec![0.0, 1.0],
        };
        assert!(contour(&thin, 0.5).is_empty());
    }

    #[test]
    fn a_saddle_is_two_lines() {
        let saddle = Field {
            width: 2,
            values: vec![1.0, 0.0, 0.0, 1.0],
        };
        assert_eq!(contour(&saddle, 0.4).len(), 2);
        assert_eq!(contour(&saddle, 0.6).len(), 2);
    }

    #[test]
    fn an_ellipse_is_at_its_radius() {
        let (v1, c, v2) = (2.0, 0.8, 1.0);
        let determinant = v1 * v2 - c * c;
        for (x, y) in ellipse((1.0, -1.0), (v1, c, v2), 2.0) {
            let (x, y) = (x - 1.0, y + 1.0);
            let squared = (v2 * x * x - 2.0 * c * x * y + v1 * y * y) / determinant;
            assert!((squared - 4.0).abs() < 1e-9, "{squared}");
        }
    }
}
