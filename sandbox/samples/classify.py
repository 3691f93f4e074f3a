#!/usr/bin/env python3
"""Sample algorithm: tells three kinds of flower apart by their measures.

Reads every CSV file in datasets/, holds back every fifth row, predicts its kind from the k nearest
of the others, and writes results/report.txt, results/confusion.csv and results/model.json.
Standard library only.  Arguments: --neighbours N (5), --seed N (7).
"""

import argparse
import csv
import json
import math
import pathlib
import random
import sys
from collections import Counter


def read_rows(folder):
    rows = []
    for path in sorted(folder.glob("**/*.csv")):
        with open(path, newline="", encoding="utf-8") as handle:
            for line in csv.DictReader(handle):
                kind = line.pop("kind", None)
                if kind is None:
                    print(f"{path.name}: no column named kind, skipped", file=sys.stderr)
                    break
                rows.append(([float(value) for value in line.values()], kind))
        print(f"read {path.name}: {len(rows)} rows so far", flush=True)
    return rows


def scaling(rows):
    """Mean and standard deviation of each column, so that no measure outweighs the others."""
    columns = list(zip(*(values for values, _ in rows)))
    means = [sum(column) / len(column) for column in columns]
    spreads = [
        math.sqrt(sum((v - m) ** 2 for v in column) / len(column)) or 1.0
        for column, m in zip(columns, means)
    ]
    return means, spreads


def scaled(values, means, spreads):
    return [(v - m) / s for v, m, s in zip(values, means, spreads)]


def predict(known, values, neighbours):
    nearest = sorted(known, key=lambda row: math.dist(row[0], values))[:neighbours]
    return Counter(kind for _, kind in nearest).most_common(1)[0][0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--neighbours", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    rows = read_rows(pathlib.Path("datasets"))
    if len(rows) < 10:
        sys.exit("not enough rows: at least ten are needed")
    random.Random(options.seed).shuffle(rows)
    test, train = rows[::5], [row for i, row in enumerate(rows) if i % 5]
    means, spreads = scaling(train)
    known = [(scaled(values, means, spreads), kind) for values, kind in train]
    print(f"training on {len(train)} rows, testing on {len(test)}", flush=True)

    kinds = sorted({kind for _, kind in rows})
    table = {kind: Counter() for kind in kinds}
    for number, (values, kind) in enumerate(test, 1):
        table[kind][predict(known, scaled(values, means, spreads), options.neighbours)] += 1
        if number % 10 == 0:
            print(f"tested {number} of {len(test)}", flush=True)
    right = sum(table[kind][kind] for kind in kinds)
    accuracy = right / len(test)

    results = pathlib.Path("results")
    results.mkdir(exist_ok=True)
    with open(results / "confusion.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["kind"] + kinds)
        for kind in kinds:
            writer.writerow([kind] + [table[kind][other] for other in kinds])
    (results / "model.json").write_text(
        json.dumps({"neighbours": options.neighbours, "means": means, "spreads": spreads}, indent=2),
        encoding="utf-8",
    )
    (results / "report.txt").write_text(
        f"{right} of {len(test)} right, accuracy {accuracy:.3f}\n", encoding="utf-8"
    )
    print(f"accuracy {accuracy:.3f}", flush=True)


if __name__ == "__main__":
    main()
