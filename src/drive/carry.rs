//! The driver's loop: what should be going on is made to go on, what happens is decided and committed, until the run
//! is over, waits for a person, or the driver is asked to stop.

use super::again;
use super::carrier::Carrier;
use super::feed::with_transcript;
use super::outage::{Outage, Patient};
use super::owner::beat_every;
use super::scratch;
use super::tasks::{Tasks, Word};
use super::{DriveError, Observer, Services};
use crate::agent::Person;
use crate::engine::actions;
use crate::failpoint;
use crate::limits::{BEAT_MS, GRACE_MS, SELF_FENCE_MS, STORE_TIMEOUT_MS};
use crate::run::{AttemptStage, Claim, LimitsRaised, RunId, RunState, Stimulus, Time};
use crate::store::{CommitError, Journal, Request, StoreError, beat, consumed_write, key, pending, release_write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// Whether the driver should stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Go on.
    #[default]
    No,
    /// Begin nothing more, and let go of the run once what is performed has ended.
    Drain,
    /// Ask the agents to stop, keep what they said.
    Politely,
    /// Now.
    Now,
}

/// How a run is gone on with.
#[derive(Clone, Debug, Default)]
pub struct CarryOptions {
    /// Questions fail instead of waiting.
    pub no_input: bool,
    /// What failed is to run again (only when the run is taken up again).
    pub retry: bool,
    /// Limits are raised.
    pub raise: Option<LimitsRaised>,
    /// How long a store that is away or full is waited for.
    pub store_timeout: Option<Duration>,
}

impl CarryOptions {
    fn outage(&self, observer: &Arc<dyn Observer>) -> Arc<Outage> {
        let limit = self.store_timeout.unwrap_or(Duration::from_millis(STORE_TIMEOUT_MS));
        Arc::new(Outage::new(limit, observer.clone()))
    }
}

/// How carrying ended.
#[derive(Clone, Debug)]
pub enum Carried {
    /// The run is over.
    Ended(RunState),
    /// It waits for a person, and nobody is there.
    Waiting(RunState),
    /// The driver was asked to stop.
    Interrupted(RunState),
}

impl Carrier {
    /// Takes a run that began earlier and carries it.
    ///
    /// # Errors
    /// Somebody carries it, it cannot be loaded, or another driver took it over.
    pub async fn resume(
        services: &Services,
        run: &RunId,
        options: CarryOptions,
        observer: Arc<dyn Observer>,
        person: Option<Arc<dyn Person>>,
        stop: watch::Receiver<Stop>,
    ) -> Result<Carried, DriveError> {
        let outage = options.outage(&observer);
        let services = Services { store: Patient::around(services.store.clone(), &outage), ..services.clone() };
        let how = Claim { idle: false, retry: options.retry, raise: options.raise };
        let carrier = tokio::select! {
            carrier = Self::claim(&services, run, how, observer) => carrier?,
            () = again::stopped(stop.clone(), outage.waits()) => return Err(DriveError::Stopped(run.clone())),
        };
        carrier.carry_through(options, person, stop, outage).await
    }

    /// Carries the run until it is over, waits for a person, or the driver is asked to stop.
    ///
    /// # Errors
    /// The store failed, or another driver took the run over; what was performed is stopped.
    pub async fn carry(
        mut self,
        options: CarryOptions,
        person: Option<Arc<dyn Person>>,
        stop: watch::Receiver<Stop>,
    ) -> Result<Carried, DriveError> {
        let outage = options.outage(&self.observer);
        self.services.store = Patient::around(self.services.store.clone(), &outage);
        self.journal = Journal::new(self.services.store.clone(), self.state.id().clone());
        self.carry_through(options, person, stop, outage).await
    }

    /// Carries the run, and takes it up again after it had to be let go because the store was away.
    async fn carry_through(
        self,
        options: CarryOptions,
        person: Option<Arc<dyn Person>>,
        stop: watch::Receiver<Stop>,
        outage: Arc<Outage>,
    ) -> Result<Carried, DriveError> {
        let (services, run, observer) = (self.services.clone(), self.state.id().clone(), self.observer.clone());
        let mut drivers = vec![self.owner.driver.clone()];
        let mut carrier = self;
        loop {
            let carried = tokio::select! {
                carried = Box::pin(carrier.carry_once(options.clone(), person.clone(), stop.clone())) => carried,
                () = again::stopped(stop.clone(), outage.waits()) => Err(DriveError::Stopped(run.clone())),
            };
            match carried {
                Err(error @ DriveError::Fenced { .. }) => observer.notice(&format!("{error}; they start again with the store")),
                Err(DriveError::Store(StoreError::Away { .. } | StoreError::Full { .. }))
                    if services.store.is_elsewhere() && !outage.given_up() => {}
                carried => return carried,
            }
            carrier = tokio::select! {
                carrier = Self::again(&services, &run, &mut drivers, &observer) => carrier?,
                () = again::stopped(stop.clone(), outage.waits()) => return Err(DriveError::Stopped(run)),
            };
        }
    }

