//! The Mersenne twister MT19937.
//!
//! M. Matsumoto and T. Nishimura, "Mersenne twister: a 623-dimensionally equidistributed uniform pseudo-random
//! number generator", ACM TOMACS 8 (1998) 3–30: the recurrence is (2.1), the tempering (2.2)–(2.5), the
//! constants are Table II. The seeding is that of their revision of 2002.

/// Words of state, and how far ahead the recurrence looks.
const N: usize = 624;
const M: usize = 397;
/// The twist: the last row of the matrix A.
const TWIST: u32 = 0x9908_b0df;
const UPPER_BIT: u32 = 1 << 31;

/// The stream of 32-bit words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mersenne {
    state: [u32; N],
    /// Words of the state that were handed out.
    n_used: usize,
}

impl Mersenne {
    /// The stream of a seed.
    pub(crate) fn new(seed: u32) -> Self {
        const FACTOR: u32 = 1_812_433_253;
        let mut state = [seed; N];
        for i in 1..N {
            let before = state[i - 1];
            state[i] = FACTOR
                .wrapping_mul(before ^ (before >> 30))
                .wrapping_add(i as u32);
        }
        Self { state, n_used: N }
    }

    /// The next word.
    pub(crate) fn word(&mut self) -> u32 {
        if self.n_used == N {
            self.step();
        }
        let word = self.state[self.n_used];
        self.n_used += 1;
        temper(word)
    }

    /// Two words as one, the first the upper.
    pub(crate) fn long_word(&mut self) -> u64 {
        let upper = u64::from(self.word());
        upper << 32 | u64::from(self.word())
    }

    /// The next N states: x_{i+N} = x_{i+M} ⊕ (upper bit of x_i, the rest of x_{i+1})·A.
    fn step(&mut self) {
        for i in 0..N {
            let joined = self.state[i] & UPPER_BIT | self.state[(i + 1) % N] & !UPPER_BIT;
            let twist = if joined & 1 == 1 { TWIST } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (joined >> 1) ^ twist;
        }
        self.n_used = 0;
    }
}

/// Spreads the bits of a state over its word.
fn temper(mut y: u32) -> u32 {
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c_5680;
    y ^= y << 15 & 0xefc6_0000;
    y ^ y >> 18
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numpys() {
        // NumPy 2.4.6: RandomState(seed).randint(0, 2**32, 4, dtype=np.uint32).
        for (seed, expected) in [
            (0, [2357136044, 2546248239, 3071714933, 3626093760]),
            (1, [1791095845, 4282876139, 3093770124, 4005303368]),
            (42, [1608637542, 3421126067, 4083286876, 787846414]),
            (4294967295, [419326371, 479346978, 3918654476, 2416749639]),
        ] {
            let mut words = Mersenne::new(seed);
            assert_eq!([(); 4].map(|()| words.word()), expected, "seed {seed}");
        }
    }

    #[test]
    fn the_ten_thousandth_word_is_right() {
        // Also the number that the C++ standard demands of std::mt19937 ([rand.predef]).
        let mut words = Mersenne::new(5489);
        let last = (0..10_000).map(|_| words.word()).last();
        assert_eq!(last, Some(4_123_659_995));
    }
}
