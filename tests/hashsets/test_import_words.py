"""Every code a reader or an import may report has words."""

import re
from pathlib import Path

import hashsets
from hashsets import import_words

SAID = re.compile(r'(?:_odd\(|warn\(|skip\(|problem = |_doubt = |return |else |or )"([a-z]+(?:-[a-z0-9]+)+)"')
ELSEWHERE = {"not-baseline"}  # words of this shape that are something else


def test_every_code_has_words_and_no_words_are_for_nothing() -> None:
    folder = Path(hashsets.__file__).parent
    sources = [*folder.glob("exchange/*.py"), folder / "importing.py"]
    said = {code for path in sources for code in SAID.findall(path.read_text(encoding="utf-8"))} - ELSEWHERE
    told = import_words.SKIPPED.keys() | import_words.KEPT.keys() | import_words.WHOLE.keys()
    assert said - told == set()
    assert {"no-hash", "too-long", "not-a-row"} <= said, "the pattern finds what it should"
