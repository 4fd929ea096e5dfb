//! Several processes on one directory. A process is this test program once more, with a role.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use super::opening::Setting;
use super::*;

const ROLE: &str = "HTTPCACHE_TEST_ROLE";
const PLACE: &str = "HTTPCACHE_TEST_PLACE";
/// No test waits so long.
const LONG: Duration = Duration::from_secs(600);

fn open(path: &Path) -> Result<Arc<Store>> {
    Store::open(path, &StoreOptions::default(), &|line| {
        panic!("unexpected: {line}")
    })
}

fn put(store: &Store, row: &[u8], value: &[u8]) -> Result<()> {
    let (row, value) = (row.to_vec(), value.to_vec());
    store.submit(
        0,
        Box::new(move |change| change.put(Table::Records, &row, &value)),
    )
}

fn length(store: &Store, row: &[u8]) -> Option<usize> {
    store
        .read(|snapshot| Ok(snapshot.get(Table::Records, row)?.map(<[u8]>::len)))
        .unwrap()
}

/// Not a test: what the other processes do.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let place = std::env::var(PLACE).unwrap();
    let done = play(&role, Path::new(&place));
    println!(
        "\nresult {}",
        done.map_or_else(|error| format!("{:?}", error.kind()), |()| "ok".into())
    );
}

fn play(role: &str, path: &Path) -> Result<()> {
    let mut small = Setting::of_this_process().unwrap();
    small.map = 1 << 20;
    let store = match role {
        "grow" => opening::open(path, &StoreOptions::default(), &small, &|_| {})?,
        _ => open(path)?,
    };
    match role {
        "hold" => {
            let mut is_on_trial = true;
            let change = move |change: &mut Transaction<'_>| {
                change.put(Table::Records, b"held", b"")?;
                if !std::mem::take(&mut is_on_trial) {
                    println!("\nheld");
                    std::io::stdin().read_line(&mut String::new()).unwrap();
                }
                Ok(())
            };
            store.submit(0, Box::new(change))?;
            store.flush(LONG)
        }
        "grow" => (0..40_u8).try_for_each(|row| put(&store, &[b'g', row], &[row; 200_000])),
        "many" => {
            let process = std::process::id().to_le_bytes();
            (0..50_u8).try_for_each(|row| {
                put(&store, &[&process[..], &[row]].concat(), &[row; 3000])?;
                assert_eq!(length(&store, &[&process[..], &[row]].concat()), Some(3000));
                Ok(())
            })
        }
        _ => put(&store, b"row", b"value"),
    }
}

struct Other {
    child: Child,
    output: BufReader<ChildStdout>,
    /// A copy of the program, for as long as it runs.
    _reachable: Option<tempfile::TempDir>,
}

impl Other {
    /// `shell` runs before the role, in the same process.
    fn start(shell: &str, role: &str, path: &Path, user: Option<u32>) -> Self {
        use std::os::unix::process::CommandExt;
        let mut program = std::env::current_exe().unwrap();
        // Another user may not reach the place where this program was built.
        let reachable = user.map(|_| tempfile::tempdir().unwrap());
        if let Some(directory) = &reachable {
            let for_all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(directory.path(), for_all).unwrap();
            program = {
                let copy = directory.path().join("program");
                std::fs::copy(&program, &copy).unwrap();
                copy
            };
        }
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{shell}\nexec \"$@\""))
            .arg("sh")
            .arg(program);
        command.args(["--exact", "storage::process_tests::role", "--nocapture"]);
        command
            .current_dir("/")
            .env(ROLE, role)
            .env(PLACE, path)
            .env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(user) = user {
            command.uid(user).gid(user);
        }
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Other {
            child,
            output,
            _reachable: reachable,
        }
    }

    fn wait_for(&mut self, what: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "it ended before {what}"
            );
            if line.starts_with(what) {
                return line.trim_start_matches(what).trim().to_owned();
            }
        }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    fn result(mut self) -> String {
        let _ = self.child.stdin.take().unwrap().write_all(b"\n");
        let result = self.wait_for("result ");
        self.child.wait().unwrap();
        result
    }
}

fn run(shell: &str, role: &str, path: &Path) -> String {
    Other::start(shell, role, path, None).result()
}

