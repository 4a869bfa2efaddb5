"""`manage.py up` as a person meets it: start, a second start, a kill, a taken port, Ctrl-C."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import product, seed
from tests.product import Product
from workbench.launcher.addresses import CHECKOUT

PATIENCE = 90  # seconds for something to come back


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder of its own; the tests of this file follow one another on it, like days of work."""
    yield from _there(seed.folder(seed.code()))


@pytest.fixture
def empty() -> Iterator[Path]:
    """A data folder in which nothing is yet: the first day."""
    yield from _there(Path(tempfile.mkdtemp(prefix="winnow-up-")))


def _there(folder: Path) -> Iterator[Path]:
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _processes(data: Path) -> list[str]:
    """Return the command lines of every process that works on `data`."""
    wanted = os.fsencode(data)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words, variables = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if int(folder.name) != os.getpid() and words and (wanted in words or wanted in variables):
            found.append(f"{folder.name} {os.fsdecode(words.replace(bytes(1), b' '))}")
    return found


def _pids(data: Path, word: str) -> list[int]:
    return [int(line.split()[0]) for line in _processes(data) if word in line]


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def _answers(running: Product) -> bool:
    try:
        with urllib.request.urlopen(f"{running.url}/signin", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _second(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return _manage(data, "up", *options)


def _manage(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "manage.py"), *words]
    return subprocess.run(
        command, env=product.surroundings(data), capture_output=True, text=True, check=False, timeout=60
    )


def test_of_one_start_one_refusal_and_one_kill(data: Path) -> None:
    first = product.start(data, "--workers=1")
    try:
        assert _answers(first)
        assert oct((data / "keys" / "django").stat().st_mode)[-3:] == "600"
        assert (data / "inbox").is_dir()

        refused = _second(data, f"--bind=127.0.0.1:{product.free_port()}")
        assert refused.returncode == 2
        assert "already runs" in refused.stderr
        assert "Traceback" not in refused.stderr
    finally:
        first.up.kill()
        first.up.wait()
    assert _pids(data, "postgres"), "the kill should have left something to find"

    second = product.start(data, "--workers=1")
    try:
        assert "earlier run had left behind" in second.output
        assert _answers(second)
        assert second.url in _manage(data, "person", "reset", "admin").stdout, "a link leads to where Winnow runs"
        assert len(_pids(data, "valkey-server")) == 1
        assert len([line for line in _processes(data) if " -D " in line and "postgres" in line]) == 1
        _dead_processes_come_back(second)
        _servers_come_back(second)
    finally:
        seconds = product.stop(second)
    assert second.up.returncode == 0
    assert _processes(data) == []
    assert seconds < 30


def _dead_processes_come_back(running: Product) -> None:
    for pid in _pids(running.data, "gunicorn"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _until(lambda: "The web process ended" in running.output and _answers(running))


def _servers_come_back(running: Product) -> None:
    before = _pids(running.data, "valkey-server")[0]
    os.kill(before, signal.SIGKILL)
    postmaster = int((running.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT)
    _until(lambda: "starting it again" in running.output and _pids(running.data, "valkey-server") not in ([], [before]))
    _until(lambda: _answers(running))


def test_of_a_lone_command_brings_its_own_database_and_stops_it(data: Path) -> None:
    done = _manage(data, "showmigrations", "workbench")
    assert done.returncode == 0, done.stderr
    assert "[X] 0001_initial" in done.stdout
    assert _processes(data) == []


def test_of_a_taken_port_is_said_in_one_sentence(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = _second(data, f"--bind=127.0.0.1:{taken.getsockname()[1]}")
    assert refused.returncode == 2
    assert "--bind" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert _processes(data) == []


def test_of_a_command_that_is_none_is_refused_before_a_database_is_made(tmp_path: Path) -> None:
    done = _manage(tmp_path / "data", "nonsense")
    assert done.returncode == 2
    assert done.stderr.strip() == "There is no command 'nonsense'. `manage.py help` lists them."
    assert not (tmp_path / "data" / "postgres").exists()


def test_of_a_bind_that_is_none_is_refused(data: Path) -> None:
    refused = _second(data, "--bind=somewhere")
    assert refused.returncode == 2
    assert "HOST:PORT" in refused.stderr


def test_of_two_commands_at_once_make_and_share_one_database(empty: Path) -> None:
    script = "import time; time.sleep({}); print('done')"
    words = [sys.executable, str(CHECKOUT / "manage.py"), "shell", "--verbosity=0", "--command"]
    environment = product.surroundings(empty)
    short = subprocess.Popen([*words, script.format(0)], env=environment, stdout=subprocess.PIPE)
    query = "from workbench.models import Agency; import time; time.sleep(4); print(Agency.objects.exists())"
    long = subprocess.Popen([*words, query], env=environment, stdout=subprocess.PIPE)
    assert short.communicate()[0] == b"done\n"
    assert long.communicate()[0] in {b"True\n", b"False\n"}
    assert (short.returncode, long.returncode) == (0, 0)
    assert _processes(empty) == []


WHOLE_TURN = """
import psycopg
from workbench.launcher import addresses, servers
with servers.in_use(print):
    print(psycopg.connect(addresses.database_url("app")).execute("SELECT current_user").fetchone()[0])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another user.")
@pytest.mark.parametrize("uid", [65534, 54321], ids=["nobody", "a user id without a name"])
def test_of_the_servers_run_as_any_user(uid: int) -> None:
    python = _python_for(uid)
    home = Path(tempfile.mkdtemp(prefix="winnow-user-"))
    os.chown(home, uid, uid)
    environment = product.surroundings(home / "data")
    environment |= {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(
            [python, "-c", WHOLE_TURN], user=uid, group=uid, extra_groups=[], cwd=CHECKOUT, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1:] == ["app"], done.stderr
        assert _processes(home) == []
    finally:
        shutil.rmtree(home)


def _python_for(uid: int) -> str:
    """Return a Python of our version that another user may run; root's own may lie in its home."""
    check = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", check], user=uid, group=uid, extra_groups=[], check=False).returncode == 0:
                return python
    pytest.skip("No Python here that another user may run.")


def test_of_a_folder_of_somebody_elses_is_named() -> None:
    refused = _second(Path("/proc/winnow"), f"--bind=127.0.0.1:{product.free_port()}")
    assert refused.returncode == 2
    assert "WINNOW_DATA" in refused.stderr
    assert "Traceback" not in refused.stderr
