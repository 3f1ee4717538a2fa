//! JSON records, one a line: their values are those that `serde_json` reads, or they are refused.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use pelton::record::json::oracle::Check;

/// Beyond it serde_json gives up, and so do we a little later.
const DEPTH: usize = 100;

thread_local! {
    static CHECK: RefCell<Check> = RefCell::new(Check::new());
}

fuzz_target!(|data: &[u8]| {
    if data.iter().filter(|byte| b"[{".contains(byte)).count() > DEPTH {
        return;
    }
    let records: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    // One decoder for all: templates of earlier records are a part of what is tested.
    CHECK.with_borrow_mut(|check| check.block(&records));
});
