"""How much one token may ask for in a minute, counted in Valkey by all web processes together."""

import logging
import time
from functools import cache
from http import HTTPStatus

import redis

from workbench.errors import WorkbenchError
from workbench.launcher import addresses
from workbench.models import ApiToken

log = logging.getLogger(__name__)
WINDOW = 60  # seconds


class TooOften(WorkbenchError):
    """This token asks for too much at once. Wait as many seconds as Retry-After says, then send it again."""

    code = "too-often"
    status = HTTPStatus.TOO_MANY_REQUESTS
    permanent = False
    seconds = WINDOW


def spend(token: ApiToken, what: str, number: int, most: int) -> None:
    """Count `number` more of `what` for the token in the present minute. Raises TooOften.

    Where Valkey does not answer nothing is counted: a look-up that waits for it would hold up an investigation.
    """
    now = int(time.time())
    key = f"winnow:api:{what}:{token.pk}:{now // WINDOW}"
    try:
        with _valkey().pipeline() as pipe:
            pipe.incrby(key, number)
            pipe.expire(key, 2 * WINDOW)
            spent, _ = pipe.execute()
    except redis.RedisError as error:
        log.warning("limits of tokens are not counted, Valkey does not answer: %s", error)
        return
    if spent > most:
        raise _too_often(what, most, WINDOW - now % WINDOW)


def _too_often(what: str, most: int, seconds: int) -> TooOften:
    error = TooOften(f"A token may send {most:,} {what} a minute. Wait {seconds} seconds, then send it again.")
    error.seconds = seconds
    return error


@cache
def _valkey() -> redis.Redis:
    """One pool of connections a process, made when it is first needed: after the web server forked."""
    return redis.Redis.from_url(addresses.redis_url(), socket_timeout=1, socket_connect_timeout=1)
