//! What is going on in the world for one run: attempts, checks, questions. Each ends with a word to the driver.

use super::check::{Around, look};
use super::feed::TurnFeed;
use super::{Observer, Services};
use crate::agent::{Asked, Context, Person};
use crate::failpoint;
use crate::run::{Action, AttemptId, Outcome, RunId, RunState, Stimulus, Time, Work, WorldCheck};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// What a task tells the driver.
#[derive(Debug)]
pub(super) enum Word {
    /// Something happened; with the raw stream of the turn it ended, if there was one.
    Happened(Stimulus, Option<Vec<u8>>),
    /// Something is in the box.
    Mail,
    /// Nobody can be asked any more: the terminal is gone.
    Nobody,
}

/// Something that goes on, by attempt: a turn, a check (turn 0), or a question (also by turn).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum TaskId {
    Turn(AttemptId, u32),
    Check(AttemptId),
    Ask(AttemptId, u32),
}

struct Running {
    stop: watch::Sender<bool>,
    handle: JoinHandle<()>,
    wanted: bool,
}

/// The tasks of one run.
pub(super) struct Tasks {
    services: Services,
    run: RunId,
    rehearsal: bool,
    scratch: PathBuf,
    observer: Arc<dyn Observer>,
    person: Option<Arc<dyn Person>>,
    /// One question at a time is on the screen.
    screen: Arc<Mutex<()>>,
    words: UnboundedSender<Word>,
    running: HashMap<TaskId, Running>,
}

impl Tasks {
    pub(super) fn new(
        services: &Services,
        state: &RunState,
        scratch: PathBuf,
        observer: Arc<dyn Observer>,
        person: Option<Arc<dyn Person>>,
        words: UnboundedSender<Word>,
    ) -> Self {
        let (services, run, rehearsal) = (services.clone(), state.id().clone(), state.started.rehearsal);
        Self { services, run, rehearsal, scratch, observer, person, screen: Arc::default(), words, running: HashMap::new() }
    }

    /// Makes what goes on be what should go on. Gives the earliest timer.
    pub(super) fn reconcile(&mut self, state: &RunState, actions: Vec<Action>) -> Option<Time> {
        let mut timer = None;
        for task in self.running.values_mut() {
            task.wanted = false;
        }
        // What was stopped may still write until it is gone: nothing takes its place before that.
        let performed = actions.iter().filter(|action| match action {
            Action::Perform(work) => self.performs_turn(work),
            _ => false,
        });
        let stopping = performed.count() < self.running.keys().filter(|id| matches!(id, TaskId::Turn(..))).count();
        for action in actions {
            match action {
                Action::Timer(at) => timer = Some(at),
                Action::Perform(work) if stopping && !self.performs_turn(&work) => {}
                Action::Perform(work) => self.turn(work),
                Action::Check { attempt, checks } => {
                    let work = state.attempt(&attempt).map(|attempt| attempt.work.clone());
                    self.check(attempt, work, checks);
                }
                Action::Ask { attempt, question, form, questions } => {
                    let turn = state.attempt(&attempt).map_or(0, |a| a.work.turn);
                    self.ask(attempt, turn, Asked { question, form, questions });
                }
            }
        }
        for (id, task) in self.running.iter().filter(|(_, task)| !task.wanted) {
            match id {
                TaskId::Turn(..) => {
                    let _ = task.stop.send(true);
                }
                TaskId::Check(_) | TaskId::Ask(..) => task.handle.abort(),
            }
        }
        self.running.retain(|id, task| task.wanted || matches!(id, TaskId::Turn(..)));
        timer
    }

    /// A turn, check or question came to its end.
    pub(super) fn ended(&mut self, stimulus: &Stimulus) {
        match stimulus {
            Stimulus::Finished { attempt, turn, .. } => {
                self.running.remove(&TaskId::Turn(attempt.clone(), *turn));
            }
            Stimulus::Checked { attempt, .. } => {
                self.running.remove(&TaskId::Check(attempt.clone()));
            }
            Stimulus::Answered { phase, .. } => {
                self.running.retain(|id, _| !matches!(id, TaskId::Ask(attempt, _) if attempt.phase == *phase));
            }
            _ => {}
        }
    }

    /// Whether a turn goes on.
    pub(super) fn performs(&self) -> bool {
        self.running.keys().any(|id| matches!(id, TaskId::Turn(..)))
    }

