//! Whole shards, by behaviour: with a clock that the test moves, or on threads of their own.

mod ladder;
mod pool;
mod scene;
mod sending;
