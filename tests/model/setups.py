"""What the caches of generated cases are opened with."""

THEMES = ("lifetime", "age", "requests", "requests", "stale", "stale", "stale",
          "validation", "conditions", "vary", "credentials",
          "storing", "settings", "invalidation")


def make(chance, theme):
    """The head of a scenario: options, lists, expiries of statuses."""
    cc = chance.percent(40 if theme == "settings" else 75)
    options = {"cache_control": 1} if cc else {}
    head = {"options": options}
    if cc and chance.percent(40):
        options["shared"] = 1
    _expiry(chance, theme, options, cc)
    if options.get("expire_after") != "do_not_cache":
        # The two contradict each other.
        _windows(chance, theme, options)
    if cc and chance.percent(15):
        options["heuristic_percent"] = chance.of((0, 1, 20, 50, 100))
    if chance.percent(4):
        options["always_revalidate"] = 1
    if chance.percent(2) and options.get("expire_after") != "do_not_cache":
        options["only_if_cached"] = 1
    if cc and chance.percent(15):
        options["immutable_forever"] = 1
    if chance.percent(60 if theme == "invalidation" and not cc else 8):
        options["invalidate"] = chance.below(2) if cc else 1
    if chance.percent(50 if theme == "storing" else 12):
        _statuses(chance, head)
    if chance.percent(40 if theme == "settings" else 8):
        head["status_expiry"] = {
            chance.of(("200", "404", "2", "5", "503", "4", "429", "301")): chance.of(
                (1000, 30_000, 90_000, "never", "do_not_cache", "immediately", "unset"))
            for _ in range(1 + chance.below(2))}
    return head


def _expiry(chance, theme, options, cc):
    if not chance.percent({"settings": 90, "lifetime": 20}.get(theme, 15 if cc else 70)):
        return
    if chance.percent(12):
        options["expire_at"] = chance.of((0, 30_000, 60_000, 100_000, 4_000_000))
        return
    options["expire_after"] = chance.weighted({
        1: 2, 1000: 4, 30_000: 10, 60_000: 8, 3_600_000: 4, "never": 3, "immediately": 3,
        "do_not_cache": 1, "unset": 1})


def _windows(chance, theme, options):
    likely = 60 if theme == "stale" else 12
    if chance.percent(likely):
        options["stale_if_error"] = chance.of((1000, 5000, 60_000, "never", 1))
    if chance.percent(likely // 2):
        options["stale_while_revalidate"] = chance.of((1000, 5000, 60_000, "never", 1))


def _statuses(chance, head):
    codes = chance.shuffled(("200", "203", "204", "301", "302", "404", "410", "500", "503", "429", "299"))
    head["lists"] = {"status": codes[:1 + chance.below(5)]}
    if chance.percent(60):
        head["clear"] = ["status"]
