"""`manage.py hashset`: the contract for scripts (commands.md)."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from hashsets import import_jobs, policies
from hashsets.models import Entry, HashSet
from tests.hashsets import makers
from tests.hashsets.lists import digest, document, media
from tests.people import People
from tests.shared_data import shared
from workbench.models import AuditEvent, Job


def run(*words: object, by: str = "supervisor", stdin: str = "") -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `manage.py hashset WORDS`."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(stdin))
        try:
            call_command("hashset", *map(str, words), "--as", by, stdout=out, stderr=err)
        except SystemExit as end:
            return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def answered(*words: object, ends: int = 0, **more: Any) -> dict[str, Any]:
    """The JSON answer of a command that does what it is told; `ends` 1: and lists problems."""
    code, out, err = run(*words, "--json", **more)
    assert code == ends, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


@pytest.fixture
def harbour(people: People) -> HashSet:
    """An empty set of the first agency."""
    return makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")


def test_create_makes_an_empty_set(people: People) -> None:
    told = answered("create", "Alpine", "--role", "known-good", "--scheme", "landscapes-t1", "--agency", "northmoor")
    made = HashSet.objects.get(name="Alpine")
    assert (told["set"], made.role, made.generation, made.owner) == ("Alpine", "known-good", 0, people.north)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "Harbour", "--role", "relevant", "--scheme", "us-pvic"), "already"),
        (("create", "New", "--role", "relevant", "--scheme", "nothing"), "Known: interpol-baseline, landscapes-t1"),
        (("create", "New", "--role", "relevant", "--scheme", "us-pvic", "--agency", "southmoor"), "--as"),
        (("import", "Harbour", "/nowhere"), "not a file"),
        (("import", "Nothing", "/nowhere"), "no hash set"),
        (("policy", "Harbour", "accept", "--agency", "southmoor"), "--as"),
        (("export", "Harbour", "/nowhere/file", "--format", "csv"), "cannot be written"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(words: tuple[str, ...], says: str, harbour: HashSet) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert says in err


def test_import_answers_with_its_figures(harbour: HashSet) -> None:
    told = answered("import", "Harbour", shared("vics/quirks-2.0.json"), ends=1)
    assert {name: told[name] for name in ("read", "stored", "duplicates", "conflicts", "generation")} == {
        "read": 23,
        "stored": 19,
        "duplicates": 2,
        "conflicts": 1,
        "generation": 1,
    }
    assert told["skipped"] == {"invalid-hash": 1, "zero-length": 1}
    assert isinstance(told["warnings"], list)


def test_an_import_that_skips_records_lists_them_and_ends_with_1(harbour: HashSet) -> None:
    code, out, err = run("import", "Harbour", shared("vics/quirks-2.0.json"))
    assert (code, "Skipped, invalid-hash: 1" in err) == (1, True)
    assert "19 entries from 23 records, +19 -0, 1 conflicts," in out


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_doubt_about_the_whole_list_ends_with_1(harbour: HashSet, tmp_path: Path, more: list[str]) -> None:
    code, _out, err = run("import", "Harbour", document(tmp_path, media(1, 0)), *more)
    assert (code, "only-harmless-categories: " in err) == (1, True)


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_an_import_says_what_changes_and_what_the_scheme_does_not_have(
    harbour: HashSet, tmp_path: Path, more: list[str]
) -> None:
    code, out, _err = run("import", "Harbour", document(tmp_path, media(1), media(2, 77)), *more)
    assert (code, "+2 -0, 0 conflicts, 1 unmapped" in out) == (0, True)


def test_a_dry_run_stores_nothing(harbour: HashSet) -> None:
    told = answered("import", "Harbour", shared("vics/hashset-1.3.json"), "--dry-run")
    assert (told["stored"], told["generation"], told["added"]) == (4, 0, 4)
    assert not Entry.objects.filter(set=harbour).exists()


def test_a_truncated_file_is_refused_with_the_byte(harbour: HashSet) -> None:
    code, out, err = run("import", "Harbour", shared("vics/hashset-2.0-truncated.json"))
    assert (code, out) == (2, "")
    assert "truncated at byte" in err
    assert Job.objects.get(kind="import").state == Job.State.FAILED


def test_an_import_whose_process_died_does_not_block_the_next(harbour: HashSet, people: People) -> None:
    import_jobs.claim(harbour, ["gone.json"], by=people.supervisor, chosen={"dry_run": False}, via="command")
    told = answered("import", "Harbour", shared("vics/hashset-1.3.json"))
    assert told["generation"] == 1
    assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "failed"]


def test_import_adds_to_the_set_with_a_flag(harbour: HashSet, tmp_path: Path) -> None:
    answered("import", "Harbour", document(tmp_path, media(1), media(2)))
    more = document(tmp_path, media(3))
    assert answered("import", "Harbour", more, "--dry-run")["withdrawn"] == 2
    told = answered("import", "Harbour", more, "--add", "--dry-run")
    assert (told["add"], told["added"], told["withdrawn"], told["unchanged"]) == (True, 1, 0, 2)
    assert answered("import", "Harbour", more, "--add")["generation"] == 2
    assert answered("diff", "Harbour")["withdrawn"] == 0


def test_policy_is_for_one_disposition_or_any(harbour: HashSet, people: People) -> None:
    told = answered(
        "policy", "Harbour", "--agency", "northmoor", "--disposition", "not_relevant", "hide", "--may-discard"
    )
    assert told["policy"]
    answered("policy", "Harbour", "propose", "--min-trust", "trusted", "--reason", "agreed")
    event = AuditEvent.objects.filter(verb="set.policy").latest("seq")
    assert json.loads(event.body)["reason"] == "agreed"
    rules = {rule.disposition: rule for rule in policies.effective(people.north.pk, harbour.pk)}
    assert (rules["not_relevant"].action, rules["not_relevant"].may_discard) == ("hide", True)
    assert (rules["relevant"].action, rules["relevant"].min_trust) == ("propose", "trusted")


def test_export_writes_a_whole_file(harbour: HashSet, tmp_path: Path) -> None:
    answered("import", "Harbour", shared("vics/hashset-2.0-us.json"))
    told = answered("export", "Harbour", tmp_path / "out.json", "--format", "vics2.0", "--region", "UK")
    assert told == {"entries": 8, "odd_codes": 0}
    assert "/UK/$metadata#Media" in (tmp_path / "out.json").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_lookup_answers_one_line_per_hash(harbour: HashSet, tmp_path: Path) -> None:
    answered("import", "Harbour", document(tmp_path, media(1), media(2, 2)))
    code, out, err = run("lookup", stdin=f"{digest(2).upper()}\n\n{digest(9, 64)}\nrubbish\n")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["hash"], line["known"]) for line in lines] == [
        (digest(2).upper(), True),
        (digest(9, 64), False),
        ("rubbish", False),
    ]
    (match,) = lines[0]["matches"]
    wanted = {"set": "Harbour", "category": "2", "kind": "md5", "strength": "weak", "distance": 0}
    assert match == match | wanted
    assert (code, "rubbish" in err) == (1, True)


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_lookup_takes_any_blanks_and_adds_nothing_to_its_lines(harbour: HashSet, words: list[str]) -> None:
    _code, out, _err = run("lookup", *words, stdin=f"  {digest(1)} {digest(2)}\t{digest(3)}\n")
    assert [json.loads(line)["hash"] for line in out.splitlines()] == [digest(1), digest(2), digest(3)]


def test_lookup_understands_what_checksum_tools_print(harbour: HashSet) -> None:
    code, out, err = run("lookup", stdin=f"{digest(1)}  two words.jpg\n# a comment\nno hash here\n")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["line"], line["hash"], line.get("name"), line.get("problem")) for line in lines] == [
        (1, digest(1), "two words.jpg", None),
        (3, "no hash here", None, "not a hash"),
    ]
    assert (code, "line 3: no hash here: not a hash" in err) == (1, True)


def test_retire_ends_a_set_and_says_why_in_the_log(harbour: HashSet) -> None:
    refused = run("retire", "Harbour", "--reason", "  ")
    assert (refused[0], "why" in refused[2]) == (2, True)
    assert answered("retire", "Harbour", "--reason", "superseded by another list") == {"set": "Harbour"}
    harbour.refresh_from_db()
    assert harbour.retired_at is not None
    event = json.loads(AuditEvent.objects.filter(verb="set.retire").get().body)
    assert event["reason"] == "superseded by another list"
    assert run("retire", "Harbour", "--reason", "again")[0] == 2


@pytest.mark.parametrize(
    ("words", "logged"), [(["--purpose", "case 0417"], "case 0417"), ([], "a script, purpose not given")]
)
def test_lookup_logs_what_it_is_for(harbour: HashSet, words: list[str], logged: str) -> None:
    assert run("lookup", *words, stdin=digest(1))[0] == 0
    details = json.loads(AuditEvent.objects.get(verb="set.search").body)["details"]
    assert details == {"asked": 1, "known": 0, "purpose": logged}


def test_diff_and_rollback_say_what_changes_by_category(harbour: HashSet, tmp_path: Path) -> None:
    answered("import", "Harbour", document(tmp_path, media(1), media(2)))
    answered("import", "Harbour", document(tmp_path, media(1, 2), media(3)))
    counts = {"added": 1, "withdrawn": 1, "changed": 1}
    told = answered("diff", "Harbour")
    assert {name: told[name] for name in ("from", "to", *counts)} == {"from": 1, "to": 2, **counts}
    assert told["by_category"]["2"]["changed_to"] == 1
    assert answered("diff", "Harbour", 2, 1)["by_category"]["2"]["changed_from"] == 1
    told = answered("rollback", "Harbour", 1, "--reason", "the wrong list")
    assert {name: told[name] for name in ("generation", *counts)} == {"generation": 3, **counts}
    code, out, _err = run("rollback", "Harbour", 1, "--reason", "again")
    assert (code, "Nothing changed" in out) == (0, True)
    assert "no such version" in run("diff", "Harbour", 7)[2]
    assert "why" in run("rollback", "Harbour", 1, "--reason", " ")[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lookup_reads_a_file_too(encoding: str, harbour: HashSet, tmp_path: Path) -> None:
    (tmp_path / "hashes.txt").write_text(digest(1), encoding=encoding)
    code, out, _err = run("lookup", tmp_path / "hashes.txt")
    assert (code, json.loads(out)["known"]) == (0, False)


@pytest.mark.parametrize("act", ["create", "import", "policy", "export", "rollback", "retire"])
def test_an_investigator_may_only_look_up(act: str, harbour: HashSet, tmp_path: Path) -> None:
    path = document(tmp_path, media(1))
    words: dict[str, list[object]] = {
        "create": ["New", "--role", "relevant", "--scheme", "us-pvic"],
        "import": ["Harbour", path],
        "policy": ["Harbour", "off"],
        "export": ["Harbour", tmp_path / "out", "--format", "csv"],
        "rollback": ["Harbour", 1, "--reason", "old"],
        "retire": ["Harbour", "--reason", "old"],
    }
    code, _out, err = run(act, *words[act], by="investigator")
    assert code == 2
    assert "role" in err
    assert run("lookup", by="investigator", stdin=digest(1))[0] == 0


def test_a_set_of_another_agency_is_not_there_or_not_ours(people: People, tmp_path: Path) -> None:
    makers.hash_set(people.outsider, "Hidden")
    makers.hash_set(people.outsider, "Open", reach="node")
    path = document(tmp_path, media(1))
    assert "no hash set" in run("import", "Hidden", path)[2]
    assert "belongs to" in run("import", "Open", path)[2]
    assert "belongs to" in run("export", "Open", tmp_path / "out", "--format", "csv")[2]
