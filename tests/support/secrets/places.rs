//! Where a secret can stand in a request and its answer, and what becomes of each.

use std::sync::Arc;

use httpcache::cache::{Outcome, Request, Response};
use httpcache::http::ResponseHead;

use super::spelling::Name;

/// A request, its answer, and what the cache is to make of them.
pub struct Scene {
    pub request: Arc<Request>,
    pub answer: Response,
    pub outcome: Outcome,
}

/// What a scene is made of.
struct Draft {
    method: &'static str,
    url: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    answer: Vec<(String, String)>,
    outcome: Outcome,
}

type Place = fn(&mut Draft, &Name, &str);

/// Each way to place a secret.
const PLACES: &[Place] = &[
    in_userinfo,
    in_field,
    in_cookie,
    in_referer,
    in_json,
    in_json_at_depth,
    in_json_in_lists,
    in_json_by_path,
    in_broken_json,
    in_coded_json,
    in_form,
    in_multipart,
    in_field_of_answer,
    in_location,
    in_fragment,
    in_link,
    in_refresh,
    in_userinfo_of_location,
];

/// The scene of a number, with a secret in it. `plain` is in a field that is none.
pub fn scene(number: usize, secret: &str, plain: &str) -> Scene {
    let mut draft = Draft {
        method: "GET",
        url: format!("http://h.test/{number}"),
        fields: vec![("X-Plain".to_owned(), plain.to_owned())],
        body: Vec::new(),
        answer: vec![("ETag".to_owned(), format!("\"{number}\""))],
        outcome: Outcome::Stored,
    };
    let name = Name::of(number / PLACES.len());
    PLACES[number % PLACES.len()](&mut draft, &name, secret);
    let mut request = Request::new(draft.method.as_bytes(), draft.url.as_bytes()).unwrap();
    for (name, value) in &draft.fields {
        let fields = &mut request.http.fields;
        fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    request.http.body = draft.body;
    let lines = draft.answer.iter();
    let lines: Vec<(&str, &str)> = lines.map(|(name, value)| (&**name, &**value)).collect();
    let mut answer = answer(200, &lines);
    // Now and then a body that is a file.
    answer.set_body(vec![b'b'; if number % 50 == 7 { 70_000 } else { 20 }]);
    Scene {
        request: Arc::new(request),
        answer,
        outcome: draft.outcome,
    }
}

/// An answer without a body.
pub fn answer(status: u16, lines: &[(&str, &str)]) -> Response {
    let mut head = ResponseHead::new(status, b"").unwrap();
    for (name, value) in lines {
        head.fields.add(name.as_bytes(), value.as_bytes()).unwrap();
    }
    Response::built(head)
}

/// A name that is not only that of a field.
fn parameter(name: &Name) -> String {
    if name.is_cookie() {
        "token".to_owned()
    } else {
        name.percent()
    }
}

fn member(name: &Name) -> String {
    if name.is_cookie() {
        "\"password\"".to_owned()
    } else {
        name.json()
    }
}

fn add(lines: &mut Vec<(String, String)>, name: &str, value: impl Into<String>) {
    lines.push((name.to_owned(), value.into()));
}

fn in_userinfo(draft: &mut Draft, name: &Name, secret: &str) {
    let path = draft.url.split_off("http://".len());
    let userinfo = if name.plain().len().is_multiple_of(2) {
        format!("user:{secret}")
    } else {
        secret.to_owned()
    };
    draft.url += &format!("{userinfo}@{path}");
}

fn in_field(draft: &mut Draft, name: &Name, secret: &str) {
    add(
        &mut draft.fields,
        &name.as_field(),
        format!("Bearer {secret}"),
    );
}

fn in_cookie(draft: &mut Draft, name: &Name, secret: &str) {
    add(
        &mut draft.fields,
        "cookie",
        format!("a=b; {}={secret}", name.as_field()),
    );
    add(&mut draft.answer, "Vary", "Accept, COOKIE");
}

fn in_referer(draft: &mut Draft, name: &Name, secret: &str) {
    let url = format!("http://h.test/?a=b&{}={secret}", parameter(name));
    add(&mut draft.fields, "Referer", url);
}

fn with_body(draft: &mut Draft, media_type: &str, body: String) {
    draft.method = "POST";
    add(&mut draft.fields, "Content-Type", media_type);
    draft.body = body.into_bytes();
}

const JSON: &str = "application/json; charset=utf-8";

fn in_json(draft: &mut Draft, name: &Name, secret: &str) {
    let body = format!(
        "{{\"z\": 1, {}: \"{secret}\", \"a\": [true]}}",
        member(name)
    );
    with_body(draft, JSON, body);
}

fn in_json_at_depth(draft: &mut Draft, name: &Name, secret: &str) {
    let depth = 1 + secret.bytes().map(usize::from).sum::<usize>() % 100;
    let (open, close) = ("{\"a\":".repeat(depth), "}".repeat(depth));
    let member = member(name);
    with_body(
        draft,
        "application/problem+json",
        format!("{open}{{{member}: [\"{secret}\", {{\"b\": \"{secret}\"}}]}}{close}"),
    );
}

fn in_json_in_lists(draft: &mut Draft, name: &Name, secret: &str) {
    let body = format!("[1, [{{\"x\": [{{ {} :\n\"{secret}\"}}]}}]]", member(name));
    with_body(draft, JSON, body);
}

/// The test lists `$.deep.pin` and `$..code`.
fn in_json_by_path(draft: &mut Draft, _: &Name, secret: &str) {
    let body =
        format!("{{\"deep\": {{\"pin\": \"{secret}\"}}, \"a\": [{{\"code\": \"{secret}\"}}]}}");
    with_body(draft, JSON, body);
}

fn in_broken_json(draft: &mut Draft, name: &Name, secret: &str) {
    let body = format!("{{{}: \"{secret}\"", member(name));
    with_body(draft, JSON, body);
}

fn in_coded_json(draft: &mut Draft, name: &Name, secret: &str) {
    with_body(draft, JSON, format!("{{{}: \"{secret}\"}}", member(name)));
    add(&mut draft.fields, "Content-Encoding", "own");
}

fn in_form(draft: &mut Draft, name: &Name, secret: &str) {
    let name = parameter(name);
    let body = format!("z=1&{name}={secret}&{name}&a={name}");
    with_body(draft, "application/x-www-form-urlencoded", body);
}

fn in_multipart(draft: &mut Draft, name: &Name, secret: &str) {
    let name = if name.is_cookie() {
        "token"
    } else {
        name.plain()
    };
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\nContent-Type: text/plain\r\n\
         content-disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n{secret}\r\n--b--\r\n"
    );
    with_body(draft, "multipart/form-data; boundary=b", body);
}

