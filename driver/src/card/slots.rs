//! The two contexts of a path, and the registers that they are loaded through.

use dqa_golden::context::Context;
use dqa_golden::packet::Direction;
use dqa_hdl::load;
use dqa_hdl::parameters::{Misfit, Parameters};
use dqa_hdl::registers::{
    Field, Register, contexts, dec_errors, dec_plane_len0, dec_plane_len1, enc_errors,
    enc_plane_len0, enc_plane_len1, irq_status, load_addr, load_data,
};

use super::link::{Link, LinkError};

/// Contexts of a path.
pub(super) const SLOTS: usize = 2;

/// What the registers call a path, and which contexts its slots hold.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) direction: Direction,
    /// PATH of LOAD_ADDR.
    number: u32,
    valid: Field,
    busy: Field,
    plane_len: [Field; SLOTS],
    pub(super) errors: Register,
    /// Keys of the contexts held.
    held: [Option<u64>; SLOTS],
    /// The slot that was asked for last.
    latest: usize,
}

impl Path {
    /// Write path and read path, which hold nothing.
    pub(super) fn both() -> [Self; 2] {
        [
            Self {
                direction: Direction::Write,
                number: 0,
                valid: contexts::ENCODER_VALID,
                busy: contexts::ENCODER_BUSY,
                plane_len: [enc_plane_len0::SAMPLES, enc_plane_len1::SAMPLES],
                errors: enc_errors::REGISTER,
                held: [None; SLOTS],
                latest: 0,
            },
            Self {
                direction: Direction::Read,
                number: 1,
                valid: contexts::DECODER_VALID,
                busy: contexts::DECODER_BUSY,
                plane_len: [dec_plane_len0::SAMPLES, dec_plane_len1::SAMPLES],
                errors: dec_errors::REGISTER,
                held: [None; SLOTS],
                latest: 0,
            },
        ]
    }

    /// The id of a slot in a packet's header.
    pub(super) fn id(slot: usize) -> u8 {
        slot.to_le_bytes()[0]
    }

    /// The slot that holds a context.
    pub(super) fn find(&mut self, key: u64) -> Option<usize> {
        let slot = self.held.iter().position(|&held| held == Some(key))?;
        self.latest = slot;
        Some(slot)
    }

    /// A slot for another context: not one of `in_use`, and not the latest if there is a choice.
    pub(super) fn free(&self, in_use: [bool; SLOTS]) -> Option<usize> {
        let older = 1 - self.latest;
        [older, self.latest].into_iter().find(|&slot| !in_use[slot])
    }

    /// Forgets what the core does not have any more, by the word in its register CONTEXTS.
    pub(super) fn keep(&mut self, word: u32) {
        for (slot, held) in self.held.iter_mut().enumerate() {
            if self.valid.get(word) >> slot & 1 == 0 {
                *held = None;
            }
        }
    }

    /// Forgets all: they are loaded anew.
    pub(super) fn forget(&mut self) {
        self.held = [None; SLOTS];
    }

    /// Loads a context into a slot that no request in flight uses, as the registers' page says.
    pub(super) fn load<L: Link + ?Sized>(
        &mut self,
        link: &mut L,
        writes: &[load::Write],
        slot: usize,
        key: u64,
        context: &Context,
    ) -> Result<(), LinkError> {
        self.held[slot] = None;
        let bit = 1 << slot;
        let valid = link.get(self.valid)?;
        link.set(self.valid, valid & !bit)?;
        let (start, limit) = (link.now(), link.limits().answer);
        while link.get(self.busy)? & bit != 0 {
            if link.now() - start > limit {
                return Err(LinkError::Timeout {
                    name: link.name().to_owned(),
                    after: limit,
                    state: format!(
                        "context {slot} stays busy though all its requests are answered"
                    ),
                });
            }
        }
        let slot_bit = u32::from(Self::id(slot));
        let place = load_addr::PATH.put(self.number) | load_addr::CONTEXT.put(slot_bit);
        let mut words = Vec::with_capacity(writes.len() + 16);
        let mut next = None;
        for write in writes {
            if next != Some(write.addr) {
                let address = place | load_addr::ADDRESS.put(write.addr);
                words.push((load_addr::REGISTER.offset, address));
            }
            words.push((load_data::REGISTER.offset, write.data));
            next = Some(write.addr + 1);
        }
        let plane_len = self.plane_len[slot];
        words.push((plane_len.offset, plane_len.put(context.parts().plane_len)));
        link.write_all(&words)?;
        if link.get(irq_status::LOAD_REFUSED)? != 0 {
            link.set(irq_status::LOAD_REFUSED, 1)?;
            return Err(LinkError::Failed {
                name: link.name().to_owned(),
                what: format!("loading context {slot}"),
                reason: "the core refused it as still in use".into(),
                remedy: "reset the core".into(),
            });
        }
        link.set(self.valid, valid | bit)?;
        self.held[slot] = Some(key);
        self.latest = slot;
        Ok(())
    }

    /// The writes that load a context into this path.
    pub(super) fn writes(
        &self,
        parameters: &Parameters,
        context: &Context,
    ) -> Result<Vec<load::Write>, Misfit> {
        match self.direction {
            Direction::Write => load::encoder(parameters, context),
            Direction::Read => load::decoder(parameters, context),
        }
    }
}
