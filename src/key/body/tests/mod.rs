//! What a user sees of content in keys and on the disk.

mod formats;
mod json_reader;
mod properties;
mod secrets;
mod trees;

use super::*;

const SECRET: [u8; 32] = [7; 32];
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=B";

fn typed(media_type: &str) -> Fields {
    let mut fields = Fields::new();
    fields.add(b"Content-Type", media_type.as_bytes()).unwrap();
    fields
}

fn names(own: &[&str]) -> Names {
    let mut names = Names::default();
    for name in own {
        names.add(name.as_bytes()).unwrap();
    }
    names
}

/// As it is read with the default names.
fn of(media_type: &str, body: impl AsRef<[u8]>) -> Content {
    let (fields, names) = (typed(media_type), Names::default());
    read(body.as_ref(), &fields, &names, false, &SECRET)
}

fn kept(media_type: &str, body: impl AsRef<[u8]>, names: &Names) -> Redacted {
    redacted(body.as_ref(), &typed(media_type), names, &SECRET)
}

/// The normal form of JSON.
fn canonical_of(body: &str) -> Option<String> {
    let names = Names::default();
    let rules = Rules {
        names: &names,
        secret: &SECRET,
        presence_counts: false,
        is_redacted: false,
    };
    let tree = json::parse(body.as_bytes(), false)?;
    let text = canonical::normal(&tree, &rules)?.text;
    Some(String::from_utf8(text).unwrap())
}

/// One part with this line of its head.
fn part(disposition: &str, content: &str) -> String {
    format!("--B\r\nContent-Disposition: {disposition}\r\n\r\n{content}\r\n")
}

fn named(name: &str, content: &str) -> String {
    part(&format!("form-data; name=\"{name}\""), content)
}

fn closed(parts: &[String]) -> String {
    format!("{}--B--\r\n", parts.concat())
}

/// What is kept is read as the content itself was, whether or not presence counts.
fn check_reread(media_type: &str, body: &[u8], names: &Names) {
    let fields = typed(media_type);
    let Redacted::Bytes(kept) = redacted(body, &fields, names, &SECRET) else {
        return;
    };
    for presence_counts in [false, true] {
        let content = read(body, &fields, names, presence_counts, &SECRET);
        let expected = Content {
            credentials: Vec::new(),
            ..content
        };
        let again = reread(&kept, &fields, names, presence_counts, &SECRET);
        assert_eq!(again, Some(expected), "{}", kept.escape_ascii());
    }
}
