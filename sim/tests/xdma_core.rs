//! `dqa_xdma` as a DMA engine meets it: requests of every kind of fault for both paths at once, in transfers
//! that end anywhere. What it answers is golden's, also after a soft reset in the middle of it all.

mod requests;

use dqa_golden::packet::{Cutter, Direction, Reader, Reply};
use dqa_hdl::load;
use dqa_hdl::registers::{
    Field, contexts, control, dec_plane_len0, dec_plane_len1, enc_plane_len0, enc_plane_len1,
    irq_enable, irq_status, load_addr, load_data, status,
};
use dqa_hdl::xdma::xdma_core::EngineBits;
use dqa_sim::xdma::XdmaBoard;
use dqa_sim::{CoreError, SimError, Stall, seeds};
use fastrand::Rng;
use requests::{FAULTS, Host, parameters};

/// Clocks in which an answer comes: ten for each beat of the longest.
const PATIENCE: u64 = 4_000_000;
/// Clocks after which a path that has nothing to do gives nothing any more: more than a scanner works on
/// its report.
const QUIET: u64 = 3000;

const PATHS: [Direction; 2] = [Direction::Write, Direction::Read];

/// Lanes and bits of the engine.
const SIZES: [(usize, usize); 2] = [(8, 128), (2, 64)];

/// PATH of LOAD_ADDR, which contexts are valid, and their plane lengths.
fn registers(path: Direction) -> (u32, Field, [Field; 2]) {
    match path {
        Direction::Write => (
            0,
            contexts::ENCODER_VALID,
            [enc_plane_len0::SAMPLES, enc_plane_len1::SAMPLES],
        ),
        Direction::Read => (
            1,
            contexts::DECODER_VALID,
            [dec_plane_len0::SAMPLES, dec_plane_len1::SAMPLES],
        ),
    }
}

/// A board with its two hosts, whose contexts are loaded.
struct Session {
    board: XdmaBoard,
    hosts: [Host; 2],
    cutters: [Cutter; 2],
    random: Rng,
}

impl Session {
    fn new(lanes: usize, bits: usize, seed: u64) -> Result<Self, CoreError> {
        let engine = EngineBits::new(bits, lanes).expect("they go together");
        let mut hosts = PATHS.map(|path| Host::new(seed, path, lanes));
        hosts[1].path.check_sequence = hosts[0].path.check_sequence;
        let cutters = [0, 1].map(|at: usize| Cutter::new(hosts[at].beat_bytes()));
        let mut session = Self {
            board: XdmaBoard::new(&parameters(lanes), engine, seed)?,
            hosts,
            cutters,
            random: Rng::with_seed(!seed),
        };
        session.load(lanes)?;
        Ok(session)
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        self.board.write(offset, word)?.expect("there is one");
        Ok(())
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        Ok(self.board.read(offset)?.expect("there is one"))
    }

    fn load(&mut self, lanes: usize) -> Result<(), SimError> {
        let (mut valid, parameters) = (0, parameters(lanes));
        for (at, path) in PATHS.into_iter().enumerate() {
            let (number, field, plane_len) = registers(path);
            valid |= field.put(3);
            for (id, plane_len) in plane_len.into_iter().enumerate() {
                let context = self.hosts[at].path.contexts[id].clone().expect("there");
                let writes = match path {
                    Direction::Write => load::encoder(&parameters, &context),
                    Direction::Read => load::decoder(&parameters, &context),
                };
                let place = load_addr::PATH.put(number) | load_addr::CONTEXT.put(id as u32);
                for write in writes.expect("it fits") {
                    let address = place | load_addr::ADDRESS.put(write.addr);
                    self.write(load_addr::REGISTER.offset, address)?;
                    self.write(load_data::REGISTER.offset, write.data)?;
                }
                self.write(plane_len.offset, plane_len.put(context.parts().plane_len))?;
            }
        }
        self.write(contexts::REGISTER.offset, valid)?;
        let check = self.hosts[0].path.check_sequence;
        self.write(
            control::CHECK_SEQUENCE.offset,
            control::CHECK_SEQUENCE.put(check.into()),
        )
    }

    /// Sends requests with these faults to a path, in transfers that hold some or a part of one, and gives
    /// the answers that are due.
    fn send(&mut self, at: usize, faults: &[usize]) -> Vec<Reply> {
        let host = &mut self.hosts[at];
        let mut transfers = vec![Vec::new()];
        for &fault in faults {
            let open = transfers.last_mut().expect("there is one");
            open.extend(host.faulty(fault));
            if self.random.bool() {
                transfers.push(Vec::new());
            }
        }
        let (mut replies, mut request) = (Vec::new(), Vec::new());
        for transfer in transfers {
            let mut rest = &transfer[..];
            while !rest.is_empty() {
                let most = [rest.len(), 16, 64, 500][self.random.usize(0..4)];
                let part = self.random.usize(1..=rest.len().min(most));
                let (bytes, behind) = rest.split_at(part);
                rest = behind;
                self.board.send(PATHS[at], bytes);
                self.cutters[at].feed(bytes, true, &mut |bytes, last| {
                    request.extend_from_slice(bytes);
                    if last {
                        replies.push(host.path.reply(&request));
                        request.clear();
                    }
                });
            }
        }
        // What a wrong length has left open ends with this.
        assert!(request.is_empty() || faults.iter().any(|&fault| fault > 0));
        replies
    }

    fn answer(&mut self, at: usize) -> Result<Vec<u8>, SimError> {
        let board = &mut self.board;
        let before = board.bench().cycle();
        loop {
            if let Some(answer) = board.receive(PATHS[at])? {
                return Ok(answer);
            }
            assert!(board.bench().cycle() < before + PATIENCE, "no answer");
            board.run(100)?;
        }
    }

