//! A store across `fork`, from a parent with many threads. Without the test harness, whose own threads
//! would not survive it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use httpcache::error::{Kind, Result};
use httpcache::storage::{BodyRef, Store, StoreOptions, Table};

fn open(path: &Path) -> Arc<Store> {
    let options = StoreOptions {
        writer_wait: Duration::from_secs(20),
        durability: None,
        ..StoreOptions::default()
    };
    Store::open(path, &options, &|line| panic!("unexpected: {line}")).unwrap()
}

fn try_to_put(store: &Store, row: &[u8], value: &[u8]) -> Result<()> {
    let (row, value) = (row.to_vec(), value.to_vec());
    let change = move |change: &mut httpcache::storage::Transaction<'_>| {
        change.put(Table::Records, &row, &value)
    };
    store.submit(0, Box::new(change))
}

/// What was put before this returns is seen by other processes.
fn put(store: &Store, row: &[u8], value: &[u8]) {
    try_to_put(store, row, value).unwrap();
    store.flush(Duration::from_secs(60)).unwrap();
}

fn length(store: &Store, row: &[u8]) -> Option<usize> {
    store
        .read(|snapshot| Ok(snapshot.get(Table::Records, row)?.map(<[u8]>::len)))
        .unwrap()
}

/// Runs `task` in a child; gives its process id.
fn fork(task: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child runs `task` and ends without returning.
    let id = unsafe { libc::fork() };
    assert!(id >= 0);
    if id == 0 {
        // A child that hangs is killed by its alarm, and that is what its parent sees.
        // SAFETY: sets a timer of this process.
        unsafe { libc::alarm(60) };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(task));
        // SAFETY: ends the child at once, without what the parent registered for its own end.
        unsafe { libc::_exit(if done.is_ok() { 0 } else { 1 }) };
    }
    id
}

fn wait(id: libc::pid_t) {
    let mut status = 0;
    // SAFETY: `id` is a child of this process, and `status` lives on the stack.
    let ended = unsafe { libc::waitpid(id, &mut status, 0) };
    assert_eq!((ended, status), (id, 0), "the child failed, or hung");
}

/// What a child may and may not do with what it inherited, and on its own.
fn in_child(path: &Path, inherited: Arc<Store>, body: BodyRef, turn: u8) {
    assert!(!inherited.is_current_process());
    let refused = |kind| assert_eq!(kind, Kind::Misuse);
    refused(inherited.read(|_| Ok(())).unwrap_err().kind());
    refused(
        inherited
            .submit(0, Box::new(|_| Ok(())))
            .unwrap_err()
            .kind(),
    );
    refused(inherited.flush(Duration::ZERO).unwrap_err().kind());
    refused(inherited.usage().unwrap_err().kind());
    refused(inherited.create_body().err().unwrap().kind());
    refused(inherited.open_body(&body).err().unwrap().kind());
    let own = open(path);
    assert!(!Arc::ptr_eq(&own, &inherited));
    drop(inherited);
    assert_eq!(length(&own, b"row"), Some(5));
    put(&own, &[b'c', turn], b"child");
    assert!(own.open_body(&body).is_ok());
    // A child's child as well.
    let next = Arc::clone(&own);
    wait(fork(|| {
        assert!(!next.is_current_process());
        put(&open(path), &[b'd', turn], b"grandchild");
    }));
    put(&own, &[b'e', turn], b"child again");
    drop((own, next));
    put(&open(path), &[b'f', turn], b"opened again");
}

fn children_of_a_busy_parent() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, b"row", b"value");
    let mut writer = store.create_body().unwrap();
    writer.write(b"body").unwrap();
    let body = writer.finish().unwrap();
    store
        .submit(0, Box::new(move |change| change.hold_body(&body, b"row")))
        .unwrap();
    store.flush(Duration::from_secs(60)).unwrap();
    let mut unfinished = store.create_body().unwrap();
    unfinished.write(&[7; 100_000]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..3_u8 {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    match try_to_put(store, &[b't', thread], &[thread; 2000]) {
                        Ok(()) => assert_eq!(length(store, &[b't', thread]), Some(2000)),
                        // They put faster than any disk.
                        Err(error) => assert_eq!(error.kind(), Kind::Full),
                    }
                }
            });
        }
        for turn in 0..20 {
            let inherited = Arc::clone(&store);
            let path = directory.path();
            // Moved into the child, and dropped there; the parent's own is untouched.
            let unfinished = &mut unfinished;
            wait(fork(move || {
                in_child(path, inherited, body, turn);
                // SAFETY: the child's copy, which nothing else uses.
                drop(unsafe { std::ptr::read(unfinished) });
            }));
            for row in *b"cdef" {
                assert!(length(&store, &[row, turn]).is_some(), "{turn} {row}");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let body = unfinished.finish().unwrap();
    assert_eq!(store.open_body(&body).unwrap().len(), 100_000);
    drop(store);
    assert_eq!(length(&open(directory.path()), b"row"), Some(5));
}

fn a_child_keeps_no_lock_of_its_parent() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let orphan = store.create_body().unwrap().finish().unwrap();
    let child = fork(|| {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
    });
    drop(store);
    // Alone again, although the child lives: so what is left over is swept.
    let store = open(directory.path());
    assert!(store.open_body(&orphan).is_err());
    put(&store, b"row", b"value");
    // SAFETY: the child of this process, forked above.
    unsafe { libc::kill(child, libc::SIGKILL) };
    // SAFETY: as above; the status is not wanted.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
}

fn main() {
    let tests = [
        children_of_a_busy_parent,
        a_child_keeps_no_lock_of_its_parent,
    ];
    for test in tests {
        test();
    }
    // In the words of the harness, so that these are counted too.
    println!("test result: ok. {} passed; 0 failed", tests.len());
}
