//! What people do: claim, attend, give back, note, close, look at the access note; as forms.
//! It decides nothing: the ledger compares and sets, and this room puts its answer into words.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::case_page::Typed;
use super::clock::UkTime;
use super::pages::{With, case_with};
use super::view::name;
use super::{Shared, Trouble, who};
use crate::state::Hub;
use crate::store::{Act, Acted, CaseId, Closing, Outcome, Person, Words};

/// What the timeline says when somebody looked at the access note.
pub(crate) const ACCESS_SHOWN: &str = "Looked at how to get in (the home’s access note).";

/// What a form or a JSON request wants done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Claim,
    Release,
    Attend,
    Note,
    Close,
    /// Shows the access note, which is written down first.
    Access,
}

impl Deed {
    /// The deed of this word, as the address has it.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "claim" => Some(Self::Claim),
            "release" => Some(Self::Release),
            "attend" => Some(Self::Attend),
            "note" => Some(Self::Note),
            "close" => Some(Self::Close),
            "access" => Some(Self::Access),
            _ => None,
        }
    }

    /// What the ledger is asked to do; the error says what is missing.
    pub(crate) fn act(self, fields: &Fields) -> Result<Act, &'static str> {
        Ok(match self {
            Self::Claim => Act::Claim,
            Self::Release => Act::Release,
            Self::Attend => Act::Attend,
            Self::Note => {
                Act::Note(Words::new(&fields.note).ok_or("A note has 1 to 4,000 characters.")?)
            }
            Self::Close => Act::Close {
                closing: fields.closing()?,
                seen_count: fields.seen_count,
            },
            Self::Access => Act::Note(Words::new(ACCESS_SHOWN).ok_or("Nothing to write.")?),
        })
    }
}

/// What a form carries; the JSON has the same names.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fields {
    /// The page's own secret; JSON needs none, because other sites cannot send it.
    pub(crate) token: String,
    /// Who acts, where no cookie says it.
    pub(crate) who: String,
    /// A note; in JSON also the note of a closing.
    pub(crate) note: String,
    /// The note of a closing, in the form, where both fields stand on one page.
    pub(crate) ending: String,
    /// An [`Outcome`]'s word.
    pub(crate) outcome: String,
    /// Why nobody visits.
    pub(crate) reason: String,
    /// How many alarms the person had seen.
    pub(crate) seen_count: Option<u64>,
}

impl Fields {
    fn closing(&self) -> Result<Closing, &'static str> {
        let outcome = Outcome::from_word(&self.outcome).ok_or("Choose how it ended.")?;
        let text = |s: &str| match (s.trim().is_empty(), Words::new(s)) {
            (true, _) => Ok(None),
            (false, None) => Err("A note or a reason has at most 4,000 characters."),
            (false, words) => Ok(words),
        };
        let note = if self.ending.is_empty() {
            &self.note
        } else {
            &self.ending
        };
        Closing::new(outcome, text(note)?, text(&self.reason)?).ok_or("Say why nobody visits.")
    }

    fn typed(self, deed: Deed) -> Typed {
        Typed {
            note: if deed == Deed::Note {
                self.note
            } else {
                String::new()
            },
            outcome: Outcome::from_word(&self.outcome),
            ending: self.ending,
            reason: self.reason,
        }
    }
}

/// Why a deed was not done, as people read it; `None` when it was.
pub(crate) fn refusal(acted: &Acted, now_ms: i64) -> Option<(StatusCode, &'static str, String)> {
    let now = UkTime::of(now_ms);
    match acted {
        Acted::Done(_) => None,
        Acted::HeldBy(claim) => Some((
            StatusCode::CONFLICT,
            "held",
            format!(
                "{} has had it since {}. You can add a note.",
                name(claim.by.as_str()),
                UkTime::of(claim.since_ms).near(now)
            ),
        )),
        Acted::AlreadyClosed(case) => Some((
            StatusCode::CONFLICT,
            "closed",
            case.closed.as_ref().map_or_else(
                || "It is closed already.".to_owned(),
                |c| {
                    format!(
                        "{} closed it at {}.",
                        name(c.by.as_str()),
                        UkTime::of(c.at_ms).near(now)
                    )
                },
            ),
        )),
        Acted::Changed(case) => Some((
            StatusCode::CONFLICT,
            "changed",
            format!(
                "The same alarm came again since you opened the form: now {} times. Look at it, then close it once more.",
                case.count
            ),
        )),
        Acted::NotHeld => Some((
            StatusCode::CONFLICT,
            "not_held",
            "Nobody has it.".to_owned(),
        )),
        Acted::NotFound => Some((
            StatusCode::NOT_FOUND,
            "not_found",
            "There is no such case.".to_owned(),
        )),
    }
}

/// `POST /cases/{id}/{deed}`: a form's deed. Whatever was typed comes back when it could not be taken.
pub(crate) async fn form(
    State(console): State<Shared>,
    Path((id, deed)): Path<(u64, String)>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Trouble> {
    let (id, deed) = (CaseId(id), Deed::from_word(&deed).ok_or(Trouble::Nothing)?);
    let known = who::who(&headers);
    let remembers = known.is_none();
    let who = known.or_else(|| Person::new(&fields.who));
    let not_done = |status, heading, text: String, fields: Fields| With {
        status,
        told: Some((heading, text)),
        typed: fields.typed(deed),
        who: who.clone(),
        ..With::default()
    };
    if !console.token.is(&fields.token) {
        let text = "The page is older than this run of the care hub. Nothing was saved: look at it, then send it again.";
        let with = not_done(StatusCode::FORBIDDEN, "Not saved", text.to_owned(), fields);
        return case_with(&console, id, with).await;
    }
    let Some(by) = who.clone() else {
        let text = "Say who you are, then send it again.";
        let with = not_done(
            StatusCode::UNAUTHORIZED,
            "Who are you?",
            text.to_owned(),
            fields,
        );
        return case_with(&console, id, with).await;
    };
    let act = match deed.act(&fields) {
        Ok(act) => act,
        Err(missing) => {
            let with = not_done(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Something is missing",
                missing.to_owned(),
                fields,
            );
            return case_with(&console, id, with).await;
        }
    };
    let now_ms = Hub::now_ms();
    let cookie = remembers.then(|| [(header::SET_COOKIE, who::remember(&by))]);
    let acted = console.hub.store.act(id, by, act, now_ms).await?;
    let answer = match (refusal(&acted, now_ms), deed) {
        (Some((StatusCode::NOT_FOUND, ..)), _) => return Err(Trouble::Nothing),
        (Some((status, _, text)), _) => {
            case_with(&console, id, not_done(status, "Not done", text, fields)).await?
        }
        (None, Deed::Access) => {
            let with = With {
                shows_access: true,
                who,
                ..With::default()
            };
            case_with(&console, id, with).await?
        }
        (None, Deed::Claim | Deed::Release | Deed::Attend | Deed::Note | Deed::Close) => {
            Redirect::to(&format!("/cases/{id}")).into_response()
        }
    };
    Ok((cookie, answer).into_response())
}
