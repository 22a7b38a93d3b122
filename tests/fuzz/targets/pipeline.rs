//! libFuzzer on the target `pipeline`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("pipeline"), |data: &[u8]| {
    let _ = flow_fuzz::targets::pipeline(data);
});
