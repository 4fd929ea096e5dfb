//! Which content is the same, format by format.

use super::*;

#[test]
fn json_is_written_in_one_way() {
    for (text, canonical) in [
        (
            " {\"b\" : 1 ,\"a\":[ 2 , 1.0 ]}\r\n",
            r#"{"a":[2,1.0],"b":1}"#,
        ),
        (
            r#"{"\u0061":"\u00e9\/\ud83d\ude00"}"#,
            "{\"a\":\"\u{e9}/\u{1f600}\"}",
        ),
        (
            r#"["\b\f\n\r\t\"\\\u0000\u001f\u007f"]"#,
            "[\"\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u001f\u{7f}\"]",
        ),
        (r#"{"":{},"z":[],"a":null}"#, r#"{"":{},"a":null,"z":[]}"#),
        (r#"[-0,0.10,1E+2,1e-2,10]"#, r#"[-0,0.10,1E+2,1e-2,10]"#),
        ("true", "true"),
        ("\t\"x\"", "\"x\""),
        (
            r#"{"a":{"b":{"d":1,"c":2}}}"#,
            r#"{"a":{"b":{"c":2,"d":1}}}"#,
        ),
    ] {
        assert_eq!(canonical_of(text).as_deref(), Some(canonical), "{text}");
        let digest = *blake3::hash(canonical.as_bytes()).as_bytes();
        let content = of(JSON, text);
        assert_eq!((content.kind, content.digest), (Kind::Json, digest));
    }
}

#[test]
fn what_is_no_json_or_understood_differently_is_raw() {
    for text in [
        "{",
        "}",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "{,}",
        r#"{"a":1,}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{a:1}"#,
        "{1:1}",
        "[1 2]",
        r#"{"a":1 "b":2}"#,
        "[}",
        "{]",
        "[1]x",
        "[1][2]",
        "",
        " ",
        ",",
        ":",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-",
        "01",
        "-01",
        "1.",
        ".1",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "--1",
        "1.e1",
        "\"",
        "\"\\\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\u+123""#,
        "\"\n\"",
        "\"\0\"",
        "\0",
        "[\0]",
        "'a'",
        "/**/1",
        "\u{feff}1",
        "\u{a0}1",
        "\u{c}1",
        // Surrogates without their other half.
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ue000""#,
        "\"\u{1f}\"",
        // Names that stand twice.
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"[{"x":{"a":1,"b":2,"a":3}}]"#,
    ] {
        let content = of(JSON, text);
        let expected = if text.is_empty() {
            Kind::None
        } else {
            Kind::Raw
        };
        assert_eq!(content.kind, expected, "{text}");
        assert_eq!(content.digest, *blake3::hash(text.as_bytes()).as_bytes());
        let is_hash = matches!(kept(JSON, text, &Names::default()), Redacted::Hash(_));
        assert_eq!(is_hash, !text.is_empty(), "{text}");
    }
    for bytes in [
        &b"\"\xff\""[..],
        b"{\"\xc3\":1}",
        b"\xff",
        b"[1]\x80",
        b"\"\xed\xa0\x80\"",
        b"\"\xc0\x80\"",
    ] {
        assert_eq!(of(JSON, bytes).kind, Kind::Raw, "{bytes:?}");
    }
}

#[test]
fn values_that_are_not_the_same_are_told_apart() {
    for (media_type, bodies) in [
        (
            JSON,
            &[
                r#"{"a":"1"}"#,
                r#"{"a":1}"#,
                r#"{"a":1.0}"#,
                r#"{"a":1e0}"#,
                r#"{"a":true}"#,
                r#"{"a":"true"}"#,
                r#"{"a":null}"#,
                "{}",
                "[]",
                r#"{"a":"null"}"#,
                r#"{"a":""}"#,
                r#"{"a":[]}"#,
                r#"{"a":{}}"#,
                r#"{"a":[1]}"#,
                r#"{"A":1}"#,
                "[1,2]",
                "[2,1]",
                "[[1],2]",
                "[[1,2]]",
                "0",
                "-0",
                "\"\"",
                r#"{"a":"b","c":"d"}"#,
                r#"{"a":"b\",\"c\":\"d"}"#,
                r#""\u0000""#,
                r#""\\u0000""#,
            ][..],
        ),
        (
            FORM,
            &[
                "a=1", "a=", "a", "a=1&", "&", "&&", "a=1&a=2", "a=2&a=1", "a=1=", "A=1", "a=%31",
                "a+b=", "a%20b=", "a;b=1", "=", "=a",
            ],
        ),
    ] {
        for (at, one) in bodies.iter().enumerate() {
            for other in &bodies[at + 1..] {
                let [one, other] = [one, other].map(|body| of(media_type, body));
                assert!(
                    one.kind == other.kind && one.digest != other.digest,
                    "{bodies:?} {at}"
                );
            }
        }
    }
}

#[test]
fn pairs_of_a_form_are_sorted_by_name() {
    for (one, other) in [
        ("b=2&a=1", "a=1&b=2"),
        ("b=2&a=2&b=1&a=1", "a=2&b=2&a=1&b=1"),
        ("b&a", "a&b"),
        ("\u{fc}=1&a=2", "a=2&\u{fc}=1"),
        ("a=1&access_token=x", "a=1"),
        ("access_token=x&a=1", "%61ccess_token=&a=1"),
        ("access_token", "access_token=&access_token=2"),
    ] {
        let [one, other] = [one, other].map(|body| of(FORM, body));
        assert_eq!((one.kind, one.digest), (Kind::Form, other.digest));
    }
    assert_ne!(
        of(FORM, "access_token=1").digest,
        of(FORM, "access_token=1&").digest
    );
    assert_eq!(of(FORM, "a=\0").kind, Kind::Raw);
    assert_eq!(of(FORM, b"a=\xff&\xfe").kind, Kind::Form);
}

#[test]
fn parts_are_compared_without_their_boundary() {
    let one = of(PARTS, closed(&[named("a", "1"), named("b", "2\r\n")]));
    let renamed = closed(&[named("a", "1"), named("b", "2\r\n")]).replace("--B", "--other");
    let other = of("Multipart/Form-Data;boundary=other", renamed);
    assert_eq!(one.kind, Kind::Multipart);
    assert_eq!(one, other);
    assert_eq!(one.media_type, b"multipart/form-data");
    for body in [
        closed(&[named("b", "2\r\n"), named("a", "1")]),
        closed(&[named("a", "1"), named("b", "2")]),
        closed(&[named("a", "1")]),
        closed(&[]),
        closed(&[named("a", "1"), part("form-data; name=b", "2\r\n")]),
    ] {
        let content = of(PARTS, &body);
        assert_eq!(content.kind, Kind::Multipart, "{body}");
        assert_ne!(content.digest, one.digest);
    }
    let without_end = closed(&[named("a", "1")]);
    let without_end = without_end.strip_suffix("\r\n").unwrap();
    assert_eq!(
        of(PARTS, without_end),
        of(PARTS, closed(&[named("a", "1")]))
    );
}

#[test]
fn parts_that_some_read_differently_are_raw() {
    let one = || named("a", "1");
    for body in [
        String::from("x"),
        one(),
        format!("\r\n{}", closed(&[one()])),
        format!("preamble\r\n{}", closed(&[one()])),
        format!("{}epilogue", closed(&[one()])),
        closed(&[one()]).replace("--B\r\n", "--B \r\n"),
        closed(&[one()]).replace("--B--", "--B-- "),
        closed(&[one()]).replace("\r\n", "\n"),
        closed(&[named("a", "x\n--B\r\n")]),
        closed(&[named("a", "x\r--B\r\n")]),
        closed(&[named("a", "x\r\n--Bc\r\n")]),
        closed(&[named("a", "in a line: --B")]),
        closed(&[String::from("--B\r\n")]),
        closed(&[String::from("--B\r\n\r\nno head\r\n")]),
        closed(&[String::from("--B\r\nContent-Type: text/plain\r\n\r\nx\r\n")]),
        closed(&[String::from(
            "--B\r\nContent-Disposition: form-data; name=a\r\n",
        )]),
        closed(&[part("form-data", "x")]),
        closed(&[part("attachment; name=a", "x")]),
        closed(&[part("form-data; name=a; name=b", "x")]),
        closed(&[part("form-data; name*=utf-8''a", "x")]),
        closed(&[part("form-data; name=\"a\\\"; name=\\\"b\"", "x")]),
        closed(&[part("form-data; name=\"a", "x")]),
        closed(&[part("form-data; name=a\r\n folded", "x")]),
        closed(&[part(
            "form-data; name=a\r\nContent-Disposition: form-data; name=b",
            "x",
        )]),
        closed(&[part("form-data; name=a\r\nno field", "x")]),
        closed(&[part("form-data; name=a\r\nX: \0", "x")]),
        closed(&[part("form-data; name=a\rX: y", "x")]),
        closed(&[part("form-data; name=a\r\nAuthorization: x", "x")]),
        closed(&[part("form-data; name=a\r\n\0", "x")]),
    ] {
        assert_eq!(of(PARTS, &body).kind, Kind::Raw, "{}", body.escape_debug());
        let kept = kept(PARTS, &body, &Names::default());
        assert!(matches!(kept, Redacted::Hash(_)), "{}", body.escape_debug());
    }
    // Without parts the boundary counts, as in any content that is compared byte by byte.
    assert_eq!(of(PARTS, "x").media_type, b"multipart/form-data;boundary=B");
}

#[test]
fn a_boundary_that_repeats_itself_is_found() {
    let body = |content: &str| {
        let boundary = "--ab-ab";
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n{content}\r\n--{boundary}--"
        )
    };
    let of = |content: &str| of("multipart/form-data; boundary=--ab-ab", body(content));
    for content in ["", "-", "----ab", "----ab-a", "----ab----ab-", "------"] {
        let content = of(content);
        assert_eq!(content.kind, Kind::Multipart);
    }
    for content in ["----ab-ab", "----ab----ab-ab", "------ab-ab"] {
        assert_eq!(of(content).kind, Kind::Raw, "{content}");
    }
}

#[test]
fn other_content_is_compared_byte_by_byte_and_with_its_type() {
    let text = of("text/plain", "{\"a\":1}");
    assert_eq!(text.kind, Kind::Raw);
    assert_eq!(text.media_type, b"text/plain");
    assert_ne!(text.digest, of("text/plain", "{ \"a\":1}").digest);
    let none = of("text/plain", "");
    assert_eq!(
        none,
        read(b"", &Fields::new(), &Names::default(), true, &SECRET)
    );
    assert_eq!((none.kind, &none.media_type[..]), (Kind::None, &b""[..]));
    let mut coded = typed(JSON);
    coded.add(b"Content-Encoding", b"GZIP , br,").unwrap();
    let coded = read(b"{}", &coded, &Names::default(), true, &SECRET);
    assert_eq!(
        (coded.kind, &coded.coding[..]),
        (Kind::Raw, &b"gzip,br"[..])
    );
    for media_type in ["application/json;charset=utf-16", "text/json", "json"] {
        assert_eq!(of(media_type, "{}").kind, Kind::Raw, "{media_type}");
    }
    let untyped = read(b"{}", &Fields::new(), &Names::default(), true, &SECRET);
    assert_eq!(untyped.kind, Kind::Raw);
}

#[test]
fn content_beyond_the_limits_is_raw() {
    let string = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let elements = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
    for (media_type, body, kind) in [
        (JSON, string(MOST_BYTES), Kind::Json),
        (JSON, string(MOST_BYTES + 1), Kind::Raw),
        (FORM, string(MOST_BYTES + 1), Kind::Raw),
        (JSON, nested(128), Kind::Json),
        (JSON, nested(129), Kind::Raw),
        (JSON, nested(100_000), Kind::Raw),
        (JSON, "[".repeat(100_000), Kind::Raw),
        (JSON, "{\"a\":".repeat(100_000), Kind::Raw),
        (JSON, elements(MOST_ITEMS), Kind::Json),
        (JSON, elements(MOST_ITEMS + 1), Kind::Raw),
        (FORM, "&".repeat(MOST_ITEMS - 1), Kind::Form),
        (FORM, "&".repeat(MOST_ITEMS), Kind::Raw),
    ] {
        let content = of(media_type, &body);
        assert_eq!(content.kind, kind, "{media_type} {}", body.len());
    }
}

#[test]
fn digests_are_stable() {
    // A promise: what one release stored, the next one finds.
    for (media_type, body, expected) in [
        (
            JSON,
            String::from(r#"{"b":[1.0],"a":"\u00e9","token":1,"api_key":2}"#),
            "094af3553102bc4a98c9e73268543af8 3654e94bdad6632fc7b7c307c758f30c",
        ),
        (
            FORM,
            String::from("b=1&a&token=1&api_key=2"),
            "cbc1e04bd1e44f598645b92611aa0007 b5e924821e413851e4ac1b2f42d58644",
        ),
        (
            PARTS,
            closed(&[named("b", "1"), named("token", "1"), named("api_key", "2")]),
            "c7591981c1b8ecda09cb59f9af99550d eeb470f04358df2e54b16321657e9fd0",
        ),
    ] {
        for (presence_counts, expected) in [false, true].into_iter().zip(expected.split(' ')) {
            let names = Names::default();
            let content = read(
                body.as_bytes(),
                &typed(media_type),
                &names,
                presence_counts,
                &SECRET,
            );
            let digest = blake3::Hash::from(content.digest);
            assert_eq!(digest.to_hex().get(..32), Some(expected), "{media_type}");
        }
    }
}
