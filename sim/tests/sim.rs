//! The bench itself: what a module does wrong is reported, and how.

use dqa_sim::{Beat, Bench, Direction, Model, Options, SimError, Stall, Value};

/// A stream stage with a register and a fault to be chosen: 1 withdraws valid, 2 changes its payload,
/// 3 never gives a beat, 4 flips bit 40 of the third, 5 doubles the third.
const STAGE: &str = "
module stage(aclk, aresetn, fault, s_axis_tdata, s_axis_tlast, s_axis_tvalid, s_axis_tready,
             m_axis_tdata, m_axis_tlast, m_axis_tvalid, m_axis_tready);
    input wire aclk, aresetn, s_axis_tlast, s_axis_tvalid, m_axis_tready;
    input wire [2:0] fault;
    input wire [71:0] s_axis_tdata;
    output reg [71:0] m_axis_tdata;
    output reg m_axis_tlast, m_axis_tvalid;
    output wire s_axis_tready;
    reg [7:0] count;
    assign s_axis_tready = !m_axis_tvalid || m_axis_tready && !(fault == 5 && count == 2);
    always @(posedge aclk)
        if (!aresetn) begin
            m_axis_tvalid <= 0;
            count <= 0;
        end else if (s_axis_tready) begin
            m_axis_tvalid <= s_axis_tvalid && fault != 3;
            m_axis_tdata <= s_axis_tdata ^ {31'b0, fault == 4 && count == 2, 40'b0};
            m_axis_tlast <= s_axis_tlast;
            count <= count + (s_axis_tvalid ? 1 : 0);
        end else begin
            if (fault == 1) m_axis_tvalid <= 0;
            if (fault == 2) m_axis_tlast <= !m_axis_tlast;
            if (fault == 5 && m_axis_tready) count <= 0;
        end
endmodule";

fn beats() -> Vec<Beat> {
    (0..40u128)
        .map(|x| Beat::from(x << 60 | x).last(x == 39))
        .collect()
}

fn run(fault: u64) -> Result<(), SimError> {
    let model = Model::build("stage", STAGE)?;
    let mut bench = Bench::new(&model, 5)?;
    bench.reset();
    bench.write("fault", fault);
    bench.source("s_axis", beats(), Stall::percent(10));
    bench.sink("m_axis", Stall::percent(50));
    bench.lanes("m_axis", 12);
    bench.run_until(|bench| bench.received("m_axis") == 40, 500)?;
    bench.run(20)?;
    bench.check("m_axis", beats())
}

fn text(fault: u64) -> String {
    run(fault).expect_err("a fault").to_string()
}

#[test]
fn a_sound_stage_passes() {
    run(0).expect("sound");
}

#[test]
fn withdrawn_and_changed_offers_are_reported() {
    assert!(
        text(1).contains("m_axis dropped valid while it waited"),
        "{}",
        text(1)
    );
    assert!(
        text(2).contains("m_axis changed tlast from 0x0 to 0x1"),
        "{}",
        text(2)
    );
}

#[test]
fn a_timeout_shows_the_streams() {
    let text = text(3);
    assert!(
        text.contains("stage, seed 5: not done after 500 cycles"),
        "{text}"
    );
    assert!(
        text.contains("s_axis: 40 beats sent, 0 wait, valid 0 ready 1"),
        "{text}"
    );
    assert!(text.contains("m_axis: 0 beats received, valid 0"), "{text}");
}

#[test]
fn a_mismatch_names_beat_lane_and_seed() {
    let Err(SimError::Mismatch(found)) = run(4) else {
        panic!("bit 40 was flipped")
    };
    assert_eq!((found.beat, found.lane, found.seed), (2, 3, 5));
    assert_eq!(
        (found.expected, found.got),
        (Value::from(0u8), Value::from(0x10u8))
    );
}

#[test]
fn a_doubled_beat_is_found() {
    assert!(matches!(
        run(5),
        Err(SimError::Mismatch(_) | SimError::Count { .. })
    ));
}

#[test]
fn what_verilator_refuses_is_shown() {
    let refused = Model::build("m", "module m; nonsense endmodule").expect_err("not Verilog");
    assert!(refused.to_string().contains("syntax error"), "{refused}");
    let clockless = "module m(input wire a, output wire b); assign b = a; endmodule";
    let model = Model::build("m", clockless).expect("Verilog");
    assert!(matches!(
        Bench::new(&model, 0),
        Err(SimError::NoClock { .. })
    ));
    assert_eq!(model.ports()[0].direction, Direction::In);
}

#[test]
fn threads_build_once_and_waveforms_are_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options {
        trace: Some(folder.path().join("waves")),
        cache: Some(folder.path().to_owned()),
    };
    let verilog = "module m(input wire clock, output reg [99:0] q);\n\
                   initial q = 100'h1;\nalways @(posedge clock) q <= {q[98:0], 1'b0};\nendmodule";
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let options = options.clone();
            scope.spawn(move || {
                let model = Model::build_with("m", verilog, options).expect("Verilog");
                let mut instance = model.instance(seed);
                (0..90).for_each(|_| instance.tick("clock"));
                assert_eq!(instance.get("q"), Value::from(1u128 << 90));
            });
        }
    });
    let waves = std::fs::read_dir(folder.path().join("waves")).expect("the folder");
    assert_eq!(waves.count(), 4);
}

#[test]
fn what_has_no_reset_begins_at_random() {
    let verilog = "module m(input wire clock, output reg [31:0] q);\n\
                   always @(posedge clock) q <= q;\nendmodule";
    let model = Model::build("m", verilog).expect("Verilog");
    let begins = |seed| model.instance(seed).get_u64("q");
    assert_eq!(begins(1), begins(1));
    assert_ne!(begins(1), begins(2));
}
