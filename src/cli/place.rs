//! Where a command works: the project's folder and the store of its runs; and how a run is named and read.

use super::exit::Exit;
use super::fail::Fail;
use super::nats::{Named, NatsArgs, Whence};
pub use crate::drive::now;
use crate::name::Name;
use crate::plan::Plan;
use crate::run::{RunId, RunState, Stamped};
use crate::store::{self, Journal, RunHead, Store, StoreUrl};
use std::path::PathBuf;
use std::sync::Arc;

/// The environment variable that names the store.
pub const FLOW_STORE: &str = "FLOW_STORE";
/// Where the store is when nobody says otherwise, relative to the project.
const DEFAULT_STORE: &str = ".flow/state.db";
/// Ends and beginnings of ids are at least this long: shorter ones would soon mean another run.
const SHORTEST_ID: usize = 4;

/// Which store.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StoreArg {
    /// Where runs are kept: `sqlite:PATH`, `nats://HOST:PORT`, or `memory:` [default: `FLOW_STORE`, then flow.toml, then sqlite:.flow/state.db].
    #[arg(long, value_name = "URL")]
    pub store: Option<StoreUrl>,
    #[command(flatten)]
    nats: NatsArgs,
}

/// The folder and the store that a command works on.
#[derive(Clone, Debug)]
pub struct Place {
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// The store, with all its options, from wherever it is read.
    pub url: StoreUrl,
    /// Whether somebody named the store: then it must be there.
    named: bool,
}

impl Place {
    /// Finds both, from the working folder on.
    ///
    /// # Errors
    /// When there is no working folder, or `flow.toml` has mistakes.
    pub fn find(arg: &StoreArg) -> Result<Self, Fail> {
        let project = super::pipeline::project()?;
        let variable = || std::env::var(FLOW_STORE).ok().filter(|url| !url.is_empty());
        let named = match (&arg.store, variable()) {
            (Some(url), _) => Some(Named { url: url.clone(), whence: Whence::Option }),
            (None, Some(url)) => Some(Named { url: url.into(), whence: Whence::Variable }),
            (None, None) => {
                let url = super::pipeline::settings(&project)?.store.as_ref();
                url.map(|url| Named { url: from_root(&project.root, url).into(), whence: Whence::File })
            }
        };
        let default = || StoreUrl::from(format!("sqlite:{}", project.root.join(DEFAULT_STORE).display()));
        let is_named = named.is_some();
        let url = match named {
            Some(named) => named.settled(&arg.nats, &project.root)?,
            None => arg.nats.of_file(default())?,
        };
        Ok(Self { named: is_named, url, root: project.root })
    }

    /// Whether nobody named a store, and the default is not there yet.
    pub fn is_missing(&self) -> bool {
        !self.named && store::file_of(self.url.text()).is_some_and(|path| path.try_exists().is_ok_and(|there| !there))
    }

    /// Opens the store; `None` when nobody named one and the default is not there yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self) -> Result<Option<Arc<dyn Store>>, Fail> {
        if self.is_missing() {
            return Ok(None);
        }
        Ok(Some(store::open_store(self.url.text(), false).await?))
    }

    /// Opens the store for a command that needs a run in it.
    ///
    /// # Errors
    /// When it cannot be opened, or is not there yet.
    pub async fn open_existing(&self) -> Result<Arc<dyn Store>, Fail> {
        self.open().await?.ok_or_else(|| self.nothing())
    }

    /// Opens the store, and makes it where it is not there yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open_or_create(&self) -> Result<Arc<dyn Store>, Fail> {
        Ok(store::open_store(self.url.text(), true).await?)
    }

    /// Opens the store, and makes it where it is not there yet, for runs that one process leaves to another.
    ///
    /// # Errors
    /// When it cannot be opened, or no other process would ever see it.
    pub async fn open_shared(&self) -> Result<Arc<dyn Store>, Fail> {
        if store::is_forgotten(self.url.text()) {
            let what = format!("the store `{}` is forgotten when this command ends: no other process sees it", self.url.text());
            return Err(Fail::usage(what).help("give one that is shared: `--store sqlite:PATH` or `--store nats://HOST:PORT`"));
        }
        self.open_or_create().await
    }

    /// The same store, and the folder that it belongs to: a run goes on in its own project, wherever its user stands.
    #[must_use]
    pub fn of_its_store(mut self) -> Self {
        let path = self.url.text().strip_prefix("sqlite:").map(std::path::Path::new);
        let folder = path.filter(|path| path.ends_with(DEFAULT_STORE)).and_then(|path| path.canonicalize().ok());
        if let Some(root) = folder.as_deref().and_then(|path| path.parent()?.parent()) {
            self.root = root.to_path_buf();
        }
        self
    }

    /// There is no run at all.
    pub fn nothing(&self) -> Fail {
        let message = format!("there is no run in {} yet", self.root.display());
        Fail::new(Exit::NoInput, message).help("`flow run PIPELINE` starts one; `flow run --help` says how")
    }
}

