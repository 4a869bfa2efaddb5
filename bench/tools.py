"""The generators and yardsticks that came with the task, and the folders they make."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "shared" / "tools"


def corpus(scale: str) -> Path:
    """The generated seizure folder; kept in the temporary folder for the next time."""
    folder = Path(tempfile.gettempdir()) / f"winnow-bench-corpus-{scale}-1"
    if not (folder / "summary.json").exists():
        command = [sys.executable, str(TOOLS / "gen_corpus.py"), str(folder), "--scale", scale, "--seed", "1", "--full"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder and below it, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def cpu_of(*command: str) -> float:
    """CPU seconds that a yardstick counts for itself and writes on the last line of `--out`."""
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as out:
        subprocess.run([sys.executable, *command, "--full", "--out", out.name], check=True, stdout=subprocess.DEVNULL)
        return float(json.loads(out.readlines()[-1])["cpu_s"])
