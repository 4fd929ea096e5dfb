use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text.as_bytes()).unwrap().0
}

fn rules(patterns: &[(PatternKind, &str)]) -> UrlRules {
    let mut rules = UrlRules::default();
    for (at, (kind, pattern)) in patterns.iter().enumerate() {
        let expiry = Expiry::After(at as i64);
        rules.add(*kind, pattern.as_bytes(), expiry).expect(pattern);
    }
    rules
}

fn is_match(kind: PatternKind, pattern: &str, text: &str) -> bool {
    rules(&[(kind, pattern)]).decide(&url(text)).is_some()
}

fn why_not(kind: PatternKind, pattern: &[u8]) -> String {
    let refused = UrlRules::default().add(kind, pattern, Expiry::Never);
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), Kind::Argument);
    error.message().to_owned()
}

#[test]
fn globs_match_hosts_whole_and_paths_from_the_beginning() {
    for (pattern, text, expected) in [
        ("", "http://a.test/x", true),
        ("*", "https://[::1]:8080/x", true),
        ("*/", "https://[::1]:8080/x", true),
        ("example.com", "http://example.com/any?q", true),
        ("example.com", "https://example.com:8443/", true),
        ("example.com", "http://example.com.evil.test/", false),
        ("example.com", "http://www.example.com/", false),
        ("example.com", "http://evil.test/example.com", false),
        ("EXAMPLE.com/a", "http://Example.COM/a", true),
        ("example.com/A", "http://example.com/a", false),
        ("*.example.com", "http://a.b.example.com/", true),
        ("*.example.com", "http://example.com/", false),
        ("*example.com", "http://example.com/", true),
        ("*.example.com", "http://evil.test/.example.com", false),
        ("*.example.com", "http://evil.test:8080/.example.com", false),
        ("api.*/v1", "http://api.test/x/api.test/v1", false),
        ("api.*/v1", "http://api.example.com/v1/users", true),
        ("a?c.test", "http://abc.test/", true),
        ("a?c.test", "http://ac.test/", false),
        ("cdn[0-9].test", "http://cdn7.test/", true),
        ("cdn[!0-9].test", "http://cdn7.test/", false),
        ("cdn[A-C].test", "http://cdnb.test/", true),
    ] {
        assert_eq!(
            is_match(PatternKind::Glob, pattern, text),
            expected,
            "{pattern} {text}"
        );
    }
}

#[test]
fn globs_compare_port_and_scheme_where_they_name_them() {
    for (pattern, text, expected) in [
        ("h.test:80", "http://h.test/", true),
        ("h.test:0080", "http://h.test/", true),
        ("h.test:80", "https://h.test/", false),
        ("h.test:443/", "https://h.test/", true),
        ("h.test:", "http://h.test:81/", true),
        ("h.test:80*", "http://h.test:8080/", true),
        ("*:8080", "http://h.test:8080/", true),
        ("*:8080", "http://h.test/", false),
        ("https://h.test", "https://h.test/x", true),
        ("https://h.test", "http://h.test/x", false),
        ("HTTPS://*", "https://h.test/x", true),
        ("http*://h.test", "https://h.test/x", true),
        ("[::0001]/a", "http://[::1]/a", true),
        ("[::1]:81", "http://[::1]:81/a", true),
        ("[::1]:81", "http://[::1]/a", false),
        ("*1", "http://[::1]/a", false),
    ] {
        assert_eq!(
            is_match(PatternKind::Glob, pattern, text),
            expected,
            "{pattern} {text}"
        );
    }
}

