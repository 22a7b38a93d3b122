//! What goes on, while it goes on, on stderr: in a terminal one live line a phase, in a pipe plain lines.

use super::logs::tone;
use super::out::{Out, Paint, clean};
use super::place::now;
use crate::drive::Observer;
use crate::name::Name;
use crate::run::{AttemptStage, Event, PhaseStatus, RunState, Stamped};
use crate::view::timeline::{Line, Tone, line};
use crate::view::words::money;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Frames of a live line a second: enough to look alive, cheap over a slow connection.
const FRAMES: u64 = 8;

/// Shows what goes on.
pub struct Progress {
    out: Out,
    live: Option<Live>,
    /// The terminal is not there any more.
    gone: AtomicBool,
    /// While somebody types, what is to be said waits here.
    held: Mutex<Option<Vec<String>>>,
    /// The failure of an attempt waits for what follows from it: the failure of the phase says the same again.
    failure: Mutex<Option<(Name, String)>>,
}

struct Live {
    bars: MultiProgress,
    lines: Mutex<HashMap<Name, LiveLine>>,
}

struct LiveLine {
    bar: ProgressBar,
    state: String,
    last: String,
}

/// Nothing is written as long as this lives: somebody types.
pub struct Aside<'a>(&'a Progress);

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        let held = self.0.held().take();
        for line in held.into_iter().flatten() {
            self.0.out.painted(&line);
        }
        self.0.draw(|live| live.bars.set_draw_target(target()));
    }
}

fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(u8::try_from(FRAMES).unwrap_or(8))
}

impl Progress {
    /// Live where stderr is a terminal that can move its cursor.
    pub fn new(out: Out) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let live = std::io::stderr().is_terminal() && !dumb;
        let live = live.then(|| Live { bars: MultiProgress::with_draw_target(target()), lines: Mutex::default() });
        Self { out, live, gone: AtomicBool::new(false), held: Mutex::default(), failure: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Option<Vec<String>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hides the live lines, and holds the news back, while somebody types.
    pub fn step_aside(&self) -> Aside<'_> {
        *self.held() = Some(vec![]);
        self.draw(|live| {
            let _ = live.bars.clear();
            live.bars.set_draw_target(ProgressDrawTarget::hidden());
        });
        Aside(self)
    }

    /// Removes the live lines for good.
    pub fn finish(&self) {
        if let Some((_, text)) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.say(&text);
        }
        self.draw(|live| {
            for (_, line) in live.lines.lock().unwrap_or_else(PoisonError::into_inner).drain() {
                line.bar.finish_and_clear();
            }
            let _ = live.bars.clear();
        });
    }

    /// Draws on the terminal, unless it is gone: the drawing library panics then, and a run does not end over that.
    fn draw(&self, on: impl FnOnce(&Live)) {
        let Some(live) = self.live.as_ref().filter(|_| !self.gone.load(Ordering::Relaxed)) else { return };
        if catch_unwind(AssertUnwindSafe(|| on(live))).is_err() {
            self.gone.store(true, Ordering::Relaxed);
        }
    }

    /// Writes a line above the live ones.
    pub fn say(&self, painted: &str) {
        if let Some(held) = &mut *self.held() {
            return held.push(painted.to_owned());
        }
        if self.live.is_some() {
            self.draw(|live| live.bars.suspend(|| self.out.painted(painted)));
        } else {
            self.out.painted(painted);
        }
    }

    /// Writes a line now, even below somebody's typing.
    pub fn urgent(&self, painted: &str) {
        let held = self.held().replace(vec![]);
        if held.is_some() {
            self.out.prompt("\n");
        }
        for line in held.iter().flatten() {
            self.out.painted(line);
        }
        *self.held() = None;
        self.say(painted);
    }

    fn painted(&self, line: &Line, rehearsal: bool) -> String {
        let mark = match line.tone {
            Tone::Good => "✓ ",
            Tone::Bad => "✗ ",
            Tone::Ask => "? ",
            Tone::Warn => "! ",
            Tone::Plain | Tone::Quiet => "· ",
        };
        let mark = if self.live.is_some() { mark } else { "" };
        let phase = line.phase.as_ref().map(|phase| format!("{phase}: ")).unwrap_or_default();
        // What goes on over several lines stays together.
        let text = format!("{mark}{phase}{}", line.text.trim_end().replace('\n', "\n    "));
        let text = match tone(line.tone) {
            Some(paint) => self.out.err_paint(paint, &text),
            None => clean(&text),
        };
        let rehearsal = if rehearsal { self.out.err_paint(Paint::Dim, "[rehearsal] ") } else { String::new() };
        format!("{rehearsal}{text}")
    }

    /// Whether a line is news for somebody who looks on.
    fn wanted(&self, event: &Event, line: &Line) -> bool {
        match event {
            // The live line shows it; the end is told by the command.
            Event::AttemptStarted { .. } | Event::AttemptContinued { .. } => self.live.is_none(),
            Event::Ended { .. } => false,
            _ => line.tone != Tone::Quiet,
        }
    }
}

