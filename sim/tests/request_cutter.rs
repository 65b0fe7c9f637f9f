//! The request cutter against golden's: requests right and wrong, and what is none, in transfers that end
//! anywhere, come out beat for beat the same.

use dqa_golden::packet::{Cutter, HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, TRAILER_BYTES};
use dqa_hdl::emit::emit;
use dqa_hdl::xdma::request_cutter::RequestCutter;
use dqa_sim::xdma::transfer;
use dqa_sim::{Beat, Bench, Model, SimError, Stall, seeds};
use fastrand::Rng;

const TOP: &str = "request_cutter";
/// Clocks for a session: the longest has 4000 beats, each of which may wait ten clocks twice.
const PATIENCE: u64 = 100_000;

/// Bytes of an engine's beat and of a core's, and the unit between.
struct Unit {
    engine: usize,
    beat: usize,
    model: Model,
}

macro_rules! unit {
    ($x:literal, $n:literal) => {{
        let block = RequestCutter::<$x, { $x / 8 }, { $x + $x / 8 + 1 }, $n, { 2 * $n }, { $n + 1 }>::default();
        let verilog = emit(TOP, "", block).expect("sound RTL");
        Model::build(TOP, &verilog).map(|model| Unit {
            engine: $x / 8,
            beat: $n / 8,
            model,
        })
    }};
}

/// Those of all engines and lanes.
fn units() -> Result<[Unit; 5], SimError> {
    Ok([
        unit!(64, 32)?,
        unit!(64, 64)?,
        unit!(128, 32)?,
        unit!(128, 64)?,
        unit!(128, 128)?,
    ])
}

fn random_bytes(random: &mut Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.u8(..)).collect()
}

fn request(random: &mut Rng, beat: usize) -> Vec<u8> {
    let payload = beat * random.usize(0..20);
    let mut bytes = random_bytes(random, HEADER_BYTES + payload + TRAILER_BYTES);
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[24..28].copy_from_slice(&(payload as u32).to_le_bytes());
    bytes
}

/// A request with something wrong, or what is none.
fn wrong(random: &mut Rng, beat: usize) -> Vec<u8> {
    let mut bytes = request(random, beat);
    match random.u8(0..7) {
        0 => bytes[random.usize(0..4)] ^= 1 << random.u32(0..8),
        1 => bytes[24 + random.usize(0..4)] ^= 1 << random.u32(0..8),
        // A length that is not of whole beats, short, or one of the longest.
        2 => bytes[24..28].copy_from_slice(&random.u32(0..300).to_le_bytes()),
        3 => {
            let near = [0, beat as u32, 1, 2, 4, 16];
            let length = MAX_PAYLOAD_BYTES + near[random.usize(0..near.len())];
            // Most are too long: the longest that is not swallows what follows.
            let length = if random.u8(0..8) == 0 {
                MAX_PAYLOAD_BYTES
            } else {
                length + 1
            };
            bytes[24..28].copy_from_slice(&length.to_le_bytes());
        }
        4 => bytes.truncate(random.usize(1..bytes.len())),
        5 => {
            let count = random.usize(1..80);
            bytes = random_bytes(random, count);
        }
        _ => {
            // It begins as a request does.
            let count = random.usize(1..20);
            bytes = random_bytes(random, count);
            let same = random.usize(1..5).min(count);
            bytes[..same].copy_from_slice(&MAGIC[..same]);
        }
    }
    bytes
}

/// Transfers of a session.
fn transfers(random: &mut Rng, beat: usize) -> Vec<Vec<u8>> {
    let (wrongs, cuts) = (random.u8(0..4), random.u8(0..4));
    let mut transfers = vec![Vec::new()];
    for _ in 0..random.usize(1..40) {
        let item = match random.u8(0..10) < wrongs {
            true => wrong(random, beat),
            false => request(random, beat),
        };
        for byte in item {
            let open = transfers.last_mut().expect("there is one");
            open.push(byte);
            let whole = open.len().is_multiple_of(beat);
            // In most sessions transfers end between beats only, as those of the driver do.
            if random.u8(0..40) == 0 && (whole && cuts < 3 || cuts == 1) {
                transfers.push(Vec::new());
            }
        }
        if random.bool() {
            transfers.push(Vec::new());
        }
    }
    transfers.retain(|transfer| !transfer.is_empty());
    // Golden keeps a header back until it is whole, the unit does not: this one makes it whole.
    transfers.push(vec![0; 64]);
    transfers
}

