//! The automaton of a row pattern: a chain of variables with quantifiers.
//!
//! The rules are Flink's. Contiguity is strict. A greedy loop never gives back: where a row fits
//! it, the pattern does not move on past the loop with that row. A reluctant loop and a plain
//! `?` follow both ways, and the match that is complete first wins.

/// One variable of a pattern with its quantifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Element {
    /// Index into the conditions.
    pub variable: usize,
    pub min: u32,
    /// `None`: without end.
    pub max: Option<u32>,
    /// A greedy loop: a row that fits it does not go to what follows.
    pub possessive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    ToNextRow,
    PastLastRow,
    ToFirst(usize),
    ToLast(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    pub elements: Vec<Element>,
    pub skip: Skip,
    /// First and last row are less than this apart (ms).
    pub within_ms: Option<i64>,
}

/// How far a partial match has come: an element, and how many rows it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub element: usize,
    pub count: u32,
}

impl Place {
    pub const START: Self = Self { element: 0, count: 0 };
}

impl Pattern {
    /// The places that a row leads to from `from`. `holds` says whether the row fits a variable.
    pub fn step(&self, from: Place, holds: &mut dyn FnMut(usize) -> bool, next: &mut Vec<Place>) {
        let Place { element, count } = from;
        let own = &self.elements[element];
        let fits = holds(own.variable);
        if fits && own.max.is_none_or(|max| count < max) {
            next.push(Place { element, count: count + 1 });
        }
        if count < own.min || (own.possessive && fits) {
            return;
        }
        for (element, other) in self.elements.iter().enumerate().skip(element + 1) {
            let fits = holds(other.variable);
            if fits {
                next.push(Place { element, count: 1 });
            }
            if other.min > 0 || (other.possessive && fits) {
                return;
            }
        }
    }

    /// Whether a match may take another row behind this place.
    pub fn goes_on(&self, at: Place) -> bool {
        let own = &self.elements[at.element];
        own.max.is_none_or(|max| at.count < max) || at.element + 1 < self.elements.len()
    }

    /// Whether a match may end here.
    pub fn is_complete(&self, at: Place) -> bool {
        at.count >= self.elements[at.element].min
            && self.elements[at.element + 1..].iter().all(|element| element.min == 0)
    }
}
