use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::opening::Setting;
use super::*;
use crate::error::Cause;

fn silent(line: &str) {
    panic!("unexpected: {line}");
}

fn open(path: &Path) -> Arc<Store> {
    Store::open(path, &StoreOptions::default(), &silent).unwrap()
}

fn with(durability: Durability) -> StoreOptions {
    StoreOptions {
        durability: Some(durability),
        ..StoreOptions::default()
    }
}

/// Opens, and gives what was said meanwhile.
fn open_in(path: &Path, setting: &Setting) -> (Result<Arc<Store>>, Vec<String>) {
    let lines = RefCell::new(Vec::new());
    let notify = |line: &str| lines.borrow_mut().push(line.to_owned());
    let opened = opening::open(path, &StoreOptions::default(), setting, &notify);
    (opened, lines.into_inner())
}

fn refused(path: &Path) -> Error {
    Store::open(path, &StoreOptions::default(), &silent)
        .err()
        .unwrap()
}

fn put(store: &Store, row: &[u8], value: &[u8]) -> Result<()> {
    let (row, value) = (row.to_vec(), value.to_vec());
    let size = row.len() + value.len();
    store.submit(
        size,
        Box::new(move |change| change.put(Table::Records, &row, &value)),
    )
}

fn get(store: &Store, table: Table, row: &[u8]) -> Option<Vec<u8>> {
    store
        .read(|snapshot| Ok(snapshot.get(table, row)?.map(<[u8]>::to_vec)))
        .unwrap()
}

fn rows(store: &Store, table: Table, prefix: &[u8]) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    let scanned = store.read(|snapshot| {
        snapshot.scan_prefix(table, prefix, &mut |row, _| {
            rows.push(row.to_vec());
            Ok(ControlFlow::Continue(()))
        })
    });
    scanned.unwrap();
    rows
}

fn body(store: &Store, bytes: &[u8]) -> BodyRef {
    let mut writer = store.create_body().unwrap();
    writer.write(bytes).unwrap();
    writer.finish().unwrap()
}

fn hold(store: &Store, body: BodyRef) {
    store
        .submit(16, Box::new(move |change| change.hold_body(&body, b"row")))
        .unwrap();
}

fn generation(path: &Path) -> PathBuf {
    path.join(fs::read_to_string(path.join("CURRENT")).unwrap().trim_end())
}

#[test]
fn rows_last() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b");
    let store = open(&path);
    assert_eq!(
        (store.path(), store.durability()),
        (path.as_path(), Durability::Safe)
    );
    assert!(store.is_current_process());
    put(&store, b"row", b"value").unwrap();
    assert_eq!(get(&store, Table::Records, b"row").unwrap(), b"value");
    assert_eq!(get(&store, Table::Marks, b"row"), None);
    let secret = *store.secret();
    store.flush(Duration::from_secs(1)).unwrap();
    drop(store);
    let store = open(&path);
    assert_eq!(get(&store, Table::Records, b"row").unwrap(), b"value");
    assert_eq!(store.secret(), &secret);
    let usage = store.usage().unwrap();
    assert_eq!(usage.records, 1);
    assert!((4096..1 << 20).contains(&usage.bytes), "{usage:?}");
}

#[test]
fn one_store_for_each_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path());
    let again = open(
        &directory
            .path()
            .join("../")
            .join(directory.path().file_name().unwrap()),
    );
    assert!(Arc::ptr_eq(&first, &again));
    let other = Store::open(directory.path(), &with(Durability::Fast), &silent);
    assert_eq!(other.err().unwrap().kind(), Kind::Mismatch);
    drop((first, again));
    let other = Store::open(directory.path(), &with(Durability::Fast), &silent);
    assert_eq!(other.err().unwrap().kind(), Kind::Mismatch);
    Store::open(directory.path(), &with(Durability::Safe), &silent).unwrap();
}

#[test]
fn a_directory_made_anew_is_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache");
    let old = open(&path);
    put(&old, b"row", b"old").unwrap();
    fs::rename(&path, directory.path().join("away")).unwrap();
    let new = open(&path);
    assert_eq!(get(&new, Table::Records, b"row"), None);
    assert_eq!(get(&old, Table::Records, b"row").unwrap(), b"old");
}

#[test]
fn opening_and_closing_by_many_threads() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..6_u8 {
            let path = directory.path();
            scope.spawn(move || {
                for turn in 0..30 {
                    let store = open(path);
                    put(&store, &[1, thread], &[turn]).unwrap();
                    assert_eq!(get(&store, Table::Records, &[1, thread]).unwrap(), [turn]);
                }
            });
        }
    });
    assert_eq!(open(directory.path()).usage().unwrap().records, 6);
}