    /// Whether anything goes on.
    pub(super) fn any(&self) -> bool {
        !self.running.is_empty()
    }

    pub(super) fn no_person(&mut self) {
        self.person = None;
        self.running.retain(|id, _| !matches!(id, TaskId::Ask(..)));
    }

    /// Asks every turn to stop.
    pub(super) fn stop_all(&mut self) {
        for task in self.running.values() {
            let _ = task.stop.send(true);
        }
        self.running.retain(|id, task| {
            let turn = matches!(id, TaskId::Turn(..));
            if !turn {
                task.handle.abort();
            }
            turn
        });
    }

    /// Drops everything at once: the guards of the turns see it and kill what they hold.
    pub(super) fn abort_all(&mut self) {
        for (_, task) in self.running.drain() {
            task.handle.abort();
        }
    }

    fn keep(&mut self, id: TaskId, stop: watch::Sender<bool>, handle: JoinHandle<()>) {
        self.running.insert(id, Running { stop, handle, wanted: true });
    }

    /// Whether a task goes on already; if so it is still wanted.
    fn goes_on(&mut self, id: &TaskId) -> bool {
        self.running.get_mut(id).is_some_and(|task| {
            task.wanted = true;
            true
        })
    }

    fn performs_turn(&self, work: &Work) -> bool {
        self.running.contains_key(&TaskId::Turn(work.attempt.clone(), work.turn))
    }

    fn turn(&mut self, work: Arc<Work>) {
        let id = TaskId::Turn(work.attempt.clone(), work.turn);
        if self.goes_on(&id) {
            return;
        }
        let (stop, stopped) = watch::channel(false);
        let feed = TurnFeed::new(work.attempt.clone(), work.turn, &self.scratch, self.observer.clone(), self.words.clone());
        let feed = Arc::new(feed);
        let context = Context {
            run: self.run.clone(),
            project: self.services.root.clone(),
            agent: None,
            stop: stopped,
            feed: feed.clone(),
            scratch: self.scratch.clone(),
            store: self.services.store_url.text().to_owned(),
            hidden: self.services.store_url.secrets(),
        };
        let (performer, words) = (self.services.performer.clone(), self.words.clone());
        let handle = tokio::spawn(async move {
            failpoint::pass!("attempt.begin");
            let outcome: Outcome = performer.perform(&work, &context).await;
            failpoint::pass!("attempt.ended");
            let stimulus = Stimulus::Finished { attempt: work.attempt.clone(), turn: work.turn, outcome: Box::new(outcome) };
            let transcript = feed.take_transcript();
            failpoint::pass!("attempt.taken");
            let _ = words.send(Word::Happened(stimulus, transcript));
        });
        self.keep(id, stop, handle);
    }

    fn check(&mut self, attempt: AttemptId, work: Option<Arc<Work>>, checks: Vec<WorldCheck>) {
        let id = TaskId::Check(attempt.clone());
        if self.goes_on(&id) {
            return;
        }
        let around = Around { services: self.services.clone(), run: self.run.clone(), rehearsal: self.rehearsal, work };
        let words = self.words.clone();
        let handle = tokio::spawn(async move {
            let mut results = Vec::with_capacity(checks.len());
            for check in &checks {
                failpoint::pass!("check.begin");
                results.push(look(check, &around).await);
                failpoint::pass!("check.ended");
            }
            let _ = words.send(Word::Happened(Stimulus::Checked { attempt, results }, None));
        });
        self.keep(id, watch::channel(false).0, handle);
    }

    fn ask(&mut self, attempt: AttemptId, turn: u32, question: Asked) {
        let id = TaskId::Ask(attempt.clone(), turn);
        if self.goes_on(&id) {
            return;
        }
        let Some(person) = self.person.clone() else { return };
        let (screen, words) = (self.screen.clone(), self.words.clone());
        let handle = tokio::spawn(async move {
            let _alone = screen.lock().await;
            let word = match person.ask(&attempt.phase, &question).await {
                Some(answers) => {
                    let by = person.name();
                    Word::Happened(Stimulus::Answered { phase: attempt.phase, answers, by, request: None }, None)
                }
                None => Word::Nobody,
            };
            let _ = words.send(word);
        });
        self.keep(id, watch::channel(false).0, handle);
    }
}
