"""The jail's own process: `python -m workbench.jail.child media|films|archives|images PARENT UID full|incomplete`.

Descriptor 0 is its socket to the worker and the only way in or out. It imports no Django and no database
driver, is handed an empty environment, answers one request at a time and ends when the socket does.
"""

import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from workbench.jail import answers, lockdown, wire
from workbench.jail.layers import Terms

INCOMPLETE = "incomplete"  # the word by which the operator does without a layer that the machine lacks

Serve = Callable[[socket.socket, dict[str, Any], int], None]


def main(work: str, parent: int, terms: Terms) -> None:
    """Warm up, lock, say that we are ready, then serve until the worker hangs up."""
    lockdown.follow(parent)
    serve = WORKS[work]()
    sock = socket.socket(fileno=0)
    lockdown.lock(parent, terms, lockdown.SEGMENTS if work == "images" else lockdown.DESCRIPTORS)
    wire.send(sock, {"ready": work})
    while True:
        try:
            request, descriptor = wire.receive_descriptor(sock)
        except wire.BrokenConversation:
            os._exit(0)  # an interpreter that tidies up makes calls that decoding does not need
        serve(sock, request, descriptor)


def _media() -> Serve:
    from workbench.jail import media

    media.warm_up()

    def serve(sock: socket.socket, _request: dict[str, Any], descriptor: int) -> None:
        header, bodies = answers.packed(media.preview(descriptor))
        wire.send(sock, header, *bodies)

    return serve


def _films() -> Serve:
    from workbench.jail import media, pieces, playing, tape

    media.warm_up()
    tape.warm_up()
    theatre = playing.Theatre()

    def serve(sock: socket.socket, request: dict[str, Any], descriptor: int) -> None:
        header, bodies = pieces.packed(theatre.piece(request, descriptor))
        wire.send(sock, header, *bodies)

    return serve


def _archives() -> Serve:
    from workbench.jail import archives

    archives.warm_up()
    return archives.serve


def _images() -> Serve:
    from workbench.jail import images

    images.warm_up()
    return images.serve


WORKS = {"media": _media, "films": _films, "archives": _archives, "images": _images}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Terms(int(sys.argv[3]), sys.argv[4] == INCOMPLETE))
