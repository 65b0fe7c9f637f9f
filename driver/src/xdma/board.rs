//! The files of a card, and what their errors mean.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::window;
use crate::card::{LinkError, opened};

/// A stream of the DMA engine.
pub trait Stream: Send + Sync {
    /// Puts what comes behind the bytes that are in `into`, up to the end of a packet and no more than there is
    /// room for, and says how many those are.
    fn read(&self, into: &mut Vec<u8>) -> io::Result<usize>;

    /// Takes bytes from the front, and says how many.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// The registers of a core.
pub trait Registers: Send {
    /// Reads a word.
    fn read(&mut self, offset: u16) -> io::Result<u32>;

    /// Writes a word.
    fn write(&mut self, offset: u16, word: u32) -> io::Result<()>;
}

/// What is open of a card. Each pair is that of the write path, then that of the read path.
pub struct Nodes {
    /// To the card.
    pub requests: [Arc<dyn Stream>; 2],
    /// From the card.
    pub answers: [Arc<dyn Stream>; 2],
    /// Of the core.
    pub registers: Box<dyn Registers>,
}

/// An error of a file, as what it means for the card.
pub(crate) fn told(name: &str, what: &str, error: &io::Error) -> LinkError {
    let name = name.to_owned();
    let failed = |remedy: &str| LinkError::Failed {
        name: name.clone(),
        what: what.to_owned(),
        reason: error.to_string(),
        remedy: remedy.to_owned(),
    };
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => LinkError::Absent {
            name,
            remedy: format!(
                "{what}: no such file; load the vendor's driver (modprobe xdma), look with lspci -d 10ee: \
                 whether the card is seen, and give its number or the path before _user"
            ),
        },
        Some(Errno::ACCESS | Errno::PERM) => LinkError::Permission {
            name,
            remedy: format!("{what}: permission denied; add the udev rule of docs/src/pcie.md"),
        },
        Some(Errno::BUSY) => LinkError::Busy { name },
        Some(Errno::NODEV | Errno::NXIO | Errno::NOTCONN | Errno::CONNABORTED) => LinkError::Gone {
            name,
            remedy: format!("{what}: {error}; plug the card in, rescan the bus, and try again"),
        },
        Some(Errno::INVAL) => failed(
            "the driver refuses the transfer: is the design's DMA interface AXI4-Stream, with two channels \
             each way?",
        ),
        Some(Errno::IO) => failed("the DMA engine met an error: dmesg tells which"),
        Some(Errno::TIMEDOUT) => failed("the core did not take or give data in the driver's time"),
        _ => failed("dmesg may tell more"),
    }
}

/// A card that can be opened, again where it was gone.
pub trait Board: Send {
    /// A name for people.
    fn name(&self) -> &str;

    /// Opens all nodes.
    fn open(&self) -> Result<Nodes, LinkError>;
}

/// A card behind Xilinx's driver: `<prefix>_user`, and for channels 0 (write path) and 1 (read path)
/// `<prefix>_h2c_<n>` and `<prefix>_c2h_<n>`.
#[derive(Clone, Debug)]
pub struct Files {
    name: String,
    prefix: String,
}

impl Files {
    /// The card `0`, `1` and so on in `/dev`, or the one whose nodes begin with a path:
    /// `/dev/xdma0` is the same as `0`.
    pub fn new(place: &str) -> Self {
        Self {
            name: format!("xdma:{place}"),
            prefix: match place.contains('/') {
                true => place.to_owned(),
                false => format!("/dev/xdma{place}"),
            },
        }
    }

    fn node(&self, what: &str, options: &std::fs::OpenOptions) -> Result<File, LinkError> {
        let path = PathBuf::from(format!("{}_{what}", self.prefix));
        let what = format!("opening {}", path.display());
        opened(|| {
            let file = options.open(&path);
            file.map_err(|error| told(&self.name, &what, &error))
        })
    }
}

/// The file of a stream. Offsets stay 0: the driver takes them for addresses, which streams have not.
struct StreamFile(File);

impl Stream for StreamFile {
    fn read(&self, into: &mut Vec<u8>) -> io::Result<usize> {
        Ok(rustix::io::pread(&self.0, spare_capacity(into), 0)?)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(bytes, 0)
    }
}

impl Board for Files {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> Result<Nodes, LinkError> {
        let stream = |file| Arc::new(StreamFile(file)) as Arc<dyn Stream>;
        let request = |channel: u8| {
            let file = self.node(&format!("h2c_{channel}"), File::options().write(true))?;
            Ok::<_, LinkError>(stream(file))
        };
        // With O_TRUNC the driver ends a read at the end of a packet, without when the buffer is full.
        let until_end = OFlags::TRUNC.bits().cast_signed();
        let answer = |channel: u8| {
            let mut options = File::options();
            let options = options.read(true).custom_flags(until_end);
            Ok::<_, LinkError>(stream(self.node(&format!("c2h_{channel}"), options)?))
        };
        let user = self.node("user", File::options().read(true).write(true))?;
        Ok(Nodes {
            requests: [request(0)?, request(1)?],
            answers: [answer(0)?, answer(1)?],
            registers: window::registers(user),
        })
    }
}
