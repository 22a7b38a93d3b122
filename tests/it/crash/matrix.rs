//! Every point, every time it is passed: a process dies there, and the run ends as if it had not.

use super::world::{End, Part, World, died, differences, ensure, text};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Plays one case instead of all: `Start run.create.kept:2`, with `+ POINT:K` for a death during its recovery.
const CASE: &str = "CRASH_CASE";
/// Passes of one point up to which a process dies at each; of more, at the first, the last and some between.
const ALL: usize = 4;

/// Where a process dies, and perhaps the one that recovers it.
#[derive(Clone, Debug)]
struct Case {
    part: Part,
    dies: String,
    again: Option<String>,
}

impl Case {
    fn shown(&self) -> String {
        let again = self.again.iter().map(|point| format!(" + {point}")).collect::<String>();
        format!("{:?} {}{again}", self.part, self.dies)
    }

    fn read(text: &str) -> Self {
        let (first, again) = text.split_once(" + ").map_or((text, None), |(first, again)| (first, Some(again.to_owned())));
        let (part, dies) = first.split_once(' ').expect("a part and a point");
        let part = Part::ALL.into_iter().find(|known| format!("{known:?}") == part).expect("a part that is known");
        Self { part, dies: dies.to_owned(), again }
    }
}

/// What a case showed.
struct Shown {
    /// Whether every process died that should.
    died: bool,
    /// What its first recovery passed.
    recovery: Vec<String>,
}

/// The undisturbed run.
struct Undisturbed {
    /// How it ends.
    end: End,
    /// The points that each part passed.
    passed: BTreeMap<Part, Vec<String>>,
}

impl Undisturbed {
    fn run() -> Result<Self, String> {
        let world = World::new();
        let mut passed = BTreeMap::new();
        for (part, code) in [(Part::Start, 4), (Part::Answer, 0), (Part::Continue, 0)] {
            let (output, log) = world.run(part, None);
            ensure(output.status.code() == Some(code), || text(&output.stderr))?;
            passed.insert(part, log);
            if part == Part::Start {
                passed.insert(Part::Note, world.log("note.log"));
            }
        }
        ensure(world.noted(), || "the note is lost".to_owned())?;
        Ok(Self { end: world.end(false)?, passed })
    }
}

/// Where a process that passed these points may die: at each of them, as `POINT:K`.
fn deaths(passed: &[String]) -> Vec<String> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for point in passed {
        *times.entry(point).or_default() += 1;
    }
    let turns = |n: usize| (1..=n).filter(move |turn| n <= ALL || *turn <= 2 || *turn + 1 >= n || *turn == n / 2);
    times.into_iter().flat_map(|(point, n)| turns(n).map(move |turn| format!("{point}:{turn}"))).collect()
}

/// Dies, recovers, compares.
fn play(case: &Case, undisturbed: &Undisturbed) -> Result<Shown, String> {
    let world = World::new();
    for part in [Part::Start, Part::Answer].into_iter().filter(|before| *before < case.part && case.part != Part::Note) {
        world.run(part, None);
    }
    let (output, log) = world.run(case.part, Some(&case.dies));
    let mut all_died = log.last().is_some_and(|point| point.ends_with('†'));
    ensure(died(&output) == (all_died && case.part != Part::Note), || format!("{log:?}: {}", text(&output.stderr)))?;
    if died(&output) {
        world.all_commits_passed_a_point()?;
    }
    let mut over = case.part == Part::Continue && world.is_over()?;
    let posted = |log: &[String]| log.iter().any(|point| point.starts_with("mail.ensure.kept"));
    let kept = posted(&log);
    // Who gave an answer may give it again, or simply go on.
    let answers_again = case.part == Part::Answer && !kept && case.dies.ends_with("written:1");
    let (output, recovery) = world.run(if answers_again { Part::Answer } else { Part::Continue }, case.again.as_deref());
    ensure(died(&output) || matches!(output.status.code(), Some(0 | 3 | 4)), || text(&output.stderr))?;
    if case.again.is_some() {
        all_died &= died(&output);
        over |= died(&output) && world.is_over()?;
    }
    world.finish(case.part == Part::Answer && (kept || posted(&recovery)))?;
    let end = world.end(over)?;
    ensure(case.part != Part::Note || !kept || world.noted(), || "the note is lost".to_owned())?;
    let differs = || differences(&format!("{:#?}", undisturbed.end), &format!("{end:#?}"));
    ensure(end == undisturbed.end, || format!("it ended otherwise:\n{}", differs()))?;
    Ok(Shown { died: all_died, recovery })
}

/// Plays cases, several at once: most of their time they wait. Gives what each showed; fails with all that went wrong.
fn play_all(cases: &[Case], undisturbed: &Undisturbed) -> Vec<Shown> {
    let (next, shown, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), Mutex::new(Vec::new()));
    let workers = 2 * std::thread::available_parallelism().map_or(2, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, case)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, cases.get(at)?)))
                {
                    match play(case, undisturbed) {
                        Ok(what) => drop(shown.lock().unwrap().insert(at, what)),
                        Err(why) => wrong.lock().unwrap().push(format!(
                            "{}\n  again: {CASE}='{}' cargo test --test it crash::matrix\n",
                            why.trim_end(),
                            case.shown()
                        )),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} cases went wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    shown.into_inner().unwrap().into_values().collect()
}

/// A second death for every fourth first one, so that all points of recoveries come up about as often.
fn double(cases: &[Case], shown: &[Shown]) -> Vec<Case> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut doubles = Vec::new();
    for (case, shown) in cases.iter().zip(shown).step_by(4) {
        let deaths = deaths(&shown.recovery);
        let Some(again) = deaths.into_iter().min_by_key(|death| times.get(death).copied().unwrap_or(0)) else { continue };
        *times.entry(again.clone()).or_default() += 1;
        doubles.push(Case { again: Some(again), ..case.clone() });
    }
    doubles
}

#[test]
fn a_run_that_dies_at_any_point_ends_as_if_it_had_not() {
    let undisturbed = Undisturbed::run().unwrap();
    if let Ok(text) = std::env::var(CASE) {
        play_all(&[Case::read(&text)], &undisturbed);
        return;
    }
    let cases = Part::ALL.into_iter().flat_map(|part| {
        let deaths = deaths(&undisturbed.passed[&part]).into_iter();
        deaths.map(move |dies| Case { part, dies, again: None })
    });
    let cases: Vec<Case> = cases.collect();
    let shown = play_all(&cases, &undisturbed);
    let doubles = double(&cases, &shown);
    let shown_twice = play_all(&doubles, &undisturbed);
    let all = cases.len() + doubles.len();
    let alive = shown.iter().chain(&shown_twice).filter(|shown| !shown.died).count();
    println!("{} deaths, {} double ones; {alive} did not come about", cases.len(), doubles.len());
    // Which commit two phases share is not the same each time; that most points are met is.
    assert!(alive * 10 <= all, "{alive} of {all} processes did not die where they should");
}