#[test]
fn globs_match_paths_in_their_normal_form() {
    for (pattern, text, expected) in [
        ("h.test/a*z", "http://h.test/a/b/c/z/more", true),
        ("h.test/a*z", "http://h.test/a/b/c", false),
        ("h.test/*.png", "http://h.test/a/b.png?v=1", true),
        ("h.test/a?c", "http://h.test/a/c", true),
        ("h.test/s?q=1", "http://h.test/s?q=12", true),
        ("h.test/v[12]/", "http://h.test/v2/x", true),
        ("h.test/v[12]/", "http://h.test/v3/x", false),
        ("h.test/%7euser", "http://h.test/~user/x", true),
        ("h.test/%2f", "http://h.test/%2Fx", true),
        ("h.test/ü b", "http://h.test/%c3%bc%20b", true),
        ("h.test/a/./b/../c", "http://h.test/a/c", true),
        ("h.test/a/..", "http://h.test/x", false),
        ("h.test/a/..", "http://h.test/a/..x", true),
        ("h.test/a/../*/z", "http://h.test/y/z", true),
        ("bücher.test", "http://BÜCHER.test/", true),
        ("*.bücher.test", "http://a.xn--bcher-kva.test/", true),
        ("h.test/[*]", "http://h.test/*", true),
        ("h.test/[*]", "http://h.test/a", false),
        ("h.test/x]", "http://h.test/x]", true),
    ] {
        assert_eq!(
            is_match(PatternKind::Glob, pattern, text),
            expected,
            "{pattern} {text}"
        );
    }
}

#[test]
fn regular_expressions_are_searched_for_in_the_whole_url() {
    for (pattern, text, expected) in [
        ("/v[0-9]+/", "http://h.test/v12/x", true),
        (r"^https://h\.test/", "http://h.test/", false),
        (r"h\.test", "http://other.test/h.test", true),
        ("(?i)H.TEST", "http://h.test/", true),
        ("H", "http://h.test/", false),
        (r"\?a=\d+$", "http://h.test/?a=1#fragment", true),
        ("user", "http://user@h.test/", false),
        ("", "http://h.test/", true),
    ] {
        assert_eq!(
            is_match(PatternKind::Regex, pattern, text),
            expected,
            "{pattern} {text}"
        );
    }
}

#[test]
fn what_is_no_pattern_is_told_with_its_reason() {
    use PatternKind::{Glob, Regex};
    for (kind, pattern, expected) in [
        (Glob, "h.test/[abc", "no ]"),
        (Glob, "h[.test/]", "no ]"),
        (Glob, "h.test/[]", "empty"),
        (Glob, "h.test/[!]", "empty"),
        (Glob, "h.test/[z-a]", "reversed"),
        (Glob, "h.test/[ü]", "ASCII"),
        (Glob, "/path", "host is missing"),
        (Glob, "https:///path", "host is missing"),
        (Glob, "https://", "host is missing"),
        (Glob, "h.test:0", "port"),
        (Glob, "h.test:65536", "port"),
        (Glob, "h.test:x*", "port"),
        (Glob, "a:1:2", "second :"),
        (Glob, "a b://h.test", "scheme"),
        (Glob, "::1/", "second :"),
        (Glob, "[::1*]/", "malformed"),
        (Glob, "a%b*", "no host"),
        (Glob, "h%.test", "malformed"),
        (Glob, "*ü.test", "label"),
        (Glob, "user:word@h.test", "@"),
        (Glob, "h.test/a#b", "fragment"),
        (Glob, "h.test/a\nb", "control"),
        (Glob, "h.test\\a", "backslash"),
        (Regex, "(a", "unclosed group"),
        (Regex, "(?=a)", "look-around"),
        (Regex, r"(a)\1", "backreferences"),
        (Regex, "(a{1000}){1000}", "memory"),
    ] {
        let message = why_not(kind, pattern.as_bytes());
        assert!(message.contains(expected), "{pattern}: {message}");
        assert!(!message.contains('\n'), "{message}");
    }
    assert!(!why_not(Glob, b"user:word@h.test").contains("word"));
    let nested = format!("{}a{}", "(".repeat(30_000), ")".repeat(30_000));
    assert!(why_not(Regex, nested.as_bytes()).contains("nest"));
    for kind in [Glob, Regex] {
        assert!(why_not(kind, b"\xff").contains("UTF-8"));
        let message = why_not(kind, &vec![b'a'; 1 << 20]);
        assert!(message.contains("1048576 bytes"), "{message}");
        assert!(message.len() < 300, "{}", message.len());
    }
    let mixed = format!("h.test/*{}", "?".repeat(257));
    assert!(why_not(Glob, mixed.as_bytes()).contains("over 256"));
    assert!(PatternKind::of(3).is_err());
}

