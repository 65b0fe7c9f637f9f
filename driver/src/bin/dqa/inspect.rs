//! `dqa inspect`: what a container holds, without decoding it.

use std::fmt::Write as _;
use std::path::PathBuf;

use dqa_driver::compress::Sizes;
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::container::{Event, VERSION};
use dqa_golden::context::{Context, Scale};
use dqa_golden::format::Format;
use dqa_golden::payload::PlaneRun;
use dqa_golden::symbol::SymbolLayout;
use dqa_golden::tensor::TensorInfo;

use crate::console::{Console, Failure};
use crate::decompress::open_container;

/// Show what a container holds: tensor, context, code tables, packets
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The .dqa file
    input: PathBuf,
    /// List the channels
    #[arg(long)]
    channels: bool,
    /// List the packets
    #[arg(long)]
    packets: bool,
}

const EXAMPLES: &str = "\
Examples:
  dqa inspect act.dqa
  dqa inspect act.dqa --channels --packets
  dqa inspect act.dqa --json";

#[derive(serde::Serialize)]
struct Report {
    version: u16,
    tensor: TensorInfo,
    contexts: Vec<ContextReport>,
    packets: Vec<PacketReport>,
    #[serde(flatten)]
    sizes: Sizes,
    bits_per_activation: f64,
}

#[derive(serde::Serialize)]
struct ContextReport {
    id: u8,
    format: Format,
    lanes: usize,
    word_bits: usize,
    scale: Scale,
    plane_len: usize,
    limit: u8,
    direct: CodeReport,
    important: CodeReport,
    channels: Vec<ChannelReport>,
}

#[derive(serde::Serialize)]
struct CodeReport {
    channels: usize,
    #[serde(flatten)]
    layout: SymbolLayout,
    lengths: Vec<u8>,
}

#[derive(serde::Serialize)]
struct ChannelReport {
    #[serde(flatten)]
    entry: ChannelEntry,
    /// Delta_n in the tensor's units.
    delta: f64,
}

#[derive(serde::Serialize)]
struct PacketReport {
    sequence: u32,
    context: u8,
    #[serde(flatten)]
    run: PlaneRun,
    payload_bytes: usize,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let mut container = open_container(&args.input)?;
    let tensor = container.tensor().clone();
    let mut report = Report {
        version: VERSION,
        contexts: Vec::new(),
        packets: Vec::new(),
        sizes: Sizes {
            elements: container.tiling().elements(),
            ..Sizes::default()
        },
        bits_per_activation: 0.0,
        tensor,
    };
    let scale = report.tensor.scale;
    container
        .for_each_record(|event, body| {
            match event {
                Event::Context(id, context) => {
                    report.sizes.context_bytes += body.len() as u64 - 1;
                    report.contexts.push(describe(id, context, scale));
                }
                Event::Packet { packet, .. } => {
                    report.sizes.planes += packet.header.run.planes() as u64;
                    report.sizes.payload_bytes += packet.payload.len() as u64;
                    report.packets.push(PacketReport {
                        sequence: packet.header.sequence,
                        context: packet.header.context,
                        run: packet.header.run,
                        payload_bytes: packet.payload.len(),
                    });
                }
                Event::Tensor(..) | Event::End => {}
            }
            Ok(())
        })
        .map_err(|error| Failure::at(&args.input, error))?;
    let sizes = &mut report.sizes;
    sizes.packets = report.packets.len() as u64;
    sizes.container_bytes = container.bytes_read();
    sizes.framing_bytes = sizes.container_bytes - sizes.payload_bytes - sizes.context_bytes;
    report.bits_per_activation = sizes.bits_per_element();
    console.result(&text(&report, args), &report)
}

fn describe(id: u8, context: &Context, scale: f32) -> ContextReport {
    let code = |class| CodeReport {
        channels: context
            .channels()
            .iter()
            .filter(|e| e.class == class)
            .count(),
        layout: context.layout(class),
        lengths: context.table(class).lengths().to_vec(),
    };
    let channel = |entry: &ChannelEntry| {
        let factor = entry.dequantizer;
        let power = f64::from(factor.shift()).exp2();
        ChannelReport {
            entry: *entry,
            delta: f64::from(factor.mantissa()) / power * f64::from(scale),
        }
    };
    ContextReport {
        id,
        format: *context.format(),
        lanes: context.shape().lanes(),
        word_bits: context.shape().word_bits(),
        scale: context.parts().scale,
        plane_len: context.plane_len(),
        limit: context.parts().limit,
        direct: code(Class::Direct),
        important: code(Class::Important),
        channels: context.channels().iter().map(channel).collect(),
    }
}

fn text(report: &Report, args: &Args) -> String {
    let (tensor, sizes) = (&report.tensor, &report.sizes);
    let mut out = format!(
        "{}: .dqa version {}\n  tensor    {:?} {:?} {:?}, sample unit {:e}\n",
        args.input.display(),
        report.version,
        tensor.dtype,
        tensor.shape,
        tensor.layout,
        tensor.scale
    );
    let _ = writeln!(
        out,
        "  size      {} bytes: {} codes, {} context, {} framing; {:.3} bits an activation",
        sizes.container_bytes,
        sizes.payload_bytes,
        sizes.context_bytes,
        sizes.framing_bytes,
        report.bits_per_activation
    );
    let _ = writeln!(
        out,
        "  packets   {}, {} planes",
        sizes.packets, sizes.planes
    );
    for context in &report.contexts {
        let format = &context.format;
        let _ = writeln!(
            out,
            "  context {} n = {}, m = {}, {} codes, zero point {}; {} lanes of {}-bit words; \
             planes of {}; {:?} scale",
            context.id,
            format.bits(),
            format.extra(),
            if format.signed() {
                "signed"
            } else {
                "unsigned"
            },
            format.zero_point(),
            context.lanes,
            context.word_bits,
            context.plane_len,
            context.scale
        );
        for (name, code) in [
            ("direct", &context.direct),
            ("important", &context.important),
        ] {
            let _ = writeln!(
                out,
                "    {name:<10}{} channels, {} bits coded + {} raw, code lengths {:?}",
                code.channels, code.layout.symbol_bits, code.layout.raw_bits, code.lengths
            );
        }
        let rows = context.channels.iter().enumerate();
        for (channel, row) in rows.filter(|_| args.channels) {
            let _ = writeln!(
                out,
                "    channel {channel:<5} {:<10} Delta_n {:.6e}",
                format!("{:?}", row.entry.class),
                row.delta
            );
        }
    }
    for packet in report.packets.iter().filter(|_| args.packets) {
        let run = &packet.run;
        let _ = writeln!(
            out,
            "    packet {:<6} context {}, {} images of channels {} to {}, {} bytes",
            packet.sequence,
            packet.context,
            run.images,
            run.first_channel,
            u32::from(run.first_channel) + u32::from(run.channels) - 1,
            packet.payload_bytes
        );
    }
    out
}
