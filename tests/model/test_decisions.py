"""What the model decides, against examples worked out by hand from the RFCs and the features."""

import unittest

import cache
import freshness
import messages
import selecting
from settings import Undecided

URL = "http://h.test/a"
CC = {"cache_control": 1}
SHARED = {"cache_control": 1, "shared": 1}


class Played(unittest.TestCase):
    """A cache, and what happens to it."""

    def begin(self, options=None, **head):
        self.cache = cache.Cache(dict({"options": options or {}}, **head))

    def ask(self, at, *lines, url=URL, method="GET", **options):
        self.x = self.cache.lookup(messages.Request(url, method, lines, options), at)
        return self.x.decision

    def tell(self, at, *lines, status=200, body="b", failure=False):
        outcome, self.view = self.cache.answer(self.x, messages.Answer(status, lines, body, failure), at)
        return outcome

    def store(self, *lines, options=CC, **answer):
        self.begin(options)
        self.ask(0)
        return self.tell(0, *lines, **answer)


class Freshness(Played):
    def test_age(self):
        # RFC 9111 4.2.3: apparent age 10 s, Age 30 s and a delay of 2 s, 5 s in the cache.
        self.begin(CC)
        self.ask(100_000)
        self.tell(102_000, ["Date", "{date 92}"], ["Age", "30"], ["Cache-Control", "max-age=37"])
        self.assertEqual((self.view["age"], self.view["lifetime"], self.view["expires_at"]), (32_000, 37_000, 107_000))
        self.assertEqual(self.ask(106_999), "fresh")
        self.assertEqual(self.cache.served(self.x, 106_999)["has"][0], ["Age", "36"])
        self.assertEqual(self.ask(107_000), "forward")

    def lifetime(self, *lines, options=CC, status=200):
        self.store(*lines, options=options, status=status)
        return self.view["lifetime"]

    def test_lifetime(self):
        date = ["Date", "{date 0}"]
        self.assertEqual(self.lifetime(["Cache-Control", "s-maxage=9, max-age=5"]), 5000)
        self.assertEqual(self.lifetime(["Cache-Control", "s-maxage=9, max-age=5"], options=SHARED), 9000)
        self.assertEqual(self.lifetime(date, ["Expires", "{date 7}"]), 7000)
        self.assertEqual(self.lifetime(date, ["Expires", "{date 7}"], ["Cache-Control", "max-age=x"]), 0)
        self.assertEqual(self.lifetime(date, ["Expires", "0"], ["Last-Modified", "{date -100}"]), 0)
        self.assertEqual(self.lifetime(date, ["Last-Modified", "{date -100}"]), 10_000)
        self.assertEqual(self.lifetime(date), 0)
        self.assertEqual(self.lifetime(["Cache-Control", "immutable"]), "never")
        self.assertEqual(self.lifetime(["Cache-Control", "immutable"], options=SHARED), 0)

    def test_an_explicit_setting_comes_before_the_heuristic(self):
        self.assertEqual(self.lifetime(["Date", "{date 0}"], ["Last-Modified", "{date -100}"],
                                       options={"cache_control": 1, "expire_after": 3000}), 3000)

    def test_settings_count_from_the_response_time(self):
        self.begin({"expire_after": 30_000})
        self.ask(0)
        self.tell(500, ["Date", "{date -99}"], ["Cache-Control", "no-store"])
        self.assertEqual(self.view["expires_at"], 30_500)
        self.assertEqual(self.ask(30_499), "fresh")
        self.assertEqual(self.ask(30_500), "forward")

    def test_a_response_from_the_future_is_stale(self):
        self.store(["Cache-Control", "max-age=60"])
        self.assertEqual(self.ask(-freshness.CLOCK_TOLERANCE), "fresh")
        self.assertEqual(self.ask(-freshness.CLOCK_TOLERANCE - 1), "forward")

    def test_precedence_of_what_is_written(self):
        self.begin({"expire_after": 9000}, status_expiry={"2": 8000, "200": 7000})
        for line, options, wanted in ((["X-A", "1"], {}, 7000), (["X-A", "1"], {"expire_after": 5000}, 5000),
                                      (["Cache-Control", "max-age=3"], {"expire_after": 5000}, 3000)):
            self.ask(0, line, url=URL + str(wanted), **options)
            self.tell(0)
            self.assertEqual(self.view["lifetime"], wanted)


