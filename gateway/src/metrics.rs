//! Prometheus text at `/metrics` and a word at `/health`, over HTTP/1.0 by hand, on loopback alone. No personal data:
//! names are of lanes, sources and endpoints, as the installer wrote them.

mod page;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::asked::Asker;
use crate::progress::Progress;

/// The longest request, bytes.
const LONGEST: usize = 8 << 10;
/// A whole visit takes at most this.
const VISIT: Duration = Duration::from_secs(5);
/// Visits at one time.
const VISITORS: usize = 8;

/// Listens from now on; a port that is taken costs the metrics, never the daemon.
pub async fn serve(listen: SocketAddr, asker: Asker, progress: Progress) {
    match TcpListener::bind(listen).await {
        Ok(listener) => {
            tokio::spawn(accept(listener, asker, progress));
        }
        Err(e) => {
            tracing::error!(%listen, error = %e, "no metrics: another program has this port; set metrics.listen");
        }
    }
}

async fn accept(listener: TcpListener, asker: Asker, progress: Progress) {
    let visitors = Arc::new(Semaphore::new(VISITORS));
    loop {
        let Ok(place) = Arc::clone(&visitors).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let (asker, progress) = (asker.clone(), progress.clone());
        tokio::spawn(async move {
            // A visitor who goes, goes.
            let _ = tokio::time::timeout(VISIT, visit(stream, &asker, &progress)).await;
            drop(place);
        });
    }
}

async fn visit(mut stream: TcpStream, asker: &Asker, progress: &Progress) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        let full = request.len() >= LONGEST;
        let read = if full {
            0
        } else {
            stream.read(&mut chunk).await?
        };
        if read == 0 {
            respond(&mut stream, "400 Bad Request", "a request without an end\n").await?;
            // What is left unread would take the answer away with it.
            let mut rest = stream.take(LONGEST as u64);
            return tokio::io::copy(&mut rest, &mut tokio::io::sink())
                .await
                .map(|_| ());
        }
        request.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
    let first = request.split(|b| *b == b'\r').next().unwrap_or_default();
    match first
        .strip_prefix(b"GET ")
        .map(|rest| rest.split(|b| *b == b' ').next())
    {
        Some(Some(b"/metrics")) => match asker.snapshot().await {
            Some(seen) => {
                respond(&mut stream, "200 OK", &page::text(&seen, progress.syncs())).await
            }
            None => {
                respond(
                    &mut stream,
                    "503 Service Unavailable",
                    "the loop does not answer\n",
                )
                .await
            }
        },
        Some(Some(b"/health")) => match asker.snapshot().await {
            // A journal that cannot keep is told, and no reason to be started anew: alarms flow.
            Some(seen) if seen.core.journal == "fine" => {
                respond(&mut stream, "200 OK", "ok\n").await
            }
            Some(seen) => {
                let words = format!("ok; the journal is {}\n", seen.core.journal);
                respond(&mut stream, "200 OK", &words).await
            }
            None => {
                respond(
                    &mut stream,
                    "503 Service Unavailable",
                    "the loop does not answer\n",
                )
                .await
            }
        },
        Some(_) => {
            respond(
                &mut stream,
                "404 Not Found",
                "there are /metrics and /health\n",
            )
            .await
        }
        None => respond(&mut stream, "405 Method Not Allowed", "GET alone\n").await,
    }
}

async fn respond(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.0 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::{View, questions};
    use crate::journal::{Journal, JournalLimits};
    use crate::notes::Notes;
    use crate::taps::Taps;
    use gateway_core::settings::Source;
    use gateway_core::{Gateway, Identity, Mono, Noteworthy, Recovered, Settings};
    use tecs_protocol::family::Family;

    fn settings() -> Settings {
        Settings {
            sources: vec![Source {
                name: "zig\"bee".into(),
                speaks: Family::Zigbee2Mqtt,
                base: String::new(),
                map: None,
                window: 20,
            }],
            endpoints: vec!["main".into()],
            ..Settings::default()
        }
    }

    async fn get(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn metrics_and_health_are_read_over_http_and_the_rest_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (says, _said) = tokio::sync::mpsc::unbounded_channel();
        let state = folder.path().join("state");
        let (_, journal) = Journal::open(&state, JournalLimits::default(), says).unwrap();
        let (asker, mut waiting) = questions();
        tokio::spawn(async move {
            let who = Identity {
                epoch: 1,
                boot_id: 1,
            };
            let mut notes = Notes::new(&settings());
            notes.take(Noteworthy::Refused {
                source: 0,
                name: "not_json",
                what: "line 1".into(),
                sample: b"Margaret".to_vec(),
            });
            let gateway = Gateway::new(settings(), who, Recovered::default(), Mono(0));
            // Two answers, then the loop hangs.
            for _ in 0..2 {
                let question = waiting.recv().await.unwrap();
                question(&View {
                    gateway: &gateway,
                    notes: &notes,
                    taps: &Taps::default(),
                    journal: None,
                    started: Mono(0),
                    now: Mono(5_000),
                });
            }
            std::future::pending::<()>().await;
            drop(waiting);
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(accept(listener, asker, Progress::new(journal.progress())));
        let page = get(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(page.starts_with("HTTP/1.0 200 OK\r\n"), "{page}");
        for line in [
            "tecs_gateway_uptime_seconds 5",
            "tecs_gateway_queue_records{lane=\"alarm\"} 0",
            "tecs_gateway_source_up{source=\"zig\\\"bee\"} 0",
            "tecs_gateway_refusals_total{source=\"zig\\\"bee\",refusal=\"not_json\"} 1",
            "tecs_gateway_parcels_total 0",
            "# TYPE tecs_gateway_syncs_total counter",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in {page}");
        }
        assert!(!page.contains("Margaret"));
        let health = get(address, "GET /health HTTP/1.0\r\n\r\n").await;
        assert!(health.ends_with("\r\n\r\nok\n"), "{health}");
        let health = get(address, "GET /health HTTP/1.0\r\n\r\n").await;
        assert!(
            health.contains("503") && health.contains("does not answer"),
            "{health}"
        );
        let wrong = get(address, "GET /etc/passwd HTTP/1.0\r\n\r\n").await;
        assert!(wrong.contains("404"), "{wrong}");
        let wrong = get(address, "POST /metrics HTTP/1.0\r\n\r\n").await;
        assert!(wrong.contains("405"), "{wrong}");
        let endless = get(address, &"x".repeat(9 << 10)).await;
        assert!(endless.contains("400"), "{endless}");
    }
}
