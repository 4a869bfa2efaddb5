"""Answers requests for pieces of a film: keeps the one open that was asked for last. Runs in the jail."""

import os
from typing import Any, BinaryIO

from workbench.jail import loudness, results, tape
from workbench.jail.pieces import Piece
from workbench.jail.reel import NotPlayed, Reel

MAX_STEP = 60_000  # milliseconds


class Theatre:
    """Plays pieces of films, one film at a time."""

    def __init__(self) -> None:
        self._reel: Reel | None = None
        self._shown = ""  # what the worker calls it

    def piece(self, request: dict[str, Any], descriptor: int) -> Piece:
        """The piece that is asked for; takes the descriptor over. Whatever a decoder raises becomes a reason."""
        start = int(request["from"])
        try:
            if request["what"] != "pictures":
                with os.fdopen(descriptor, "rb") as file:
                    return tape.piece(file, start) if request["what"] == "sound" else _loudness(file, request)
            return self._of(os.fdopen(descriptor, "rb"), str(request["film"])).piece(start, int(request["step"]))
        except NotPlayed as refused:
            return self._gave_up(start, str(refused))
        except MemoryError:
            return self._gave_up(start, results.DECODER_LIMIT)
        except Exception:  # decoders raise anything over hostile bytes, and that is the answer
            return self._gave_up(start, results.UNDECODABLE)

    def _of(self, file: BinaryIO, name: str) -> Reel:
        if self._reel is not None and self._shown == name:
            file.close()
            return self._reel
        self.close()
        self._reel, self._shown = Reel(file), name
        return self._reel

    def _gave_up(self, start: int, reason: str) -> Piece:
        self.close()
        return Piece(start, reason=reason)

    def close(self) -> None:
        """Let go of the film that is open."""
        if self._reel is not None:
            self._reel.close()
        self._reel = None


def _loudness(file: BinaryIO, request: dict[str, Any]) -> Piece:
    return loudness.piece(file, int(request["from"]), max(1, int(request["part"])))
