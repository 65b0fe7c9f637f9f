//! The plane walker gives the beats of a command, one a clock, or its fault.

use dqa_hdl::load::{CHANNELS, PLANE, ROWS};
use dqa_hdl::{emit::emit, plane_walker::PlaneWalker};
use dqa_sim::{Instance, Model, SimError, seeds};
use fastrand::Rng;

const LANES: usize = 4;

fn load(unit: &mut Instance, bank: u64, addr: u32, data: u32) {
    unit.set("load_valid", 1u64);
    unit.set("load_context", bank);
    unit.set("load_addr", u64::from(addr));
    unit.set("load_data", u64::from(data));
    unit.tick("aclk");
    unit.set("load_valid", 0u64);
}

#[test]
fn walks_beats_planes_rows_and_images() -> Result<(), SimError> {
    let walker = PlaneWalker::<LANES>::new(32);
    let model = Model::build(
        "plane_walker",
        &emit("plane_walker", "", walker).expect("sound RTL"),
    )?;
    for seed in seeds(50) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", 1u64);
        let mut contexts = vec![];
        for bank in 0..2 {
            let (beats, lanes) = (random.u32(2..6), random.u32(1..=4));
            let beats = if lanes == 4 && random.bool() {
                1
            } else {
                beats
            };
            let rows: Vec<u32> = (0..random.usize(1..=32))
                .map(|_| random.u32(0..1 << 22) | random.u32(0..3) << 22)
                .collect();
            load(
                &mut unit,
                bank,
                PLANE,
                (beats - 1) | (((1 << lanes) - 1) << 20),
            );
            load(&mut unit, bank, ROWS, rows.len() as u32);
            for (row, &data) in (0..).zip(&rows) {
                load(&mut unit, bank, CHANNELS + row, data);
            }
            contexts.push((beats, lanes, rows));
        }
        for _ in 0..20 {
            let bank = random.usize(0..2);
            let (beats, lanes, rows) = &contexts[bank];
            let first = random.usize(0..rows.len());
            let channels = random.usize(1..=rows.len() - first);
            let images = random.usize(1..4);
            unit.set("bank", bank as u64);
            unit.set("first_channel", first as u64);
            unit.set("channels", channels as u64);
            unit.set("images", images as u64);
            unit.set("start", 1u64);
            unit.tick("aclk");
            unit.set("start", 0u64);
            let planes = (0..images).flat_map(|_| first..first + channels);
            let expected: Vec<_> = planes
                .flat_map(|row| (1..=*beats).map(move |beat| (rows[row], beat == *beats)))
                .collect();
            let (mut at, mut clocks) = (0, 0);
            let pace = random.u8(1..=4);
            while at < expected.len() {
                let take = random.u8(0..4) < pace;
                unit.eval();
                let valid = unit.get_u64("valid") == 1;
                let waits = if take { 0 } else { random.u64(0..4) };
                unit.set("go", u64::from(valid && (take || waits > 0)));
                unit.set("waits", waits);
                unit.eval();
                if valid && take {
                    let (row, last_beat) = expected[at];
                    let row = u64::from(row);
                    let context = format!("beat {at}, seed {seed}");
                    at += 1;
                    assert_eq!(unit.get_u64("fault"), 0, "{context}");
                    assert_eq!(unit.get_u64("mantissa"), row & 0x1_ffff, "{context}");
                    assert_eq!(unit.get_u64("shift"), row >> 17 & 31, "{context}");
                    assert_eq!(
                        unit.get_u64("last"),
                        u64::from(at == expected.len()),
                        "{context}"
                    );
                    let mask = match (row >> 23, last_beat) {
                        (1, _) => 0,
                        (_, true) => (1 << lanes) - 1,
                        (_, false) => 15,
                    };
                    assert_eq!(unit.get_u64("mask"), mask, "{context}");
                    let next = expected.get(at).filter(|_| last_beat);
                    assert_eq!(
                        unit.get_u64("enter"),
                        u64::from(next.is_some()),
                        "{context}"
                    );
                    if let Some((row, _)) = next {
                        let class = u64::from(row >> 22 & 1);
                        assert_eq!(unit.get_u64("enter_class"), class, "{context}");
                    }
                }
                unit.tick("aclk");
                clocks += 1;
                assert!(clocks < 100_000, "seed {seed}");
            }
            if pace == 4 {
                assert!(clocks <= expected.len() + 4, "{clocks} clocks, seed {seed}");
            }
            unit.set("go", 0u64);
            unit.eval();
            assert_eq!(unit.get_u64("valid"), 0, "a beat too many, seed {seed}");
        }
    }
    Ok(())
}
