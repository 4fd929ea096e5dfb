//! What each target is answered with.

use std::io;
use std::ops::Range;

use super::answer::{Answer, Content, Output};
use super::connection::{Asked, Then};
use super::state::State;

/// Answers a request; says what becomes of the connection.
pub fn answer(asked: &Asked, state: &State, mut output: Output) -> io::Result<Then> {
    let target = &asked.target;
    let route = target.part(0);
    if matches!(route, "requests" | "open" | "waiting" | "connections") {
        let number = ask(asked, state).to_string();
        Answer::new(200, number).send(&asked.method, &mut output)?;
        return Ok(Then::Keep);
    }
    let count = state.count(&asked.target_text);
    let then = match target.text("then") {
        Some("close") => Then::Close,
        Some("reset") => Then::Reset,
        Some("stall") => Then::Stall,
        None if route == "raw" => Then::Close,
        _ => Then::Keep,
    };
    let gated = |action: &mut dyn FnMut() -> io::Result<()>| match target.text("gate") {
        Some(gate) => state.pass(gate, action),
        None => action(),
    };
    match route {
        "raw" => {
            output.send(target.bytes("send").unwrap_or(&target.rest()))?;
            gated(&mut || output.send(target.bytes("more").unwrap_or_default()))?;
        }
        "close" => gated(&mut || Ok(()))?,
        "die-on-reuse" if asked.nth > 1 => {}
        _ => {
            let answer = with_parameters(make(asked, state, count), asked);
            gated(&mut || answer.send(&asked.method, &mut output))?;
        }
    }
    let dies = route == "close" || (route == "die-on-reuse" && asked.nth > 1);
    Ok(if dies && then == Then::Keep {
        Then::Close
    } else {
        then
    })
}

/// Questions about the origin itself.
fn ask(asked: &Asked, state: &State) -> u64 {
    let target = &asked.target;
    match target.part(0) {
        "requests" => state.requests(target.text("target").unwrap_or_default()),
        "connections" => state.connections(),
        "open" => {
            state.open(
                target.part(1),
                target.number("passed").unwrap_or_default() as usize,
            );
            0
        }
        _ => {
            let count = target.number("count").unwrap_or(1);
            state.wait_for(target.part(1), count as usize);
            count
        }
    }
}

fn make(asked: &Asked, state: &State, count: u64) -> Answer {
    let target = &asked.target;
    match target.part(0) {
        "body" => body(asked),
        "text" => Answer::new(200, target.rest()),
        "version" => version(asked, state),
        "change" if asked.method == "POST" => {
            Answer::new(200, state.change(target.part(1)).to_string())
        }
        "change" => Answer::new(405, "POST changes").field("Allow", "POST"),
        "vary" => vary(asked),
        "echo" => Answer::new(200, [asked.head.as_slice(), &asked.body].concat()),
        "status" => {
            let status = target.part(1).parse().unwrap_or(200);
            Answer::new(status, format!("status {status}\n"))
        }
        "redirect" => redirect(asked),
        "count" => Answer::new(200, count.to_string()),
        "die-on-reuse" => Answer::new(200, "alive\n"),
        _ => Answer::new(404, "no such target\n"),
    }
}

fn with_parameters(mut answer: Answer, asked: &Asked) -> Answer {
    let target = &asked.target;
    answer.status = target
        .number("status")
        .map_or(answer.status, |status| status as u16);
    answer.stop = target.number("stop").unwrap_or(u64::MAX);
    answer.chunked = target.flag("chunked");
    for field in target.all("field") {
        let (name, value) = split_at(field, b':');
        answer = answer.field(&String::from_utf8_lossy(name), value.trim_ascii());
    }
    answer
        .field("Origin-Connection", asked.connection.to_string())
        .field("Origin-Request", asked.nth.to_string())
}

fn split_at(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match bytes.iter().position(|b| *b == separator) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, b""),
    }
}

