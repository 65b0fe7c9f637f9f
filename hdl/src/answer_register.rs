//! Answer register: an answer's header, then its trailer, shifted out N bits at a time.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk` | in | clock |
//! | `turn` | in | on by N bits |
//! | `load_header`, `header` | in | with `turn`: bytes 0 to 23 of the header are put in instead |
//! | `place_crc` | in | `crc` is put where the header's CRC belongs |
//! | `load_trailer`, `samples`, `bytes`, `status` | in | with `turn`: the trailer is put in, with `crc` |
//! | `crc` | in | of the 32 bytes of `check`, or of the payload |
//! | `check` | out | what the header's CRC is made of: N bits of the 32 bytes |
//! | `data` | out | N bits to send |
//!
//! Generic: N, 16, 32, 64 or 128. Below the 28 bytes that are shifted out are four more, the place
//! of the header's CRC, first with four bytes that leave a CRC as it begins. So turning the register
//! once around, 256 / N times, gives the header's CRC, whatever the beat's width.

use rust_hdl::prelude::*;

/// Four bytes whose CRC is that of none.
const NEUTRAL: u64 = 0x6dd9_0a9d;

/// The register; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct AnswerRegister<const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub turn: Signal<In, Bit>,
    pub load_header: Signal<In, Bit>,
    pub header: Signal<In, Bits<192>>,
    pub place_crc: Signal<In, Bit>,
    pub load_trailer: Signal<In, Bit>,
    pub samples: Signal<In, Bits<32>>,
    pub bytes: Signal<In, Bits<32>>,
    pub status: Signal<In, Bits<4>>,
    pub crc: Signal<In, Bits<32>>,
    pub check: Signal<Out, Bits<N>>,
    pub data: Signal<Out, Bits<N>>,

    beat_bits: Constant<Bits<8>>,
    around: Constant<Bits<8>>,
    neutral: Constant<Bits<32>>,
    header_only: Constant<Bits<224>>,
    register: DFF<Bits<224>>,
    place: DFF<Bits<32>>,
    all: Signal<Local, Bits<256>>,
    turned: Signal<Local, Bits<256>>,
}

impl<const N: usize> Default for AnswerRegister<N> {
    fn default() -> Self {
        assert!([16, 32, 64, 128].contains(&N), "beats of 16 to 128 bits");
        Self {
            aclk: Signal::default(),
            turn: Signal::default(),
            load_header: Signal::default(),
            header: Signal::default(),
            place_crc: Signal::default(),
            load_trailer: Signal::default(),
            samples: Signal::default(),
            bytes: Signal::default(),
            status: Signal::default(),
            crc: Signal::default(),
            check: Signal::default(),
            data: Signal::default(),
            beat_bits: Constant::new(bits(N as u64)),
            around: Constant::new(bits(256 - N as u64)),
            neutral: Constant::new(bits(NEUTRAL)),
            header_only: Constant::new(!(bits::<224>(0)) << 128_u64),
            register: DFF::default(),
            place: DFF::default(),
            all: Signal::default(),
            turned: Signal::default(),
        }
    }
}

impl<const N: usize> Logic for AnswerRegister<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, register, place);
        self.all.next = (bit_cast::<256, 224>(self.register.q.val()) << 32)
            | bit_cast::<256, 32>(self.place.q.val());
        self.turned.next =
            (self.all.val() >> self.beat_bits.val()) | (self.all.val() << self.around.val());
        if self.turn.val() {
            self.register.d.next = self.turned.val().get_bits::<224>(32);
            self.place.d.next = self.turned.val().get_bits::<32>(0);
            if self.load_header.val() {
                self.register.d.next = bit_cast::<224, 192>(self.header.val());
                self.place.d.next = self.neutral.val();
            }
            if self.load_trailer.val() {
                self.register.d.next = (self.turned.val().get_bits::<224>(32)
                    & self.header_only.val())
                    | bit_cast::<224, 32>(self.samples.val())
                    | (bit_cast::<224, 32>(self.bytes.val()) << 32)
                    | (bit_cast::<224, 4>(self.status.val()) << 64)
                    | (bit_cast::<224, 32>(self.crc.val()) << 96);
            }
        }
        if self.place_crc.val() {
            self.place.d.next = self.crc.val();
        }
        self.check.next = self.all.val().get_bits::<N>(0);
        self.data.next = self.register.q.val().get_bits::<N>(0);
    }
}
