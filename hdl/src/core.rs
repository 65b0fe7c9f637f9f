//! `dqa_core`: registers, packets, encoder and decoder behind AXI ports.
//!
//! ```text
//! s_axil ---------> control port -> irq
//! s_axis_enc -----> write path ---> m_axis_enc
//! s_axis_dec -----> read path ----> m_axis_dec
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
//! 4 lanes, 64 for 8; V = W + 1; the encoder's OUT, E, T and PE for its P; the decoder's PD for its P, F,
//! O; the framers' A, L, E, with W behind for the write path, R for the read path.
//! Each path takes one beat a clock; latencies are those of parser, core and framer. Both paths
//! run at the same time. Where packets and registers are not wanted:
//! [`encoder`](crate::encoder), [`decoder`](crate::decoder).
//!
//! A soft reset holds both paths in reset for 16 clocks; STATUS says busy as long. It stops a
//! stream in the middle of a packet, so its peers are to be reset as well.

use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;

use crate::control_port::ControlPort;
use crate::emit::emit;
use crate::identification::{Features, Identification};
use crate::parameters::Parameters;
use crate::read_path::ReadPath;
use crate::write_path::WritePath;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_core";

/// What the core tells of itself.
pub fn identification(parameters: &Parameters) -> Identification {
    Identification::new(*parameters, Features::default())
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
    macro_rules! core {
        ($($generic:literal),+) => {
            on_large_stack(|| emit(TOP, header, Core::<$($generic),+>::new(parameters)))
        };
    }
    match parameters.lanes {
        1 => core!(
            1, 16, 17, 32, 33, 36, 4, 5, 2, 1, 1, 20, 10, 11, 15, 11, 12, 16
        ),
        2 => core!(
            2, 32, 33, 32, 33, 36, 5, 6, 2, 1, 2, 36, 10, 11, 15, 10, 11, 15
        ),
        4 => core!(
            4, 64, 65, 32, 33, 36, 7, 8, 2, 1, 3, 68, 10, 11, 15, 9, 10, 14
        ),
        _ => core!(
            8, 128, 129, 64, 65, 68, 11, 12, 4, 2, 4, 132, 9, 10, 14, 8, 9, 13
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
    const PD: usize,
    const F: usize,
    const O: usize,
    const AW: usize,
    const LW: usize,
    const KW: usize,
    const AR: usize,
    const LR: usize,
    const KR: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axil_awaddr: Signal<In, Bits<12>>,
    pub s_axil_awvalid: Signal<In, Bit>,
    pub s_axil_awready: Signal<Out, Bit>,
    pub s_axil_wdata: Signal<In, Bits<32>>,
    pub s_axil_wstrb: Signal<In, Bits<4>>,
    pub s_axil_wvalid: Signal<In, Bit>,
    pub s_axil_wready: Signal<Out, Bit>,
    pub s_axil_bresp: Signal<Out, Bits<2>>,
    pub s_axil_bvalid: Signal<Out, Bit>,
    pub s_axil_bready: Signal<In, Bit>,
    pub s_axil_araddr: Signal<In, Bits<12>>,
    pub s_axil_arvalid: Signal<In, Bit>,
    pub s_axil_arready: Signal<Out, Bit>,
    pub s_axil_rdata: Signal<Out, Bits<32>>,
    pub s_axil_rresp: Signal<Out, Bits<2>>,
    pub s_axil_rvalid: Signal<Out, Bit>,
    pub s_axil_rready: Signal<In, Bit>,
    pub irq: Signal<Out, Bit>,
    pub s_axis_enc_tdata: Signal<In, Bits<D>>,
    pub s_axis_enc_tvalid: Signal<In, Bit>,
    pub s_axis_enc_tready: Signal<Out, Bit>,
    pub s_axis_enc_tlast: Signal<In, Bit>,
    pub m_axis_enc_tdata: Signal<Out, Bits<W>>,
    pub m_axis_enc_tvalid: Signal<Out, Bit>,
    pub m_axis_enc_tready: Signal<In, Bit>,
    pub m_axis_enc_tlast: Signal<Out, Bit>,
    pub s_axis_dec_tdata: Signal<In, Bits<W>>,
    pub s_axis_dec_tvalid: Signal<In, Bit>,
    pub s_axis_dec_tready: Signal<Out, Bit>,
    pub s_axis_dec_tlast: Signal<In, Bit>,
    pub m_axis_dec_tdata: Signal<Out, Bits<D>>,
    pub m_axis_dec_tvalid: Signal<Out, Bit>,
    pub m_axis_dec_tready: Signal<In, Bit>,
    pub m_axis_dec_tlast: Signal<Out, Bit>,
    control: ControlPort,
    write: WritePath<S, D, Q, W, V, OUT, E, T, PE, AW, LW, KW>,
    read: ReadPath<S, D, Q, W, V, PD, F, O, AR, LR, KR>,
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
    const PD: usize,
    const F: usize,
    const O: usize,
    const AW: usize,
    const LW: usize,
    const KW: usize,
    const AR: usize,
    const LR: usize,
    const KR: usize,
> Core<S, D, Q, W, V, OUT, E, T, PE, PD, F, O, AW, LW, KW, AR, LR, KR>
{
    /// A core for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_axil_awaddr: Signal::default(),
            s_axil_awvalid: Signal::default(),
            s_axil_awready: Signal::default(),
            s_axil_wdata: Signal::default(),
            s_axil_wstrb: Signal::default(),
            s_axil_wvalid: Signal::default(),
            s_axil_wready: Signal::default(),
            s_axil_bresp: Signal::default(),
            s_axil_bvalid: Signal::default(),
            s_axil_bready: Signal::default(),
            s_axil_araddr: Signal::default(),
            s_axil_arvalid: Signal::default(),
            s_axil_arready: Signal::default(),
            s_axil_rdata: Signal::default(),
            s_axil_rresp: Signal::default(),
            s_axil_rvalid: Signal::default(),
            s_axil_rready: Signal::default(),
            irq: Signal::default(),
            s_axis_enc_tdata: Signal::default(),
            s_axis_enc_tvalid: Signal::default(),
            s_axis_enc_tready: Signal::default(),
            s_axis_enc_tlast: Signal::default(),
            m_axis_enc_tdata: Signal::default(),
            m_axis_enc_tvalid: Signal::default(),
            m_axis_enc_tready: Signal::default(),
            m_axis_enc_tlast: Signal::default(),
            s_axis_dec_tdata: Signal::default(),
            s_axis_dec_tvalid: Signal::default(),
            s_axis_dec_tready: Signal::default(),
            s_axis_dec_tlast: Signal::default(),
            m_axis_dec_tdata: Signal::default(),
            m_axis_dec_tvalid: Signal::default(),
            m_axis_dec_tready: Signal::default(),
            m_axis_dec_tlast: Signal::default(),
            control: ControlPort::new(&identification(parameters)),
            write: WritePath::new(parameters),
            read: ReadPath::new(parameters),
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
    const PD: usize,
    const F: usize,
    const O: usize,
    const AW: usize,
    const LW: usize,
    const KW: usize,
    const AR: usize,
    const LR: usize,
    const KR: usize,
> Logic for Core<S, D, Q, W, V, OUT, E, T, PE, PD, F, O, AW, LW, KW, AR, LR, KR>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, reset_all, reset, reset_clocks);
        self.control.aclk.next = self.aclk.val();
        self.write.aclk.next = self.aclk.val();
        self.read.aclk.next = self.aclk.val();
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
        self.write.aresetn.next = !self.reset.q.val();
        self.read.aresetn.next = !self.reset.q.val();

        self.control.s_axil_awaddr.next = self.s_axil_awaddr.val();
        self.control.s_axil_awvalid.next = self.s_axil_awvalid.val();
        self.s_axil_awready.next = self.control.s_axil_awready.val();
        self.control.s_axil_wdata.next = self.s_axil_wdata.val();
        self.control.s_axil_wstrb.next = self.s_axil_wstrb.val();
        self.control.s_axil_wvalid.next = self.s_axil_wvalid.val();
        self.s_axil_wready.next = self.control.s_axil_wready.val();
        self.s_axil_bresp.next = self.control.s_axil_bresp.val();
        self.s_axil_bvalid.next = self.control.s_axil_bvalid.val();
        self.control.s_axil_bready.next = self.s_axil_bready.val();
        self.control.s_axil_araddr.next = self.s_axil_araddr.val();
        self.control.s_axil_arvalid.next = self.s_axil_arvalid.val();
        self.s_axil_arready.next = self.control.s_axil_arready.val();
        self.s_axil_rdata.next = self.control.s_axil_rdata.val();
        self.s_axil_rresp.next = self.control.s_axil_rresp.val();
        self.s_axil_rvalid.next = self.control.s_axil_rvalid.val();
        self.control.s_axil_rready.next = self.s_axil_rready.val();
        self.irq.next = self.control.irq.val();

        self.write.s_axis_tdata.next = self.s_axis_enc_tdata.val();
        self.write.s_axis_tvalid.next = self.s_axis_enc_tvalid.val();
        self.write.s_axis_tlast.next = self.s_axis_enc_tlast.val();
        self.s_axis_enc_tready.next = self.write.s_axis_tready.val();
        self.m_axis_enc_tdata.next = self.write.m_axis_tdata.val();
        self.m_axis_enc_tvalid.next = self.write.m_axis_tvalid.val();
        self.m_axis_enc_tlast.next = self.write.m_axis_tlast.val();
        self.write.m_axis_tready.next = self.m_axis_enc_tready.val();
        self.write.check_sequence.next = self.control.check_sequence.val();
        self.write.valid_contexts.next = self.control.enc_valid.val();
        self.write.plane_len_0.next = self.control.enc_plane_len0.val();
        self.write.plane_len_1.next = self.control.enc_plane_len1.val();
        self.write.load_valid.next = self.control.enc_load_valid.val();
        self.write.load_context.next = self.control.load_context.val();
        self.write.load_addr.next = self.control.load_addr.val();
        self.write.load_data.next = self.control.load_data.val();
        self.control.enc_busy.next = self.write.busy.val() | self.reset.q.val();
        self.control.enc_contexts_busy.next = self.write.contexts_busy.val();
        self.control.enc_done.next = self.write.done.val();
        self.control.enc_status.next = self.write.status.val();
        self.control.enc_beat_in.next = self.write.beat_in.val();
        self.control.enc_stall_in.next = self.write.stall_in.val();
        self.control.enc_beat_out.next = self.write.beat_out.val();
        self.control.enc_stall_out.next = self.write.stall_out.val();

        self.read.s_axis_tdata.next = self.s_axis_dec_tdata.val();
        self.read.s_axis_tvalid.next = self.s_axis_dec_tvalid.val();
        self.read.s_axis_tlast.next = self.s_axis_dec_tlast.val();
        self.s_axis_dec_tready.next = self.read.s_axis_tready.val();
        self.m_axis_dec_tdata.next = self.read.m_axis_tdata.val();
        self.m_axis_dec_tvalid.next = self.read.m_axis_tvalid.val();
        self.m_axis_dec_tlast.next = self.read.m_axis_tlast.val();
        self.read.m_axis_tready.next = self.m_axis_dec_tready.val();
        self.read.check_sequence.next = self.control.check_sequence.val();
        self.read.valid_contexts.next = self.control.dec_valid.val();
        self.read.plane_len_0.next = self.control.dec_plane_len0.val();
        self.read.plane_len_1.next = self.control.dec_plane_len1.val();
        self.read.load_valid.next = self.control.dec_load_valid.val();
        self.read.load_context.next = self.control.load_context.val();
        self.read.load_addr.next = self.control.load_addr.val();
        self.read.load_data.next = self.control.load_data.val();
        self.control.dec_busy.next = self.read.busy.val() | self.reset.q.val();
        self.control.dec_contexts_busy.next = self.read.contexts_busy.val();
        self.control.dec_done.next = self.read.done.val();
        self.control.dec_status.next = self.read.status.val();
        self.control.dec_beat_in.next = self.read.beat_in.val();
        self.control.dec_stall_in.next = self.read.stall_in.val();
        self.control.dec_beat_out.next = self.read.beat_out.val();
        self.control.dec_stall_out.next = self.read.stall_out.val();
    }
}
