//! A model of the PCIe link: what a card gives, what limits it, and how large packets should be.
//!
//! Time goes in steps. In each a transfer to the card, the core and a transfer from it move what rates and
//! FIFOs allow. Between two transfers of a stream the driver is at work, and nothing moves. It is a model: no
//! card was measured.

use clap::Parser;

/// Print what the PCIe link of a card is good for, by a model
#[derive(Parser)]
struct Args {
    /// Lanes of the link
    #[arg(long, default_value_t = 4)]
    width: u32,
    /// Bytes of a TLP's payload
    #[arg(long, default_value_t = 256)]
    payload: u32,
    /// Microseconds from the end of a transfer to the start of the stream's next one
    #[arg(long, default_value_t = 20.0)]
    pause: f64,
    /// Bytes of a transfer to the card: the driver's buffer
    #[arg(long, default_value_t = 1 << 20)]
    transfer: u32,
    /// Bytes of the card's FIFO in each direction
    #[arg(long, default_value_t = 16384)]
    fifo: u32,
    /// Bits a sample in code words, packet and all
    #[arg(long, default_value_t = 3.2)]
    bits: f64,
}

/// Seconds of a step.
const STEP: f64 = 1e-7;
/// Clocks in which a core takes no beat between two packets.
const BETWEEN: f64 = 60.0;
/// Gen2: transfers a second, of which 8 in 10 are data.
const GEN2: f64 = 5e9 * 0.8 / 8.0;
/// Bytes that a TLP has besides its payload: start, sequence, header, LCRC, end.
const TLP: f64 = 24.0;
/// What acknowledges and flow control leave.
const DLLP: f64 = 0.97;
/// Requests in flight, which is what may share a transfer.
const WINDOW: f64 = 16.0;
/// Packets that are looked at.
const SIZES: std::ops::RangeInclusive<u32> = 10..=22;

/// A stream's transfers, which move bytes and pause.
struct Stream {
    left: f64,
    pause: f64,
}

impl Stream {
    /// Moves up to `most` bytes of transfers of `size`.
    fn step(&mut self, most: f64, size: f64, pause: f64) -> f64 {
        if self.pause > 0.0 {
            self.pause -= STEP;
            return 0.0;
        }
        let moved = most.min(self.left);
        self.left -= moved;
        if self.left <= 0.0 {
            self.left = size;
            self.pause = pause;
        }
        moved
    }
}

impl Args {
    /// Bytes a second in each direction.
    fn link(&self) -> f64 {
        let payload = f64::from(self.payload);
        GEN2 * f64::from(self.width) * payload / (payload + TLP) * DLLP
    }

    /// Samples a second of a core of so many samples a second, one way: 16 bits in and `bits` out, or
    /// the other way round.
    fn rate(&self, clock: f64, lanes: f64, samples: f64, encode: bool) -> f64 {
        let sizes = [2.0, self.bits / 8.0];
        let [from, to] = if encode { sizes } else { [sizes[1], sizes[0]] };
        let (link, fifo, pause) = (self.link() * STEP, f64::from(self.fifo), self.pause * 1e-6);
        let transfer = f64::from(self.transfer).min(WINDOW * samples * from);
        let mut requests = Stream {
            left: transfer,
            pause: 0.0,
        };
        let mut answers = Stream {
            left: samples * to,
            pause: 0.0,
        };
        let (mut waits, mut ready) = (0.0, 0.0);
        let (mut packet, mut between) = (samples, 0.0);
        let (mut done, mut time) = (0.0, 0.0);
        let (warm, end) = (20.0 * samples, 100.0 * samples + 2e6);
        let mut start = 0.0;
        while done < end {
            waits += requests.step(link.min(fifo - waits), transfer, pause);
            if between > 0.0 {
                between -= STEP;
            } else {
                let most = (clock * lanes * STEP)
                    .min(waits / from)
                    .min((fifo - ready) / to);
                let now = most.min(packet);
                waits -= now * from;
                ready += now * to;
                packet -= now;
                if packet <= 0.0 {
                    packet = samples;
                    between = BETWEEN / clock;
                }
            }
            let gone = answers.step(link.min(ready), samples * to, pause);
            ready -= gone;
            if done < warm {
                start = time;
            }
            done += gone / to;
            time += STEP;
        }
        (done - warm) / (time - start)
    }
}

fn main() {
    let args = Args::parse();
    println!(
        "Gen2 x{}, TLPs of {} bytes: {:.2} GB/s each way; {} us between transfers, FIFOs of {} bytes\n",
        args.width,
        args.payload,
        args.link() / 1e9,
        args.pause,
        args.fifo
    );
    println!(
        "| lanes | MHz | core, million samples/s | link | encode | decode | bottleneck | packet for 95 % |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (lanes, mhz) in [(4.0, 125.0), (4.0, 250.0), (8.0, 125.0), (8.0, 250.0)] {
        let (core, link) = (lanes * mhz * 1e6, args.link() / 2.0);
        let rates = |size: u32| {
            [true, false].map(|way| args.rate(mhz * 1e6, lanes, f64::from(1u32 << size), way))
        };
        let [encode, decode] = rates(18);
        let limit = core.min(link);
        let enough = SIZES
            .into_iter()
            .find(|&size| rates(size).iter().all(|&rate| rate > 0.95 * limit));
        println!(
            "| {lanes} | {mhz} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} |",
            core / 1e6,
            link / 1e6,
            encode / 1e6,
            decode / 1e6,
            if core < link { "core" } else { "link" },
            enough.map_or("none".into(), |size| format!("2^{size}"))
        );
    }
}
