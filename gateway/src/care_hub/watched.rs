//! The TLS stream as HTTP/2 sees it: why reading or writing failed is remembered, since on its way through HTTP/2 the cause
//! is lost, and the queue is told how much left. Decides nothing.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::queue::Queue;
use super::why::Why;

/// What is read at once of a peer that no longer takes our words, bytes.
const LAST_WORDS: usize = 4 << 10;

/// Why reading or writing failed first.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<Why>>>);

impl Failure {
    fn note(&self, e: &io::Error) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // TLS tells more than the broken pipe that follows it.
        if kept.is_none() {
            *kept = Some(Why::of_io(e));
        }
    }

    /// What was noted first.
    pub(super) fn take(&self) -> Option<Why> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A stream whose failures are noted.
///
/// A TLS 1.3 server refuses a client's certificate after the client's handshake is over: by then the client writes, and the
/// write may fail before the alert that says why is read. So after a failed write the peer's last words are read first;
/// a connection that can no longer be written to always ends its reading side as well.
pub(super) struct Watched<S> {
    io: S,
    failure: Failure,
    queue: Queue,
    /// The write that failed, while the peer's last words are read.
    broken: Option<io::Error>,
}

impl<S> Watched<S> {
    pub(super) fn new(io: S, failure: Failure, queue: Queue) -> Self {
        Self {
            io,
            failure,
            queue,
            broken: None,
        }
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// The end of a failed write: what the peer said last is noted before the failure itself.
    fn poll_last_words(&mut self, cx: &mut Context<'_>, failed: io::Error) -> Poll<io::Error> {
        let mut words = [0; LAST_WORDS];
        loop {
            let mut buf = ReadBuf::new(&mut words);
            match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(Ok(())) => break,
                Poll::Ready(Err(last)) => {
                    self.failure.note(&last);
                    break;
                }
                Poll::Pending => {
                    self.broken = Some(failed);
                    return Poll::Pending;
                }
            }
        }
        self.failure.note(&failed);
        Poll::Ready(failed)
    }

    fn poll_out<T>(
        &mut self,
        cx: &mut Context<'_>,
        out: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let failed = match self.broken.take() {
            Some(failed) => failed,
            None => match ready!(out(Pin::new(&mut self.io), cx)) {
                Ok(done) => return Poll::Ready(Ok(done)),
                Err(failed) => failed,
            },
        };
        self.poll_last_words(cx, failed).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.io).poll_read(cx, buf);
        match &poll {
            Poll::Ready(Ok(())) if buf.filled().len() == before => {
                self.failure.note(&io::ErrorKind::UnexpectedEof.into());
            }
            Poll::Ready(Err(e)) => self.failure.note(e),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        poll
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = self.poll_out(cx, |io, cx| io.poll_write(cx, buf));
        if let Poll::Ready(Ok(taken)) = poll {
            self.queue.taken(taken);
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    /// A peer that takes nothing more; its last words are what a read finds, after so many turns without any.
    struct Gone {
        turns: u32,
        last: Option<io::Error>,
    }

    impl AsyncRead for Gone {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.turns > 0 {
                self.turns -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(self.last.take().map_or(Ok(()), Err))
        }
    }

    impl AsyncWrite for Gone {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn why(turns: u32, last: Option<io::Error>) -> Why {
        let failure = Failure::default();
        let queue = Queue::new(1 << 10);
        let mut io = Watched::new(Gone { turns, last }, failure.clone(), queue);
        let failed = io.write_all(b"hello").await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::BrokenPipe);
        failure.take().unwrap()
    }

    #[tokio::test]
    async fn after_a_failed_write_the_alert_that_says_why_is_read_however_late_it_comes() {
        use rustls::{AlertDescription, Error as TlsError};
        for turns in [0, 1, 5] {
            let alert = TlsError::AlertReceived(AlertDescription::CertificateExpired);
            let last = io::Error::new(io::ErrorKind::InvalidData, alert);
            let why = why(turns, Some(last)).await;
            assert!(
                matches!(why, Why::Tls(TlsError::AlertReceived(_))),
                "{why:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_without_a_word_leaves_the_broken_pipe() {
        for turns in [0, 3] {
            let why = why(turns, None).await;
            assert!(
                matches!(why, Why::Io(io::ErrorKind::BrokenPipe, _)),
                "{why:?}"
            );
        }
    }
}