#[test]
fn scanning_and_deleting_by_prefix() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for row in [&b"a"[..], b"ab", b"abc", b"b", b"\x01\x01\x01\x01t"] {
        put(&store, row, b"v").unwrap();
    }
    assert_eq!(rows(&store, Table::Records, b"ab"), [&b"ab"[..], b"abc"]);
    assert_eq!(rows(&store, Table::Records, b"").len(), 5);
    assert_eq!(rows(&store, Table::Records, b"\x01").len(), 1);
    let change = |change: &mut Transaction<'_>| {
        let mut seen = Vec::new();
        let deleted = change.delete_prefix(Table::Records, b"a", &mut |row, value| {
            assert_eq!(value, b"v");
            seen.push(row.to_vec());
            Ok(())
        })?;
        assert_eq!((deleted, seen.len()), (3, 3));
        assert!(!change.delete(Table::Records, b"a")?);
        assert!(change.delete(Table::Records, b"b")?);
        change
            .delete_prefix(Table::Records, b"", &mut |_, _| Ok(()))
            .map(drop)
    };
    store.submit(0, Box::new(change)).unwrap();
    assert!(rows(&store, Table::Records, b"").is_empty());
    assert_eq!(store.usage().unwrap().records, 0);
    assert_eq!(get(&store, Table::Marks, b"x"), None);
}

#[test]
fn rows_that_cannot_be() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for row in [&b""[..], &[7; 512], b"\x01\x01\x01\x01table:marks"] {
        assert_eq!(
            put(&store, row, b"").unwrap_err().kind(),
            Kind::Argument,
            "{row:?}"
        );
    }
    put(&store, &[7; 511], b"").unwrap();
    assert_eq!(get(&store, Table::Records, &[7; 511]).unwrap(), b"");
}

#[test]
fn a_change_that_fails_fails_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let store = &store;
            scope.spawn(move || {
                for turn in 0..40_u8 {
                    let change = move |change: &mut Transaction<'_>| {
                        change.put(Table::Records, &[thread, turn], b"v")?;
                        match turn % 4 {
                            1 => Err(Error::new(Kind::Callback, "no")),
                            2 if thread == 3 => panic!("a change that panics"),
                            3 => change.put(Table::Records, b"", b"").or(Ok(())),
                            _ => Ok(()),
                        }
                    };
                    let kind = store
                        .submit(2, Box::new(change))
                        .err()
                        .map(|error| error.kind());
                    let expected = match turn % 4 {
                        1 => Some(Kind::Callback),
                        2 if thread == 3 => Some(Kind::Internal),
                        3 => Some(Kind::Argument),
                        _ => None,
                    };
                    assert_eq!(kind, expected);
                    let found = get(store, Table::Records, &[thread, turn]).is_some();
                    assert_eq!(found, expected.is_none());
                }
            });
        }
    });
}

#[test]
fn calling_from_inside_is_misuse_and_no_deadlock() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let nested = store.read(|_| store.read(|_| Ok(())));
    assert_eq!(nested.unwrap_err().kind(), Kind::Misuse);
    let nested = store.read(|_| put(&store, b"a", b"b"));
    assert_eq!(nested.unwrap_err().kind(), Kind::Misuse);
    let same = Arc::clone(&store);
    let nested = store.submit(0, Box::new(move |_| put(&same, b"a", b"b")));
    assert_eq!(nested.unwrap_err().kind(), Kind::Misuse);
    put(&store, b"a", b"b").unwrap();
    store.read(|_| Ok(())).unwrap();
}

#[test]
fn the_map_grows_under_readers() {
    let directory = tempfile::tempdir().unwrap();
    let setting = Setting {
        map: 1 << 20,
        ..Setting::of_this_process().unwrap()
    };
    let store = open_in(directory.path(), &setting).0.unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    for row in 0..8_u8 {
                        let whole = store.read(|snapshot| {
                            let found = snapshot.get(Table::Records, &[row])?.unwrap_or(&[]);
                            Ok(found.iter().step_by(1000).all(|byte| *byte == row))
                        });
                        assert!(whole.unwrap());
                    }
                }
            });
        }
        let writers: Vec<_> = (0..8_u8)
            .map(|row| {
                let store = &store;
                scope.spawn(move || {
                    for len in 1..10_usize {
                        put(store, &[row], &vec![row; len * 200_000]).unwrap();
                    }
                })
            })
            .collect();
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        ended.into_iter().for_each(|ended| ended.unwrap());
    });
    assert!(store.parts.shared.generation.environment.map_size() >= 16 << 20);
}

