//! How a value lies on the disk: a head that names it, its body, and a CRC-32 over both, so that it can be checked when
//! read and carved out of a file that no engine opens. It knows no engine.
//!
//! Head, little endian, 56 bytes: magic `TECJ`, version, kind, lane, gap, epoch, first, last, place, since (5 × u64),
//! piece, pieces, body length (u16), CRC-32 of the head before it, the body, and the key it is stored under. `since` is
//! the first place of the transaction: everything before it was durable.

use std::collections::BTreeMap;

use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use gateway_core::page::{Page, PageKey};
use tecs_protocol::Bytes;
use tecs_protocol::vocabulary::Lane;

use super::store::{Carved, Held};

/// The longest body, bytes. sled rewrites up to 17 neighbours as one node and puts a node over 128 KiB into a file of
/// its own that no sync of ours covers: 17 × (7 KiB + head + key) stays below it. Longer pages are kept in pieces.
pub(super) const BODY_LIMIT: usize = 7 * 1024;

/// The longest page: 255 pieces. The core's own limit is 16 KiB.
pub(super) const PAGE_BYTES_LIMIT: usize = 255 * BODY_LIMIT;

const MAGIC: [u8; 4] = *b"TECJ";
const VERSION: u8 = 1;
const HEAD: usize = 56;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

const PAGE: u8 = 1;
const PLAIN: u8 = 2;

/// One piece of a page, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) key: PageKey,
    pub(super) last: u64,
    pub(super) gap: bool,
    pub(super) place: u64,
    pub(super) since: u64,
    pub(super) number: u8,
    pub(super) pieces: u8,
    pub(super) body: &'a [u8],
}

/// The pieces of a page with the keys to store them under: place, then piece, both growing.
pub(super) fn pieces_of(place: u64, since: u64, page: &Page) -> Option<Vec<([u8; 9], Vec<u8>)>> {
    let count = page.bytes.len().div_ceil(BODY_LIMIT).max(1);
    let pieces = u8::try_from(count).ok()?;
    let mut out = Vec::with_capacity(count);
    let mut rest = page.bytes.as_ref();
    for piece in 0..pieces {
        let (body, after) = rest.split_at(rest.len().min(BODY_LIMIT));
        rest = after;
        let mut head = head(PAGE, body.len());
        head.extend_from_slice(&[lane_byte(page.key.lane), u8::from(page.gap)]);
        for number in [page.key.epoch, page.key.first, page.last, place, since] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        out.push((
            piece_key(place, piece),
            seal(head, [piece, pieces], body, &[]),
        ));
    }
    Some(out)
}

/// The key of one piece.
pub(super) fn piece_key(place: u64, piece: u8) -> [u8; 9] {
    let mut key = [piece; 9];
    if let Some(number) = key.first_chunk_mut::<8>() {
        *number = place.to_be_bytes();
    }
    key
}

/// A note or a mark, bound to the key that it is stored under.
pub(super) fn plain(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut head = head(PLAIN, value.len());
    head.extend_from_slice(&[0; 42]);
    seal(head, [0, 1], value, key)
}

/// The value of a note or a mark; `None` when it is not what was written.
pub(super) fn read_plain<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (kind, _, body) = open(value, key)?;
    (kind == PLAIN && value.len() == HEAD + body.len()).then_some(body)
}

/// A piece of a page; `None` when it is not what was written. Bytes after it are not looked at.
pub(super) fn read_piece(value: &[u8]) -> Option<Piece<'_>> {
    let (kind, head, body) = open(value, &[])?;
    if kind != PAGE {
        return None;
    }
    Some(Piece {
        key: PageKey {
            lane: Lane::from_wire(i32::from(*head.get(6)?))?,
            epoch: number(head, 8)?,
            first: number(head, 16)?,
        },
        gap: *head.get(7)? == 1,
        last: number(head, 24)?,
        place: number(head, 32)?,
        since: number(head, 40)?,
        number: *head.get(48)?,
        pieces: *head.get(49)?,
        body,
    })
}

/// Every whole page in these bytes, wherever it lies, by place and name.
pub(super) fn carve(bytes: &[u8]) -> Vec<Carved> {
    let mut found = Gathered::default();
    for (at, four) in bytes.windows(MAGIC.len()).enumerate() {
        if four == MAGIC
            && let Some(piece) = bytes.get(at..).and_then(read_piece)
        {
            found.add(&piece);
        }
    }
    found.whole()
}

/// Pieces on their way to being pages, by place, name and last number.
#[derive(Debug, Default)]
pub(super) struct Gathered(BTreeMap<(u64, PageKey, u64), Half>);

/// A page of which not all pieces may be there.
#[derive(Debug)]
struct Half {
    gap: bool,
    since: u64,
    pieces: Vec<Option<Bytes>>,
}

