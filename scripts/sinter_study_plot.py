#!/usr/bin/env python3
"""Draws the plots of a Sinter study from its study.json, and from nothing else; each as PNG and as SVG.

    sinter_study_plot.py FOLDER

speed_up        speed-up with the ideal line and the fitted model     (strong, weak)
efficiency      parallel efficiency                                   (strong, weak)
step_time       time of a step against the axis that changes          (all but time_to_target)
time_to_target  time until the validation loss is below the target    (time_to_target)
roofline        FLOP/s against FLOP/byte, under the measured peaks    (where FLOPs, bytes and peaks are known)
extrapolation   the models up to 4096 ranks or 256 threads            (where a model was fitted)

Error bars are the confidence intervals of the medians.
"""
import json
import sys
from pathlib import Path

from sinter_plot import GREY, INK, PALE, plt, save

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

# Okabe and Ito's colours, which the colour-blind tell apart; markers and dashes repeat the difference.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
LABELS = {"threads": "threads", "ranks": "ranks", "batch": "batch (rows a step)", "width": "width of the hidden layers",
          "depth": "hidden layers", "precision": "precision", "fusion": "fusion level"}
UNITS = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")]
plt.rcParams.update({"svg.fonttype": "none", "savefig.bbox": "standard"})


def style(index):
    return {"color": COLORS[index % len(COLORS)], "marker": MARKERS[index % len(MARKERS)], "markersize": 6,
            "linestyle": ["-", "--", "-.", ":"][index // len(COLORS) % 4]}


def axis_label(study):
    return LABELS.get(study["x_axis"], study["x_axis"])


def plain(value):
    return f"{value:g}" if value < 1e5 else f"{value:.1e}"


def series_of(study):
    """Label, points with a result, and models of each series that has a point."""
    for series in study["series"]:
        points = [study["points"][index] for index in series["points"]]
        points = [point for point in points if point["seconds"]]
        if points:
            yield series["label"], points, series["models"]


def scaling_series(study):
    """The same without points that have no speed-up: their threads were more than the processors."""
    for label, points, models in series_of(study):
        points = [point for point in points if point["speed_up"]]
        if points:
            yield label, points, models


def positions(study, points):
    """Where the points stand on the x axis: their numbers, or their places among the names."""
    if study["x_numeric"]:
        return np.array([point["x"] for point in points])
    names = study["axes"][study["x_axis"]]
    return np.array([names.index(point["axes"][study["x_axis"]]) for point in points], dtype=float)


def draw_line(axis, x, estimates, scale=1.0, **style_of):
    """Medians with their intervals; without bars where there were too few processes for one."""
    median = np.array([estimate["median"] for estimate in estimates]) * scale
    bars = np.array([[max(estimate["median"] - estimate["low"], 0), max(estimate["high"] - estimate["median"], 0)]
                     if estimate["coverage"] > 0 else [0, 0] for estimate in estimates]).T * scale
    axis.errorbar(x, median, yerr=bars if bars.any() else None, capsize=3, elinewidth=1.2, capthick=1.2, **style_of)


def number_axis(axis, which, values, base=None):
    """Ticks at the values that were measured, or as many of them as there is room for."""
    values = sorted(set(values))
    logarithmic = len(values) > 2 and values[0] > 0 and values[-1] >= 8 * values[0]
    if logarithmic:
        getattr(axis, f"set_{which}scale")("log", base=base or 2)
        shown, last = [], None
        for value in values:
            if last is None or value / last > (values[-1] / values[0]) ** 0.07:
                shown.append(value)
                last = value
    else:
        shown, last = [], None
        for value in values:
            if last is None or value - last > 0.07 * (values[-1] - values[0]):
                shown.append(value)
                last = value
    ticks = getattr(axis, f"{which}axis")
    ticks.set_major_locator(FixedLocator(shown))
    ticks.set_minor_locator(NullLocator())
    ticks.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    ticks.set_minor_formatter(NullFormatter())
    return logarithmic


def x_axis(axis, study, x):
    axis.set_xlabel(axis_label(study))
    if study["x_numeric"]:
        if not number_axis(axis, "x", x):
            margin = 0.06 * (max(x) - min(x)) or 0.5
            axis.set_xlim(min(x) - margin, max(x) + margin)
        return
    names = study["axes"][study["x_axis"]]
    axis.set_xticks(range(len(names)), names)
    axis.set_xlim(-0.5, len(names) - 0.5)


def legend(axis, count, where="best"):
    """Beside the axes where there are many entries, so that nothing is covered."""
    if count <= 1:
        return
    if count <= 4:
        axis.legend(loc=where)
    else:
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)


def new_figure(study, subject, entries):
    wide = 6.4 + (2.0 if entries > 4 else 0)
    figure, axis = plt.subplots(figsize=(wide, 4.4))
    axis.set_title(f"{study['name']}: {subject}")
    return figure, axis


def finish(figure, folder, name):
    save(figure, folder, f"{name}.png", f"{name}.svg")


def good_models(models):
    return [model for model in models if "problem" not in model]


def model_seconds(model, workers, weak):
    value = {name: entry["value"] for name, entry in model["coefficients"].items()}
    if model["name"] == "amdahl":
        return value["T_s"] + value["T_p"] / workers
    steps = 2 * np.ceil(np.log2(workers)) * value["alpha"] + 2 * (workers - 1) / workers * model["bytes"] * value["beta"]
    return (value["T_p"] if weak else value["T_p"] / workers) + steps


def plot_speed_up(folder, study):
    lines = list(scaling_series(study))
    x = sorted({point["x"] for _, points, _ in lines for point in points})
    if len(x) < 2:
        return
    figure, axis = new_figure(study, "speed-up", len(lines) + 1)
    axis.plot(x, x, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), label="ideal", zorder=1)
    for index, (label, points, models) in enumerate(lines):
        draw_line(axis, [point["x"] for point in points], [point["speed_up"] for point in points],
                  label=label or "measured", **style(index))
        for model in good_models(models)[-1:]:
            along = np.geomspace(points[0]["x"], points[-1]["x"], 200) if model["name"] == "amdahl" else np.array(
                [point["x"] for point in points], dtype=float)
            seconds = model_seconds(model, along, study["kind"] == "weak")
            first = model_seconds(model, np.array([points[0]["x"]]), study["kind"] == "weak")[0]
            gain = first / seconds * (along if study["kind"] == "weak" else points[0]["x"])
            axis.plot(along, gain, color=style(index)["color"], linewidth=1, alpha=0.6, zorder=1,
                      label="fitted model" if index == 0 else None)
    x_axis(axis, study, x)
    if axis.get_xscale() == "log":
        axis.set_yscale("log", base=2)
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
        axis.yaxis.set_minor_formatter(NullFormatter())
    else:
        axis.set_ylim(bottom=0)
    axis.set_ylabel("speed-up (scaled)" if study["kind"] == "weak" else "speed-up")
    legend(axis, len(lines) + 1, "upper left")
    finish(figure, folder, "speed_up")


