//! Packet control: commands and input of any length, with their openings, steps, error codes and
//! flushes.

use dqa_hdl::emit::emit;
use dqa_hdl::packet_control::PacketControl;
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;

#[test]
fn each_packet_ends_once_and_says_what_was_wrong() -> Result<(), SimError> {
    let verilog = emit("packet_control", "", PacketControl::default()).expect("sound RTL");
    let model = Model::build("packet_control", &verilog)?;
    for seed in seeds(200) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        let mut admitted = false;
        for packet in 0..20 {
            // Beats that the command asks for, none if it is out of range; beats that come.
            let planned = random.usize(0..6);
            let given = random.usize(1..8);
            let (steps_due, code) = match (planned, given) {
                (0, _) => (0, 5),
                _ if given < planned => (given, 1),
                _ => (planned, if given > planned { 2 } else { 0 }),
            };
            let [valid, room] = [(); 2].map(|()| random.u8(1..=4));
            let answer_after = random.usize(2..5);
            let (mut started, mut steps, mut taken, mut stopped) = (None, 0, 0, false);
            let (mut offered, mut ending, mut clock) = (false, None, 0);
            let (mut openings, mut flushes) = (0, 0);
            while flushes < 2 {
                let context = format!("seed {seed}, packet {packet}, clock {clock}");
                let answers = started.is_some_and(|at| clock >= at + answer_after);
                let runs = answers && planned > 0 && steps < planned && !stopped;
                let admit = random.u8(0..4) < room;
                offered |= taken < given && random.u8(0..4) < valid;
                unit.set("cmd_tvalid", true);
                unit.set("running", runs);
                let refuses = started.is_some_and(|at| clock == at + answer_after) && planned == 0;
                unit.set("refused", refuses);
                unit.set("last", steps + 1 == planned);
                unit.set("admit", admit);
                unit.set("s_tvalid", offered);
                unit.set(
                    "s_tlast",
                    if offered {
                        taken + 1 == given
                    } else {
                        random.bool()
                    },
                );
                unit.eval();
                let get = |port| unit.get_u64(port) == 1;
                let handshake = offered && get("s_tready");
                assert!(
                    !get("start") || started.is_none(),
                    "two commands, {context}"
                );
                assert!(!get("step") || (handshake && runs && admitted), "{context}");
                assert!(
                    !handshake || answers,
                    "input ahead of its packet, {context}"
                );
                assert!(!get("opening") || (steps, flushes) == (0, 0), "{context}");
                assert_eq!(get("ending"), get("flush") && flushes == 0, "{context}");
                if get("ending") {
                    assert!(admit, "no room for the end, {context}");
                    ending = Some(unit.get_u64("error"));
                }
                started = started.or(get("start").then_some(clock));
                steps += usize::from(get("step"));
                stopped |= get("stop");
                openings += usize::from(get("opening"));
                flushes += usize::from(get("flush"));
                taken += usize::from(handshake);
                offered &= !handshake;
                admitted = admit;
                unit.tick("aclk");
                clock += 1;
                assert!(clock < 1000, "hangs, {context}");
            }
            assert_eq!(
                (ending, steps, taken),
                (Some(code), steps_due, given),
                "seed {seed}"
            );
            assert_eq!(openings, 2, "seed {seed}");
            assert!(stopped || code != 1, "seed {seed}");
        }
    }
    Ok(())
}
