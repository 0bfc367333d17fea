//! What lies on the disk after a bad night: pages are carved out of anything, and one that was written among it is found.
//! The frame is the gateway's own file, taken in as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;

use gateway_core::page::{Page, PageKey};
use tecs_protocol::vocabulary::Lane;

#[allow(
    dead_code,
    reason = "another crate's file, of which this target uses a part"
)]
#[path = "../../../gateway/src/journal/frame.rs"]
mod frame;
#[allow(
    dead_code,
    reason = "another crate's file, of which this target uses a part"
)]
#[path = "../../../gateway/src/journal/store.rs"]
mod store;

/// The rest of what those files ask of their neighbours.
mod generations {
    pub(super) const KEPT: &[u8] = b"kept";
}

/// A head without its check.
const NAMED: usize = 52;

fuzz_target!(|input: &[u8]| {
    for carved in frame::carve(input) {
        assert!(carved.page.bytes.len() <= frame::PAGE_BYTES_LIMIT);
    }
    frame::carve(&checked(input));
    let (cut, rest) = input.split_first().unwrap_or((&0, input));
    let (rubbish, bytes) = rest.split_at(usize::from(*cut).min(rest.len()));
    // A page is longer than one piece now and then.
    let page = page(&bytes.repeat(1 + usize::from(*cut)));
    let pieces = frame::pieces_of(9, 7, &page).expect("it is no longer than a page may be");
    let mut file = Vec::new();
    for (_, value) in pieces.iter().rev() {
        file.extend_from_slice(rubbish);
        file.extend_from_slice(value);
    }
    let due = store::Carved {
        place: 9,
        since: 7,
        page,
    };
    assert!(frame::carve(&file).contains(&due), "a page is lost");
    let note = frame::plain(rubbish, bytes);
    if bytes.len() <= usize::from(u16::MAX) {
        assert_eq!(frame::read_plain(rubbish, &note), Some(bytes));
    }
});

fn page(bytes: &[u8]) -> Page {
    Page {
        key: PageKey {
            lane: Lane::Vital,
            epoch: 5,
            first: 12,
        },
        last: 40,
        gap: false,
        bytes: bytes.to_vec().into(),
    }
}

/// The same with a head whose magic, length and check hold, whatever else it says.
fn checked(input: &[u8]) -> Vec<u8> {
    let Some((head, body)) = input.split_at_checked(NAMED) else {
        return Vec::new();
    };
    let mut named = head.to_vec();
    named[..5].copy_from_slice(b"TECJ\x01");
    let body = &body[..body.len().min(frame::BODY_LIMIT)];
    let len = u16::try_from(body.len()).expect("a body is no longer");
    named[50..].copy_from_slice(&len.to_le_bytes());
    let sum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let sum = sum.checksum(&[named.as_slice(), body].concat());
    [named.as_slice(), &sum.to_le_bytes(), body].concat()
}
