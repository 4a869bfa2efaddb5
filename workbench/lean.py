"""Static files as they are published: our scripts without comments and indents, which are a quarter of them.

Nothing is bundled or rewritten: a script of the checkout runs as it is, and each published line is a line of it.
No text of ours runs over several lines (`tests/test_static.py`), so an indent is never part of one.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage

OURS = "js/"
# Only what fills whole lines, so that no text or pattern inside a line is ever taken for one.
COMMENT = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*\n", re.MULTILINE)
# Behind code only where a statement or a part of it has just ended, and with no quote that might have begun before.
REMARK = re.compile(r"(?<=[;{},)\]]) +// [^\n\"'`]*$", re.MULTILINE)
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def without_comments(code: str) -> str:
    """The script without comments and indents."""
    return INDENT.sub("", REMARK.sub("", COMMENT.sub("", code)))


class LeanStorage(StaticFilesStorage):
    """What collectstatic writes to and pages link to."""

    def post_process(self, paths: dict[str, Any], *, dry_run: bool = False) -> Iterator[tuple[str, str, bool]]:
        """Rewrite our scripts where they were collected; yields (name, name, whether it changed)."""
        for name in paths:
            if dry_run or not name.startswith(OURS):
                continue
            with self.open(name) as file:
                code = file.read().decode()
            lean = without_comments(code)
            if lean != code:
                Path(self.path(name)).write_text(lean, encoding="utf-8")
            yield name, name, lean != code
