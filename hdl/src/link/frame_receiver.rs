//! Frame receiver: a frame's header and data, and at its end whether it is intact.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_valid`, `s_data` | in | a byte of the frame |
//! | `s_done`, `s_good` | in | the frame's end, in another clock than its last byte; it was well encoded |
//! | `kind`, `serial`, `acknowledge`, `session` | out | the header, from `done` |
//! | `write`, `write_data` | out | a byte behind the header: data, and the CRC as its last 4 bytes |
//! | `done` | out | the frame's end, at least 2 clocks after its last byte |
//! | `intact` | out | with it: well encoded, CRC right, 0 to 512 bytes of data |
//! | `bare` | out | with it: no data |
//!
//! No parameters. Bytes come at most every second clock.

use rust_hdl::prelude::*;

use crate::primitives::Crc32;

/// The receiver; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct FrameReceiver {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_valid: Signal<In, Bit>,
    pub s_data: Signal<In, Bits<8>>,
    pub s_done: Signal<In, Bit>,
    pub s_good: Signal<In, Bit>,
    pub kind: Signal<Out, Bits<8>>,
    pub serial: Signal<Out, Bits<8>>,
    pub acknowledge: Signal<Out, Bits<8>>,
    pub session: Signal<Out, Bits<16>>,
    pub write: Signal<Out, Bit>,
    pub write_data: Signal<Out, Bits<8>>,
    pub done: Signal<Out, Bit>,
    pub intact: Signal<Out, Bit>,
    pub bare: Signal<Out, Bit>,

    /// The last five bytes of the header, the first of them lowest.
    header: DFF<Bits<40>>,
    next_header: Signal<Local, Bits<40>>,
    octet: Signal<Local, Bits<8>>,
    /// Bytes so far, up to one more than a frame has.
    count: DFF<Bits<10>>,
    check: Crc32<8>,
    residue: Constant<Bits<32>>,
    header_bytes: Constant<Bits<10>>,
    least: Constant<Bits<10>>,
    too_many: Constant<Bits<10>>,
}

impl Default for FrameReceiver {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_valid: Signal::default(),
            s_data: Signal::default(),
            s_done: Signal::default(),
            s_good: Signal::default(),
            kind: Signal::default(),
            serial: Signal::default(),
            acknowledge: Signal::default(),
            session: Signal::default(),
            write: Signal::default(),
            write_data: Signal::default(),
            done: Signal::default(),
            intact: Signal::default(),
            bare: Signal::default(),
            header: DFF::default(),
            next_header: Signal::default(),
            octet: Signal::default(),
            count: DFF::default(),
            check: Crc32::default(),
            residue: Constant::new(bits(u64::from(Crc32::<8>::RESIDUE))),
            header_bytes: Constant::new(bits(5)),
            least: Constant::new(bits(9)),
            too_many: Constant::new(bits(522)),
        }
    }
}

impl Logic for FrameReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, header, count);
        clock!(self, aclk, check);
        self.octet.next = self.s_data.val();
        self.check.clear.next = self.s_done.val() | (!self.aresetn.val());
        self.check.enable.next = self.s_valid.val();
        self.check.data.next = self.octet.val();
        self.next_header.next =
            (self.header.q.val() >> 8) | (bit_cast::<40, 8>(self.octet.val()) << 32);
        self.write.next = false;
        self.write_data.next = self.octet.val();
        if self.s_valid.val() {
            if self.count.q.val() < self.header_bytes.val() {
                self.header.d.next = self.next_header.val();
            } else {
                self.write.next = self.count.q.val() < self.too_many.val();
            }
            if self.count.q.val() < self.too_many.val() {
                self.count.d.next = self.count.q.val() + 1;
            }
        }
        if self.s_done.val() | (!self.aresetn.val()) {
            self.count.d.next = 0.into();
        }
        self.done.next = self.s_done.val();
        self.bare.next = self.count.q.val() == self.least.val();
        self.intact.next = self.s_good.val()
            & (self.check.crc.val() == self.residue.val())
            & (self.count.q.val() >= self.least.val())
            & (self.count.q.val() < self.too_many.val());
        self.kind.next = self.header.q.val().get_bits::<8>(0);
        self.serial.next = self.header.q.val().get_bits::<8>(8);
        self.acknowledge.next = self.header.q.val().get_bits::<8>(16);
        self.session.next = self.header.q.val().get_bits::<16>(24);
    }
}

#[cfg(test)]
mod tests {
    use super::FrameReceiver;
    use crate::step::{settle, step};
    use dqa_golden::link::{Channel, Frame, Sender, Tag};
    use rust_hdl::prelude::*;

    /// The bytes of a frame, from those on the wire.
    fn unstuffed(wire: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = wire;
        while rest[0] != 0 {
            let (group, behind) = rest.split_at(usize::from(rest[0]));
            bytes.extend(&group[1..]);
            if group.len() < 255 && behind[0] != 0 {
                bytes.push(0);
            }
            rest = behind;
        }
        bytes
    }

    #[test]
    fn intact_and_damaged() {
        let frame = |bytes| Frame {
            sender: Sender::Host,
            tag: Tag::Data(Channel::Encode),
            again: true,
            poll: false,
            sequence: 0xa5,
            acknowledge: 0x7f,
            session: 0x1234,
            data: vec![0xee; bytes],
        };
        let mut unit = FrameReceiver::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.s_good.next = true;
        for (bytes, flip) in [(0, 0), (1, 0), (512, 0), (4, 0x10), (7, 0)] {
            let mut plain: Vec<u8> = unstuffed(&frame(bytes).to_wire());
            plain[3] ^= flip;
            let mut data = 0;
            for &byte in &plain {
                unit.s_valid.next = true;
                unit.s_data.next = u64::from(byte).into();
                settle(&mut unit, |unit| &mut unit.aclk);
                data += usize::from(unit.write.val());
                step(&mut unit, |unit| &mut unit.aclk);
                unit.s_valid.next = false;
                step(&mut unit, |unit| &mut unit.aclk);
            }
            unit.s_done.next = true;
            settle(&mut unit, |unit| &mut unit.aclk);
            assert_eq!(unit.intact.val(), flip == 0);
            assert_eq!((unit.bare.val(), data), (bytes == 0, bytes + 4));
            assert_eq!(unit.kind.val(), bits(0x62));
            assert_eq!(unit.serial.val(), bits(0xa5));
            assert_eq!(unit.acknowledge.val(), bits(0x7f));
            assert_eq!(unit.session.val(), bits(0x1234 ^ u64::from(flip)));
            step(&mut unit, |unit| &mut unit.aclk);
            unit.s_done.next = false;
        }
    }
}
