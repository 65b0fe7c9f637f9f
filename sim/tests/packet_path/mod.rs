//! A path of the core, put together from its emitted units: the packet port around the encoder with its
//! scanner or the decoder.

use dqa_golden::packet::{Direction, Path};
use dqa_hdl::emit::emit;
use dqa_hdl::packet_port::PacketPort;
use dqa_hdl::{decoder, encoder, load};
use dqa_sim::{Beat, Bench, Model, SimError, Stall, Value};

use crate::requests::parameters;

/// Clocks without a beat in or out after which nothing more is waited for.
const QUIET: u64 = 20_000;

/// Bits of a beat of a path's input and output.
fn widths(direction: Direction, lanes: usize) -> [usize; 2] {
    let (samples, words) = (16 * lanes, parameters(lanes).word_bits());
    match direction {
        Direction::Write => [samples, words],
        Direction::Read => [words, samples],
    }
}

fn port(direction: Direction, lanes: usize) -> String {
    macro_rules! port {
        ($n:literal, $m:literal, $a:literal) => {
            emit(
                "packet_port",
                "",
                PacketPort::<$n, { $n + 1 }, $m, { $m + 1 }, $a, { $a + 1 }, { $a + 5 }>::new(
                    &parameters(lanes),
                    direction,
                    direction == Direction::Write,
                ),
            )
        };
    }
    match (direction, lanes) {
        (Direction::Write, 1) => port!(16, 32, 10),
        (Direction::Write, 2) => port!(32, 32, 10),
        (Direction::Write, 4) => port!(64, 32, 10),
        (Direction::Write, _) => port!(128, 64, 9),
        (Direction::Read, 1) => port!(32, 16, 11),
        (Direction::Read, 2) => port!(32, 32, 10),
        (Direction::Read, 4) => port!(32, 64, 9),
        (Direction::Read, _) => port!(64, 128, 8),
    }
    .expect("sound RTL")
}

/// The verilated path.
pub fn model(direction: Direction, lanes: usize) -> Result<Model, SimError> {
    let parameters = parameters(lanes);
    let (core, scan, text) = match direction {
        Direction::Write => (
            encoder::TOP,
            ", .cmd_scan$0(cmd_scan$0)",
            encoder::verilog_with_scanner(&parameters, ""),
        ),
        Direction::Read => (decoder::TOP, "", decoder::verilog(&parameters, "")),
    };
    let [from, to] = widths(direction, lanes).map(|width| width - 1);
    let top = format!(
        "
module packet_path(aclk, aresetn, control_valid, control_plane_len0, control_plane_len1,
   control_check_sequence, control_busy, control_contexts_busy,
   load_valid, load_context, load_addr, load_data,
   s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast,
   m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast);
   input wire aclk, aresetn, control_check_sequence, load_valid, load_context;
   input wire s_axis_tvalid, s_axis_tlast, m_axis_tready;
   input wire [1:0] control_valid;
   input wire [20:0] control_plane_len0, control_plane_len1;
   input wire [16:0] load_addr;
   input wire [31:0] load_data;
   input wire [{from}:0] s_axis_tdata;
   output wire [{to}:0] m_axis_tdata;
   output wire s_axis_tready, m_axis_tvalid, m_axis_tlast, control_busy;
   output wire [1:0] control_contexts_busy;
   wire cmd_tvalid, cmd_tready, cmd_context, cmd_scan$0;
   wire [15:0] cmd_first_channel, cmd_channels, cmd_images;
   wire [{from}:0] payload_tdata;
   wire payload_tvalid, payload_tready, payload_tlast;
   wire [{to}:0] result_tdata;
   wire result_tvalid, result_tready, result_tlast;
   wire [2:0] result_tuser;
   packet_port port(.*, .control_done(), .control_status(),
      .control_beat_in(), .control_beat_out(), .control_stall_in(), .control_stall_out());
   {core} core(.*, .s_axis_tdata(payload_tdata), .s_axis_tvalid(payload_tvalid),
      .s_axis_tready(payload_tready), .s_axis_tlast(payload_tlast),
      .m_axis_tdata(result_tdata), .m_axis_tvalid(result_tvalid),
      .m_axis_tready(result_tready), .m_axis_tlast(result_tlast), .m_axis_tuser(result_tuser){scan});
endmodule
"
    );
    let text = text.expect("sound RTL") + &port(direction, lanes) + &top;
    Model::build("packet_path", &text)
}

