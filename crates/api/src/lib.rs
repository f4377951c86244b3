//! The HTTP interface of the stage: WebSocket, WHIP, WHEP, health, and what is answered where nothing is; and what is published about events
//! besides their pages.
//!
//! Nothing a listener needs passes here: their pages and sound are the edge's documents and streams, so a flood of listeners
//! and a flood on this interface do not meet. It holds no policy: who may do what is decided behind
//! [`OpenEvent`](stentor_event::OpenEvent). It sees no database, no sound and no studio.
//!
//! # Layers
//!
//! A module may import only those above it.
//!
//! | module | what | knows |
//! |---|---|---|
//! | `sentence` | errors as sentences for people, numbers as pages write them | |
//! | `act_form` | what a host asks of the schedule, as pages and programs write it | `event`, `core` |
//! | `schedule_form` | how an event stands, as pages and programs read it | `event`, `core` |
//! | `problem` | refusals as problem details (RFC 9457) | HTTP |
//! | `bearer` | who asks, by a token | `event` |
//! | `session_urls` | the secret URLs of media sessions | |
//! | `state` | what every request works with | `event` |
//! | `acts` | an event is led through its evening by programs | `event`, `core` |
//! | `picture` | the picture that a host gives an event | `event`, `core` |
//! | `recordings` | the files of a recording, for who leads the event | `event`, `core` |
//! | `openapi` | what programs can ask, described | |
//! | `announce` | calendars, feeds, cards, oEmbed, the front page: documents made of what an event is | `event`, `core` |
//! | `health` | liveness and readiness | `event` |
//! | `not_found` | what is answered where nothing is | `event` |
//! | `stage` | the WebSocket of stage pages | `event`, `core` |
//! | `reminders` | reminders by mail: asked for, confirmed, stopped | `event`, `core` |
//! | `whip` | WHIP and WHEP | `event`, `core` |
//! | `router` | which address is whose | all |

mod act_form;
mod acts;
mod announce;
mod bearer;
mod health;
mod not_found;
mod openapi;
mod picture;
mod problem;
mod recordings;
mod reminders;
mod router;
mod schedule_form;
mod sentence;
mod session_urls;
mod stage;
mod state;
mod whip;

pub use announce::Announcements;
pub use health::health;
pub use not_found::{NotFoundAnswer, not_found_answer};
pub use reminders::Client;
pub use router::router;