def plot_efficiency(folder, study):
    lines = list(scaling_series(study))
    x = sorted({point["x"] for _, points, _ in lines for point in points})
    if len(x) < 2:
        return
    figure, axis = new_figure(study, "parallel efficiency", len(lines))
    axis.axhline(100, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    for index, (label, points, _) in enumerate(lines):
        draw_line(axis, [point["x"] for point in points], [point["efficiency"] for point in points], scale=100,
                  label=label, **style(index))
    x_axis(axis, study, x)
    top = max(point["efficiency"]["high"] for _, points, _ in lines for point in points)
    axis.set_ylim(0, max(110, 105 * top))
    axis.set_ylabel("efficiency in %")
    legend(axis, len(lines), "lower left")
    finish(figure, folder, "efficiency")


def plot_time(folder, study):
    to_target = study["kind"] == "time_to_target"
    lines = list(series_of(study))
    if not lines:
        return
    subject = f"time until the validation loss is below {study['target']:g}" if to_target else "time of a step"
    figure, axis = new_figure(study, subject, len(lines))
    middle = np.median([point["seconds"]["median"] for _, points, _ in lines for point in points])
    size, unit = next(((size, unit) for size, unit in UNITS if middle >= size), UNITS[-1])
    x = []
    for index, (label, points, _) in enumerate(lines):
        places = positions(study, points)
        look = style(index)
        if not study["x_numeric"]:  # names have no order that a line could follow
            places = places + (index - (len(lines) - 1) / 2) * 0.6 / max(len(lines), 1)
            look["linestyle"] = "none"
        x.extend(places)
        draw_line(axis, places, [point["seconds"] for point in points], scale=1 / size, label=label, **look)
    x_axis(axis, study, x)
    values = [point["seconds"]["median"] / size for _, points, _ in lines for point in points]
    if max(values) > 10 * min(values):
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
        if max(values) > 100 * min(values):
            axis.yaxis.set_minor_formatter(NullFormatter())
        else:
            axis.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: plain(value) if f"{value:e}"[0] in "25" else ""))
    else:
        axis.set_ylim(bottom=0, top=1.12 * max(point["seconds"]["high"] / size for _, points, _ in lines for point in points))
    axis.set_ylabel(f"{'time to the target' if to_target else 'time of a step'} in {unit}")
    legend(axis, len(lines))
    finish(figure, folder, "time_to_target" if to_target else "step_time")


