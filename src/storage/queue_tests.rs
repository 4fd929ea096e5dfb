//! What is submitted is seen at once, and is what is there in the end, whenever and by whomever it is committed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

const LONG: Duration = Duration::from_secs(600);
const TABLES: [Table; 2] = [Table::Records, Table::Marks];

fn open(path: &Path, durability: Durability, may_start_thread: bool) -> Arc<Store> {
    let options = StoreOptions {
        durability: Some(durability),
        may_start_thread,
        ..StoreOptions::default()
    };
    Store::open(path, &options, &|line| panic!("unexpected: {line}")).unwrap()
}

/// A store of which nothing is committed unless it is told to.
fn idle(path: &Path) -> Arc<Store> {
    open(path, Durability::Safe, false)
}

fn put(store: &Store, row: &[u8], value: &[u8]) {
    let (row, value) = (row.to_vec(), value.to_vec());
    let change = move |change: &mut Transaction<'_>| change.put(Table::Records, &row, &value);
    store.submit(0, Box::new(change)).unwrap();
}

fn get(store: &Store, row: &[u8]) -> Option<Vec<u8>> {
    store
        .read(|snapshot| Ok(snapshot.get(Table::Records, row)?.map(<[u8]>::to_vec)))
        .unwrap()
}

fn waiting(store: &Store) -> usize {
    store.parts.shared.queue.waiting()
}

// ---- against a model ----

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Model = [Rows; 2];

#[derive(Clone, Debug)]
enum Step {
    Put(usize, Vec<u8>, Vec<u8>),
    Delete(usize, Vec<u8>),
    DeletePrefix(usize, Vec<u8>),
    /// Adds a byte to each row with the prefix.
    Extend(usize, Vec<u8>),
    /// The steps as one change.
    All(Vec<Step>),
    /// The same, and then the change fails.
    Fail(Vec<Step>),
}

#[derive(Clone, Debug)]
enum Event {
    Submit(Step),
    Work,
    Reopen,
}

fn row() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(&b"ab\x00\xff"[..]), 1..4)
}

fn prefix() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(&b"ab\x00\xff"[..]), 0..3)
}