#[test]
fn a_stopped_writer_hangs_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let before = open(directory.path()).unwrap();
    put(&before, b"row", b"value").unwrap();
    before.flush(LONG).unwrap();
    let mut other = Other::start("", "hold", directory.path(), None);
    other.wait_for("held");
    other.signal("-STOP");
    drop(before);
    // Opening, reading and giving up on a write all work without it.
    let options = StoreOptions {
        writer_wait: Duration::from_millis(300),
        durability: None,
        ..StoreOptions::default()
    };
    let store = Store::open(directory.path(), &options, &|_| {}).unwrap();
    assert_eq!(length(&store, b"row"), Some(5));
    let begun = Instant::now();
    put(&store, b"row", b"").unwrap();
    assert_eq!(length(&store, b"row"), Some(0), "this process sees it");
    assert_eq!(store.flush(LONG).unwrap_err().kind(), Kind::Busy);
    let waited = begun.elapsed();
    assert!(
        (Duration::from_millis(290)..Duration::from_secs(2)).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(length(&store, b"row"), Some(5), "what is lost is not shown");
    let (count, reasons) = store.take_losses().unwrap();
    assert_eq!((count, reasons.len()), (1, 1));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || put(store, &[b'n', thread], b"").unwrap());
        }
    });
    assert_eq!(store.flush(LONG).unwrap_err().kind(), Kind::Busy);
    assert_eq!(store.take_losses().unwrap().0, 4);
    store.flush(LONG).unwrap();
    other.signal("-CONT");
    assert_eq!(other.result(), "ok");
    assert_eq!(length(&store, b"n\0"), None);
    put(&store, b"row", b"longer value").unwrap();
    store.flush(LONG).unwrap();
    assert_eq!(
        (length(&store, b"row"), length(&store, b"held")),
        (Some(12), Some(0))
    );
}

#[test]
fn a_flush_that_is_late_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()).unwrap());
    let mut other = Other::start("", "hold", directory.path(), None);
    other.wait_for("held");
    let options = StoreOptions {
        writer_wait: LONG,
        may_start_thread: false,
        ..StoreOptions::default()
    };
    let store = Store::open(directory.path(), &options, &|_| {}).unwrap();
    put(&store, b"row", b"value").unwrap();
    let begun = Instant::now();
    let late = store.flush(Duration::from_millis(50)).unwrap_err();
    assert_eq!(late.kind(), Kind::Timeout);
    assert!(!store.work(Duration::from_millis(50)).unwrap());
    assert!(begun.elapsed() < LONG / 10);
    put(&store, b"another", b"value").unwrap();
    assert_eq!(other.result(), "ok");
    store.flush(LONG).unwrap();
    assert_eq!(store.take_losses(), None);
    drop(store);
    let store = open(directory.path()).unwrap();
    assert_eq!(
        (length(&store, b"row"), length(&store, b"another")),
        (Some(5), Some(5))
    );
}

#[test]
fn a_killed_writer_leaves_no_lock() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    for _ in 0..3 {
        let mut other = Other::start("", "hold", directory.path(), None);
        other.wait_for("held");
        other.signal("-KILL");
        other.child.wait().unwrap();
        put(&store, b"row", b"value").unwrap();
        assert_eq!(
            (length(&store, b"row"), length(&store, b"held")),
            (Some(5), None)
        );
    }
    assert_eq!(run("", "put", directory.path()), "ok");
    let processes = files::names(directory.path()).unwrap();
    assert_eq!(
        processes
            .iter()
            .filter(|name| name.starts_with("process-"))
            .count(),
        1
    );
}

#[test]
fn what_another_process_grew_is_adopted() {
    let directory = tempfile::tempdir().unwrap();
    let small = Setting {
        map: 1 << 20,
        ..Setting::of_this_process().unwrap()
    };
    let store = opening::open(directory.path(), &StoreOptions::default(), &small, &|_| {}).unwrap();
    put(&store, b"row", b"value").unwrap();
    assert_eq!(run("", "grow", directory.path()), "ok");
    assert_eq!(length(&store, &[b'g', 39]), Some(200_000));
    let again = tempfile::tempdir().unwrap();
    let store = opening::open(again.path(), &StoreOptions::default(), &small, &|_| {}).unwrap();
    assert_eq!(run("", "grow", again.path()), "ok");
    // Here the writer meets it first.
    put(&store, b"row", b"value").unwrap();
    assert_eq!(store.usage().unwrap().records, 41);
}

#[test]
fn many_processes_write_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache");
    let others: Vec<_> = (0..5)
        .map(|_| Other::start("", "many", &path, None))
        .collect();
    for other in others {
        assert_eq!(other.result(), "ok");
    }
    let store = open(&path).unwrap();
    assert_eq!(store.usage().unwrap().records, 250);
}

#[test]
fn little_address_space_is_enough() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run("ulimit -v 700000", "put", directory.path()), "ok");
    assert_eq!(length(&open(directory.path()).unwrap(), b"row"), Some(5));
}

#[test]
fn a_strict_umask_is_no_hindrance() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run("umask 777", "put", &directory.path().join("a/b")), "ok");
}

#[test]
fn another_user_is_told_why() {
    if lmdb::system::effective_user() != 0 {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache");
    drop(open(&path).unwrap());
    let as_nobody = |path: &Path| Other::start("", "put", path, Some(65534)).result();
    // The parent is closed to others, so that not even the directory's owner can be seen.
    assert_eq!(as_nobody(&path), "Permission");
    let open_to_all = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open_to_all.clone()).unwrap();
    assert_eq!(as_nobody(&directory.path().join("new")), "Permission");
    std::fs::set_permissions(&path, open_to_all).unwrap();
    assert_eq!(as_nobody(&path), "ForeignOwner");
}
