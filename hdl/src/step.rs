//! A clock period in RustHDL's simulator, for unit tests on few vectors; volume goes to `dqa-sim`.

use rust_hdl::prelude::*;

/// Settles `block` with its clock low.
pub fn settle<B: Block>(block: &mut B, clock: fn(&mut B) -> &mut Signal<In, Clock>) {
    clock(block).next = false.into();
    assert!(simulate(block, 100), "the logic does not settle");
}

/// Settles `block`, then raises its clock.
pub fn step<B: Block>(block: &mut B, clock: fn(&mut B) -> &mut Signal<In, Clock>) {
    settle(block, clock);
    clock(block).next = true.into();
    assert!(simulate(block, 100), "the logic does not settle");
}
