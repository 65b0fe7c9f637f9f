//! Progress of long work, and a way to stop it.

use crate::error::Error;

/// Watches long work.
pub trait Observer {
    /// A pass over `elements` elements begins.
    fn stage(&self, name: &'static str, elements: u64);

    /// So many more elements of the stage are done. `false` stops the work with
    /// [`Error::Interrupted`].
    fn advance(&self, elements: u64) -> bool;
}

/// Nobody watches.
impl Observer for () {
    fn stage(&self, _name: &'static str, _elements: u64) {}

    fn advance(&self, _elements: u64) -> bool {
        true
    }
}

/// [`Observer::advance`] as a `Result`.
pub(crate) fn advance(observer: &dyn Observer, elements: u64) -> Result<(), Error> {
    if observer.advance(elements) {
        Ok(())
    } else {
        Err(Error::Interrupted)
    }
}
