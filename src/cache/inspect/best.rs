//! Sorting rows in a first pass that keeps nothing of them but by what they are sorted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::row::Place;
use crate::error::{Error, Kind, Result};

/// The rows that come first, as many as are wanted: 64 bytes of memory each.
pub(super) struct Best {
    rows: Rows,
    most: usize,
}

type Ranked = (u64, Place);

/// The one that comes last is the first to be left out.
enum Rows {
    Ascending(BinaryHeap<Ranked>),
    Descending(BinaryHeap<Reverse<Ranked>>),
}

impl Best {
    pub(super) fn new(is_descending: bool, most: u64) -> Self {
        let rows = if is_descending {
            Rows::Descending(BinaryHeap::new())
        } else {
            Rows::Ascending(BinaryHeap::new())
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Best { rows, most }
    }

    pub(super) fn meet(&mut self, rank: u64, place: Place) -> Result<()> {
        match &mut self.rows {
            Rows::Ascending(heap) => enter(heap, (rank, place), self.most),
            Rows::Descending(heap) => enter(heap, Reverse((rank, place)), self.most),
        }
    }

    /// They in their order.
    pub(super) fn into_sorted(self) -> Vec<Place> {
        let place = |(_, place): Ranked| place;
        match self.rows {
            Rows::Ascending(heap) => heap.into_sorted_vec().into_iter().map(place).collect(),
            Rows::Descending(heap) => {
                let sorted = heap.into_sorted_vec().into_iter();
                sorted.map(|Reverse(ranked)| place(ranked)).collect()
            }
        }
    }
}

fn enter<T: Ord>(heap: &mut BinaryHeap<T>, one: T, most: usize) -> Result<()> {
    if heap.len() >= most {
        if let Some(mut last) = heap.peek_mut()
            && one < *last
        {
            *last = one;
        }
        return Ok(());
    }
    heap.try_reserve(1)
        .map_err(|_| Error::new(Kind::NoMemory, "no memory to sort the stored responses"))?;
    heap.push(one);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_their_order() {
        let place = |n: u8| Place::Primary([n; 32]);
        let ranks = [5, 1, 4, 1, 3, 9];
        for (is_descending, most, expected) in [
            (false, 3, &[1, 3, 4][..]),
            (true, 2, &[5, 0]),
            (false, 99, &[1, 3, 4, 2, 0, 5]),
            (true, 99, &[5, 0, 2, 4, 3, 1]),
            (false, 0, &[]),
        ] {
            let mut best = Best::new(is_descending, most);
            for (at, rank) in ranks.iter().enumerate() {
                best.meet(*rank, place(at as u8)).unwrap();
            }
            let expected: Vec<Place> = expected.iter().map(|n| place(*n)).collect();
            assert_eq!(best.into_sorted(), expected);
        }
    }

    #[test]
    fn a_row_takes_as_much_memory_as_is_said() {
        assert_eq!(size_of::<Ranked>(), 64);
    }
}