/// A relative path of `flow.toml` is relative to it.
fn from_root(root: &std::path::Path, url: &str) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", root.join(path).display()),
        None => url.to_owned(),
    }
}

/// Waits for a future. One thread is enough: what takes long happens in other processes.
///
/// # Errors
/// When the system gives no event queue.
pub fn wait<T>(future: impl Future<Output = Result<T, Fail>>) -> Result<T, Fail> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fail::new(Exit::Ours, format!("cannot wait for anything: {error}")))?;
    runtime.block_on(future)
}

/// The run that a text means: a whole id, a unique beginning or end of one, or `latest`.
///
/// # Errors
/// When there is none, or more than one.
pub async fn choose(store: &dyn Store, text: &str) -> Result<RunHead, Fail> {
    let (mut heads, faults) = store::list_runs(store).await?;
    let none = |message: String| Fail::new(Exit::NoInput, message).help("`flow list` shows the runs");
    if text == "latest" {
        return heads.pop().ok_or_else(|| none(format!("there is no run in {} yet", store.name())));
    }
    let wanted = text.to_ascii_uppercase();
    if wanted.len() < SHORTEST_ID {
        return Err(Fail::usage(format!("`{text}` is too short for a run: give at least {SHORTEST_ID} characters, or `latest`")));
    }
    heads.retain(|head| head.id.as_str().starts_with(&wanted) || head.id.as_str().ends_with(&wanted));
    match heads.len() {
        1 => Ok(heads.remove(0)),
        0 if !faults.is_empty() => Err(Fail::new(Exit::Store, faults[0].to_string())),
        0 => Err(none(format!("there is no run `{text}` in {}", store.name()))),
        _ => {
            let ids: Vec<_> = heads.iter().map(|head| head.id.as_str()).collect();
            Err(Fail::usage(format!("`{text}` may be any of {}", ids.join(", "))).help("give more of the id"))
        }
    }
}

/// A run as its journal tells it.
pub struct Told {
    /// What is known of it.
    pub state: RunState,
    /// What happened, in order.
    pub events: Vec<Stamped>,
    /// The end of its journal.
    pub head: store::Head,
}

/// Reads a run.
///
/// # Errors
/// When the journal is damaged or newer than this program.
pub async fn tell(store: &Arc<dyn Store>, run: &RunId) -> Result<Told, Fail> {
    let loaded = Journal::new(store.clone(), run.clone()).load().await?;
    let events: Vec<Stamped> = loaded.events().map(|(_, stamped)| stamped.clone()).collect();
    let state = RunState::replay(events.iter().cloned());
    let state = state.map_err(|error| Fail::new(Exit::Store, format!("the journal of {run} does not fit itself: {error}")))?;
    let state = state.ok_or_else(|| Fail::new(Exit::NoInput, format!("run {run} never began")))?;
    Ok(Told { state, events, head: loaded.head })
}

/// Reads the run that a command names.
///
/// # Errors
/// As [`choose`] and [`tell`].
pub async fn named(store: &Arc<dyn Store>, text: &str) -> Result<Told, Fail> {
    let run = choose(&**store, text).await?;
    tell(store, &run.id).await
}

/// The plan that governs a run.
///
/// # Errors
/// When it is damaged or written by another version.
pub async fn plan(store: &dyn Store, state: &RunState) -> Result<Option<Plan>, Fail> {
    let Some(bytes) = store::get_plan(store, state.plan()).await? else { return Ok(None) };
    let plan = Plan::from_bytes(&bytes).map_err(|error| {
        Fail::new(Exit::Store, format!("the plan of {} cannot be read: {error}", state.id()))
            .help(format!("it was written by version {}", state.started.program))
    })?;
    Ok(Some(plan))
}

/// A phase of a run by its name.
///
/// # Errors
/// When it has none of that name.
pub fn phase(state: &RunState, text: &str) -> Result<Name, Fail> {
    if let Some(known) = state.phases.iter().find(|phase| phase.name.as_str() == text) {
        return Ok(known.name.clone());
    }
    let names = || state.phases.iter().map(|phase| phase.name.as_str());
    let fail = Fail::usage(format!("run {} has no phase `{text}`", state.id()));
    Err(match crate::diag::nearest(text, names()) {
        Some(near) => fail.help(format!("did you mean `{near}`?")),
        None => fail.help(format!("its phases are {}", names().collect::<Vec<_>>().join(", "))),
    })
}