#[test]
fn more_readers_than_slots() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, b"row", b"value").unwrap();
    let all = std::sync::Barrier::new(100);
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let read = store.read(|snapshot| {
                    all.wait();
                    Ok(snapshot.get(Table::Records, b"row")?.map(<[u8]>::len))
                });
                assert_eq!(read.unwrap(), Some(5));
            });
        }
    });
}

#[test]
fn a_panicking_reader_leaves_the_store_usable() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let read = std::panic::AssertUnwindSafe(|| store.read(|_| -> Result<()> { panic!("reader") }));
    assert!(std::panic::catch_unwind(read).is_err());
    store.read(|_| Ok(())).unwrap();
    store
        .parts
        .shared
        .generation
        .environment
        .make_room()
        .unwrap();
}

#[test]
fn too_much_waiting_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for durability in [Durability::Fast, Durability::Safe] {
        let path = directory.path().join(durability.name());
        let store = Store::open(&path, &with(durability), &silent).unwrap();
        let held_back = store.parts.shared.queue.hold_back();
        for row in 0..15 {
            put(&store, &[b'r', row], &[row; 1 << 20]).unwrap();
        }
        let refused = put(&store, b"one more", &[1; 1 << 20]).unwrap_err();
        assert_eq!(refused.kind(), Kind::Full);
        assert_eq!(get(&store, Table::Records, b"one more"), None);
        let late = store.flush(Duration::from_millis(10)).unwrap_err();
        assert_eq!(late.kind(), Kind::Timeout);
        drop(held_back);
        store.flush(Duration::from_secs(20)).unwrap();
        put(&store, b"one more", &[1; 1 << 20]).unwrap();
        assert_eq!(store.usage().unwrap().records, 16);
    }
}

#[test]
fn too_many_waiting_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let held_back = store.parts.shared.queue.hold_back();
    let refused = (0..5000_u32).find_map(|row| put(&store, &row.to_be_bytes(), b"").err());
    assert_eq!(refused.unwrap().kind(), Kind::Full);
    assert_eq!(store.parts.shared.queue.waiting(), 4096);
    drop(held_back);
    store.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(store.usage().unwrap().records, 4096);
}

#[test]
fn bodies_live_as_long_as_they_are_held() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let (kept, released, orphan) = (body(&store, b"k"), body(&store, b"r"), body(&store, b"o"));
    hold(&store, kept);
    hold(&store, released);
    assert_eq!(get(&store, Table::Bodies, &kept.id).unwrap(), b"row");
    let mut reader = store.open_body(&released).unwrap();
    let failed = store.submit(
        0,
        Box::new(move |change| {
            change.release_body(&released.id)?;
            Err(Error::new(Kind::Callback, "no"))
        }),
    );
    assert!(failed.is_err());
    store.open_body(&released).unwrap();
    store
        .submit(0, Box::new(move |change| change.release_body(&released.id)))
        .unwrap();
    store.flush(Duration::from_secs(20)).unwrap();
    assert_eq!(
        store.open_body(&released).err().unwrap().kind(),
        Kind::Corrupt
    );
    let mut byte = [0];
    assert_eq!((reader.read(&mut byte).unwrap(), byte), (1, *b"r"));
    let unheld = body(&store, b"u");
    store.discard_body(&unheld).unwrap();
    assert!(store.open_body(&unheld).is_err());
    store.open_body(&orphan).unwrap();
    std::mem::forget(store.create_body().unwrap());
    fs::create_dir(directory.path().join("new-1")).unwrap();
    drop(store);
    let store = open(directory.path());
    store.open_body(&kept).unwrap();
    assert!(store.open_body(&orphan).is_err());
    assert_eq!(fs::read_dir(&store.bodies).unwrap().count(), 1);
    assert!(!directory.path().join("new-1").exists());
}

