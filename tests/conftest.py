"""Fixtures for all tests: a real PostgreSQL and Valkey, the whole product, a browser.

Tests run as the role `app`, like the product. Importing this file gives the run its own data folder,
before Django's settings are read.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import django
import pytest
from django.db import connections
from django.test import TransactionTestCase

from tests import chromium, database, environment, product, seed
from workbench.launcher import prepare
from workbench.launcher import servers as launched

DATA = environment.prepare()
CODE = seed.code()
PLANTED = seed.planted(DATA, CODE)  # before the settings read the keys
django.setup()  # before the conftests of folders are read: they import models
del os.environ["DJANGO_SETTINGS_MODULE"]  # processes of pytest-xdist would read the settings before this file


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the fixtures that need the models."""
    for name in ("tests.people", "tests.damage"):
        config.pluginmanager.import_plugin(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start whole products go to one process (pytest-xdist), one after the other."""
    for item in items:
        if {"browser", "launcher", "flows"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("products"))


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL (without fsync) and Valkey from the product's own launcher, for the whole run."""
    with launched.in_use(print, fsync=False, die_with_parent=True):
        if not PLANTED:
            _migrate_and_keep()
        yield


def _migrate_and_keep() -> None:
    """Migrate as the product does, and keep the result for the next run of the same code."""
    prepare.migrate()
    database.keep_pristine()
    launched.stop()
    seed.keep(DATA, CODE)
    launched.ensure(print, fsync=False, die_with_parent=True)


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
    """The whole product (web, worker, beat) with a data folder of its own, shared by the browser tests."""
    folder = Path(tempfile.mkdtemp(prefix="winnow-live-"))
    seed.planted(folder, CODE)
    with product.running("--workers=1", data=folder, settings=product.ROOMY) as running:
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
