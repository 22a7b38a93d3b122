//! `flow store import`: takes in what `flow store export` printed.

use crate::cli::exit::Exit;
use crate::cli::fail::{Fail, Outcome};
use crate::cli::out::Out;
use crate::cli::place::{Place, StoreArg, wait};
use crate::drive::lives;
use crate::store::{Cut, Import, ImportError, Memory, Partial, Store, Tally, WasCarried, file_of};
use crate::view::words::{count, short};
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Seek};
use std::path::Path;
use std::sync::Arc;

/// Arguments of `flow store import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The lines; `-`, or nothing, is stdin.
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// Check all of it, and write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArg,
}

/// Checks all lines, then writes those that are not there yet.
///
/// # Errors
/// Lines that are none, keys that are there with something else, whatever the store says.
pub fn command(args: &Args, out: Out) -> Outcome {
    let mut lines = lines(args.file.as_deref().filter(|file| *file != "-"))?;
    let place = Place::find(&args.store)?;
    wait(async {
        let target = look(&place).await?;
        let mut import = Import::into(&*target);
        let checked = import.check(BufReader::new(&mut lines)).await;
        let tally = import.tally();
        if tally.lines == 0 && checked.is_ok() {
            return Err(
                Fail::new(Exit::NoInput, "there is nothing to import: no line came").help("`flow store export` prints lines")
            );
        }
        checked.map_err(refused)?;
        warn(tally, out);
        if args.dry_run {
            out.result(&format!("{}\n", told(tally, "would be written")))?;
            return Ok(ended(tally));
        }
        drop(target);
        lines.rewind().map_err(unread)?;
        let store = place.open_or_create().await?;
        let mut import = Import::into(&*store);
        let written = import.write(BufReader::new(&mut lines)).await;
        let tally = import.tally();
        written.map_err(|error| stopped(error, tally))?;
        out.result(&format!("{}\n", told(tally, "written")))?;
        Ok(ended(tally))
    })
}

/// The lines, as a file that can be read twice.
fn lines(file: Option<&str>) -> Result<File, Fail> {
    let Some(file) = file else {
        if io::stdin().is_terminal() {
            let fail = Fail::usage("nothing comes from stdin: name the file of an export, or pipe one in");
            return Err(fail.help("`flow store export --store URL | flow store import --store URL`"));
        }
        return spooled(io::stdin().lock());
    };
    let opened = File::open(Path::new(file));
    let opened = opened.map_err(|error| Fail::new(Exit::NoInput, format!("`{file}` cannot be read: {error}")))?;
    let regular = opened.metadata().is_ok_and(|found| found.is_file());
    if regular { Ok(opened) } else { spooled(opened) }
}

fn spooled(mut from: impl io::Read) -> Result<File, Fail> {
    let mut spool = || {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut from, &mut file)?;
        file.rewind()?;
        Ok(file)
    };
    spool().map_err(unread)
}

fn unread(error: io::Error) -> Fail {
    refused(ImportError::Read(error))
}

/// The store as it is. One that is not there yet is as good as an empty one, and is not made for a look.
async fn look(place: &Place) -> Result<Arc<dyn Store>, Fail> {
    let absent = file_of(place.url.text()).is_some_and(|path| path.try_exists().is_ok_and(|there| !there));
    if absent { Ok(Arc::new(Memory::new())) } else { place.open_existing().await }
}

/// Nothing was written.
fn refused(error: ImportError) -> Fail {
    let message = error.to_string();
    match error {
        ImportError::Line { .. } => Fail::usage(message),
        ImportError::Read(_) => Fail::new(Exit::NoInput, message),
        ImportError::Differs { .. } => Fail::new(Exit::Store, message)
            .help("nothing there is overwritten: `--store` names another store, an empty one for all of it"),
        ImportError::Store(error) => error.into(),
    }
}

/// Something may have been written.
fn stopped(error: ImportError, tally: &Tally) -> Fail {
    let fail = refused(error);
    match tally.written {
        0 => fail,
        _ => fail.help(format!("{} until here; the same command goes on with the rest", told(tally, "written"))),
    }
}

fn ended(tally: &Tally) -> Exit {
    if tally.partial.is_empty() && tally.cut.is_none() { Exit::Done } else { Exit::Store }
}

fn number(n: u64, one: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one)
}

fn told(tally: &Tally, written: &str) -> String {
    let mut parts = vec![format!("{} {written}", number(tally.written, "write"))];
    if tally.there > 0 {
        parts.push(format!("{} there already", tally.there));
    }
    if tally.left_out > 0 {
        parts.push(format!("{} left out, of drivers that work elsewhere", tally.left_out));
    }
    parts.join(", ")
}

/// Says what is not as it was, and which runs somebody may still carry.
fn warn(tally: &Tally, out: Out) {
    for (was, is) in &tally.other {
        let differences = crate::drive::differences(was, is).join("; ").replace("declared", "exported");
        out.note(&format!("bucket `{}` stays as it is here: {differences}", is.bucket));
    }
    if let Some(cut) = &tally.cut {
        let why = match *cut {
            Cut { told: None, .. } => "the line that ends an export is missing".to_owned(),
            Cut { told: Some(told), came } => format!("their end tells of {}, and {came} came", number(told, "line")),
        };
        out.warn(&format!("these lines are cut: {why}, so no more runs are listed; the same command with all lines goes on"));
    }
    for Partial { run, missing, entries } in &tally.partial {
        let what = format!("run {run} is not whole: entry {missing} of {entries} is missing, so it is not listed");
        out.warn(&format!("{what}; the same command with all lines goes on"));
    }
    for WasCarried { run, lease } in &tally.carried {
        let (pid, host) = (lease.owner.pid, &lease.owner.host);
        let id = short(run);
        if lives(&lease.owner) != Some(false) {
            out.warn(&format!(
                "run {run} was carried by process {pid} on {host} when it was exported: make sure that it ended before `flow \
                 resume {id}`, or it goes on in two stores"
            ));
        }
    }
}
