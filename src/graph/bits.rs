//! A square table of bits: for each phase, a set of phases.

/// A set of phases for each phase.
#[derive(Clone, Debug)]
pub struct Bits {
    words: usize,
    rows: Vec<u64>,
}

impl Bits {
    /// Empty sets over `n` phases.
    pub fn new(n: usize) -> Self {
        let words = n.div_ceil(64);
        Self { words, rows: vec![0; words * n] }
    }

    /// Whether the set of `row` has `x`.
    pub fn has(&self, row: usize, x: usize) -> bool {
        self.rows[row * self.words + x / 64] >> (x % 64) & 1 == 1
    }

    /// Puts `x` into the set of `row`.
    pub fn add(&mut self, row: usize, x: usize) {
        self.rows[row * self.words + x / 64] |= 1 << (x % 64);
    }

    /// Puts the set of `from` into the set of `row`.
    pub fn add_row(&mut self, row: usize, from: usize) {
        for word in 0..self.words {
            self.rows[row * self.words + word] |= self.rows[from * self.words + word];
        }
    }

    /// Puts into the set of `row` what the sets of all `of`, each with its own phase, have in common.
    pub fn add_common(&mut self, row: usize, of: &[usize]) {
        for word in 0..self.words {
            let set = |x: &usize| self.rows[x * self.words + word] | if x / 64 == word { 1 << (x % 64) } else { 0 };
            let common = of.iter().map(set).reduce(|a, b| a & b).unwrap_or(0);
            self.rows[row * self.words + word] |= common;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn sets_join_and_meet() {
        let mut bits = Bits::new(130);
        bits.add(1, 0);
        bits.add(2, 0);
        bits.add(2, 1);
        bits.add_common(3, &[1, 2]);
        assert!(bits.has(3, 0) && bits.has(3, 1) && !bits.has(3, 2));
        bits.add(129, 128);
        bits.add_row(128, 129);
        assert!(bits.has(128, 128) && !bits.has(128, 127));
    }
}
