//! The text of a job: it compiles, constants computed, or is refused with a reason.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use pelton::shard::topology;
use pelton::sql::{self, explain, optimizer};

fuzz_target!(|text: &str| {
    let files = [("job.sql".to_owned(), text.to_owned())];
    match sql::compile(&files, &|_| None, &BTreeMap::new()) {
        Ok(plan) => {
            let plan = optimizer::optimize(plan);
            explain::explain(&plan);
            let _ = topology::build(&plan);
        }
        Err(errors) => {
            assert!(!errors.is_empty() && errors.iter().all(|it| !it.to_string().is_empty()));
        }
    }
});
