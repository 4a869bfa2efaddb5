"""No character that others wrote moves a terminal's cursor or turns a page's words around."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from cases.models import Case
from hashsets import import_runs
from hashsets.importing import Part
from tests.hashsets import makers
from tests.people import signed_in
from workbench.models import Job, User

pytestmark = pytest.mark.django_db
EVIL = "a\u202eb\x1b]0;owned\x07\x9b31m\u2066c"
SHOWN = r"a\u202eb\x1b]0;owned\x07\x9b31m\u2066c"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    try:
        call_command(*words)
    except SystemExit as end:
        assert end.code in {0, 1, 2}  # noqa: PT017 whatever it answers, it is in words
    answer = capsys.readouterr()
    return answer.out + answer.err


def test_what_commands_say_of_a_case_moves_no_cursor(
    case: Case, dana: User, capsys: pytest.CaptureFixture[str]
) -> None:
    Case.objects.filter(pk=case.pk).update(number=EVIL, name=EVIL)
    for words in (("case", "status", EVIL), ("case", "status", EVIL + "?"), ("case", "check", EVIL)):
        text = said(capsys, *words, "--as", "dana")
        assert SHOWN in text, words
        assert text == text.replace("\x1b", "").replace("\u202e", "").replace("\x9b", "")


def test_what_a_lookup_says_of_a_line_moves_no_cursor(
    dana: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hashes").write_text(EVIL, encoding="utf-8")
    first, *rest = said(capsys, "hashset", "lookup", str(tmp_path / "hashes"), "--as", "dana").splitlines()
    assert json.loads(first)["hash"] == EVIL
    assert "".join(rest).isprintable()
    assert SHOWN in "".join(rest)


def test_the_report_of_an_import_shows_what_lists_spell(sam: User, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"md5,category,{EVIL}\n{'0' * 31}1,{EVIL},x\n{EVIL},1,y\n", encoding="utf-8")
    hash_set = makers.hash_set(sam)
    import_runs.run_here(hash_set, [Part(path, EVIL)], by=sam, dry_run=True, listen=lambda *_: None)
    job = Job.objects.latest("pk")
    page = signed_in(sam).get(reverse("hashsets:import_run", args=[job.public_id]), secure=True).content.decode()
    assert SHOWN in page
    assert not {"\u202e", "\u2066", "\x1b", "\x9b"} & set(page)
