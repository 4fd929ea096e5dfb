//! What attackers have tried on the keys of caches. Each line of a class means the same; classes mean something else.

/// What tells the classes of an attack apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The key.
    Key,
    /// The mark: whose it is.
    Mark,
}

/// Requests as [`super::Written::read`] takes them.
pub struct Attack {
    pub about: &'static str,
    pub by: By,
    pub classes: &'static [&'static [&'static str]],
}

const fn key(about: &'static str, classes: &'static [&'static [&'static str]]) -> Attack {
    Attack {
        about,
        by: By::Key,
        classes,
    }
}

const fn mark(about: &'static str, classes: &'static [&'static [&'static str]]) -> Attack {
    Attack {
        about,
        by: By::Mark,
        classes,
    }
}

/// The settings that all of them are looked up with: `foo` is ignored, `X-Tenant` and `X-Role` are matched, and POST is
/// listed.
pub const ATTACKS: &[Attack] = &[
    key(
        "delimiters that are moved from one part to the next",
        &[
            &["GET http://h/a?b=c&d=e"],
            &["GET http://h/a?b=c%26d=e"],
            &["GET http://h/a%3Fb=c&d=e"],
            &["GET http://h/a?b=c&d%3De"],
            &["GET http://h/a?b=c&d"],
            &["GET http://h/a?b=c&d="],
            &[
                "GET http://h/a?b=c&d=e&",
                "GET http://h/a?&b=c&d=e",
                "GET http://h/a?b=c&&d=e",
            ],
            &["GET http://h/a?b=c;d=e"],
            &["GET http://h/a;b=c&d=e"],
            &["GET http://h/a/?b=c&d=e"],
            &["GET http://h/?a?b=c&d=e"],
            &["GET http://h/a??b=c&d=e"],
            &[
                "GET http://h/a",
                "GET http://h/a#?b=c&d=e",
                "GET http://h/a#",
            ],
            &["GET http://h/a?"],
            &["GET http://h/a%23?b=c&d=e"],
        ],
    ),
    key(
        "escapes, once and twice",
        &[
            &["GET http://h/%41", "GET http://h/A"],
            &["GET http://h/a", "GET http://h/%61"],
            &["GET http://h/%2541", "GET http://h/%25%34%31"],
            &["GET http://h/%%41"],
            &["GET http://h/%A"],
            &["GET http://h/%25A"],
            &["GET http://h/%"],
            &["GET http://h/%25"],
            &["GET http://h/%2525"],
            &[
                "GET http://h/%c3%a9",
                "GET http://h/%C3%A9",
                "GET http://h/é",
            ],
            &["GET http://h/e%CC%81", "GET http://h/e\u{301}"],
            &["GET http://h/%E9"],
            &["GET http://h/%u0041"],
            &["GET http://h/%00"],
            &["GET http://h/"],
        ],
    ),
    key(
        "slashes that are none",
        &[
            &["GET http://h/a/b"],
            &["GET http://h/a%2Fb", "GET http://h/a%2fb"],
            &["GET http://h/a%252Fb"],
            &["GET http://h/a//b"],
            &["GET http://h//a/b"],
            &["GET http://h/a/b/"],
            &["GET http://h/a%5Cb"],
            &["GET http://h/a;/b"],
        ],
    ),
    key(
        "dots that lead elsewhere",
        &[
            &[
                "GET http://h/admin",
                "GET http://h/a/../admin",
                "GET http://h/a/%2e%2e/admin",
                "GET http://h/../admin",
                "GET http://h/./admin",
            ],
            &["GET http://h/a/..%2Fadmin"],
            &["GET http://h/a/..;/admin"],
            &["GET http://h/a/%252e%252e/admin"],
            &["GET http://h/a/.../admin"],
            &["GET http://h/a/..//admin"],
            &[
                "GET http://h/admin/",
                "GET http://h/admin/.",
                "GET http://h/admin/a/..",
            ],
            &["GET http://h/admin/..;"],
            &["GET http://h/?/../admin"],
            &["GET http://h/admin."],
        ],
    ),
    key(
        "letter case where it counts and where it does not",
        &[
            &["GET http://h/a?B=c", "GET HTTP://H/a?B=c"],
            &["GET http://h/A?B=c"],
            &["GET http://h/a?b=c"],
            &["GET http://h/a?B=C"],
        ],
    ),
    key(
        "ports, and hosts that pass for another's",
        &[
            &[
                "GET http://h/",
                "GET http://h:80/",
                "GET http://h:/",
                "GET http://h:0080/",
                "GET http://h",
            ],
            &["GET http://h:443/"],
            &["GET https://h/", "GET https://h:443/"],
            &["GET https://h:80/"],
            &["GET http://h:8080/"],
            &["GET http://h80/"],
            &["GET http://h./"],
            &["GET http://h/:80/"],
        ],
    ),
    key(
        "userinfo and what looks like it",
        &[
            &[
                "GET http://example.org/",
                "GET http://evil.test@example.org/",
                "GET http://a:b@example.org/",
            ],
            &[
                "GET http://evil.test/",
                "GET http://example.org@evil.test/",
                "GET http://example.org%2F@evil.test/",
            ],
            &["GET http://evil.test/@example.org/"],
            &["GET http://evil.test/?@example.org/"],
            &["GET http://evil.test/%40example.org/"],
        ],
    ),
    key(
        "hosts in other alphabets",
        &[
            &[
                "GET http://apple.test/",
                "GET http://\u{ff41}pple.test/",
                "GET http://APPLE.test/",
            ],
            &[
                "GET http://\u{430}pple.test/",
                "GET http://xn--pple-43d.test/",
            ],
            &["GET http://xn--fa-hia.test/", "GET http://fa\u{df}.test/"],
            &["GET http://fass.test/"],
            &["GET http://xn--e1afmkfd.test/"],
            &[
                "GET http://127.0.0.1/",
                "GET http://0177.0.0.1/",
                "GET http://\u{ff11}27.0.0.1/",
            ],
            &[
                "GET http://[::ffff:127.0.0.1]/",
                "GET http://[::ffff:7f00:1]/",
            ],
            &["GET http://[::1]/"],
        ],
    ),
    key(
        "parameters that are polluted",
        &[
            &["GET http://h/?id=1&id=2", "GET http://h/?id=1&%69d=2"],
            &["GET http://h/?id=2&id=1"],
            &["GET http://h/?id=1"],
            &["GET http://h/?id=2"],
            &["GET http://h/?id=1&id=1"],
            &["GET http://h/?id=1,2"],
            &["GET http://h/?id[]=1&id[]=2"],
            &["GET http://h/?id%5B%5D=1&id%5B%5D=2"],
            &["GET http://h/?id=1&ID=2", "GET http://h/?ID=2&id=1"],
            &["GET http://h/?id=1%26id=2"],
        ],
    ),
    key(
        "ignored parameters that take others with them",
        &[
            &[
                "GET http://h/",
                "GET http://h/?foo=1",
                "GET http://h/?foo",
                "GET http://h/?f%6fo=1&foo=2",
            ],
            &[
                "GET http://h/?a=1",
                "GET http://h/?foo=1&a=1",
                "GET http://h/?a=1&foo=;b=2",
            ],
            &["GET http://h/?foo%3D1"],
            &["GET http://h/?foo[]=1"],
            &["GET http://h/?foo%00=1"],
            &["GET http://h/?%20foo=1"],
            &["GET http://h/?+foo=1"],
            &["GET http://h/?Foo=1"],
            &[
                "GET http://h/?foo=1&",
                "GET http://h/?",
                "GET http://h/?&foo",
            ],
            &["GET http://h/?;foo=1"],
            &["GET http://h/foo=1"],
        ],
    ),
    key(
        "methods that are overridden",
        &[
            &["GET http://h/"],
            &["HEAD http://h/"],
            &["POST http://h/"],
            &[
                "POST http://h/\nX-HTTP-Method-Override: GET",
                "POST http://h/\nx-http-method-override:GET ",
            ],
            &["POST http://h/\nX-HTTP-Method: GET"],
            &["POST http://h/\nX-Method-Override: GET"],
            &["POST http://h/\nX-HTTP-Method-Override: HEAD"],
            &["POST http://h/\nX-HTTP-Method-Override: POST"],
            &["GET http://h/\nX-HTTP-Method-Override: HEAD"],
            &["GET http://h/\nX-HTTP-Method-Override: GET"],
            &["GET http://h/\nX-HTTP-Method-Override: POST"],
            &["GET http://h/?X-HTTP-Method-Override=HEAD"],
            &["GET http://h/?_method=POST"],
        ],
    ),
    key(
        "what a user types in place of a hidden value",
        &[
            &["GET http://h/?token=1"],
            &["GET http://h/?token=%00"],
            &["GET http://h/?token="],
            &["GET http://h/?token"],
            &["GET http://h/?token=REDACTED"],
            &["GET http://h/?token=%0000000000000000000000000000000000"],
            &["GET http://h/?token=0000000000000000000000000000000000"],
            &["GET http://h/?a=%0000000000000000000000000000000000"],
            &["GET http://h/?foo%3D%00"],
            &["GET http://h/\n\n\0"],
            &["GET http://h/\n\n\0\x30\x30"],
            &["GET http://h/\nX-Tenant: \\0"],
            &["GET http://h/\nX-Tenant: 00"],
            &["GET http://h/\n@own \0"],
            &["GET http://h/\n@own \0http://h/"],
            &["GET http://h/\n@own http://h/"],
            &["GET http://h/\n@own \0\0http://h/"],
            &["GET http://h/"],
        ],
    ),
    key(
        "lengths that are part of a key of the user's own",
        &[
            &[
                "GET http://h/\n@own a",
                "GET http://other/\n@own a",
                "GET http://h/?b\nX-Tenant: 1\n@own a",
            ],
            &["GET http://h/\n@own a\x01"],
            &["GET http://h/\n@own a\x01\0\0\0\0\0\0\0"],
            &["GET http://h/\n@own \x01\0\0\0\0\0\0\0a"],
            &["GET http://h/\n@own \x01\x01\x01\0\0\0\0\0\0\0a\x01"],
            &["GET http://h/\n@own a\n@partition a"],
            &["GET http://h/\n@own a\x01\x01\x10\0\0\0\0\0\0\0"],
            &["HEAD http://h/\n@own a"],
        ],
    ),
    key(
        "partitions, and fields and bodies that say the same",
        &[
            &["GET http://h/"],
            &["GET http://h/\n@partition alice"],
            &["GET http://h/\n@partition Alice"],
            &["GET http://h/\n@partition alice "],
            &["GET http://h/\n@partition bob"],
            &["GET http://h/\nX-Tenant: alice"],
            &["GET http://h/\nX-Role: alice"],
            &["GET http://h/\nX-Tenant: alice\nX-Role:"],
            &["GET http://h/\nX-Tenant: \nX-Role: alice"],
            &["GET http://h/\nX-Tenant: alice, X-Role: a"],
            &[
                "GET http://h/\nX-Tenant: alice\nX-Role: a",
                "GET http://h/\nX-Role: a\nx-tenant: alice",
            ],
            &["GET http://h/\nX-Tenant: alice\n@partition alice"],
            &["GET http://h/\n\nalice"],
            &["GET http://h/?partition=alice"],
            &["GET http://h/alice"],
        ],
    ),
    key(
        "a body that a GET is not expected to have",
        &[
            &["GET http://h/?a=1"],
            &["GET http://h/?a=1\n\na=1"],
            &["GET http://h/?a=1\n\na=1 "],
            &["GET http://h/?a=1\n\n\0"],
            &["POST http://h/?a=1"],
            &["POST http://h/?a=1\n\na=1"],
            &["GET http://h/\n\na=1"],
        ],
    ),
    key(
        "fields whose lists are cut elsewhere",
        &[
            &[
                "GET http://h/\nX-Tenant: a, b",
                "GET http://h/\nX-Tenant: a\nX-Tenant: b",
                "GET http://h/\nX-Tenant:a ,b",
            ],
            &["GET http://h/\nX-Tenant: \"a, b\""],
            &["GET http://h/\nX-Tenant: \"a,b\""],
            &["GET http://h/\nX-Tenant: b, a"],
            &["GET http://h/\nX-Tenant: a"],
            &["GET http://h/\nX-Tenant: a,"],
            &["GET http://h/\nX-Tenant: a b"],
            &["GET http://h/\nX-Tenant:"],
            &["GET http://h/"],
        ],
    ),
    key(
        "TLS that is not verified",
        &[
            &["GET https://h/"],
            &["GET https://h/\n@insecure"],
            &["GET http://h/"],
            &["GET http://h/\n@insecure"],
        ],
    ),
    mark(
        "credentials that are somebody else's",
        &[
            &[
                "GET http://h/",
                "GET http://h/\nCookie: a=1",
                "GET http://@h/",
            ],
            &[
                "GET http://h/\nAuthorization: Basic YTph",
                "GET http://a:a@h/",
                "GET http://%61:a@h/",
            ],
            &["GET http://h/\nAuthorization: Basic YTpi"],
            &["GET http://h/\nAuthorization: basic YTph"],
            &["GET http://h/\nAuthorization: Basic  YTph"],
            &["GET http://h/\nProxy-Authorization: Basic YTph"],
            &["GET http://h/\nAuthorization: a\nAuthorization: b"],
            &["GET http://h/\nAuthorization: b\nAuthorization: a"],
            &["GET http://h/\nAuthorization: a, b"],
            &["GET http://h/\nAuthorization:"],
            &["GET http://h/\nX-API-Key: 1"],
            &["GET http://h/\napi_key: 1"],
            &["GET http://h/?api_key=1", "GET http://h/?api%5Fkey=1"],
            &["GET http://h/?api_key=2"],
            &["GET http://h/?apikey=1"],
            &["GET http://h/?api_key=1&api_key=2"],
            &["GET http://h/?api_key=2&api_key=1"],
            &[
                "GET http://h/?api_key=1&apikey=2",
                "GET http://h/?apikey=2&api_key=1",
            ],
            &["GET http://h/?api_key=1\nX-API-Key: 1"],
            &["GET http://h/?api_key="],
            &[
                "GET http://h/\nX-API-Key: 1\nAuthorization: 2",
                "GET http://h/\nauthorization: 2\nx-api-key: 1",
            ],
            &["GET http://h/\nX-API-Key: 2\nAuthorization: 1"],
        ],
    ),
];
