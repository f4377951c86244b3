//! NTP times (RFC 5905 §6), in which `prft` says when sound was captured.

/// Seconds from the NTP epoch (1900) to the Unix epoch.
const NTP_UNIX_OFFSET_S: i64 = 2_208_988_800;

/// 32.32 fixed point NTP time of a Unix time in microseconds.
pub(crate) fn ntp_of_unix_us(unix_us: i64) -> u64 {
    let seconds = unix_us.div_euclid(1_000_000) + NTP_UNIX_OFFSET_S;
    let fraction = ((unix_us.rem_euclid(1_000_000) as u64) << 32).div_ceil(1_000_000);
    // The era rolls over in 2036; the field simply wraps, and readers take the era nearest to their clock.
    (seconds as u64) << 32 | fraction
}

/// Unix microseconds of an NTP time in the era that began in 1900.
#[inline]
pub(super) fn unix_us_of_ntp(ntp: u64) -> i64 {
    let seconds = (ntp >> 32) as i64 - NTP_UNIX_OFFSET_S;
    seconds * 1_000_000 + (((ntp & 0xffff_ffff) * 1_000_000) >> 32) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capture_times_survive_the_ntp_format_to_the_microsecond() {
        for unix_us in [0, 1, 999_999, 1_795_377_600_123_457, -1] {
            assert_eq!(unix_us_of_ntp(ntp_of_unix_us(unix_us)), unix_us);
        }
        assert_eq!(ntp_of_unix_us(500_000), 2_208_988_800 << 32 | 1 << 31);
    }
}
