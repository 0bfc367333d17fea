//! How a value lies on the disk: a head that names it, its body, and a CRC-32 over both, so that it can be checked when
//! read and carved out of a file that no engine opens. It knows no engine.
//!
//! Head, little endian, 56 bytes: magic `TECJ`, version, kind, lane, gap, epoch, first, last, place, since (5 × u64),
//! piece, pieces, body length (u16), CRC-32 of the head before it, the body, and the key it is stored under. `since` is
//! the first place of the transaction: everything before it was durable.
//!
//! A page is packed when that makes it smaller (LZ4's block format behind the page's length, u32): a home's records say
//! nearly the same again and again, and what is not written wears no SD card. The check sum is over what lies on the disk.

use std::collections::BTreeMap;

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
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
/// Sixteen bytes a step: every page is summed when it is written, when it is found and when it is read.
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

const PAGE: u8 = 1;
const PLAIN: u8 = 2;
const PACKED: u8 = 3;

/// What LZ4's block stands behind: the length of what it unpacks to.
const LENGTH: usize = 4;

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
    /// The page is packed; the body is a part of that.
    pub(super) packed: bool,
    pub(super) body: &'a [u8],
}

/// The pieces of a page with the keys to store them under: place, then piece, both growing.
pub(super) fn pieces_of(place: u64, since: u64, page: &Page) -> Option<Vec<([u8; 9], Vec<u8>)>> {
    let packed = packed(&page.bytes);
    let (kind, mut rest) = match &packed {
        Some(packed) => (PACKED, packed.as_slice()),
        None => (PAGE, page.bytes.as_ref()),
    };
    let count = rest.len().div_ceil(BODY_LIMIT).max(1);
    let pieces = u8::try_from(count).ok()?;
    let mut out = Vec::with_capacity(count);
    for piece in 0..pieces {
        let (body, after) = rest.split_at(rest.len().min(BODY_LIMIT));
        rest = after;
        let mut head = head(kind, body.len());
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

/// The page's bytes packed behind their length; `None` when that is no smaller, or longer than any page may be.
fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > PAGE_BYTES_LIMIT {
        return None;
    }
    let packed = lz4_flex::block::compress_prepend_size(bytes);
    (packed.len() < bytes.len()).then_some(packed)
}

/// The length of the page that a packed one's first bytes tell.
fn packed_length(packed: &[u8]) -> Option<usize> {
    let told = packed.first_chunk::<LENGTH>()?;
    let length = usize::try_from(u32::from_le_bytes(*told)).ok()?;
    (length <= PAGE_BYTES_LIMIT).then_some(length)
}

/// The bytes of a page that was packed; `None` when they are not what was packed.
fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let length = packed_length(packed)?;
    let bytes = lz4_flex::block::decompress(packed.get(LENGTH..)?, length).ok()?;
    (bytes.len() == length).then_some(bytes)
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
    if kind != PAGE && kind != PACKED {
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
        packed: kind == PACKED,
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
    packed: bool,
    pieces: Vec<Option<Bytes>>,
}

impl Gathered {
    /// Add one piece; a piece that is there already is left as it is.
    pub(super) fn add(&mut self, piece: &Piece<'_>) {
        let id = (piece.place, piece.key, piece.last);
        let half = self.0.entry(id).or_insert_with(|| Half {
            gap: piece.gap,
            since: piece.since,
            packed: piece.packed,
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
            let together = pieces.concat();
            let bytes = if half.packed {
                unpacked(&together)
            } else {
                Some(together)
            };
            let Some(bytes) = bytes else { continue };
            let page = Page {
                key,
                last,
                gap: half.gap,
                bytes: bytes.into(),
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

impl Piece<'_> {
    /// What this piece adds to the length of its page; the first of a packed page tells all of it.
    pub(super) fn adds(&self) -> usize {
        match (self.packed, self.number) {
            (false, _) => self.body.len(),
            (true, 0) => packed_length(self.body).unwrap_or_default(),
            (true, _) => 0,
        }
    }
}

/// What a page's last piece and their common length say of it.
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
    let mut digest: Digest<'_, u32, Table<16>> = CRC.digest();
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
    fn a_page_that_repeats_itself_is_packed_and_read_back_whole_with_its_own_length() {
        let mut page = page(0);
        page.bytes = b"the hall is quiet; ".repeat(800).into();
        let pieces = pieces_of(9, 7, &page).unwrap();
        assert_eq!(pieces.len(), 1, "it was not packed");
        let (_, value) = &pieces[0];
        let piece = read_piece(value).unwrap();
        assert!(piece.packed && piece.body.len() * 10 < page.bytes.len());
        assert_eq!(held(&piece, piece.adds()), Held::from(&page));
        assert_eq!(carve(value)[0].page, page);
    }

    #[test]
    fn a_packed_page_that_tells_a_wrong_length_is_none() {
        let good = packed(&[7; 1_000]).unwrap();
        assert_eq!(unpacked(&good), Some(vec![7; 1_000]));
        for told in [0_u32, 999, 1_001, u32::MAX] {
            let mut wrong = good.clone();
            wrong[..LENGTH].copy_from_slice(&told.to_le_bytes());
            assert_eq!(unpacked(&wrong), None, "{told}");
        }
        assert_eq!(unpacked(&good[..3]), None);
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
