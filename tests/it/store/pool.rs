//! What stands in a pool.

use super::journal::{Fate, Faulty};
use super::parts::{owner, run};
use super::{Site, put};
use flow::name::{Bucket, Name};
use flow::run::{AttemptId, Digest, ErrorClass, Outcome, Reply, RunError, Time, Usage};
use flow::store::{
    Enlisted, Home, Offer, Op, Posted, Refusal, Stage, enlist_write, enlisted, key, note_refusal, offer_write, posted, read_deep,
    ring,
};
use flow::value::Value;
use indexmap::IndexMap;

fn pool() -> Name {
    Name::new("default").unwrap()
}

fn home() -> Home {
    Home { host: "here".to_owned(), root: "/project".to_owned() }
}

fn waits() -> Enlisted {
    let refused = vec![Refusal { by: home(), why: "it is not allowed".to_owned() }];
    Enlisted { run: run(1), at: Time(1), home: home(), rings: 2, refused }
}

fn offer(stage: Stage) -> Offer {
    Offer {
        run: run(1),
        attempt: AttemptId { phase: Name::new("plan").unwrap(), round: 1, item: None, number: 2 },
        turn: 1,
        plan: Digest::of(b"plan"),
        work: Digest::of(b"work"),
        home: home(),
        commit: Some("0123abcd".to_owned()),
        changed: true,
        agents: IndexMap::from([("worker".to_owned(), "claude".to_owned())]),
        stage,
    }
}

fn outcomes() -> [Outcome; 3] {
    let usage = Usage { input_tokens: 3, output_tokens: 4, cost_usd: 0.5 };
    let reply = Reply { value: Value::from(true), code: Some(0), agent: None, usage, transcript: Some(Digest::of(b"raw")) };
    let error = RunError::new(ErrorClass::Exit, "it ended with code 1", Time(5));
    [
        Outcome::Reply(reply),
        Outcome::Failed { error, agent: None, usage: Usage::default(), transcript: None },
        Outcome::Lost { reason: "its worker died".to_owned() },
    ]
}

#[tokio::test]
async fn a_pool_is_written_and_read_as_the_golden_file_says() {
    let store = Site::memory().connect().await;
    let taken = Stage::Taken { by: owner("me"), beat: 3, session: Some("s1".to_owned()), stop: true };
    let stages = [Stage::Open, taken, Stage::Done { outcome: Digest::of(b"outcome") }];
    let mut text = String::new();
    let mut writes = vec![enlist_write(&pool(), &waits())];
    writes.extend(stages.clone().map(|stage| offer_write(&pool(), &offer(stage), None)));
    let expected = std::iter::once(Posted::Run(waits())).chain(stages.map(|stage| Posted::Offer(Box::new(offer(stage)))));
    for (write, expected) in writes.into_iter().zip(expected) {
        let Op::Create(value) = &write.op else { panic!("{write:?}") };
        text.push_str(&format!("{} {}\n", write.key, std::str::from_utf8(value).unwrap()));
        let entry = flow::store::Entry { key: write.key.clone(), revision: flow::store::Revision(1), value: Some(value.clone()) };
        assert_eq!(posted(&store.name(), &entry).unwrap().unwrap(), expected);
    }
    for outcome in outcomes() {
        let line = serde_json::to_string(&outcome).unwrap();
        assert_eq!(read_deep::<Outcome>(line.as_bytes()).unwrap(), outcome);
        text.push_str(&format!("outcome {line}\n"));
    }
    assert_eq!(text, include_str!("../../format/v1/pool.jsonl"));
}

#[tokio::test]
async fn the_newest_reason_of_each_worker_is_remembered() {
    let store = Site::memory().connect().await;
    put(&*store, enlist_write(&pool(), &Enlisted { refused: vec![], ..waits() })).await;
    for n in 0..20 {
        let by = Home { root: format!("/{}", n % 12), ..home() };
        note_refusal(&*store, &pool(), &run(1), Refusal { by, why: n.to_string() }).await.unwrap();
    }
    ring(&*store, &pool(), &run(1)).await.unwrap();
    let known = enlisted(&*store, &pool(), &run(1)).await.unwrap().unwrap();
    assert_eq!(known.rings, 3);
    let whys: Vec<_> = known.refused.iter().map(|refusal| refusal.why.as_str()).collect();
    assert_eq!(whys, ["12", "13", "14", "15", "16", "17", "18", "19"]);
    ring(&*store, &pool(), &run(2)).await.unwrap();
    assert_eq!(store.get(&Bucket::engine(), &key::enlisted(&pool(), &run(2))).await.unwrap(), None);
}

#[tokio::test]
async fn what_several_say_of_a_run_at_the_same_moment_is_all_kept() {
    for fates in [&[Fate::Beaten][..], &[Fate::Stolen], &[Fate::Lost], &[Fate::Late], &[Fate::Lost, Fate::Beaten, Fate::Late]] {
        let begins = [&[Fate::Late], fates].concat();
        let store = Faulty::on_memory(&begins);
        assert!(store.commit(vec![enlist_write(&pool(), &Enlisted { refused: vec![], ..waits() })]).await.is_err());
        let by = Home { host: "me".to_owned(), ..home() };
        note_refusal(&*store, &pool(), &run(1), Refusal { by: by.clone(), why: "no".to_owned() }).await.unwrap();
        let known = enlisted(&*store, &pool(), &run(1)).await.unwrap().unwrap();
        let mut hosts: Vec<_> = known.refused.iter().map(|refusal| refusal.by.host.as_str()).collect();
        hosts.sort_unstable();
        let others = fates.iter().any(|fate| matches!(fate, Fate::Stolen | Fate::Beaten));
        assert_eq!(hosts, if others { vec!["me", "other"] } else { vec!["me"] }, "{fates:?}");
        assert_eq!(known.home, home());
    }
    let store = Faulty::on_memory(&[&[Fate::Late][..], &[Fate::Lost; 100]].concat());
    assert!(store.commit(vec![enlist_write(&pool(), &waits())]).await.is_err());
    ring(&*store, &pool(), &run(1)).await.unwrap();
    assert_eq!(enlisted(&*store, &pool(), &run(1)).await.unwrap().unwrap().rings, 2, "it is not tried for ever");
}
