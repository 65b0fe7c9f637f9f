//! The DQA accelerator's units and cores in RustHDL.
//!
//! `docs/src/design/pipeline.md` shows how they fit together.
