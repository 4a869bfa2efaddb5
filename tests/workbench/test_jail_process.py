"""The jail as a process: what it holds, what it may do, and what happens when it dies."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tests.workbench.jail_samples import clip, encoded, landscape, preview_of, veil_of
from tests.workbench.test_jail_escapes import breakout
from workbench.jail import Decoder, Preview, answers, results, wire
from workbench.jail import decoder as decoder_module
from workbench.jail.process import Jail

ROOT = Path(__file__).resolve().parents[2]
PICTURE = encoded(landscape(), "PNG")


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        assert preview_of(decoder, PICTURE).state == "made"
        yield decoder


def pid_of(decoder: Decoder, work: str = "media") -> int:
    return decoder._jails[work].process.pid


def gone(pid: int) -> bool:
    """Whether the process has ended within five seconds (a zombie has)."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def census() -> dict[str, Any]:
    """What a process of the jail says it was given."""
    with breakout("free", "census") as jail, (ROOT / "manage.py").open("rb") as evidence:
        wire.send_descriptor(jail.sock, {}, evidence.fileno())
        found: dict[str, Any] = wire.receive(jail.sock, most=0)[0]["got"]
        return found


def test_the_jail_is_handed_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app:a-secret@localhost/winnow")
    names = {"PYTHONPATH", "LANG", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    assert set(census()["environment"]) == names


def test_the_jail_holds_its_socket_and_nothing_else() -> None:
    with (ROOT / "manage.py").open() as inherited:
        os.set_inheritable(inherited.fileno(), True)
        held = census()["held"]
    assert held.pop("0").startswith("socket:")
    assert held == {"1": "/dev/null", "2": "/dev/null"}


def test_the_jail_stands_in_the_root_folder_and_in_a_session_of_its_own() -> None:
    found = census()
    assert (found["stands"], found["leads"]) == ("/", True)


def test_the_jail_may_write_nothing_and_take_a_gigabyte(decoder: Decoder) -> None:
    lines = Path(f"/proc/{pid_of(decoder)}/limits").read_text().splitlines()
    limits = {line[:26].strip(): line[26:].split()[:2] for line in lines}
    assert limits["Max file size"] == limits["Max core file size"] == ["0", "0"]
    assert limits["Max open files"] == ["16", "16"]
    assert 1 << 30 < int(limits["Max address space"][1]) < 3 << 30
    assert limits["Max data size"] == limits["Max address space"]


def test_the_jail_imports_no_django_and_no_database_driver() -> None:
    code = """
        import sys
        import workbench.jail.archives, workbench.jail.child, workbench.jail.media
        workbench.jail.media.warm_up()
        print(*{name.partition(".")[0] for name in sys.modules} & {"django", "psycopg", "celery", "redis"})
    """
    answer = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(code)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert answer.stdout.strip() == b""


def test_a_warm_jail_opens_no_file_and_imports_nothing_more() -> None:
    """Once locked it could not: what it would miss there is found here."""
    code = """
        import os, sys
        from pathlib import Path
        from workbench.jail import media
        media.warm_up()
        done = []
        def watch(event, arguments):
            if event == "import" or (event == "open" and not isinstance(arguments[0], int)):
                done.append((event, str(arguments[0])))
        descriptors = {path: os.open(path, os.O_RDONLY) for path in sys.argv[1:]}
        sys.addaudithook(watch)
        for path, descriptor in descriptors.items():
            media.preview(descriptor)
        print(done)
    """
    folders = (shared("media/formats"), shared("media/video"), shared("media/broken"))
    paths = [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]
    command = [sys.executable, "-P", "-c", textwrap.dedent(code), *paths]
    assert subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True).stdout == b"[]\n"


