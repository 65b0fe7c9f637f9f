//! The verilated library, by way of `shim.cpp`. The only unsafe code of the crate.
#![allow(unsafe_code)]

use crate::SimError;
use crate::ports::Port;
use libloading::Library;
use std::ffi::{CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::Arc;

/// An opened library.
#[derive(Clone, Debug)]
pub(crate) struct Verilated {
    functions: Functions,
    /// Keeps the code in memory for as long as a function may be called.
    _library: Arc<Library>,
}

#[derive(Clone, Copy, Debug)]
struct Functions {
    new: unsafe extern "C" fn(c_int, *const c_char) -> *mut c_void,
    delete: unsafe extern "C" fn(*mut c_void),
    eval: unsafe extern "C" fn(*mut c_void),
    advance: unsafe extern "C" fn(*mut c_void),
    port: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
}

impl Verilated {
    /// Opens the library that the shim was linked into.
    pub(crate) fn open(path: &Path) -> Result<Self, SimError> {
        let failed = |source| SimError::Load {
            path: path.to_owned(),
            source,
        };
        // SAFETY: the library was linked by this crate from Verilator's output and `shim.cpp`, whose
        // functions have the types of `Functions`; its static constructors only set up Verilator's
        // own tables.
        unsafe {
            let library = Library::new(path).map_err(failed)?;
            let functions = Functions {
                new: *library.get(b"dqa_new\0").map_err(failed)?,
                delete: *library.get(b"dqa_delete\0").map_err(failed)?,
                eval: *library.get(b"dqa_eval\0").map_err(failed)?,
                advance: *library.get(b"dqa_advance\0").map_err(failed)?,
                port: *library.get(b"dqa_port\0").map_err(failed)?,
            };
            Ok(Self {
                functions,
                _library: Arc::new(library),
            })
        }
    }

    /// A new instance with `ports`, which must be those that the shim was made from.
    pub(crate) fn instantiate(&self, ports: &[Port], seed: u64, trace: Option<&Path>) -> Raw {
        let path = trace.map(|path| {
            CString::new(path.as_os_str().as_encoded_bytes()).expect("a path has no zero byte")
        });
        let path = path.as_ref().map_or(std::ptr::null(), |path| path.as_ptr());
        // Verilator takes 31 bits, of which 0 stands for the time of day.
        let seed = (seed % 0x7fff_ffff) as c_int + 1;
        // SAFETY: `path` is null or a string that outlives the call.
        let this = unsafe { (self.functions.new)(seed, path) };
        let pointers = (0..ports.len())
            // SAFETY: `this` is live, and the shim has as many ports.
            .map(|index| unsafe { (self.functions.port)(this, index as c_int) }.cast())
            .collect();
        Raw {
            library: self.clone(),
            this,
            pointers,
            sizes: ports.iter().map(Port::bytes).collect(),
        }
    }
}

/// An instance of a model; ports are bytes, the least significant first.
#[derive(Debug)]
pub(crate) struct Raw {
    library: Verilated,
    this: *mut c_void,
    pointers: Vec<*mut u8>,
    sizes: Vec<usize>,
}

// SAFETY: an instance owns its model and its context, and nothing in them is tied to the thread
// that made them; there is no shared access from several threads, since `Raw` is not `Sync`.
unsafe impl Send for Raw {}

impl Raw {
    /// Settles the logic.
    pub(crate) fn eval(&mut self) {
        // SAFETY: `this` is live until drop, and `&mut` excludes every other access.
        unsafe { (self.library.functions.eval)(self.this) }
    }

    /// Goes on by a unit of time, writing the waveform if there is one.
    pub(crate) fn advance(&mut self) {
        // SAFETY: as in `eval`.
        unsafe { (self.library.functions.advance)(self.this) }
    }

    /// A port's bytes.
    pub(crate) fn get(&self, port: usize) -> &[u8] {
        // SAFETY: the shim gave this pointer for this port, Verilator keeps a port of that width in
        // that many bytes, and the model changes them only through `&mut self`.
        unsafe { std::slice::from_raw_parts(self.pointers[port], self.sizes[port]) }
    }

    /// A port's bytes, to write; bits above its width must stay 0.
    pub(crate) fn get_mut(&mut self, port: usize) -> &mut [u8] {
        // SAFETY: as in `get`, and `&mut` excludes every other access.
        unsafe { std::slice::from_raw_parts_mut(self.pointers[port], self.sizes[port]) }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: `this` came from `new` and is deleted once; the library is still open.
        unsafe { (self.library.functions.delete)(self.this) }
    }
}
