"""`manage.py export`: a frozen, reproducible package of a case."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from cases import exports
from cases.commands import case_of
from cases.exports.base import DEFAULT_VERSION, Options
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """Build an export and copy it out."""

    help = "Build a package of a case; the same state of the case always gives the same bytes."

    def add_arguments(self, parser: CommandParser) -> None:
        """The case, the product and its options, the folder."""
        parser.add_argument("number", help="number of the case")
        parser.add_argument("--product", required=True, metavar="ID", help=", ".join(exports.BY_ID))
        parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder for the package")
        parser.add_argument("--format", default=DEFAULT_VERSION, metavar="VERSION", help="of VICS: 2.0 or 1.3")
        parser.add_argument("--region", default="", help="of VICS 2.0; default: as imported, else Default")
        parser.add_argument("--media", action="store_true", help="of VICS: with the files; needs a supervisor")

    def run(self, options: dict[str, Any]) -> Done:
        """Build, fetch, copy."""
        case = case_of(options["number"], "export.build", self.by)
        self.require("export.fetch")
        version = options["format"].removeprefix("vics")
        chosen = Options(version=version, region=options["region"], media=options["media"])
        product = exports.product(options["product"])
        export = exports.build(case=case, product=product, by=self.by, options=chosen)
        path = exports.copy_to(options["out"], export=export, by=self.by)
        sha256 = bytes(export.sha256).hex()
        return Done(f"{path} as of event {export.as_of:,}, SHA-256 {sha256}.", {"path": str(path), "sha256": sha256})
