//! The threads that all parallel loops share.

/// Does the work on one of them: from outside, every loop would have to wait for them to wake up.
pub(crate) fn in_parallel<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::join(work, || ()).0
}

/// Does what one of them has to do between two loops and, where the next `is_shared`, wakes others in advance.
///
/// They fall asleep when they have found nothing for some 15 µs and take as long to wake up: where a pass over the rows
/// takes a hundred, that is much of it.
pub(crate) fn between_loops<T: Send>(is_shared: bool, work: impl FnOnce() -> T + Send) -> T {
    if is_shared { in_parallel(work) } else { work() }
}
