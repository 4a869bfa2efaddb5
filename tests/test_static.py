"""What the browser gets: vendored files are what their makers released, small enough, and free of inline code."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from workbench.lean import without_comments
from workbench.translating import catalogs

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((STATIC / "js").glob("*.js"))
CHECKSUMS = [line.split() for line in (VENDOR / "CHECKSUMS").read_text().splitlines()]


def packed(paths: list[Path]) -> int:
    """The bytes of these files together, each compressed with gzip as the web server sends it."""
    published = (without_comments(path.read_text()) if path in MODULES else path.read_text() for path in paths)
    return sum(len(gzip.compress(code.encode(), 9)) for code in published)


@pytest.mark.parametrize(("digest", "name"), CHECKSUMS, ids=[name for _, name in CHECKSUMS])
def test_a_vendored_file_is_the_one_its_checksum_names(digest: str, name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_no_vendored_script_or_font_is_without_a_checksum_or_a_licence() -> None:
    listed = {(VENDOR / name).resolve() for _, name in CHECKSUMS}
    found = {path.resolve() for path in [*VENDOR.glob("*.js"), *(STATIC / "fonts").glob("*.woff2")]}
    assert found == listed
    assert len([*VENDOR.glob("*LICENSE*"), *(STATIC / "fonts").glob("LICENSE*")]) >= len(found)


def test_the_style_sheet_and_the_scripts_stay_small() -> None:
    """What comes only when somebody asks for it, as a panel or a sheet, is small too, and no part of the page."""
    assert packed([STATIC / "css" / "winnow.css"]) <= 12_000
    for page, vendored in (("panels.js", [VENDOR / "htmx.min.js"]), ("review.js", [])):  # the desk has neither
        at_once = loaded({STATIC / "js" / "page.js", STATIC / "js" / page})
        assert packed([*at_once, *vendored]) + max(map(words, catalogs.locales())) <= 60_000
        assert [one.name for module in at_once for one in asked_for(module) if packed([one]) > 5000] == []


def words(locale: str) -> int:
    """The bytes of a language's texts for scripts, compressed."""
    return len(gzip.compress(catalogs.script(catalogs.read(locale)).encode(), 9))


def loaded(entries: set[Path]) -> set[Path]:
    """These modules and all they import at once: what a page loads."""
    found, todo = set[Path](), set(entries)
    while todo:
        module = todo.pop()
        found.add(module)
        names = re.findall(r"""(?:from|import)\s*"\./([\w-]+\.js)\"""", module.read_text(encoding="utf-8"))
        todo |= {module.with_name(name) for name in names} - found
    return found


def asked_for(module: Path) -> list[Path]:
    """The modules that one loads when somebody asks for what they do."""
    names = re.findall(r"""import\("\./([\w-]+\.js)"\)""", module.read_text(encoding="utf-8"))
    return [module.with_name(name) for name in names]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_holds_no_inline_script_style_or_foreign_host(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:|\|\s*safe\b|autoescape off", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


def test_a_published_script_lacks_nothing_but_comments_and_indents() -> None:
    code = '// what it does\nconst a = `https://b`; // why\n/** One\n * of two. */\n  const c = /\\/\\*/; // "d"\n'
    assert without_comments(code) == 'const a = `https://b`;\nconst c = /\\/\\*/; // "d"\n'


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_text_of_a_script_runs_over_several_lines(path: Path) -> None:
    code = [re.sub(r'\s*//.*|"[^"]*"', "", line) for line in path.read_text().split("\n")]
    assert [line for line in code if line.count("`") % 2] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_script_builds_nodes_and_never_markup(path: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
    )


def test_every_icon_a_template_or_script_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([ig]-[^"]+)"', (STATIC / "icons.svg").read_text()))
    used = {
        f"i-{name}"
        for path in TEMPLATES
        for name in re.findall(r'icon\.html" with name="([\w-]+)"|icon="([\w-]+)"', path.read_text())
        for name in name
        if name
    }
    used |= {f"i-{name}" for path in MODULES for name in re.findall(r'\bicon\("([\w-]+)"', path.read_text())}
    assert used <= sprite
