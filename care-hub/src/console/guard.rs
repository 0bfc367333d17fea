//! Who may speak to the page at all: this machine's own browser, on this page's own behalf.
//! There is no log-in yet; until it comes, these checks and the loopback address are the whole door.

use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::desk::hex;

/// The names under which a browser on this machine may call the page; any other is somebody else's DNS.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The largest body of a request, bytes: a note of 4,000 characters, URL-encoded at 12 bytes each, a reason, fields.
pub(crate) const BODY_LIMIT: usize = 128 * 1024;

const SECURITY: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: under it a browser sends `Origin: null` with the page's own forms (Fetch, 'append a request
    // `Origin` header'), and they could not be told from a stranger's. Nothing leaves for other sites either way.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// The secret of this run of the hub that every form of its own pages carries.
///
/// One for all browsers is enough: a stranger's page cannot read ours, and there is no log-in to tell browsers apart.
pub(crate) struct Token(String);

impl Token {
    /// Draws 256 bits from the operating system; without them the token is empty and no form is ever accepted.
    pub(crate) fn draw() -> Self {
        let mut bytes = [0_u8; 32];
        match getrandom::fill(&mut bytes) {
            Ok(()) => Self(hex(&bytes)),
            Err(why) => {
                tracing::error!(%why, "no randomness: the page will refuse every form");
                Self(String::new())
            }
        }
    }

    /// As a form's hidden field carries it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its duration how much was right.
    pub(crate) fn is(&self, offered: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), offered.as_bytes());
        !ours.is_empty()
            && ours.len() == theirs.len()
            && ours
                .iter()
                .zip(theirs)
                .fold(0, |differs, (a, b)| differs | (a ^ b))
                == 0
    }
}

/// Why a request is turned away at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnedAway {
    Host,
    AnotherSite,
    NobodyLooks,
}

/// Turns strangers away and puts the security headers on every answer, refusals included.
pub(crate) async fn door(request: Request, next: Next) -> Response {
    let mut response = match judge(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(TurnedAway::Host) => (
            StatusCode::MISDIRECTED_REQUEST,
            "This page answers only as 127.0.0.1, localhost or [::1]: another name in the address may be an attack \
             (DNS rebinding).\n",
        )
            .into_response(),
        Err(TurnedAway::AnotherSite) => (
            StatusCode::FORBIDDEN,
            "Refused: the request was made by another site, not by this page.\n",
        )
            .into_response(),
        Err(TurnedAway::NobodyLooks) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Not ahead of time: what this page shows counts as seen by a responder.\n",
        )
            .into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn judge(method: &Method, headers: &HeaderMap) -> Result<(), TurnedAway> {
    let host = one(headers, &header::HOST).ok_or(TurnedAway::Host)?;
    if !HOSTS.contains(&without_port(host)) {
        return Err(TurnedAway::Host);
    }
    if text(headers, "sec-purpose").is_some_and(|why| why.starts_with("prefetch")) {
        return Err(TurnedAway::NobodyLooks);
    }
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    let site = text(headers, "sec-fetch-site");
    let foreign = matches!(site, Some("cross-site" | "same-site"));
    let navigates = text(headers, "sec-fetch-mode") == Some("navigate");
    // A link from elsewhere may open a page; nothing else that another site asks for is answered.
    if foreign && (changes || !navigates) {
        return Err(TurnedAway::AnotherSite);
    }
    if changes && headers.contains_key(header::ORIGIN) {
        let own = format!("http://{host}");
        if one(headers, &header::ORIGIN) != Some(own.as_str()) {
            return Err(TurnedAway::AnotherSite);
        }
    }
    Ok(())
}

/// The header's value when it is there exactly once.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(only), None) => only.to_str().ok(),
        _ => None,
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (HeaderName::from_static(k), v.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_this_machine_s_own_names_are_answered() {
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "localhost:9",
            "[::1]:8080",
            "[::1]",
        ] {
            assert_eq!(
                judge(&Method::GET, &headers(&[("host", host)])),
                Ok(()),
                "{host}"
            );
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "localhost:x",
            "[::1",
            "",
            "0.0.0.0:8080",
        ] {
            let judged = judge(&Method::GET, &headers(&[("host", host)]));
            assert_eq!(judged, Err(TurnedAway::Host), "{host}");
        }
        assert_eq!(judge(&Method::GET, &headers(&[])), Err(TurnedAway::Host));
    }

    #[test]
    fn another_site_may_open_a_page_but_change_nothing_and_read_nothing() {
        let opened = [
            ("host", "localhost"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
        ];
        assert_eq!(judge(&Method::GET, &headers(&opened)), Ok(()));
        assert_eq!(
            judge(&Method::POST, &headers(&opened)),
            Err(TurnedAway::AnotherSite)
        );
        let fetched = [
            ("host", "localhost"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "no-cors"),
        ];
        assert_eq!(
            judge(&Method::GET, &headers(&fetched)),
            Err(TurnedAway::AnotherSite)
        );
    }

    #[test]
    fn a_change_must_come_from_this_very_origin_when_it_names_one() {
        let from = |origin| {
            judge(
                &Method::POST,
                &headers(&[("host", "127.0.0.1:8080"), ("origin", origin)]),
            )
        };
        assert_eq!(from("http://127.0.0.1:8080"), Ok(()));
        for origin in [
            "http://127.0.0.1:9090",
            "http://localhost:8080",
            "https://127.0.0.1:8080",
            "null",
        ] {
            assert_eq!(from(origin), Err(TurnedAway::AnotherSite), "{origin}");
        }
    }

    #[test]
    fn a_page_that_a_browser_guesses_will_be_wanted_is_not_shown_to_nobody() {
        let guessed = [("host", "localhost"), ("sec-purpose", "prefetch;prerender")];
        let judged = judge(&Method::GET, &headers(&guessed));
        assert_eq!(judged, Err(TurnedAway::NobodyLooks));
    }

    #[test]
    fn a_token_is_only_itself() {
        let (ours, another) = (Token::draw(), Token::draw());
        assert!(ours.is(ours.as_str()));
        assert!(!ours.is(another.as_str()));
        assert!(!ours.is(""));
        assert!(!Token(String::new()).is(""));
    }
}
