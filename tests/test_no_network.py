"""The whole work with every socket but those of this machine's own kernel shut: nothing is asked of any network.

A module named sitecustomize is found by Python at its start and shuts them, in a process of its own, before anything of
ours is imported. What native code of the dependencies does is not seen by it.
"""

import importlib.util
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from runfix_analytics.store import Store

ROOT = Path(__file__).resolve().parents[1]
DAY = "2026-03-29"
SHUT = '''
import os, socket

LOOPBACK = os.environ.get("LOOPBACK_IS_OPEN") == "yes"
ONLY_HERE = {"127.0.0.1", "::1", "localhost", "", None}


class NetworkUsed(BaseException):
    """No library's own net catches it."""


def refuse(what):
    raise NetworkUsed(f"the network was asked: {what}")


class Shut(socket.socket):
    def __init__(self, family=-1, *others, **named):
        if not LOOPBACK and family != socket.AF_UNIX and named.get("fileno", (others + (None,) * 3)[2]) is None:
            refuse("a socket")
        super().__init__(family, *others, **named)

    def _checked(self, address):
        if isinstance(address, tuple) and address[0] not in ONLY_HERE:
            refuse(address)

    def connect(self, address):
        self._checked(address)
        return super().connect(address)

    def connect_ex(self, address):
        self._checked(address)
        return super().connect_ex(address)

    def sendto(self, content, *where):
        self._checked(where[-1])
        return super().sendto(content, *where)

    def bind(self, address):
        self._checked(address)
        return super().bind(address)


asked = socket.getaddrinfo


def getaddrinfo(host, *others, **named):
    name = host.decode() if isinstance(host, bytes) else host
    if not LOOPBACK or name not in ONLY_HERE:
        refuse(f"where is {name}?")
    return asked(host, *others, **named)


socket.socket = Shut
socket.getaddrinfo = getaddrinfo
for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
    setattr(socket, name, lambda *asked, name=name: refuse(name))
'''
SHEET = "date,exercise,sets,reps,seconds,weight,side,rir,notes\n"
FORM = "runner,report_id,date_reported,onset_date,site,side,pain_worst_0_10\n,a1,2026-03-16,2026-03-05,shin,left,4\n"


def shut_off(tmp_path: Path, *words: object, loopback: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs Python with the sockets shut."""
    (tmp_path / "shut").mkdir(exist_ok=True)
    (tmp_path / "shut" / "sitecustomize.py").write_text(SHUT, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    environment |= {
        "PYTHONPATH": f"{tmp_path / 'shut'}{os.pathsep}{ROOT}",
        "LOOPBACK_IS_OPEN": "yes" if loopback else "",
    }
    command = [sys.executable, *(str(word) for word in words)]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def runfix(tmp_path: Path, *words: object) -> str:
    code = "from runfix_analytics.cli import main; main()"
    result = shut_off(tmp_path, "-c", code, *words)
    assert result.returncode == 0, result.stderr
    return result.stdout


def write_files(folder: Path) -> list[Path]:
    days = [date.fromisoformat(DAY) - timedelta(days=gap) for gap in (2, 5, 9, 12, 16, 19, 23, 26)]
    sheet = SHEET + "".join(f"{day},single-leg calf raise,3,12,,,,2,\n" for day in days)
    (folder / "sheet.csv").write_text(sheet, encoding="utf-8")
    (folder / "aches.csv").write_text(FORM, encoding="utf-8")
    return [folder / "sheet.csv", folder / "aches.csv"]


ASKING = {
    "a connection": "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
    "a socket": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "a name": "import socket; socket.getaddrinfo('example.org', 80)",
    "a page": "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
    "a page of who catches everything": (
        "import urllib.request\ntry: urllib.request.urlopen('http://192.0.2.1/', timeout=1)\nexcept Exception: pass"
    ),
}


@pytest.mark.parametrize("loopback", [True, False])
@pytest.mark.parametrize("asked", ASKING)
def test_whoever_asks_the_network_is_stopped(tmp_path: Path, asked: str, *, loopback: bool):
    """Without this the test below could not fail."""
    result = shut_off(tmp_path, "-c", ASKING[asked], loopback=loopback)
    assert result.returncode != 0
    assert "NetworkUsed: the network was asked" in result.stderr


def test_what_stays_on_this_machine_is_not_stopped(tmp_path: Path):
    pair = "import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))"
    assert shut_off(tmp_path, "-c", pair).stdout == "b'x'\n"
    code = (
        "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "c = socket.create_connection(s.getsockname()); print('there')"
    )
    assert shut_off(tmp_path, "-c", code, loopback=True).stdout == "there\n"
    assert "NetworkUsed" in shut_off(tmp_path, "-c", code).stderr


def test_from_an_empty_folder_to_pages_exports_and_an_erasure_nothing_is_asked_of_the_network(tmp_path: Path):
    root = tmp_path / "squad"
    runfix(tmp_path, "init", root)
    runfix(tmp_path, "add", "Ann Example", "--root", root, "--time-zone", "Europe/Berlin")
    runfix(tmp_path, "import", "--root", root, "--runner", "Ann Example", *write_files(tmp_path))
    runfix(tmp_path, "nightly", "--root", root, "--as-of", DAY)
    pdf = ["--pdf"] if importlib.util.find_spec("weasyprint") else []
    told = runfix(tmp_path, "report", "--root", root, "--as-of", DAY, *pdf)
    assert len(list((root / "reports").rglob("*.pdf"))) == (4 if pdf else 0)
    assert "index.html" in told
    runfix(tmp_path, "status", "--root", root, "--as-of", DAY)
    runfix(tmp_path, "export", "Ann Example", "--root", root, "--to", tmp_path / "ann.zip")
    runfix(tmp_path, "export", "--pseudonymised", "--root", root, "--to", tmp_path / "all")
    runfix(tmp_path, "erase", "Ann Example", "--yes", "--root", root)
    assert Store(root).names() == {}


@pytest.mark.flow
def test_a_night_as_a_prefect_flow_asks_no_network_but_the_loopback(tmp_path: Path):
    """Prefect's server is a process of its own, and finds the shut sockets too."""
    store = Store.create(tmp_path / "squad")
    runner = store.add_runner("Ann Example", store.catalogue(), time_zone="Europe/Berlin")
    write_files(store.root / "inbox" / runner)
    home = tmp_path / "prefect"
    words = ["-c", f"import os; os.environ['PREFECT_HOME'] = {str(home)!r}\nfrom pipelines import nightly\n"
             "import sys; sys.exit(nightly.main())", "--root", store.root, "--as-of", DAY]  # fmt: skip
    result = shut_off(tmp_path, *words, loopback=True)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "NetworkUsed" not in result.stderr
    assert (store.root / "reports" / "index.html").exists()
