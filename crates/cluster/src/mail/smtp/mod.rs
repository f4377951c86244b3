//! Mail by SMTP (RFC 5321), to the server that an operator names: a relay that takes what is for anybody.

mod back_off;
mod dial;
mod queue;
mod reply_lines;
mod server;
mod session;

pub use back_off::BackOff;
pub use dial::{TlsTrust, system_tls};
pub use queue::{CONNECTIONS_MAX, MAILS_WAITING_MAX, SmtpMailer};
pub use reply_lines::REPLY_LINE_BYTES_MAX;
pub use server::{Login, Security, SmtpServer, SmtpTimeouts};
