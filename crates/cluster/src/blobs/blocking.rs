//! Blobs for code that reads and writes by the traits of `std::io`, on a thread that may block.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use tokio::runtime::Handle;

use super::store::{BlobWriter, Blobs, RANGE_BYTES_MAX};
use crate::key::Key;

/// Reads a blob from its beginning. Not for a thread of the runtime: it blocks.
pub struct BlobReader {
    blobs: Arc<dyn Blobs>,
    key: Key,
    runtime: Handle,
    offset: u64,
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
            self.offset += self.buffer.len() as u64;
        }
        let read = into.len().min(self.buffer.len());
        self.buffer.copy_to_slice(&mut into[..read]);
        Ok(read)
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
