"""A cache as the texts describe it: look up, then hear what the origin says."""

import copy
from urllib.parse import urljoin, urlsplit

import dates
import directives
import fields
import freshness
import messages
import reuse
import selecting
import stale
import storable
import validation
from settings import DO_NOT_CACHE, Settings, Undecided

NOT_STORED, STORED, FRESHENED, USED_STALE, REPEAT, NOTHING = (
    "not_stored", "stored", "freshened", "used_stale", "repeat", "nothing")


class Exchange:
    """One request on its way through the cache."""

    def __init__(self, request, settings, asked, now):
        self.request, self.settings, self.asked, self.request_time = request, settings, asked, now
        self.decision = None
        self.record = None
        self.conditional = False
        # Whether a 304 fitted nothing, and the request was sent once more.
        self.repeated = False


class Cache:
    """What is stored, by URL, and the settings."""

    def __init__(self, head):
        self.settings = Settings(head.get("options", {}), _listed(head), head.get("status_expiry"))
        self.records = {}

    # ---- lookup ----

    def lookup(self, request, now):
        """Decides; the exchange says how."""
        settings = self.settings.for_request(request.options)
        asked = directives.of_request(request.fields)
        x = Exchange(request, settings, asked, now)
        if reuse.reads_store(request, settings):
            x.record = self._select(request, settings)
            x.decision = reuse.decide(x.record, asked, settings, now)
        elif reuse.never_forwards(asked, settings):
            if request.method not in ("GET", "HEAD"):
                raise Undecided("an unsafe method without traffic")
            if not settings.do_not_cache():
                raise Undecided("If-Match without traffic")
            x.decision = reuse.UNSATISFIABLE
        else:
            x.decision = reuse.FORWARD
        x.conditional = x.decision == reuse.REVALIDATE or (
            x.decision == reuse.STALE_REVALIDATE and validation.has_validator(x.record))
        return x

    def _place(self, request):
        # GET and HEAD share a primary key under RFC 9111 and are apart without (feature C1).
        return (request.url, "GET" if self.settings.cc else request.method)

    def _select(self, request, settings):
        found = [r for r in self.records.get(self._place(request), [])
                 if selecting.is_allowed(r, request.fields, settings)
                 and selecting.matches(r, request.fields)]
        if not found:
            return None
        # The most recent by Date (RFC 9111 4).
        best = max(found, key=lambda r: (r.date, r.response_time))
        others = [r for r in found if r is not best]
        if best.doubtful or any(r.vary and not best.vary for r in others) or any(
                r.date == best.date and not r.doubtful for r in others):
            raise Undecided("several stored responses match")
        return best

    # ---- what is sent ----

    def forwarded(self, x):
        """The conditions of the forwarded request: a dict of name to value, None for a name that must be
        missing. A name that is not mentioned is not decided."""
        request = x.request
        if x.decision == reuse.STALE_REVALIDATE and not x.conditional:
            return {}
        if x.conditional:
            expected = validation.conditions(x.record)
            others = [r for r in self.records[self._place(request)]
                      if r is not x.record and r.mark == x.record.mark and fields.has(r.fields, "etag")]
            if others:
                del expected["If-None-Match"]
            return expected
        own = {name: fields.combined(request.fields, name.lower())
               for name in ("If-None-Match", "If-Modified-Since")}
        if x.settings.get("force_refresh") and any(own.values()):
            return {}
        return own

    # ---- answers ----

    def answer(self, x, answer, now):
        """Takes what the origin said: the outcome, and the response as `view` describes it."""
        if answer.failure:
            return self._failed(x, now)
        if x.decision == reuse.STALE_REVALIDATE and answer.status != 304:
            if self._covers(x, answer, now):
                raise Undecided("an error in the background")
        elif self._covers(x, answer, now):
            return USED_STALE, self._view(x, x.record, now)
        if answer.status == 304 and x.conditional:
            return self._validated(x, answer, now)
        if answer.status == 304 and x.record is not None and not x.repeated and not fields.has(answer.fields, "etag"):
            raise Undecided("a 304 to conditions that are not ours")
        if x.settings.cc and x.request.method == "HEAD":
            return self._answered_head(x, answer, now)
        if x.request.method not in reuse.SAFE:
            self._invalidate(x, answer)
            if x.request.method == "POST" and fields.has(answer.fields, "content-location"):
                if freshness.explicit_lifetime(answer.fields, now, now, False):
                    raise Undecided("a POST that is stored for GET")
            return NOT_STORED, _passed(answer)
        return self._stored(x, answer, now)

    def _failed(self, x, now):
        if self._may_use_stale(x, now):
            return USED_STALE, self._view(x, x.record, now)
        return NOTHING, None

    def _covers(self, x, answer, now):
        return stale.is_error(answer.status, x.settings) and self._may_use_stale(x, now)

    def _may_use_stale(self, x, now):
        if x.record is None:
            return False
        life = freshness.lifetime(x.record, x.settings)
        over = freshness.staleness(x.record, life, now)
        from_the_future = x.record.response_time - now > freshness.CLOCK_TOLERANCE
        if from_the_future and stale.if_error(x.record, x.asked, x.settings, 0):
            raise Undecided("how stale a response from the future is")
        use = stale.if_error(x.record, x.asked, x.settings, 0 if over is None else over)
        if use and x.repeated:
            raise Undecided("a response that the origin no longer has, when the origin fails")
        if use and any(name in x.asked for name in ("no-cache", "max-age", "min-fresh")):
            raise Undecided("stale-if-error against a limit of the request")
        if over is not None and over < 0:
            if stale.if_error(x.record, x.asked, x.settings, 0) != use:
                raise Undecided("a fresh response, when the origin fails")
            if stale.forbidden(x.record, x.settings) and x.settings.get("stale_if_error"):
                raise Undecided("a fresh response that forbids stale use, when the origin fails")
        return use

    def _validated(self, x, answer, now):
        record = x.record
        if validation.judge_304(record, answer) == validation.FITS_NOTHING:
            x.conditional = False
            x.repeated = True
            return REPEAT, None
        forbids = self._forbids_storing(x, record, answer)
        if forbids and "no-store" in x.asked:
            raise Undecided("whether a request that forbids storing lets a 304 take a record away")
        if forbids or "no-store" in x.asked:
            record = copy.copy(record)
        if forbids:
            # It answers this once, and what was stored is gone (feature D2).
            self.records[self._place(x.request)].remove(x.record)
        self._merge(x, record, answer, now)
        is_kept = record is x.record
        if is_kept and self._is_ownerless(x, record):
            # A shared cache may no longer use it for anyone (RFC 9111 3.5).
            self.records[self._place(x.request)].remove(record)
            is_kept = False
        if is_kept and fields.has(answer.fields, "vary"):
            is_kept = self._file_anew(x, record)
        view = self._view(x, record, now, revalidated=True)
        if not is_kept:
            view = {k: v for k, v in view.items() if k in ("status", "body", "from_cache", "revalidated")}
        return FRESHENED, view

    def _answered_head(self, x, answer, now):
        """RFC 9111 4.3.5: what HEAD says of the response to GET. HEAD itself is never stored (feature C1)."""
        record = x.record
        if record is None or answer.status != 200:
            return NOT_STORED, _passed(answer)
        if "no-store" in x.asked or x.settings.get("force_refresh") or fields.has(answer.fields, "vary") or (
                self._forbids_storing(x, record, answer)):
            raise Undecided("HEAD that is not to change what is stored")
        if x.decision == reuse.STALE_REVALIDATE or record.status != 200:
            raise Undecided("HEAD, in the background or for another status")
        if not validation.judge_head(record, answer):
            self.records[self._place(x.request)].remove(record)
            return NOT_STORED, _passed(answer)
        self._merge(x, record, answer, now)
        if self._is_ownerless(x, record):
            raise Undecided("HEAD that takes a permission away")
        return FRESHENED, {"body": ""}

    def _is_ownerless(self, x, record):
        if not x.settings.shared or selecting.shared_with_all(record, x.settings):
            return False
        if record.mark != selecting.mark(x.request.fields):
            raise Undecided("whose a response is that was for all before it was validated")
        return bool(record.mark)

    def _merge(self, x, record, answer, now):
        expiry, source = x.settings.expiry(x.asked, record.status)
        if expiry == DO_NOT_CACHE:
            raise Undecided("a response that was stored, of a status that is to be stored no more")
        record.fields = messages.freshened_fields(record.fields, answer.fields)
        record.received(answer, x.request_time, now, expiry, source, x.asked.seconds("max-age"))

    def _forbids_storing(self, x, record, answer):
        if not x.settings.cc:
            return False
        said = directives.of_response(messages.freshened_fields(record.fields, answer.fields))
        if "must-understand" in said:
            raise Undecided("a 304 with must-understand")
        return "no-store" in said or (x.settings.shared and "private" in said)

    def _file_anew(self, x, record):
        record.filed_under(x.request)
        place = self.records[self._place(x.request)]
        place[:] = [r for r in place if r is record or not record.replaces(r)]
        if record.vary == selecting.STAR:
            place.remove(record)
        return record.vary != selecting.STAR

    def _stored(self, x, answer, now):
        if any(fields.has(x.request.fields, name) for name in validation.FOR_THE_ORIGIN):
            raise Undecided("whether an answer to If-Match is stored")
        if not storable.is_storable(x.request, answer, now, x.settings):
            return NOT_STORED, _passed(answer)
        expiry, source = x.settings.expiry(x.asked, answer.status)
        record = messages.Record(x.request, answer, x.request_time, now, expiry, source,
                                 x.asked.seconds("max-age"))
        if record.vary == selecting.STAR:
            # It would never be used (feature C6).
            return NOT_STORED, _passed(answer)
        place = self.records.setdefault(self._place(x.request), [])
        place[:] = [r for r in place if not record.replaces(r)]
        for other in place:
            concerned = (selecting.shared_with_all(record, x.settings)
                         or selecting.is_allowed(other, x.request.fields, x.settings))
            if concerned and selecting.matches(other, x.request.fields):
                other.doubtful = True
        place.append(record)
        return STORED, self._view(x, record, now, from_cache=False)

    def _invalidate(self, x, answer):
        """RFC 9111 4.4."""
        if not x.settings.invalidates or not 200 <= answer.status <= 399:
            return
        urls = [x.request.url]
        for name in ("location", "content-location"):
            for value in fields.lines(answer.fields, name):
                urls.append(urljoin(x.request.url, value))
        origin = urlsplit(x.request.url)[:2]
        for url in urls:
            if urlsplit(url)[:2] == origin:
                for method in ("GET", "HEAD"):
                    self.records.pop((url, method), None)

    # ---- what is handed on ----

    def served(self, x, now):
        """The response where the lookup already has it, as `view` describes it."""
        if x.decision == reuse.UNSATISFIABLE:
            return {"status": 504}
        return self._view(x, x.record, now)

    def _view(self, x, record, now, from_cache=True, revalidated=False):
        settings = x.settings
        life = freshness.lifetime(record, settings)
        conditional = any(fields.has(x.request.fields, name) for name in validation.CONDITIONS)
        until = freshness.expires_at(record, life)
        over = freshness.staleness(record, life, now)
        view = {
            "status": record.status, "body": record.body, "from_cache": from_cache,
            "revalidated": revalidated, "expired": not freshness.is_fresh(record, life, now),
            "age": freshness.current_age(record, now), "lifetime": life.ms,
            "created_at": record.response_time, "expires_at": until}
        if over is not None and (over < 0 and view["expired"] or until < -dates.T0 * 1000):
            # From the future, or stale since before there was time.
            del view["expires_at"]
        if conditional and x.conditional and not from_cache and validation.not_modified(record, x.request):
            raise Undecided("a new response that the caller has already")
        if conditional and from_cache and validation.not_modified(record, x.request):
            view["status"], view["body"] = 304, ""
            return view
        if x.request.method == "HEAD":
            view["body"] = ""
        if from_cache and not revalidated:
            hidden = stale.hidden_names(record, settings)
            view["lacks"] = sorted(hidden | {"connection", "x-hop"})
            if settings.cc:
                view["has"] = [["Age", str(view["age"] // 1000)]]
        if from_cache:
            view.setdefault("has", []).extend(
                [name, value] for name, value in record.fields
                if name.lower().startswith(("x-", "etag", "content-"))
                and name.lower() not in view.get("lacks", ()))
        return view


def _listed(head):
    """The status codes the user listed. A list begins as its default."""
    added = {int(s) for s in head.get("lists", {}).get("status", ())}
    if "status" in head.get("clear", ()):
        return added
    return added | {200} if added else None


def _passed(answer):
    return {"status": answer.status, "body": answer.body, "from_cache": False}
