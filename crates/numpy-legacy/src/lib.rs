//! NumPy's legacy random generator (`np.random.seed`), bit for bit.
//!
//! Data that a NumPy program made from a seed can be made again here. [`RandomState`] is NumPy's class of that
//! name, whose stream NumPy keeps as it is (NEP 19, "Random Number Generator Policy"); [`make_moons`] is
//! scikit-learn's.
//!
//! Every bit that comes from the generator, and whatever is made of it with sums, products and square roots, is
//! NumPy's. Normal numbers also take one logarithm from the platform's library, as NumPy's do: they agree to
//! the bit on x86-64 Linux, where the golden numbers were made, and can differ in the last bit elsewhere.

mod datasets;
mod mersenne;
mod random_state;

pub use datasets::{linspace, make_moons};
pub use random_state::RandomState;
