"""The program that is tested together with those of the other languages."""

import os
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "polyglot" / "polyglot.py"


class Numbered(BaseHTTPRequestHandler):
    """Each body begins with the sum of what follows; it is revalidated by its path."""

    protocol_version = "HTTP/1.1"
    # The head and the body are two writes.
    wbufsize = -1

    def do_GET(self):
        rest = self.path.encode() * 100
        body = b"%08x\n" % zlib.crc32(rest) + rest
        if "wrong" in self.path:
            body += b"!"
        same = self.headers["If-None-Match"] == f'"{self.path}"'
        self.send_response(304 if same else 200)
        self.send_header("ETag", f'"{self.path}"')
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Type", "text/plain")
        if not same:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not same:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Numbered) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_all_commands(server, directory):
    commands = [
        f"get {server}/a",
        f"get {server}/a",
        f"refresh {server}/a",
        f"hits {server}/a 100",
        f"run {server}/n 10 0.5 7",
        f"run {server}/wrong 10 0.2 7",
        f"hits {server}/none 1",
        "get http://127.0.0.1:1/",
        "nonsense",
        "",
    ]
    result = subprocess.run(
        [sys.executable, PROGRAM, directory],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        input="".join(command + "\n" for command in commands),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    answers = [line.split() for line in result.stdout.splitlines()]
    assert len(answers) == len(commands)
    body = b"%08x\n" % zlib.crc32(b"/a" * 100) + b"/a" * 100
    for answer, source in zip(answers, ["MISS", "HIT", "REVALIDATED"]):
        assert answer[:5] == ["ok", source, "200", str(len(body)), f"{zlib.crc32(body):08x}"]
        assert int(answer[5]) > 0
    assert answers[3][:2] == ["ok", "100"]
    assert int(answers[3][2]) > 0
    count, hits, wrong, errors = map(int, answers[4][1:])
    assert count > hits > 0
    assert (wrong, errors) == (0, 0)
    count, hits, wrong, errors = map(int, answers[5][1:])
    assert wrong == count > 0
    assert [answer[0] for answer in answers[6:]] == ["error"] * 4
