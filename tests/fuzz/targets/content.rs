#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| httpcache_fuzz::targets::content::run(data));
