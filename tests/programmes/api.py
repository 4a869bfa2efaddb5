"""The public API against its own description: no failure of ours, no answer that is not described (schemathesis).

`python -m tests.programmes api [EXAMPLES [SEED]]`: so many requests made up for each call, many wrong on purpose,
twice: about things that are there, and about any. What is asked, and what its answers must be, comes from the schema.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import product
from tests.product import Product

DEFAULTS = (500, 4)  # requests a call, seed
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip
BUILD = "from tests.programmes import api; print(api.build())"


@dataclass(frozen=True, slots=True)
class World:
    """A token that may everything, and things to ask about."""

    token: str
    case: str
    set_id: str


def main(arguments: list[str]) -> int:
    """Print what schemathesis found; 0 when that is nothing."""
    examples, seed = [*map(int, arguments), *DEFAULTS[len(arguments) :]]
    with product.running("--workers=1", settings=product.ROOMY) as winnow:
        world = made(winnow)
        return max(asked(winnow, world, examples=examples, seed=seed, real=real)[0] for real in (True, False))


def made(winnow: Product) -> World:
    """A case with contents and decisions, and a set, in a running product."""
    told = winnow.manage("shell", "-v", "0", "-c", BUILD)
    return World(**json.loads(told.splitlines()[-1]))


def build() -> str:
    """Build it, inside the product, by its own functions; returns the world as JSON."""
    from cases import decisions
    from tests import factories
    from tests.hashsets import makers
    from workbench.models import Role

    by = factories.person(factories.agency("scripts"), "ann", Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER)
    case = factories.case(by)
    exhibit = factories.exhibit(case)
    first, *_ = [factories.item(exhibit, f"lake {number}") for number in range(5)]
    decisions.decide_content(case=case, content=first.content, code="1", by=by, via="test", viewed=True)
    hash_set = makers.hash_set(by)
    makers.publish(hash_set, makers.picture("lake 1"), makers.picture("lake 2"), by=by)
    return json.dumps({"token": factories.token(by), "case": str(case.public_id), "set_id": str(hash_set.public_id)})


def asked(winnow: Product, world: World, *, examples: int, seed: int, real: bool) -> tuple[int, str]:
    """Let schemathesis ask; its exit status and what it said. `real`: about the case and the set that are there."""
    things = {"path.case": world.case, "path.set_id": world.set_id} if real else {}
    return asked_about(winnow, "/api/v1/schema/", world.token, things, examples=examples, seed=seed)


def asked_about(
    winnow: Product, schema: str, token: str, things: Mapping[str, str], *, examples: int, seed: int, more: str = ""
) -> tuple[int, str]:
    """Let schemathesis ask what a schema describes, with these values where it names them; `more` of its settings."""
    with tempfile.TemporaryDirectory(prefix="winnow-asked-") as folder:
        chosen = Path(folder) / "schemathesis.toml"
        lines = ["[parameters]", *(f'"{name}" = "{value}"' for name, value in things.items())] if things else []
        chosen.write_text("\n".join([*lines, more]), encoding="utf-8")
        began = time.monotonic()
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")), f"--config-file={chosen}", "--no-color", "run",
                f"{winnow.url}{schema}", f"--header=Authorization: Bearer {token}",
                f"--checks={','.join(CHECKS)}", f"--max-examples={examples}", f"--seed={seed}", "--continue-on-failure",
                "--phases=examples,coverage,fuzzing", "--generation-database=none", "--workers=1", "--warnings=off",
                "--suppress-health-check=all",
            ],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    words = "things that are there" if things else "any"
    print(done.stdout if done.returncode else done.stdout[done.stdout.find("= SUMMARY") :])
    print(f"asked about {words}: {time.monotonic() - began:.1f} s, exit {done.returncode} {done.stderr}", flush=True)
    return done.returncode, done.stdout
