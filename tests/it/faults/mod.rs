//! Connections and servers that are lost.

mod cuts;
mod round_trips;
