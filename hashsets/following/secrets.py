"""What opens foreign servers: a file each below the node's keys, written and never shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as noop

from hashsets import events
from hashsets.models import Remote
from hashsets.remotes import BY_ID, Source
from workbench import audit, durable
from workbench.errors import BadInput, NotFound
from workbench.models import User

LONGEST = 10_000  # bytes


def one_line(secret: str) -> str:
    """The secret without blanks around it. Raises BadInput."""
    line = secret.strip()
    if len(line.encode()) > LONGEST or not re.fullmatch(r"[^\0\r\n]*", line):
        raise BadInput(noop("The secret is one line of text."))
    return line


@contextmanager
def keeping(secret: str) -> Iterator[str]:
    """The name of a new file with the secret, "" for none; gone again where the block fails. Raises BadInput."""
    line = one_line(secret)
    name = f"remote-{uuid4()}" if line else ""
    try:
        if line:
            _write(_file(name), line)
        yield name
    except BaseException:
        forget(name)
        raise


def replace(remote: Remote, secret: str, *, by: User) -> None:
    """Use another secret from now on; the one before is deleted. Raises BadInput, NotFound where it ended."""
    BY_ID[remote.kind].check(Source(remote.place, one_line(secret)))
    with keeping(secret) as name:
        _take(remote, name, by)


@transaction.atomic
def _take(remote: Remote, name: str, by: User) -> None:
    before = Remote.objects.select_for_update().filter(pk=remote.pk, ended_at=None).first()
    if before is None:
        raise NotFound
    Remote.objects.filter(pk=remote.pk).update(secret=name)
    audit.record(events.REMOTE_KEYED, by=by, on=remote, agency=remote.set.owner_id, set=remote.set.name,
                 kind=remote.kind)  # fmt: skip
    transaction.on_commit(partial(forget, before.secret))


def read(name: str) -> str:
    """The secret in the file of that name. Raises BadInput when it is gone."""
    try:
        return _file(name).read_text("utf-8") if name else ""
    except OSError as error:
        raise BadInput(
            noop("The secret of this server cannot be read from the node's keys: %(why)s. Give it anew."),
            why=error.strerror,
        ) from error


def forget(name: str) -> None:
    """Delete the file, if it is there."""
    if name:
        _file(name).unlink(missing_ok=True)


def _write(path: Path, line: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with durable.new_file(path) as file:
        file.write(line.encode())
    durable.sync_folder(path.parent)


def _file(name: str) -> Path:
    return settings.DATA_DIR / "keys" / name
