"""Dates, lists, entity tags and directives, against examples worked out by hand."""

import unittest

import dates
import directives
import fields
import messages

NOW = dates.T0


class Dates(unittest.TestCase):
    def test_three_forms(self):
        for text in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                     "sun, 06 nov 1994 08:49:37 gmt"):
            self.assertEqual(dates.parse(text, NOW), 784111777, text)

    def test_two_digit_years(self):
        self.assertEqual(dates.parse("Tuesday, 14-Nov-23 22:13:20 GMT", NOW), dates.T0)
        self.assertEqual(dates.parse("Sunday, 06-Nov-94 08:49:37 GMT", NOW), 784111777)

    def test_what_is_no_date(self):
        for text in ("0", "", "-1", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
                     "Sun 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                     "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"):
            self.assertIsNone(dates.parse(text, NOW), text)

    def test_templates(self):
        self.assertEqual(dates.expand("{date 0}"), "Tue, 14 Nov 2023 22:13:20 GMT")
        self.assertEqual(dates.expand("{date850 1}"), "Tuesday, 14-Nov-23 22:13:21 GMT")
        self.assertEqual(dates.expand("{asctime -1}"), "Tue Nov 14 22:13:19 2023")


class Lists(unittest.TestCase):
    def test_commas_in_quoted_strings(self):
        self.assertEqual(fields.split_list('a, "b,c" ,, d="\\",e"'), ["a", '"b,c"', 'd="\\",e"'])

    def test_entity_tags(self):
        weak, strong = fields.parse_etag('W/"a"'), fields.parse_etag('"a"')
        self.assertTrue(weak.weak_match(strong) and strong.strong_match(strong))
        self.assertFalse(weak.strong_match(weak) or weak.strong_match(strong))
        for text in ("a", "w/\"a\"", '"a', '"a b"', ""):
            self.assertIsNone(fields.parse_etag(text), text)


class CacheControl(unittest.TestCase):
    def parse(self, *lines):
        return directives.Directives(lines)

    def test_seconds(self):
        for line, seconds in (("max-age=60", 60), ("MAX-AGE=060", 60), ('max-age="60"', 60), ("a, ,max-age=5", 5),
                              ("max-age=2147483649", directives.INFINITE), ("max-age=60, max-age=60", 60)):
            self.assertEqual(self.parse(line).seconds("max-age"), seconds, line)

    def test_seconds_that_cannot_be_read(self):
        for line in ("max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=60s", "max-age='60'", "max-age =60",
                     "max-age= 60", "max-age=60, max-age=61", "max-age=a, max-age=60", 'max-age="60'):
            self.assertIs(self.parse(line).seconds("max-age"), directives.Invalid, line)

    def test_what_is_inside_a_string_is_no_directive(self):
        said = self.parse('ext="max-age=5, no-store"', "public")
        self.assertIsNone(said.seconds("max-age"))
        self.assertTrue("public" in said and "no-store" not in said)

    def test_flags_and_names(self):
        said = self.parse('no-store=1, no-cache="X-A, x-b", private')
        self.assertIn("no-store", said)
        self.assertEqual(said.names("no-cache"), {"x-a", "x-b"})
        self.assertTrue(said.unqualified("private"))
        self.assertFalse(said.unqualified("no-cache"))
        self.assertTrue(self.parse('no-cache="a", no-cache').unqualified("no-cache"))

    def test_pragma_counts_where_there_is_no_cache_control(self):
        self.assertIn("no-cache", directives.of_request([["Pragma", "No-Cache"]]))
        self.assertNotIn("no-cache", directives.of_request([["Pragma", "no-cache"], ["Cache-Control", "foo"]]))
        self.assertNotIn("no-cache", directives.of_response([["Pragma", "no-cache"]]))


class Stored(unittest.TestCase):
    def test_fields_of_the_connection_are_not_stored(self):
        lines = [["Connection", "x-hop, close"], ["X-Hop", "1"], ["X-Stays", "1"], ["Keep-Alive", "3"]]
        self.assertEqual(messages.stored_fields(lines), [["X-Stays", "1"]])

    def test_a_304_replaces_fields_but_those_of_the_body(self):
        stored = [["Content-Type", "a/b"], ["Content-Length", "3"], ["X-A", "1"], ["X-A", "2"], ["X-B", "1"]]
        new = [["content-type", "c/d"], ["content-length", "9"], ["x-a", "3"], ["X-New", "1"]]
        self.assertEqual(messages.freshened_fields(stored, new),
                         stored[:2] + [["X-B", "1"], ["x-a", "3"], ["X-New", "1"]])
