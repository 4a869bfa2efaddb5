"""How much one token, and one person by whatever way, may ask for in a minute.

Counted in Valkey by all web processes together. Where it does not answer nothing is counted: a look-up that waits for
it would hold up an investigation.
"""

import logging
import time
from functools import cache
from http import HTTPStatus

import redis

from workbench.errors import WorkbenchError
from workbench.launcher import addresses
from workbench.models import ApiToken, User

log = logging.getLogger(__name__)
WINDOW = 60  # seconds


class TooOften(WorkbenchError):
    """You ask for too much at once. Wait as many seconds as Retry-After says, then send it again."""

    code = "too-often"
    status = HTTPStatus.TOO_MANY_REQUESTS
    permanent = False
    seconds = WINDOW


def spend(token: ApiToken, what: str, number: int, *, most: int, of_person: int) -> None:
    """Count `number` more of `what` for the token, then for its person, in the present minute. Raises TooOften."""
    count(f"{what}:{token.pk}", number, most, f"A token may send {most:,} {what} a minute.")
    spend_by_person(token.user, what, number, most=of_person)


def spend_by_person(user: User, what: str, number: int, *, most: int) -> None:
    """The same for a person alone: twenty tokens are not twenty people. Raises TooOften."""
    count(f"{what}:of-{user.pk}", number, most, f"One person may send {most:,} {what} a minute.")


def count(name: str, number: int, most: int, says: str) -> None:
    """Count `number` more under a name, in the present minute. Raises TooOften, which `says` so, above `most`."""
    now = int(time.time())
    key = f"winnow:api:{name}:{now // WINDOW}"
    try:
        with _valkey().pipeline() as pipe:
            pipe.incrby(key, number)
            pipe.expire(key, 2 * WINDOW)
            spent, _ = pipe.execute()
    except redis.RedisError as error:
        log.warning("limits are not counted, Valkey does not answer: %s", error)
        return
    if spent > most:
        seconds = WINDOW - now % WINDOW
        refused = TooOften(f"{says} Wait {seconds} seconds, then send it again.")
        refused.seconds = seconds
        raise refused


@cache
def _valkey() -> redis.Redis:
    """One pool of connections a process, made when it is first needed: after the web server forked."""
    return redis.Redis.from_url(addresses.redis_url(), socket_timeout=1, socket_connect_timeout=1)
