//! Activations of a running network, stored through a device.

use std::sync::Mutex;

use dqa_calibrate::evaluate::{Storage, Stored};
use dqa_golden::tensor::{DType, Layout};
use sha2::{Digest, Sha256};

use crate::compress::compress;
use crate::decompress::{Decompressor, TensorSink};
use crate::encoding::Encoding;
use crate::error::Error;
use crate::source::TensorSlice;
use crate::tensor::TensorFileError;
use crate::transport::Transport;

/// Devices of one kind, each used by one thread at a time.
pub struct Devices {
    open: Box<dyn Fn() -> Box<dyn Transport> + Sync>,
    idle: Mutex<Vec<Box<dyn Transport>>>,
    lanes: u8,
    packet_samples: usize,
    digest: Mutex<[u8; 32]>,
}

impl Devices {
    /// Devices opened as needed, for as many threads as ask at once.
    pub fn new(
        open: impl Fn() -> Box<dyn Transport> + Sync + 'static,
        lanes: u8,
        packet_samples: usize,
    ) -> Self {
        Self {
            open: Box::new(open),
            idle: Mutex::default(),
            lanes,
            packet_samples,
            digest: Mutex::default(),
        }
    }

    /// A digest of all containers so far, whatever their order: the exclusive or of their SHA-256.
    pub fn digest(&self) -> String {
        let digest = self.digest.lock().map_or([0; 32], |digest| *digest);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn store(
        &self,
        stored: &Stored<'_>,
        values: &mut [f32],
        transport: &mut dyn Transport,
    ) -> Result<u64, Error> {
        let encoding = Encoding::of_layer(
            stored.layer,
            (stored.entries.clone(), stored.dynamic),
            (DType::F32, Layout::Nchw, &stored.shape),
            self.lanes,
            self.packet_samples,
        )?;
        let mut container = Vec::new();
        let source = TensorSlice::new(&stored.shape, values).expect("a tensor of this shape");
        compress(&source, &encoding, transport, &mut container, &())?;
        let mut sink = Slice(values);
        Decompressor::new(&container[..])?.run(transport, &mut sink, &())?;
        if let Ok(mut digest) = self.digest.lock() {
            let own = Sha256::digest(&container);
            digest
                .iter_mut()
                .zip(own)
                .for_each(|(all, own)| *all ^= own);
        }
        Ok(container.len() as u64)
    }
}

impl Storage for Devices {
    fn round_trip(
        &self,
        stored: &Stored<'_>,
        values: &mut [f32],
    ) -> Result<u64, dqa_calibrate::Error> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut transport = idle.unwrap_or_else(|| (self.open)());
        let bytes = self.store(stored, values, &mut *transport);
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(transport);
        }
        bytes.map_err(|error| dqa_calibrate::Error::Storage(error.into()))
    }
}

/// Elements in memory.
struct Slice<'a>(&'a mut [f32]);

impl TensorSink for Slice<'_> {
    fn write(&mut self, start: u64, values: &[f32]) -> Result<(), TensorFileError> {
        let start = usize::try_from(start).expect("within the slice");
        self.0[start..start + values.len()].copy_from_slice(values);
        Ok(())
    }
}
