"""Every code a reader or an import may report has words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hashsets
from hashsets import import_words

CODE = re.compile(r"[a-z]+(-[a-z0-9]+)+")
# Words of this shape that are something else: encodings, names of hash kinds, a category that is none.
ELSEWHERE = {"latin-1", "utf-8", "utf-16-le", "utf-16-be", "sha-1", "sha-256", "sha-512", "not-baseline"}
MADE_UP = {"bad-date-updated", "conflicting"}  # put together from a column's name; of a single word


def literals(path: Path) -> Iterator[str]:
    """Every text of the shape of a code in a module, except the codes of its errors."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    errors = [node.value for one in ast.walk(tree) if isinstance(one, ast.ClassDef) for node in one.body
              if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code"]  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in errors and CODE.fullmatch(str(node.value)):
            yield str(node.value)


def test_every_code_has_words_and_no_words_are_for_nothing() -> None:
    folder = Path(hashsets.__file__).parent
    alone = [folder / f"{name}.py" for name in ("import_checks", "importing", "merging", "staging")]
    sources = [*folder.glob("exchange/*.py"), *alone]
    said = {text for path in sources for text in literals(path)} - ELSEWHERE
    told = import_words.SKIPPED.keys() | import_words.KEPT.keys() | import_words.WHOLE.keys()
    assert told ^ said == MADE_UP
