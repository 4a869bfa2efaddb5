"""Addresses, secrets and programs are found the same way by every process, and wrong settings are named."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.launcher import addresses, binaries, keys
from workbench.launcher.errors import BinaryMissing, DataUnreachable, LauncherError
from workbench.launcher.up import parse_bind


def test_of_a_database_of_the_persons_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:p%40ss@db.example:5433/cases?sslmode=verify-full")
    assert not addresses.database_is_embedded()
    assert addresses.django_database("app") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "cases",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "verify-full"},
    }
    assert addresses.database_url("owner") == addresses.database_url("app")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@db.example/cases")
    assert addresses.django_database("owner")["USER"] == "owner"


def test_of_another_kind_of_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me@db.example/cases")
    with pytest.raises(LauncherError, match="postgresql://"):
        addresses.django_database("app")


def test_of_the_embedded_database_is_reached_over_its_socket_with_a_password() -> None:
    entry = addresses.django_database("app")
    assert entry["HOST"] == str(addresses.postgres_socket_dir())
    assert entry["USER"] == "app"
    assert len(entry["PASSWORD"]) >= 32
    assert entry["PASSWORD"] != addresses.django_database("owner")["PASSWORD"]


@pytest.mark.parametrize(
    ("given", "broker"),
    [
        ("redis://broker.example:6379/2", "redis://broker.example:6379/2"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
    ],
)
def test_of_celery_gets_the_same_broker_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, given: str, broker: str
) -> None:
    monkeypatch.setenv("REDIS_URL", given)
    assert addresses.broker_url() == broker


def test_of_a_path_too_long_for_a_socket_gets_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_DATA", "/srv/" + "deep/" * 30)
    assert len(os.fsencode(addresses.valkey_socket())) < addresses.LONGEST_SOCKET_PATH
    assert addresses.postgres_socket_dir() != addresses.valkey_socket().parent


def test_of_a_socket_folder_somebody_else_could_enter_is_refused(tmp_path: Path) -> None:
    open_to_all = tmp_path / "sockets"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(DataUnreachable, match="not a private folder"):
        addresses.private_socket_dir(open_to_all)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(DataUnreachable, match="not a private folder"):
        addresses.private_socket_dir(link)


def test_of_a_secret_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: keys.secret(tmp_path, "django"), range(32)))
    assert len(found) == 1
    path = tmp_path / "keys" / "django"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["django"]


def test_of_programs_are_found_where_the_environment_says_and_in_the_wheels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert os.access(binaries.postgres_program("initdb"), os.X_OK)
    assert os.access(binaries.valkey_program(), os.X_OK)
    monkeypatch.setenv("WINNOW_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(BinaryMissing, match="WINNOW_POSTGRES_BIN"):
        binaries.postgres_program("postgres")
    own = tmp_path / "postgres"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o700)
    assert binaries.postgres_program("postgres") == own


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0.0.0.0:80", ("0.0.0.0", 80)), (":8010", ("127.0.0.1", 8010)), ("8010", ("127.0.0.1", 8010)),
     ("[::1]:8010", ("::1", 8010)), ("winnow.example:443", ("winnow.example", 443))],
)  # fmt: skip
def test_of_an_address_to_listen_on(text: str, wanted: tuple[str, int]) -> None:
    assert parse_bind(text) == wanted


@pytest.mark.parametrize("text", ["", "here", "localhost:", "localhost:0", "localhost:65536", "localhost:-1", "a:b"])
def test_of_no_address_to_listen_on(text: str) -> None:
    with pytest.raises(LauncherError, match="HOST:PORT"):
        parse_bind(text)


def test_of_addresses_may_come_from_files_and_a_missing_one_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        (tmp_path / name).write_text(f"{name.lower()}://secret\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    assert (addresses.database_url("app"), addresses.redis_url()) == ("database_url://secret", "redis_url://secret")
    assert not addresses.database_is_embedded()
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "gone"))
    with pytest.raises(LauncherError, match="REDIS_URL_FILE cannot be read"):
        addresses.redis_url()
