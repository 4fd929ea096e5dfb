"""The examples of the README work as they are printed."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import httpcache
from support import store

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")


def test_the_example_with_requests(there, origin, capsys):
    exec(EXAMPLES[0], {"URL": origin("text/hello", Cache_Control="max-age=60")})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("200 5 False ")
    assert second.startswith("200 5 True ")
    assert second.endswith("+00:00")


def test_the_example_with_the_librarys_own_client(there, origin, capsys):
    url = origin("text/hello", Cache_Control="max-age=60", Content_Type="text/plain")
    for _ in range(2):
        exec(EXAMPLES[1], {"URL": url})
    assert capsys.readouterr().out.splitlines() == ["200 text/plain 5 False", "200 text/plain 5 True"]


def test_the_example_with_another_client(cache, clock, origin):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    sent = []

    def send(request):
        sent.append(request)
        try:
            response = opener.open(urllib.request.Request(request.url, headers=dict(request.fields)), timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers.items(), [response.read()]

    def no_network(request):
        raise ConnectionRefusedError

    names: dict = {}
    exec(EXAMPLES[2], names)
    url = origin("version/python-readme?etag=strong", Cache_Control="max-age=60, stale-if-error=1000")
    answers = [names["get"](cache, url, send) for _ in range(2)]
    assert len(sent) == 1
    clock.pass_(100)
    answers.append(names["get"](cache, url, no_network))
    answers.append(names["get"](cache, url, send))
    assert len(sent) == 2
    assert "If-None-Match" in dict(sent[1].fields)
    assert answers == [(200, b"python-readme version 1\n")] * 4
    with pytest.raises(ConnectionRefusedError):
        names["get"](cache, url + "&other", no_network)


def test_the_example_of_looking_into_the_cache(there, directory, open_cache, clock, capsys, monkeypatch):
    monkeypatch.chdir(directory.parent)
    with open_cache(cache_control=True, clock=None) as cache:
        for name in ("a", "bc"):
            store(cache, "http://h.test/" + name, name.encode())
        store(cache, "http://h.test/old", b"old", {"Cache-Control": "max-age=0", "ETag": '"a"'})
    exec(EXAMPLES[5], {"URL": "http://h.test/a"})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["http://h.test/old", "3"],
        ["http://h.test/bc", "2"],
        ["http://h.test/a", "1"],
    ]
    assert lines[3:] == ["1", "1"]


def test_the_examples_of_keys(there, open_cache, capsys):
    exec(EXAMPLES[3], {})
    assert capsys.readouterr().out == "1\n"
    names: dict = {}
    exec(EXAMPLES[4], names)
    options = names["options"]
    own = open_cache(normalize=options.normalize, key_fn=options.key_fn)
    keys = []
    for value in ("gzip, compress, br", "br, gzip", "br"):
        with httpcache.Request("GET", "http://h.test/", {"Accept-Encoding": value}) as request:
            keys.append(own.key(request))
    assert keys[0] == keys[1] != keys[2]
