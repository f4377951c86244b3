//! `POST /api/v1/events/{slug}/reminders`: somebody asks to be reminded.

use std::sync::Arc;

use axum::Form;
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Path, State};
use axum::http::header::{self, HeaderMap};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stentor_event::reminders::AskError;

use super::client::Client;
use super::language::asked_for;
use super::page::{self, Page};
use crate::problem::Problem;
use crate::state::ApiState;

/// Bytes of a request: an address and a language, with room.
pub(crate) const BODY_BYTES_MAX: usize = 1_024;

/// What is asked for, as JSON or as a form.
#[derive(Deserialize)]
struct Asked {
    /// Where mail goes.
    address: String,
    /// The language it is written in (BCP 47).
    #[serde(default)]
    lang: String,
}

/// See the module. The answer is the same whether or not the address is known.
pub(crate) async fn ask(
    State(state): State<Arc<ApiState>>,
    Path(slug): Path<String>,
    request: Request<Body>,
) -> Response {
    let headers = request.headers().clone();
    let client = request.extensions().get::<Client>().copied();
    let (asked, lang) = match read(request).await {
        Ok(asked) => {
            let lang = asked.lang.clone();
            (Ok(asked), lang)
        }
        Err(problem) => (Err(problem), String::new()),
    };
    let done = match asked {
        Ok(asked) => take(&state, &slug, client, asked).await,
        Err(problem) => Err(problem),
    };
    match done {
        Err(problem) => problem.into_response(),
        Ok(()) if page::wants_page(&headers) => {
            let lang = asked_for(&lang, &headers);
            page::answer(StatusCode::ACCEPTED, lang, Page::Asked, None)
        }
        Ok(()) => {
            let lang = asked_for(&lang, &headers);
            let said = serde_json::json!({"detail": lang.say("remind-asked-text", &[])});
            let headers = [(header::CACHE_CONTROL, "no-store")];
            (StatusCode::ACCEPTED, headers, Json(said)).into_response()
        }
    }
}

async fn take(
    state: &ApiState,
    slug: &str,
    client: Option<Client>,
    asked: Asked,
) -> Result<(), Problem> {
    let reminders = state
        .events
        .reminders()
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "this server sends no mail"))?;
    let network = client.and_then(Client::network);
    let address = asked.address.trim();
    let taken = reminders.ask(slug, address, &asked.lang, network).await;
    taken.map_err(|error| {
        let status = match error {
            AskError::NoEvent => return Problem::no_event(slug),
            AskError::NothingToCome => StatusCode::CONFLICT,
            AskError::Address => StatusCode::BAD_REQUEST,
            AskError::Network => StatusCode::TOO_MANY_REQUESTS,
            AskError::Full => StatusCode::SERVICE_UNAVAILABLE,
        };
        let problem = Problem::new(status, error.to_string());
        match error {
            AskError::Network | AskError::Full => problem.with(header::RETRY_AFTER, "60"),
            _ => problem,
        }
    })
}

async fn read(request: Request<Body>) -> Result<Asked, Problem> {
    let kind = essence(request.headers());
    let unread = |status: StatusCode, why: String| {
        let why = match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                format!("expected at most {BODY_BYTES_MAX} bytes, got more")
            }
            _ => why,
        };
        Problem::new(status, why.trim_end_matches('.').to_owned())
    };
    match kind.as_str() {
        "application/json" => match Json::<Asked>::from_request(request, &()).await {
            Ok(Json(asked)) => Ok(asked),
            Err(rejection) => Err(unread(rejection.status(), rejection.body_text())),
        },
        "application/x-www-form-urlencoded" => {
            match Form::<Asked>::from_request(request, &()).await {
                Ok(Form(asked)) => Ok(asked),
                Err(rejection) => Err(unread(rejection.status(), rejection.body_text())),
            }
        }
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "expected address and lang as application/json or application/x-www-form-urlencoded",
        )),
    }
}

fn essence(headers: &HeaderMap) -> String {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}