/// A path with its contexts loaded.
pub struct Device {
    bench: Bench,
    seed: u64,
    widths: [usize; 2],
}

impl Device {
    /// With what golden's path holds.
    pub fn new(model: &Model, seed: u64, path: &Path) -> Result<Self, SimError> {
        let mut bench = Bench::new(model, seed)?;
        bench.write("load_valid", false);
        bench.reset();
        let mut device = Self {
            bench,
            seed,
            widths: widths(path.direction, path.shape.lanes()),
        };
        device.load(path)?;
        Ok(device)
    }

    fn load(&mut self, path: &Path) -> Result<(), SimError> {
        let (lanes, bench) = (path.shape.lanes(), &mut self.bench);
        bench.run(2)?;
        let mut valid = 0u32;
        for (id, context) in path.contexts.iter().enumerate() {
            let Some(context) = context else { continue };
            let writes = match path.direction {
                Direction::Write => load::encoder(&parameters(lanes), context),
                Direction::Read => load::decoder(&parameters(lanes), context),
            };
            for write in writes.expect("it fits") {
                bench.write("load_valid", true);
                bench.write("load_context", id == 1);
                bench.write("load_addr", write.addr);
                bench.write("load_data", write.data);
                bench.tick()?;
            }
            bench.write("load_valid", false);
            bench.write(
                ["control_plane_len0", "control_plane_len1"][id],
                context.plane_len() as u32,
            );
            valid |= 1 << id;
        }
        bench.write("control_valid", valid);
        bench.write("control_check_sequence", path.check_sequence);
        Ok(())
    }

    /// A reset this many clocks after a request began.
    pub fn interrupt(
        &mut self,
        request: &[u8],
        clocks: u64,
        path: &mut Path,
    ) -> Result<(), SimError> {
        self.send(request, Stall::NONE);
        self.bench.sink("m_axis", Stall::NONE);
        self.bench.run(clocks)?;
        self.bench.restart();
        path.last_sequence = None;
        self.load(path)
    }

    fn send(&mut self, request: &[u8], stall: Stall) {
        let bytes = self.widths[0] / 8;
        let beats = request.len() / bytes;
        let beat = |(at, bytes): (usize, &[u8])| {
            let bytes = bytes.iter().rev();
            let value = bytes.fold(0u128, |x, &byte| x << 8 | u128::from(byte));
            Beat::from(value).last(at + 1 == beats)
        };
        let beats = request.chunks(bytes).enumerate().map(beat);
        self.bench.source("s_axis", beats, stall);
    }

    /// The seed of its stalls.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Clocks so far.
    pub fn cycle(&self) -> u64 {
        self.bench.cycle()
    }

    /// What it answers to these requests, back to back.
    pub fn answers(
        &mut self,
        requests: &[Vec<u8>],
        [stall_in, stall_out]: [Stall; 2],
    ) -> Result<Vec<Vec<u8>>, SimError> {
        self.bench.sink("m_axis", stall_out);
        for request in requests {
            self.send(request, stall_in);
        }
        let (bench, to) = (&mut self.bench, self.widths[1] / 8);
        let (mut moved, mut since) = ((0, 0), bench.cycle());
        loop {
            bench.run(1)?;
            let now = (bench.waiting("s_axis"), bench.received("m_axis"));
            if now != moved {
                (moved, since) = (now, bench.cycle());
            }
            let quiet = bench.cycle() - since;
            let idle = now.0 == 0 && bench.read("control_busy") == Value::from(0u32);
            if quiet > QUIET || idle && quiet > 100 {
                break;
            }
        }
        let busy = bench.read("control_contexts_busy");
        assert_eq!(busy, Value::from(0u32), "a context is in use");
        let mut answers = vec![Vec::new()];
        for beat in bench.take("m_axis") {
            let data = beat.get("tdata");
            let answer = answers.last_mut().expect("one at least");
            answer.extend((0..to).map(|byte| data.field(8 * byte, 8) as u8));
            if beat.get("tlast").to_u64() == 1 {
                answers.push(Vec::new());
            }
        }
        assert_eq!(answers.pop(), Some(Vec::new()), "an answer without an end");
        Ok(answers)
    }
}
