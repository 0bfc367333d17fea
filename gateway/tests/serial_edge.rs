//! The serial edge on real pseudo-terminals: chunks, unplugging, noise, writing, a line that somebody else has.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail the test"
)]

mod edge {
    pub(crate) mod heard;
}

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use edge::heard::Heard;
use gateway_core::Input;
use tecs_gateway::serial::config::{Baud, DataBits, Parity, SerialSource, StopBits};
use tecs_gateway::serial::{self, SerialHandle, WRITE_QUEUE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::{SerialPort, SerialStream};

/// A device plugged in at `path`: the end that it speaks on. Taking it away is dropping it.
fn plug(path: &Path) -> SerialStream {
    let (device, line) = SerialStream::pair().unwrap();
    let name = line.name().unwrap();
    drop(line);
    let _ = fs::remove_file(path);
    symlink(name, path).unwrap();
    device
}

fn line(path: PathBuf) -> SerialSource {
    SerialSource {
        path,
        baud: Baud::try_from(9_600).unwrap(),
        data_bits: DataBits::default(),
        parity: Parity::Even,
        stop_bits: StopBits::default(),
    }
}

fn open(path: &Path, source: usize, heard: &mut Heard) -> SerialHandle {
    serial::spawn(line(path.into()), source, heard.edge())
}

#[tokio::test]
async fn bytes_come_in_and_answers_go_out_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let mut device = plug(&path);
    let mut heard = Heard::default();
    let handle = open(&path, 3, &mut heard);
    assert!(!heard.up().await);
    device
        .write_all(b"\x01\x00\xff\n\r\x03\x11\x13")
        .await
        .unwrap();
    assert_eq!(
        heard.bytes().await,
        (3, b"\x01\x00\xff\n\r\x03\x11\x13".to_vec())
    );
    assert!(handle.write(vec![6; 9_000]));
    let mut answer = vec![0; 9_000];
    device.read_exact(&mut answer).await.unwrap();
    assert!(answer.iter().all(|b| *b == 6));
}

#[tokio::test]
async fn a_line_that_is_unplugged_is_told_and_opened_again_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let device = plug(&path);
    let mut heard = Heard::default();
    let handle = open(&path, 0, &mut heard);
    heard.up().await;
    drop(device);
    let why = heard.down().await;
    let shown = path.display().to_string();
    assert!(
        why.contains(&shown) && why.contains("it is unplugged"),
        "{why}"
    );
    assert!(!handle.write(b"for nobody".to_vec()), "nobody would get it");
    let mut device = plug(&path);
    heard.up_again().await;
    device.write_all(b"back").await.unwrap();
    assert_eq!(heard.bytes().await.1, b"back");
}

#[tokio::test]
async fn a_line_that_is_not_there_is_named_with_the_cure_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nothing");
    let mut heard = Heard::default();
    let _handle = open(&path, 0, &mut heard);
    let why = heard.down().await;
    assert!(
        why.contains("there is no") && why.contains("/dev/serial/by-id"),
        "{why}"
    );
    heard.silence(Duration::from_millis(1_500)).await;
    let _device = plug(&path);
    heard.up().await;
}

#[tokio::test]
async fn a_file_that_is_no_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "not a line").unwrap();
    let mut heard = Heard::default();
    let _handle = open(&path, 0, &mut heard);
    let why = heard.down().await;
    assert!(why.contains("does not open as a serial line"), "{why}");
}

#[tokio::test]
async fn a_line_that_somebody_else_has_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let _device = plug(&path);
    let mut heard = Heard::default();
    let first = open(&path, 0, &mut heard);
    heard.up().await;
    let _second = open(&path, 1, &mut heard);
    let why = heard.down().await;
    assert!(why.contains("in use by this daemon itself"), "{why}");
    drop(first);
    heard.up().await;
}

#[tokio::test]
async fn noise_on_one_line_does_not_delay_another() {
    let folder = tempfile::tempdir().unwrap();
    let (loud_path, quiet_path) = (folder.path().join("loud"), folder.path().join("quiet"));
    let (mut loud, mut quiet) = (plug(&loud_path), plug(&quiet_path));
    let mut heard = Heard::default();
    let _loud = open(&loud_path, 0, &mut heard);
    let _quiet = open(&quiet_path, 1, &mut heard);
    heard.up().await;
    heard.up().await;
    let flood = tokio::spawn(async move { while loud.write_all(&[0xa5; 4096]).await.is_ok() {} });
    let (mut noisy, mut slowest) = (0_usize, Duration::ZERO);
    for n in 0..20_u8 {
        let sent = Instant::now();
        quiet.write_all(&[n]).await.unwrap();
        loop {
            let (source, bytes) = heard.bytes().await;
            if source == 1 {
                assert_eq!(bytes, [n]);
                break;
            }
            noisy += bytes.len();
        }
        slowest = slowest.max(sent.elapsed());
    }
    flood.abort();
    assert!(noisy > 10_000, "only {noisy} bytes of noise");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[tokio::test]
async fn a_loop_that_does_not_listen_makes_the_line_wait_and_not_the_memory_grow() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let mut device = plug(&path);
    let mut heard = Heard::default();
    let _handle = open(&path, 0, &mut heard);
    heard.up().await;
    let total = 1 << 20;
    let written = tokio::spawn(async move {
        let sent: Vec<u8> = (0..total).map(|n: u32| n.to_le_bytes()[0]).collect();
        device.write_all(&sent).await.unwrap();
        device
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!written.is_finished(), "a megabyte found room somewhere");
    let mut got = Vec::new();
    while got.len() < total as usize {
        got.extend(heard.bytes().await.1);
    }
    assert!((0..total).all(|n| got[n as usize] == n.to_le_bytes()[0]));
    drop(written.await.unwrap());
}

#[tokio::test]
async fn answers_beyond_the_queue_are_dropped_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let mut device = plug(&path);
    let mut heard = Heard::default();
    let handle = open(&path, 0, &mut heard);
    heard.up().await;
    assert!(!handle.write(vec![1; WRITE_QUEUE + 1]));
    // Nobody reads yet: what a terminal takes itself is in its own buffer, the rest waits here.
    let taken = (0..40_u8)
        .filter(|n| handle.write(vec![*n; 8 << 10]))
        .count();
    assert!((8..20).contains(&taken), "{taken}");
    let mut got = vec![0; taken * (8 << 10)];
    device.read_exact(&mut got).await.unwrap();
    assert!(
        got.chunks(8 << 10)
            .enumerate()
            .all(|(n, c)| c.iter().all(|b| usize::from(*b) == n))
    );
}

#[tokio::test]
async fn a_line_is_closed_and_opened_again_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line");
    let mut device = plug(&path);
    let mut heard = Heard::default();
    let handle = open(&path, 0, &mut heard);
    heard.up().await;
    handle.reopen();
    assert!(heard.down().await.contains("opened again"));
    assert!(matches!(
        heard.next().await,
        Input::SourceUp {
            source: 0,
            resumed: false
        }
    ));
    device.write_all(b"x").await.unwrap();
    assert_eq!(heard.bytes().await.1, b"x");
}
