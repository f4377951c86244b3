//! Telling a connection why it is refused before it is closed, so that the peer gets to read it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::limits::{LINGER_BYTES_MAX, REFUSAL_WRITE_MS};

/// Sends a response to a peer that is not served, and waits a moment until it has read it.
pub(super) async fn send_refusal(mut stream: TcpStream, response: &[u8]) {
    let sent = async {
        stream.write_all(response).await?;
        stream.shutdown().await?;
        // Closing with unread bytes sends a reset, which may overtake the response.
        let mut unread = 0;
        let mut buffer = [0; 4096];
        while unread < LINGER_BYTES_MAX {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => unread += n,
            }
        }
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_millis(REFUSAL_WRITE_MS), sent).await;
}
