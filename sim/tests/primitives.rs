//! Each primitive's hand-written Verilog against its Rust `update`, at random; and the register
//! file's, which is made from a description.

mod ecp5;
#[path = "ecp5/memories.rs"]
mod ecp5_memories;

use dqa_hdl::emit::emit;
use dqa_hdl::identification::{Features, Identification};
use dqa_hdl::pack::Pack;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;
use dqa_hdl::primitives::{
    Align, BlockRam, Chunk, CodeLength, Concat, Crc32, Lacks, Late, LutRam, Multiplier, Pick,
    PipelinedMultiplier, PipelinedRam, Reg, ShiftRight, Together,
};
use dqa_hdl::register_file::RegisterFile;
use dqa_hdl::registers::ALL;
use dqa_sim::{Instance, Model, SimError, Value, seeds};
use rust_hdl::prelude::{
    Bits, Block, Clock, In, Signal, Signed, bits, signed_cast, simulate, unsigned_cast,
};

/// Cycles of a comparison.
const CYCLES: usize = 20_000;

/// A block in RustHDL's simulator beside its Verilog.
struct Pair<B> {
    rust: B,
    verilog: Instance,
    random: fastrand::Rng,
}

impl<B: Block> Pair<B> {
    fn new(top: &str, make: impl Fn() -> B) -> Result<Self, SimError> {
        Self::of_text(top, make, str::to_owned)
    }

    /// With the Verilog in the form that ECP5 is given.
    fn on_ecp5(top: &str, make: impl Fn() -> B) -> Result<Self, SimError> {
        Self::of_text(top, make, ecp5::with_cells)
    }

    /// With the text of `cells` in front of the Verilog.
    fn with(top: &str, cells: &str, make: impl Fn() -> B) -> Result<Self, SimError> {
        Self::of_text(top, make, |verilog| format!("{cells}{verilog}"))
    }

    fn of_text(
        top: &str,
        make: impl Fn() -> B,
        form: impl Fn(&str) -> String,
    ) -> Result<Self, SimError> {
        let verilog = emit(top, "", make()).expect("sound RTL");
        let model = Model::build(top, &form(&verilog))?;
        let seed = seeds(1).start;
        let mut rust = make();
        rust.connect_all();
        Ok(Self {
            rust,
            verilog: model.instance(seed),
            random: fastrand::Rng::with_seed(seed),
        })
    }

    /// Sets an input of both to a random value; often one of the extremes.
    fn input<const N: usize>(&mut self, port: &str) -> Bits<N> {
        let mask = u128::MAX >> (128 - N);
        let x = match self.random.u8(0..8) {
            0 => 0,
            1 => mask,
            2 => mask >> 1,
            3 => (mask >> 1) + 1,
            _ => self.random.u128(..) & mask,
        };
        self.set(port, x)
    }

    /// Sets an input of the Verilog, and gives the value for Rust's.
    fn set<const N: usize>(&mut self, port: &str, x: u128) -> Bits<N> {
        self.verilog.set(port, x);
        (0..N).fold(bits(0), |bits, at| bits.replace_bit(at, x >> at & 1 == 1))
    }

    fn signed<const N: usize>(&mut self, port: &str) -> Signed<N> {
        signed_cast(self.input(port))
    }

    fn bit(&mut self, port: &str) -> bool {
        self.input::<1>(port).any()
    }

    fn settle(&mut self) {
        assert!(simulate(&mut self.rust, 100));
        self.verilog.eval();
    }

    fn tick(&mut self, clock: fn(&mut B) -> &mut Signal<In, Clock>) {
        self.settle();
        for level in [true, false] {
            clock(&mut self.rust).next = level.into();
            assert!(simulate(&mut self.rust, 100));
        }
        self.verilog.tick("clock");
        self.verilog.eval();
    }

    fn same<const N: usize>(&self, port: &str, rust: Bits<N>, cycle: usize) {
        assert_eq!(
            self.verilog.get(port),
            Value::from(rust.to_u128()),
            "{} in cycle {cycle}",
            self.verilog.model().top()
        );
    }
}

fn registers<const N: usize>(top: &str, reset_value: u64) -> Result<(), SimError> {
    let mut pair = Pair::new(top, || Reg::new(bits::<N>(reset_value)))?;
    for cycle in 0..CYCLES {
        pair.rust.aresetn.next = cycle > 0 && pair.bit("aresetn");
        pair.verilog.set("aresetn", pair.rust.aresetn.next);
        pair.rust.enable.next = pair.bit("enable");
        pair.rust.d.next = pair.input("d");
        pair.tick(|reg| &mut reg.clock);
        pair.same("q", pair.rust.q.val(), cycle);
    }
    Ok(())
}

