"""Builds the middlewares once for all clients of the tests: each client's own would look through all static files."""

from typing import Any
from unittest import mock

from django.core.signals import setting_changed
from django.test.client import ClientHandler

_built: dict[str, Any] = {}
_load = ClientHandler.load_middleware


def share() -> None:
    """From now on clients share what the first of them built, until a setting changes."""
    mock.patch.object(ClientHandler, "load_middleware", _load_once).start()
    setting_changed.connect(forget, dispatch_uid="tests.one_chain")


def forget(**_signal: Any) -> None:
    """Have the next client build its own: a setting changed, or a file that is served."""
    _built.clear()


def _load_once(self: ClientHandler) -> None:
    """Take over what was built; whether forgeries are looked for stays the client's own."""
    if not _built:
        _load(self)
        _built.update(self.__dict__)
        del _built["enforce_csrf_checks"]
    self.__dict__.update(_built)
