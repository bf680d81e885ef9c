#!/usr/bin/env python3
"""Draws the plots of a Sinter output folder from the files in it, and from nothing else.

    sinter_plot.py FOLDER

loss.png              losses, and the learning rate where it changes   (metrics.csv, run.json)
predicted_actual.png  predictions against actual values, or classes    (predictions.csv, run.json)
decision_map.png      the model over two features, with the data       (decision_map.csv, decision_points.csv, run.json)
"""
import csv
import json
import os
import sys
from pathlib import Path

try:
    import matplotlib
except ImportError as error:
    sys.exit(f"no matplotlib: {error}")
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, NullFormatter

# Blue and orange, which the colour-blind tell apart; greys for all that is no data.
BLUE, ORANGE, INK, GREY, PALE = "#1f5fa8", "#d9731a", "#222222", "#777777", "#e4e4e4"
POINTS = LinearSegmentedColormap.from_list("points", [BLUE, "#f7f7f5", ORANGE])
MAP = LinearSegmentedColormap.from_list("map", ["#8db3dd", "#f7f7f5", "#f1b37c"])  # paler, so that points stand out
plt.rcParams.update({
    "figure.dpi": 150, "savefig.dpi": 150, "figure.constrained_layout.use": True,
    "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.edgecolor": GREY, "axes.labelcolor": INK, "text.color": INK, "xtick.color": GREY, "ytick.color": GREY,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": PALE, "grid.linewidth": 0.8,
    "axes.axisbelow": True, "legend.frameon": False, "lines.linewidth": 1.8,
    # Names from data files are shown as they are, dollar signs too.
    "text.parse_math": False, "axes.formatter.use_mathtext": False,
})
MANY_POINTS = 20000


def read_columns(path):
    """Column names and a [rows, columns] array of texts."""
    with open(path, newline="", encoding="utf-8", errors="replace") as stream:
        rows = list(csv.reader(stream))
    return rows[0], np.array(rows[1:], dtype=object).reshape(-1, len(rows[0]))


def numbers(texts):
    return np.array([float(text) if text else np.nan for text in texts])


def save(figure, folder, *names):
    """In one step: a plot is the old one or the complete new one."""
    for name in names:
        temporary = folder / f".{name}.{os.getpid()}.tmp"
        figure.savefig(temporary, format=name.rpartition(".")[2])
        os.replace(temporary, folder / name)
    plt.close(figure)


def suits_log(values):
    values = values[np.isfinite(values)]
    return values.size > 0 and values.min() > 0 and values.max() > 10 * values.min()


def plot_loss(folder, record):
    names, rows = read_columns(folder / "metrics.csv")
    if len(rows) == 0:
        return
    column = {name: numbers(rows[:, index]) for index, name in enumerate(names)}
    epoch, loss, validation, rate = (column[name] for name in
                                     ("epoch", "running_loss", "validation_loss", "learning_rate"))
    shows_rate = np.ptp(rate) > 0
    heights = [3.4, 1] if shows_rate else [3.4]
    figure, axes = plt.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights,
                                figsize=(7, 0.6 + sum(heights)))
    axis = axes[0, 0]
    marker = "o" if len(epoch) < 3 else None
    axis.plot(epoch, loss, color=BLUE, marker=marker, label="training (running mean of the epoch)")
    measured = np.isfinite(validation)
    if measured.any():
        axis.plot(epoch[measured], validation[measured], color=ORANGE, marker=marker, label="validation")
    best = record.get("best_epoch")
    if record.get("status") == "stopped_early" and best:
        axis.axvline(best, color=GREY, linewidth=1, linestyle=":")
        axis.annotate(f" best: epoch {best}", (best, 0.03), xycoords=("data", "axes fraction"), va="bottom", color=GREY,
                      fontsize=9)
    if suits_log(np.concatenate([loss, validation])):
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_ylabel("loss")
    axis.set_title(f"{record.get('name', folder.name)}: loss")
    axis.legend(loc="upper right")
    if shows_rate:
        axes[1, 0].plot(epoch, rate, color=GREY, linewidth=1.3)
        axes[1, 0].set_ylabel("learning rate")
        axes[1, 0].ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    axes[-1, 0].set_xlabel("epoch")
    save(figure, folder, "loss.png")


def plot_confusion(axis, confusion):
    confusion = np.array(confusion)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axis.imshow(share, cmap=LinearSegmentedColormap.from_list("blues", ["#ffffff", BLUE]), vmin=0, vmax=1)
    if len(confusion) <= 12:
        for (actual, predicted), count in np.ndenumerate(confusion):
            color = "white" if share[actual, predicted] > 0.55 else INK
            axis.text(predicted, actual, str(count), ha="center", va="center", color=color)
        axis.set_xticks(range(len(confusion)))
        axis.set_yticks(range(len(confusion)))
    axis.set_xlabel("predicted class")
    axis.set_ylabel("actual class")
    axis.grid(False)
    axis.spines[:].set_visible(True)
    axis.set_title("classes")


def plot_probability(axis, actual, predicted, name):
    """Each point at its actual class, spread a little so that equal ones show."""
    across = actual + np.random.default_rng(0).uniform(-0.16, 0.16, len(actual))
    right = (predicted >= 0.5) == (actual >= 0.5)
    axis.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    axis.scatter(across[right], predicted[right], s=26, color=BLUE, alpha=0.75, linewidth=0,
                 label=f"right ({right.sum()})")
    axis.scatter(across[~right], predicted[~right], s=34, color=ORANGE, marker="X", linewidth=0,
                 label=f"wrong ({(~right).sum()})")
    axis.set_xticks([0, 1])
    axis.set_xlim(-0.5, 1.5)
    axis.set_ylim(-0.05, 1.05)
    axis.set_xlabel(f"actual {name}\n(points of a class spread sideways)")
    axis.set_ylabel("predicted")
    axis.legend(loc="upper left", bbox_to_anchor=(0, 0.94))


