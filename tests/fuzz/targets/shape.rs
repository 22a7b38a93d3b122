//! libFuzzer on the target `shape`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("shape"), |data: &[u8]| {
    let _ = flow_fuzz::targets::shape(data);
});