fn multipliers<const A: usize, const B: usize, const P: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, Multiplier::<A, B, P>::default)?;
    for cycle in 0..CYCLES {
        pair.rust.a.next = pair.signed("a");
        pair.rust.b.next = pair.signed("b");
        pair.settle();
        pair.same("p", pair.rust.p.val().inner(), cycle);
    }
    let mut pair = Pair::new(
        &format!("pipelined_{top}"),
        PipelinedMultiplier::<A, B, P>::default,
    )?;
    let mut moved = 0;
    for cycle in 0..CYCLES {
        pair.rust.enable.next = pair.bit("enable");
        moved += usize::from(pair.rust.enable.next);
        pair.rust.a.next = pair.signed("a");
        pair.rust.b.next = pair.signed("b");
        pair.tick(|multiplier| &mut multiplier.clock);
        if moved >= 2 {
            pair.same("p", pair.rust.p.val().inner(), cycle);
        }
    }
    Ok(())
}

fn shifts<const N: usize, const K: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, ShiftRight::<N, K>::default)?;
    for cycle in 0..CYCLES {
        pair.rust.x.next = pair.signed("x");
        pair.rust.amount.next = pair.input("amount");
        pair.settle();
        pair.same("shifted", pair.rust.shifted.val().inner(), cycle);
    }
    Ok(())
}

fn concats<const H: usize, const L: usize, const N: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, Concat::<H, L, N>::default)?;
    for cycle in 0..CYCLES {
        pair.rust.high.next = pair.input("high");
        pair.rust.low.next = pair.input("low");
        pair.settle();
        pair.same("joined", pair.rust.joined.val(), cycle);
    }
    Ok(())
}

fn aligns(mut pair: Pair<Align>) {
    for cycle in 0..CYCLES {
        pair.rust.bits.next = pair.input("bits");
        pair.rust.offset.next = pair.input("offset");
        pair.settle();
        pair.same("first", pair.rust.first.val(), cycle);
        pair.same("behind", pair.rust.behind.val(), cycle);
    }
}

fn picks(mut pair: Pair<Pick>) {
    for cycle in 0..CYCLES {
        let length = pair.random.u32(0..8);
        pair.rust.at_most.next = pair.set("at_most", 0xff & !((2 << length) - 1));
        for k in 0..8 {
            pair.rust.places[k].next = pair.input(&format!("places${k}"));
        }
        pair.rust.step.next = pair.bit("step");
        for k in 0..4 {
            pair.rust.within[k].next = pair.bit(&format!("within${k}"));
            pair.rust.beyond[k].next = pair.bit(&format!("beyond${k}"));
        }
        pair.settle();
        pair.same("offset", pair.rust.offset.val(), cycle);
        for k in 0..4 {
            let moves = bits::<1>(pair.rust.moves[k].val().into());
            pair.same(&format!("moves${k}"), moves, cycle);
        }
    }
}

fn waits(mut pair: Pair<Lacks>) {
    for cycle in 0..CYCLES {
        pair.rust.takes_part.next = pair.bit("takes_part");
        pair.rust.head_there.next = pair.bit("head_there");
        pair.rust.tail_there.next = pair.bit("tail_there");
        pair.rust.offset.next = pair.input("offset");
        pair.rust.last_start.next = pair.input("last_start");
        pair.settle();
        let lacks = bits::<1>(pair.rust.lacks.val().into());
        pair.same("lacks", lacks, cycle);
    }
}

fn chooses(mut pair: Pair<Late>) {
    for cycle in 0..CYCLES {
        pair.rust.go.next = pair.bit("go");
        pair.rust.waits.next = pair.input("waits");
        pair.rust.if_so.next = pair.bit("if_so");
        pair.rust.if_not.next = pair.bit("if_not");
        pair.settle();
        let y = bits::<1>(pair.rust.y.val().into());
        pair.same("y", y, cycle);
    }
}

