//! Requests from other processes: to the driver that lives, or applied here when none does.

use super::carrier::Carrier;
use super::{DriveError, Observer, Services, load, load_plan, way};
use crate::name::Name;
use crate::run::{AttemptStage, Claim, RunId, RunState, Stamped, Stimulus};
use crate::store::{Mail, Request, consumed_write, pending, post, release_write, ring};
use std::sync::Arc;

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Requested {
    /// A driver lives and will take it.
    Posted,
    /// No driver lives: it was applied here, and this is the state after it.
    Applied(Box<RunState>),
}

/// Leaves a request for the driver of a run; where none lives, applies it at once.
///
/// # Errors
/// The run cannot be loaded, or the store failed.
pub async fn request(services: &Services, run: &RunId, request: &Request) -> Result<Requested, DriveError> {
    if matches!(request, Request::Retry { .. }) {
        reopens(services, run).await?;
    }
    post(&*services.store, run, request).await?;
    Ok(match settle_mail(services, run).await? {
        Some(state) => Requested::Applied(Box::new(state)),
        None => Requested::Posted,
    })
}

/// Refuses to reopen a run that is over while another of its series is not.
async fn reopens(services: &Services, run: &RunId) -> Result<(), DriveError> {
    let state = load(&services.store, run).await?.state;
    if !state.status.is_over() {
        return Ok(());
    }
    let plan = load_plan(&services.store, &state).await?;
    way::refuse(services, &plan, &state.started).await
}

/// Applies the requests that wait, unless a driver lives.
pub(super) async fn settle_mail(services: &Services, run: &RunId) -> Result<Option<RunState>, DriveError> {
    let how = Claim { idle: true, ..Claim::default() };
    let mut carrier = match Carrier::claim(services, run, how, Arc::new(Nobody)).await {
        Ok(carrier) => carrier,
        Err(DriveError::Carried { .. } | DriveError::Lost(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let was_over = carrier.state.status.is_over();
    for letter in pending(&*services.store, run).await? {
        let gone = consumed_write(run, &letter);
        let stimuli = stimulus(&carrier.state, letter).into_iter().collect();
        carrier.take(stimuli, vec![gone]).await?;
    }
    let events = carrier.decide(vec![Stimulus::Interrupt { reason: "a request was applied".into() }])?;
    let release = release_write(run, carrier.lease_revision);
    if events.is_empty() {
        let _ = services.store.commit(vec![release]).await;
    } else {
        let more = Vec::from_iter(carrier.enlisted_again(was_over, None));
        carrier.commit(&events, Some(release), more).await?;
    }
    if let Some(pool) = &carrier.pool {
        ring(&*services.store, pool, run).await?;
    }
    Ok(Some(carrier.state.take()))
}

/// A request as a stimulus, or why it does not fit and is dropped.
pub(super) fn stimulus(state: &RunState, letter: Mail) -> Result<Stimulus, String> {
    let id = letter.id;
    let known = |phase: &Name| {
        let known = state.index.contains_key(phase);
        if known { Ok(()) } else { Err(format!("a request was dropped: there is no phase `{phase}`")) }
    };
    let request = letter.request.map_err(|error| format!("a request was dropped: {error}"))?;
    Ok(match request {
        Request::Cancel { reason } => Stimulus::Cancel { reason, request: Some(id) },
        Request::Answer { phase, answers, by } => {
            known(&phase)?;
            if !asks(state, &phase) && !state.requests.contains(&id) {
                return Err(format!("an answer was dropped: `{phase}` asks nothing now"));
            }
            Stimulus::Answered { phase, answers, by, request: Some(id) }
        }
        Request::Retry { phase } => {
            phase.as_ref().map_or(Ok(()), known)?;
            Stimulus::Retry { phase, request: Some(id) }
        }
        Request::Note { phase, note } => {
            known(&phase)?;
            Stimulus::Noted { phase, note, request: Some(id) }
        }
    })
}

fn asks(state: &RunState, phase: &Name) -> bool {
    let stage = state.phase(phase).and_then(|phase| phase.attempt.as_ref()).map(|attempt| &attempt.stage);
    matches!(stage, Some(AttemptStage::Asking { .. } | AttemptStage::Crashed))
}

struct Nobody;

impl Observer for Nobody {
    fn event(&self, _: &RunState, _: &Stamped) {}
    fn progress(&self, _: &Name, _: &str) {}
    fn notice(&self, _: &str) {}
}
