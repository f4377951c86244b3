//! The box between two chunks that tells a listener how it is served.

use bytes::Bytes;
use stentor_core::admission::{LoadMeasure, StepReason};
use stentor_edge::CadenceChange;

/// What tells a listener how it is served: as on which rung and why, how often it is sent bytes, how much sound it must hold for that,
/// and, when this server leaves, for how long yet.
pub fn cadence_box(told: CadenceChange, why: StepReason) -> Bytes {
    let mut json = format!(
        "{{\"v\":1,\"rung\":{},\"flush_ms\":{},\"hold_ms\":{},\"why\":\"{}\"",
        told.rung.number(),
        told.flush_ms,
        told.hold_ms,
        reason(why)
    );
    if let Some(ms) = told.leaves_in_ms {
        json.push_str(&format!(",\"leaves_in_ms\":{ms}"));
    }
    json.push('}');
    stentor_media::package::cadence(&json)
}

/// A reason of the ladder as far as a listener can tell the difference (`Reason` in `web/listen/notices.ts`; `listen-why-…` of the catalogues is its sentence).
const fn reason(why: StepReason) -> &'static str {
    match why {
        StepReason::Over(LoadMeasure::Link) => "link",
        StepReason::Over(LoadMeasure::Blocked) => "blocked",
        StepReason::Over(
            LoadMeasure::Late
            | LoadMeasure::Processor
            | LoadMeasure::Descriptors
            | LoadMeasure::Memory,
        ) => "busy",
        StepReason::Calm => "calm",
        StepReason::Opening => "opening",
        StepReason::Pinned => "pinned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_page_has_a_sentence_for_every_reason() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/listen/notices.ts");
        let page = fs::read_to_string(page).expect("the page's source is there");
        for why in StepReason::ALL {
            let code = reason(why);
            assert!(page.contains(&format!("'{code}'")), "{code}");
            for lang in Lang::all() {
                let id = format!("listen-why-{code}");
                assert_ne!(lang.say(&id, &[]), id, "{lang:?}");
            }
        }
    }
}
