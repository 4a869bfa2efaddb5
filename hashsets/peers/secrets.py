"""The credentials that peers gave us: files below the node's keys, readable by their owner only."""

import os
import secrets
from pathlib import Path

from django.conf import settings

from hashsets.models import Peer
from hashsets.peers.errors import NoCredential
from workbench import durable


def keep(peer: Peer, secret: str) -> None:
    """Store a peer's secret for us in place of the last one, whole or not at all."""
    path = _path(peer)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with durable.new_file(draft) as file:
        file.write(secret.strip().encode())
    durable.place(draft, path)


def of(peer: Peer) -> str:
    """A peer's secret for us. Raises NoCredential."""
    try:
        return _path(peer).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NoCredential from None


def is_kept(peer: Peer) -> bool:
    """Whether there is one."""
    return bool(peer.client_id) and _path(peer).is_file()


def _path(peer: Peer) -> Path:
    return Path(settings.DATA_DIR) / "keys" / "peers" / str(peer.public_id)