    /// Carries the run as long as its beat is acknowledged.
    async fn carry_once(
        self,
        options: CarryOptions,
        person: Option<Arc<dyn Person>>,
        stop: watch::Receiver<Stop>,
    ) -> Result<Carried, DriveError> {
        let services = self.services.clone();
        let (words, inbox) = unbounded_channel();
        if !services.root.is_dir() {
            return Err(DriveError::NoFolder(services.root.display().to_string()));
        }
        let scratch = scratch::folder(&services.root, self.state.id());
        let failed = |error| DriveError::Scratch { folder: scratch.display().to_string(), error };
        std::fs::create_dir_all(&scratch).map_err(failed)?;
        scratch::tidy(&services, &scratch).await?;
        let person = person.filter(|_| !options.no_input);
        let tasks = Tasks::new(&self.services, &self.state, scratch.clone(), self.observer.clone(), person, words.clone());
        let letters = tokio::spawn(watch_mail(self.services.clone(), self.state.id().clone(), words));
        let run = self.state.id().clone();
        let (beaten, beats) = watch::channel(Instant::now());
        let mut turning = Turning { carrier: self, tasks, inbox, stop, options, beaten, next_beat: beat_at() };
        // One that is at its end has no agent that could be stopped, and one on this machine is seen to live.
        let result = tokio::select! {
            biased;
            result = turning.turn() => result,
            s = again::unbeaten(beats), if services.store.is_elsewhere() => Err(DriveError::Fenced { run, s }),
        };
        letters.abort();
        turning.tasks.abort_all();
        let result = match result {
            Ok(carried) => Ok(after_release(&services, carried).await?),
            Err(error) => Err(error),
        };
        failpoint::pass!("run.let-go");
        if matches!(result, Ok(Carried::Ended(_))) {
            let _ = std::fs::remove_dir_all(&scratch);
        }
        result
    }
}

/// Looks into the box once more after the run was let go: who put something in while it was still carried was told that
/// the driver takes it.
async fn after_release(services: &Services, carried: Carried) -> Result<Carried, DriveError> {
    let (Carried::Ended(state) | Carried::Waiting(state) | Carried::Interrupted(state)) = &carried;
    if pending(&*services.store, state.id()).await?.is_empty() {
        return Ok(carried);
    }
    let Some(state) = super::request::settle_mail(services, state.id()).await? else { return Ok(carried) };
    Ok(if state.status.is_over() { Carried::Ended(state) } else { Carried::Interrupted(state) })
}

fn beat_at() -> Instant {
    Instant::now() + beat_every()
}

/// Tells the driver when something was put into its box. It reads the box itself.
async fn watch_mail(services: Services, run: RunId, words: UnboundedSender<Word>) {
    let store = services.store;
    let (engine, mailbox) = (crate::name::Bucket::engine(), key::mailbox(&run));
    let mut after = crate::store::Revision(0);
    while !words.is_closed() {
        match store.watch(&engine, &mailbox, after).await {
            Ok(news) => {
                after = news.iter().map(|entry| entry.revision).max().unwrap_or(after).max(after);
                if news.iter().any(|entry| entry.value.is_some()) && words.send(Word::Mail).is_err() {
                    return;
                }
            }
            // The driver meets a store that fails by itself.
            Err(_) => tokio::time::sleep(Duration::from_millis(BEAT_MS / 10)).await,
        }
    }
}

struct Turning {
    carrier: Carrier,
    tasks: Tasks,
    inbox: UnboundedReceiver<Word>,
    stop: watch::Receiver<Stop>,
    options: CarryOptions,
    /// When a beat was acknowledged.
    beaten: watch::Sender<Instant>,
    next_beat: Instant,
}

