//! The care hub's wire and the home's own topics, as anybody may write them: what is read is the same when it is written
//! and read again. The first byte says what is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::event::{Entry, decode, encode_gap};
use tecs_protocol::home::{AlarmInHome, Summary};
use tecs_protocol::hub::v1::{FromHome, FromHub, from_home};
use tecs_protocol::hub::{check_parcel, gateway_id_is_valid};
use tecs_protocol::prost::Message;

fuzz_target!(|input: &[u8]| {
    let Some((which, input)) = input.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(input);
    match which % 5 {
        0 => record(input),
        1 => again::<FromHub>(input, |_| {}),
        2 => again::<FromHome>(input, |message| {
            if let Some(from_home::Says::Parcel(parcel)) = &message.says
                && check_parcel(parcel).is_ok()
            {
                let last = parcel
                    .first_seq
                    .checked_add(parcel.records.len() as u64 - 1);
                assert!(parcel.first_seq > 0 && last.is_some());
            }
        }),
        3 => {
            if let Some(alarm) = AlarmInHome::from_json(&text) {
                assert_eq!(AlarmInHome::from_json(&alarm.to_json()), Some(alarm));
            }
            if let Some(summary) = Summary::from_json(&text) {
                assert_eq!(Summary::from_json(&summary.to_json()), Some(summary));
            }
        }
        _ => assert!(!gateway_id_is_valid(&text) || text.len() <= 64),
    }
});

/// A record that can be read is written and read again as the same.
fn record(input: &[u8]) {
    let Ok(entry) = decode(input) else {
        return;
    };
    let written = match &entry {
        Entry::Event(event) => {
            event.to_json();
            event.encode()
        }
        Entry::Gap(gap) => encode_gap(*gap),
    };
    let read = decode(&written);
    assert_eq!(read.map(|e| format!("{e:?}")), Ok(format!("{entry:?}")));
}

fn again<M: Message + Default + std::fmt::Debug>(input: &[u8], then: impl FnOnce(&M)) {
    let Ok(message) = M::decode(input) else {
        return;
    };
    let read = M::decode(message.encode_to_vec().as_slice());
    assert_eq!(read.map(|m| format!("{m:?}")), Ok(format!("{message:?}")));
    then(&message);
}
