//! The box between two chunks that tells a listener how it is served.

use bytes::Bytes;
use stentor_edge::CadenceChange;

/// What tells a listener how it is served: as on which rung, how often it is sent bytes, how much sound it must hold for that,
/// and, when this server leaves, for how long yet.
pub fn cadence_box(told: CadenceChange) -> Bytes {
    let mut json = format!(
        "{{\"v\":1,\"rung\":{},\"flush_ms\":{},\"hold_ms\":{}",
        told.rung.number(),
        told.flush_ms,
        told.hold_ms
    );
    if let Some(ms) = told.leaves_in_ms {
        json.push_str(&format!(",\"leaves_in_ms\":{ms}"));
    }
    json.push('}');
    stentor_media::package::cadence(&json)
}
