//! The commands that ask a running daemon: how it is found, what it is asked, what is printed.

use std::io::{self, BufRead as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{ConfigArg, Failed, ended, load};
use crate::{admin, queue, tap};

/// How a running daemon is found.
#[derive(Debug, Args)]
pub(super) struct SocketArg {
    #[command(flatten)]
    config: ConfigArg,
    /// Its local socket, instead of the one that the configuration names.
    #[arg(long, value_name = "S")]
    socket: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// How much, lane by lane.
    Ls {
        #[command(flatten)]
        socket: SocketArg,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// The oldest records.
    Peek {
        #[command(flatten)]
        socket: SocketArg,
        /// Of this lane alone: alarm, vital or routine.
        #[arg(long, value_name = "L")]
        lane: Option<String>,
        /// How many of a lane, at most 200.
        #[arg(short, value_name = "N", default_value_t = queue::PEEK_USUAL)]
        n: usize,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
        /// Shows names, free words, vital values and raw messages as well.
        #[arg(long)]
        personal: bool,
    },
}

pub(super) fn what_waits(command: QueueCommand, env: &[(String, String)]) -> Result<u8, Failed> {
    let mut out = io::stdout().lock();
    match command {
        QueueCommand::Ls { socket, json } => {
            let answer = ask_with(&socket, env, &json!({ "ask": "queue-ls" }), "queue")?;
            ended(queue::print_ls(&answer, json, &mut out))
        }
        QueueCommand::Peek {
            socket,
            lane,
            n,
            json,
            personal,
        } => {
            let question =
                json!({ "ask": "queue-peek", "lane": lane, "n": n, "personal": personal });
            let answer = ask_with(&socket, env, &question, "peek")?;
            ended(queue::print_peek(&answer, json, &mut out))
        }
    }
}

/// Prints line by line until either side has had enough.
pub(super) fn listen(
    socket: &SocketArg,
    env: &[(String, String)],
    as_json: bool,
    personal: bool,
) -> Result<u8, Failed> {
    let question = json!({ "ask": "tap", "personal": personal });
    let lines =
        admin::listen(&path(socket, env)?, &question).map_err(|fault| Failed::of(&fault))?;
    let mut out = io::stdout().lock();
    for line in lines.lines() {
        let line = line.map_err(|e| Failed::of(&e))?;
        if let Some(why) = tap::refused(&line) {
            return Err(Failed::of(&why));
        }
        match tap::print(&line, as_json, &mut out) {
            Ok(true) => {}
            Ok(false) => return Ok(0),
            Err(e) => return ended(Err(e)),
        }
    }
    let gone = tap::ended().to_string();
    ended(tap::print(&gone, as_json, &mut out).map(|_| ()))
}

pub(super) fn ask(
    socket: &SocketArg,
    env: &[(String, String)],
    question: &str,
) -> Result<Value, Failed> {
    admin::ask(&path(socket, env)?, question).map_err(|fault| Failed::of(&fault))
}

/// A whole question, and what stands under this key of its answer.
pub(super) fn ask_with(
    socket: &SocketArg,
    env: &[(String, String)],
    question: &Value,
    key: &str,
) -> Result<Value, Failed> {
    let answer = admin::ask_with(&path(socket, env)?, question);
    let answer = answer.map_err(|fault| Failed::of(&fault))?;
    Ok(answer.get(key).cloned().unwrap_or_default())
}

fn path(socket: &SocketArg, env: &[(String, String)]) -> Result<PathBuf, Failed> {
    match &socket.socket {
        Some(path) => Ok(path.clone()),
        None => Ok(load(&socket.config.config, env)?.socket),
    }
}
