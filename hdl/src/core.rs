//! `dqa_core`: registers, packets, encoder and decoder behind AXI ports.
//!
//! ```text
//! s_axil ---------> control port -> irq
//! s_axis_enc -----> write path: packets, encoder, scanner -> m_axis_enc
//! s_axis_dec -----> read path: packets, decoder -> m_axis_dec
//! ```
//!
//! | port | meaning |
//! |---|---|
//! | `aclk`, `aresetn` | clock, active-low synchronous reset |
//! | `s_axil_*` | AXI4-Lite: [registers](crate::registers), 12-bit addresses, 32-bit data |
//! | `irq` | level; see IRQ_STATUS |
//! | `s_axis_enc_*`, `m_axis_enc_*` | AXI4-Stream, 16 S and W bits: requests to encode and their answers |
//! | `s_axis_dec_*`, `m_axis_dec_*` | AXI4-Stream, W and 16 S bits: requests to decode and their answers |
//!
//! Parameters: those of [`Parameters`]. Generics: S lanes (1, 2, 4, 8); D = 16 S; Q = D + 1; W = 32 up to
//! 4 lanes, 64 for 8; V = W + 1; the encoder's OUT, E, T, K and PE for its P; the decoder's PD for its P, F,
//! O; the framers' A, L, E, with W behind for the write path, R for the read path.
//! Each path takes one beat a clock; latencies are those of parser, core and framer. Both paths
//! run at the same time. Where packets and registers are not wanted:
//! [`encoder`](crate::encoder), [`decoder`](crate::decoder).
//!
//! Where the parameters leave a path out, its ports stay, and [`NoPath`] is behind them: what is sent
//! there is dropped, and nothing comes.
//!
//! A soft reset holds both paths in reset for 16 clocks; STATUS says busy as long. It stops a
//! stream in the middle of a packet, so its peers are to be reset as well.

use dqa_golden::packet::Direction;
use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;

use crate::absent::some;
use crate::bus::{AxilSlave, LoadSource, PathMaster, StreamSink, StreamSource};
use crate::control_port::ControlPort;
use crate::emit::emit;
use crate::identification::{Features, Identification};
use crate::no_path::NoPath;
use crate::parameters::Parameters;
use crate::read_path::ReadPath;
use crate::write_path::WritePath;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_core";

/// What the core tells of itself.
pub fn identification(parameters: &Parameters) -> Identification {
    let features = Features {
        scan: parameters.scan,
        histogram: parameters.scan,
    };
    Identification::new(*parameters, features)
}

/// The Verilog of a core, under a comment of the lines of `header`.
///
/// # Errors
///
/// What RustHDL finds wrong with the core.
///
/// # Panics
///
/// If the parameters are not legal.
pub fn verilog(parameters: &Parameters, header: &str) -> Result<String, CheckError> {
    emitted(parameters, header, Streams::Ports)
}

/// As [`verilog`], with the output `streams_aresetn$0`, which is low while both paths are held in reset: for
/// what is on the other ends of the streams, to be reset as well.
///
/// # Errors
///
/// As [`verilog`].
pub(crate) fn verilog_with_streams_reset(parameters: &Parameters) -> Result<String, CheckError> {
    emitted(parameters, "", Streams::WithReset)
}

/// As [`verilog`], without register slices at its streams: for where registers are at their other ends.
///
/// # Errors
///
/// As [`verilog`].
pub(crate) fn verilog_without_slices(parameters: &Parameters) -> Result<String, CheckError> {
    emitted(parameters, "", Streams::WithoutSlices)
}

/// What the streams are.
#[derive(Clone, Copy)]
enum Streams {
    Ports,
    WithReset,
    WithoutSlices,
}

fn emitted(parameters: &Parameters, header: &str, streams: Streams) -> Result<String, CheckError> {
    macro_rules! core {
        ($($generic:literal),+) => {
            on_large_stack(|| emit(TOP, header, Core::<$($generic),+>::new(parameters, streams)))
        };
    }
    match parameters.lanes {
        1 => core!(
            1, 16, 17, 32, 33, 36, 4, 5, 2, 10, 1, 1, 17, 10, 11, 15, 11, 12, 16, 18, 11, 13
        ),
        2 => core!(
            2, 32, 33, 32, 33, 36, 5, 6, 2, 20, 1, 2, 33, 10, 11, 15, 10, 11, 15, 34, 22, 24
        ),
        4 => core!(
            4, 64, 65, 32, 33, 36, 7, 8, 2, 40, 1, 3, 65, 10, 11, 15, 9, 10, 14, 66, 44, 46
        ),
        _ => core!(
            8, 128, 129, 64, 65, 68, 11, 12, 4, 80, 2, 4, 129, 9, 10, 14, 8, 9, 13, 130, 88, 90
        ),
    }
}

/// A block is built and connected on the stack, and this one is larger than that of a test.
fn on_large_stack<T: Send>(build: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1 << 26);
        let built = thread.spawn_scoped(scope, build).expect("a thread");
        built.join().expect("the thread gives what it built")
    })
}