fn single() -> impl Strategy<Value = Step> {
    let value = prop::collection::vec(any::<u8>(), 0..4);
    prop_oneof![
        5 => (0..2_usize, row(), value).prop_map(|(table, row, value)| Step::Put(table, row, value)),
        3 => (0..2_usize, row()).prop_map(|(table, row)| Step::Delete(table, row)),
        1 => (0..2_usize, prefix()).prop_map(|(table, prefix)| Step::DeletePrefix(table, prefix)),
        1 => (0..2_usize, prefix()).prop_map(|(table, prefix)| Step::Extend(table, prefix)),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let many = || prop::collection::vec(single(), 1..5);
    prop_oneof![
        6 => single().prop_map(Event::Submit),
        3 => many().prop_map(|steps| Event::Submit(Step::All(steps))),
        1 => many().prop_map(|steps| Event::Submit(Step::Fail(steps))),
        2 => Just(Event::Work),
        1 => Just(Event::Reopen),
    ]
}

/// What a change tells its caller of itself.
type Told = Vec<(Vec<u8>, Vec<u8>)>;

fn with_prefix(rows: &Rows, prefix: &[u8]) -> Told {
    let rows = rows.iter().filter(|(row, _)| row.starts_with(prefix));
    rows.map(|(row, value)| (row.clone(), value.clone()))
        .collect()
}

fn on_model(step: &Step, model: &mut Model, told: &mut Told) -> bool {
    match step {
        Step::Put(table, row, value) => {
            model[*table].insert(row.clone(), value.clone());
        }
        Step::Delete(table, row) => {
            let was_there = model[*table].remove(row).is_some();
            told.push((row.clone(), vec![u8::from(was_there)]));
        }
        Step::DeletePrefix(table, prefix) => {
            told.extend(with_prefix(&model[*table], prefix));
            model[*table].retain(|row, _| !row.starts_with(prefix));
        }
        Step::Extend(table, prefix) => {
            for (row, mut value) in with_prefix(&model[*table], prefix) {
                value.push(1);
                model[*table].insert(row, value);
            }
        }
        Step::All(steps) => steps.iter().for_each(|step| {
            on_model(step, model, told);
        }),
        Step::Fail(_) => return false,
    }
    true
}

fn on_tables(step: &Step, txn: &mut Transaction<'_>, told: &mut Told) -> Result<()> {
    match step {
        Step::Put(table, row, value) => txn.put(TABLES[*table], row, value),
        Step::Delete(table, row) => {
            let before = txn.get(TABLES[*table], row)?.is_some();
            let was_there = txn.delete(TABLES[*table], row)?;
            assert_eq!(before, was_there);
            told.push((row.clone(), vec![u8::from(was_there)]));
            Ok(())
        }
        Step::DeletePrefix(table, prefix) => {
            let before = told.len();
            let count = txn.delete_prefix(TABLES[*table], prefix, &mut |row, value| {
                told.push((row.to_vec(), value.to_vec()));
                Ok(())
            })?;
            assert_eq!(count as usize, told.len() - before);
            Ok(())
        }
        Step::Extend(table, prefix) => {
            let mut rows = Vec::new();
            txn.scan_prefix(TABLES[*table], prefix, &mut |row, value| {
                rows.push((row.to_vec(), [value, &[1]].concat()));
                Ok(ControlFlow::Continue(()))
            })?;
            rows.iter()
                .try_for_each(|(row, value)| txn.put(TABLES[*table], row, value))
        }
        Step::All(steps) => steps.iter().try_for_each(|step| on_tables(step, txn, told)),
        Step::Fail(steps) => {
            steps
                .iter()
                .try_for_each(|step| on_tables(step, txn, told))?;
            Err(Error::new(Kind::Callback, "no"))
        }
    }
}

fn submit(store: &Store, step: &Step, model: &mut Model) {
    let first = Arc::new(std::sync::Mutex::new(None));
    let (step_of_change, tell) = (step.clone(), Arc::clone(&first));
    let change = move |txn: &mut Transaction<'_>| {
        let mut told = Told::new();
        let done = on_tables(&step_of_change, txn, &mut told);
        tell.lock().unwrap().get_or_insert(told);
        done
    };
    let done = store.submit(0, Box::new(change));
    let mut told = Told::new();
    if on_model(step, model, &mut told) {
        done.unwrap();
        assert_eq!(first.lock().unwrap().take().unwrap(), told);
    } else {
        assert_eq!(done.unwrap_err().kind(), Kind::Callback);
    }
}

fn check(store: &Store, model: &Model) {
    let all = store.read(|snapshot| {
        let mut all = Model::default();
        for (rows, table) in all.iter_mut().zip(TABLES) {
            snapshot.scan_prefix(table, b"", &mut |row, value| {
                assert!(
                    rows.last_key_value()
                        .is_none_or(|(last, _)| &last[..] < row)
                );
                rows.insert(row.to_vec(), value.to_vec());
                Ok(ControlFlow::Continue(()))
            })?;
            for prefix in [&b"a"[..], b"\xff", b"ab"] {
                let mut found = Told::new();
                snapshot.scan_prefix(table, prefix, &mut |row, value| {
                    found.push((row.to_vec(), value.to_vec()));
                    Ok(ControlFlow::Continue(()))
                })?;
                assert_eq!(found, with_prefix(rows, prefix));
            }
            for row in rows.keys() {
                assert_eq!(
                    snapshot.get(table, row)?,
                    rows.get(row).map(|value| &value[..])
                );
                let mut next = None;
                snapshot.scan_after(table, Some(row), &mut |row, _| {
                    next = Some(row.to_vec());
                    Ok(ControlFlow::Break(()))
                })?;
                let after = (
                    std::ops::Bound::Excluded(row.clone()),
                    std::ops::Bound::Unbounded,
                );
                assert_eq!(next.as_ref(), rows.range(after).next().map(|(row, _)| row));
            }
            for row in [&b"a"[..], b"b", b"\x00", b"aa", b"zz"] {
                assert_eq!(snapshot.get(table, row)?.is_some(), rows.contains_key(row));
            }
        }
        Ok(all)
    });
    assert_eq!(&all.unwrap(), model);
    assert_eq!(store.usage().unwrap().records as usize, model[0].len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_are_as_if_all_were_committed(events in prop::collection::vec(event(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let open = || open(directory.path(), Durability::Fast, false);
        let mut store = open();
        let mut model = Model::default();
        for event in events {
            match event {
                Event::Submit(step) => submit(&store, &step, &mut model),
                Event::Work => assert!(store.work(LONG).unwrap()),
                Event::Reopen => {
                    drop(store);
                    store = open();
                }
            }
            check(&store, &model);
        }
        store.flush(LONG).unwrap();
        check(&store, &model);
        assert_eq!(waiting(&store), 0);
        assert_eq!(store.take_losses(), None);
    }
}

// ---- one rule each ----

#[test]
fn what_writes_nothing_is_not_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = idle(directory.path());
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let change = move |txn: &mut Transaction<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        txn.delete(Table::Records, b"none").map(drop)
    };
    store.submit(0, Box::new(change)).unwrap();
    assert_eq!((waiting(&store), runs.load(Ordering::Relaxed)), (0, 1));
}

#[test]
fn a_change_that_is_too_large_to_be_shown_is_committed_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = idle(directory.path());
    for half in 0..2_u32 {
        let change = move |txn: &mut Transaction<'_>| {
            (0..25_000_u32).try_for_each(|row| {
                let row = [half.to_be_bytes(), row.to_be_bytes()].concat();
                txn.put(Table::Records, &row, b"")
            })
        };
        store.submit(0, Box::new(change)).unwrap();
    }
    put(&store, b"one more", b"");
    assert_eq!(waiting(&store), 3);
    let clear = |txn: &mut Transaction<'_>| {
        let count = txn.delete_prefix(Table::Records, b"", &mut |_, _| Ok(()))?;
        txn.put(Table::Records, b"count", &count.to_be_bytes())
    };
    store.submit(0, Box::new(clear)).unwrap();
    assert_eq!(waiting(&store), 0);
    assert_eq!(get(&store, b"count").unwrap(), 50_001_u64.to_be_bytes());
    assert_eq!(store.usage().unwrap().records, 1);
}

