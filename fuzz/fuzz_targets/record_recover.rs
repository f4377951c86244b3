//! A recording in any state: what is recovered is a beginning of the file that recovers to itself, and what is finalised is
//! as long as it says.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use stentor_media::record::{RecordError, finalise, recover};
use stentor_media::tags::Tags;

fuzz_target!(|bytes: &[u8]| {
    let recovered = recover(bytes).expect("memory can always be read");
    let valid =
        &bytes[..usize::try_from(recovered.valid_bytes).expect("it is a part of what was given")];
    assert_eq!(
        recover(valid).expect("memory can always be read"),
        recovered
    );

    let mut file = Vec::new();
    match finalise(&mut [Cursor::new(bytes)], &Tags::default(), &mut file) {
        Ok(finalised) => assert_eq!(finalised.bytes, file.len() as u64),
        Err(RecordError::Io(error)) => panic!("memory can always be read: {error}"),
        Err(_) => {}
    }
});