/// The core; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct Core<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const PE: usize,
    const K: usize,
    const PD: usize,
    const F: usize,
    const O: usize,
    const AW: usize,
    const LW: usize,
    const KW: usize,
    const AR: usize,
    const LR: usize,
    const KR: usize,
    const B: usize,
    const C: usize,
    const CE: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axil: AxilSlave,
    pub irq: Signal<Out, Bit>,
    pub s_axis_enc: StreamSink<D>,
    pub m_axis_enc: StreamSource<W>,
    pub s_axis_dec: StreamSink<W>,
    pub m_axis_dec: StreamSource<D>,
    /// One where asked for.
    pub streams_aresetn: Vec<Signal<Out, Bit>>,
    control: ControlPort,
    /// Of a path and its stand-in one is there.
    write: Vec<WritePath<S, D, Q, W, V, OUT, E, T, PE, K, B, AW, LW, KW>>,
    no_write: Vec<NoPath<D, W>>,
    read: Vec<ReadPath<S, D, Q, W, V, PD, F, O, C, CE, AR, LR, KR>>,
    no_read: Vec<NoPath<W, D>>,
    /// Active high inside, as the flip-flops of FPGAs have it.
    reset_all: DFF<Bit>,
    reset: DFF<Bit>,
    reset_clocks: DFF<Bits<4>>,
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const PE: usize,
    const K: usize,
    const PD: usize,
    const F: usize,
    const O: usize,
    const AW: usize,
    const LW: usize,
    const KW: usize,
    const AR: usize,
    const LR: usize,
    const KR: usize,
    const B: usize,
    const C: usize,
    const CE: usize,
> Core<S, D, Q, W, V, OUT, E, T, PE, K, PD, F, O, AW, LW, KW, AR, LR, KR, B, C, CE>
{
    /// A core for these parameters, whose lanes are S.
    fn new(parameters: &Parameters, streams: Streams) -> Self {
        let [writes, reads] =
            [Direction::Write, Direction::Read].map(|path| parameters.paths.has(path));
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_axil: AxilSlave::default(),
            irq: Signal::default(),
            s_axis_enc: StreamSink::default(),
            m_axis_enc: StreamSource::default(),
            s_axis_dec: StreamSink::default(),
            m_axis_dec: StreamSource::default(),
            streams_aresetn: some(matches!(streams, Streams::WithReset), Signal::default),
            control: ControlPort::new(&identification(parameters)),
            write: some(writes, || match streams {
                Streams::WithoutSlices => WritePath::new(parameters).without_slices(),
                _ => WritePath::new(parameters),
            }),
            no_write: some(!writes, NoPath::default),
            read: some(reads, || match streams {
                Streams::WithoutSlices => ReadPath::new(parameters).without_slices(),
                _ => ReadPath::new(parameters),
            }),
            no_read: some(!reads, NoPath::default),
            reset_all: DFF::default(),
            reset: DFF::default(),
            reset_clocks: DFF::default(),
        }
    }
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const PE: usize,
    const K: usize,
    const PD: usize,
    const F: usize,
    const O: usize,
    const AW: usize,
    const LW: usize,
    const KW: usize,
    const AR: usize,
    const LR: usize,
    const KR: usize,
    const B: usize,
    const C: usize,
    const CE: usize,
> Logic for Core<S, D, Q, W, V, OUT, E, T, PE, K, PD, F, O, AW, LW, KW, AR, LR, KR, B, C, CE>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, reset_all, reset, reset_clocks);
        self.control.aclk.next = self.aclk.val();
        self.reset_all.d.next = !self.aresetn.val();
        self.reset.d.next = self.reset_all.q.val()
            | self.control.soft_reset.val()
            | self.reset_clocks.q.val().any();
        if self.reset_clocks.q.val().any() {
            self.reset_clocks.d.next = self.reset_clocks.q.val() - 1;
        }
        if self.reset_all.q.val() | self.control.soft_reset.val() {
            self.reset_clocks.d.next = 15.into();
        }
        self.control.aresetn.next = !self.reset_all.q.val();
        for i in 0..self.streams_aresetn.len() {
            self.streams_aresetn[i].next = !self.reset.q.val();
        }
        AxilSlave::link(&mut self.s_axil, &mut self.control.s_axil);
        self.irq.next = self.control.irq.val();

        for i in 0..self.write.len() {
            self.write[i].aclk.next = self.aclk.val();
            self.write[i].aresetn.next = !self.reset.q.val();
            PathMaster::join(&mut self.control.enc, &mut self.write[i].control);
            LoadSource::join(&mut self.control.enc_load, &mut self.write[i].load);
            StreamSink::<D>::link(&mut self.s_axis_enc, &mut self.write[i].s_axis);
            StreamSource::<W>::link(&mut self.m_axis_enc, &mut self.write[i].m_axis);
        }
        for i in 0..self.no_write.len() {
            PathMaster::join(&mut self.control.enc, &mut self.no_write[i].control);
            LoadSource::join(&mut self.control.enc_load, &mut self.no_write[i].load);
            StreamSink::<D>::link(&mut self.s_axis_enc, &mut self.no_write[i].s_axis);
            StreamSource::<W>::link(&mut self.m_axis_enc, &mut self.no_write[i].m_axis);
        }
        for i in 0..self.read.len() {
            self.read[i].aclk.next = self.aclk.val();
            self.read[i].aresetn.next = !self.reset.q.val();
            PathMaster::join(&mut self.control.dec, &mut self.read[i].control);
            LoadSource::join(&mut self.control.dec_load, &mut self.read[i].load);
            StreamSink::<W>::link(&mut self.s_axis_dec, &mut self.read[i].s_axis);
            StreamSource::<D>::link(&mut self.m_axis_dec, &mut self.read[i].m_axis);
        }
        for i in 0..self.no_read.len() {
            PathMaster::join(&mut self.control.dec, &mut self.no_read[i].control);
            LoadSource::join(&mut self.control.dec_load, &mut self.no_read[i].load);
            StreamSink::<W>::link(&mut self.s_axis_dec, &mut self.no_read[i].s_axis);
            StreamSource::<D>::link(&mut self.m_axis_dec, &mut self.no_read[i].m_axis);
        }
    }
}
