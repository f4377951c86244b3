//! The studio from outside: conversations on a virtual clock, real sockets, and everything that peers do wrong.

mod conversation;
mod demux;
mod netem;
mod offers;
mod panics;
mod restart;
mod room;
mod sockets;
mod sound;
mod suspension;
mod threads;
mod world;
