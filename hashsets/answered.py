"""What a peer was answered under an Idempotency-Key: the same again, and nothing done twice (sharing.md section 4)."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken

from hashsets.models import Answered, Peer
from workbench.errors import WorkbenchError

LOCK = 0x4B455953  # advisory locks of who answers under a key
KEPT = timedelta(days=7)
# One statement, as questions are many: a key that is new, or was forgotten, or stood on the very same question.
ASKED = """
INSERT INTO hashsets_answered AS a (peer_id, key, digest, status, body)
VALUES (%(peer)s, %(key)s, %(digest)s, %(status)s, '')
ON CONFLICT (peer_id, key) DO UPDATE SET digest = excluded.digest, status = excluded.status, body = '',
  at = CASE WHEN a.at < %(before)s THEN excluded.at ELSE a.at END
WHERE a.digest = excluded.digest OR a.at < %(before)s
"""


class KeyUsed(WorkbenchError):
    """This Idempotency-Key stood on another request already. Send this one under a key of its own."""

    code = "key-used"
    status = HTTPStatus.CONFLICT


def once(peer: Peer, key: str, digest: bytes, do: Callable[[], bytes]) -> bytes:
    """The body of the answer: what `do` makes, in one transaction with all it changes, or what it made before.

    `digest`: SHA-256 of method, address and body. Two at once: the second waits. Raises KeyUsed, and what `do` raises,
    which is not remembered.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, _number(peer, key)])
        rows = Answered.objects.filter(peer=peer, key=key)
        rows.filter(at__lt=timezone.now() - KEPT).delete()
        if (held := rows.first()) is not None:
            if bytes(held.digest) != digest:
                raise KeyUsed
            return held.body.encode()
        body = do()
        Answered.objects.create(peer=peer, key=key, digest=digest, status=HTTPStatus.OK, body=body.decode())
        return body


def asked(peer: Peer, key: str, digest: bytes, do: Callable[[], bytes]) -> bytes:
    """The same of a question, which changes nothing: its answer is made anew, and nobody finds it in a table.

    Raises KeyUsed, and what `do` raises.
    """
    at: dict[str, Any] = {"peer": peer.pk, "key": key, "digest": digest, "status": int(HTTPStatus.OK)}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ASKED, at | {"before": timezone.now() - KEPT})
            if not cursor.rowcount:
                raise KeyUsed
        return do()


def sweep() -> None:
    """Forget what nobody will ask again, and the tokens that ended."""
    Answered.objects.filter(at__lt=timezone.now() - KEPT).delete()
    AccessToken.objects.filter(expires__lt=timezone.now()).delete()


def _number(peer: Peer, key: str) -> int:
    """A key of an advisory lock: 31 bits."""
    return int.from_bytes(hashlib.sha256(f"{peer.pk} {key}".encode()).digest()[:4], "big") >> 1
