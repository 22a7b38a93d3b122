//! Runs of one series that are in each other's way.

use super::request::settle_mail;
use super::{DriveError, InTheWay, Services};
use crate::plan::{Plan, WhileRunning};
use crate::run::{RunId, Started};
use crate::store::{Cycle, Request, cycles, post, read_head};

/// Refuses to go on with a run that was over while another of its series is not.
pub(super) async fn refuse(services: &Services, plan: &Plan, run: &Started) -> Result<(), DriveError> {
    let Some(series) = &run.series else { return Ok(()) };
    let known = cycles(&*services.store, series).await?;
    let way = in_the_way(services, plan, &known, run.rehearsal, Some(&run.id)).await?;
    way.map_or(Ok(()), |way| Err(DriveError::InTheWay(way)))
}

/// The run among some of one series that is not over, `but` aside. Rehearsals and real runs do not see each other. Where
/// the pipeline says that the newer run takes its place, that one is cancelled instead.
pub(super) async fn in_the_way(
    services: &Services,
    plan: &Plan,
    known: &[Cycle],
    rehearsal: bool,
    but: Option<&RunId>,
) -> Result<Option<InTheWay>, DriveError> {
    let rule = plan.series.as_ref().map_or(WhileRunning::Allow, |series| series.while_running);
    if rule == WhileRunning::Allow {
        return Ok(None);
    }
    for cycle in known.iter().rev().filter(|cycle| cycle.rehearsal == rehearsal && Some(&cycle.run) != but) {
        let Some((head, _)) = read_head(&*services.store, &cycle.run).await? else { continue };
        if !matches!(head.status.as_str(), "running" | "waiting" | "interrupted") {
            continue;
        }
        if rule == WhileRunning::Supersede {
            let reason = format!("a newer run of `{}` takes its place", cycle.series);
            post(&*services.store, &cycle.run, &Request::Cancel { reason }).await?;
            Box::pin(settle_mail(services, &cycle.run)).await?;
            continue;
        }
        let (run, series) = (cycle.run.clone(), cycle.series.clone());
        return Ok(Some(InTheWay { run, series, cycle: cycle.cycle, status: head.status }));
    }
    Ok(None)
}