#[test]
fn only_this_user_may_enter() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    let store = open(&path);
    drop(store.create_body().unwrap());
    hold(&store, body(&store, b"b"));
    let mut below = vec![path];
    while let Some(path) = below.pop() {
        let mode = fs::metadata(&path).unwrap().mode() & 0o777;
        assert_eq!(
            mode,
            if path.is_dir() { 0o700 } else { 0o600 },
            "{}",
            path.display()
        );
        if path.is_dir() {
            below.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
}

#[test]
fn paths_that_cannot_be_used() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let link = directory.path().join("link");
    symlink(directory.path(), &link).unwrap();
    let shared = directory.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::write(shared.join("other"), "").unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
    let cases = [
        (PathBuf::new(), Kind::Argument),
        (file.clone(), Kind::NotDirectory),
        (file.join("below"), Kind::NotDirectory),
        (link.clone(), Kind::Symlink),
        (PathBuf::from(format!("{}/", link.display())), Kind::Symlink),
        (shared, Kind::Argument),
        (PathBuf::from("/proc/cache"), Kind::Io),
    ];
    for (path, kind) in cases {
        let error = refused(&path);
        let kinds = [
            kind,
            if kind == Kind::Io {
                Kind::Permission
            } else {
                kind
            },
        ];
        assert!(
            kinds.contains(&error.kind()),
            "{} {error:?}",
            path.display()
        );
        let names_it = error
            .message()
            .contains(path.to_str().unwrap().trim_end_matches('/'));
        assert!(names_it, "{error}");
    }
    // A link further up is the user's own affair.
    open(&link.join("cache"));
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    if super::lmdb::system::effective_user() != 0 {
        return;
    }
    for name in ["", "owner", "secret", "g-1/data.mdb"] {
        let directory = tempfile::tempdir().unwrap();
        drop(open(directory.path()));
        std::os::unix::fs::chown(directory.path().join(name), Some(65534), None).unwrap();
        assert_eq!(
            refused(directory.path()).kind(),
            Kind::ForeignOwner,
            "{name}"
        );
    }
}

#[test]
fn a_newer_format_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    fs::write(directory.path().join("owner"), "format 2\n").unwrap();
    assert_eq!(refused(directory.path()).kind(), Kind::NewerFormat);
    assert!(directory.path().join("g-1/data.mdb").exists());
}

#[test]
fn a_lost_secret_or_owner_starts_over() {
    for name in ["owner", "secret"] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        put(&store, b"row", b"value").unwrap();
        let secret = *store.secret();
        drop(store);
        fs::write(directory.path().join(name), "nonsense").unwrap();
        let (store, lines) = open_in(directory.path(), &Setting::of_this_process().unwrap());
        let store = store.unwrap();
        assert_eq!(
            (lines.len(), get(&store, Table::Records, b"row")),
            (1, None),
            "{lines:?}"
        );
        assert_ne!(store.secret(), &secret);
        assert!(!directory.path().join("g-1").exists());
        drop(store);
        drop(open(directory.path()));
    }
}

#[test]
fn an_unreadable_data_file_is_moved_aside() {
    let directory = tempfile::tempdir().unwrap();
    for turn in 0..6_u64 {
        let store = open(directory.path());
        for row in 0..200_u8 {
            put(&store, &[row], &[row; 500]).unwrap();
        }
        drop(store);
        let current = generation(directory.path());
        let data = current.join("data.mdb");
        let mut bytes = fs::read(&data).unwrap();
        match turn {
            0 => bytes.iter_mut().for_each(|byte| *byte = 0x5a),
            1 => bytes.truncate(100),
            2 => bytes.truncate(3 * 4096),
            3 => bytes.truncate(bytes.len() / 2),
            4 => bytes[4096 + 16] ^= 1,
            _ => bytes[20] = 2,
        }
        fs::write(&data, bytes).unwrap();
        let (store, lines) = open_in(directory.path(), &Setting::of_this_process().unwrap());
        let store = store.unwrap();
        assert_eq!(lines.len(), 1, "{turn} {lines:?}");
        assert!(lines[0].contains("cannot be read"), "{lines:?}");
        assert_eq!(store.usage().unwrap().records, 0);
        let names = fs::read_dir(directory.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let damaged: Vec<_> = names.filter(|name| name.starts_with("damaged-")).collect();
        assert_eq!(damaged, [format!("damaged-{}", turn + 1)]);
    }
}

#[test]
fn an_empty_or_missing_data_file_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    fs::write(generation(directory.path()).join("data.mdb"), "").unwrap();
    put(&open(directory.path()), b"row", b"value").unwrap();
    fs::remove_dir_all(generation(directory.path())).unwrap();
    assert_eq!(open(directory.path()).usage().unwrap().records, 0);
    fs::write(directory.path().join("CURRENT"), "nonsense").unwrap();
    put(&open(directory.path()), b"row", b"value").unwrap();
    fs::remove_file(generation(directory.path()).join("lock.mdb")).unwrap();
    assert_eq!(open(directory.path()).usage().unwrap().records, 1);
}

