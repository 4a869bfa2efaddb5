"""The jail's own process: `python -m workbench.jail.child media|archives PARENT`.

Descriptor 0 is its socket to the worker and the only way in or out. It imports no Django and no database
driver, is handed an empty environment, answers one request at a time and ends when the socket does.
"""

import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from workbench.jail import lockdown, results, wire


def main(work: str, parent: int) -> None:
    """Warm up, lock, say that we are ready, then serve until the worker hangs up."""
    lockdown.follow(parent)
    serve = _media() if work == "media" else _archives()
    lockdown.lock()
    with socket.socket(fileno=0) as sock:
        wire.send(sock, {"ready": work})
        while True:
            try:
                request, descriptor = wire.receive_descriptor(sock)
            except wire.BrokenConversation:
                return
            serve(sock, request, descriptor)


Serve = Callable[[socket.socket, dict[str, Any], int], None]


def _media() -> Serve:
    from workbench.jail import media

    media.warm_up()

    def serve(sock: socket.socket, _request: dict[str, Any], descriptor: int) -> None:
        preview = media.preview(descriptor)
        header = asdict(preview)
        header["veil"], header["clear"] = len(preview.veil), len(preview.clear)
        header["pdq"] = preview.pdq.hex()
        header["tired"] = preview.reason == results.DECODER_LIMIT
        wire.send(sock, header, preview.veil, preview.clear)

    return serve


def _archives() -> Serve:
    from workbench.jail import archives

    archives.warm_up()
    return archives.serve


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
