//! libFuzzer on the target `names`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("names"), |data: &[u8]| {
    let _ = flow_fuzz::targets::names(data);
});
