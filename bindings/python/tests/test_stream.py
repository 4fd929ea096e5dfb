"""Large bodies: 100 MiB in one piece, and 1 GiB in constant memory."""

import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from httpcache import Outcome
from support import FRESH, URL, pieces


def test_a_body_of_100_mib_in_one_piece(cache):
    content = b"".join(pieces(100 * 2**20))
    with cache.lookup(URL) as exchange:
        assert exchange.store(200, FRESH, content) is Outcome.STORED
    with cache.lookup(URL) as exchange:
        assert exchange.body == content
        with exchange.response() as response:
            assert response.body_size == len(content)
            assert response.readall() == content


class Torrent(BaseHTTPRequestHandler):
    """Sends 1 GiB, made as it is sent; the other origin takes too long for so much."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(2**30))
        self.end_headers()
        for piece in pieces(2**30):
            self.wfile.write(piece)

    def log_message(self, *_):
        pass


@pytest.fixture
def torrent():
    with ThreadingHTTPServer(("127.0.0.1", 0), Torrent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("way", ["pieces", "adapter", "fetch"])
def test_a_body_of_1_gib_in_constant_memory(directory, torrent, way):
    arguments = [] if way == "pieces" else [torrent]
    command = [sys.executable, Path(__file__).with_name("stream.py"), way, directory, *arguments]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    shutil.rmtree(directory)
    assert result.stderr == ""
    sizes, sums, grown = result.stdout.split()
    assert (sizes, sums) == ("True", "True")
    # MiB. A few pieces, and what the library gathers before it writes.
    assert int(grown) < 64