def peaks_by_group(study):
    """Median peaks of points that ran with equal precision, threads and ranks."""
    groups = {}
    for point in study["points"]:
        peaks = point["peaks"]
        if point["seconds"] and peaks["fma_gflops"] and peaks["triad_gb_s"]:
            groups.setdefault((point["precision"], point["ranks"], point["threads"]), []).append(
                (peaks["fma_gflops"], peaks["triad_gb_s"]))
    return {key: np.median(np.array(values), axis=0) for key, values in groups.items()}


def group_name(key, keys):
    """What distinguishes a group of peaks from the others."""
    precision, ranks, threads = key
    parts = [f"{threads} thread{'' if threads == 1 else 's'}"]
    if any(other[1] != 1 for other in keys):
        parts.insert(0, f"{ranks} rank{'' if ranks == 1 else 's'} of")
    if len({other[0] for other in keys}) > 1:
        parts.append(precision)
    return " ".join(parts)


def plot_roofline(folder, study):
    lines = [(label, [point for point in points if point["flops_per_step"] and point["bytes_per_step"] and point["gflops"]])
             for label, points, _ in series_of(study)]
    lines = [(label, points) for label, points in lines if points]
    ceilings = peaks_by_group(study)
    if not lines or not ceilings:
        return
    if len(ceilings) > 3:  # the lowest and the highest say enough
        ordered = sorted(ceilings, key=lambda key: ceilings[key][0])
        ceilings = {key: ceilings[key] for key in (ordered[0], ordered[-1])}
    figure, axis = new_figure(study, "roofline", 5)  # the legend stands beside: points may be anywhere
    every = [(point["flops_per_step"] / point["bytes_per_step"], point["gflops"]) for _, points in lines for point in points]
    ridges = [fma / triad for fma, triad in ceilings.values()]
    low = min(min(x for x, _ in every), min(ridges)) / 4
    high = max(max(x for x, _ in every), max(ridges)) * 4
    along = np.geomspace(low, high, 400)
    dashes = ["-", (0, (6, 2)), (0, (2, 2))]
    for number, (key, (fma, triad)) in enumerate(sorted(ceilings.items(), key=lambda entry: -entry[1][0])):
        axis.plot(along, np.minimum(fma, along * triad), color=INK, linewidth=1.4, linestyle=dashes[number], zorder=1,
                  label=f"peaks, {group_name(key, ceilings)}:\n{fma:.3g} GFLOP/s, {triad:.3g} GB/s")
    few = sum(len(points) for _, points in lines) <= 12
    for index, (label, points) in enumerate(lines):
        x = [point["flops_per_step"] / point["bytes_per_step"] for point in points]
        y = np.array([point["gflops"] for point in points])
        steps = [point["seconds"] for point in points]
        relative = np.array([[step["median"] / step["high"], step["median"] / step["low"]] if step["coverage"] > 0 else [1, 1]
                             for step in steps])
        bars = np.abs(y[:, None] * relative - y[:, None]).T
        look = style(index) | {"linestyle": "none"}
        axis.errorbar(x, y, yerr=bars, capsize=2, elinewidth=1, label=label or "steps", zorder=3, **look)
        for place, value, point in zip(x, y, points):
            name = plain(point["x"]) if study["x_numeric"] else point["axes"][study["x_axis"]]
            if few:
                axis.annotate(name, (place, value), xytext=(7, -4), textcoords="offset points", fontsize=8.5, color=look["color"])
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(low, high)
    axis.set_ylim(min(min(y for _, y in every), min(low * triad for _, triad in ceilings.values())) / 1.6,
                  max(max(fma for fma, _ in ceilings.values()), max(y for _, y in every)) * 2.2)
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
        ticks.set_minor_formatter(NullFormatter())
    axis.set_xlabel("FLOP per byte that must move" + (f"   (beside the points: {axis_label(study)})" if few else ""))
    axis.set_ylabel("GFLOP/s")
    legend(axis, 5)
    finish(figure, folder, "roofline")


