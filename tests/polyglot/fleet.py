"""The programs of all languages, and the web server that they ask."""

import os
import pathlib
import shutil
import socket
import subprocess
import time
import zlib

NGINX_CONF = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/tmp;
    proxy_temp_path {directory}/tmp;
    fastcgi_temp_path {directory}/tmp;
    uwsgi_temp_path {directory}/tmp;
    scgi_temp_path {directory}/tmp;
    types {{ text/plain txt; }}
    default_type text/plain;
    server {{
        listen 127.0.0.1:{port};
        root {directory}/www;
        add_header Cache-Control "max-age=3600" always;
    }}
}}
"""


class Failure(Exception):
    """Something did not happen that had to."""


class Server:
    """nginx, which serves files of `directory` and says that they are fresh for an hour."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)
        self.www = self.directory / "www"
        self.www.mkdir()
        self.changes = 0
        self.process = None

    def start(self):
        """Starts it on a port that was free a moment ago; where another took it, on the next one."""
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        pid = self.directory / "nginx.pid"
        for _ in range(10):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            conf = self.directory / "nginx.conf"
            conf.write_text(NGINX_CONF.format(directory=self.directory, port=port))
            arguments = [nginx, "-p", str(self.directory), "-c", str(conf)]
            with open(self.directory / "nginx.out", "w") as out:
                self.process = subprocess.Popen(arguments, stdout=out, stderr=out)
            deadline = time.monotonic() + 10
            while self.process.poll() is None and time.monotonic() < deadline:
                if pid.exists() and pid.stat().st_size > 0:
                    self.url = f"http://127.0.0.1:{port}"
                    return
                time.sleep(0.02)
            self.stop()
        raise Failure((self.directory / "nginx.out").read_text())

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def put(self, name, content):
        """Puts a file whose first line is the checksum of the rest. Its time is that of no other version."""
        content = b"%08x\n" % zlib.crc32(content) + content
        aside = self.directory / "aside"
        aside.write_bytes(content)
        self.changes += 1
        when = 1_700_000_000 + self.changes
        os.utime(aside, (when, when))
        aside.chmod(0o644)
        aside.replace(self.www / name)
        return content

    def statuses(self, name):
        """The status codes that a file was answered with."""
        log = (self.directory / "access.log").read_text().splitlines()
        asked = (line.split('"', 2) for line in log)
        return [int(rest.split()[0]) for _, request, rest in asked if f" /{name} " in request]


class Program:
    """A program of one language."""

    def __init__(self, name, command, cache):
        self.name = name
        try:
            self.process = subprocess.Popen(
                [*command, str(cache)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise Failure(f"{name} cannot be started: {error}") from error

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        words = line.split()
        if not words or words[0] != "ok":
            raise Failure(f"{self.name}: {line.strip() or 'it ended'}")
        return words[1:]

    def ask(self, line):
        self.tell(line)
        return self.hear()

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=60)
        if status != 0:
            raise Failure(f"{self.name} ended with status {status}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def parse(arguments):
    """`NAME=COMMAND WITH WORDS` for each program."""
    programs = {}
    for argument in arguments:
        name, command = argument.split("=", 1)
        programs[name] = command.split()
        if not programs[name]:
            raise Failure(f"there is no program for {name}")
    return programs
