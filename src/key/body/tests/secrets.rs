//! What becomes of names that are ignored or secret.

use super::super::super::names::{CREDENTIALS, SECRETS};
use super::super::super::push_part;
use super::*;

#[test]
fn names_are_ignored_or_hashed() {
    let json = |own: &[&str], body: &str, counts: bool| {
        let content = read(body.as_bytes(), &typed(JSON), &names(own), counts, &SECRET);
        assert_eq!(content.kind, Kind::Json, "{body}");
        content.digest
    };
    let own = &["own", "$.a.b", "$..deep", "$.list[*].x"];
    for (one, other, are_same) in [
        // At the top by name, as it is spelled.
        (r#"{"n":1,"own":1}"#, r#"{"n":1}"#, true),
        (r#"{"own":1,"z":1}"#, r#"{"z":1,"own":{"x":[]}}"#, true),
        (r#"{"own":1,"\u006fwn2":2}"#, r#"{"own2":2}"#, true),
        (r#"{"Own":1}"#, r#"{"Own":2}"#, false),
        (r#"{"api_key":1}"#, "{}", true),
        (r#"{"token":1}"#, r#"{"token":2}"#, false),
        (r#"{"token":"1"}"#, r#"{"token":1}"#, false),
        (
            r#"{"token":{"a":1,"b":2}}"#,
            r#"{"token":{"b":2, "a":1}}"#,
            true,
        ),
        (r#"{"token":null}"#, "{}", false),
        // Deeper by path alone.
        (r#"{"n":{"own":1}}"#, r#"{"n":{"own":2}}"#, false),
        (r#"[{"own":1}]"#, r#"[{"own":2}]"#, false),
        (r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, true),
        (r#"{"a":{"B":1}}"#, r#"{"a":{"B":2}}"#, false),
        (r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":2}]}"#, false),
        (
            r#"[[{"deep":1}],{"n":{"deep":2,"m":1}}]"#,
            r#"[[{}],{"n":{"m":1}}]"#,
            true,
        ),
        (r#"{"deep":1}"#, "{}", true),
        (
            r#"{"list":[{"x":1},{"y":2}]}"#,
            r#"{"list":[{},{"y":2}]}"#,
            true,
        ),
        (r#"{"list":{"x":1}}"#, r#"{"list":{"x":2}}"#, false),
        // A secret is one value.
        (r#"{"token":{"deep":1}}"#, r#"{"token":{"deep":2}}"#, false),
    ] {
        assert_eq!(
            json(own, one, false) == json(own, other, false),
            are_same,
            "{one} {other}"
        );
    }
    let (there, absent) = (r#"{"own":1}"#, "{}");
    assert_ne!(json(own, there, true), json(own, absent, true));
    assert_eq!(json(own, there, true), json(own, r#"{"own":"x"}"#, true));
}

#[test]
fn credentials_are_noted_in_normal_order() {
    let noted = |pairs: &[(&str, &str)]| {
        let mut noted = Vec::new();
        for (name, value) in pairs {
            push_part(&mut noted, name.as_bytes());
            push_part(&mut noted, value.as_bytes());
        }
        noted
    };
    let own = names(&["apikey", "auth", "$.s.api_key"]);
    let of = |media_type: &str, body: &str| {
        read(body.as_bytes(), &typed(media_type), &own, false, &SECRET).credentials
    };
    for (body, expected) in [
        ("{\"x\":1}", &[][..]),
        (
            r#"{"n":{"API_KEY": "k"},"access_token":[1, 2]}"#,
            &[("access_token", "[1,2]"), ("api_key", "\"k\"")],
        ),
        (
            r#"[{"api_key":1},{"api_key":"1"}]"#,
            &[("api_key", "1"), ("api_key", "\"1\"")],
        ),
        (r#"{"token":{"api_key":1}}"#, &[("api_key", "1")]),
        // Within what is noted nothing is noted again.
        (
            r#"[{"access_token":{"api_key":1}}]"#,
            &[("access_token", r#"{"api_key":1}"#)],
        ),
        // What the user ignores himself authenticates nobody.
        (
            r#"{"apikey":1,"ApiKey":2,"auth":{"api_key":3},"s":{"api_key":4}}"#,
            &[],
        ),
    ] {
        assert_eq!(of(JSON, body), noted(expected), "{body}");
    }
    let within = of(JSON, r#"{"access_token":{"api_key":1}}"#);
    assert_ne!(within, of(JSON, r#"{"access_token":{"api_key":2}}"#));
    assert_eq!(
        of(FORM, "b=1&api%5Fkey=1%202&Access_Token=t&apikey=3"),
        noted(&[("access_token", "t"), ("api_key", "1%202")])
    );
    assert_eq!(
        of(
            PARTS,
            &closed(&[
                named("x", "1"),
                named("API_Key", "a\r\nb"),
                named("apikey", "2")
            ])
        ),
        noted(&[("api_key", "a\r\nb")])
    );
    assert_eq!(
        of(PARTS, &closed(&[named("api%5fkey", "1")])),
        noted(&[("api%5fkey", "1")])
    );
    assert_eq!(of(JSON, r#"{"api_key":1"#), b"");
}

#[test]
fn spellings_of_secrets_are_kept_in_no_format() {
    let own = names(&["own", "$.at.the", "$..below"]);
    let listed = CREDENTIALS.into_iter().chain(SECRETS).chain(["own"]);
    for name in listed.filter(|name| *name != "Cookie") {
        let upper = name.to_ascii_uppercase();
        let escaped: String = name.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let percent: String = upper.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for (media_type, body) in [
            (JSON, format!("{{\"{name}\":\"canary\",\"n\":1}}")),
            (
                JSON,
                format!("[{{\"n\":[{{\"{upper}\":{{\"x\":[\"canary\"]}}}}]}}]"),
            ),
            (
                JSON,
                format!("{{\"n\":{{\"{escaped}\":\"can\\u0061ry\"}}}}"),
            ),
            (FORM, format!("a=1&{name}=canary&b=2")),
            (FORM, format!("{percent}=canary")),
            (PARTS, closed(&[named(name, "canary"), named("n", "1")])),
            (PARTS, closed(&[named(&percent, "canary")])),
            (
                PARTS,
                closed(&[part(
                    &format!("Form-Data; filename=canary; NAME={upper}"),
                    "x",
                )]),
            ),
        ] {
            check_hidden(media_type, &body, &own);
        }
    }
    for body in [
        r#"{"at":{"the":"canary"}}"#,
        r#"{"At":{"THE":"canary"}}"#,
        r#"[{"x":{"Below":"canary"}}]"#,
        r#"{"below":"canary"}"#,
    ] {
        check_hidden(JSON, body, &own);
    }
    let plain = Redacted::Bytes(br#"{"at":1,"the":"canary"}"#.to_vec());
    assert_eq!(kept(JSON, r#"{"the":"canary", "at":1}"#, &own), plain);
}

fn check_hidden(media_type: &str, body: &str, names: &Names) {
    let Redacted::Bytes(kept) = kept(media_type, body, names) else {
        panic!("{body} is not kept");
    };
    let has_canary = kept.windows(6).any(|part| part == b"canary");
    assert!(!has_canary && kept.contains(&0), "{}", kept.escape_ascii());
    check_reread(media_type, body.as_bytes(), names);
}

#[test]
fn what_is_not_understood_is_kept_as_a_hash() {
    let names = Names::default();
    let long = |size: usize| "x".repeat(size);
    let nested = part("form-data; name=a\r\nContent-Type: application/json", "{}");
    for (media_type, body, is_kept) in [
        ("text/plain", long(MOST_KEPT), true),
        ("text/plain", long(MOST_KEPT + 1), false),
        ("image/png", String::from("\0\u{ff}"), true),
        (JSON, format!("\"{}\"", long(MOST_KEPT - 2)), true),
        (JSON, format!("\"{}\"", long(MOST_KEPT - 1)), false),
        (
            JSON,
            format!("{{\"token\":\"{}\"}}", long(2 * MOST_KEPT)),
            true,
        ),
        (JSON, String::from("{"), false),
        ("text/json", String::from("{}"), false),
        ("json", String::from("{}"), false),
        (FORM, format!("a={}", long(MOST_KEPT)), false),
        (PARTS, closed(&[nested]), false),
        (
            PARTS,
            closed(&[part("form-data; name=a\r\nContent-Type: text/plain", "x")]),
            true,
        ),
    ] {
        let kept = kept(media_type, &body, &names);
        assert_eq!(
            matches!(kept, Redacted::Bytes(_)),
            is_kept,
            "{media_type} {}",
            body.len()
        );
        check_reread(media_type, body.as_bytes(), &names);
    }
    let hash = kept(JSON, "{", &names);
    assert_ne!(hash, kept(JSON, "[", &names));
    assert_ne!(hash, redacted(b"{", &typed(JSON), &names, &[8; 32]));
    let mut coded = typed("text/plain");
    coded.add(b"Content-Encoding", b"gzip").unwrap();
    assert!(matches!(
        redacted(b"x", &coded, &names, &SECRET),
        Redacted::Hash(_)
    ));
    assert!(matches!(
        redacted(b"x", &Fields::new(), &names, &SECRET),
        Redacted::Hash(_)
    ));
    assert_eq!(
        redacted(b"", &typed(JSON), &names, &SECRET),
        Redacted::Bytes(vec![])
    );
}

#[test]
fn a_placeholder_is_none_in_what_a_user_sends() {
    let names = Names::default();
    for (media_type, body) in [
        (JSON, String::from(r#"{"token":"x","api_key":1}"#)),
        (FORM, String::from("token=x&api_key=1")),
        (PARTS, closed(&[named("token", "x"), named("api_key", "1")])),
    ] {
        let Redacted::Bytes(kept) = kept(media_type, &body, &names) else {
            panic!("{body} is not kept");
        };
        assert_eq!(of(media_type, &kept).kind, Kind::Raw, "{media_type}");
    }
}

#[test]
fn other_names_are_applied_to_what_is_kept_or_it_cannot_be_read_again() {
    let body = r#"{"token":"x","own":1,"n":2}"#;
    let pairs = "token=x&own=1&n=2";
    let parts = closed(&[named("token", "x"), named("own", "1"), named("n", "2")]);
    let mut cleared = names(&["own"]);
    cleared.clear();
    for (media_type, body) in [(JSON, body), (FORM, pairs), (PARTS, &parts)] {
        let fields = typed(media_type);
        let kept = match kept(media_type, body, &names(&["own"])) {
            Redacted::Bytes(kept) => kept,
            Redacted::Hash(_) => panic!("{body} is not kept"),
        };
        for (own, can_be) in [
            (&["own"][..], true),
            (&["own", "token"], true),
            (&["own", "n", "token"], true),
            (&["own", "N"], true),
            (&["OWN"], false),
            (&[], false),
        ] {
            let names = names(own);
            let again = reread(&kept, &fields, &names, false, &SECRET);
            let content = Content {
                credentials: Vec::new(),
                ..read(body.as_bytes(), &fields, &names, false, &SECRET)
            };
            assert_eq!(again, can_be.then_some(content), "{own:?} {body}");
        }
        assert_eq!(reread(&kept, &fields, &cleared, false, &SECRET), None);
    }
    let body = br#"[{"api_key":1}]"#;
    let Redacted::Bytes(kept) = kept(JSON, body, &Names::default()) else {
        panic!("it is not kept");
    };
    let fields = typed(JSON);
    assert_eq!(reread(&kept, &fields, &cleared, false, &SECRET), None);
}
