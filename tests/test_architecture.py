"""Who may import whom, what stays pure, where media may be parsed (CONTRIBUTING and docs/architecture)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("workbench", "hashsets", "cases")  # each may import those before it
PURE = [
    "hashsets/kinds",
    "hashsets/exchange",
    "hashsets/near",
    "hashsets/compact",
    "hashsets/remotes",
    "hashsets/index/layout.py",
    "hashsets/index/searching.py",
    "hashsets/index/sorting.py",
    "hashsets/index/writing.py",
    "hashsets/caches.py",
    "hashsets/open_folder.py",
    "hashsets/watched_folder.py",
    "hashsets/copy_rows.py",
    "hashsets/pace.py",
    "hashsets/pasted.py",
    "hashsets/range_padding.py",
    "hashsets/sorting.py",
    "hashsets/trust.py",
    "hashsets/schemes",
    "cases/counting.py",
    "cases/stacking/films.py",
    "cases/stacking/gathering.py",
    "cases/veils.py",
    "workbench/media_types.py",
    "workbench/jail/pdq.py",
    "workbench/perceptual.py",
    "workbench/durable.py",
    "workbench/unfinished.py",
    "workbench/visible.py",
]
# Inside an app each may import those before it; `workbench` itself is the shell that knows requests.
DOMAIN = 0
FLOW = {
    1: {"tasks"},
    2: {"views", "api", "odata", "commands", "management", "forms", "scheme_forms", "urls", "context"},
}
OF_PAGES = ("django.forms", "django.http", "django.shortcuts")
STARTS = ("workbench/middleware.py", "workbench/tus.py", "hashsets/apps.py", "cases/apps.py", "cases/demo/")
SHELLS = {"django", "celery", "kombu"}
DECODERS = {"PIL", "av", "pillow_heif", "pillow_jxl", "rawpy", "py7zr", "pytsk3", "pyewf", "pyqcow", "pyvhdi", "pyvmdk"}
MAY_DECODE = ("workbench/jail/", "cases/demo")  # the demo draws its own pictures
# Whoever speaks to other machines goes through workbench/outbound.py.
SPEAKS = {"httpcore", "httpx", "requests", "urllib3", "aiohttp", "http.client", "urllib.request", "ftplib", "smtplib"}
MAY_SPEAK = ("workbench/outbound.py", "workbench/guarded_net.py",
             "workbench/launcher/up.py",  # asks the web process that it started
             # The kit examines the node that its operator names, also wrong ones, with no database and no settings.
             "hashsets/conformance/asking.py", "hashsets/conformance/running.py")  # fmt: skip
UNMARKED = re.compile(r"mark_safe|SafeString\(|\|\s*safe\b|autoescape\s+off")
INLINE = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")


def _sources() -> list[Path]:
    return [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _files(folder: str, *endings: str) -> list[Path]:
    found = sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in endings)
    return [path for path in found if "vendor" not in path.parts]


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every import, those inside functions and TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.relative_to(ROOT).parts[: -node.level]) if node.level else ""
            yield node.lineno, ".".join(filter(None, [package, node.module]))


def _offenders(paths: list[Path], forbidden: set[str]) -> list[str]:
    return [
        f"{_name(path)}:{line} imports {name}"
        for path in paths
        for line, name in _imports(path)
        if name.split(".")[0] in forbidden
    ]


def _step(parts: tuple[str, ...]) -> int:
    """How high a module or a dotted name stands in FLOW; whatever is none of the others is domain."""
    named = {part.removesuffix(".py") for part in parts}
    return next((step for step, names in FLOW.items() if named & names), DOMAIN)


def _upward(path: Path) -> Iterator[str]:
    """Imports of what stands higher inside an app, or of a form or request where the domain is."""
    step = _step(path.relative_to(ROOT).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                ours = name.split(".", maxsplit=1)[0] in LAYERS and step < _step(tuple(name.split(".")))
                if ours or (step <= DOMAIN and name.startswith(OF_PAGES) and not _name(path).startswith("workbench/")):
                    yield f"{_name(path)}:{node.lineno} imports {name}"


def _lines(paths: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{_name(path)}:{number} {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_of_a_layer_imports_only_those_below_it(layer: str) -> None:
    above = set(LAYERS[LAYERS.index(layer) + 1 :])
    assert _offenders(sorted((ROOT / layer).rglob("*.py")), above) == []


def test_of_the_domain_of_an_app_knows_no_task_and_no_page() -> None:
    inside = [path for path in _sources() if not _name(path).startswith(STARTS)]
    assert [line for path in inside for line in _upward(path)] == []


@pytest.mark.parametrize("place", PURE)
def test_of_pure_modules_know_no_framework(place: str) -> None:
    path = ROOT / place
    assert path.exists(), f"{place} is gone: mend the list above"
    paths = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    assert _offenders(paths, SHELLS) == []


def test_of_modules_that_call_themselves_pure_know_no_framework() -> None:
    said = [path for path in _sources() if "PURE" in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")]
    assert _offenders(said, SHELLS) == []


def test_of_media_is_parsed_in_the_jail_only() -> None:
    outside = [path for path in _sources() if not _name(path).startswith(MAY_DECODE)]
    assert _offenders(outside, DECODERS) == []


def test_of_connections_to_others_are_opened_in_one_place() -> None:
    elsewhere = [path for path in _sources() if _name(path) not in MAY_SPEAK]
    found = [f"{_name(path)}:{line} imports {name}" for path in elsewhere for line, name in _imports(path)
             if any(name == one or name.startswith(f"{one}.") for one in SPEAKS)]  # fmt: skip
    assert found == []
    assert _lines(elsewhere, re.compile(r"create_connection\(")) == []


def test_of_views_look_objects_up_through_access() -> None:
    views = [
        path
        for path in _sources()
        if {"views", "api", "odata"} & set(path.relative_to(ROOT).parts) or path.stem == "views"
    ]
    assert _lines(views, re.compile(r"\.objects\.get\(|get_object_or_404\(")) == []


def test_of_nothing_is_declared_safe_markup() -> None:
    assert _lines([*_sources(), *_files("templates", ".html")], UNMARKED) == []


def test_of_pages_hold_no_inline_script_or_style() -> None:
    assert _lines(_files("templates", ".html"), INLINE) == []


def test_of_scripts_never_build_markup_from_text() -> None:
    assert _lines(_files("static", ".js"), MARKUP) == []


def test_of_every_module_says_what_it_is_for() -> None:
    silent = [
        _name(path)
        for path in [*_sources(), *sorted((ROOT / "tests").rglob("*.py"))]
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert [name for name in silent if "/migrations/" not in name] == []


def test_of_every_event_has_a_name_of_its_own() -> None:
    """Else the later one would be written in place of the earlier."""
    for path in [ROOT / "workbench/audit.py", ROOT / "hashsets/events.py", ROOT / "cases/events.py"]:
        names = re.findall(r"^(\w+) = (?:audit\.)?verb\(", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert names
        assert sorted(set(names)) == sorted(names)
