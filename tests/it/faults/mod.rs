//! Connections and servers that are lost.

mod crashes;
mod cuts;
mod round_trips;
