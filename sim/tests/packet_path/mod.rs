//! A path of the core, put together from its emitted units: parser, encoder or decoder, framer.

use dqa_golden::packet::{Direction, Path};
use dqa_hdl::emit::emit;
use dqa_hdl::packet_framer::PacketFramer;
use dqa_hdl::packet_parser::PacketParser;
use dqa_hdl::{decoder, encoder, load};
use dqa_sim::{Beat, Bench, Model, SimError, Stall, Value};

use crate::requests::parameters;

/// Clocks without a beat in or out after which nothing more is waited for.
const QUIET: u64 = 20_000;

fn parser(direction: Direction, lanes: usize) -> String {
    let parameters = parameters(lanes);
    macro_rules! parser {
        ($n:literal) => {
            emit(
                "packet_parser",
                "",
                PacketParser::<$n, { $n + 1 }>::new(&parameters, direction, false),
            )
        };
    }
    match (direction, lanes) {
        (Direction::Write, 1) => parser!(16),
        (Direction::Write, 2) => parser!(32),
        (Direction::Write, 4) => parser!(64),
        (Direction::Write, _) => parser!(128),
        (Direction::Read, 8) => parser!(64),
        (Direction::Read, _) => parser!(32),
    }
    .expect("sound RTL")
}

fn framer(direction: Direction, lanes: usize) -> String {
    macro_rules! framer {
        ($n:literal, $a:literal) => {
            emit(
                "packet_framer",
                "",
                PacketFramer::<$n, { $n + 1 }, $a, { $a + 1 }, { $a + 5 }>::new(direction),
            )
        };
    }
    match (direction, lanes) {
        (Direction::Read, 1) => framer!(16, 11),
        (Direction::Read, 2) => framer!(32, 10),
        (Direction::Read, 4) => framer!(64, 9),
        (Direction::Read, _) => framer!(128, 8),
        (Direction::Write, 8) => framer!(64, 9),
        (Direction::Write, _) => framer!(32, 10),
    }
    .expect("sound RTL")
}

/// Bits of a beat of a path's input and output.
fn widths(direction: Direction, lanes: usize) -> [usize; 2] {
    let (samples, words) = (16 * lanes, parameters(lanes).word_bits());
    match direction {
        Direction::Write => [samples, words],
        Direction::Read => [words, samples],
    }
}

/// The verilated path.
pub fn model(direction: Direction, lanes: usize) -> Result<Model, SimError> {
    let (core, text) = match direction {
        Direction::Write => (encoder::TOP, encoder::verilog(&parameters(lanes), "")),
        Direction::Read => (decoder::TOP, decoder::verilog(&parameters(lanes), "")),
    };
    let [from, to] = widths(direction, lanes).map(|width| width - 1);
    let top = format!(
        "
module packet_path(aclk, aresetn, valid_contexts, plane_len_0, plane_len_1, check_sequence,
   load_valid, load_context, load_addr, load_data,
   s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast,
   m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast, sent, sent_status, held, busy);
   input wire aclk, aresetn, check_sequence, load_valid, load_context;
   input wire s_axis_tvalid, s_axis_tlast, m_axis_tready;
   input wire [1:0] valid_contexts;
   input wire [20:0] plane_len_0, plane_len_1;
   input wire [16:0] load_addr;
   input wire [31:0] load_data;
   input wire [{from}:0] s_axis_tdata;
   output wire [{to}:0] m_axis_tdata;
   output wire s_axis_tready, m_axis_tvalid, m_axis_tlast, sent, held, busy;
   output wire [3:0] sent_status;
   wire [191:0] reply;
   wire reply_valid, reply_ready, cmd_valid, cmd_ready, cmd_context;
   wire [15:0] first_channel, channels, images;
   wire [{from}:0] in_data;
   wire in_valid, in_ready, in_last;
   wire verdict_valid, verdict_ready, verdict_empty;
   wire [3:0] verdict_status;
   wire [31:0] verdict_samples;
   wire [{to}:0] out_data;
   wire out_valid, out_ready, out_last;
   wire [2:0] out_user;
   wire parser_busy, framer_busy;
   assign busy = parser_busy | framer_busy;
   packet_parser parser(.aclk(aclk), .aresetn(aresetn), .valid_contexts(valid_contexts),
      .plane_len_0(plane_len_0), .plane_len_1(plane_len_1), .check_sequence(check_sequence),
      .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid),
      .s_axis_tready(s_axis_tready), .s_axis_tlast(s_axis_tlast),
      .reply_tdata(reply), .reply_tvalid(reply_valid), .reply_tready(reply_ready),
      .cmd_tvalid(cmd_valid), .cmd_tready(cmd_ready), .cmd_operation(),
      .cmd_context(cmd_context), .cmd_first_channel(first_channel), .cmd_channels(channels),
      .cmd_images(images), .m_axis_tdata(in_data), .m_axis_tvalid(in_valid),
      .m_axis_tready(in_ready), .m_axis_tlast(in_last), .m_axis_tdest(),
      .verdict_tvalid(verdict_valid), .verdict_tready(verdict_ready),
      .verdict_status(verdict_status), .verdict_samples(verdict_samples),
      .verdict_empty(verdict_empty), .held(held), .busy(parser_busy));
   {core} core(.aclk(aclk), .aresetn(aresetn), .cmd_tvalid(cmd_valid), .cmd_tready(cmd_ready),
      .cmd_context(cmd_context), .cmd_first_channel(first_channel), .cmd_channels(channels),
      .cmd_images(images), .load_valid(load_valid), .load_context(load_context),
      .load_addr(load_addr), .load_data(load_data),
      .s_axis_tdata(in_data), .s_axis_tvalid(in_valid), .s_axis_tready(in_ready),
      .s_axis_tlast(in_last), .m_axis_tdata(out_data), .m_axis_tvalid(out_valid),
      .m_axis_tready(out_ready), .m_axis_tlast(out_last), .m_axis_tuser(out_user));
   packet_framer framer(.aclk(aclk), .aresetn(aresetn),
      .reply_tdata(reply), .reply_tvalid(reply_valid), .reply_tready(reply_ready),
      .s_axis_tdata(out_data), .s_axis_tvalid(out_valid), .s_axis_tready(out_ready),
      .s_axis_tlast(out_last), .s_axis_tuser(out_user),
      .verdict_tvalid(verdict_valid), .verdict_tready(verdict_ready),
      .verdict_status(verdict_status), .verdict_samples(verdict_samples),
      .verdict_empty(verdict_empty), .m_axis_tdata(m_axis_tdata),
      .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready),
      .m_axis_tlast(m_axis_tlast), .sent(sent), .sent_status(sent_status),
      .busy(framer_busy));
endmodule
"
    );
    let text =
        text.expect("sound RTL") + &parser(direction, lanes) + &framer(direction, lanes) + &top;
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
                ["plane_len_0", "plane_len_1"][id],
                context.plane_len() as u32,
            );
            valid |= 1 << id;
        }
        bench.write("valid_contexts", valid);
        bench.write("check_sequence", path.check_sequence);
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
            let idle = now.0 == 0 && bench.read("busy") == Value::from(0u32);
            if quiet > QUIET || idle && quiet > 100 {
                break;
            }
        }
        assert_eq!(bench.read("held"), Value::from(0u32), "a context is held");
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