impl Turning {
    async fn turn(&mut self) -> Result<Carried, DriveError> {
        loop {
            let todo = actions(&self.carrier.program, &self.carrier.state);
            let timer = self.tasks.reconcile(&self.carrier.state, todo);
            if self.carrier.state.status.is_over() && !self.tasks.any() {
                self.release().await?;
                return Ok(Carried::Ended(self.carrier.state.clone()));
            }
            if *self.stop.borrow() == Stop::Drain {
                self.drain().await?;
            }
            if *self.stop.borrow() != Stop::No {
                return self.stop_now().await;
            }
            // What was due while nobody carried the run happens first.
            if timer.is_some_and(|due| due <= self.carrier.clock.now()) {
                self.carrier.take(vec![Stimulus::Tick], vec![]).await?;
                continue;
            }
            // A question lapses at its own time, which nobody has to sit through.
            let idle = timer.is_none() || self.waits_for_a_person();
            if !self.tasks.any() && idle && !self.carrier.state.status.is_over() {
                if let Some(carried) = self.nothing_goes_on().await? {
                    return Ok(carried);
                }
                continue;
            }
            self.wait(timer).await?;
        }
    }

    /// Whether a person is asked, and nothing else is under way or about to be.
    fn waits_for_a_person(&self) -> bool {
        let state = &self.carrier.state;
        !state.active.is_empty() && state.active.iter().all(|at| asks(state, *at))
    }

    /// Nothing is performed and no timer runs: somebody must answer, or something is wrong.
    async fn nothing_goes_on(&mut self) -> Result<Option<Carried>, DriveError> {
        // An answer may have been put into the box before anybody looked.
        if self.read_box().await? {
            return Ok(None);
        }
        let state = &self.carrier.state;
        if !state.active.iter().any(|at| asks(state, *at)) {
            let names = |status: fn(&crate::run::PhaseState) -> bool| {
                state
                    .phases
                    .iter()
                    .filter(|p| status(p))
                    .map(|p| format!("`{}` is {}", p.name, p.status.as_str()))
                    .collect::<Vec<_>>()
            };
            let what = names(|phase| !phase.status.is_settled()).join(", ");
            return Err(DriveError::Stuck { run: state.id().clone(), what });
        }
        if self.options.no_input {
            self.carrier.take(vec![Stimulus::NoInput], vec![]).await?;
            return Ok(None);
        }
        self.let_go("waits for an answer").await?;
        Ok(Some(Carried::Waiting(self.carrier.state.clone())))
    }

    async fn wait(&mut self, timer: Option<Time>) -> Result<(), DriveError> {
        let now = self.carrier.clock.now();
        let due = timer.map(|at| Duration::from_millis(at.since_ms(now).max(1)));
        let alarm = async {
            match due {
                Some(due) => tokio::time::sleep(due).await,
                None => std::future::pending().await,
            }
        };
        let duty = tokio::time::sleep_until(self.next_duty().into());
        tokio::select! {
            biased;
            () = changed(&mut self.stop) => Ok(()),
            // However much happens, others are told in time.
            () = duty => self.duty().await,
            word = self.inbox.recv() => match word {
                Some(word) => self.hear(word).await,
                None => Ok(()),
            },
            () = alarm => self.carrier.take(vec![Stimulus::Tick], vec![]).await,
        }
    }

    /// Takes a word, and all others that wait: they share one commit.
    async fn hear(&mut self, first: Word) -> Result<(), DriveError> {
        let mut stimuli = Vec::new();
        let mut more = Vec::new();
        let mut mail = false;
        let mut next = Some(first);
        while let Some(word) = next {
            match word {
                Word::Happened(stimulus, transcript) => {
                    self.tasks.ended(&stimulus);
                    stimuli.push(with_transcript(stimulus, transcript, &mut more));
                }
                Word::Mail => mail = true,
                Word::Nobody => self.tasks.no_person(),
            }
            next = self.inbox.try_recv().ok();
        }
        if !stimuli.is_empty() || !more.is_empty() {
            self.carrier.take(stimuli, more).await?;
        }
        if mail {
            self.read_box().await?;
        }
        Ok(())
    }

    /// Takes the requests that wait, one after the other: what one changes, the next one meets. True when there were any.
    async fn read_box(&mut self) -> Result<bool, DriveError> {
        let run = self.carrier.state.id().clone();
        let mut any = false;
        for letter in pending(&*self.carrier.services.store, &run).await? {
            let over = self.carrier.state.status.is_over();
            if over && matches!(letter.request, Ok(Request::Retry { .. })) {
                // This driver is on its way out: whoever releases the run looks into the box again.
                continue;
            }
            any = true;
            let gone = consumed_write(&run, &letter);
            let stimuli = match super::request::stimulus(&self.carrier.state, letter) {
                Ok(stimulus) => vec![stimulus],
                Err(refusal) => {
                    self.carrier.observer.notice(&refusal);
                    vec![]
                }
            };
            self.carrier.take(stimuli, vec![gone]).await?;
        }
        Ok(any)
    }

    /// When others are next to be told something that no entry tells them.
    fn next_duty(&self) -> Instant {
        self.carrier.row.due().map_or(self.next_beat, |due| due.min(self.next_beat))
    }

