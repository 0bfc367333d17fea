//! The pages that are read: asks the ledger, makes views, hands them to the templates.
//! Nothing is changed here, except that what was shown is marked as presented.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::case_page::{self, CasePage, Typed};
use super::shell::{Frame, Hears, Here};
use super::view::Row;
use super::{Console, Shared, Trouble, home_page, queue, who};
use crate::state::Hub;
use crate::store::{Case, CaseId, Person, Queue};

/// `GET /`: the open alarms.
pub(crate) async fn alarms(
    State(console): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    open(&console, &headers, Queue::Alarms).await
}

/// `GET /technical`: the open technical cases.
pub(crate) async fn technical(
    State(console): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    open(&console, &headers, Queue::Technical).await
}

async fn open(console: &Console, headers: &HeaderMap, which: Queue) -> Result<Response, Trouble> {
    let now_ms = Hub::now_ms();
    let alarms = console.hub.store.open(Queue::Alarms).await?;
    let technical = console.hub.store.open(Queue::Technical).await?;
    let counts = (alarms.len(), technical.len());
    let (cases, title, here, path) = match which {
        Queue::Alarms => (alarms, format!("({}) Alarms", counts.0), Here::Alarms, "/"),
        Queue::Technical => (
            technical,
            format!("({}) Technical", counts.1),
            Here::Technical,
            "/technical",
        ),
    };
    let all = cases.len();
    let shown = cases.get(..queue::ROWS).unwrap_or(&cases);
    let rows = rows(console, shown, now_ms);
    let frame = Frame {
        title,
        here,
        path: path.to_owned(),
        who: who::who(headers),
        now_ms,
        open: counts,
        hears: Hears::Cases,
        reloads: true,
    };
    let page = frame.around(&queue::open(
        which,
        &rows,
        all,
        console.token.as_str(),
        now_ms,
    ));
    console.present(not_yet_presented(shown));
    Ok(page.into_response())
}

/// Those cases that no page has shown before.
pub(crate) fn not_yet_presented(cases: &[Case]) -> Vec<CaseId> {
    let new = cases.iter().filter(|case| case.presented_ms.is_none());
    new.map(|case| case.id).collect()
}

fn rows(console: &Console, cases: &[Case], now_ms: i64) -> Vec<Row> {
    let homes = &console.hub.homes;
    cases
        .iter()
        .map(|case| Row::of(case, homes, now_ms))
        .collect()
}

/// `GET /closed`: what was closed last.
pub(crate) async fn closed(
    State(console): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let now_ms = Hub::now_ms();
    let cases = console.hub.store.closed(queue::ROWS).await?;
    let rows = rows(&console, &cases, now_ms);
    let frame = Frame {
        title: "Recently closed".to_owned(),
        here: Here::Closed,
        path: "/closed".to_owned(),
        who: who::who(&headers),
        now_ms,
        open: counts(&console).await?,
        hears: Hears::Cases,
        reloads: true,
    };
    Ok(frame.around(&queue::closed(&rows, now_ms)).into_response())
}

async fn counts(console: &Console) -> Result<(usize, usize), Trouble> {
    let alarms = console.hub.store.open(Queue::Alarms).await?.len();
    let technical = console.hub.store.open(Queue::Technical).await?.len();
    Ok((alarms, technical))
}

/// How much of a case's page is asked for.
#[derive(Deserialize)]
pub(crate) struct HowMuch {
    #[serde(default)]
    whole: bool,
}

/// `GET /cases/{id}`: one case with its timeline.
pub(crate) async fn case(
    State(console): State<Shared>,
    Path(id): Path<u64>,
    Query(how_much): Query<HowMuch>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let with = With {
        whole: how_much.whole,
        who: who::who(&headers),
        ..With::default()
    };
    case_with(&console, CaseId(id), with).await
}

/// What a case's page says besides the case.
#[derive(Default)]
pub(crate) struct With {
    pub(crate) status: StatusCode,
    pub(crate) told: Option<(&'static str, String)>,
    pub(crate) typed: Typed,
    pub(crate) shows_access: bool,
    pub(crate) whole: bool,
    /// Who looks at it.
    pub(crate) who: Option<Person>,
}

/// The page of a case, also as the answer to a form.
pub(crate) async fn case_with(
    console: &Console,
    id: CaseId,
    with: With,
) -> Result<Response, Trouble> {
    let now_ms = Hub::now_ms();
    let store = &console.hub.store;
    let (case, entries) = store.case(id).await?.ok_or(Trouble::Nothing)?;
    let (alarms, technical) = (
        store.open(Queue::Alarms).await?,
        store.open(Queue::Technical).await?,
    );
    let gateway = &case.subject.gateway;
    let beside = alarms.iter().chain(&technical);
    let beside: Vec<Row> = beside
        .filter(|other| other.subject.gateway == *gateway && other.id != id)
        .take(BESIDE)
        .map(|other| Row::of(other, &console.hub.homes, now_ms))
        .collect();
    let home = console.hub.homes.get(gateway);
    let row = Row::of(&case, &console.hub.homes, now_ms);
    let frame = Frame {
        title: case_page::title(&row),
        here: Here::Elsewhere,
        path: format!("/cases/{id}"),
        who: with.who,
        now_ms,
        open: (alarms.len(), technical.len()),
        hears: Hears::Cases,
        reloads: false,
    };
    let page = CasePage {
        row: &row,
        home,
        entries: &entries,
        whole: with.whole,
        beside: &beside,
        who: frame.who.as_ref(),
        told: with.told,
        typed: &with.typed,
        access: home
            .filter(|_| with.shows_access)
            .map(|h| h.access_note.as_str()),
        token: console.token.as_str(),
        now_ms,
    };
    let answer = (with.status, frame.around(&page.markup())).into_response();
    console.present(not_yet_presented(std::slice::from_ref(&case)));
    Ok(answer)
}

/// How many other cases of a home its cases' pages name.
const BESIDE: usize = 20;

/// What is looked for among the homes.
#[derive(Deserialize)]
pub(crate) struct Find {
    #[serde(default)]
    find: String,
}

/// `GET /homes`: every home, its link, its open cases, its last good test.
pub(crate) async fn homes(
    State(console): State<Shared>,
    Query(find): Query<Find>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let now_ms = Hub::now_ms();
    let (rows, all) = home_page::rows(&console.hub, &find.find).await?;
    let frame = Frame {
        title: "Homes".to_owned(),
        here: Here::Homes,
        path: "/homes".to_owned(),
        who: who::who(&headers),
        now_ms,
        open: counts(&console).await?,
        hears: Hears::Homes,
        reloads: false,
    };
    let page = home_page::list(&rows, all, &find.find, now_ms);
    Ok(frame.around(&page).into_response())
}

/// `GET /homes/{gateway}`: one home: link, newest vitals, daily life, cases.
pub(crate) async fn home(
    State(console): State<Shared>,
    Path(gateway): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let now_ms = Hub::now_ms();
    let told = home_page::told(&console.hub, &gateway, now_ms)
        .await?
        .ok_or(Trouble::Nothing)?;
    let frame = Frame {
        title: told.name().to_owned(),
        here: Here::Homes,
        path: format!("/homes/{gateway}"),
        who: who::who(&headers),
        now_ms,
        open: counts(&console).await?,
        hears: Hears::Homes,
        reloads: true,
    };
    Ok(frame.around(&told.markup(now_ms)).into_response())
}

/// Every other address.
pub(crate) async fn nothing_here() -> Trouble {
    Trouble::Nothing
}
