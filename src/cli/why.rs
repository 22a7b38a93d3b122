//! `flow why`.

use super::alive::carried;
use super::exit::Exit;
use super::fail::Outcome;
use super::out::{Out, Paint, clean};
use super::place::{self, Place, StoreArg, wait};
use super::show::paint;
use crate::view::why::{Story, stories};
use std::fmt::Write as _;

/// Arguments of `flow why`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id, its beginning or its end, or `latest`.
    #[arg(value_name = "RUN")]
    run: String,
    /// Only this phase.
    #[arg(value_name = "PHASE")]
    phase: Option<String>,
    #[command(flatten)]
    store: StoreArg,
}

/// Says why phases ran, were skipped, repeated or failed.
///
/// # Errors
/// When there is no such run or phase, or it cannot be read.
pub fn command(args: &Args, out: Out) -> Outcome {
    let place = Place::find(&args.store)?;
    let stories = wait(async {
        let store = place.open_existing().await?;
        let told = place::named(&store, &args.run).await?;
        let phase = args.phase.as_deref().map(|phase| place::phase(&told.state, phase)).transpose()?;
        let plan = place::plan(&*store, &told.state).await?;
        let carried = carried(&*store, &told.state).await?;
        Ok(stories(plan.as_ref(), &told.state, &told.events, phase.as_ref(), carried))
    })?;
    let texts: Vec<_> = stories.iter().map(|story| text(story, out)).collect();
    out.result(&texts.join("\n"))?;
    Ok(Exit::Done)
}

fn text(story: &Story, out: Out) -> String {
    let name = out.paint(Paint::Bold, story.phase.as_str());
    let mut text = format!("{name}: {}\n", out.paint(paint(story.status), story.status.as_str()));
    for step in &story.steps {
        let _ = writeln!(text, "  {}  {}", out.paint(Paint::Dim, &step.at.to_string()), clean(&step.text));
        for line in step.detail.iter().flat_map(|detail| detail.trim_end().lines()) {
            let _ = writeln!(text, "      {}", clean(line));
        }
    }
    for line in &story.now {
        let _ = writeln!(text, "  {} {}", out.paint(Paint::Dim, "now"), clean(line));
    }
    text
}
