//! An offer from anybody, before any library sees it. What is rewritten stays below the limit's order of size.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_studio::sdp::{self, Offer};
use stentor_studio::sdpfrag::SdpFrag;

fuzz_target!(|text: &str| {
    if let Err(fault) = Offer::parse(text) {
        assert!(!fault.to_string().is_empty());
    }
    let fragment = SdpFrag {
        ice_ufrag: Some("abcd".into()),
        ice_pwd: None,
        ..SdpFrag::default()
    };
    let rewritten = sdp::with_fragment(text, &fragment);
    assert!(rewritten.len() <= 8 * text.len() + 64);
    assert!(sdp::with_candidates_in_accepted_section(text).len() <= 2 * text.len() + 2);
});