def plot_extrapolation(folder, study):
    lines = [(label, points, [model for model in good_models(models) if model["extrapolation"]])
             for label, points, models in scaling_series(study)]
    lines = [line for line in lines if line[2]]
    if not lines:
        return
    entries = sum(1 + len(models) for _, _, models in lines) + 1
    figure, axis = new_figure(study, "models beyond what was measured", entries)
    workers = [entry["workers"] for entry in lines[0][2][0]["extrapolation"]]
    axis.plot(workers, workers, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)), label="ideal", zorder=1)
    names = {"amdahl": "Amdahl", "alpha_beta": "α–β"}
    for index, (label, points, models) in enumerate(lines):
        for model in models:
            axis.plot(workers, [entry["speed_up"] for entry in model["extrapolation"]], color=style(index)["color"],
                      linewidth=1.5, linestyle=":" if model["name"] == "amdahl" else "-",
                      label=f"model {names[model['name']]} {label}".strip())
        draw_line(axis, [point["x"] for point in points], [point["speed_up"] for point in points],
                  label=f"measured {label}".strip(), **(style(index) | {"linestyle": "none"}))
    axis.set_xscale("log", base=2)
    axis.set_yscale("log", base=2)
    last = max(point["x"] for _, points, _ in lines for point in points)
    axis.axvspan(last, workers[-1], color=PALE, alpha=0.5, zorder=0)
    axis.annotate(" extrapolated", (last, 0.02), xycoords=("data", "axes fraction"), color=GREY, fontsize=9)
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axis.set_xlim(workers[0] * 0.9, workers[-1])
    axis.set_xlabel(axis_label(study))
    axis.set_ylabel("speed-up")
    legend(axis, entries, "upper left")
    finish(figure, folder, "extrapolation")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    if study["kind"] in ("strong", "weak"):
        plot_speed_up(folder, study)
        plot_efficiency(folder, study)
        plot_extrapolation(folder, study)
    plot_time(folder, study)
    plot_roofline(folder, study)


if __name__ == "__main__":
    main()
