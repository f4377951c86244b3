//! What a server replies, as text, whatever it is written in.
//!
//! Replies should be ASCII, or UTF-8 where that was agreed on (RFC 6531). Servers of another age answer in the letters of their country: what
//! is no UTF-8 is read as Latin-1, in which every byte is a letter. So a reply is never lost for its spelling; its three digits say what it
//! means.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of one line of a reply, of which RFC 5321 section 4.5.3.1.5 allows 512; a server that sends more is not one.
pub const REPLY_LINE_BYTES_MAX: usize = 1_000;

/// Bytes read at once.
const READ_BYTES: usize = 512;

/// A connection whose replies are UTF-8.
#[derive(Debug)]
pub(super) struct ReplyLines<S> {
    inner: S,
    peer: SocketAddr,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// Whole lines in UTF-8, and how much of them was read.
    whole: Vec<u8>,
    read: usize,
}

impl<S> ReplyLines<S> {
    /// `heard` is what the server said before, for who has not heard it yet.
    pub(super) const fn new(inner: S, peer: SocketAddr, heard: Vec<u8>) -> Self {
        Self {
            inner,
            peer,
            begun: Vec::new(),
            whole: heard,
            read: 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            self.begun.push(*byte);
            if *byte == b'\n' {
                self.whole.extend_from_slice(text(&self.begun).as_bytes());
                self.begun.clear();
            }
            if self.begun.len() > REPLY_LINE_BYTES_MAX {
                let why = format!("a line of a reply has more than {REPLY_LINE_BYTES_MAX} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
        Ok(())
    }
}

/// A line as text: UTF-8, or else Latin-1.
pub(super) fn text(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReplyLines<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.read == this.whole.len() {
            this.whole.clear();
            this.read = 0;
            let mut bytes = [0; READ_BYTES];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                // The end; half a line is no reply.
                return Poll::Ready(Ok(()));
            }
            this.take(read.filled())?;
        }
        let rest = &this.whole[this.read..];
        let count = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..count]);
        this.read += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReplyLines<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for ReplyLines<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn lines(said: &[u8]) -> ReplyLines<&[u8]> {
        ReplyLines::new(said, SocketAddr::from(([127, 0, 0, 1], 25)), Vec::new())
    }

    async fn heard(said: &[u8]) -> io::Result<String> {
        let mut heard = String::new();
        lines(said).read_to_string(&mut heard).await.map(|_| heard)
    }

    #[tokio::test]
    async fn replies_in_utf_8_and_in_latin_1_are_text() {
        for (said, text) in [
            (&b"250 ok\r\n"[..], "250 ok\r\n"),
            ("250 ça va\r\n".as_bytes(), "250 ça va\r\n"),
            (b"550 bo\xeete inconnue\r\n", "550 boîte inconnue\r\n"),
            (
                b"250-a\r\n250 \xff\x80\r\n221 b",
                "250-a\r\n250 ÿ\u{80}\r\n",
            ),
            (b"", ""),
        ] {
            assert_eq!(heard(said).await.unwrap(), text);
        }
    }

    #[tokio::test]
    async fn a_line_without_end_is_no_reply() {
        let fits = [b'x'; REPLY_LINE_BYTES_MAX - 1];
        assert!(heard(&[&fits[..], b"\n"].concat()).await.is_ok());
        let error = heard(&[b'x'; REPLY_LINE_BYTES_MAX + 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn what_was_heard_before_comes_first() {
        let peer = SocketAddr::from(([127, 0, 0, 1], 25));
        let mut lines = ReplyLines::new(&b"250 ok\r\n"[..], peer, b"220 hello\r\n".to_vec());
        let mut heard = String::new();
        lines.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "220 hello\r\n250 ok\r\n");
    }
}
