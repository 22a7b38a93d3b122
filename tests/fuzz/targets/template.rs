//! libFuzzer on the target `template`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: flow_fuzz::begin("template"), |data: &[u8]| {
    let _ = flow_fuzz::targets::template(data);
});
