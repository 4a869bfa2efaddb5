"""What browsers get of our scripts: the same lines, without those that are comments. There is no other build step.

Comments are a sixth of what would go over the wire. Lines keep their numbers.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage

OURS = re.compile(r"js/[\w-]+\.js")
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)[ \t]*$", re.MULTILINE)


def without_comments(script: str) -> str:
    """The script with comments that stand on lines of their own left empty."""
    return COMMENT.sub(lambda found: "\n" * found[0].count("\n"), script)


class Storage(StaticFilesStorage):
    """Where static files are collected."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **_options: Any) -> Iterator[Any]:
        """Yield (name, name, True) for each script that was rewritten; twice is harmless."""
        for name in () if dry_run else filter(OURS.fullmatch, paths):
            path = Path(self.path(name))
            sent = without_comments(text := path.read_text(encoding="utf-8"))
            if sent != text:
                path.write_text(sent, encoding="utf-8")
                yield name, name, True
