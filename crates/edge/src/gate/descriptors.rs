//! What the descriptors of this process allow: a limit of its own, and one more table for each shard.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::limits::{AcceptLimits, SHARD_FILES_MAX};

/// Descriptors that are asked for at most: some systems allow a thousand million, and a library that closes every possible
/// descriptor one by one would then take minutes.
const DESCRIPTORS_MAX: u64 = 1 << 20;

/// Descriptors of a shard's table that are no connection: the standard ones, its two channels, its poll, open recordings, and some
/// to spare.
const SHARD_RESERVE: usize = 32 + SHARD_FILES_MAX;

/// Raises the soft limit of open descriptors to the hard one, at most to a million: systems keep the soft one low for programs that
/// use `select`, which this does not. Where it cannot be raised it stays as it is.
pub fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(DESCRIPTORS_MAX), hard);
    }
}

/// The soft limit of open descriptors of this process, where the system says.
pub(crate) fn limit() -> Option<usize> {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(usize::try_from(soft).unwrap_or(usize::MAX))
}

/// Connections other than listeners' that the limits and the descriptors of this process allow together.
pub(crate) fn connections_allowed(limits: &AcceptLimits, descriptors: Option<usize>) -> usize {
    let by_descriptors = descriptors.map_or(usize::MAX, |n| {
        // With fewer descriptors than the reserve, half of them still serve.
        n.saturating_sub(limits.descriptor_reserve).max(n / 2)
    });
    limits.connections_max.min(by_descriptors)
}

/// Connections that the descriptor table of one shard holds.
pub(crate) fn shard_capacity(descriptors: Option<usize>) -> usize {
    descriptors.map_or(usize::MAX, |n| n.saturating_sub(SHARD_RESERVE).max(n / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_lower_the_connection_cap_by_the_reserve() {
        let limits = AcceptLimits::default();
        assert_eq!(connections_allowed(&limits, Some(20_000)), 19_744);
        assert_eq!(connections_allowed(&limits, Some(300)), 150);
        assert_eq!(connections_allowed(&limits, None), limits.connections_max);
    }
}