#[test]
fn the_first_rule_with_a_value_holds() {
    let mut rules = UrlRules::default();
    assert!(rules.is_empty());
    for (kind, pattern, expiry) in [
        (PatternKind::Glob, "h.test/unset", Expiry::Unset),
        (PatternKind::Regex, "/both$", Expiry::After(1)),
        (PatternKind::Glob, "h.test", Expiry::After(2)),
        (PatternKind::Glob, "h.test/both", Expiry::After(3)),
        (PatternKind::Regex, "test", Expiry::After(4)),
        (PatternKind::Glob, "*", Expiry::DoNotCache),
    ] {
        rules.add(kind, pattern.as_bytes(), expiry).unwrap();
    }
    let decided = |text| {
        rules
            .decide(&url(text))
            .map(|ruled| (ruled.number, ruled.expiry))
    };
    assert_eq!(decided("http://h.test/both"), Some((1, Expiry::After(1))));
    assert_eq!(decided("http://h.test/unset"), Some((2, Expiry::After(2))));
    assert_eq!(decided("http://g.test/"), Some((4, Expiry::After(4))));
    assert_eq!(decided("http://g.org/"), Some((5, Expiry::DoNotCache)));
}

#[test]
fn all_patterns_together_are_bounded() {
    let mut rules = UrlRules::default();
    let heavy = (0..1000).find_map(|number| {
        let pattern = format!("{number}[a-z]{{25000}}");
        rules
            .add(PatternKind::Regex, pattern.as_bytes(), Expiry::Never)
            .err()
    });
    assert!(heavy.unwrap().message().contains("too much memory"));
}

const HOSTS: [&str; 8] = [
    "h.test",
    "a.h.test",
    "b.a.h.test",
    "g.test",
    "*",
    "*.h.test",
    "a.*",
    "?.[gh].t*",
];
const PATHS: [&str; 10] = [
    "", "/", "/a", "/a/", "/a/b", "/a*b", "/ab", "/b", "/a?b", "/[ab]/",
];

proptest! {
    #[test]
    fn the_index_finds_what_asking_each_rule_finds(
        chosen in prop::collection::vec((0..HOSTS.len(), 0..PATHS.len(), 0..4), 0..40),
        host in 0..4usize, path in "[abc/?]{0,6}",
    ) {
        let patterns: Vec<_> = chosen
            .iter()
            .map(|&(host, path, more)| match more {
                0 => (PatternKind::Regex, format!("{}/$", ["h", "a", "b", "c"][host % 4])),
                1 => (PatternKind::Glob, format!("http://{}{}", HOSTS[host], PATHS[path])),
                _ => (PatternKind::Glob, format!("{}{}", HOSTS[host], PATHS[path])),
            })
            .collect();
        let asked = url(&format!("http://{}/{path}", HOSTS[host]));
        let patterns: Vec<_> = patterns.iter().map(|(kind, text)| (*kind, &**text)).collect();
        let rules = rules(&patterns);
        let target = Target::of(&asked);
        let one_by_one = (0..patterns.len() as u32).find(|at| rules.is_match(*at, &asked, &target));
        prop_assert_eq!(rules.decide(&asked).map(|ruled| ruled.number), one_by_one);
    }

    #[test]
    fn a_glob_matches_as_the_expression_does_that_says_the_same(
        pattern in "/[ab*?]{0,8}", path in "/[ab/]{0,8}",
    ) {
        let expression: String = pattern
            .chars()
            .map(|one| match one {
                '*' => ".*".to_owned(),
                '?' => ".".to_owned(),
                other => other.to_string(),
            })
            .collect();
        let asked = format!("http://h.test{path}");
        let by_expression =
            is_match(PatternKind::Regex, &format!("^http://h.test{expression}"), &asked);
        let by_glob = is_match(PatternKind::Glob, &format!("h.test{pattern}"), &asked);
        prop_assert_eq!(by_glob, by_expression);
    }

    #[test]
    fn no_pattern_is_too_odd(pattern in "\\PC{0,40}", odd in "[\\[\\]*?:@/#.!a-]{0,20}") {
        for text in [&pattern, &odd] {
            for kind in [PatternKind::Glob, PatternKind::Regex] {
                let mut rules = UrlRules::default();
                if rules.add(kind, text.as_bytes(), Expiry::Never).is_ok() {
                    rules.decide(&url("http://a.b/a?b"));
                }
            }
        }
    }
}