/// What golden makes of them.
fn expected(transfers: &[Vec<u8>], beat: usize) -> Vec<Beat> {
    let mut cutter = Cutter::new(beat);
    let mut beats = Vec::new();
    for bytes in transfers {
        cutter.feed(bytes, true, &mut |bytes, last| {
            let count = bytes.len() / beat;
            beats.extend(bytes.chunks(beat).enumerate().map(|(at, bytes)| {
                let bytes = bytes.iter().rev();
                let word = bytes.fold(0u128, |word, &byte| word << 8 | u128::from(byte));
                Beat::from(word).last(last && at + 1 == count)
            }));
        });
    }
    beats
}

fn send(bench: &mut Bench, transfers: &[Vec<u8>], engine: usize, stall: Stall) {
    for bytes in transfers {
        bench.source("s_axis", transfer(bytes, engine), stall);
    }
}

#[test]
fn cuts_as_golden() -> Result<(), SimError> {
    for unit in units()? {
        let (mut lasts, mut fills) = (0, 0);
        for seed in seeds(120) {
            let mut random = Rng::with_seed(seed);
            let mut stall = || Stall::SWEEP[random.usize(0..4)];
            let (stall_in, stall_out) = (stall(), stall());
            let mut bench = Bench::new(&unit.model, seed)?;
            bench.sink("m_axis", stall_out);
            // A session that a reset cuts short leaves nothing behind.
            send(
                &mut bench,
                &transfers(&mut random, unit.beat),
                unit.engine,
                stall_in,
            );
            bench.reset();
            bench.run(random.u64(0..300))?;
            bench.restart();
            let transfers = transfers(&mut random, unit.beat);
            let expected = expected(&transfers, unit.beat);
            lasts += expected
                .iter()
                .filter(|beat| beat.get("tlast").to_u64() == 1)
                .count();
            fills += transfers
                .iter()
                .filter(|bytes| !bytes.len().is_multiple_of(unit.beat))
                .count();
            send(&mut bench, &transfers, unit.engine, stall_in);
            bench.run_until(|bench| bench.waiting("s_axis") == 0, PATIENCE)?;
            let count = expected.len();
            bench.run_until(|bench| bench.received("m_axis") >= count, PATIENCE)?;
            bench.run(50)?;
            bench.check("m_axis", expected)?;
        }
        assert!(
            lasts > 1000 && fills > 100,
            "{lasts} requests, {fills} parts of beats"
        );
    }
    Ok(())
}

/// Whether requests begin where transfers do, or in the middle of a beat.
#[test]
fn takes_a_beat_a_clock() -> Result<(), SimError> {
    for unit in units()? {
        for shift in [0, 1, unit.beat - 1] {
            let mut random = Rng::with_seed(0);
            let all: Vec<u8> = (0..50)
                .flat_map(|_| request(&mut random, unit.beat))
                .collect();
            let (first, rest) = all.split_at(shift);
            let transfers: Vec<_> = [first, rest].map(<[u8]>::to_vec).into();
            let mut bench = Bench::new(&unit.model, 0)?;
            bench.sink("m_axis", Stall::NONE);
            bench.reset();
            let start = bench.cycle();
            send(&mut bench, &transfers, unit.engine, Stall::NONE);
            let count = all.len() / unit.beat;
            bench.run_until(|bench| bench.received("m_axis") == count, PATIENCE)?;
            let clocks = bench.cycle() - start;
            // The latency and one; a transfer that ends in a part of a beat, and the piece that it shifts out of
            // the last beat, cost one each.
            let around = if shift == 0 { 5 } else { 7 };
            assert!(
                clocks <= count as u64 + around,
                "{clocks} clocks for {count} beats"
            );
            bench.check("m_axis", expected(&transfers, unit.beat))?;
        }
    }
    Ok(())
}
