//! Blobs for code that reads and writes by the traits of `std::io`, on a thread that may block.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use tokio::runtime::Handle;

use super::store::{BlobWriter, Blobs, RANGE_BYTES_MAX};
use crate::key::Key;

/// Reads a blob, at first from its beginning. Not for a thread of the runtime: it blocks.
pub struct BlobReader {
    blobs: Arc<dyn Blobs>,
    key: Key,
    runtime: Handle,
    /// Where the next byte is read.
    offset: u64,
    /// What was read ahead from there.
    buffer: Bytes,
}

impl BlobReader {
    /// A reader of a blob; whether there is one shows when it is read.
    #[must_use]
    pub fn new(blobs: Arc<dyn Blobs>, key: Key, runtime: Handle) -> Self {
        Self {
            blobs,
            key,
            runtime,
            offset: 0,
            buffer: Bytes::new(),
        }
    }
}

impl Read for BlobReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.buffer.has_remaining() {
            let range = self.blobs.range(&self.key, self.offset, RANGE_BYTES_MAX);
            self.buffer = self.runtime.block_on(range)?;
        }
        let read = into.len().min(self.buffer.len());
        self.buffer.copy_to_slice(&mut into[..read]);
        self.offset += read as u64;
        Ok(read)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => {
                let size = self.runtime.block_on(self.blobs.size(&self.key))?;
                size.unwrap_or(0).checked_add_signed(by)
            }
        };
        // As for files: a place before the beginning is none.
        let offset = offset.ok_or(ErrorKind::InvalidInput)?;
        match usize::try_from(offset.wrapping_sub(self.offset)) {
            Ok(ahead) if ahead <= self.buffer.len() => self.buffer.advance(ahead),
            _ => self.buffer.clear(),
        }
        self.offset = offset;
        Ok(offset)
    }
}

/// Writes a blob. Not for a thread of the runtime: it blocks. Each write is an append, so it wants a buffer before it.
pub struct BlobSink {
    writer: Box<dyn BlobWriter>,
    runtime: Handle,
}

impl BlobSink {
    /// A sink into a writer.
    #[must_use]
    pub fn new(writer: Box<dyn BlobWriter>, runtime: Handle) -> Self {
        Self { writer, runtime }
    }

    /// Ends the writer; the size of the blob.
    ///
    /// # Errors
    /// As [`BlobWriter::finish`].
    pub fn finish(self) -> io::Result<u64> {
        Ok(self.runtime.block_on(self.writer.finish())?)
    }
}

impl Write for BlobSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let appended = self.writer.append(Bytes::copy_from_slice(bytes));
        Ok(self.runtime.block_on(appended)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        // An append is in the file when it is answered.
        Ok(())
    }
}
