//! A table of readers that is full for real: by another process, which is this test program once more.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::read::ReadTransaction;
use super::*;
use crate::storage::{Store, StoreOptions};

const PLACE: &str = "HTTPCACHE_TEST_READERS";

/// Not a test: the process that takes every place in the table.
#[test]
fn role() {
    let Some(place) = std::env::var_os(PLACE) else {
        return;
    };
    let place = Path::new(&place);
    let environment = Environment::open(place, Durability::Safe, FIRST_MAP, false).unwrap();
    let mut readers = Vec::new();
    let full = loop {
        match ReadTransaction::begin(&environment.inner) {
            Ok(reader) => readers.push(reader),
            Err(error) => break error,
        }
    };
    assert_eq!(fault::code(&full), Some(lmdb_sys::MDB_READERS_FULL));
    println!("\nfull");
    // Until it is killed.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn take_all_places(directory: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "storage::lmdb::reader_tests::role",
            "--nocapture",
        ])
        .env(PLACE, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "full"));
    child
}

#[test]
fn a_full_table_of_readers_is_busy_until_they_end_or_die() {
    let directory = tempfile::tempdir().unwrap();
    let quiet = |line: &str| panic!("unexpected: {line}");
    let store = Store::open(directory.path(), &StoreOptions::default(), &quiet).unwrap();
    let mut readers = take_all_places(&directory.path().join("g-1"));
    let refused = store.read(|_| Ok(())).unwrap_err();
    assert_eq!(refused.kind(), Kind::Busy);
    assert_eq!(fault::code(&refused), Some(lmdb_sys::MDB_READERS_FULL));
    // Writing needs no place.
    store
        .submit(
            1,
            Box::new(|change| change.put(Table::Records, b"row", b"value")),
        )
        .unwrap();
    readers.kill().unwrap();
    readers.wait().unwrap();
    let found =
        store.read(|snapshot| Ok(snapshot.get(Table::Records, b"row")?.map(<[u8]>::to_vec)));
    assert_eq!(found.unwrap(), Some(b"value".to_vec()));
}
