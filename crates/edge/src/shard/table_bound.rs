//! A value that owns a descriptor and stays in the descriptor table it was made in.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::fd_table::FdTableId;

/// Owns a `T` that owns a descriptor. Debug builds panic when it is used or dropped by a thread of another descriptor table, where its
/// number means another file or none; release builds add nothing to `T`. See [`super::fd_table`] for why.
pub(crate) struct TableBound<T> {
    /// First, so that it asserts before the value is dropped.
    home: OwnerTable,
    value: T,
}

impl<T> TableBound<T> {
    /// Binds a value to the calling thread's table.
    pub(crate) fn new(value: T) -> Self {
        Self {
            home: OwnerTable::here(),
            value,
        }
    }

    /// The value itself, for something else that owns it in the same table.
    pub(crate) fn into_inner(self) -> T {
        self.home.assert_here();
        self.value
    }
}

impl<T> Deref for TableBound<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.home.assert_here();
        &self.value
    }
}

impl<T> DerefMut for TableBound<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.home.assert_here();
        &mut self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for TableBound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// The table of a value. It is what is dropped that asserts, so that the value can be moved out.
#[cfg(debug_assertions)]
struct OwnerTable(FdTableId);

#[cfg(debug_assertions)]
impl OwnerTable {
    fn here() -> Self {
        Self(FdTableId::current())
    }

    #[track_caller]
    fn assert_here(&self) {
        let here = FdTableId::current();
        assert_eq!(
            self.0, here,
            "a descriptor is used in another table than its own"
        );
    }
}

#[cfg(debug_assertions)]
impl Drop for OwnerTable {
    fn drop(&mut self) {
        // A second panic would end the process, and the first one says what is wrong.
        if !std::thread::panicking() {
            self.assert_here();
        }
    }
}

#[cfg(not(debug_assertions))]
struct OwnerTable;

#[cfg(not(debug_assertions))]
impl OwnerTable {
    fn here() -> Self {
        let _: fn() -> FdTableId = FdTableId::current;
        Self
    }

    fn assert_here(&self) {}
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::fd_table::leave_shared;
    use super::*;
    use crate::testing::support::not_run;

    /// Instead of a descriptor, which would be closed in the wrong table all the same.
    struct Stand;

    #[test]
    #[cfg(debug_assertions)]
    fn what_is_dropped_in_another_table_than_its_own_is_noticed() {
        let (here, foreign) = (TableBound::new(Stand), TableBound::new(Stand));
        drop(here);
        let elsewhere = thread::spawn(move || {
            if !leave_shared(&[]) {
                std::mem::forget(foreign);
                return false;
            }
            drop(TableBound::new(Stand));
            drop(foreign);
            true
        });
        match elsewhere.join() {
            Err(panic) => {
                let said = panic.downcast_ref::<String>().unwrap();
                assert!(said.contains("another table than its own"), "{said}");
            }
            Ok(false) => not_run("this system gives no thread a descriptor table of its own"),
            Ok(true) => panic!("it was dropped unnoticed"),
        }
    }

    #[test]
    #[cfg(not(debug_assertions))]
    fn it_costs_nothing_in_a_release_build() {
        assert_eq!(size_of::<TableBound<u32>>(), size_of::<u32>());
    }
}
