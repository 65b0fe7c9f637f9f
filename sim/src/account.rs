//! What became of the faults of a line: seen by nobody but an onlooker at both of its ends.
//!
//! A fault that breaks a frame is *detected* when the frame fails the checks of its receiver, and *recovered*
//! when all data that had been sent by then has come intact and in order, or a new session has begun. One that
//! breaks no frame is *harmless*. A reset is detected and recovered by a new session.

use dqa_golden::link::{Deframer, Frame, Tag, VERSION};

use crate::faults::{Event, Fault};

/// What became of the faults of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that happened.
    pub injected: u64,
    /// Those that broke no frame.
    pub harmless: u64,
    /// Those that broke a frame, which its receiver could tell.
    pub detected: u64,
    /// Those of them after which all has come.
    pub recovered: u64,
}

impl Tally {
    /// Nothing is left of them.
    pub fn is_over(&self) -> bool {
        self.injected == self.harmless + self.recovered
    }
}

/// A detected fault, and what has to come before it is recovered.
#[derive(Clone, Copy, Debug)]
struct Open {
    fault: Fault,
    /// Number behind the last data frame that had been sent; none while the board is in no session.
    until: Option<u8>,
}

/// The account of a line.
#[derive(Clone, Debug, Default)]
pub struct Account {
    tallies: [Tally; Fault::ALL.len()],
    bytes: u64,
    /// Both ends.
    sent: Deframer,
    came: Deframer,
    /// The last frame that was sent, until another begins.
    last: Option<Frame>,
    session: u16,
    /// Number behind the last data frame that was sent, and that came in order.
    sent_to: u8,
    came_to: u8,
    /// Bytes came behind the last end.
    inside: bool,
    /// A break came behind the last end.
    broken: bool,
    /// A frame was broken, since the faults of `here`.
    damaged: bool,
    /// Faults whose frames have not come to their end.
    here: Vec<Fault>,
    open: Vec<Open>,
    cut: u64,
    wrong: u64,
}

impl Account {
    /// A byte goes into the line.
    pub fn sent(&mut self, byte: u8) {
        self.bytes += 1;
        match self.sent.push(byte) {
            Some(Ok(frame)) => {
                if let Tag::Data(_) = frame.tag
                    && frame.session == self.session
                    && frame.sequence.wrapping_sub(self.sent_to) < 128
                {
                    self.sent_to = frame.sequence.wrapping_add(1);
                }
                self.last = Some(frame);
            }
            Some(Err(_)) => {
                self.cut += 1;
                self.last = None;
            }
            None => {}
        }
    }

    /// Something comes out of it.
    pub fn came(&mut self, event: Event) {
        match event {
            Event::Byte(byte) => {
                self.inside = byte != 0;
                match self.came.push(byte) {
                    Some(Ok(frame)) if !self.broken => self.frame(frame),
                    Some(_) => self.damaged = true,
                    None if byte == 0 => self.damaged |= self.broken,
                    None => {}
                }
                self.broken &= byte != 0;
            }
            Event::Break => self.broken = true,
            Event::Stall | Event::Reset => {}
        }
    }

    /// The byte that was sent has come, with this fault; to be called behind the other two.
    pub fn passed(&mut self, byte: u8, fault: Option<Fault>) {
        if let Some(fault) = fault {
            self.tallies[fault as usize].injected += 1;
            match fault {
                Fault::Reset => {
                    self.tallies[fault as usize].detected += 1;
                    self.open.push(Open { fault, until: None });
                }
                _ => self.here.push(fault),
            }
        }
        // Both ends are between frames.
        if byte == 0 && !self.inside && !self.broken {
            for fault in self.here.drain(..) {
                let tally = &mut self.tallies[fault as usize];
                match self.damaged {
                    false => tally.harmless += 1,
                    true => {
                        tally.detected += 1;
                        let until = Some(self.sent_to);
                        self.open.push(Open { fault, until });
                    }
                }
            }
            self.damaged = false;
        }
    }

    fn frame(&mut self, frame: Frame) {
        if self.last.as_ref() != Some(&frame) {
            self.wrong += 1;
        }
        let begins = frame.tag == Tag::Open && frame.sequence == VERSION;
        if begins && ![0, self.session].contains(&frame.session) {
            self.session = frame.session;
            (self.sent_to, self.came_to) = (0, 0);
            self.recover(|_| true);
        }
        if frame.session != self.session {
            return;
        }
        if let Tag::Data(_) = frame.tag
            && frame.sequence == self.came_to
        {
            self.came_to = self.came_to.wrapping_add(1);
        }
        let came_to = self.came_to;
        self.recover(|open| {
            open.until
                .is_some_and(|until| came_to.wrapping_sub(until) < 128)
        });
    }

    fn recover(&mut self, is_over: impl Fn(&Open) -> bool) {
        for open in self.open.extract_if(.., |open| is_over(open)) {
            self.tallies[open.fault as usize].recovered += 1;
        }
    }

    /// What became of the faults of this kind.
    pub fn tally(&self, fault: Fault) -> Tally {
        self.tallies[fault as usize]
    }

    /// Bytes that were sent.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Frames that their sender left unfinished: it was reset, or vanished.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Frames that came intact and that nobody had sent.
    pub fn wrong(&self) -> u64 {
        self.wrong
    }
}