fn in_field_of_answer(draft: &mut Draft, name: &Name, secret: &str) {
    add(&mut draft.answer, &name.as_field(), secret);
}

fn in_location(draft: &mut Draft, name: &Name, secret: &str) {
    add(
        &mut draft.answer,
        "Location",
        format!("/?a&{}={secret}", parameter(name)),
    );
    draft.outcome = Outcome::NotStored;
}

fn in_fragment(draft: &mut Draft, name: &Name, secret: &str) {
    let value = format!("http://h.test/#a=b&{}={secret}", parameter(name));
    add(&mut draft.answer, "Content-Location", value);
    draft.outcome = Outcome::NotStored;
}

fn in_link(draft: &mut Draft, name: &Name, secret: &str) {
    let value = format!(
        "</a>; rel=\"x\", </?{}={secret}>; rel=next",
        parameter(name)
    );
    add(&mut draft.answer, "Link", value);
    draft.outcome = Outcome::NotStored;
}

fn in_refresh(draft: &mut Draft, name: &Name, secret: &str) {
    let value = format!("5;url=/?{}={secret}", parameter(name));
    add(&mut draft.answer, "Refresh", value);
    draft.outcome = Outcome::NotStored;
}

fn in_userinfo_of_location(draft: &mut Draft, _: &Name, secret: &str) {
    add(
        &mut draft.answer,
        "Location",
        format!("//u:{secret}@h.test/"),
    );
    draft.outcome = Outcome::NotStored;
}
