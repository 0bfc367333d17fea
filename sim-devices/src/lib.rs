//! Devices that speak on a PTY or a broker, homes, scenarios with expectations, and mischief.
//! It knows the wire (`tecs-protocol`) and nothing of the gateway's or the hub's inside: those it runs as processes.

pub mod bridge;
pub mod broker;
pub mod bundled;
pub mod ca;
pub mod catalogue;
pub mod commands;
pub mod control;
pub mod day;
pub mod device;
pub mod display;
mod encode;
pub mod home;
mod http;
pub mod hub_api;
pub mod line;
pub mod living;
pub mod load;
pub mod models;
pub mod monitor;
pub mod oximeter;
pub mod panel;
pub mod paths;
pub mod play;
pub mod port;
pub mod receiver;
pub mod scenario;
pub mod story;
pub mod tally;
pub mod terminal;
pub mod told;
pub mod toml_file;
pub mod units;
pub mod verdict;
mod wall;
pub mod words;
pub mod world;
