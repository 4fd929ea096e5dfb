//! Instructions, counted by callgrind. They do not depend on what else the machine does.

use super::child;

/// Instructions of one of `count` operations that the child of this task does in one go, and in another one once more:
/// the difference of both runs, so that starting and opening do not count. The child is told how many goes, which are
/// at least one.
pub fn per_operation(task: &[&str], count: usize) -> f64 {
    let run = |goes: &str| collected(&[task, &[goes]].concat());
    (run("2") - run("1")) / count as f64
}

fn collected(task: &[&str]) -> f64 {
    let valgrind = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
    ];
    let output = child::command(&valgrind, task)
        .output()
        .expect("valgrind is there");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    // `==12345== Collected : 123456`
    let count = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok());
    count.unwrap_or_else(|| panic!("callgrind counted nothing: {text}"))
}
