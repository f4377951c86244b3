//! An offer from anybody, before any library sees it. What is written anew stays below the limit's order of size.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stentor_studio::sdp::{Offer, answer_to};

fuzz_target!(|text: &str| {
    match Offer::parse(text) {
        Ok(offer) => {
            let library = offer.text();
            assert!(library.len() <= 8 * text.len() + 512);
            let again = Offer::parse(&library).expect("what is written anew is an offer");
            assert_eq!(again.text(), library);
            assert!(answer_to(&offer, &library).len() <= 8 * text.len() + 2_048);
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
});
