//! Writes a core's Verilog for given generation parameters.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use dqa_golden::packet::Direction;
use dqa_hdl::link::uart_core::{self, Speed};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;
use dqa_hdl::ports::ports;
use dqa_hdl::xdma::xdma_core::{self, EngineBits};
use dqa_hdl::{core, decoder, encoder, vivado};

const EXAMPLES: &str = "\
Examples:
  gen-verilog                                       all three cores, 4 lanes, every legal layer
  gen-verilog --core encoder --lanes 8 --out rtl
  gen-verilog --dynamic 448                         ranges found on the device, in planes of up to 448 beats
  gen-verilog --core core --vivado                  with a shell that Vivado's block designs know
  gen-verilog --core xdma --lanes 8                 with the ports of Xilinx's XDMA of 128 bits, for PCIe
  gen-verilog --max-bits 4 --max-extra 3 --channels 256   smaller: what other layers need is left out
  gen-verilog --core uart --lanes 1 --paths encode --no-scan --no-counters --channels 64 --link-room 512   small";

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Top {
    /// Samples to code words
    Encoder,
    /// Code words to samples
    Decoder,
    /// Both, with packets and registers, behind AXI4-Stream and AXI4-Lite
    Core,
    /// That behind a serial port
    Uart,
    /// Core behind Xilinx's XDMA, for PCIe; 2, 4 or 8 lanes
    Xdma,
}

impl Top {
    fn top(self) -> &'static str {
        match self {
            Self::Encoder => encoder::TOP,
            Self::Decoder => decoder::TOP,
            Self::Core => core::TOP,
            Self::Uart => uart_core::TOP,
            Self::Xdma => xdma_core::TOP,
        }
    }

    fn verilog(
        self,
        parameters: &Parameters,
        speed: Speed,
        engine_bits: usize,
        header: &str,
    ) -> Result<String, String> {
        match self {
            Self::Encoder => encoder::verilog(parameters, header),
            Self::Decoder => decoder::verilog(parameters, header),
            Self::Core => core::verilog(parameters, header),
            Self::Uart => uart_core::verilog(parameters, speed, header),
            Self::Xdma => {
                let engine = EngineBits::new(engine_bits, parameters.lanes);
                let engine = engine.map_err(|error| error.to_string())?;
                xdma_core::verilog(parameters, engine, header)
            }
        }
        .map_err(|error| format!("RustHDL refuses the core: {error:?}"))
    }
}

/// Writes the Verilog of a DQA core; without --core, of encoder, decoder and core.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Core to write
    #[arg(long, value_enum)]
    core: Option<Top>,
    /// Lanes: 1, 2, 4 or 8 samples a clock
    #[arg(long, default_value_t = Parameters::default().lanes)]
    lanes: usize,
    /// Largest n, 2 to 8
    #[arg(long, default_value_t = Parameters::default().max_bits)]
    max_bits: u8,
    /// Largest m, 0 to 5 and at most the largest n
    #[arg(long, default_value_t = Parameters::default().max_extra)]
    max_extra: u8,
    /// Longest code, 4 to 8 bits
    #[arg(long, default_value_t = Parameters::default().max_code_length)]
    max_code_length: u8,
    /// Most symbol bits, 5 or 6
    #[arg(long, default_value_t = Parameters::default().symbol_bits)]
    symbol_bits: u8,
    /// Rows of the channel table, 1 to 65535
    #[arg(long, default_value_t = Parameters::default().channels)]
    channels: usize,
    /// Dynamic scale, ranges found on the device: beats of the longest plane, 0 for none. Memory for so many
    /// and 64 more is built in, up to the next power of two: 448 or 960 fill it
    #[arg(long = "dynamic", value_name = "BEATS", default_value_t = 0)]
    dynamic_beats: usize,
    /// Write a shell `<core>_vivado` as well, with Vivado's interface attributes
    #[arg(long)]
    vivado: bool,
    /// Of --core core and uart: its paths, both, encode or decode
    #[arg(long, default_value_t = Paths::Both)]
    paths: Paths,
    /// Leave the counters out of the core
    #[arg(long)]
    no_counters: bool,
    /// Leave the scanner out of the core; it goes with the path to encode
    #[arg(long)]
    no_scan: bool,
    /// Of --core uart: its clock in Hz
    #[arg(long, default_value_t = 25_000_000)]
    clock: u32,
    /// Of --core uart: bits of the wire a second, the clock divided by 8 to 4096
    #[arg(long, default_value_t = 3_000_000)]
    baud: u32,
    /// Of --core uart: bytes of room for the requests of each path, 512, 1024 or 2048; twice as many for answers
    #[arg(long, value_name = "BYTES", default_value_t = Parameters::default().link_room)]
    link_room: usize,
    /// Of --core xdma: bits of the engine's streams, 64 or 128
    #[arg(long, default_value_t = 128)]
    engine_bits: usize,
    /// Folder to write to
    #[arg(long, default_value = "build/verilog")]
    out: PathBuf,
}

/// What a Verilog text holds, counted in its registers' and memories' declarations.
#[derive(Default)]
struct Summary {
    ports: usize,
    modules: usize,
    register_bits: usize,
    memory_bits: usize,
}

impl Summary {
    fn of(verilog: &str, top: &str) -> Self {
        let mut summary = Self {
            ports: ports(verilog, top).len(),
            ..Self::default()
        };
        let (mut is_register, mut width) = (false, 0);
        for line in verilog.lines().map(str::trim) {
            if line.starts_with("module ") {
                summary.modules += 1;
                (is_register, width) = (false, 0);
            }
            if let Some(memory) = line
                .split("reg [")
                .nth(1)
                .filter(|_| line.contains("words [0:"))
            {
                summary.memory_bits += range(memory) * range(line.rsplit('[').next().unwrap_or(""));
            }
            if line.starts_with("output reg") && line.ends_with(" q;") {
                width = line.split('[').nth(1).map_or(1, range);
            }
            is_register |= line.contains("q <= ");
            if line.starts_with("endmodule") && is_register {
                summary.register_bits += width;
            }
        }
        summary
    }
}