class Storing(Played):
    def test_by_fields(self):
        for line, status, options, wanted in (
                ("no-store", 200, CC, "not_stored"), ("no-store=1", 200, CC, "not_stored"),
                ("no-store, must-understand", 200, CC, "stored"), ("must-understand", 599, CC, "not_stored"),
                ("private", 200, CC, "stored"), ("private", 200, SHARED, "not_stored"),
                ("private=\"x\"", 200, SHARED, "not_stored"), ("max-age=1", 201, CC, "stored"),
                ("foo", 201, CC, "not_stored"),
                ("s-maxage=1", 201, CC, "not_stored"), ("s-maxage=1", 201, SHARED, "stored"),
                ("max-age=1", 304, CC, "not_stored"), ("max-age=1", 416, CC, "not_stored"), ("foo", 404, CC, "stored")):
            self.assertEqual(self.store(["Cache-Control", line], status=status, options=options), wanted, line)

    def test_by_settings(self):
        self.assertEqual(self.store(["Cache-Control", "no-store"], options={}), "stored")
        self.assertEqual(self.store(options={}, status=404), "not_stored")
        self.assertEqual(self.store(options={"expire_after": "immediately"}), "not_stored")
        self.assertEqual(self.store(["ETag", '"a"'], options={"expire_after": "immediately"}), "stored")
        self.assertEqual(self.store(options={"expire_after": "do_not_cache"}), "not_stored")

    def test_credentials_in_a_shared_cache(self):
        for line, wanted in (("max-age=9", "not_stored"), ("public", "stored"), ("s-maxage=9", "stored"),
                             ("must-revalidate", "stored")):
            self.begin(SHARED)
            self.ask(0, ["Authorization", "x"])
            self.assertEqual(self.tell(0, ["Cache-Control", line]), wanted, line)

    def test_a_no_store_request_reads_and_does_not_write(self):
        self.store(["Cache-Control", "max-age=60"], ["ETag", '"a"'])
        self.assertEqual(self.ask(1, ["Cache-Control", "no-store"]), "fresh")
        self.assertEqual(self.ask(60_000, ["Cache-Control", "no-store"]), "revalidate")
        self.assertEqual(self.tell(60_000, ["Cache-Control", "max-age=99"]), "not_stored")
        self.assertEqual(self.ask(60_000, ["Cache-Control", "no-store"]), "revalidate")
        self.assertEqual(self.tell(60_000, ["Cache-Control", "max-age=99"], status=304), "freshened")
        self.assertEqual(self.ask(60_000), "revalidate")

    def test_a_304_that_forbids_storing_takes_the_record_away(self):
        self.store(["Cache-Control", "max-age=60"], ["ETag", '"a"'])
        self.ask(60_000)
        self.assertEqual(self.tell(60_000, ["Cache-Control", "no-store"], status=304), "freshened")
        self.assertEqual(self.ask(60_000), "forward")


