#!/usr/bin/python3
"""Prints gcovr's summary (its --json-summary file) as one line for each folder of the source."""
import json
import os
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as summary:
        files = json.load(summary)["files"]
    folders = {}
    for row in files:
        folder = folders.setdefault(os.path.dirname(row["filename"]), [0, 0, 0, 0])
        for at, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
            folder[at] += row[key]
    folders["in all"] = [sum(column) for column in zip(*folders.values())]
    print(f"{'folder':<24} {'lines':>7} {'reached':>8} {'branches':>9} {'reached':>8}")
    for folder, (lines, line_total, branches, branch_total) in folders.items():
        print(f"{folder:<24} {line_total:>7} {lines / max(line_total, 1):>8.1%} "
              f"{branch_total:>9} {branches / max(branch_total, 1):>8.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
