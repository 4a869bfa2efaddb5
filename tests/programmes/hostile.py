"""Every hostile file ends with a permitted outcome: builds the corpus, ingests it whole, compares with its manifest.

`make prove NAME=hostile`: everything the tool makes, 10,000 mutated pictures too, while a part of it keeps changing.
`python -m tests.programmes hostile [--fuzz N] [--mutate SECONDS] [CORPUS]`: with CORPUS, made by the tool before, the
building is left out.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import product

TOOL = Path(__file__).resolve().parents[3] / "shared" / "tools" / "hostile.py"
EVIDENCE = b"evidence/"
LIMITS = {"WINNOW_ARCHIVE_BYTES": str(1 << 30), "WINNOW_ARCHIVE_MEMBERS": "10000", "WINNOW_ARCHIVE_DEPTH": "5"}
MEMBERS = LIMITS["WINNOW_ARCHIVE_MEMBERS"]
CHANGING = "mutating"  # files that change while they are read: only their own hash can be right
OUTSIDE = Path("/tmp/hostile-outside.txt")  # where some members would like to be written


def main(arguments: list[str]) -> int:
    """Print what is off the manifest; 0 when nothing is."""
    asked = _asked(arguments)
    with tempfile.TemporaryDirectory(prefix="winnow-hostile-") as folder:
        corpus = asked.corpus or build(Path(folder) / "corpus", asked.fuzz)
        manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
        try:
            with changing(corpus, asked.mutate):
                outcomes = taken_in(corpus / "evidence")
        finally:
            if not asked.corpus:  # its paths are longer than what removes the folder can go down
                subprocess.run([sys.executable, TOOL, corpus, "--clean"], check=True)
        off = outcomes["lost"] + list(compared(manifest["items"], outcomes))
    for line in off:
        print(line)
    kinds = Counter(entry["kind"].split("/")[0] for entry in concerned(manifest["items"]))
    print(f"{sum(kinds.values())} entries ({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}):", end=" ")
    print(f"{len(off)} off the manifest.")
    return 1 if off else 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hostile")
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--fuzz", type=int, default=10_000, help="mutated pictures")
    parser.add_argument("--mutate", type=int, default=60, help="seconds during which some files keep changing")
    return parser.parse_args(arguments)


def build(corpus: Path, fuzz: int) -> Path:
    """Have the tool make the corpus."""
    subprocess.run([sys.executable, TOOL, corpus, "--fuzz", str(fuzz)], check=True)
    return corpus


@contextmanager
def changing(corpus: Path, seconds: int) -> Iterator[None]:
    """Have some files of the corpus change under the reader inside the block, at most for so long."""
    if not seconds:
        yield
        return
    child = subprocess.Popen([sys.executable, TOOL, corpus, "--mutate", str(seconds)], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def taken_in(evidence: Path) -> dict[str, Any]:
    """Ingest a folder with a product of its own; returns what the commands say: problems, and digests by raw path."""
    with product.running("--workers=2", settings=LIMITS) as winnow:
        winnow.manage("case", "create", "H-1", "--name", "Hostile files", "--scheme", "landscapes-t1")
        winnow.manage("ingest", "H-1", str(evidence), "--exhibit", "H", "--reader", "folder", "--wait", status=1)
        problems = winnow.manage("problems", "H-1", "--json")
        winnow.manage("case", "check", "H-1")
        winnow.manage("exhibit", "verify", "H-1", "H")  # of what changed under us: the store has what was hashed
        digests = winnow.manage("shell", "-v", "0", "-c", DIGESTS)
        members = winnow.manage("shell", "-v", "0", "-c", MEMBERS_OF)
        lost = [line for line in winnow.output.splitlines() if "process ended" in line]
    return {
        "lost": lost,
        "problems": json.loads(problems)["problems"],
        "digests": json.loads(digests),
        "members": json.loads(members),
    }


DIGESTS = """
import base64, json
from cases.models import FileInstance
rows = FileInstance.objects.filter(parent=None).values_list("raw_path", "content__sha256", "content__md5")
print(json.dumps([[base64.b64encode(p).decode(), s and bytes(s).hex(), m and bytes(m).hex()] for p, s, m in rows]))
"""

# Of every archive: the reason on its own line, and state, depth and reason of everything that lies in it.
MEMBERS_OF = """
import base64, json
from cases.models import FileInstance
kept, outermost, found = {}, {}, {}
for row in FileInstance.objects.order_by("pk").only("parent", "raw_path", "state", "depth", "reason"):
    top = outermost[row.pk] = outermost.get(row.parent_id, row.pk)
    if row.parent_id is None:
        kept[row.pk] = base64.b64encode(row.raw_path).decode()
        found[row.pk] = {"reason": row.reason, "inside": []}
    else:
        found[top]["inside"].append([row.state, row.depth, row.reason])