impl Gathered {
    /// Add one piece; a piece that is there already is left as it is.
    pub(super) fn add(&mut self, piece: &Piece<'_>) {
        let id = (piece.place, piece.key, piece.last);
        let half = self.0.entry(id).or_insert_with(|| Half {
            gap: piece.gap,
            since: piece.since,
            pieces: vec![None; usize::from(piece.pieces)],
        });
        if let Some(slot @ None) = half.pieces.get_mut(usize::from(piece.number)) {
            *slot = Some(Bytes::copy_from_slice(piece.body));
        }
    }

    /// The pages of which every piece is there, by place.
    pub(super) fn whole(self) -> Vec<Carved> {
        let mut out = Vec::new();
        for ((place, key, last), half) in self.0 {
            let Some(pieces) = half.pieces.into_iter().collect::<Option<Vec<_>>>() else {
                continue;
            };
            let (gap, bytes) = (half.gap, pieces.concat().into());
            let page = Page {
                key,
                last,
                gap,
                bytes,
            };
            out.push(Carved {
                place,
                since: half.since,
                page,
            });
        }
        out
    }
}

/// What a page's first piece and their common length say of it.
pub(super) fn held(piece: &Piece<'_>, len: usize) -> Held {
    Held {
        key: piece.key,
        last: piece.last,
        gap: piece.gap,
        len: u32::try_from(len).unwrap_or(u32::MAX),
    }
}

/// Magic, version and kind; the length is written by `seal`.
fn head(kind: u8, body: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + body);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[VERSION, kind]);
    out
}

fn seal(mut head: Vec<u8>, piece: [u8; 2], body: &[u8], key: &[u8]) -> Vec<u8> {
    head.extend_from_slice(&piece);
    let len = u16::try_from(body.len()).unwrap_or(u16::MAX);
    head.extend_from_slice(&len.to_le_bytes());
    let sum = checked(&head, body, key);
    head.extend_from_slice(&sum.to_le_bytes());
    head.extend_from_slice(body);
    head
}

/// Kind, head and body of a value whose check sum is right.
fn open<'a>(value: &'a [u8], key: &[u8]) -> Option<(u8, &'a [u8], &'a [u8])> {
    let (head, rest) = value.split_at_checked(HEAD)?;
    let (named, sum) = head.split_at_checked(HEAD - 4)?;
    if !named.starts_with(&MAGIC) || named.get(4) != Some(&VERSION) {
        return None;
    }
    let len = usize::from(u16::from_le_bytes(named.get(50..52)?.try_into().ok()?));
    let body = rest.get(..len)?;
    let said = u32::from_le_bytes(sum.try_into().ok()?);
    (checked(named, body, key) == said).then_some((*named.get(5)?, head, body))
}

fn checked(head: &[u8], body: &[u8], key: &[u8]) -> u32 {
    let mut digest: Digest<'_, u32> = CRC.digest();
    digest.update(head);
    digest.update(body);
    digest.update(key);
    digest.finalize()
}

fn number(head: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?))
}

fn lane_byte(lane: Lane) -> u8 {
    match lane {
        Lane::Alarm => 1,
        Lane::Vital => 2,
        Lane::Routine => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(len: usize) -> Page {
        Page {
            key: PageKey {
                lane: Lane::Vital,
                epoch: 0xfeed,
                first: 12,
            },
            last: 40,
            gap: false,
            bytes: (0..len)
                .map(|i| u8::try_from(i % 251).unwrap())
                .collect::<Vec<_>>()
                .into(),
        }
    }

    #[test]
    fn a_page_is_found_again_among_rubbish_in_whatever_order_its_pieces_lie() {
        for len in [0, 1, BODY_LIMIT, BODY_LIMIT + 1, 16 * 1024] {
            let page = page(len);
            let mut pieces = pieces_of(9, 7, &page).unwrap();
            pieces.reverse();
            let mut file = b"TECJTECJ rubbish".to_vec();
            for (_, value) in pieces {
                file.extend_from_slice(&value);
                file.extend_from_slice(b"TECJ\x01\x01");
            }
            let carved = Carved {
                place: 9,
                since: 7,
                page,
            };
            assert_eq!(carve(&file), [carved], "len {len}");
        }
    }

    #[test]
    fn any_flipped_bit_in_a_value_is_noticed() {
        let (_, value) = pieces_of(3, 3, &page(100)).unwrap().remove(0);
        let note = plain(b"bed", b"active");
        assert_eq!(read_plain(b"bed", &note), Some(&b"active"[..]));
        assert_eq!(read_plain(b"bad", &note), None, "another key's value");
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_piece(&flipped), None, "bit {bit}");
        }
        for bit in 0..note.len() * 8 {
            let mut flipped = note.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_plain(b"bed", &flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn a_page_that_is_too_long_for_its_pieces_is_refused() {
        assert!(pieces_of(1, 1, &page(PAGE_BYTES_LIMIT)).is_some());
        assert!(pieces_of(1, 1, &page(PAGE_BYTES_LIMIT + 1)).is_none());
    }
}
