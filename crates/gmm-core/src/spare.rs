//! Memory that a thread has used and will use again.
//!
//! What each tile or leaf would get from the system and give back to it, several hundred times in a pass, costs more than
//! many a pass: pages are new, and cleared, each time.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    /// Buffers by their type that nothing on this thread is using: a fit of few rows would spend more on getting new
    /// ones than on its E-steps.
    static BUFFERS: RefCell<BTreeMap<TypeId, Vec<Box<dyn Any>>>> = const { RefCell::new(BTreeMap::new()) };

    /// Lists of numbers that nothing is using, and how many they have room for together.
    static NUMBERS: RefCell<(Vec<Vec<f64>>, usize)> = const { RefCell::new((Vec::new(), 0)) };
}

/// Lists that a thread keeps, and numbers in all of them: about what it needs at a time, and 16 MiB.
const MOST_LISTS: usize = 16;
const MOST_NUMBERS: usize = 1 << 21;

/// Works with buffers that hold whatever they were last used for, and go back to their thread afterwards.
pub(crate) fn with_buffers<W: Default + 'static, T>(work: impl FnOnce(&mut W) -> T) -> T {
    let of = TypeId::of::<W>();
    let spare = BUFFERS.with_borrow_mut(|spare| spare.get_mut(&of)?.pop());
    let mut buffers: Box<W> = spare.and_then(|b| b.downcast().ok()).unwrap_or_default();
    let done = work(&mut buffers);
    BUFFERS.with_borrow_mut(|spare| spare.entry(of).or_default().push(buffers));
    done
}

/// `n` zeros.
pub(crate) fn zeros(n: usize) -> Vec<f64> {
    let spare = NUMBERS.with_borrow_mut(|(lists, room)| {
        let numbers = lists.pop()?;
        *room -= numbers.capacity();
        Some(numbers)
    });
    let mut numbers = spare.unwrap_or_default();
    numbers.clear();
    numbers.resize(n, 0.0);
    numbers
}

/// Takes numbers that are no longer needed.
pub(crate) fn give_back(numbers: Vec<f64>) {
    // A thread that is ending keeps nothing.
    let _ = NUMBERS.try_with(|spare| {
        let (lists, room) = &mut *spare.borrow_mut();
        if lists.len() < MOST_LISTS && *room + numbers.capacity() <= MOST_NUMBERS {
            *room += numbers.capacity();
            lists.push(numbers);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_were_used_are_zeros_again() {
        for n in [3, 700, 5, 700] {
            let mut numbers = zeros(n);
            assert_eq!(numbers, vec![0.0; n]);
            numbers.fill(7.0);
            give_back(numbers);
        }
    }

    #[test]
    fn a_thread_keeps_few_lists_and_none_that_are_huge() {
        let of_new_thread = std::thread::spawn(|| {
            let kept = || NUMBERS.with_borrow(|(lists, room)| (lists.len(), *room));
            give_back(Vec::with_capacity(MOST_NUMBERS + 1));
            let of_huge = kept();
            for _ in 0..2 * MOST_LISTS {
                give_back(vec![1.0; 10]);
            }
            [of_huge, kept()]
        });
        let expected = [(0, 0), (MOST_LISTS, 10 * MOST_LISTS)];
        assert_eq!(of_new_thread.join().unwrap(), expected);
    }
}
