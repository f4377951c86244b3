//! What programs can ask of this server, described as OpenAPI 3.1.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::{acts, picture, recordings, schedule_form};

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stentor",
        description = "Leading an event: what its stage page does by its socket, for programs. Hearing needs nothing of this."
    ),
    paths(
        acts::act,
        acts::schedule,
        picture::put,
        picture::delete,
        recordings::recordings
    ),
    components(schemas(schedule_form::PhaseWord)),
    modifiers(&StageLink)
)]
struct Description;

/// How one shows who one is: the token of a stage link (RFC 6750).
struct StageLink;

impl Modify for StageLink {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some("What stands behind #t= in the link of a host".to_owned());
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("stage link", SecurityScheme::Http(scheme));
    }
}

/// It is the same for everyone, so it is written once.
static JSON: LazyLock<String> = LazyLock::new(|| {
    let written = Description::openapi().to_pretty_json();
    written.expect("a description is always JSON")
});

/// `GET /api/v1/openapi.json`
pub(crate) async fn openapi() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    (headers, JSON.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_description_says_what_it_wants_and_answers() {
        let described: serde_json::Value = serde_json::from_str(&JSON).expect("JSON");
        assert_eq!(described["openapi"], "3.1.0");
        let paths = described["paths"].as_object().expect("addresses");
        assert_eq!(paths.len(), 4);
        for (path, methods) in paths {
            for (method, operation) in methods.as_object().expect("methods") {
                let name = format!("{method} {path}");
                assert!(operation["responses"]["200"].is_object(), "{name}");
                assert!(
                    operation["description"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty())
                        || operation["summary"].is_string(),
                    "{name}"
                );
            }
        }
        let schemas = &described["components"]["schemas"];
        for name in [
            "ActForm",
            "StartForm",
            "StandingForm",
            "ScheduleForm",
            "PhaseWord",
            "ReplayForm",
            "RecordingsForm",
        ] {
            assert!(schemas[name].is_object(), "{name}");
        }
    }
}
