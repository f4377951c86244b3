//! A client that writes the bytes it is given and reads what comes: no library's idea of HTTP in between.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// One sentence in plain text that any page may read, as every refusal of ours.
    #[track_caller]
    pub(crate) fn is_sentence(&self, status: u16, with: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(self.header("access-control-allow-origin"), Some("*"));
        let text = self.text();
        assert!(text.contains(with), "{text:?} says nothing of {with:?}");
        assert!(
            text.ends_with(".\n") && text.lines().count() == 1,
            "{text:?}"
        );
    }
}

pub(crate) struct Client<T = TcpStream> {
    pub(crate) io: T,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).await.unwrap())
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Client<T> {
    pub(crate) fn over(io: T) -> Self {
        Self {
            io,
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.write_all(bytes.as_ref()).await.unwrap();
        self.io.flush().await.unwrap();
    }

    /// Sends a request without a body.
    pub(crate) async fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: edge.test\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.send(head).await;
    }

    /// `true` while more came.
    async fn fill(&mut self) -> bool {
        let mut space = [0; 16 * 1024];
        let read = timeout(PATIENCE, self.io.read(&mut space));
        match read
            .await
            .expect("the server went on for longer than a test waits")
        {
            Ok(n) => {
                self.buffer.extend_from_slice(&space[..n]);
                n > 0
            }
            Err(_) => false,
        }
    }

    async fn take_through(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|w| w == mark) {
                return Some(self.buffer.drain(..at + mark.len()).collect());
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Status and headers; `None` when the connection ended before they did.
    pub(crate) async fn head(&mut self) -> Option<Answer> {
        let head = String::from_utf8(self.take_through(b"\r\n\r\n").await?).unwrap();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers = lines
            .filter_map(|l| l.split_once(": "))
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
            .collect();
        Some(Answer {
            status,
            headers,
            body: Vec::new(),
        })
    }

    /// An answer with a `Content-Length`, or without a body.
    pub(crate) async fn answer(&mut self, method: &str) -> Option<Answer> {
        let mut answer = self.head().await?;
        let length = if method == "HEAD" || matches!(answer.status, 204 | 304) {
            0
        } else {
            answer
                .header("content-length")
                .map_or(0, |l| l.parse().unwrap())
        };
        while self.buffer.len() < length {
            assert!(self.fill().await, "the answer is cut short");
        }
        answer.body = self.buffer.drain(..length).collect();
        Some(answer)
    }

    /// The next chunk of a chunked answer; `None` at its clean end. Panics when it is cut.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.take_through(b"\r\n").await.expect("cut");
        let size = std::str::from_utf8(&line).unwrap().trim();
        let size = usize::from_str_radix(size, 16).unwrap();
        while self.buffer.len() < size + 2 {
            assert!(self.fill().await, "cut");
        }
        let bytes: Vec<u8> = self.buffer.drain(..size).collect();
        self.buffer.drain(..2);
        (size > 0).then_some(bytes)
    }

    /// The next chunk as text.
    pub(crate) async fn said(&mut self) -> String {
        String::from_utf8(self.chunk().await.expect("the stream ended")).unwrap()
    }

    /// The next so many bytes.
    pub(crate) async fn exactly(&mut self, n: usize) -> Vec<u8> {
        while self.buffer.len() < n {
            assert!(self.fill().await, "cut");
        }
        self.buffer.drain(..n).collect()
    }

    /// Whatever comes until the peer says its end, in order.
    ///
    /// # Errors
    /// When the connection is reset instead.
    pub(crate) async fn closed_with(&mut self) -> std::io::Result<Vec<u8>> {
        let reading = self.io.read_to_end(&mut self.buffer);
        timeout(PATIENCE, reading)
            .await
            .expect("the server went on for longer than a test waits")?;
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Whatever comes until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.buffer)
    }
}

/// One request on its own connection.
pub(crate) async fn ask(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut client = Client::connect(addr).await;
    client.request(method, path, headers).await;
    client.answer(method).await.expect("no answer")
}

pub(crate) async fn get(addr: SocketAddr, path: &str) -> Answer {
    ask(addr, "GET", path, &[]).await
}

/// Begins to listen and reads the head of the answer and of the stream.
pub(crate) async fn listen(addr: SocketAddr, path: &str) -> Client {
    let mut client = Client::connect(addr).await;
    client.request("GET", path, &[]).await;
    let answer = client.head().await.expect("no answer");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(client.said().await, crate::server::HEAD);
    client
}
