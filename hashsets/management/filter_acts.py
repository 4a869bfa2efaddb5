"""`manage.py hashset filter|ask`: a filter of a set as a file, and asking one where no Winnow runs."""

import json
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from hashsets import filter_files, sets
from hashsets.compact import KINDS, Filter, Header, asking
from hashsets.exchange.text_source import sniff_encoding
from hashsets.models import HashSet
from workbench.commands import Acts, Done, WinnowCommand
from workbench.errors import BadInput


class FilterActs(WinnowCommand):
    """The two acts, and what the others of `hashset` need as well."""

    def add_filter_acts(self, acts: Acts) -> None:
        """`filter` and `ask`."""
        save = acts.add("filter", self.filter, "Save the set as a filter, which can be asked anywhere.")
        save.add_argument("name")
        save.add_argument("file", type=Path)
        save.add_argument("--kind", choices=list(KINDS), default="md5", help="the hashes that it can be asked about")
        _ask_arguments(acts.add("ask", self.ask, "Ask a filter about hashes; needs no database.", needs_person=False))

    def filter(self, options: dict[str, Any]) -> Done:
        """Write a file that is whole or not there."""
        hash_set = self._own_set(options["name"], "set.filter")
        file, header = filter_files.give(hash_set, options["kind"], by=self.by)
        with file, whole_file(options["file"]) as copy:
            shutil.copyfileobj(file, copy)
        fields = {name: getattr(header, name) for name in ("generation", "kind", "entries", "count", "size")}
        left = _left_out(header)
        done = f"{header.count:,} hashes of version {header.generation} of {hash_set} are in {options['file']}."
        return Done(f"{done} {left}".strip(), fields | {"set": hash_set.name, "bits_sha256": header.digest.hex()})

    def ask(self, options: dict[str, Any]) -> Done:
        """One JSON line per hash, and per line that holds none, in order; exit 1 when there was such a line."""
        try:
            found = Filter(options["filter"])
        except OSError as error:
            raise BadInput(f"{options['filter']} cannot be read: {error.strerror}.") from error
        self.say(_about(found.header))
        answers = asking.ask(found, text_of(options["file"]) if options["file"] else sys.stdin.read())
        for one in answers:
            self.stdout.write(json.dumps(one.as_json(), sort_keys=True))
        wrong = [f"line {one.asked.line}: {one.asked.text}: {one.problem}" for one in answers if one.problem]
        return Done("", None, wrong)

    def _own_set(self, name: str, permission: str) -> HashSet:
        self.require(permission)
        hash_set = sets.named(name, user=self.by)
        sets.require_owner(hash_set, self.by)
        return hash_set


def text_of(path: Path) -> str:
    """The text of a file, which Windows may have written as UTF-16. Raises BadInput."""
    try:
        data = path.read_bytes()
        mark, codec = sniff_encoding(data[:4])
        return data[len(mark) :].decode(codec, "replace")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error


def _ask_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("filter", type=Path)
    parser.add_argument("file", nargs="?", type=Path, help="one hash a line; default: standard input")


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file to write and read, which has its name once the block ends well, and is not there otherwise.

    Raises BadInput.
    """
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("w+b") as file:
            yield file
        partial.replace(target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _about(header: Header) -> str:
    made = datetime.fromtimestamp(header.made_at, UTC).isoformat()
    about = f"Version {header.generation} of set {header.set}, {header.count:,} {header.kind} hashes, made {made}."
    return f"{about} {_left_out(header)}".strip()


def _left_out(header: Header) -> str:
    left = header.entries - header.count
    return f"Entries without a {header.kind}, of which the filter says nothing: {left:,}." if left else ""
