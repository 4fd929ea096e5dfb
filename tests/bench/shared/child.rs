//! This program once more, as a process of its own that does one thing.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const WORD: &str = "as-child";

/// What this process was started for, if it is such a one.
pub fn task() -> Option<Vec<String>> {
    let mut words = std::env::args().skip(1);
    (words.next()? == WORD).then(|| words.collect())
}

/// The command that does it, behind another program that runs it, if there is one.
pub fn command(before: &[&str], task: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match before {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    command.arg(WORD).args(task);
    command
}

/// A running child that answers each line with a line.
pub struct Helper {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Helper {
    /// Starts it and waits until it is ready.
    pub fn start(task: &[&str]) -> Self {
        let mut child = command(&[], task)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut helper = Helper {
            questions: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(helper.answer(), "ready");
        helper
    }

    pub fn ask(&mut self, question: &str) {
        let questions = self.questions.as_mut().unwrap();
        writeln!(questions, "{question}").unwrap();
    }

    pub fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn number(&mut self) -> f64 {
        self.answer().parse().unwrap()
    }
}

impl Drop for Helper {
    /// It ends when nobody asks any more.
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}

/// The other side: says that it is ready, and answers until nobody asks any more.
pub fn serve(mut answer: impl FnMut(&str) -> String) {
    println!("ready");
    for line in std::io::stdin().lines() {
        println!("{}", answer(&line.unwrap()));
    }
}

/// Runs a child to its end; what it wrote.
pub fn output(task: &[&str]) -> String {
    let output = command(&[], task)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{task:?}");
    String::from_utf8(output.stdout).unwrap()
}
