//! Progress of long work, and a way to stop it.

use crate::Error;

/// Watches long work.
pub trait Progress: Sync {
    /// A stage of so many steps begins.
    fn stage(&self, name: &'static str, steps: u64);

    /// So many more steps are done. `false` stops the work with [`Error::Interrupted`].
    fn advance(&self, steps: u64) -> bool;
}

/// Nobody watches.
impl Progress for () {
    fn stage(&self, _name: &'static str, _steps: u64) {}

    fn advance(&self, _steps: u64) -> bool {
        true
    }
}

/// [`Progress::advance`] as a `Result`.
pub(crate) fn advance(progress: &dyn Progress, steps: u64) -> Result<(), Error> {
    match progress.advance(steps) {
        true => Ok(()),
        false => Err(Error::Interrupted),
    }
}
