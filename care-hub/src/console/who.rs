//! Who a browser says it is: a name in a cookie for one shift. It names and proves nothing: log-in comes later.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

use super::shell::{self, Frame, Hears, Here};
use super::{Console, Shared, Trouble};
use crate::desk::hex;
use crate::state::Hub;
use crate::store::{Person, Queue};

/// The cookie that remembers a responder's name for a shift.
const WHO: &str = "who";

/// How long a name is remembered, seconds: a long shift.
const SHIFT_S: u32 = 12 * 3_600;

/// Who this browser says it is. Not a log-in: it names, it does not prove.
pub(crate) fn who(headers: &HeaderMap) -> Option<Person> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, hex) = pairs.find(|(name, _)| *name == WHO)?;
    let digits: Vec<char> = hex.chars().collect();
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok())
        .collect();
    Person::new(&String::from_utf8(bytes?).ok()?)
}

/// The header that makes a browser remember this name; hexadecimal, because a cookie is ASCII.
pub(crate) fn remember(who: &Person) -> String {
    let hex = hex(who.as_str().as_bytes());
    format!("{WHO}={hex}; Path=/; Max-Age={SHIFT_S}; HttpOnly; SameSite=Strict")
}

/// Where to go after saying one's name.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    then: String,
    token: String,
    who: String,
}

impl Asked {
    /// A page of ours, or the alarms: never another site.
    fn path(&self) -> &str {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-');
        if self.then.starts_with('/')
            && !self.then.starts_with("//")
            && self.then.bytes().all(plain)
        {
            &self.then
        } else {
            "/"
        }
    }
}

/// `GET /who`: asks for a name.
pub(crate) async fn ask(
    State(console): State<Shared>,
    headers: HeaderMap,
    Query(then): Query<Asked>,
) -> Result<Response, Trouble> {
    page(&console, &headers, &then, None).await
}

/// `POST /who`: remembers a name in a cookie of this browser.
pub(crate) async fn say(
    State(console): State<Shared>,
    headers: HeaderMap,
    Form(then): Form<Asked>,
) -> Result<Response, Trouble> {
    if !console.token.is(&then.token) {
        let text = "The page is older than this run of the care hub: send it again.";
        return page(
            &console,
            &headers,
            &then,
            Some((StatusCode::FORBIDDEN, text)),
        )
        .await;
    }
    let Some(who) = Person::new(&then.who) else {
        let text = "A name has 1 to 64 characters.";
        return page(
            &console,
            &headers,
            &then,
            Some((StatusCode::UNPROCESSABLE_ENTITY, text)),
        )
        .await;
    };
    let cookie = [(header::SET_COOKIE, remember(&who))];
    Ok((cookie, Redirect::to(then.path())).into_response())
}

async fn page(
    console: &Console,
    headers: &HeaderMap,
    then: &Asked,
    wrong: Option<(StatusCode, &str)>,
) -> Result<Response, Trouble> {
    let store = &console.hub.store;
    let frame = Frame {
        title: "Who are you?".to_owned(),
        here: Here::Elsewhere,
        path: "/who".to_owned(),
        who: who(headers),
        now_ms: Hub::now_ms(),
        open: (
            store.open(Queue::Alarms).await?.len(),
            store.open(Queue::Technical).await?.len(),
        ),
        hears: Hears::Cases,
        reloads: false,
    };
    let typed = match &frame.who {
        Some(who) if then.who.is_empty() => who.as_str(),
        Some(_) | None => then.who.as_str(),
    };
    let html = frame.around(&html! {
        @if let Some((_, text)) = wrong { (shell::told("Not saved", text)) }
        h1 { "Who are you?" }
        p { "Your name stands in the timeline of what you do, and the home may be told it. This is no log-in." }
        form method="post" action="/who" {
            input type="hidden" name="token" value=(console.token.as_str());
            input type="hidden" name="then" value=(then.path());
            label for="who" { "Name" }
            input #who type="text" name="who" required maxlength=(Person::LONGEST) autocomplete="name" value=(typed);
            div.acts { button type="submit" { "That is me" } }
        }
    });
    let status = wrong.map_or(StatusCode::OK, |(status, _)| status);
    Ok((status, html).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_saying_a_name_one_stays_on_this_page() {
        let goes = |then: &str| {
            Asked {
                then: then.to_owned(),
                ..Asked::default()
            }
            .path()
            .to_owned()
        };
        assert_eq!(goes("/cases/7"), "/cases/7");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "",
            "/x?y=//z",
        ] {
            assert_eq!(goes(elsewhere), "/", "{elsewhere}");
        }
    }

    #[test]
    fn a_name_comes_back_from_its_cookie_in_any_script() {
        for name in ["Amal", "Zoë O’Neill", "房 明"] {
            let who_is = Person::new(name).unwrap();
            let cookie = remember(&who_is);
            let mut headers = HeaderMap::new();
            let sent = format!("other=1; {}", cookie.split(';').next().unwrap());
            headers.insert(header::COOKIE, sent.parse().unwrap());
            assert_eq!(who(&headers), Some(who_is));
        }
    }

    #[test]
    fn a_cookie_that_is_no_name_is_nobody() {
        for cookie in [
            "who=", "who=zz", "who=41f", "who=0a0d", "who=ff", "other=41", "",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            let expected = if cookie == "who=41f" {
                Person::new("A\u{f}")
            } else {
                None
            };
            assert_eq!(who(&headers), expected, "{cookie}");
        }
    }
}