class Requests(Played):
    def test_limits(self):
        self.store(["Cache-Control", "max-age=60"])
        for at, line, wanted in ((10_000, "max-age=10", "fresh"), (10_001, "max-age=10", "forward"),
                                 (50_000, "min-fresh=10", "fresh"), (50_001, "min-fresh=10", "forward"),
                                 (65_000, "max-stale=5", "stale"), (65_001, "max-stale=5", "forward"),
                                 (999_000, "max-stale", "stale"), (1, "no-cache", "forward"),
                                 (1, "only-if-cached", "fresh"), (60_000, "only-if-cached", "unsatisfiable"),
                                 (65_000, "only-if-cached, max-stale=5", "stale")):
            self.assertEqual(self.ask(at, ["Cache-Control", line]), wanted, line)

    def test_immutable(self):
        self.store(["Cache-Control", "max-age=60, immutable"], ["ETag", '"a"'])
        self.assertEqual(self.ask(1, ["Cache-Control", "no-cache"]), "fresh")
        self.assertEqual(self.ask(1, ["Cache-Control", "max-age=0"]), "fresh")
        self.assertEqual(self.ask(1, refresh=1), "fresh")
        self.assertEqual(self.ask(60_000), "revalidate")

    def test_what_forbids_stale_use(self):
        for line, options, wanted in (("must-revalidate", CC, "forward"), ("proxy-revalidate", CC, "stale"),
                                      ("proxy-revalidate", SHARED, "forward"), ("no-cache", CC, "forward"),
                                      ("s-maxage=60", SHARED, "forward"),
                                      ("must-revalidate", {"expire_after": 60_000}, "stale")):
            self.store(["Cache-Control", "max-age=60, " + line], options=options)
            self.assertEqual(self.ask(61_000, ["Cache-Control", "max-stale"]), wanted, line)

    def test_stale_while_revalidate(self):
        self.store(["Cache-Control", "max-age=60, stale-while-revalidate=5"])
        self.assertEqual(self.ask(65_000), "stale_revalidate")
        self.assertEqual(self.ask(65_001), "forward")
        self.assertEqual(self.ask(65_000, ["Cache-Control", "max-age=99"]), "forward")
        self.assertEqual(self.ask(65_000, ["Cache-Control", "only-if-cached"]), "stale")

    def test_stale_if_error(self):
        for status, at, wanted in ((503, 65_000, "used_stale"), (503, 65_001, "not_stored"), (404, 65_000, "stored")):
            self.store(["Cache-Control", "max-age=60, stale-if-error=5"])
            self.ask(at)
            self.assertEqual(self.tell(at, status=status), wanted)
        self.store(["Cache-Control", "max-age=60"])
        self.ask(65_000, ["Cache-Control", "stale-if-error=5"])
        self.assertEqual(self.tell(65_000, failure=True), "used_stale")
        self.store(options={"expire_after": 60_000, "stale_if_error": "never"})
        self.ask(65_000)
        self.assertEqual(self.tell(65_000, status=404), "used_stale")
        self.ask(65_000)
        self.assertEqual(self.tell(65_000, status=410), "not_stored")


class Validation(Played):
    def begin_stale(self, *lines):
        self.store(["Cache-Control", "max-age=60"], *lines)
        return self.ask(60_000)

    def test_conditions(self):
        self.assertEqual(self.begin_stale(["ETag", '"a"'], ["Last-Modified", "{date -9}"]), "revalidate")
        self.assertEqual(self.cache.forwarded(self.x), {
            "If-None-Match": '"a"', "If-Modified-Since": "Tue, 14 Nov 2023 22:13:11 GMT"})

    def test_which_304_freshens(self):
        for mine, new, wanted in (('"a"', '"a"', "freshened"), ('"a"', '"b"', "repeat"), ('"a"', 'W/"a"', "freshened"),
                                  ('W/"a"', '"a"', "repeat"), ('W/"a"', 'W/"a"', "freshened"),
                                  ('"a"', None, "freshened")):
            self.begin_stale(["ETag", mine])
            lines = [["ETag", new]] if new else []
            self.assertEqual(self.tell(60_000, *lines, status=304), wanted, (mine, new))

    def test_a_304_starts_its_age_anew(self):
        self.store(["Cache-Control", "max-age=60"], ["Age", "50"], ["ETag", '"a"'])
        self.ask(10_000)
        self.tell(10_000, ["Date", "{date 10}"], status=304)
        self.assertEqual((self.view["age"], self.view["created_at"], self.view["expired"]), (0, 10_000, False))

    def test_head_freshens_or_invalidates(self):
        for lines, wanted, after in (([["ETag", '"a"']], "freshened", "fresh"),
                                     ([["ETag", '"b"']], "not_stored", "forward"),
                                     ([["ETag", '"a"'], ["Last-Modified", "{date 0}"]], "not_stored", "forward"),
                                     ([], "freshened", "fresh")):
            self.begin_stale(["ETag", '"a"'])
            self.ask(60_000, method="HEAD")
            self.assertEqual(self.tell(60_000, ["Cache-Control", "max-age=9"], *lines), wanted, lines)
            self.assertEqual(self.ask(60_000), after, lines)

    def test_conditions_of_the_caller(self):
        self.store(["Cache-Control", "max-age=60"], ["ETag", 'W/"a"'], ["Last-Modified", "{date -9}"])
        for lines, wanted in (([["If-None-Match", '"b", "a"']], 304), ([["If-None-Match", '"b"']], 200),
                              ([["If-Modified-Since", "{date -9}"]], 304), ([["If-Modified-Since", "{date -10}"]], 200),
                              ([["If-Modified-Since", "{date 0}"], ["If-None-Match", '"b"']], 200),
                              ([["If-None-Match", "*"]], 304), ([["If-Modified-Since", "soon"]], 200)):
            self.assertEqual(self.ask(1, *lines), "fresh")
            self.assertEqual(self.cache.served(self.x, 1)["status"], wanted, lines)

    def test_preconditions_for_the_origin(self):
        self.store(["Cache-Control", "max-age=60"])
        self.assertEqual(self.ask(1, ["If-Match", '"a"']), "forward")

    def test_invalidation(self):
        for method, status, options, wanted in (("POST", 200, CC, "forward"), ("FOO", 303, CC, "forward"),
                                                ("POST", 404, CC, "fresh"), ("OPTIONS", 200, CC, "fresh"),
                                                ("PUT", 200, {}, "fresh"), ("PUT", 200, {"invalidate": 1}, "forward")):
            self.store(["Cache-Control", "max-age=60"], options=options)
            self.ask(1, method=method)
            self.tell(1, status=status)
            self.assertEqual(self.ask(2), wanted, (method, status, options))
        self.store(["Cache-Control", "max-age=60"])
        self.ask(1, method="POST", url="http://h.test/b")
        self.tell(1, ["Location", "a"])
        self.assertEqual(self.ask(2), "forward")


