//! libFuzzer on the target `jq`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("jq"), |data: &[u8]| {
    let _ = flow_fuzz::targets::jq(data);
});
