"""Draws what a measurement found, for the documentation. Needs matplotlib (requirements-bench.lock)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"


@contextmanager
def _figure(name: str) -> Iterator[Any]:
    """Axes to draw on; docs/NAME.png and docs/NAME.svg afterwards, the same each time."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "winnow"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    yield axes
    axes.grid(alpha=0.3)
    figure.savefig(DOCS / f"{name}.png", dpi=150, metadata={"Software": None})
    figure.savefig(DOCS / f"{name}.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def lookup(curve: Mapping[int, float]) -> None:
    """Microseconds a hash over the number of entries."""
    with _figure("lookup") as axes:
        axes.plot(list(curve), list(curve.values()), marker="o", color="#1f6f8b")
        for size, cost in curve.items():
            axes.annotate(f"{cost:.3f}", (size, cost), textcoords="offset points", xytext=(0, 9), ha="center")
        axes.axhline(1.5, color="#999999", linestyle="--", linewidth=1)
        axes.annotate("asked for at 10 million", (min(curve), 1.5), textcoords="offset points", xytext=(0, 4))
        axes.set(xscale="log", xlabel="entries in the set", ylabel="CPU µs a hash", ylim=(0, 1.75))
        axes.set_title("A million hashes, one in twenty known, against the mapped index")


def alike(recall: Mapping[str, Sequence[float]], precision: Sequence[float], limits: Sequence[int]) -> None:
    """Shares over bits: found again by what was done to a picture, and right among all pairs within so many."""
    with _figure("alike") as axes:
        for name, shares in recall.items():
            axes.plot(range(len(shares)), shares, linewidth=1.3, label=name)
        axes.plot(range(len(precision)), precision, color="black", linestyle="--", linewidth=1.3, label="precision")
        for bits in limits:
            axes.axvline(bits, color="#999999", linestyle=":", linewidth=1)
            axes.annotate(str(bits), (bits, 0.02), textcoords="offset points", xytext=(4, 0))
        axes.set(xlabel="differing bits of 256", ylabel="share", ylim=(0, 1.02))
        axes.legend(fontsize=7, ncols=2, loc="lower right")
        axes.set_title("PDQ: pictures found again, and pairs that show the same motif")
