//! A listener's stream, checked by a stranger.

use stentor_media::package::manifest::Manifest;
use stentor_media::package::{Packager, Published};
use stentor_media::rendition::{Rendition, SAMPLE_RATE_HZ};
use stentor_media::verify::{KEPT_CHUNKS_MAX, StreamVerifier, VerifierEvent};

use crate::support::{self, PROGRAMME, START};

const FIRST: u64 = START / Rendition::Full.chunk_samples();

/// Gives the verifier the head and then these chunks of the programme, each 30 ms after its last sample was captured.
fn receive(
    verifier: &mut StreamVerifier,
    chunks: impl IntoIterator<Item = usize>,
) -> Vec<VerifierEvent> {
    let published = support::chunks(&PROGRAMME, Rendition::Full);
    let mut findings = Vec::new();
    verifier
        .receive(0, &Packager::head(), &mut findings)
        .unwrap();
    for index in chunks {
        let chunk = published[index];
        let now = chunk.capture_unix_us + 200_000 + 30_000;
        verifier.receive(now, &chunk.bytes, &mut findings).unwrap();
    }
    findings
}

fn manifest() -> Manifest {
    let json = PROGRAMME.iter().rev().find_map(|p| match p {
        Published::Manifest {
            rendition: Rendition::Full,
            json,
        } => Some(json),
        _ => None,
    });
    serde_json::from_str(json.unwrap()).unwrap()
}

#[test]
fn a_good_stream_shows_chunks_and_their_lateness_and_nothing_else() {
    let mut verifier = StreamVerifier::new(Rendition::Full);
    let findings = receive(&mut verifier, 5..20);
    assert_eq!(findings.len(), 15);
    for (finding, index) in findings.iter().zip(5..) {
        let VerifierEvent::Chunk {
            sequence, late_us, ..
        } = finding
        else {
            panic!("{finding:?}")
        };
        assert_eq!(*sequence, FIRST + index);
        assert!((29_990..=30_000).contains(late_us), "{late_us}");
    }
}

#[test]
fn missing_and_repeated_chunks_are_found() {
    let mut verifier = StreamVerifier::new(Rendition::Full);
    let findings = receive(&mut verifier, [0, 1, 5, 3, 6]);
    let wrong: Vec<_> = findings
        .into_iter()
        .filter(|finding| !matches!(finding, VerifierEvent::Chunk { .. }))
        .collect();
    assert_eq!(
        wrong,
        [
            VerifierEvent::Missing {
                first: FIRST + 2,
                count: 3
            },
            VerifierEvent::Repeated {
                sequence: FIRST + 3,
                expected: FIRST + 6
            },
        ]
    );
    let totals = verifier.totals();
    assert_eq!((totals.chunks, totals.missing, totals.repeated), (5, 3, 1));
}

#[test]
fn manifests_confirm_chunks_before_and_after_they_come() {
    let mut verifier = StreamVerifier::new(Rendition::Full);
    receive(&mut verifier, 0..10);
    verifier.manifest(&manifest(), &mut Vec::new());
    assert_eq!(verifier.totals().confirmed, 10);
    receive(&mut verifier, 10..20);
    verifier.manifest(&manifest(), &mut Vec::new());
    let totals = verifier.totals();
    assert_eq!(
        (totals.confirmed, totals.altered),
        (20, 0),
        "each is compared once"
    );
}

#[test]
fn one_altered_bit_of_sound_is_found() {
    let mut verifier = StreamVerifier::new(Rendition::Full);
    let mut bytes = support::stream(&PROGRAMME, Rendition::Full);
    *bytes.last_mut().unwrap() ^= 1;
    let mut findings = Vec::new();
    verifier.receive(0, &bytes, &mut findings).unwrap();
    findings.clear();
    verifier.manifest(&manifest(), &mut findings);
    assert_eq!(
        findings,
        [VerifierEvent::Altered {
            sequence: FIRST + 59
        }]
    );
    assert_eq!(
        (verifier.totals().confirmed, verifier.totals().altered),
        (59, 1)
    );
}

#[test]
fn a_stream_of_another_rendition_is_misplaced() {
    let mut verifier = StreamVerifier::new(Rendition::Full);
    let mut findings = Vec::new();
    verifier
        .receive(
            0,
            &support::stream(&PROGRAMME, Rendition::Low),
            &mut findings,
        )
        .unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| matches!(finding, VerifierEvent::Misplaced { .. }))
    );
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut verifier = StreamVerifier::new(Rendition::Full);
    let template = support::chunks(&PROGRAMME, Rendition::Full)[0];
    let inside = |kind: &[u8]| {
        template
            .bytes
            .windows(4)
            .position(|window| window == kind)
            .unwrap()
            + 4
    };
    let fields = [inside(b"prft") + 16, inside(b"tfdt") + 4];
    let (mut listed, mut bytes) = (Manifest::new(Rendition::Full), template.bytes.to_vec());
    for sequence in 0..KEPT_CHUNKS_MAX as u64 + 10 {
        let position = sequence * u64::from(SAMPLE_RATE_HZ) / 5;
        fields
            .iter()
            .for_each(|&at| bytes[at..at + 8].copy_from_slice(&position.to_be_bytes()));
        verifier.receive(0, &bytes, &mut Vec::new()).unwrap();
        let mut entry = manifest().chunks[0].clone();
        entry.seq = sequence;
        listed.chunks.push_back(entry);
    }
    verifier.manifest(&listed, &mut Vec::new());
    assert_eq!(
        verifier.totals().altered,
        KEPT_CHUNKS_MAX as u64,
        "the ten oldest were forgotten uncompared"
    );
}
