"""`manage.py hashset create|import|policy|export|diff|rollback|...`: hash sets from the command line (commands.md)."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from hashsets import effects, exchange, import_runs, listing, lookups, policies, scheme_tables, sets, versions
from hashsets.exchange import WriteOptions
from hashsets.import_report import ImportReport
from hashsets.importing import Part
from hashsets.management.filter_acts import FilterActs, text_of, whole_file
from hashsets.models import Disposition, HashSet, Policy
from hashsets.trust import MINIMA
from workbench import commands
from workbench.api import limits
from workbench.commands import Done
from workbench.errors import BadInput, NotAllowed
from workbench.models import Agency


class Command(FilterActs):
    """Make, fill, use and save hash sets."""

    help = "Hash sets."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ten acts."""
        acts = self.acts(parser)
        _create_arguments(acts.add("create", self.create, "Make an empty set."))
        load = acts.add("import", self.load, "Import a list as the set's next version.")
        load.add_argument("name")
        load.add_argument("file", nargs="+", type=Path, help="several files are the parts of one list")
        load.add_argument("--dry-run", action="store_true", help="only say what would change")
        load.add_argument("--add", action="store_true", help="add its entries to the set; nothing is withdrawn")
        load.add_argument("--incomplete", action="store_true", help="import the parts that are there")
        load.add_argument("--only-media", action="store_true", help="of files that have names, pictures and videos")
        _policy_arguments(acts.add("policy", self.policy, "Say what a match does in an agency."))
        save = acts.add("export", self.save, "Save the version in force.")
        save.add_argument("name")
        save.add_argument("file", type=Path)
        save.add_argument("--format", required=True, choices=list(exchange.WRITERS))
        save.add_argument("--region", default="Default")
        end = acts.add("retire", self.retire, "End a set: its matches act no more, its entries stay on record.")
        end.add_argument("name")
        end.add_argument("--reason", required=True)
        look = acts.add("diff", self.diff, "Say what changed between two versions.")
        look.add_argument("name")
        look.add_argument("old", nargs="?", type=int, help="default: the version before the other one")
        look.add_argument("new", nargs="?", type=int, help="default: the version in force")
        back = acts.add("rollback", self.roll_back, "Put an earlier version in force again, as a new one.")
        back.add_argument("name")
        back.add_argument("version", type=int)
        back.add_argument("--reason", required=True)
        ask = acts.add("lookup", self.lookup, "Look hashes up; one JSON line each.")
        ask.add_argument("file", nargs="?", type=Path, help="one hash a line; default: standard input")
        ask.add_argument("--turned", action="store_true", help="seek what looks alike also turned and mirrored; slower")
        ask.add_argument("--purpose", default=lookups.NOT_SAID, help="why you ask; it is logged")
        self.add_filter_acts(acts)

    def create(self, options: dict[str, Any]) -> Done:
        """An empty set of the person's agency."""
        self.require("set.create")
        made = sets.create(
            name=options["name"],
            role=options["role"],
            scheme=scheme_tables.latest(options["scheme"], self.by.agency),
            owner=self._own_agency(options["agency"]),
            by=self.by,
            reach=options["reach"],
            trust=options["trust"],
            receives_offers=options["receives_offers"],
        )
        return Done(f"Set {made} made under {made.scheme}.", {"set": made.name, "id": made.public_id})

    def load(self, options: dict[str, Any]) -> Done:
        """Stage, check, swap."""
        hash_set = self._own_set(options["name"], "set.import")
        for path in options["file"]:
            if not path.is_file():
                raise BadInput(f"{path} is not a file.")
        parts = [Part(path, path.name) for path in options["file"]]
        report = import_runs.run_here(
            hash_set,
            parts,
            by=self.by,
            dry_run=options["dry_run"],
            incomplete=options["incomplete"],
            only_media=options["only_media"],
            add=options["add"],
            listen=lambda phase, done, of: self.progress(done, of, phase),
        )
        return Done(import_runs.sentence(report), report.as_json() | self._foreseen(report), report.problems())

    def _foreseen(self, report: ImportReport) -> dict[str, Any]:
        """What a dry run would do in the open cases that the person may know of."""
        if report.foreseen is None:
            return {}
        told = [asdict(one) for one in effects.cases().told(self.by, report.foreseen)]
        return {"open_cases": [{name: value for name, value in one.items() if name != "address"} for one in told]}

    def policy(self, options: dict[str, Any]) -> Done:
        """What a match of the set does in the person's agency."""
        self.require("set.policy")
        hash_set = sets.named(options["name"], user=self.by)
        agency = self._own_agency(options["agency"])
        disposition = None if options["disposition"] == "any" else options["disposition"]
        made = policies.set_policy(
            hash_set,
            agency=agency,
            by=self.by,
            disposition=disposition,
            action=options["action"],
            min_trust=options["min_trust"],
            may_discard=options["may_discard"],
            reason=options["reason"],
        )
        return Done(f"{hash_set}: {made.action} from {made.min_trust} on, in {agency}.", {"policy": made.public_id})

    def save(self, options: dict[str, Any]) -> Done:
        """Write a file that is whole or not there."""
        hash_set = self._own_set(options["name"], "set.export")
        target: Path = options["file"]
        with whole_file(target) as file:
            saved = listing.export(
                hash_set, file, by=self.by, format_id=options["format"], options=WriteOptions(region=options["region"])
            )
        told = {"entries": saved.entries, "odd_codes": saved.odd_codes}
        return Done(f"{saved.entries:,} entries of {hash_set} written to {target}, and read back.", told)

    def retire(self, options: dict[str, Any]) -> Done:
        """End a set of the person's agency."""
        hash_set = self._own_set(options["name"], "set.retire")
        sets.retire(hash_set, by=self.by, reason=options["reason"])
        return Done(f"{hash_set} is retired. Open cases are matched again without it.", {"set": hash_set.name})

    def diff(self, options: dict[str, Any]) -> Done:
        """Counts by category; `old` and `new` may be in either order."""
        hash_set = self._own_set(options["name"], "set.view")
        new = hash_set.generation if options["new"] is None else options["new"]
        old = new - 1 if options["old"] is None else options["old"]
        for number in (old, new):
            versions.version(hash_set, number)
        delta = versions.diff(hash_set, old, new)
        told = f"From version {old} to {new} of {hash_set}: {_counts(delta)}."
        return Done(told, {"set": hash_set.name, "from": old, "to": new, **delta.as_json()})

    def roll_back(self, options: dict[str, Any]) -> Done:
        """An earlier version again, as a new one."""
        hash_set = self._own_set(options["name"], "set.rollback")
        number = options["version"]
        made, delta = versions.roll_back(hash_set, number, by=self.by, reason=options["reason"])
        fields = {"set": hash_set.name, "generation": hash_set.generation, **delta.as_json()}
        if made is None:
            return Done(f"{hash_set} holds what version {number} held. Nothing changed.", fields)
        return Done(f"Version {made.number} of {hash_set} is in force, as {number} was: {_counts(delta)}.", fields)

    def lookup(self, options: dict[str, Any]) -> Done:
        """One JSON line per hash, and per line that holds none, in order; exit 1 when there was such a line."""
        self.require("set.lookup")
        text = text_of(options["file"]) if options["file"] else sys.stdin.read()
        found = lookups.read(text)
        limits.spend_by_person(self.by, "hashes", len(found), most=settings.PERSON_HASHES)
        rows = lookups.ask_read(found, by=self.by, purpose=options["purpose"], turned=options["turned"])
        for one, answer in rows:
            told = answer.as_json() | {"line": one.line} | ({"name": one.name} if one.name else {})
            self.stdout.write(json.dumps(told, sort_keys=True))
        return Done(
            "", None, [f"line {one.line}: {one.text}: {answer.problem}" for one, answer in rows if answer.problem]
        )

    def _own_agency(self, slug: str | None) -> Agency:
        """The person's agency, which is the only one he acts for."""
        if slug and commands.agency(slug).pk != self.by.agency_id:
            raise NotAllowed(f"{self.by.username} works for {self.by.agency.slug}. Use --as with one of its people.")
        return self.by.agency


def _create_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("--role", required=True, choices=HashSet.SetRole.values)
    parser.add_argument("--scheme", required=True, metavar="ID")
    parser.add_argument("--agency", metavar="ID", help="default: the person's own")
    parser.add_argument("--reach", choices=HashSet.Reach.values, default="agency", help="who may match against it")
    parser.add_argument("--trust", choices=["trusted", "provisional"], default="trusted", help="of what is imported")
    parser.add_argument("--receives-offers", action="store_true", help="approved decisions of the agency go here")


def _policy_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("action", choices=Policy.Action.values)
    parser.add_argument("--agency", metavar="ID", help="default: the person's own")
    parser.add_argument("--disposition", default="any", choices=["any", *Disposition.values])
    parser.add_argument("--min-trust", choices=[str(level) for level in MINIMA])
    parser.add_argument("--may-discard", action="store_true", help="known-good and code 0 may hide files")
    parser.add_argument("--reason", default="", help="why; it is logged")


def _counts(delta: versions.Delta) -> str:
    return f"+{delta.added:,} -{delta.withdrawn:,}, {delta.changed:,} changed"
