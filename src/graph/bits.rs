//! A triangle of bits: for each place in an order, a set of earlier places.

use std::ops::Range;

/// The widest there is: fewer steps over the same bits.
type Word = u128;
const BITS: usize = Word::BITS as usize;

/// A set of earlier places for each place.
#[derive(Clone, Debug)]
pub struct Bits {
    /// Where the words of each place begin.
    starts: Vec<usize>,
    words: Vec<Word>,
}

impl Bits {
    /// Empty sets over `n` places.
    pub fn new(n: usize) -> Self {
        let mut starts = vec![0];
        starts.extend((0..n).scan(0, |sum, place| {
            *sum += place.div_ceil(BITS);
            Some(*sum)
        }));
        Self { words: vec![0; starts[n]], starts }
    }

    fn row(&self, place: usize) -> Range<usize> {
        self.starts[place]..self.starts[place + 1]
    }

    /// Whether the set of `place` has `x`.
    pub fn has(&self, place: usize, x: usize) -> bool {
        x < place && self.words[self.starts[place] + x / BITS] >> (x % BITS) & 1 == 1
    }

    /// Puts `x`, which is earlier, into the set of `place`.
    pub fn add(&mut self, place: usize, x: usize) {
        self.words[self.starts[place] + x / BITS] |= 1 << (x % BITS);
    }

    /// Puts an earlier place and its set into the set of `place`.
    pub fn add_with(&mut self, place: usize, from: usize) {
        let (before, rest) = self.words.split_at_mut(self.starts[place]);
        let row = &before[self.starts[from]..self.starts[from + 1]];
        rest.iter_mut().zip(row).for_each(|(word, more)| *word |= more);
        self.add(place, from);
    }

    /// Puts into the set of `place` what earlier places, each with its own set, have in common.
    pub fn add_common(&mut self, place: usize, of: &[usize]) {
        let Some((first, others)) = of.split_first() else { return };
        let own = |x: usize, word: usize| if x / BITS == word { 1 << (x % BITS) } else { 0 };
        for word in 0..self.row(place).len() {
            let set = |x: usize| self.words[self.row(x)].get(word).copied().unwrap_or(0) | own(x, word);
            let common = others.iter().fold(set(*first), |common, other| common & set(*other));
            let at = self.starts[place] + word;
            self.words[at] |= common;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn sets_join_and_meet() {
        let mut bits = Bits::new(131);
        bits.add(1, 0);
        bits.add(2, 0);
        bits.add_with(2, 1);
        bits.add_common(3, &[1, 2]);
        assert!(bits.has(2, 1) && bits.has(2, 0));
        assert!(bits.has(3, 0) && bits.has(3, 1) && !bits.has(3, 2));
        bits.add(129, 128);
        bits.add_with(130, 129);
        assert!(bits.has(130, 128) && bits.has(130, 129) && !bits.has(130, 127) && !bits.has(128, 130));
    }
}
