"""Finds every text that people read: in Python, templates and scripts, and what our errors say by their docstrings."""

import ast
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_python
from django.utils.translation.template import templatize

from workbench.launcher.addresses import CHECKOUT

HOLE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")  # what a text is filled with
TWO = (1, 2)  # the arguments that hold singular and plural
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "lazy", "noop")),
    "verb": (2,),  # what an event means
    **dict.fromkeys(("ngettext", "ngettext_lazy", "either"), TWO),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),  # one word of two meanings: the context first
}
SCRIPTS = "static/js/*.js"
OPTIONS = {"parse_template_string": True}  # scripts: in `${…}`, too
NOT_READ = ("management", "migrations", "demo", "jail", "launcher")  # what operators and machines read
Found = Any  # line, function, text or (singular, plural), comments; Babel types it as something else


def texts(root: Path = CHECKOUT, *, of: tuple[str, ...] = ()) -> Catalog:
    """All texts with the files that hold them, or those of files that fit some of the patterns."""
    catalog = Catalog(project="Winnow", charset="utf-8")
    for pattern, method in SOURCES.items():
        if of and pattern not in of:
            continue
        for path in sorted(root.glob(pattern)):
            name = path.relative_to(root).as_posix()
            if not set(path.relative_to(root).parts).intersection(NOT_READ).difference(pattern.split("/")):
                _add(catalog, path, name, method)
    return catalog


def scripts(root: Path = CHECKOUT) -> Catalog:
    """The texts of scripts."""
    return texts(root, of=(SCRIPTS,))


def _add(catalog: Catalog, path: Path, name: str, method: str | Callable[..., Any]) -> None:
    with path.open("rb") as file:
        for _line, text, _comments, context in extract(method, file, KEYWORDS, options=OPTIONS):
            catalog.add(
                text, locations=[(name, 0)], context=context
            )  # a line number would change with every edit above it


def python(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """Marked texts, and what an error says when nobody says more: the first line of its class's docstring."""
    source = file.read()
    yield from extract_python(io.BytesIO(source), keywords, comment_tags, options)
    yield from errors(io.BytesIO(source))


def errors(file: IO[bytes], *_asked: Any, **_more: Any) -> Iterator[Found]:
    """The latter only: of modules that mark no texts, but whose errors reach people."""
    source = file.read()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and _is_error(node) and (said := ast.get_docstring(node)):
            yield node.lineno, "noop", said.splitlines()[0], []


def _is_error(node: ast.ClassDef) -> bool:
    """Whether it is one of ours: it has a code."""
    given = (one for one in node.body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant))
    return any(isinstance(target, ast.Name) and target.id == "code" for one in given for target in one.targets)


def template(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """The texts of a Django template, which Django itself turns into lines of Python."""
    code = templatize(file.read().decode())
    lines = "\n".join(line.lstrip() for line in code.splitlines())
    yield from extract_python(io.BytesIO(lines.encode()), keywords, comment_tags, options)


SOURCES: dict[str, str | Callable[..., Any]] = {
    "workbench/**/*.py": python,
    "workbench/jail/*.py": errors,
    "hashsets/**/*.py": python,
    "cases/**/*.py": python,
    "templates/**/*.html": template,
    SCRIPTS: "javascript",
}
