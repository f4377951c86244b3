//! What the media crate does, seen from outside. One module per behaviour.

mod aligned_stems;
mod codec;
mod confidence;
mod dtx;
mod finalised_recordings;
mod frames;
mod golden;
mod hls_playlists;
mod hostile_boxes;
mod jitter;
mod levels;
mod mixer;
mod network;
mod ogg_pages;
mod outside_players;
mod published_chunks;
mod sender;
mod speech;
mod stems;
mod stream_verification;
mod stretch;
mod support;
mod suspension;
mod torn_recordings;
mod transcoding;
mod waiting;