print(json.dumps({kept[row]: rest for row, rest in found.items()}))
"""


def concerned(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries of the manifest that are evidence, each a node of its own."""
    for entry in items:
        raw = base64.b64decode(entry["path_b64"])
        if raw.startswith(EVIDENCE) and entry["type"] != "dir":
            yield entry


def compared(items: list[dict[str, Any]], got: dict[str, Any]) -> Iterator[str]:
    """A line for each entry whose outcome or hash is not what the manifest permits."""
    problems = {base64.b64decode(row["name_b64"]): row for row in got["problems"]}
    digests = {base64.b64decode(name): (sha256, md5) for name, sha256, md5 in got["digests"]}
    for entry in concerned(items):
        raw = base64.b64decode(entry["path_b64"])[len(EVIDENCE) :]
        yield from _off(entry, raw, problems.get(raw), digests.get(raw))
        if "if_expanded" in entry:
            yield from _members_off(entry, got["members"].get(base64.b64encode(raw).decode()))
    if OUTSIDE.exists():
        yield f"{OUTSIDE} was written"


def _off(entry: dict[str, Any], raw: bytes, problem: dict[str, Any] | None, digests: Any) -> Iterator[str]:
    name = f"{entry['kind']}: {entry['path'][:100]}"
    if digests is None:
        if "rejected-with-reason" not in entry["expect"] or not _in_refused_folder(raw):
            yield f"{name}: not in the ledger"
        return
    outcome = problem["outcome"] if problem else "accepted"
    if outcome not in entry["expect"]:
        yield f"{name}: {outcome} ({problem and problem['reason']}), permitted: {', '.join(entry['expect'])}"
    elif (
        entry["kind"] != "mutating" and digests[0] and "sha256" in entry and digests != (entry["sha256"], entry["md5"])
    ):
        yield f"{name}: another hash than the manifest's"


def _members_off(entry: dict[str, Any], found: dict[str, Any] | None) -> Iterator[str]:
    """Every promised member is a line of the ledger, within the limits; what goes beyond them is said."""
    name, expected = f"{entry['kind']}: {entry['path'][:100]}", entry["if_expanded"]
    if found is None:
        yield f"{name}: not in the ledger"
        return
    inside, reasons = found["inside"], {found["reason"], *(reason for _, _, reason in found["inside"])}
    first = [state for state, depth, _ in inside if depth == 1]
    wanted = min(expected.get("members", 0), int(MEMBERS))
    if len(first) < wanted or ("members" in expected and len(first) > wanted):
        yield f"{name}: {len(first)} members, promised: {wanted}"
    if first.count("accepted") < expected.get("good_members", 0):
        yield f"{name}: {first.count('accepted')} members are good, promised: {expected['good_members']}"
    if len(inside) > int(MEMBERS) or any(depth > int(LIMITS["WINNOW_ARCHIVE_DEPTH"]) for _, depth, _ in inside):
        yield f"{name}: {len(inside)} rows, beyond the limits"
    if any(state == "rejected" and not reason for state, _, reason in inside):
        yield f"{name}: a member is missing without a reason"
    for limit, told in BEYOND.items():
        if limit in entry["reasons"] and _is_beyond(expected) and told not in reasons:
            yield f"{name}: beyond a limit, and nothing says {told}"


BEYOND = {"archive-limit-bytes": "over-limit", "archive-limit-members": "over-limit", "archive-limit-depth": "too-deep"}


def _is_beyond(expected: dict[str, Any]) -> bool:
    """Whether the manifest's own figures break the limits of this run."""
    return bool(
        expected.get("expands_to", 0) > int(LIMITS["WINNOW_ARCHIVE_BYTES"])
        or expected.get("members", 0) > int(MEMBERS)
        or expected.get("depth", 0) > int(LIMITS["WINNOW_ARCHIVE_DEPTH"])
    )


def _in_refused_folder(raw: bytes) -> bool:
    return b"locked-dir/" in raw  # its folder is the ledger's entry; only root could see inside


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
