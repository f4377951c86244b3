//! What a WHIP client sends by PATCH.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_studio::limits::{CANDIDATES_MAX, SDP_LINE_BYTES_MAX};
use stentor_studio::sdpfrag::SdpFrag;

fuzz_target!(|text: &str| {
    match SdpFrag::parse(text) {
        Ok(fragment) => {
            assert!(fragment.candidates.len() <= CANDIDATES_MAX);
            assert!(
                fragment
                    .candidates
                    .iter()
                    .all(|candidate| candidate.len() <= SDP_LINE_BYTES_MAX)
            );
            assert_eq!(fragment.ice_ufrag.is_some(), fragment.ice_pwd.is_some());
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
});
