//! Connections and servers that are lost.

mod crashes;
mod cuts;
mod full;
mod round_trips;
mod silence;
