//! libFuzzer on the target `journal`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("journal"), |data: &[u8]| {
    let _ = flow_fuzz::journal::journal(data);
});
