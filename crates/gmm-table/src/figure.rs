//! Figures of mixtures: over the rows that they describe, or alone.

mod curve;
mod groups;
mod page;
mod pairs;
mod plane;
mod portrait;
mod selection;

pub use curve::curve;
pub use groups::Groups;
pub use page::{
    LEGEND, MARGIN, legend_place, log_density, outline, page, plane_axes, scatter, square_page,
};
pub use plane::map;
pub use portrait::Portrait;
pub use selection::{criteria, families};