/// Entries of a range such as `31:0]` or `0:63];`.
fn range(text: &str) -> usize {
    let ends = text.split(']').next().unwrap_or("").split(':');
    ends.filter_map(|end| end.parse::<usize>().ok())
        .max()
        .map_or(1, |end| end + 1)
}

fn header(top: &str, parameters: &Parameters) -> String {
    format!(
        "{top}, version {}\n\nGenerated by: gen-verilog {}\nWords of {} bits; codes of up to {} bits.\n\
         Change the sources in hdl/src, not this file.",
        env!("CARGO_PKG_VERSION"),
        options(parameters),
        parameters.word_bits(),
        parameters.width(),
    )
}

fn options(parameters: &Parameters) -> String {
    let dynamic = match parameters.dynamic_beats {
        0 => String::new(),
        beats => format!(" --dynamic {beats}"),
    };
    let paths = match parameters.paths {
        Paths::Both => String::new(),
        paths => format!(" --paths {paths}"),
    };
    format!(
        "--lanes {} --max-bits {} --max-extra {} --max-code-length {} --symbol-bits {} --channels {}{dynamic}{paths}{}{}",
        parameters.lanes,
        parameters.max_bits,
        parameters.max_extra,
        parameters.max_code_length,
        parameters.symbol_bits,
        parameters.channels,
        if parameters.scan || !parameters.paths.has(Direction::Write) {
            ""
        } else {
            " --no-scan"
        },
        if parameters.counters {
            ""
        } else {
            " --no-counters"
        }
    )
}

/// Writes a module's file and gives its path.
fn write(folder: &Path, module: &str, text: &str) -> Result<PathBuf, String> {
    let path = folder.join(format!("{module}.v"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| {
            let path = path.display();
            format!("cannot write {path}: {error}; choose a folder with --out")
        })?;
    Ok(path)
}

fn run(arguments: &Arguments) -> Result<String, String> {
    let parameters = Parameters {
        lanes: arguments.lanes,
        max_bits: arguments.max_bits,
        max_extra: arguments.max_extra,
        max_code_length: arguments.max_code_length,
        symbol_bits: arguments.symbol_bits,
        channels: arguments.channels,
        paths: arguments.paths,
        scan: !arguments.no_scan && arguments.paths.has(Direction::Write),
        dynamic_beats: arguments.dynamic_beats,
        link_room: arguments.link_room,
        counters: !arguments.no_counters,
    };
    parameters.check().map_err(|error| error.to_string())?;
    let speed = Speed {
        clock_hz: arguments.clock,
        baud: arguments.baud,
    };
    let cores = match arguments.core {
        Some(core) => vec![core],
        None => vec![Top::Encoder, Top::Decoder, Top::Core],
    };
    if cores == [Top::Uart] {
        speed.check().map_err(|error| error.to_string())?;
    }
    let folder = &arguments.out;
    let mut report = format!("parameters: {}\n\n", options(&parameters));
    let mut synthesize = String::new();
    let mut package = String::new();
    let _ = writeln!(
        report,
        "module         ports  modules  register bits  memory bits  file"
    );
    for core in cores {
        let top = core.top();
        let mut header = header(top, &parameters);
        if core == Top::Uart {
            let Speed { clock_hz, baud } = speed;
            let _ = write!(
                header,
                "\nClock {clock_hz} Hz, {baud} baud, {room} bytes of room: --clock {clock_hz} --baud {baud} \
                 --link-room {room}",
                room = parameters.link_room
            );
        }
        if core == Top::Xdma {
            let bits = arguments.engine_bits;
            let _ = write!(header, "\nStreams of {bits} bits: --engine-bits {bits}");
        }
        let text = core.verilog(&parameters, speed, arguments.engine_bits, &header)?;
        let path = write(folder, top, &text)?;
        if arguments.vivado {
            let shell = vivado::name(top);
            let text = vivado::shell(top, &text, &self::header(&shell, &parameters));
            write(folder, &shell, &text)?;
            let _ = writeln!(
                package,
                "  vivado -mode batch -source hdl/integration/vivado/package.tcl -tclargs {} {top} build/ip",
                folder.display()
            );
        }
        let Summary {
            ports,
            modules,
            register_bits,
            memory_bits,
        } = Summary::of(&text, top);
        let path = path.display();
        let _ = writeln!(
            report,
            "{top:13} {ports:6} {modules:8} {register_bits:14} {memory_bits:12}  {path}"
        );
        let _ = writeln!(
            synthesize,
            "  yosys -p 'read_verilog -DDQA_ECP5 {path}; synth_ecp5 -top {top}; stat'"
        );
    }
    if arguments.vivado {
        package.insert_str(0, "package: as IP for Vivado\n");
    }
    Ok(format!(
        "{report}\n\
         simulate: a real tensor through both cores\n  cargo run --release --bin dqa -- demo\n\
         synthesize: for ECP5; what every unit costs on which family is printed by synth-report\n\
         {synthesize}  cargo run --release --bin synth-report -- --help\n\
         {package}\
         integrate: ports, packets, errors; FuseSoC, LiteX, Vivado\n  docs/src/integrating.md\n"
    ))
}

fn main() -> std::process::ExitCode {
    match run(&Arguments::parse()) {
        Ok(report) => {
            print!("{report}");
            std::process::ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("gen-verilog: {message}");
            std::process::ExitCode::from(2)
        }
    }
}
