"""`manage.py conformance URL`: whether a node keeps the protocol, asked over HTTP alone (commands.md)."""

import hashlib
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import CommandParser

from hashsets import conformance
from hashsets.conformance import Credential, Outcome, Verdict
from hashsets.conformance.asking import connected
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput


class Command(WinnowCommand):
    """Examine a node, ours or anybody's. Needs no database and acts as nobody."""

    help = "Whether a node keeps the protocol of docs/protocol.md."
    needs_person = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where, with what, and how far it may go."""
        parser.add_argument("url", help="such as https://node.example/odata/v1/")
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--secret-file", type=Path, required=True)
        parser.add_argument(
            "--set", default="", metavar="ID", help="the set to look at; default: the first with entries"
        )
        parser.add_argument("--write", action="store_true", help="may contribute invented hashes; they are taken back")
        parser.add_argument("--key-file", type=Path, help="the private key that opinions are signed with")
        parser.add_argument("--old-delta-link", default="", metavar="URL", help="a deltaLink from before the horizon")
        parser.add_argument("--ca", default="", metavar="FILE", help="certificates to trust instead of the system's")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write a page about it")

    def run(self, options: dict[str, Any]) -> Done:
        """Every check, and a report."""
        if not options["url"].startswith(("https://", "http://")):
            raise BadInput("Give the whole address, such as https://node.example/odata/v1/.")
        node = connected(
            options["url"], _credential(options), ca=options["ca"], set_id=options["set"], may_write=options["write"],
            old_delta=options["old_delta_link"],
        )  # fmt: skip
        with node.client:
            outcomes = list(conformance.run(node, conformance.MODULES))
        if options["report"]:
            at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
            options["report"].write_text(conformance.as_markdown(outcomes, of=node.root, at=at), encoding="utf-8")
        told = conformance.as_json(outcomes)
        sentence = f"{told['passed']} passed, {told['failed']} failed, {told['not_applicable']} not applicable."
        if not options["as_json"]:
            self._list(outcomes)
        return Done(
            sentence, told, [f"{one.check.clause} {one.check.says}: {one.why}" for one in outcomes if _bad(one)]
        )

    def _list(self, outcomes: list[Outcome]) -> None:
        for one in outcomes:
            why = f" ({one.why})" if one.verdict is Verdict.NOT_APPLICABLE else ""
            self.stdout.write(f"{one.verdict:14} {one.check.clause:5} {one.check.says}{why}")


def _bad(outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.FAILED


def _credential(options: dict[str, Any]) -> Credential:
    """The credential, and the key that opinions are signed with. Raises BadInput."""
    secret = _read(options["secret_file"])
    if options["key_file"] is None:
        return Credential(options["client_id"], secret)
    try:
        key = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(_read(options["key_file"]) + "="))
    except ValueError as error:
        raise BadInput("The key is 32 bytes as base64url in one line, like WINNOW_DATA/keys/signing.") from error
    fingerprint = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest().upper()
    return Credential(options["client_id"], secret, fingerprint, key.sign)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read.") from error
