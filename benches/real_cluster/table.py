#!/usr/bin/env python3
"""table.py OUT --programs DIR: what the comparisons of run.sh came to, as a Markdown table.

One row for each round and autoscaler, then means with the difference round by round (paired: the same load, one after the
other). Pod-seconds are replicas that the Deployments asked for, summed over services and looks, times the time between looks.
"""

import argparse
import csv
import json
import math
import re
import subprocess
import sys
from pathlib import Path

EVERY = 5.0


def pod_minutes(database: Path, programs: Path) -> float:
    table = database.with_suffix(".csv")
    subprocess.run([programs / "karma-model", "export", database, table], check=True, stdout=subprocess.DEVNULL)
    with table.open(encoding="utf-8") as file:
        # Lines that begin with # say what the columns are.
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return sum(float(row["replicas_desired"]) for row in rows) * EVERY / 60


def outcome(name: str, out: Path, programs: Path) -> dict[str, float]:
    report = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))["legitimate"]
    counts = report["counts"]
    latency = report["latency"]
    sent = counts["intended"] - counts["not_sent"] - counts["unfinished"]
    return {
        "success": 100 * counts["ok"] / sent,
        "mean": latency["mean"],
        "p95": latency["p95"],
        "pods": pod_minutes(out / f"{name}.db", programs),
        "not_sent": counts["not_sent"],
    }


COLUMNS = [
    ("success", "success, %", "{:.2f}"),
    ("mean", "mean, s", "{:.3f}"),
    ("p95", "p95, s", "{:.3f}"),
    ("pods", "pod·min", "{:.1f}"),
]


def difference(pairs: list[tuple[float, float]], form: str) -> str:
    deltas = [karma - hpa for karma, hpa in pairs]
    mean = sum(deltas) / len(deltas)
    text = form.replace("{:", "{:+").format(mean)
    if len(deltas) < 2:
        return text
    error = math.sqrt(sum((delta - mean) ** 2 for delta in deltas) / (len(deltas) - 1) / len(deltas))
    return f"{text} ± {form.format(error)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--programs", type=Path, default=Path("target/release"))
    args = parser.parse_args()
    rounds = sorted(int(match[1]) for file in args.out.iterdir() if (match := re.fullmatch(r"karma-(\d+)\.json", file.name)))
    if not rounds:
        sys.exit(f"{args.out}: there is no comparison; run.sh makes them")
    results = {
        (who, number): outcome(f"{who}-{number}", args.out, args.programs) for number in rounds for who in ("karma", "hpa")
    }
    print("| round | autoscaler | " + " | ".join(title for _, title, _ in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for (who, number), result in sorted(results.items(), key=lambda item: (item[0][1], item[0][0])):
        cells = " | ".join(form.format(result[key]) for key, _, form in COLUMNS)
        print(f"| {number} | {who} | {cells} |")
    for who in ("karma", "hpa"):
        means = [sum(results[who, number][key] for number in rounds) / len(rounds) for key, _, _ in COLUMNS]
        cells = " | ".join(form.format(mean) for (_, _, form), mean in zip(COLUMNS, means))
        print(f"| mean | **{who}** | {cells} |")
    pairs = {key: [(results["karma", n][key], results["hpa", n][key]) for n in rounds] for key, _, _ in COLUMNS}
    cells = " | ".join(difference(pairs[key], form) for key, _, form in COLUMNS)
    print(f"| | karma − hpa | {cells} |")
    lost = sum(result["not_sent"] for result in results.values())
    if lost:
        print(f"\n{lost} requests could not be sent: the load was less than planned.")


if __name__ == "__main__":
    main()