#[test]
fn closing_commits_what_waits() {
    for may_start_thread in [false, true] {
        for durability in Durability::ALL {
            let directory = tempfile::tempdir().unwrap();
            let store = open(directory.path(), durability, may_start_thread);
            (0..100_u8).for_each(|row| put(&store, &[row], &[row]));
            drop(store);
            let store = open(directory.path(), durability, may_start_thread);
            assert_eq!(store.usage().unwrap().records, 100);
        }
    }
}

#[test]
fn in_synced_what_is_submitted_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), Durability::Synced, true);
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let store = &store;
            scope.spawn(move || {
                for row in 0..10 {
                    put(store, &[thread, row], b"");
                    let tables = &store.parts.shared.generation.environment;
                    let found =
                        tables.read(|rows| Ok(rows.get(Table::Records, &[thread, row])?.is_some()));
                    assert!(found.unwrap());
                }
            });
        }
    });
}

/// A change that succeeds once, and fails when it is its turn to be committed.
fn fails_later(
    mut change: impl FnMut(&mut Transaction<'_>) -> Result<()> + Send + 'static,
) -> Change {
    let mut runs = 0;
    Box::new(move |txn| {
        change(txn)?;
        runs += 1;
        match runs {
            1 => Ok(()),
            _ => Err(Error::new(Kind::Io, "later")),
        }
    })
}

#[test]
fn what_is_lost_is_told_and_no_longer_seen() {
    let directory = tempfile::tempdir().unwrap();
    let store = idle(directory.path());
    put(&store, b"row", b"before");
    store.flush(LONG).unwrap();
    let change = |txn: &mut Transaction<'_>| txn.put(Table::Records, b"row", b"lost");
    store.submit(0, fails_later(change)).unwrap();
    put(&store, b"other", b"kept");
    assert_eq!(get(&store, b"row").unwrap(), b"lost");
    assert_eq!(store.take_losses(), None);
    assert_eq!(store.flush(LONG).unwrap_err().message(), "later");
    assert_eq!(get(&store, b"row").unwrap(), b"before");
    assert_eq!(get(&store, b"other").unwrap(), b"kept");
    let (count, reasons) = store.take_losses().unwrap();
    assert_eq!((count, reasons.len()), (1, 1));
    assert_eq!(store.take_losses(), None);
    store.flush(LONG).unwrap();
    // Also when it happened before the flush began.
    let change = |txn: &mut Transaction<'_>| txn.put(Table::Records, b"row", b"lost");
    store.submit(0, fails_later(change)).unwrap();
    assert!(store.work(LONG).unwrap());
    assert!(store.flush(LONG).is_err());
    store.flush(LONG).unwrap();
}

fn body(store: &Store) -> BodyRef {
    let mut writer = store.create_body().unwrap();
    writer.write(b"body").unwrap();
    writer.finish().unwrap()
}

#[test]
fn a_body_goes_with_what_was_lost_and_stays_with_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = idle(directory.path());
    let (new, old) = (body(&store), body(&store));
    store
        .submit(0, Box::new(move |txn| txn.hold_body(&old, b"row")))
        .unwrap();
    store.flush(LONG).unwrap();
    for body in [new, old] {
        let hold = fails_later(move |txn| txn.hold_body(&body, b"new row"));
        store.submit(0, hold).unwrap();
        store.open_body(&body).unwrap();
    }
    let release = fails_later(move |txn| txn.release_body(&old.id));
    store.submit(0, release).unwrap();
    store.open_body(&old).unwrap();
    assert!(store.flush(LONG).is_err());
    assert!(store.open_body(&new).is_err());
    store.open_body(&old).unwrap();
}

