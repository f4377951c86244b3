//! Where the ladder stands, and the load that put it there.

use super::definitions as metric;
use super::scrape::Scrape;
use crate::ladder::LadderReport;

pub(super) fn ladder(scrape: &Scrape, report: &LadderReport) {
    scrape.gauge(metric::RUNG, [], report.rung.into());
    scrape.gauge(metric::SERVED_RUNG, [], report.served.into());
    scrape.gauge(metric::RUNG_PINNED, [], report.pinned.is_some().into());
    for (measure, permille) in &report.load {
        scrape.gauge(metric::LOAD, [measure], f64::from(*permille) / 1_000.0);
    }
    for (reason, steps) in &report.steps_total {
        scrape.count(metric::LADDER_STEPS, [reason], *steps);
    }
}
