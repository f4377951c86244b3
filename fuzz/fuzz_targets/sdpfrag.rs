//! What a WHIP client sends by PATCH.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_studio::sdpfrag::SdpFrag;

fuzz_target!(|text: &str| {
    match SdpFrag::parse(text) {
        Ok(fragment) => {
            // A peer's candidates are counted, and none is kept.
            assert!(fragment.candidates.is_empty());
            assert_eq!(fragment.ice_ufrag.is_some(), fragment.ice_pwd.is_some());
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
});
