//! What holds of any content.

use proptest::prelude::*;
use proptest::sample::select;

use super::json_reader::check_agreement;
use super::trees::{HIDDEN, Tree, dice, name, tree};
use super::*;

proptest! {
    // Of a longer run too, enough trees have no secret in them.
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    #[test]
    fn json_is_what_another_reader_takes_for_it(
        pieces in prop::collection::vec(
            select(&["{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "\"\\u0061\":1", "0", "-1", "1.5e3", ".",
                "e", "true", "null", " ", "\n", "\\", "\\ud800", "\\udc00", "\u{e9}", "\0", "x"][..]),
            0..12,
        ),
    ) {
        check_agreement(&pieces.concat());
    }

    #[test]
    fn json_with_one_change_is_what_another_reader_takes_for_it(
        tree in tree(), mut style: u64, at: prop::sample::Index, piece in "[\\x00-\\x7f]{0,2}",
    ) {
        let text = tree.text(&mut style);
        check_agreement(&text);
        let at = at.index(text.len() + 1);
        if let (Some(before), Some(behind)) = (text.get(..at), text.get(at..)) {
            check_agreement(&format!("{before}{piece}{behind}"));
            let mut behind = behind.chars();
            behind.next();
            check_agreement(&format!("{before}{piece}{}", behind.as_str()));
        }
    }

    #[test]
    fn equal_json_and_no_other_has_one_digest(one in tree(), other in tree(), mut style: u64) {
        let names = {
            let mut names = Names::default();
            names.clear();
            names
        };
        let digest = |tree: &Tree, style: &mut u64| {
            let text = tree.text(style);
            let content = read(text.as_bytes(), &typed(JSON), &names, false, &SECRET);
            assert_eq!(content.kind, Kind::Json);
            content.digest
        };
        prop_assert_eq!(digest(&one, &mut style), digest(&one, &mut style));
        let are_same = one.sorted() == other.sorted();
        prop_assert_eq!(digest(&one, &mut style) == digest(&other, &mut style), are_same);
    }

    #[test]
    fn the_normal_form_of_json_has_the_same_value(tree in tree(), mut style: u64) {
        let text = tree.text(&mut style);
        let mut names = Names::default();
        names.clear();
        // Values under these names are hashed always.
        let has_secret = HIDDEN.iter().any(|name| format!("{:?}", tree).to_lowercase().contains(name));
        prop_assume!(!has_secret);
        let canonical = canonical_of(&text).unwrap();
        let [one, other] = [&text, &canonical].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        prop_assert_eq!(one, other);
        prop_assert_eq!(canonical_of(&canonical), Some(canonical));
    }

    #[test]
    fn no_secret_of_json_is_kept(tree in tree(), mut style: u64) {
        let names = names(&["own", "$..below"]);
        let tree = tree.with_canaries(false);
        let text = tree.text(&mut style);
        if let Redacted::Bytes(kept) = kept(JSON, &text, &names) {
            let kept = String::from_utf8(kept).unwrap();
            prop_assert!(!kept.contains("canary") && !kept.contains("31415926535"), "{}", kept);
        } else {
            prop_assert!(false, "not kept");
        }
        check_reread(JSON, text.as_bytes(), &names);
    }

    #[test]
    fn forms_of_the_same_lists_have_one_digest_and_no_secret(
        pairs in prop::collection::vec((name(), "[a-c=%+]{0,3}"), 1..6), mut style: u64,
    ) {
        let names = names(&["own"]);
        let is_hidden = |name: &str| HIDDEN[..4].contains(&&*name.to_ascii_lowercase());
        let mut lists: Vec<String> = pairs
            .iter()
            .map(|(name, value)| {
                let value = if is_hidden(name) { "canary" } else { value };
                let escape = |byte: u8| match byte {
                    b'=' | b'&' | b'%' | b'+' => format!("%{byte:02X}"),
                    _ => char::from(byte).to_string(),
                };
                let name: String = name.bytes().filter(u8::is_ascii).map(escape).collect();
                format!("{name}={value}")
            })
            .collect();
        let body = lists.join("&");
        for at in 1..lists.len() {
            // Neighbours with different names change their places.
            let (one, other) = (&lists[at - 1], &lists[at]);
            if one.split('=').next() != other.split('=').next() && dice(&mut style, 2) == 0 {
                lists.swap(at - 1, at);
            }
        }
        let digest = |body: &str| read(body.as_bytes(), &typed(FORM), &names, true, &SECRET).digest;
        prop_assert_eq!(digest(&body), digest(&lists.join("&")));
        let Redacted::Bytes(kept) = kept(FORM, &body, &names) else {
            panic!("not kept");
        };
        prop_assert!(!kept.windows(6).any(|part| part == b"canary"), "{}", body);
        check_reread(FORM, body.as_bytes(), &names);
    }

    #[test]
    fn parts_have_one_digest_under_any_boundary_and_no_secret(
        parts in prop::collection::vec((name(), "[\r\n\\-Bx\0]{0,6}"), 0..5), boundary in "[A-Za-z'+_.-]{1,20}",
    ) {
        let names = names(&["own"]);
        let is_hidden = |name: &str| HIDDEN[..4].contains(&&*name.to_ascii_lowercase());
        let parts: Vec<String> = parts
            .iter()
            .filter(|(name, _)| !name.contains(['"', '\\']))
            .map(|(name, content)| named(name, if is_hidden(name) { "canary" } else { content }))
            .collect();
        let body = closed(&parts);
        prop_assume!(body.matches("--B").count() == parts.len() + 1);
        let other = body.replace("--B", &format!("--{boundary}"));
        prop_assume!(other.matches(&format!("--{boundary}")).count() == parts.len() + 1);
        let content = of(PARTS, &body);
        prop_assert_eq!(content.kind, Kind::Multipart, "{}", body);
        prop_assert_eq!(content, of(&format!("multipart/form-data; boundary=\"{boundary}\""), &other));
        let Redacted::Bytes(kept) = kept(PARTS, &body, &names) else {
            panic!("not kept");
        };
        prop_assert!(!kept.windows(6).any(|part| part == b"canary"), "{}", body);
        check_reread(PARTS, body.as_bytes(), &names);
    }

    #[test]
    fn any_bytes_are_read_and_kept_alike(body: Vec<u8>, media_type in select(&[JSON, FORM, PARTS, "text/plain"][..])) {
        check_reread(media_type, &body, &Names::default());
        let content = of(media_type, &body);
        prop_assert_eq!(content, of(media_type, &body));
        let _ = reread(&body, &typed(media_type), &Names::default(), true, &SECRET);
    }
}
