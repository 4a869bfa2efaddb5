"""Waking workers. A message carries ids and nothing that counts: what it would start waits in the tables too."""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send(task: Any, *ids: int | str) -> None:
    """Wake a worker; without a broker nothing is lost, a sweeper wakes one later."""
    try:
        task.delay(*ids)
    except OperationalError as error:
        log.warning("%s waits for the sweeper, the broker does not answer: %s", task.name, error)


def after_commit(task: Any, *ids: int | str) -> None:
    """Wake a worker once the present transaction is committed."""
    transaction.on_commit(partial(send, task, *ids))