fn steps<const S: usize>(mut pair: Pair<Together<S>>) {
    for cycle in 0..CYCLES {
        pair.rust.go.next = pair.bit("go");
        pair.rust.takes_part.next = pair.input("takes_part");
        let lane = pair.random.u32(0..S as u32);
        let lacks = pair.random.u128(0..2) << lane;
        pair.rust.lacks.next = pair.set("lacks", lacks);
        pair.settle();
        pair.same("steps", pair.rust.steps.val(), cycle);
        pair.same("waits", pair.rust.waits.val(), cycle);
        let take = bits::<1>(pair.rust.take.val().into());
        pair.same("take", take, cycle);
    }
}

fn chunks<const W: usize, const P: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, Chunk::<W, P>::default)?;
    for cycle in 0..CYCLES {
        pair.rust.word.next = pair.input("word");
        pair.rust.at.next = pair.input("at");
        pair.settle();
        pair.same("chunk", pair.rust.chunk.val(), cycle);
    }
    Ok(())
}

fn packs<const L: usize, const N: usize, const LN: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, Pack::<L, N, LN>::default)?;
    for cycle in 0..CYCLES {
        for i in 0..L {
            pair.rust.parts[i].next = pair.input(&format!("parts${i}"));
        }
        pair.settle();
        pair.same("joined", pair.rust.joined.val(), cycle);
    }
    Ok(())
}

/// Also against `crc32fast`, which knows nothing of either.
fn crcs<const N: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, Crc32::<N>::default)?;
    let mut expected = crc32fast::Hasher::new();
    for cycle in 0..CYCLES {
        pair.rust.clear.next = cycle == 0 || pair.random.u8(0..20) == 0;
        pair.verilog.set("clear", pair.rust.clear.next);
        pair.rust.enable.next = pair.bit("enable");
        pair.rust.data.next = pair.input("data");
        if pair.rust.clear.next {
            expected.reset();
        } else if pair.rust.enable.next {
            let data = pair.rust.data.next.to_u128().to_le_bytes();
            expected.update(&data[..N / 8]);
        }
        pair.tick(|crc| &mut crc.clock);
        pair.same("crc", pair.rust.crc.val(), cycle);
        let crc = pair.rust.crc.val();
        assert_eq!(crc, bits(u64::from(expected.clone().finalize())));
    }
    Ok(())
}

fn lut_rams<const W: usize, const A: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, LutRam::<W, A>::default)?;
    for cycle in 0..CYCLES {
        // First every word is written, since contents are undefined before.
        let first = cycle < 1 << A;
        pair.rust.write.next = pair.bit("write") || first;
        pair.verilog.set("write", pair.rust.write.next);
        pair.rust.write_address.next = match first {
            true => pair.set("write_address", cycle as u128),
            false => pair.input("write_address"),
        };
        pair.rust.write_data.next = pair.input("write_data");
        pair.rust.read_address.next = pair.input("read_address");
        pair.settle();
        if !first {
            pair.same("read_data", pair.rust.read_data.val(), cycle);
        }
        pair.tick(|ram| &mut ram.clock);
    }
    Ok(())
}

fn block_rams<const W: usize, const A: usize>(top: &str) -> Result<(), SimError> {
    let mut pair = Pair::new(top, BlockRam::<W, A>::default)?;
    let mut read = false;
    for cycle in 0..CYCLES {
        let first = cycle < 1 << A;
        pair.rust.write.next = pair.bit("write") || first;
        pair.verilog.set("write", pair.rust.write.next);
        pair.rust.write_address.next = match first {
            true => pair.set("write_address", cycle as u128),
            false => pair.input("write_address"),
        };
        pair.rust.write_data.next = pair.input("write_data");
        pair.rust.read_address.next = pair.input("read_address");
        let ram = &pair.rust;
        let collides = ram.write.next && ram.write_address.next == ram.read_address.next;
        pair.rust.read.next = pair.bit("read") && !collides;
        pair.verilog.set("read", pair.rust.read.next);
        read |= !first && pair.rust.read.next;
        pair.tick(|ram| &mut ram.clock);
        if read {
            pair.same("read_data", pair.rust.read_data.val(), cycle);
        }
    }
    Ok(())
}

