"""Draws what a measurement found, for the documentation. Needs matplotlib (requirements-bench.lock)."""

from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def lookup(curve: Mapping[int, float]) -> None:
    """Microseconds a hash over the number of entries: docs/lookup.png and docs/lookup.svg, the same each time."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "winnow"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(list(curve), list(curve.values()), marker="o", color="#1f6f8b")
    for size, cost in curve.items():
        axes.annotate(f"{cost:.3f}", (size, cost), textcoords="offset points", xytext=(0, 9), ha="center")
    axes.axhline(1.5, color="#999999", linestyle="--", linewidth=1)
    axes.annotate("asked for at 10 million", (min(curve), 1.5), textcoords="offset points", xytext=(0, 4))
    axes.set(xscale="log", xlabel="entries in the set", ylabel="CPU µs a hash", ylim=(0, 1.75))
    axes.set_title("A million hashes, one in twenty known, against the mapped index")
    axes.grid(alpha=0.3)
    figure.savefig(DOCS / "lookup.png", dpi=150, metadata={"Software": None})
    figure.savefig(DOCS / "lookup.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
