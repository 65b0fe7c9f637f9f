//! The driver's access to registers, on the verilated control port.

use dqa_driver::registers::RegisterBus;
use dqa_hdl::control_port::ControlPort;
use dqa_hdl::emit::emit;
use dqa_hdl::identification::{Features, Identification, IdentificationError};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::registers::{ALL, Access, control, fields, irq_status, load_addr, scratch};
use dqa_sim::{Axil, Bench, Model, Response, SimError, Stall};

/// A register bus on a bench.
struct Simulated {
    bench: Bench,
    master: Axil,
}

#[derive(Debug, thiserror::Error)]
enum BusError {
    #[error(transparent)]
    Sim(#[from] SimError),
    #[error(transparent)]
    Identification(#[from] IdentificationError),
    #[error("the core refuses offset {0:#x}")]
    Refused(u16),
}

fn answered(offset: u16, response: Response) -> Result<(), BusError> {
    match response {
        Response::Okay => Ok(()),
        Response::SlaveError => Err(BusError::Refused(offset)),
    }
}

impl RegisterBus for Simulated {
    type Error = BusError;

    fn read(&mut self, offset: u16) -> Result<u32, BusError> {
        let (word, response) = self.master.read(&mut self.bench, offset)?;
        answered(offset, response)?;
        Ok(word)
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), BusError> {
        let response = self.master.write(&mut self.bench, offset, word, 0xf)?;
        answered(offset, response)
    }
}

fn identification() -> Identification {
    let parameters = Parameters {
        lanes: 2,
        channels: 77,
        ..Parameters::default()
    };
    let features = Features {
        scan: true,
        ..Features::default()
    };
    Identification::new(parameters, features)
}

fn simulated() -> Result<Simulated, SimError> {
    let verilog = emit("control_port", "", ControlPort::new(&identification()));
    let model = Model::build("control_port", &verilog.expect("sound RTL"))?;
    let mut bench = Bench::new(&model, 3)?;
    bench.reset();
    Ok(Simulated {
        bench,
        master: Axil::new("s_axil", Stall::percent(30)),
    })
}

#[test]
fn a_core_says_what_it_is() -> Result<(), BusError> {
    let mut core = simulated()?;
    assert_eq!(core.identify()?, identification());
    assert!(matches!(core.read(0xffc), Err(BusError::Refused(0xffc))));
    Ok(())
}

#[test]
fn something_else_is_no_core() {
    struct Empty;
    impl RegisterBus for Empty {
        type Error = IdentificationError;
        fn read(&mut self, _: u16) -> Result<u32, IdentificationError> {
            Ok(0xffff_ffff)
        }
        fn write(&mut self, _: u16, _: u32) -> Result<(), IdentificationError> {
            Ok(())
        }
    }
    let refused = Err(IdentificationError::Magic(0xffff_ffff));
    assert_eq!(Empty.identify(), refused);
}

/// Each field that keeps what is written is set to ones and back, the others stay.
#[test]
fn setting_a_field_leaves_the_others() -> Result<(), BusError> {
    let mut core = simulated()?;
    let keeps = |access| matches!(access, Access::ReadWrite | Access::Advance);
    for field in fields().filter(|field| keeps(field.access)) {
        for register in ALL {
            let word = register.mask(&[Access::ReadWrite, Access::Advance]) & 0x5555_5555;
            if word != 0 {
                core.write(register.offset, word)?;
            }
        }
        let before = core.read(field.offset)?;
        core.set(*field, field.get(u32::MAX))?;
        assert_eq!(
            core.read(field.offset)?,
            before | field.mask(),
            "{}",
            field.signal()
        );
        core.set(*field, 0)?;
        assert_eq!(
            core.read(field.offset)?,
            before & !field.mask(),
            "{}",
            field.signal()
        );
    }
    core.set(control::CLEAR_COUNTERS, 1)?;
    assert_eq!(core.get(control::CHECK_SEQUENCE)?, 0);
    core.set(scratch::VALUE, 0xdead_beef)?;
    assert_eq!(core.get(scratch::VALUE)?, 0xdead_beef);
    Ok(())
}

#[test]
fn clearing_a_sticky_bit_leaves_the_others() -> Result<(), BusError> {
    let mut core = simulated()?;
    core.bench.write("enc_done", true);
    core.bench.write("dec_done", true);
    core.bench.write("enc_status", 0u8);
    core.bench.write("dec_status", 4u8);
    core.bench.tick()?;
    core.bench.write("enc_done", false);
    core.bench.write("dec_done", false);
    core.set(irq_status::DECODER_DONE, 1)?;
    assert_eq!(core.get(irq_status::ENCODER_DONE)?, 1);
    assert_eq!(core.get(irq_status::DECODER_DONE)?, 0);
    assert_eq!(core.get(irq_status::DECODER_ERROR)?, 1);
    core.set(load_addr::ADDRESS, 0x1_ffff)?;
    assert_eq!(core.get(load_addr::ADDRESS)?, 0x1_ffff);
    Ok(())
}
