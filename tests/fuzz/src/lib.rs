//! The targets and the first inputs, which the project's own tests try as well (`tests/it/fuzz.rs`).

#[path = "../../it/fuzz/corpus.rs"]
pub mod corpus;
#[path = "../../it/fuzz/journal.rs"]
pub mod journal;
#[path = "../../it/fuzz/targets.rs"]
pub mod targets;

/// Puts the first inputs of a target where libFuzzer looks for inputs next: into the folder `FLOW_FUZZ_SEEDS`.
pub fn begin(target: &str) {
    let Some(folder) = std::env::var_os("FLOW_FUZZ_SEEDS") else { return };
    for (number, input) in corpus::corpus(target).into_iter().enumerate() {
        let path = std::path::Path::new(&folder).join(format!("seed-{number:04}"));
        std::fs::write(&path, input).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
