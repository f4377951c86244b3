//! The studio from outside: conversations on a virtual clock, real sockets, and everything that peers do wrong.

mod conversation;
mod demux;
mod floods;
mod netem;
mod normalised;
mod offers;
mod panics;
mod restart;
mod room;
mod rtp;
mod sockets;
mod sound;
mod suspension;
mod threads;
mod world;
