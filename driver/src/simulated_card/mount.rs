//! The card's nodes as files, by FUSE.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use dqa_hdl::registers::BYTES;
use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, InitFlags, KernelConfig, LockOwner, MountOption, OpenFlags, ReplyAttr,
    ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, WriteFlags,
};

use super::SimulatedCard;

/// What the nodes' names begin with.
const PREFIX: &str = "xdma0";
/// Bytes of the largest transfer.
const TRANSFER: u32 = 1 << 20;
/// Each of four streams may have a call that waits; the rest is for registers and all else.
const THREADS: usize = 8;
const FOREVER: Duration = Duration::from_secs(1 << 20);
const ROOT: u64 = 1;

/// What a node is.
#[derive(Clone, Copy, Debug)]
enum Node {
    Requests(usize),
    Answers(usize),
    Registers,
}

/// Nodes by name; an inode is the place here, behind the root's.
const NODES: [(&str, Node); 5] = [
    ("h2c_0", Node::Requests(0)),
    ("h2c_1", Node::Requests(1)),
    ("c2h_0", Node::Answers(0)),
    ("c2h_1", Node::Answers(1)),
    ("user", Node::Registers),
];

/// Mounts a card's nodes in a folder: `xdma0_user`, and so on as the driver names them. Drop the session
/// to unmount.
///
/// # Errors
///
/// When FUSE is not there, or the folder cannot be mounted on.
pub fn mount(card: &SimulatedCard, folder: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("dqa-card".into()),
        MountOption::RW,
        MountOption::NoExec,
    ];
    config.n_threads = Some(THREADS);
    config.clone_fd = true;
    fuser::spawn_mount(Files(card.clone()), folder, &config)
}

struct Files(SimulatedCard);

fn node(inode: INodeNo) -> Option<Node> {
    let at = inode.0.checked_sub(ROOT + 1)?;
    let node = NODES.get(usize::try_from(at).ok()?);
    node.map(|&(_, node)| node)
}

fn attributes(inode: INodeNo) -> FileAttr {
    let (kind, perm) = match node(inode) {
        None => (FileType::Directory, 0o755),
        Some(_) => (FileType::RegularFile, 0o600),
    };
    FileAttr {
        ino: inode,
        size: match node(inode) {
            Some(Node::Registers) => BYTES.into(),
            _ => 0,
        },
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm,
        nlink: 1,
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn errno(error: io::Error) -> Errno {
    error.into()
}

impl Filesystem for Files {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // An older kernel has its own limits, which do as well.
        let _ = config.set_max_write(TRANSFER);
        // With it, O_TRUNC comes with the opening, as to a driver.
        let _ = config.add_capabilities(InitFlags::FUSE_ATOMIC_O_TRUNC);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let name = name.and_then(|name| name.strip_prefix('_'));
        let found = (ROOT + 1..)
            .zip(NODES)
            .find(|(_, (node, _))| parent.0 == ROOT && name == Some(node));
        match found {
            Some((inode, _)) => {
                reply.entry(&FOREVER, &attributes(INodeNo(inode)), Generation(0));
            }
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match inode.0 == ROOT || node(inode).is_some() {
            true => reply.attr(&FOREVER, &attributes(inode)),
            false => reply.error(Errno::ENOENT),
        }
    }

    fn readdir(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        if inode.0 != ROOT {
            return reply.error(Errno::ENOTDIR);
        }
        for (at, (name, _)) in (0..)
            .zip(NODES)
            .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        {
            let (inode, name) = (INodeNo(ROOT + 1 + at), format!("{PREFIX}_{name}"));
            if reply.add(inode, at + 1, FileType::RegularFile, name) {
                break;
            }
        }
        reply.ok();
    }

    fn open(&self, _: &Request, inode: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let opened = match node(inode) {
            Some(Node::Answers(path)) => self.0.open_answers(path),
            Some(_) => Ok(0),
            None => return reply.error(Errno::ENOENT),
        };
        match opened {
            Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::FOPEN_DIRECT_IO),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn release(
        &self,
        _: &Request,
        inode: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        if let Some(Node::Answers(path)) = node(inode) {
            self.0.close_answers(path, handle.0);
        }
        reply.ok();
    }

    /// Offsets of streams are addresses, which they have not.
    fn read(
        &self,
        _: &Request,
        inode: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = match node(inode) {
            Some(Node::Answers(path)) => {
                let most = size.min(TRANSFER) as usize;
                return match self.0.read_answers(path, handle.0, most) {
                    Ok(bytes) => {
                        reply.data(&bytes);
                        self.0.reuse(bytes);
                    }
                    Err(error) => reply.error(errno(error)),
                };
            }
            Some(Node::Registers) => match (u16::try_from(offset), size) {
                (Ok(offset), 4) => {
                    let word = self.0.read_register(offset);
                    word.map(|word| word.to_le_bytes().to_vec())
                }
                _ => return reply.error(Errno::EINVAL),
            },
            _ => return reply.error(Errno::EINVAL),
        };
        match read {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        inode: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = match (node(inode), u16::try_from(offset), data.try_into()) {
            (Some(Node::Requests(path)), ..) => self.0.write_requests(path, data),
            (Some(Node::Registers), Ok(offset), Ok(word)) => {
                let written = self.0.write_register(offset, u32::from_le_bytes(word));
                written.map(|()| data.len())
            }
            _ => return reply.error(Errno::EINVAL),
        };
        match written {
            Ok(count) => reply.written(u32::try_from(count).unwrap_or(u32::MAX)),
            Err(error) => reply.error(errno(error)),
        }
    }
}