fn body(asked: &Asked) -> Answer {
    let target = &asked.target;
    let size: u64 = target.part(1).parse().unwrap_or_default();
    let seed = target.number("seed").unwrap_or_default();
    let mut answer = Answer::new(200, "");
    let mut range = 0..size;
    if target.flag("ranges") {
        answer = answer.field("Accept-Ranges", "bytes");
        match asked.field("Range").and_then(|value| range_of(value, size)) {
            Some(Some(part)) => {
                let content_range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                answer = answer.field("Content-Range", content_range);
                answer.status = 206;
                range = part;
            }
            Some(None) => {
                return Answer::new(416, "").field("Content-Range", format!("bytes */{size}"));
            }
            None => {}
        }
    }
    answer.content = Content::Generated { seed, range };
    match target.bytes("type") {
        Some(media_type) => answer.field("Content-Type", media_type),
        None => answer,
    }
}

/// A single range; `Some(None)` when it cannot be satisfied, `None` when it is to be ignored.
fn range_of(value: &[u8], size: u64) -> Option<Option<Range<u64>>> {
    let value = std::str::from_utf8(value).ok()?.strip_prefix("bytes=")?;
    let (first, last) = value.split_once('-')?;
    let range = match (first, last) {
        ("", suffix) => size.saturating_sub(suffix.parse().ok()?)..size,
        (first, "") => first.parse().ok()?..size,
        (first, last) => first.parse().ok()?..last.parse::<u64>().ok()?.saturating_add(1).min(size),
    };
    Some((range.start < range.end).then_some(range))
}

fn version(asked: &Asked, state: &State) -> Answer {
    let target = &asked.target;
    let name = target.part(1);
    let version = state.version(name);
    let etag = target.text("etag").map(|kind| {
        let weak = if kind == "weak" { "W/" } else { "" };
        format!("{weak}\"{name}-{version}\"")
    });
    // A later version has a later date, for the first hour of them.
    let (minute, second) = (version / 60 % 60, version % 60);
    let modified = target.flag("modified");
    let modified = modified.then(|| format!("Sun, 06 Nov 1994 08:{minute:02}:{second:02} GMT"));
    let matched = match (
        asked.field("If-None-Match"),
        asked.field("If-Modified-Since"),
    ) {
        (Some(list), _) => etag.as_ref().is_some_and(|etag| lists(list, etag)),
        (None, Some(date)) => modified
            .as_ref()
            .is_some_and(|modified| modified.as_bytes() == date),
        (None, None) => false,
    };
    let mut answer = if matched {
        Answer::new(304, "")
    } else {
        Answer::new(200, format!("{name} version {version}\n"))
    };
    for (field, value) in [("ETag", etag), ("Last-Modified", modified)] {
        if let Some(value) = value {
            answer = answer.field(field, value);
        }
    }
    answer
}

/// Weak comparison with the members of If-None-Match.
fn lists(list: &[u8], etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let list = String::from_utf8_lossy(list).into_owned();
    list.trim() == "*" || list.split(',').any(|member| opaque(member) == opaque(etag))
}

fn vary(asked: &Asked) -> Answer {
    let target = &asked.target;
    let mut body = format!("{}\n", target.part(1)).into_bytes();
    let mut names = Vec::new();
    for name in target.all("on") {
        let name = String::from_utf8_lossy(name).into_owned();
        let value = asked.field(&name).unwrap_or(b"(none)");
        body.extend_from_slice(&[name.as_bytes(), b": ", value, b"\n"].concat());
        names.push(name);
    }
    Answer::new(200, body).field("Vary", names.join(", "))
}

fn redirect(asked: &Asked) -> Answer {
    let target = &asked.target;
    let left: u64 = target.part(1).parse().unwrap_or_default();
    match (target.bytes("to"), left) {
        (Some(to), _) => Answer::new(302, "").field("Location", to),
        (None, 0) => Answer::new(200, "arrived\n"),
        (None, left) => Answer::new(302, "").field("Location", format!("/redirect/{}", left - 1)),
    }
}
