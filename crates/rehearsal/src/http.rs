//! As much of HTTP/1.1 (RFC 9112) as a listener needs: a request, the head of the answer, and an endless body that is
//! cut into its bytes as they come.

/// Longest head of an answer, in bytes.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Most fields in a head.
pub const HEAD_FIELDS_MAX: usize = 64;

/// Longest line with the size of a chunk, in bytes, extensions counted.
pub const CHUNK_LINE_BYTES_MAX: u16 = 256;

/// The request for `path` of a server that is called `host`.
#[must_use]
pub fn request(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: stentor-herd\r\nAccept: */*\r\n\r\n"
    )
    .into_bytes()
}

/// What the head of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// How the body is cut.
    pub framing: Framing,
    /// Its own length in bytes.
    pub head_bytes: usize,
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// In chunks, until one of length zero.
    Chunked,
    /// So many bytes.
    Length(u64),
    /// Until the connection ends.
    Close,
}

impl ResponseHead {
    /// Reads the head at the beginning of `bytes`; `None` while it is not whole.
    ///
    /// # Errors
    /// [`HttpError`] if it is not the head of an answer, or too long.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, HttpError> {
        let mut fields = [httparse::EMPTY_HEADER; HEAD_FIELDS_MAX];
        let mut response = httparse::Response::new(&mut fields);
        let seen = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
        let head_bytes = match response.parse(seen) {
            Ok(httparse::Status::Complete(head_bytes)) => head_bytes,
            Ok(httparse::Status::Partial) if bytes.len() >= HEAD_BYTES_MAX => {
                return Err(HttpError::HeadTooLong);
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(reason) => return Err(HttpError::Head(reason)),
        };
        let field = |name: &str| {
            let found = response
                .headers
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name));
            found.map(|field| field.value.trim_ascii())
        };
        let chunked =
            field("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case(b"chunked"));
        let framing = if chunked {
            Framing::Chunked
        } else if let Some(length) = field("content-length") {
            let length = std::str::from_utf8(length)
                .ok()
                .and_then(|text| text.parse().ok());
            Framing::Length(length.ok_or(HttpError::ContentLength)?)
        } else {
            Framing::Close
        };
        Ok(Some(Self {
            status: response.code.unwrap_or_default(),
            framing,
            head_bytes,
        }))
    }
}

/// Finds the bytes of a body in what arrives on the connection, and keeps none of them.
#[derive(Debug, Clone)]
pub struct BodyDecoder {
    state: BodyState,
    left: u64,
    line_bytes: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyState {
    /// Everything is body.
    Close,
    /// `left` bytes of it are to come.
    Length,
    /// In the line with a chunk's size; `left` is the size so far.
    Size,
    /// Behind the size, up to the end of the line.
    Extension,
    /// `left` bytes of the chunk are to come.
    Data,
    /// The line end behind a chunk.
    DataEnd,
    /// Behind the last chunk: lines until an empty one.
    Trailer,
    Ended,
}

impl BodyDecoder {
    /// A body that begins.
    #[must_use]
    pub const fn new(framing: Framing) -> Self {
        let (state, left) = match framing {
            Framing::Chunked => (BodyState::Size, 0),
            Framing::Length(0) => (BodyState::Ended, 0),
            Framing::Length(length) => (BodyState::Length, length),
            Framing::Close => (BodyState::Close, 0),
        };
        Self {
            state,
            left,
            line_bytes: 0,
        }
    }

    /// Takes bytes off the front of `input` and returns the next piece of the body in them; `None` when `input` is used up
    /// or the body has ended.
    ///
    /// # Errors
    /// [`HttpError::Chunk`] if what comes is not chunked as it was said to be.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, HttpError> {
        loop {
            if input.is_empty() {
                return Ok(None);
            }
            match self.state {
                BodyState::Ended => return Ok(None),
                BodyState::Close => return Ok(Some(std::mem::take(input))),
                BodyState::Length | BodyState::Data => {
                    let (now, later) = input.split_at(self.left.min(input.len() as u64) as usize);
                    *input = later;
                    self.left -= now.len() as u64;
                    if self.left == 0 {
                        self.state = if self.state == BodyState::Data {
                            BodyState::DataEnd
                        } else {
                            BodyState::Ended
                        };
                        self.line_bytes = 0;
                    }
                    return Ok(Some(now));
                }
                BodyState::Size
                | BodyState::Extension
                | BodyState::DataEnd
                | BodyState::Trailer => {
                    let byte = input[0];
                    *input = &input[1..];
                    self.line(byte)?;
                }
            }
        }
    }

    /// Whether the body has come to its end; one that lasts until the connection ends never does.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.state == BodyState::Ended
    }

    /// One byte of a line between chunks. The CR is optional, as RFC 9112 §2.2 allows a reader.
    fn line(&mut self, byte: u8) -> Result<(), HttpError> {
        self.line_bytes += 1;
        if self.line_bytes > CHUNK_LINE_BYTES_MAX {
            return Err(HttpError::Chunk { got: byte });
        }
        match (self.state, byte) {
            (BodyState::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = u64::from((byte as char).to_digit(16).unwrap_or_default());
                if self.left >> 60 != 0 {
                    return Err(HttpError::Chunk { got: byte });
                }
                self.left = self.left << 4 | digit;
            }
            (BodyState::Size, _) if self.line_bytes == 1 => {
                return Err(HttpError::Chunk { got: byte });
            }
            (BodyState::Size | BodyState::Extension, b'\n') => {
                self.state = if self.left == 0 {
                    BodyState::Trailer
                } else {
                    BodyState::Data
                };
                self.line_bytes = 0;
            }
            (BodyState::Size, b';' | b' ' | b'\t' | b'\r') => self.state = BodyState::Extension,
            (BodyState::Extension, _)
            | (BodyState::DataEnd, b'\r')
            | (BodyState::Trailer, b'\r') => {}
            (BodyState::DataEnd, b'\n') => {
                self.state = BodyState::Size;
                self.line_bytes = 0;
            }
            // The line was empty if nothing but a CR stood before its end.
            (BodyState::Trailer, b'\n') if self.left == 0 => self.state = BodyState::Ended,
            (BodyState::Trailer, b'\n') => self.left = 0,
            (BodyState::Trailer, _) => self.left = 1,
            _ => return Err(HttpError::Chunk { got: byte }),
        }
        Ok(())
    }
}

/// Why an answer cannot be read: always the server's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The head cannot be read.
    #[error("the answer is not HTTP: {0}")]
    Head(httparse::Error),
    /// The head is longer than [`HEAD_BYTES_MAX`].
    #[error("the head has more than {HEAD_BYTES_MAX} bytes")]
    HeadTooLong,
    /// `Content-Length` is no number.
    #[error("the Content-Length is no number")]
    ContentLength,
    /// The body is not chunked as it was said to be.
    #[error("a byte {got:#04x} stands where a chunk's size does")]
    Chunk {
        /// The byte that must not be there.
        got: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), HttpError> {
        let mut body = BodyDecoder::new(framing);
        let mut got = Vec::new();
        for mut piece in pieces.iter().copied() {
            while let Some(bytes) = body.next(&mut piece)? {
                got.extend_from_slice(bytes);
            }
        }
        Ok((got, body.ended()))
    }

    #[test]
    fn a_chunked_body_is_the_same_however_it_is_cut() {
        let sent = b"5\r\nhello\r\nA;x=\"y\"\r\n, listener\r\n0\r\nTrailer: 1\r\n\r\n";
        for cut in 1..sent.len() {
            let pieces: Vec<_> = sent.chunks(cut).collect();
            let got = read(Framing::Chunked, &pieces);
            assert_eq!(got, Ok((b"hello, listener".to_vec(), true)), "{cut}");
        }
    }

    #[test]
    fn what_is_not_chunked_is_told() {
        for wrong in [
            &b"\r\n"[..],
            b"g\r\n",
            b"2\r\nabc",
            b"-1\r\n",
            b"fffffffffffffffff\r\n",
            &[b'0'; 300],
        ] {
            assert!(read(Framing::Chunked, &[wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_body_ends_after_its_length_or_with_the_connection() {
        let length = read(Framing::Length(3), &[b"ab", b"cd"]);
        assert_eq!(length, Ok((b"abc".to_vec(), true)));
        assert_eq!(read(Framing::Close, &[b"ab"]), Ok((b"ab".to_vec(), false)));
    }

    #[test]
    fn a_head_is_read_when_it_is_whole_and_never_beyond_its_limit() {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n";
        assert_eq!(ResponseHead::parse(&head[..20]), Ok(None));
        let read = ResponseHead::parse(head)
            .expect("it is one")
            .expect("it is whole");
        assert_eq!((read.status, read.framing), (200, Framing::Chunked));
        assert_eq!(&head[read.head_bytes..], b"5\r\n");
        let mut long = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        long.resize(HEAD_BYTES_MAX + 1, b'x');
        assert_eq!(ResponseHead::parse(&long), Err(HttpError::HeadTooLong));
        assert!(ResponseHead::parse(b"ICY 200 OK\r\n\r\n").is_err());
    }
}