def plot_against(axis, actual, predicted, name):
    low, high = min(actual.min(), predicted.min()), max(actual.max(), predicted.max())
    margin = 0.05 * (high - low) or 1.0
    low, high = low - margin, high + margin
    axis.plot([low, high], [low, high], color=GREY, linewidth=1, linestyle="--")
    few = len(actual) < 200
    axis.scatter(actual, predicted, s=26 if few else 8, color=BLUE, alpha=0.8 if few else 0.35, linewidth=0)
    axis.set_xlim(low, high)
    axis.set_ylim(low, high)
    axis.set_aspect("equal")
    rmse = np.sqrt(np.mean((predicted - actual) ** 2))
    total = np.sum((actual - actual.mean()) ** 2)
    text = f"RMSE {rmse:.4g}" + (f"\nR² {1 - np.sum((predicted - actual) ** 2) / total:.4f}" if total > 0 else "")
    axis.text(0.04, 0.96, text, transform=axis.transAxes, va="top")
    axis.set_xlabel(f"actual {name}")
    axis.set_ylabel(f"predicted {name}")


def plot_predictions(folder, record):
    names, rows = read_columns(folder / "predictions.csv")
    # Features first, then as many actual as predicted columns: by position, since a feature may be named like a target.
    outputs = 0
    while outputs < len(names) and names[-1 - outputs].startswith("predicted_"):
        outputs += 1
    rows = rows[::-(-len(rows) // MANY_POINTS) or 1]
    pairs = []
    for output in range(outputs):
        actual, predicted = numbers(rows[:, output - 2 * outputs]), numbers(rows[:, output - outputs])
        fine = np.isfinite(actual) & np.isfinite(predicted)
        if fine.any():
            pairs.append((names[output - outputs].removeprefix("predicted_"), actual[fine], predicted[fine]))
    if not pairs:
        return
    kept = record.get("predictions", {}).get("set", "test")
    confusion = record.get("metrics", {}).get(kept, {}).get("confusion")
    if confusion:
        panels = 2 if len(pairs) == 1 else 1
        figure, axes = plt.subplots(1, panels, squeeze=False, figsize=(4 * panels, 4))
        if panels == 2:
            plot_probability(axes[0, 0], pairs[0][1], pairs[0][2], pairs[0][0])
            axes[0, 0].set_title("predictions")
        plot_confusion(axes[0, -1], confusion)
    else:
        shown = pairs[:4]
        figure, axes = plt.subplots(1, len(shown), squeeze=False, figsize=(4.6 * len(shown), 4.6))
        for axis, (name, actual, predicted) in zip(axes[0], shown):
            plot_against(axis, actual, predicted, name)
    figure.suptitle(f"{record.get('name', folder.name)}: {kept} set", x=0.02, ha="left", fontsize=11, fontweight="bold")
    save(figure, folder, "predicted_actual.png")


def plot_decision_map(folder, record):
    if not (folder / "decision_map.csv").exists():
        return
    names, rows = read_columns(folder / "decision_map.csv")
    x, y, value = (numbers(rows[:, index]) for index in range(3))
    side = int(round(np.sqrt(len(x))))
    grid = value.reshape(side, side)
    fine = grid[np.isfinite(grid)]
    if fine.size == 0:
        return
    classes = any("confusion" in report for report in record.get("metrics", {}).values())
    low, high = (0.0, 1.0) if classes else (fine.min(), fine.max())
    figure, axis = plt.subplots(figsize=(6.4, 5))
    image = axis.imshow(grid, origin="lower", extent=(x.min(), x.max(), y.min(), y.max()), aspect="auto", cmap=MAP,
                        vmin=low, vmax=high, interpolation="bilinear")
    if classes and fine.min() < 0.5 < fine.max():
        axis.contour(x.reshape(side, side), y.reshape(side, side), grid, levels=[0.5], colors=[INK], linewidths=1.2)
    _, points = read_columns(folder / "decision_points.csv")
    for kind, marker, size in (("train", "o", 34), ("validation", "s", 34), ("test", "*", 130)):
        chosen = points[points[:, 3] == kind]
        if len(chosen) == 0:
            continue
        axis.scatter(numbers(chosen[:, 0]), numbers(chosen[:, 1]), c=numbers(chosen[:, 2]), cmap=POINTS, vmin=low,
                     vmax=high, marker=marker, s=size if len(chosen) < 300 else size / 4, edgecolor=INK, linewidth=0.8)
        axis.scatter([], [], color="white", edgecolor=INK, marker=marker, s=min(size, 80),
                     label=f"{kind} ({len(chosen)})")
    axis.set_xlim(x.min(), x.max())
    axis.set_ylim(y.min(), y.max())
    axis.grid(False)
    axis.set_xlabel(names[0])
    axis.set_ylabel(names[1])
    axis.set_title(f"{record.get('name', folder.name)}: model over its features" +
                   (", decision at 0.5" if classes else ""))
    axis.legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncol=3, handletextpad=0.3, borderaxespad=0.4)
    bar = figure.colorbar(image, ax=axis)
    bar.set_label(names[2].replace("_", " ", 1))
    bar.outline.set_visible(False)
    save(figure, folder, "decision_map.png")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for draw in (plot_loss, plot_predictions, plot_decision_map):
        draw(folder, record)


if __name__ == "__main__":
    main()