def test_the_jail_dies_with_its_worker() -> None:
    code = """
        import os, sys, time
        sys.path.insert(0, sys.argv[1])
        from workbench.jail import Decoder
        decoder = Decoder()
        descriptor = os.open("manage.py", os.O_RDONLY)
        decoder.preview(descriptor, size=1)
        print(decoder._jails["media"].process.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(ROOT)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        jail = int(worker.stdout.readline())
        os.kill(jail, signal.SIGSTOP)  # busy with a file: it cannot notice that its socket was closed
        worker.kill()
    assert gone(jail)


def test_a_decoder_that_is_killed_in_the_middle_is_replaced_and_asked_again(decoder: Decoder) -> None:
    first = pid_of(decoder)
    os.kill(first, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (first, signal.SIGKILL)).start()
    assert preview_of(decoder, PICTURE).state == "made"
    assert pid_of(decoder) != first


def test_a_file_that_kills_each_decoder_says_so_and_the_next_file_is_shown(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    class Doomed(Jail):
        def wait(self) -> None:
            super().wait()
            started.append(self.process.pid)
            os.kill(self.process.pid, signal.SIGSTOP)
            threading.Timer(0.2, os.kill, (self.process.pid, signal.SIGKILL)).start()

    decoder.close()
    monkeypatch.setattr(decoder_module, "Jail", Doomed)
    answer = preview_of(decoder, PICTURE)
    assert (answer.kind, answer.mime, answer.state, answer.reason) == ("still", "image/png", "none", "decoder-killed")
    assert len(started) == 2
    monkeypatch.undo()
    assert preview_of(decoder, PICTURE).state == "made"


def test_a_decoder_that_died_while_idle_costs_nothing(decoder: Decoder) -> None:
    os.kill(pid_of(decoder), signal.SIGKILL)
    assert gone(pid_of(decoder))
    assert preview_of(decoder, PICTURE).state == "made"


def test_a_decoder_that_takes_too_long_is_killed(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "SECONDS", 0.3)
    first = pid_of(decoder)
    os.kill(first, signal.SIGSTOP)
    assert preview_of(decoder, PICTURE).reason == "decoder-timeout"
    assert gone(first)
    monkeypatch.undo()
    assert preview_of(decoder, PICTURE).state == "made"


def test_the_time_allowed_grows_with_the_file_up_to_two_minutes() -> None:
    assert [results.seconds_for(size) for size in (0, 10_000_000, 10**12)] == [20, 40, 120]


def test_a_decoder_is_replaced_after_its_share_of_files(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_module, "SERVED_AT_MOST", 3)
    seen = set()
    for _ in range(5):  # and one from the fixture
        assert preview_of(decoder, PICTURE).state == "made"
        seen |= {jail.process.pid for jail in decoder._jails.values()}
    assert len(seen) == 2


def test_the_process_that_follows_is_warm_before_it_is_needed(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_module, "SERVED_AT_MOST", 4)
    monkeypatch.setattr(decoder_module, "AHEAD", 2)
    preview_of(decoder, PICTURE)  # the second, after the fixture's
    following = decoder._jails[decoder_module.NEXT].process.pid
    for _ in range(3):
        assert preview_of(decoder, PICTURE).state == "made"
    assert pid_of(decoder) == following
    assert decoder_module.NEXT not in decoder._jails


def test_a_decoder_killed_for_a_forbidden_call_is_told_in_the_log(
    decoder: Decoder, caplog: pytest.LogCaptureFixture
) -> None:
    os.kill(pid_of(decoder), signal.SIGSYS)
    assert gone(pid_of(decoder))
    assert preview_of(decoder, PICTURE).state == "made"
    assert "a system call that decoding does not need" in caplog.text


def test_closing_leaves_no_process_and_no_descriptor() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Decoder() as decoder:
        preview_of(decoder, PICTURE)
        pid = pid_of(decoder)
    assert not Path(f"/proc/{pid}").exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_writable_descriptor_is_never_handed_over(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "evidence.png"
    path.write_bytes(PICTURE)
    with path.open("r+b") as file, pytest.raises(ValueError, match="open for reading"):
        decoder.preview(file.fileno(), size=len(PICTURE))


def honest(**changes: Any) -> dict[str, Any]:
    answer = answers.packed(Preview("still", "image/png", 1, 1, frames=1, state="made", veil=VEIL, clear=CLEAR))
    return {**answer[0], **changes}


@contextmanager
def in_place_of(decoder: Decoder) -> Iterator[socket.socket]:
    """The end of a socket on which a test answers in place of the jail.

    The jail's own stays open meanwhile: at its end the process would go, and another answer in its place.
    """
    jail = decoder._jails["media"]
    own = jail.sock
    jail.sock, theirs = socket.socketpair()
    with own, theirs:
        yield theirs


VEIL, CLEAR = veil_of(), b"\xff\xd8\xff\xe0"
LIES = [
    honest(kind="<script>"),
    honest(state="splendid"),
    honest(width=-1),
    honest(height=2**40),
    honest(mime="image/png\nSet-Cookie: x"),
    honest(mime=None),
    honest(reason="x" * 5000),
    honest(veil=34, clear=0),
    honest(veil=0, clear=34),
    honest(clear=400),
    honest(state="none"),
    {},
]


@pytest.mark.parametrize("lie", LIES)
def test_a_decoder_that_was_taken_over_is_not_believed(decoder: Decoder, lie: dict[str, Any]) -> None:
    with in_place_of(decoder) as theirs:
        wire.send(theirs, lie, VEIL + CLEAR)
        liar, answer = pid_of(decoder), preview_of(decoder, PICTURE)
    assert (answer.state, answer.width) == ("made", 64)  # from the honest one that took its place
    assert gone(liar)


def test_an_honest_answer_of_the_same_shape_is_believed(decoder: Decoder) -> None:
    with in_place_of(decoder) as theirs:
        wire.send(theirs, honest(), VEIL + CLEAR)
        assert preview_of(decoder, PICTURE).clear == CLEAR


def test_a_flood_instead_of_an_answer_is_refused(decoder: Decoder) -> None:
    with in_place_of(decoder) as theirs:
        theirs.sendall(wire.PREFIX.pack(2**31, 2**31))
        flooder, answer = pid_of(decoder), preview_of(decoder, PICTURE)
    assert answer.state == "made"
    assert gone(flooder)


SEEDS = [encoded(landscape(), name) for name in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "ICO", "TGA")]
SEEDS += [encoded(landscape().convert("CMYK"), "JPEG"), clip([landscape(96, 64)] * 3)]


@pytest.fixture(scope="module")
def lasting() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(SEEDS),
    cut=st.floats(0.01, 1),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255))),
)
def test_damaged_bytes_are_an_answer_and_never_an_error(
    lasting: Decoder, seed: bytes, cut: float, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(seed[: max(1, int(len(seed) * cut))])
    for place, value in flips:
        data[int(place * len(data))] = value
    answer = preview_of(lasting, bytes(data))
    assert (answer.state == "made") == (answer.reason == "")
    assert (answer.state == "none") == (answer.clear == b"")
