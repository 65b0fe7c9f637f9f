//! `dqa_core` in a LiteX SoC: the LiteX module is elaborated, the SoC's Verilog passes the warnings of
//! Verilator and Icarus together with the core's, and a host on the SoC's bus reaches registers and streams.
//!
//! Icarus checks the SoC but does not run it: LiteX's combinational blocks wake each other there
//! without end.

mod requests;

use std::process::Command;

use dqa_golden::packet::{Direction, Reply};
use dqa_hdl::core::{identification, verilog};
use dqa_hdl::identification::{Identification, IdentificationError};
use dqa_hdl::registers::{enc_errors, irq_enable, irq_status, scratch};
use dqa_sim::{Axil, Beat, Bench, Model, Response, SimError, Stall};
use requests::{FAULTS, Host, parameters};

/// Holds LiteX.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.eda/bin/python");
const LANES: usize = 2;
/// Where the core's registers lie.
const ORIGIN: u16 = 0x4000;
/// Clocks in which an answer comes.
const PATIENCE: u64 = 10_000;

/// The Verilog of a SoC whose bus has this standard, the core's below it.
fn soc(standard: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let core = verilog(&parameters(LANES), "").expect("sound RTL");
    for (name, text) in [
        ("dqa_core.v", core.as_str()),
        ("dqa.py", include_str!("../../hdl/integration/litex/dqa.py")),
        ("litex_soc.py", include_str!("litex_soc.py")),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a temporary file");
    }
    let run = |program: &str, arguments: &str| {
        let output = Command::new(program)
            .args(arguments.split(' '))
            .current_dir(folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; ./test installs it"));
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{program} {arguments}\n{said}");
        said
    };
    run(PYTHON, &format!("litex_soc.py {standard} {ORIGIN}"));
    // Switched off is what LiteX's own text is full of; widths of ports are left to Icarus.
    let verilator = "--lint-only -Wno-WIDTH -Wno-COMBDLY -Wno-CASEINCOMPLETE --top-module soc";
    let icarus = "-g2005 -Wall -Wno-timescale -o soc.vvp -s soc";
    for (program, options) in [("verilator", verilator), ("iverilog", icarus)] {
        let said = run(program, &format!("{options} soc.v dqa_core.v"));
        assert!(said.is_empty(), "{said}");
    }
    let soc = std::fs::read_to_string(folder.path().join("soc.v")).expect("it was written");
    // Its comments tell the time, and so would have the model built anew each time.
    let code = soc.lines().filter(|line| !line.starts_with("//"));
    code.flat_map(|line| [line, "\n"]).collect::<String>() + &core
}

#[test]
fn it_elaborates_on_a_bus_of_axi_lite() {
    soc("axi-lite");
}

#[test]
fn registers_streams_and_interrupt_are_reached_over_wishbone() -> Result<(), SimError> {
    let mut bench = Bench::new(&Model::build("soc", &soc("wishbone"))?, 1)?;
    // No context is loaded: the core refuses every request, and repeats what it was about.
    let ends = [("enc", Direction::Write), ("dec", Direction::Read)].map(|(name, direction)| {
        let mut host = Host::new(1, direction, LANES);
        let mut path = host.path.clone();
        path.contexts = vec![None, None];
        path.check_sequence = true;
        let exchanges: Vec<_> = (0..FAULTS)
            .filter_map(|fault| {
                let request = host.faulty(fault);
                match path.reply(&request) {
                    Reply::Exact(answer) => Some((request, answer)),
                    _ => None,
                }
            })
            .collect();
        let bytes = [
            host.beat_bytes(),
            2 * LANES + host.path.shape.word_bytes() - host.beat_bytes(),
        ];
        (name, bytes, exchanges)
    });
    for (path, ..) in &ends {
        bench.source(&format!("s_axis_{path}"), [] as [Beat; 0], Stall::NONE);
        bench.sink(&format!("m_axis_{path}"), Stall::percent(50));
    }
    bench.reset();
    let master = Axil::new("s_axil", Stall::percent(20));

    let read = |bench: &mut Bench, offset: u16| {
        let (word, response) = master.read(bench, ORIGIN + offset).expect("an answer");
        assert_eq!(response, Response::Okay, "read of {offset:#x}");
        word
    };
    let told =
        Identification::read(|offset| Ok::<_, IdentificationError>(read(&mut bench, offset)));
    assert_eq!(told, Ok(identification(&parameters(LANES))));
    let errors = irq_status::ENCODER_ERROR.mask() | irq_status::DECODER_ERROR.mask();
    for (offset, word) in [
        (scratch::REGISTER.offset, 0x89ab_cdef),
        (irq_enable::REGISTER.offset, errors),
    ] {
        let response = master.write(&mut bench, ORIGIN + offset, word, 0xf)?;
        assert_eq!(response, Response::Okay);
        assert_eq!(read(&mut bench, offset), word);
    }

    assert_eq!(bench.read("irq").to_u64(), 0);
    for (path, [bytes_in, bytes_out], exchanges) in &ends {
        let (source, sink) = (format!("s_axis_{path}"), format!("m_axis_{path}"));
        for (request, answer) in exchanges {
            bench.source(&source, beats(request, *bytes_in), Stall::percent(50));
            bench.run_until(|bench| bench.packets(&sink) > 0, PATIENCE)?;
            bench.check_packet(&sink, beats(answer, *bytes_out))?;
        }
    }
    bench.run(20)?;
    assert_eq!(bench.read("irq").to_u64(), 1);
    let (_, _, exchanges) = &ends[0];
    let statuses = exchanges.iter().map(|(_, answer)| answer[answer.len() - 8]);
    let seen = statuses.fold(0, |seen, status| seen | 1 << status);
    assert_eq!(read(&mut bench, enc_errors::REGISTER.offset), seen);
    Ok(())
}

/// A packet's beats, of this many bytes.
fn beats(packet: &[u8], beat_bytes: usize) -> Vec<Beat> {
    let count = packet.len() / beat_bytes;
    let beats = packet.chunks(beat_bytes).enumerate().map(|(at, bytes)| {
        let bytes = bytes.iter().rev();
        let value = bytes.fold(0u64, |x, &byte| x << 8 | u64::from(byte));
        Beat::from(value).last(at + 1 == count)
    });
    beats.collect()
}
