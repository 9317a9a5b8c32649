#!/usr/bin/python3
"""Conventions that a compiler does not check: layers, forbidden calls, sizes, names.

Run from anywhere; prints one line per finding and exits 1 when there is any.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOPS = ("proto", "include", "broker", "adapters", "tests")
FOLDERS = {"throughcare": "schema"}  # folder -> layer, where they differ
ONLY_IN = {"lmdb.h": "broker/store/", "zmq.h": "broker/bus/"}
FORBIDDEN = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|alloca|atoi|atol|strtok|system)\s*\(")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
DRAWERS = {"util", "utils", "misc", "common", "helper", "helpers", "manager", "handler", "data", "process"}
LINES_MAX = {".c": 500, ".h": 300}


def tracked():
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout
    return [name for name in out.decode().split("\0") if name and os.path.isfile(os.path.join(ROOT, name))]


def layer_table():
    table = {}
    with open(os.path.join(ROOT, "tests/lint/layers.txt"), encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, below = line.split(":")
                table[name] = set(below.split())
    return table


def layer_of(path):
    parts = path.split("/")
    if parts[0] in ("proto", "broker", "adapters") and len(parts) > 2:
        return FOLDERS.get(parts[1], parts[1])
    return None


def check_includes(path, text, table, findings):
    layer = layer_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+[<"]([^">]+)[">]', line)
        if not match:
            continue
        header = match.group(1)
        home = ONLY_IN.get(header)
        # Tests of the store and the load comparison without it speak to LMDB by themselves.
        if home and path.startswith("broker/") and not path.startswith(home):
            findings.append(f"{path}:{number}: {header} may be included in {home} only")
        folder = header.split("/")[0] if "/" in header else None
        below = FOLDERS.get(folder, folder)
        if header.startswith("throughcare/v1/"):
            below = "schema"
        elif header.startswith("throughcare/"):
            below = "throughcare"
        if layer in table and below in set(table) | {"throughcare"} and below != layer and below not in table[layer]:
            findings.append(f"{path}:{number}: layer {layer} may not include {header}")


def check_text(path, text, findings):
    name, ending = os.path.splitext(os.path.basename(path))
    if ending in LINES_MAX and text.count("\n") > LINES_MAX[ending]:
        findings.append(f"{path}: over {LINES_MAX[ending]} lines; split it by noun")
    if name in DRAWERS:
        findings.append(f"{path}: '{name}' says nothing; name the noun")
    for number, line in enumerate(text.splitlines(), 1):
        if ending in (".c", ".h") and FORBIDDEN.search(line):
            findings.append(f"{path}:{number}: unbounded or unchecked call: {line.strip()}")
        if path != "tests/lint/lint.py" and UNFINISHED.search(line):
            findings.append(f"{path}:{number}: unfinished work: {line.strip()}")
        if ending in (".py", "") and line.startswith("#!") and "python" in line and "/usr/bin/python3" not in line:
            findings.append(f"{path}:{number}: scripts name /usr/bin/python3")


def main():
    findings = []
    table = layer_table()
    for path in tracked():
        if not path.startswith(TOPS + ("deploy", ".ci")) or "/corpus/" in path or path.endswith((".json", ".binpb")):
            continue
        with open(os.path.join(ROOT, path), "rb") as stream:
            text = stream.read().decode("utf-8", "replace")
        if path.endswith((".c", ".h")):
            check_includes(path, text, table, findings)
        check_text(path, text, findings)
    for finding in findings:
        print(finding)
    print(f"lint: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
