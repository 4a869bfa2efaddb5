"""What tests of the pages of hash sets share."""

import re
from typing import Any

from django.urls import reverse

from hashsets.models import HashSet


def url(name: str, of: HashSet) -> str:
    """The address of one of a set's pages."""
    return reverse(f"hashsets:{name}", args=[of.public_id])


def text(answer: Any) -> str:
    """What a reader sees, blanks folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
