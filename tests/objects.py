"""An S3 server on the loopback address, for as long as a test module needs it, and what lies in its buckets."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.store import from_url

KEYS = {"AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
_START_SECONDS = 30


class Server:
    """moto's server in a process of its own; every request is a line of its log."""

    def __init__(self, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = log
        self.environment = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"}
        with log.open("wb") as out:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self._ask("/moto-api/")
        except urllib.error.URLError:
            return False
        return True

    def _ask(self, path: str, method: str = "GET") -> None:
        url = f"http://127.0.0.1:{self.port}{path}"
        urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10).close()

    def new_bucket(self) -> str:
        """The URL of a new bucket; its name is used once, because who opened it keeps its endpoint."""
        name = f"squad-{secrets.token_hex(4)}"
        self._ask(f"/{name}", "PUT")
        return f"s3://{name}"

    def requests(self) -> list[str]:
        """METHOD and path of every request so far."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line.split('"')[1].removesuffix(" HTTP/1.1") for line in lines if '"' in line]


@contextmanager
def server(log: Path) -> Iterator[Server]:
    """A server with its keys in the environment; both are gone after the block."""
    running = Server(log)
    before = {name: os.environ.get(name) for name in running.environment}
    os.environ.update(running.environment)
    try:
        yield running
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        running.process.kill()
        running.process.wait()


def keys(url: str) -> list[str]:
    """The keys of all objects below a URL, in order."""
    return sorted(of["path"] for of in obstore.list(from_url(url)).collect())


def content(url: str, key: str) -> bytes:
    """What is in an object."""
    return bytes(obstore.get(from_url(url), key).bytes())


def put(url: str, key: str, what: bytes) -> None:
    """An object, as somebody else would put it there."""
    obstore.put(from_url(url), key, what)


def fetched(url: str, to: Path) -> Path:
    """Everything below a URL as files, to look at."""
    for key in keys(url):
        path = to / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(url, key))
    return to


def copied(url: str, to: str) -> str:
    """Everything below a URL below another one."""
    for key in keys(url):
        put(to, key, content(url, key))
    return to
