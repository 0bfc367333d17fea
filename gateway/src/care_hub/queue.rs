//! What waits to be sent on one stream, in two priorities: alarms, Hello and answers before bulk. Bulk is handed out one
//! parcel at a time, the next when TLS has taken the last one whole: an alarm finds at most one parcel before it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tecs_protocol::hub::v1::FromHome;
use tecs_protocol::prost::Message as _;
use tokio_stream::Stream;

/// More waits than is allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The queue of one stream; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Mutex<Waiting>>);

#[derive(Debug)]
struct Waiting {
    first: VecDeque<FromHome>,
    bulk: VecDeque<FromHome>,
    bytes: usize,
    limit: usize,
    /// Bytes that were handed out and that TLS has not taken yet.
    on_their_way: usize,
    waker: Option<Waker>,
}

impl Queue {
    /// An empty queue that holds at most `limit` bytes of encoded messages.
    pub(super) fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Waiting {
            first: VecDeque::new(),
            bulk: VecDeque::new(),
            bytes: 0,
            limit,
            on_their_way: 0,
            waker: None,
        })))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics with the lock held; a poisoned lock guards sound data.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets this wait for its turn.
    pub(super) fn push(&self, first: bool, says: FromHome) -> Result<(), Full> {
        let mut waiting = self.waiting();
        let bytes = says.encoded_len();
        if waiting.bytes + bytes > waiting.limit {
            return Err(Full);
        }
        waiting.bytes += bytes;
        if first {
            waiting.first.push_back(says);
        } else {
            waiting.bulk.push_back(says);
        }
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
        Ok(())
    }

    /// TLS has taken so many bytes. The few that HTTP/2 adds for itself are counted as ours and do no harm: the count
    /// begins anew with each message that is handed out.
    pub(super) fn taken(&self, bytes: usize) {
        let mut waiting = self.waiting();
        waiting.on_their_way = waiting.on_their_way.saturating_sub(bytes);
        if waiting.on_their_way == 0
            && let Some(waker) = waiting.waker.take()
        {
            waker.wake();
        }
    }

    /// The stream that tonic reads; ends never, the connection's end ends it.
    pub(super) fn outgoing(&self) -> Outgoing {
        Outgoing {
            queue: self.clone(),
            handed_one: false,
        }
    }
}

/// The receiving end.
#[derive(Debug)]
pub(super) struct Outgoing {
    queue: Queue,
    handed_one: bool,
}

impl Stream for Outgoing {
    type Item = FromHome;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FromHome>> {
        // tonic gathers up to 32 KiB for as long as a stream is ready. One message, then a pause: it goes out alone, and
        // the next is chosen only when the connection has room again.
        if std::mem::take(&mut self.handed_one) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut waiting = self.queue.waiting();
        let mut next = waiting.first.pop_front();
        if next.is_none() && waiting.on_their_way == 0 {
            next = waiting.bulk.pop_front();
        }
        let Some(says) = next else {
            waiting.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let bytes = says.encoded_len();
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        waiting.on_their_way += bytes;
        drop(waiting);
        self.handed_one = true;
        Poll::Ready(Some(says))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tecs_protocol::hub::v1;

    fn parcel(first_seq: u64, len: usize) -> FromHome {
        FromHome {
            says: Some(v1::from_home::Says::Parcel(v1::Parcel {
                first_seq,
                records: vec![vec![0; len].into()],
                ..v1::Parcel::default()
            })),
        }
    }

    fn seq(says: &FromHome) -> u64 {
        match &says.says {
            Some(v1::from_home::Says::Parcel(parcel)) => parcel.first_seq,
            _ => 0,
        }
    }

    #[test]
    fn an_alarm_overtakes_waiting_bulk() {
        let queue = Queue::new(1 << 20);
        for n in 1..=3 {
            queue.push(false, parcel(n, 100)).unwrap();
        }
        queue.push(true, parcel(9, 10)).unwrap();
        let mut outgoing = queue.outgoing();
        let mut cx = Context::from_waker(Waker::noop());
        let mut order = Vec::new();
        for _ in 0..9 {
            if let Poll::Ready(Some(says)) = Pin::new(&mut outgoing).poll_next(&mut cx) {
                order.push(seq(&says));
                queue.taken(1_000);
            }
        }
        assert_eq!(order, [9, 1, 2, 3]);
    }

    #[test]
    fn after_each_message_the_stream_pauses_once() {
        let queue = Queue::new(1 << 20);
        queue.push(false, parcel(1, 10)).unwrap();
        queue.push(false, parcel(2, 10)).unwrap();
        let mut outgoing = queue.outgoing();
        let mut cx = Context::from_waker(Waker::noop());
        let mut ready = || Pin::new(&mut outgoing).poll_next(&mut cx).is_ready();
        let first = [ready(), ready(), ready()];
        assert_eq!(first, [true, false, false], "bulk waits for TLS");
        queue.taken(1_000);
        assert_eq!([ready(), ready()], [true, false]);
    }

    #[test]
    fn an_alarm_does_not_wait_until_bulk_is_taken() {
        let queue = Queue::new(1 << 20);
        queue.push(false, parcel(1, 100)).unwrap();
        queue.push(false, parcel(2, 100)).unwrap();
        let mut outgoing = queue.outgoing();
        let mut cx = Context::from_waker(Waker::noop());
        let mut next = || match Pin::new(&mut outgoing).poll_next(&mut cx) {
            Poll::Ready(says) => says.as_ref().map(seq),
            Poll::Pending => None,
        };
        assert_eq!([next(), next(), next()], [Some(1), None, None]);
        queue.push(true, parcel(9, 10)).unwrap();
        assert_eq!([next(), next(), next()], [Some(9), None, None]);
    }

    #[test]
    fn what_waits_is_bounded_in_bytes() {
        let queue = Queue::new(1000);
        queue.push(false, parcel(1, 900)).unwrap();
        assert_eq!(queue.push(true, parcel(2, 200)), Err(Full));
        let mut cx = Context::from_waker(Waker::noop());
        let taken = Pin::new(&mut queue.outgoing()).poll_next(&mut cx);
        assert!(taken.is_ready());
        assert_eq!(queue.push(true, parcel(2, 200)), Ok(()));
    }
}