fn pipelined_rams<const W: usize, const A: usize>(top: &str, cells: &str) -> Result<(), SimError> {
    let mut pair = Pair::with(top, cells, PipelinedRam::<W, A>::default)?;
    let mut moves = 0;
    for cycle in 0..CYCLES {
        let first = cycle < 1 << A;
        pair.rust.write.next = pair.bit("write") || first;
        pair.verilog.set("write", pair.rust.write.next);
        pair.rust.write_address.next = match first {
            true => pair.set("write_address", cycle as u128),
            false => pair.input("write_address"),
        };
        pair.rust.write_data.next = pair.input("write_data");
        pair.rust.read_address.next = pair.input("read_address");
        let ram = &pair.rust;
        let collides = ram.write.next && ram.write_address.next == ram.read_address.next;
        pair.rust.enable.next = pair.bit("enable") && !collides;
        pair.verilog.set("enable", pair.rust.enable.next);
        moves += usize::from(!first && pair.rust.enable.next);
        pair.tick(|ram| &mut ram.clock);
        if moves >= 2 {
            pair.same("read_data", pair.rust.read_data.val(), cycle);
        }
    }
    Ok(())
}

fn pipelined_multipliers<const A: usize, const B: usize, const P: usize>(
    top: &str,
    cells: &str,
) -> Result<(), SimError> {
    let mut pair = Pair::with(top, cells, PipelinedMultiplier::<A, B, P>::default)?;
    let mut moves = 0;
    for cycle in 0..CYCLES {
        pair.rust.a.next = pair.signed("a");
        pair.rust.b.next = pair.signed("b");
        pair.rust.enable.next = pair.bit("enable");
        moves += usize::from(pair.rust.enable.next);
        pair.tick(|multiplier| &mut multiplier.clock);
        if moves >= 2 {
            let product = unsigned_cast(pair.rust.p.val());
            pair.same("p", product, cycle);
        }
    }
    Ok(())
}

#[test]
fn registers_agree() -> Result<(), SimError> {
    registers::<1>("reg_1", 1)?;
    registers::<70>("reg_70", 0x1234_5678_9abc_def0)
}

#[test]
fn multipliers_agree() -> Result<(), SimError> {
    multipliers::<18, 18, 36>("mul_18_18")?;
    multipliers::<16, 33, 49>("mul_16_33")?;
    multipliers::<2, 7, 9>("mul_2_7")
}

#[test]
fn shifts_agree() -> Result<(), SimError> {
    shifts::<36, 6>("shift_36")?;
    shifts::<7, 4>("shift_7")
}

#[test]
fn concats_agree() -> Result<(), SimError> {
    concats::<5, 30, 35>("concat_5_30")?;
    concats::<64, 1, 65>("concat_64_1")
}

#[test]
fn chunks_agree() -> Result<(), SimError> {
    chunks::<32, 1>("chunk_32")?;
    chunks::<64, 2>("chunk_64")
}

#[test]
fn packs_agree() -> Result<(), SimError> {
    packs::<3, 24, 72>("pack_3_24")?;
    packs::<1, 1, 1>("pack_1_1")?;
    packs::<8, 1, 8>("pack_8_1")
}

#[test]
fn windows_agree_in_both_forms() -> Result<(), SimError> {
    aligns(Pair::new("align", Align::default)?);
    aligns(Pair::on_ecp5("align", Align::default)?);
    Ok(())
}

#[test]
fn lanes_that_wait_agree_in_both_forms() -> Result<(), SimError> {
    waits(Pair::new("lane_waits", Lacks::default)?);
    waits(Pair::on_ecp5("lane_waits", Lacks::default)?);
    steps(Pair::new("together_1", Together::<1>::default)?);
    steps(Pair::on_ecp5("together_1", Together::<1>::default)?);
    steps(Pair::new("together_8", Together::<8>::default)?);
    steps(Pair::on_ecp5("together_8", Together::<8>::default)?);
    Ok(())
}

#[test]
fn late_choices_agree_in_both_forms() -> Result<(), SimError> {
    chooses(Pair::new("late_choice", Late::default)?);
    chooses(Pair::on_ecp5("late_choice", Late::default)?);
    Ok(())
}

#[test]
fn picks_agree_in_both_forms() -> Result<(), SimError> {
    picks(Pair::new("pick", Pick::default)?);
    picks(Pair::on_ecp5("pick", Pick::default)?);
    Ok(())
}

#[test]
fn code_lengths_agree() -> Result<(), SimError> {
    let mut pair = Pair::new("code_length", CodeLength::default)?;
    for cycle in 0..CYCLES {
        pair.rust.code.next = pair.input("code");
        let limits = (0..8).fold(0, |limits, k| {
            limits | pair.random.u128(0..=1 << k) << (k * (k + 1) / 2)
        });
        pair.rust.limits.next = pair.set("limits", limits);
        pair.settle();
        pair.same("at_most", pair.rust.at_most.val(), cycle);
    }
    Ok(())
}

