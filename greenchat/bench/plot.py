"""A chart of the results: per figure one panel of bars, per shape one group, per server one colour."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from greenchat import extras
from greenchat.bench.figures import FIGURES, Figures
from greenchat.bench.peers import NotInstalledError

PANEL = (7.0, 2.6)  # inches


def require() -> None:
    """Check that matplotlib is installed. Raises NotInstalledError."""
    if find_spec("matplotlib") is None:
        raise NotInstalledError(f"--plot needs one more package: {extras.install(extras.PLOT)}")


def draw(file: Path, outcomes: Sequence[tuple[str, Mapping[str, Figures]]]) -> None:
    """Draw the chart. outcomes: the title of a shape, and the figures of each server. Raises OSError."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    servers = list(dict.fromkeys(server for _, figures in outcomes for server in figures))
    names = [
        name
        for name, figure in FIGURES.items()
        if figure.ratio and any(name in each for _, figures in outcomes for each in figures.values())
    ]
    picture = Figure(figsize=(PANEL[0], PANEL[1] * len(names)), layout="constrained")
    FigureCanvasSVG(picture)
    for panel, name in zip(picture.subplots(len(names), squeeze=False).flat, names, strict=True):
        for row, server in enumerate(servers):
            places = [group + 0.8 * row / len(servers) for group in range(len(outcomes))]
            values = [figures.get(server, {}).get(name, 0.0) for _, figures in outcomes]
            bars = panel.barh(places, values, height=0.7 / len(servers), label=server)
            panel.bar_label(bars, [f" {FIGURES[name].write(value)}" for value in values], fontsize=7)
        panel.set_yticks([group + 0.4 * (1 - 1 / len(servers)) for group in range(len(outcomes))])
        panel.set_yticklabels([title for title, _ in outcomes], fontsize=7)
        panel.invert_yaxis()
        panel.margins(x=0.18)
        panel.set_xticks([])
        panel.set_title(FIGURES[name].label, fontsize=9, loc="left")
        panel.spines[["top", "right", "bottom"]].set_visible(False)
    picture.legend(*picture.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(servers))
    picture.savefig(file, format="svg")