class Selecting(Played):
    def test_vary(self):
        self.begin(CC)
        self.ask(0, ["X-A", "1"], ["X-A", "2"])
        self.tell(0, ["Cache-Control", "max-age=60"], ["Vary", "x-a"])
        for lines, wanted in (([["X-A", "1 ,2"]], "fresh"), ([["X-A", "2, 1"]], "forward"), ([], "forward"),
                              ([["x-a", "1,2"], ["X-B", "1"]], "fresh")):
            self.assertEqual(self.ask(1, *lines), wanted, lines)

    def test_what_never_matches(self):
        for line in ("*", "X-A, *", "X A", "@"):
            self.assertEqual(selecting.vary([["Vary", line]]), selecting.STAR, line)

    def test_credentials_are_kept_apart(self):
        self.begin(CC)
        self.ask(0, ["Authorization", "a"])
        self.tell(0, ["Cache-Control", "max-age=60, public"])
        self.assertEqual(self.ask(1, ["authorization", "a"]), "fresh")
        self.assertEqual(self.ask(1, ["Authorization", "b"]), "forward")
        self.assertEqual(self.ask(1), "forward")

    def test_a_304_that_takes_the_permission_away(self):
        self.begin(SHARED)
        self.ask(0, ["Authorization", "a"])
        self.tell(0, ["Cache-Control", "must-revalidate"], ["ETag", '"a"'])
        self.ask(9, ["Authorization", "a"])
        self.assertEqual(self.tell(9, ["Cache-Control", "max-age=60"], status=304), "freshened")
        self.assertEqual(self.ask(10, ["Authorization", "a"]), "forward")
        self.assertEqual(self.ask(10), "forward")

    def test_unless_the_response_is_for_all_of_a_shared_cache(self):
        self.begin(SHARED)
        self.ask(0, ["Authorization", "a"])
        self.tell(0, ["Cache-Control", "max-age=60, public"])
        self.assertEqual(self.ask(1), "fresh")

    def test_what_the_texts_leave_open_is_no_test(self):
        self.store(["Cache-Control", "max-age=60"])
        with self.assertRaises(Undecided):
            self.ask(1, ["Cache-Control", "max-age=a"])
