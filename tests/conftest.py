"""Fixtures for all tests: a real PostgreSQL and Valkey, the whole product, a browser.

Tests run as the role `app`, like the product. Importing this file gives the run its own data folder,
before Django's settings are read.
"""

import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import django
import pytest
from django.db import connections
from django.test import TransactionTestCase

from tests import chromium, database, environment, one_chain, product, seed, sharing_out
from tests.browser import pseudo
from workbench.launcher import prepare
from workbench.launcher import servers as launched

DATA = environment.prepare()
CODE = seed.code()
PLANTED = seed.planted(DATA, CODE)  # before the settings read the keys
django.setup()  # before the conftests of folders are read: they import models
del os.environ["DJANGO_SETTINGS_MODULE"]  # processes of pytest-xdist would read the settings before this file


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the fixtures that need the models."""
    for name in ("tests.people", "tests.damage", "tests.german"):
        config.pluginmanager.import_plugin(name)
    one_chain.share()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> sharing_out.OneWorld:
    """How the tests are shared out among processes."""
    return sharing_out.OneWorld(config, log)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before pytest-xdist starts its processes, migrate once for all of them and for the products they start."""
    starts_others = session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput")
    if starts_others and not PLANTED:
        with launched.in_use(print, fsync=False, die_with_parent=True):
            _migrate_and_keep()


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL (without fsync) and Valkey from the product's own launcher, for the whole run."""
    with launched.in_use(print, fsync=False, die_with_parent=True):
        if not PLANTED:
            _migrate_and_keep()
            launched.ensure(print, fsync=False, die_with_parent=True)
        yield


def _migrate_and_keep() -> None:
    """Migrate as the product does, and keep the result for whoever comes next with the same code; it is stopped."""
    prepare.migrate()
    database.keep_pristine()
    launched.stop()
    seed.keep(DATA, CODE)


@pytest.fixture(scope="session")
def django_db_setup(servers: None) -> Iterator[None]:
    """The database as the product migrates it; `transaction=True` tests end by restoring it."""
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", _restore):
        yield
    connections.close_all()


def _restore(_case: TransactionTestCase) -> None:
    database.restore_pristine()


@pytest.fixture(scope="session")
def live() -> Iterator[product.Product]:
    """The whole product (web, worker, beat) with a data folder of its own, shared by the browser tests.

    It also offers the pseudo-locale, which no installation does.
    """
    data = seed.folder(CODE)
    pseudo.write(data)
    offered = {"WINNOW_LANGUAGES": f"en,de,{pseudo.LANGUAGE}"}
    with product.running("--workers=1", data=data, settings=product.ROOMY | offered) as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium; without one the test is skipped with a sentence, and fails in CI."""
    if chromium.path() is None:
        if environment.in_ci():
            pytest.fail(chromium.HOW)
        pytest.skip(chromium.HOW)
    return browser_type_launch_args | {"executable_path": chromium.path(), "args": chromium.flags()}


@pytest.fixture(scope="session")
def base_url(live: product.Product) -> str:
    """Pages are addressed by path: `page.goto("/")`."""
    return live.url
