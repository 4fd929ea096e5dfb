//! The content of a request: what is compared of it, and what may be kept. Lines before an empty one are fields, and
//! `Ignore` names what is ignored; the rest is the content.

use httpcache::http::Fields;
use httpcache::key::body::{Content, Kind, MOST_KEPT, Redacted, read, redacted, reread};
use httpcache::key::names::Names;

use super::{fields, lines};

const SECRET: [u8; 32] = [7; 32];

pub fn run(data: &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (&b""[..], data),
    };
    let mut fields = fields(lines(head));
    let mut names = Names::default();
    for name in fields.all(b"Ignore") {
        let _ = names.add(name);
    }
    fields.remove(b"Ignore");
    let content = read(body, &fields, &names, false, &SECRET);
    check_content(&content, body, &fields, &names);
    check_kept(body, &fields, &names);
    check_other_names(body, &fields, &names);
    // Whatever lies on the disk is read to its end.
    let _ = reread(body, &fields, &names, true, &SECRET);
}

fn check_content(content: &Content, body: &[u8], fields: &Fields, names: &Names) {
    assert_eq!(content.kind == Kind::None, body.is_empty());
    let is_bare = matches!(content.kind, Kind::None | Kind::Raw);
    if is_bare {
        assert_eq!(content.digest, *blake3::hash(body).as_bytes());
        assert!(content.credentials.is_empty());
    }
    if matches!(content.kind, Kind::Json | Kind::Form) {
        assert!(content.coding.is_empty());
        let mut normal = Fields::new();
        normal.add(b"Content-Type", &content.media_type).unwrap();
        let again = read(body, &normal, names, false, &SECRET);
        assert_eq!(&again, content, "normalised twice is normalised once");
    }
    let mut coded = fields.clone();
    coded.add(b"Content-Encoding", b"x").unwrap();
    let coded = read(body, &coded, &Names::default(), false, &SECRET);
    assert!(matches!(coded.kind, Kind::None | Kind::Raw));
}

fn without_credentials(content: Content) -> Content {
    Content {
        credentials: Vec::new(),
        ..content
    }
}

/// What is kept has the digest of the whole, and nothing is taken out of it twice.
fn check_kept(body: &[u8], fields: &Fields, names: &Names) {
    let Redacted::Bytes(kept) = redacted(body, fields, names, &SECRET) else {
        return;
    };
    assert!(kept.len() <= MOST_KEPT);
    for presence_counts in [false, true] {
        let content = read(body, fields, names, presence_counts, &SECRET);
        let again = reread(&kept, fields, names, presence_counts, &SECRET);
        assert_eq!(again, Some(without_credentials(content)));
    }
    let content = read(body, fields, names, true, &SECRET);
    if content.kind == Kind::Json && !kept.contains(&0) {
        assert_eq!(read(&kept, fields, names, true, &SECRET), content);
        assert_eq!(blake3::hash(&kept), blake3::Hash::from(content.digest));
    }
    if matches!(content.kind, Kind::Json | Kind::Form) && kept.contains(&0) {
        assert_eq!(
            read(&kept, fields, names, true, &SECRET).kind,
            Kind::Raw,
            "a placeholder cannot be sent"
        );
    }
}

/// Names that come later are applied to what was kept before, or it is known that they cannot be.
fn check_other_names(body: &[u8], fields: &Fields, names: &Names) {
    let Redacted::Bytes(kept) = redacted(body, fields, names, &SECRET) else {
        return;
    };
    let mut more = names.clone();
    for name in ["a", "token", "$.b", "$..c"] {
        more.add(name.as_bytes()).unwrap();
    }
    let content = without_credentials(read(body, fields, &more, false, &SECRET));
    if let Some(again) = reread(&kept, fields, &more, false, &SECRET) {
        assert_eq!(again, content);
    }
    let mut none = names.clone();
    none.clear();
    let content = without_credentials(read(body, fields, &none, false, &SECRET));
    if let Some(again) = reread(&kept, fields, &none, false, &SECRET) {
        assert_eq!(again, content);
    }
}