#[test]
fn a_body_that_is_not_held_when_it_is_its_turn_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = idle(directory.path());
    let body = body(&store);
    let mut is_first = true;
    let change = move |txn: &mut Transaction<'_>| {
        // As if another process had invalidated it in between.
        if std::mem::take(&mut is_first) {
            txn.put(Table::Records, b"row", b"record")?;
            return txn.hold_body(&body, b"row");
        }
        Ok(())
    };
    store.submit(0, Box::new(change)).unwrap();
    assert!(get(&store, b"row").is_some());
    store.flush(LONG).unwrap();
    assert_eq!(get(&store, b"row"), None);
    assert!(store.open_body(&body).is_err());
    assert_eq!(store.take_losses(), None);
}

#[test]
fn what_is_written_later_is_shown_longer() {
    let directory = tempfile::tempdir().unwrap();
    let store = idle(directory.path());
    // Two transactions: the second change waits when the first is committed.
    let first = vec![1; 3 << 20];
    put(&store, b"row", &first);
    put(&store, b"row", &vec![2; 3 << 20]);
    assert!(!store.work(Duration::ZERO).unwrap());
    assert_eq!(waiting(&store), 1);
    assert_eq!(get(&store, b"row").unwrap()[0], 2);
    assert!(store.work(LONG).unwrap());
    assert_eq!(get(&store, b"row").unwrap()[0], 2);
}

// ---- while others commit ----

#[test]
fn many_rows_are_read_as_of_one_moment() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), Durability::Fast, true);
    const ROWS: u8 = 4;
    const TURNS: u32 = 3000;
    let write = |turn: u32| {
        let change = move |txn: &mut Transaction<'_>| {
            // Each change writes all but one, and deletes that.
            (0..ROWS).try_for_each(|row| match turn % u32::from(ROWS) == u32::from(row) {
                true => txn.delete(Table::Records, &[row]).map(drop),
                false => txn.put(Table::Records, &[row], &turn.to_be_bytes()),
            })
        };
        store.submit(0, Box::new(change)).unwrap();
    };
    let read = || {
        let mut found = Vec::new();
        let done = store.read(|snapshot| {
            snapshot.scan_prefix(Table::Records, b"", &mut |row, value| {
                found.push((row[0], u32::from_be_bytes(value.try_into().unwrap())));
                Ok(ControlFlow::Continue(()))
            })
        });
        done.unwrap();
        found
    };
    write(0);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let found = read();
                    let turn = found[0].1;
                    let missing = (turn % u32::from(ROWS)) as u8;
                    let expected = (0..ROWS).filter(|row| *row != missing);
                    let expected: Vec<_> = expected.map(|row| (row, turn)).collect();
                    assert_eq!(found, expected);
                    assert!(turn >= last, "{turn} after {last}");
                    last = turn;
                }
            });
        }
        for turn in 1..=TURNS {
            write(turn);
            assert_eq!(read()[0].1, turn);
        }
        done.store(true, Ordering::Relaxed);
    });
    store.flush(LONG).unwrap();
    assert_eq!(read()[0].1, TURNS);
}