impl Live {
    /// Brings the live line of a phase in step with its state.
    fn update(&self, state: &RunState, phase: &Name) {
        let Some(known) = state.phase(phase) else { return };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if known.status != PhaseStatus::Running && known.status != PhaseStatus::Waiting {
            if let Some(line) = lines.remove(phase) {
                line.bar.finish_and_clear();
                self.bars.remove(&line.bar);
            }
            return;
        }
        let line = lines.entry(phase.clone()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            bar.set_style(style());
            bar.set_prefix(phase.to_string());
            bar.enable_steady_tick(Duration::from_millis(1000 / FRAMES));
            LiveLine { bar, state: String::new(), last: String::new() }
        });
        line.state = doing(state, phase);
        line.show();
    }

    fn progress(&self, phase: &Name, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(phase) {
            line.last = clean(text).replace(['\n', '\t'], " ");
            line.show();
        }
    }
}

impl LiveLine {
    fn show(&self) {
        let last = if self.last.is_empty() { String::new() } else { format!("  {}", self.last) };
        self.bar.set_message(format!("{}{last}", self.state));
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg}");
    style.unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

/// What a phase does now, with what it cost so far.
fn doing(state: &RunState, phase: &Name) -> String {
    let Some(known) = state.phase(phase) else { return String::new() };
    let mut parts = vec![match known.attempt.as_ref().map(|attempt| &attempt.stage) {
        Some(AttemptStage::Performing) => "running".to_owned(),
        Some(AttemptStage::Checking { .. }) => "checking".to_owned(),
        Some(AttemptStage::Asking { .. } | AttemptStage::Crashed) => "waiting for an answer".to_owned(),
        None => known.due.map_or_else(
            || "starting".to_owned(),
            |due| match due.since_ms(now()) {
                0 => "starting".to_owned(),
                wait => format!("tries again in {}", crate::view::words::span(wait)),
            },
        ),
    }];
    if known.round > 1 {
        parts.push(format!("round {}", known.round));
    }
    if known.attempts > 1 {
        parts.push(format!("attempt {}", known.attempts));
    }
    let cost = state.document().at(&["phases", phase.as_str(), "agent", "cost_usd"]).as_f64();
    parts.extend(cost.and_then(money));
    parts.join(", ")
}

/// Whether an event tells the failure of its attempt again.
fn says_again(event: &Event) -> bool {
    matches!(event, Event::PhaseFailed { .. } | Event::PhaseCompleted { error: Some(_), .. })
}

impl Observer for Progress {
    fn event(&self, state: &RunState, event: &Stamped) {
        let line = line(state, event);
        if let Some(phase) = &line.phase {
            self.draw(|live| live.update(state, phase));
        }
        let before = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((phase, text)) = before
            && !(says_again(&event.event) && line.phase.as_ref() == Some(&phase))
        {
            self.say(&text);
        }
        if !self.wanted(&event.event, &line) {
            return;
        }
        let text = self.painted(&line, state.started.rehearsal);
        match (&event.event, line.phase) {
            (Event::AttemptFailed { .. }, Some(phase)) => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some((phase, text));
            }
            _ => self.say(&text),
        }
    }

    fn progress(&self, phase: &Name, line: &str) {
        self.draw(|live| live.progress(phase, line));
    }

    fn notice(&self, text: &str) {
        self.say(&format!("{} {}", self.out.err_paint(Paint::Yellow, "note:"), clean(text)));
    }
}