    /// Tells them.
    async fn duty(&mut self) -> Result<(), DriveError> {
        if self.next_beat <= Instant::now() {
            return self.beat().await;
        }
        match self.carrier.row.due() {
            Some(_) => self.carrier.write_row().await,
            None => Ok(()),
        }
    }

    /// Shows others that this driver lives. One that could not for too long stops its agents by ending.
    async fn beat(&mut self) -> Result<(), DriveError> {
        self.next_beat = beat_at();
        let (store, run) = (self.carrier.services.store.clone(), self.carrier.state.id().clone());
        if self.carrier.state.owner.is_none() {
            self.beaten.send_replace(Instant::now());
            return Ok(());
        }
        match beat(&*store, &run, &mut self.carrier.lease, self.carrier.lease_revision).await {
            Ok(revision) => {
                self.carrier.lease_revision = revision;
                self.beaten.send_replace(Instant::now());
                Ok(())
            }
            Err(CommitError::Conflict { .. }) => Err(DriveError::Lost(run)),
            // Whoever waits for the store says so, and looks at how long ago the last beat was.
            Err(CommitError::Store(error)) if store.is_elsewhere() => Err(error.into()),
            Err(_) if store.is_elsewhere() => {
                self.next_beat = Instant::now() + Duration::from_millis(BEAT_MS / 10);
                Ok(())
            }
            Err(error) => {
                if self.beaten.borrow().elapsed() < Duration::from_millis(SELF_FENCE_MS) {
                    self.carrier.observer.notice(&format!("the store does not answer ({error}): trying on"));
                    return Ok(());
                }
                let cause = format!("{error}; the agents were stopped");
                Err(StoreError::Failed { doing: "renew the lease".into(), cause }.into())
            }
        }
    }

    /// Waits until what is performed has ended, and begins nothing more.
    async fn drain(&mut self) -> Result<(), DriveError> {
        self.carrier.state.draining = true;
        while self.tasks.performs() && *self.stop.borrow() == Stop::Drain {
            let duty = tokio::time::sleep_until(self.next_duty().into());
            tokio::select! {
                biased;
                () = duty => self.duty().await?,
                word = self.inbox.recv() => if let Some(word) = word { self.hear(word).await? },
                () = changed(&mut self.stop) => {}
            }
        }
        Ok(())
    }

    /// The driver was asked to stop: agents get the time to say their last word, and it is kept.
    async fn stop_now(&mut self) -> Result<Carried, DriveError> {
        self.carrier.state.draining = true;
        self.tasks.stop_all();
        let deadline = tokio::time::Instant::now() + Duration::from_millis(3 * GRACE_MS);
        while self.tasks.performs() && *self.stop.borrow() != Stop::Now {
            tokio::select! {
                biased;
                word = self.inbox.recv() => if let Some(word) = word { self.hear(word).await? },
                () = changed(&mut self.stop) => {}
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        if self.tasks.performs() {
            self.tasks.abort_all();
        }
        if self.carrier.state.status.is_over() {
            self.release().await?;
            return Ok(Carried::Ended(self.carrier.state.clone()));
        }
        self.let_go("its driver was asked to stop").await?;
        Ok(Carried::Interrupted(self.carrier.state.clone()))
    }

    /// Interrupts what is under way, and gives the lease up in the same batch.
    async fn let_go(&mut self, reason: &str) -> Result<(), DriveError> {
        let carrier = &mut self.carrier;
        let events = carrier.decide(vec![Stimulus::Interrupt { reason: reason.to_owned() }])?;
        let release = release_write(carrier.state.id(), carrier.lease_revision);
        if events.is_empty() {
            return Ok(());
        }
        carrier.commit(&events, Some(release), vec![]).await?;
        carrier.show(&events);
        Ok(())
    }

    /// Gives the lease of a run up that is over.
    async fn release(&mut self) -> Result<(), DriveError> {
        let carrier = &mut self.carrier;
        let release = release_write(carrier.state.id(), carrier.lease_revision);
        match carrier.services.store.commit(vec![release]).await {
            // A lease that stays behind is one whose driver is dead: the next one sees that.
            Ok(_) | Err(CommitError::Conflict { .. } | CommitError::Unknown { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// Waits for a word to stop; for ever once nobody is left who could say it.
async fn changed(stop: &mut watch::Receiver<Stop>) {
    if stop.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Whether a phase waits for a person.
fn asks(state: &RunState, at: usize) -> bool {
    let stage = state.phases[at].attempt.as_ref().map(|attempt| &attempt.stage);
    matches!(stage, Some(AttemptStage::Asking { .. } | AttemptStage::Crashed))
}