#[test]
fn a_file_short_of_unwritten_pages_is_sound() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, b"row", b"value").unwrap();
    let both = |change: &mut Transaction<'_>| {
        change.put(Table::Records, b"other", &[1; 40_000])?;
        change.delete(Table::Records, b"other").map(drop)
    };
    store.submit(0, Box::new(both)).unwrap();
    drop(store);
    assert_eq!(
        get(&open(directory.path()), Table::Records, b"row").unwrap(),
        b"value"
    );
}

#[test]
fn fast_is_discarded_after_an_unclean_reboot_only() {
    let directory = tempfile::tempdir().unwrap();
    let boot = |boot: &str| {
        let mut setting = Setting::of_this_process().unwrap();
        setting.surroundings.boot = boot.to_owned();
        setting
    };
    drop(Store::open(directory.path(), &with(Durability::Fast), &silent).unwrap());
    let kept = |setting: &Setting| {
        let (store, lines) = open_in(directory.path(), setting);
        let store = store.unwrap();
        let kept = get(&store, Table::Records, b"row").is_some();
        put(&store, b"row", b"value").unwrap();
        assert_eq!(store.durability(), Durability::Fast);
        (kept, lines.len(), store)
    };
    let unclean = |store: Arc<Store>| {
        drop(store);
        fs::remove_file(generation(directory.path()).join("clean")).unwrap();
    };
    drop(kept(&boot("a")));
    let (was_kept, lines, store) = kept(&boot("a"));
    assert_eq!((was_kept, lines), (true, 0));
    unclean(store);
    let (was_kept, lines, store) = kept(&boot("a"));
    assert_eq!((was_kept, lines), (true, 0), "killed, and no reboot");
    drop(store);
    let (was_kept, lines, store) = kept(&boot("b"));
    assert_eq!((was_kept, lines), (true, 0), "rebooted, closed before");
    assert!(!generation(directory.path()).join("clean").exists());
    unclean(store);
    let (was_kept, lines, _store) = kept(&boot("c"));
    assert_eq!((was_kept, lines), (false, 1), "rebooted while open");
}

#[test]
fn a_second_copy_of_the_library_and_other_namespaces_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let path = directory
        .path()
        .join(format!("process-{}", std::process::id()));
    let other = files::open_lock(&path).unwrap();
    assert!(super::lmdb::system::lock_opening(&other).unwrap());
    let error = refused(directory.path());
    assert_eq!(error.kind(), Kind::Busy, "{error}");
    assert!(error.message().contains("another copy"), "{error}");
    let namespace = Setting::of_this_process().unwrap().surroundings.namespace;
    fs::write(&path, format!("namespace {}\n", namespace + 1)).unwrap();
    assert_eq!(refused(directory.path()).kind(), Kind::Unsupported);
    drop(other);
    drop(open(directory.path()));
    assert!(!path.exists());
}

#[test]
fn while_others_have_it_open_nothing_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let orphan = body(&store, b"o");
    drop(store);
    let other = files::open_lock(&directory.path().join("process-1")).unwrap();
    assert!(super::lmdb::system::lock_opening(&other).unwrap());
    let store = open(directory.path());
    store.open_body(&orphan).unwrap();
    drop(store);
    fs::write(generation(directory.path()).join("data.mdb"), [0x5a; 8192]).unwrap();
    assert_eq!(refused(directory.path()).kind(), Kind::Corrupt);
    assert!(directory.path().join("g-1").exists());
}

#[test]
fn who_opens_is_waited_for_no_longer_than_allowed() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let _held = OpenLock::acquire(directory.path(), Duration::ZERO).unwrap();
    let options = StoreOptions {
        writer_wait: Duration::from_millis(50),
        ..Default::default()
    };
    let error = Store::open(directory.path(), &options, &silent)
        .err()
        .unwrap();
    assert_eq!((error.kind(), error.cause()), (Kind::Busy, None::<Cause>));
}

#[test]
fn no_descriptor_survives_an_exec() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let _writer = store.create_body().unwrap();
    let kept = body(&store, b"k");
    let _reader = store.open_body(&kept).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let Ok(target) = fs::read_link(entry.path()) else {
            continue;
        };
        if !target.starts_with(directory.path()) {
            continue;
        }
        let number = entry.file_name().into_string().unwrap();
        let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else {
            continue;
        };
        let flags = info
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .unwrap();
        let flags = i32::from_str_radix(flags.trim(), 8).unwrap();
        assert!(flags & libc::O_CLOEXEC != 0, "{}", target.display());
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
}
