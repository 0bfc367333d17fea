//! Whether a broker lets us in and grants our subscription, for `doctor`: a session of its own that leaves nothing behind and
//! acknowledges nothing.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, Packet, QoS, SubscribeFilter, SubscribeReasonCode};

use super::config::{ClientId, Filter, MqttSource};
use super::words::Broker;
use super::{OUTGOING, REQUESTS, call_promptly, options};

/// The whole conversation takes at most this.
const PATIENCE: Duration = Duration::from_secs(10);

/// Calls, asks for these topics, and goes: how many were granted, or why not and what to do.
pub async fn probe(
    config: &MqttSource,
    id: &ClientId,
    filters: &[Filter],
) -> Result<usize, String> {
    let id = id.with("-doctor");
    let broker = Broker::new(config, &id);
    let mut options = options::options(config, &id).map_err(|fault| fault.to_string())?;
    options
        .set_clean_session(true)
        .set_manual_acks(true)
        .set_max_packet_size(config.packet_limit as usize, OUTGOING);
    let (client, mut eventloop) = AsyncClient::new(options, REQUESTS);
    call_promptly(&mut eventloop);
    let asked = filters
        .iter()
        .map(|f| SubscribeFilter::new(f.as_str().to_owned(), QoS::AtLeastOnce));
    let asked: Vec<_> = asked.collect();
    let talk = async {
        let mut greeted = false;
        loop {
            match eventloop.poll().await {
                Err(error) => return Err(broker.lost(&error, greeted)),
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    greeted = true;
                    client
                        .try_subscribe_many(asked.clone())
                        .map_err(|error| format!("the subscription cannot be sent: {error}"))?;
                }
                Ok(Event::Incoming(Packet::SubAck(answer))) => {
                    return granted(filters, &answer.return_codes, &broker);
                }
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
            }
        }
    };
    let silent = || {
        format!(
            "the broker at {} said nothing for 10 s: look at its log",
            config.host
        )
    };
    tokio::time::timeout(PATIENCE, talk)
        .await
        .unwrap_or_else(|_| Err(silent()))
}

fn granted(
    filters: &[Filter],
    codes: &[SubscribeReasonCode],
    broker: &Broker,
) -> Result<usize, String> {
    let refused = filters
        .iter()
        .zip(codes)
        .filter(|(_, code)| **code == SubscribeReasonCode::Failure)
        .map(|(filter, _)| filter.clone());
    let refused: Vec<Filter> = refused.collect();
    if refused.is_empty() {
        Ok(filters.len())
    } else {
        Err(broker.refused_filters(&refused))
    }
}
