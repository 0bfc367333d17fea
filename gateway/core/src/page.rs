//! A page: a run of encoded records of one lane and epoch, laid out as `Parcel.records` is on the wire, so that what
//! is kept is what is sent. It may be cut at any record.

use tecs_protocol::Bytes;
use tecs_protocol::prost::encoding::{decode_varint, encode_varint};
use tecs_protocol::vocabulary::Lane;

/// The largest page, in bytes: one page is one journal value and one parcel (16 KiB).
pub const PAGE_LIMIT: usize = 16 * 1024;

/// `Parcel.records` is field 4 with length-delimited wire type: (4 << 3) | 2.
const TAG: u8 = 0x22;

/// Names a page: the lane, the epoch it was born in and its first sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    /// Its lane.
    pub lane: Lane,
    /// The run of the daemon that gave its places.
    pub epoch: u64,
    /// Its first sequence number.
    pub first: u64,
}

/// A run of records with the places they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its name.
    pub key: PageKey,
    /// Its last sequence number; a page that is a Gap holds one record and covers `first..=last`.
    pub last: u64,
    /// True when its one record is a Gap.
    pub gap: bool,
    /// The records, each as tag, length, bytes.
    pub bytes: Bytes,
}

impl Page {
    /// The page of these records, which follow one another from `key.first`.
    pub fn of<'a>(
        key: PageKey,
        records: impl IntoIterator<Item = &'a Bytes, IntoIter: Clone>,
    ) -> Self {
        let records = records.into_iter();
        // To the byte: a page may wait in memory for a slow disk.
        let mut bytes = Vec::with_capacity(records.clone().map(|r| Self::cost(r.len())).sum());
        let mut count = 0;
        for record in records {
            bytes.push(TAG);
            encode_varint(record.len() as u64, &mut bytes);
            bytes.extend_from_slice(record);
            count += 1;
        }
        Self {
            key,
            last: (key.first + count).saturating_sub(1),
            gap: false,
            bytes: bytes.into(),
        }
    }

    /// The page that stands for `first..=last`.
    pub fn gap(key: PageKey, last: u64, record: &Bytes) -> Self {
        Self {
            last,
            gap: true,
            ..Self::of(key, [record])
        }
    }

    /// How many bytes a record of `len` bytes takes in a page.
    pub fn cost(len: usize) -> usize {
        1 + tecs_protocol::prost::encoding::encoded_len_varint(len as u64) + len
    }

    /// Its records, without copying; `None` when the bytes are no page.
    pub fn records(&self) -> Option<Vec<Bytes>> {
        records(&self.bytes)
    }
}

/// The records in a page's bytes, without copying; `None` when they are no page.
pub fn records(bytes: &Bytes) -> Option<Vec<Bytes>> {
    let mut rest = bytes.clone();
    let mut out = Vec::new();
    while let Some((&tag, _)) = rest.split_first() {
        if tag != TAG {
            return None;
        }
        let _ = rest.split_to(1);
        let len = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
        if len > rest.len() {
            return None;
        }
        out.push(rest.split_to(len));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tecs_protocol::hub::v1;
    use tecs_protocol::prost::Message;

    #[test]
    fn a_page_is_the_records_field_of_a_parcel() {
        let records = [Bytes::from_static(b"one"), Bytes::from(vec![7; 300])];
        let key = PageKey {
            lane: Lane::Routine,
            epoch: 9,
            first: 5,
        };
        let page = Page::of(key, &records);
        assert_eq!(page.last, 6);
        assert_eq!(page.records().unwrap(), records);
        let parcel = v1::Parcel::decode(page.bytes.clone()).unwrap();
        assert_eq!(parcel.records, records);
        let costs: usize = records.iter().map(|r| Page::cost(r.len())).sum();
        assert_eq!(page.bytes.len(), costs);
    }

    #[test]
    fn bytes_that_are_no_page_are_refused() {
        assert_eq!(super::records(&Bytes::from_static(b"\x22\x05ab")), None);
        assert_eq!(super::records(&Bytes::from_static(b"\x21\x01a")), None);
    }
}
