"""What scripts and people rely on is documented, and what is documented exists (docs/)."""

import ast
import importlib
import pkgutil
import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

import cases
import hashsets
import workbench
from cases import exports, ingest, problems
from cases.ingest import base
from hashsets import exchange, import_words, kinds, remotes, schemes
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.jail import results

ROOT = Path(__file__).resolve().parents[1]
APPS = (workbench, hashsets, cases)
SETTING = re.compile(r'(?:\b(?:env|env_int|given)\(|environ(?:\.get\(|\[))\s*"([A-Z_]+)"')
# Not a person's to set: the system's own, and what our processes tell each other.
INTERNAL = {"PATH", "DJANGO_SETTINGS_MODULE", "WINNOW_ATTACHED", "WINNOW_DATABASE_ROLE"}
DJANGOS_OWN = {"help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color",
               "skip_checks", "as_user", "as_json"}  # fmt: skip
# Importing these changes the process: they run in one of their own.
ENTRY_POINTS = ("workbench.jail.child", "workbench.jail.stills", "workbench.jail.clips", "workbench.jail.media",
                "workbench.jail.containers", "workbench.jail.frames")  # fmt: skip


@cache
def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def table(name: str, heading: str = "") -> dict[str, str]:
    """The rows of a page, or of one section, that begin with words in code: word -> the rest of its row."""
    text = page(name)
    if heading:
        text = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|(.*)$", text, re.MULTILINE)
    return {word: rest for words, rest in rows for word in re.findall(r"`([^`]+)`", words)}


def modules() -> Iterator[str]:
    for app in APPS:
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if ".migrations" not in found.name and not found.name.startswith(ENTRY_POINTS):
                yield found.name


def errors(of: type[WorkbenchError] = WorkbenchError) -> Iterator[type[WorkbenchError]]:
    yield of
    for kind in of.__subclasses__():
        yield from errors(kind)


def ours(kind: type[WorkbenchError]) -> bool:
    return kind.__module__.startswith(tuple(app.__name__ for app in APPS))


def constants(path: Path) -> set[str]:
    """The texts that a module gives names in capitals."""
    nodes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
    return {
        node.value.value
        for node in nodes
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) and _is_name(node.targets[0])
    }


def _is_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id.isupper()


def reasons() -> set[str]:
    """Every reason that a file or its preview may get."""
    every = {text for path in (ROOT / "cases" / "ingest").glob("*.py") for text in constants(path)}
    codes = {text for text in every if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    return codes | constants(Path(base.__file__)) | constants(Path(results.__file__))


def commands() -> Iterator[tuple[str, ArgumentParser]]:
    """`case create` and its parser, for every command of ours and every act of it."""
    for name, app in get_commands().items():
        if app in {one.__name__ for one in APPS}:
            parser = load_command_class(str(app), name).create_parser("manage.py", name)
            acts = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
            if acts:
                yield from ((f"{name} {act}", one) for act, one in acts[0].choices.items())
            else:
                yield name, parser


def test_every_setting_is_in_the_operators_guide() -> None:
    sources = [path for app in APPS for path in Path(app.__path__[0]).rglob("*.py")]
    read = {name for path in sources for name in SETTING.findall(path.read_text(encoding="utf-8"))}
    assert read - INTERNAL == set(table("operating.md")), "docs/operating.md"


@pytest.mark.parametrize(("name", "parser"), list(commands()), ids=lambda given: given if type(given) is str else "")
def test_every_command_is_documented_with_its_options(name: str, parser: ArgumentParser) -> None:
    lines = [line for line in page("commands.md").splitlines() if re.match(rf"\| `manage\.py {name}[ `]", line)]
    assert len(lines) == 1, f"docs/commands.md has {len(lines)} rows for manage.py {name}"
    options = [max(action.option_strings, key=len) for action in parser._actions
               if action.option_strings and action.dest not in DJANGOS_OWN]  # fmt: skip
    assert set(re.findall(r"(?<![\w-])--[a-z-]+", lines[0].split("` |")[0])) == set(options)


def test_no_command_is_documented_that_is_not_there() -> None:
    known = [name for name, _parser in commands()]
    told = re.findall(r"^\| `manage\.py ([^`]*)`", page("commands.md"), re.MULTILINE)
    assert [line for line in told if not any(re.match(rf"{name}( |$)", line) for name in known)] == []


def test_every_plug_in_is_in_the_reference() -> None:
    ids = [*kinds.BY_ID, *(doc.id for doc in schemes.load_all()), *exchange.BY_ID, *remotes.BY_ID]
    ids += [*ingest.BY_ID, *exports.BY_ID]
    assert set(ids) == set(table("reference.md", "Plug-ins"))


def test_every_event_is_in_the_reference_with_its_meaning() -> None:
    assert {verb: f" {means} |" for verb, means in audit.verbs().items()} == table("reference.md", "Events")


def test_every_error_is_in_the_reference_with_its_status() -> None:
    for name in modules():
        importlib.import_module(name)
    known = {kind.code: (str(int(kind.status)), "" if kind.permanent else "yes") for kind in errors() if ours(kind)}
    told = {code: rest.split("|")[:2] for code, rest in table("reference.md", "Errors").items()}
    assert known == {code: (status.strip(), again.strip()) for code, (status, again) in told.items()}


def test_every_reason_is_told_in_plain_words() -> None:
    assert reasons() - table("reasons.md").keys() == set(), "docs/reasons.md"
    assert reasons() == problems.WORDS.keys(), "cases/problems.py"


def test_all_that_an_import_may_find_in_a_list_is_told_in_plain_words() -> None:
    found = import_words.SKIPPED.keys() | import_words.KEPT.keys() | import_words.WHOLE.keys()
    assert found - table("reasons.md", "Records of a list").keys() == set(), "docs/reasons.md"


def test_no_page_leads_to_one_that_is_not_there() -> None:
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"(?<!!)\[[^]]*\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name} leads to {link}"
