//! When listeners arrive. The schedule is made before the run and never waits for the server (an open workload): a
//! server that stalls gets the arrivals of that time as well, as it would on the evening.

/// Most listeners of one run: the arrival times of all of them are held, 8 bytes each.
pub const LISTENERS_MAX: usize = 4_000_000;

/// Most steps of a curve.
pub const CURVE_STEPS_MAX: usize = 100_000;

/// A law of arrivals.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// One after the other in equal distances, so many a second.
    Constant(f64),
    /// At random, so many a second in the mean: what people who do not know one another do.
    Poisson(f64),
    /// At random, with a rate that changes: a recorded evening.
    Curve(Vec<RateStep>),
}

/// From here on, so many a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateStep {
    /// Seconds since the beginning.
    pub from_s: f64,
    /// Arrivals a second in the mean.
    pub per_s: f64,
}

impl Arrivals {
    /// Reads a curve: a line per step, `SECONDS,ARRIVALS_PER_SECOND`, in order; `#` begins a comment.
    ///
    /// # Errors
    /// [`ScheduleError`] with the number of the line that is none.
    pub fn curve(text: &str) -> Result<Self, ScheduleError> {
        let mut steps: Vec<RateStep> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let step = content
                .split_once(',')
                .and_then(|(from_s, per_s)| {
                    let from_s = from_s.trim().parse().ok()?;
                    let per_s = per_s.trim().parse().ok()?;
                    Some(RateStep { from_s, per_s })
                })
                .filter(|step| step.from_s.is_finite() && step.from_s >= 0.0)
                .filter(|step| step.per_s.is_finite() && step.per_s >= 0.0)
                .filter(|step| steps.last().is_none_or(|last| last.from_s < step.from_s))
                .ok_or_else(|| ScheduleError::Line {
                    number: index + 1,
                    got: content.chars().take(40).collect(),
                })?;
            if steps.len() == CURVE_STEPS_MAX {
                return Err(ScheduleError::TooManySteps);
            }
            steps.push(step);
        }
        if steps.iter().all(|step| step.per_s == 0.0) {
            return Err(ScheduleError::NobodyComes);
        }
        Ok(Self::Curve(steps))
    }

    /// Arrival times in microseconds since the beginning, in order; at most `listeners` of them. A curve that ends at
    /// rate zero may bring fewer. The same seed gives the same times.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are too many, or the rate is no rate.
    pub fn times(&self, listeners: usize, seed: u64) -> Result<Vec<u64>, ScheduleError> {
        if listeners > LISTENERS_MAX {
            return Err(ScheduleError::TooManyListeners { got: listeners });
        }
        let single = |per_s: f64| {
            if per_s.is_finite() && per_s > 0.0 {
                Ok(vec![RateStep { from_s: 0.0, per_s }])
            } else {
                Err(ScheduleError::Rate { got: per_s })
            }
        };
        let mut random = fastrand::Rng::with_seed(seed);
        match self {
            Self::Constant(per_s) => {
                single(*per_s)?;
                let time = |index| (index as f64 / per_s * 1e6) as u64;
                Ok((0..listeners).map(time).collect())
            }
            Self::Poisson(per_s) => Ok(poisson(&single(*per_s)?, listeners, &mut random)),
            Self::Curve(steps) => Ok(poisson(steps, listeners, &mut random)),
        }
    }
}

/// A Poisson process with piecewise constant rate. Within a step the distances are exponential; at a boundary the process
/// begins anew, which is right because it has no memory.
fn poisson(steps: &[RateStep], listeners: usize, random: &mut fastrand::Rng) -> Vec<u64> {
    let mut times = Vec::with_capacity(listeners);
    for (index, step) in steps.iter().enumerate() {
        let end_s = steps
            .get(index + 1)
            .map_or(f64::INFINITY, |next| next.from_s);
        if step.per_s == 0.0 {
            continue;
        }
        let mut at_s = step.from_s;
        while times.len() < listeners {
            // 1 - f64() is in (0, 1], whose logarithm is finite.
            at_s -= (1.0 - random.f64()).ln() / step.per_s;
            if at_s >= end_s {
                break;
            }
            times.push((at_s * 1e6) as u64);
        }
    }
    times
}

/// Why there is no schedule: all of them the operator's to mend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// More listeners than a run may have.
    #[error("a run has at most {LISTENERS_MAX} listeners, not {got}")]
    TooManyListeners {
        /// How many were asked for.
        got: usize,
    },
    /// A rate that is not above zero.
    #[error("a rate is a number above zero, not {got}")]
    Rate {
        /// What was asked for.
        got: f64,
    },
    /// A line of a curve that is none, or out of order.
    #[error("line {number} of the curve is not SECONDS,ARRIVALS_PER_SECOND in order: {got:?}")]
    Line {
        /// Counted from one.
        number: usize,
        /// How it begins.
        got: String,
    },
    /// A curve has too many steps.
    #[error("a curve has at most {CURVE_STEPS_MAX} steps")]
    TooManySteps,
    /// A curve in which every rate is zero, or without a step.
    #[error("nobody arrives in this curve")]
    NobodyComes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_rate_arrives_in_equal_distances() {
        let times = Arrivals::Constant(4.0).times(3, 1);
        assert_eq!(times, Ok(vec![0, 250_000, 500_000]));
    }

    #[test]
    fn random_arrivals_keep_their_mean_and_repeat_with_their_seed() {
        let law = Arrivals::Poisson(1_000.0);
        let times = law.times(20_000, 7).expect("there is a schedule");
        assert!(times.is_sorted());
        let last_s = times[19_999] as f64 / 1e6;
        assert!((19.0..21.0).contains(&last_s), "{last_s}");
        // The distances of a Poisson process spread as much as they are long.
        let short = times.windows(2).filter(|t| t[1] - t[0] < 693).count();
        assert!((9_500..10_500).contains(&short), "{short}");
        assert_eq!(law.times(20_000, 7).as_ref(), Ok(&times));
        assert_ne!(law.times(20_000, 8).as_ref(), Ok(&times));
    }

    #[test]
    fn a_curve_is_followed_and_may_end_early() {
        let curve = Arrivals::curve("# an evening\n0, 100\n2,1000 # eight o'clock\n\n3,0\n")
            .expect("it is a curve");
        let times = curve.times(1_000_000, 3).expect("there is a schedule");
        let before = times.iter().filter(|&&time| time < 2_000_000).count();
        assert!((140..260).contains(&before), "{before}");
        assert!(
            (850..1_150).contains(&(times.len() - before)),
            "{}",
            times.len()
        );
        assert!(times.iter().all(|&time| time < 3_000_000));
    }

    #[test]
    fn nonsense_is_named_by_its_line() {
        let line = |text| match Arrivals::curve(text) {
            Err(ScheduleError::Line { number, .. }) => number,
            other => panic!("{other:?}"),
        };
        assert_eq!(line("0,1\nx,2"), 2);
        assert_eq!(line("5,1\n4,2"), 2);
        assert_eq!(line("0,-1"), 1);
        assert_eq!(line("0,NaN"), 1);
        assert_eq!(Arrivals::curve("0,0"), Err(ScheduleError::NobodyComes));
        assert!(Arrivals::Poisson(0.0).times(1, 1).is_err());
        assert!(Arrivals::Constant(1.0).times(LISTENERS_MAX + 1, 1).is_err());
    }
}