    fn check(&mut self, at: usize, replies: &[Reply]) -> Result<(), SimError> {
        for (number, reply) in replies.iter().enumerate() {
            let answer = self.answer(at)?;
            assert!(
                reply.admits(&answer),
                "answer {number} of {}:\n{answer:02x?}\nexpected {reply:02x?}",
                replies.len()
            );
        }
        Ok(())
    }

    /// As the driver resets a card: what the engine still has runs into the core, and is cleared away by a second
    /// reset. Gives what came, to the last end.
    fn reset(&mut self) -> Result<[Vec<Vec<u8>>; 2], SimError> {
        let mut came = [Vec::new(), Vec::new()];
        for _ in 0..2 {
            self.write(
                control::SOFT_RESET.offset,
                control::SOFT_RESET.put(1)
                    | control::CHECK_SEQUENCE.put(self.hosts[0].path.check_sequence.into()),
            )?;
            let board = &mut self.board;
            let end = board.bench().cycle() + PATIENCE;
            loop {
                for (path, came) in PATHS.iter().zip(&mut came) {
                    while let Some(packet) = board.receive(*path)? {
                        came.push(packet);
                    }
                }
                let there = |board: &XdmaBoard| {
                    PATHS.map(|path| [board.waiting(path), board.received(path)])
                };
                let before = there(board);
                board.run(QUIET)?;
                if there(board) == before {
                    break;
                }
                assert!(board.bench().cycle() < end, "it never comes to rest");
            }
        }
        // A request whose rest never comes may have followed the first reset; nothing has the second.
        let left = PATHS.map(|path| [self.board.waiting(path), self.board.received(path)]);
        assert_eq!(left, [[0; 2]; 2], "an answer without its end");
        assert_eq!(self.read(status::REGISTER.offset)?, 0, "a path is busy");
        for host in &mut self.hosts {
            host.path.last_sequence = None;
        }
        self.cutters.iter_mut().for_each(Cutter::reset);
        Ok(came)
    }
}

#[test]
fn every_request_is_answered_as_golden() -> Result<(), CoreError> {
    for (lanes, bits) in SIZES {
        let mut answers = 0;
        for seed in seeds(4) {
            let mut session = Session::new(lanes, bits, seed)?;
            session.board.stall(Stall::SWEEP[seed as usize % 4]);
            for _ in 0..2 {
                let replies = [0, 1].map(|at| {
                    let mut faults: Vec<_> = (0..FAULTS).chain([0; 10]).collect();
                    session.random.shuffle(&mut faults);
                    session.send(at, &faults)
                });
                for (at, replies) in replies.iter().enumerate() {
                    answers += replies.len();
                    session.check(at, replies)?;
                }
                // A length that was damaged may have left a request open.
                session.reset()?;
            }
        }
        println!("{lanes} lanes behind {bits} bits: {answers} answers");
    }
    Ok(())
}

#[test]
fn a_soft_reset_ends_what_it_cuts() -> Result<(), CoreError> {
    for (lanes, bits) in SIZES {
        let mut cut = 0;
        let mut session = Session::new(lanes, bits, 1)?;
        for seed in seeds(16) {
            session.board.stall(Stall::SWEEP[seed as usize % 4]);
            let replies = [0, 1].map(|at| session.send(at, &[0; 5]));
            // And one whose rest never comes.
            for (at, path) in PATHS.into_iter().enumerate() {
                let mut request = session.hosts[at].faulty(0);
                request.truncate(session.random.usize(1..request.len()));
                session.board.send(path, &request);
            }
            let clocks = session.random.u64(0..2000);
            session.board.run(clocks)?;
            let came = session.reset()?;
            for (replies, came) in replies.iter().zip(&came) {
                // Right answers up to the reset; then perhaps what there was of one, with an end.
                let mut pairs = replies.iter().zip(came);
                let other = pairs.find(|(reply, answer)| !reply.admits(answer));
                cut += usize::from(other.is_some_and(|(_, answer)| {
                    answer.starts_with(b"DQAP") && Reader::new().read(&mut &answer[..]).is_none()
                }));
            }
            for at in 0..2 {
                let replies = session.send(at, &[0, 0]);
                session.check(at, &replies)?;
            }
        }
        println!("{lanes} lanes behind {bits} bits: {cut} answers were cut");
        assert!(seeds(16).count() < 30 || cut > 5, "{cut} answers were cut");
    }
    Ok(())
}

/// The core's interrupt, cleared before the engine has told the host of it.
#[test]
fn an_interrupt_waits_for_its_message() -> Result<(), CoreError> {
    let mut session = Session::new(2, 64, 0)?;
    let replies = session.send(0, &[0]);
    session.check(0, &replies)?;
    let asked = |session: &mut Session| {
        session.board.run(4)?;
        Ok::<_, SimError>(session.board.bench().read("usr_irq_req").to_u64() == 1)
    };
    assert!(!asked(&mut session)?);
    session.write(irq_enable::REGISTER.offset, irq_enable::ENCODER_DONE.mask())?;
    assert!(asked(&mut session)?);
    session.write(irq_status::REGISTER.offset, irq_status::ENCODER_DONE.mask())?;
    assert!(asked(&mut session)?, "the engine has not sent it");
    session.board.bench().write("usr_irq_ack", true);
    session.board.run(1)?;
    session.board.bench().write("usr_irq_ack", false);
    assert!(!asked(&mut session)?);
    Ok(())
}
