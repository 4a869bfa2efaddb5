"""The PDQ of a picture as it is kept: 32 bytes and a quality; below quality 50 no hash. Runs in the jail."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from PIL import Image

LEAST_QUALITY = 50  # below it a hash says too little to be kept; vics.md section 7


def of(picture: Image.Image) -> tuple[bytes, int]:
    """(32 bytes or none below LEAST_QUALITY, quality of 100); (none, 0) in a build without PDQ."""
    pdq = _pdq()
    if pdq is None:
        return b"", 0
    value, quality = pdq.compute(picture)
    return (bytes(value) if quality >= LEAST_QUALITY else b""), min(100, max(0, int(quality)))


@cache
def _pdq() -> Any:
    """The module that computes it, looked up once, before the jail is locked."""
    name = "workbench.jail.pdq"
    return import_module(name) if find_spec(name) else None
