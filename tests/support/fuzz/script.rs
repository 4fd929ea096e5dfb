//! A sequence of calls, written down. The first byte of a line is a command:
//!
//! ```text
//! C3                   on the cache with the fourth list of settings; on top
//! T+5000  T-3  T0      the clock goes on, goes back, is set (milliseconds)
//! QGET /a?x            a request; an empty Q is another one for /a
//! FName: value         a field of it, or of the answer that was begun
//! O110=1               an option of the request
//! R200 3               an answer: its status, and which representation it carries
//! R206 3 5-9           the same with a part of it
//! W100                 its body is reported in pieces of so many bytes
//! B7                   and lacks so many bytes at its end
//! X                    in place of an answer: the origin fails
//! D                    in place of what follows: the exchange is dropped
//! ```

use httpcache::http::Fields;

use super::{field, lines};

/// What a script says.
#[derive(Default)]
pub struct Script {
    pub settings: usize,
    pub steps: Vec<Step>,
}

pub enum Step {
    /// The clock goes to another instant, or by so much.
    Time {
        by: bool,
        millis: i64,
    },
    Request(Request),
}

#[derive(Default)]
pub struct Request {
    pub method: Vec<u8>,
    pub path: Vec<u8>,
    pub fields: Fields,
    pub options: Vec<(i32, i64)>,
    pub answers: Vec<Answer>,
}

#[derive(Default)]
pub struct Answer {
    pub kind: Kind,
    pub status: u16,
    pub version: usize,
    pub part: Option<(usize, usize)>,
    pub fields: Fields,
    pub pieces: usize,
    pub lacks: usize,
}

#[derive(Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Head,
    Failure,
    Drop,
}

/// So many steps are enough to show anything, and keep a run short.
const MOST_STEPS: usize = 40;

pub fn read(data: &[u8]) -> Script {
    let mut script = Script::default();
    for line in lines(data) {
        let Some((command, rest)) = line.split_first() else {
            continue;
        };
        let text = String::from_utf8_lossy(rest);
        let text = text.trim();
        match command {
            b'C' => script.settings = text.parse().unwrap_or(0),
            b'T' => script.steps.extend(time(text)),
            b'Q' => script.steps.push(Step::Request(request(rest))),
            _ => {
                if let Some(Step::Request(request)) = script.steps.last_mut() {
                    detail(request, *command, rest, text);
                }
            }
        }
        if script.steps.len() >= MOST_STEPS {
            break;
        }
    }
    script
}

fn time(text: &str) -> Option<Step> {
    let by = text.starts_with(['+', '-']);
    let millis = text.parse().ok()?;
    Some(Step::Time { by, millis })
}

fn request(rest: &[u8]) -> Request {
    let mut words = rest.splitn(2, |byte| *byte == b' ');
    let method = words.next().filter(|method| !method.is_empty());
    Request {
        method: method.unwrap_or(b"GET").to_vec(),
        path: words.next().unwrap_or(b"/a").to_vec(),
        ..Request::default()
    }
}

fn detail(request: &mut Request, command: u8, rest: &[u8], text: &str) {
    let begun = |kind| Answer {
        kind,
        status: 200,
        ..Answer::default()
    };
    match (command, request.answers.last_mut()) {
        (b'O', _) => request.options.extend(option(text)),
        (b'R', _) => request.answers.push(answer(text)),
        (b'X', _) => request.answers.push(begun(Kind::Failure)),
        (b'D', _) => request.answers.push(begun(Kind::Drop)),
        (b'F', answer) => {
            let fields = answer.map_or(&mut request.fields, |answer| &mut answer.fields);
            if let Some((name, value)) = field(rest) {
                let _ = fields.add(name, value);
            }
        }
        (b'W', Some(answer)) => answer.pieces = text.parse().unwrap_or(1),
        (b'B', Some(answer)) => answer.lacks = text.parse().unwrap_or(1),
        _ => {}
    }
}

fn option(text: &str) -> Option<(i32, i64)> {
    let (number, value) = text.split_once('=')?;
    Some((number.parse().ok()?, value.parse().ok()?))
}

fn answer(text: &str) -> Answer {
    let mut words = text.split(' ');
    let mut number = || words.next().and_then(|word| word.parse().ok());
    let (status, version) = (number().unwrap_or(200), number().unwrap_or(0));
    let part = words.next().and_then(|word| word.split_once('-'));
    Answer {
        status: status as u16,
        version,
        part: part.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?))),
        ..Answer::default()
    }
}