#[test]
fn crcs_agree() -> Result<(), SimError> {
    crcs::<8>("crc_8")?;
    crcs::<16>("crc_16")?;
    crcs::<32>("crc_32")?;
    crcs::<64>("crc_64")?;
    crcs::<128>("crc_128")
}

#[test]
fn memories_agree() -> Result<(), SimError> {
    lut_rams::<12, 5>("lut_ram_12")?;
    lut_rams::<66, 1>("lut_ram_66")?;
    block_rams::<36, 8>("block_ram_36")?;
    block_rams::<1, 3>("block_ram_1")?;
    pipelined_rams::<36, 8>("pipelined_ram_36", "")?;
    pipelined_rams::<1, 3>("pipelined_ram_1", "")
}

#[test]
fn ecp5s_memories_and_multipliers_agree() -> Result<(), SimError> {
    let cells = ecp5_memories::cells();
    pipelined_rams::<64, 9>("ecp5_ram_64", &cells)?;
    pipelined_rams::<20, 10>("ecp5_ram_20", &cells)?;
    pipelined_rams::<24, 11>("ecp5_ram_24", &cells)?;
    pipelined_rams::<5, 12>("ecp5_ram_5", &cells)?;
    pipelined_rams::<3, 13>("ecp5_ram_3", &cells)?;
    pipelined_multipliers::<18, 18, 36>("ecp5_mul_18", &cells)?;
    pipelined_multipliers::<15, 17, 32>("ecp5_mul_15", &cells)
}

#[test]
fn register_files_agree() -> Result<(), SimError> {
    Paths::ALL.into_iter().try_for_each(register_files)
}

fn register_files(paths: Paths) -> Result<(), SimError> {
    let parameters = Parameters {
        paths,
        ..Parameters::default()
    };
    let identification = Identification::new(parameters, Features::default());
    let make = || RegisterFile::new(identification.constants());
    let mut pair = Pair::new("register_file", make)?;
    for cycle in 0..CYCLES / 4 {
        let reset = cycle == 0 || pair.random.u8(..) == 0;
        pair.verilog.set("aresetn", !reset);
        pair.rust.aresetn.next = !reset;
        for write in [true, false] {
            let at = pair.random.usize(..=ALL.len());
            let offset = ALL
                .get(at)
                .map_or_else(|| pair.random.u16(..1 << 12), |r| r.offset);
            if write {
                pair.rust.write_address.next = pair.set("write_address", (offset / 4).into());
            } else {
                pair.rust.read_address.next = pair.set("read_address", (offset / 4).into());
            }
        }
        macro_rules! drive {
            ($method:ident: $($port:ident)+) => {
                $(pair.rust.$port.next = pair.$method(stringify!($port));)+
            };
        }
        drive!(input: write_data write_strobe count contexts_encoder_busy contexts_decoder_busy
            enc_errors_seen dec_errors_seen);
        drive!(bit: write status_encoder_busy status_decoder_busy load_addr_address_advance
            irq_status_encoder_done irq_status_decoder_done irq_status_encoder_error
            irq_status_decoder_error irq_status_load_refused cycles_count enc_packets_count
            enc_failed_count enc_beats_in_count enc_beats_out_count enc_stalls_in_count
            enc_stalls_out_count dec_packets_count dec_failed_count dec_beats_in_count
            dec_beats_out_count dec_stalls_in_count dec_stalls_out_count);
        pair.tick(|file| &mut file.clock);
        macro_rules! same {
            ($($port:ident)+) => {
                $(pair.same(stringify!($port), pair.rust.$port.val(), cycle);)+
            };
        }
        same!(read_data events counter contexts_encoder_valid contexts_decoder_valid
            enc_plane_len0_samples enc_plane_len1_samples dec_plane_len0_samples
            dec_plane_len1_samples load_addr_address load_data_word);
        macro_rules! same_bits {
            ($($port:ident)+) => {
                $(pair.same(stringify!($port), Bits::<1>::from(pair.rust.$port.val()), cycle);)+
            };
        }
        same_bits!(write_error read_error irq control_soft_reset control_clear_counters
            control_hold_counters control_check_sequence load_addr_context load_addr_path
            load_data_word_write);
    }
    Ok(())
}
