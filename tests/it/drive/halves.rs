//! A store that writes one by one, and whose answers are lost: of what stands beside an entry nothing came.

use super::{House, PIPELINE, ended};
use crate::store::{Fate, Faulty};
use flow::drive::{Carried, Carrier, CarryOptions, Stop};
use flow::name::Name;
use flow::store::{cycles, enlisted, list_runs, read_lease};
use tokio::sync::watch;

fn house(fates: &[Fate]) -> House {
    House::on(|_| Faulty::on_memory(fates), PIPELINE)
}

#[tokio::test]
async fn a_start_that_was_cut_takes_its_number_and_its_place_in_the_pool() {
    // First the plan, then the entry.
    let house = house(&[Fate::Heard, Fate::First]);
    let (store, pool) = (house.services.store.clone(), Name::new("default").unwrap());
    let state = Carrier::enlist(&house.services, house.request(), &pool, house.watch.clone()).await.unwrap();
    let numbers = cycles(&*store, "work.false").await.unwrap();
    assert_eq!(numbers.iter().map(|cycle| (&cycle.run, cycle.cycle)).collect::<Vec<_>>(), [(state.id(), 1)]);
    assert_eq!(enlisted(&*store, &pool, state.id()).await.unwrap().unwrap().run, *state.id());
    assert_eq!(list_runs(&*store).await.unwrap().0[0].pool, Some(pool));
}

#[tokio::test]
async fn a_run_whose_letting_go_was_cut_has_no_lease() {
    // The plan, the start, what the stopped agent said, and then the letting go.
    let house = house(&[Fate::Heard, Fate::Heard, Fate::Heard, Fate::First]);
    let held = house.script.hold("first");
    let carrier = house.start().await.unwrap();
    let run = carrier.state().id().clone();
    let (_sender, stop) = watch::channel(Stop::Politely);
    let carried = carrier.carry(CarryOptions::default(), None, stop).await.unwrap();
    assert!(matches!(carried, Carried::Interrupted(_)), "{carried:?}");
    assert_eq!(read_lease(&*house.services.store, &run).await.unwrap(), None);
    held.notify_one();
    ended(house.resume(&run, CarryOptions::default()).await.unwrap());
}
