//! libFuzzer on the target `reply`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("reply"), |data: &[u8]| {
    let _ = flow_fuzz::targets::reply(data);
});