/// The accounts of both directions, to the board and from it, as a table.
pub fn table(accounts: [&Account; 2]) -> String {
    let mut text = String::from(
        "| fault | to the board: injected | harmless | detected | recovered | to the host: injected | harmless \
         | detected | recovered |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for fault in Fault::ALL {
        text += &format!("| {} |", fault.name());
        for account in accounts {
            let Tally {
                injected,
                harmless,
                detected,
                recovered,
            } = account.tally(fault);
            text += &format!(" {injected} | {harmless} | {detected} | {recovered} |");
        }
        text.push('\n');
    }
    let [to_board, to_host] = accounts.map(|account| (account.cut(), account.wrong()));
    text += &format!(
        "\nFrames cut off by their sender: {} to the board, {} to the host; \
         wrong frames that came as intact: {}, {}.\n",
        to_board.0, to_host.0, to_board.1, to_host.1
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Faults, Rates};
    use dqa_golden::link::{Channel, Sender};

    fn frame(tag: Tag, sequence: u8) -> Vec<u8> {
        let data = match tag {
            Tag::Data(_) => vec![sequence, 0, 5],
            _ => Vec::new(),
        };
        let frame = Frame {
            sender: Sender::Host,
            tag,
            again: false,
            poll: false,
            sequence,
            acknowledge: 0,
            session: 9,
            data,
        };
        frame.to_wire()
    }

    /// An account, and its line with these faults.
    fn run(faults: &[(u64, Fault)], bytes: &[u8]) -> Account {
        let (mut account, mut line) = (Account::default(), Faults::new(Rates::default(), 3));
        line.plan(faults.iter().copied());
        for &byte in bytes {
            account.sent(byte);
            let fault = line.pass(byte, |event| account.came(event));
            account.passed(byte, fault);
        }
        account
    }

    #[test]
    fn faults_are_open_until_what_they_broke_has_come() {
        let open = frame(Tag::Open, VERSION);
        let data = |number| frame(Tag::Data(Channel::Encode), number);
        let at = open.len() as u64 + 3;
        for fault in [
            Fault::Flip,
            Fault::Drop,
            Fault::Double,
            Fault::Insert,
            Fault::Break,
        ] {
            let tally = |frames: &[Vec<u8>]| {
                let bytes = [std::slice::from_ref(&open), frames].concat().concat();
                let account = run(&[(at, fault)], &bytes);
                assert_eq!((account.wrong(), account.cut()), (0, 0));
                let tally = account.tally(fault);
                (tally.detected, tally.recovered)
            };
            assert_eq!(tally(&[data(0)]), (1, 0), "{fault:?}");
            assert_eq!(tally(&[data(0), data(1)]), (1, 0), "{fault:?}");
            assert_eq!(tally(&[data(0), data(1), data(0)]), (1, 1), "{fault:?}");
            let anew = frame(Tag::Open, VERSION);
            assert_eq!(tally(&[data(0), anew.clone()]), (1, 0), "{fault:?}");
        }
    }

    #[test]
    fn an_end_that_is_lost_takes_the_next_frame_along() {
        let frames = [
            frame(Tag::Open, VERSION),
            frame(Tag::Bare, 0),
            frame(Tag::Bare, 0),
        ];
        let end = frames[0].len() + frames[1].len() - 1;
        let account = run(&[(end as u64, Fault::Drop)], &frames.concat());
        let tally = account.tally(Fault::Drop);
        assert_eq!((tally.detected, tally.recovered), (1, 0));
        let more = [&frames[..], &frames[2..]].concat().concat();
        assert!(
            run(&[(end as u64, Fault::Drop)], &more)
                .tally(Fault::Drop)
                .is_over()
        );
    }

    #[test]
    fn what_breaks_nothing_is_harmless() {
        let frames = [frame(Tag::Open, VERSION), vec![0], frame(Tag::Bare, 0)];
        let zero = frames[0].len() as u64;
        for (at, fault) in [
            (zero, Fault::Drop),
            (zero, Fault::Double),
            (4, Fault::Stall),
        ] {
            let tally = run(&[(at, fault)], &frames.concat()).tally(fault);
            assert_eq!((tally.harmless, tally.detected), (1, 0), "{fault:?}");
        }
    }

    #[test]
    fn a_reset_is_over_with_a_new_session() {
        let mut bytes = [
            frame(Tag::Open, VERSION),
            frame(Tag::Data(Channel::Encode), 0),
        ]
        .concat();
        let at = bytes.len() as u64 - 5;
        let account = run(&[(at, Fault::Reset)], &bytes);
        assert!(!account.tally(Fault::Reset).is_over());
        let mut other =
            Frame::from_wire(&frame(Tag::Open, VERSION)[..frame(Tag::Open, VERSION).len() - 1])
                .unwrap();
        other.session = 10;
        bytes.extend(other.to_wire());
        assert!(
            run(&[(at, Fault::Reset)], &bytes)
                .tally(Fault::Reset)
                .is_over()
        );
    }

    #[test]
    fn a_frame_that_its_sender_leaves_is_counted() {
        let mut bytes = frame(Tag::Open, VERSION);
        bytes.truncate(6);
        bytes.push(0);
        bytes.extend(frame(Tag::Open, VERSION));
        let account = run(&[], &bytes);
        assert_eq!((account.cut(), account.wrong()), (1, 0));
    }
}
