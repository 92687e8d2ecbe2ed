#!/usr/bin/env python3
"""Plays every broken variant of the table and demands that the simulator finds it.

    tests/mutants/run.py [--only NAME]... [--list] [--jobs N] [--seeds N] [--seconds S]
                         [--results FILE] [--build DIR] [--anyway]

First the unchanged code must pass the same seeds. Ends in `N passed, N failed`.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys
import threading
import time

import detector
import rig

FIRST = 1
LONG = 60  # seconds, for one seed


class Bench:
    """The settings of this run, the rig, and what was found so far."""

    def __init__(self, options, rows):
        self.options = options
        self.rows = rows
        self.rig = rig.Rig(options.build)
        self.lock = threading.Lock()
        self.lines = open(options.results, "a") if options.results else None
        self.passed = self.failed = 0

    def told(self, good, line, **fields):
        with self.lock:
            print(line, flush=True)
            self.passed += good
            self.failed += not good
            if self.lines:
                fields["good"] = good
                self.lines.write(json.dumps(fields) + "\n")
                self.lines.flush()

    def program(self, name, rows):
        """The detector with the replacements of `rows`."""
        texts = {}
        for file in {row["file"] for row in rows}:
            texts[file] = rig.apply(file, [row for row in rows if row["file"] == file])
        return self.rig.program(detector.sources(), texts, self.rig.folder(name), "detector")

    def hunt(self, program, first, only, count=None):
        count = self.options.seeds if count is None else count
        return detector.hunt(program, first, count, only, self.options.seconds)


def flags(row):
    only = row.get("only", "").split()
    return only + ["--world", row["world"]] if "world" in row else only


def sound(bench, rows, program):
    """The unchanged code passes with every set of flags that a mutant is played with."""
    good = True
    for only in sorted({tuple(row.get("only", "").split()) for row in rows}):
        if detector.lacks(only):
            continue
        began = time.monotonic()
        found = bench.hunt(program, FIRST, list(only))
        took = time.monotonic() - began
        name = " ".join(["unchanged", *only])
        if found.checker is None and found.finished:
            bench.told(True, f"passes  {name}  ({bench.options.seeds} seeds, {took:.1f} s)",
                       name=name, seconds=took)
            continue
        good = False
        why = found.text if found.checker else "out of time: give more --seconds or fewer --seeds"
        bench.told(False, f"UNSOUND {name}  seed {found.seed} {found.checker}: {why}", name=name)
    return good


def without(bench, row, unchanged):
    """The program and flags that differ from the mutant by the mutant alone: the unchanged code,
    or with the covering layers off. The seed that catches the mutant must pass with it."""
    covers = row.words("cover")
    if not covers:
        return unchanged
    return bench.program(row.name + ".layers", [bench.rows[name] for name in covers])


def search(bench, row, program, base):
    """The first violation that counts. Those of `ignore`, and seeds that fail without the mutant,
    do not."""
    base_flags = row.get("only", "").split()
    only, first = flags(row), FIRST
    last = FIRST + bench.options.seeds
    ends = time.monotonic() + bench.options.seconds
    ignored = 0
    while True:
        left = ends - time.monotonic()
        found = detector.hunt(program, first, last - first, only, left)
        if found.checker is None:
            return found, ignored
        if found.checker not in row.words("ignore") and \
                detector.once(base, found.seed, 1, base_flags, LONG).checker is None:
            return found, ignored
        ignored += 1
        first = found.seed + 1
        if first >= last:
            return detector.Verdict(None, last, "", True), ignored


def survivor(row, found, ignored):
    """What a survivor is believed to be, from the table."""
    if row.get("verdict") == "proven-cover":
        return True, f"covered {row.name}: {row['why']}"
    belief = row.get("missing", "missing fault or checker: " + row["how"])
    if not found.finished:
        belief = "out of time; " + belief
    if ignored:
        belief += f"; {ignored} violations did not count (ignored, or there without it as well)"
    return False, f"SURVIVED {row.name} [{row['rule']}] {belief}"


def play(bench, row, unchanged):
    began = time.monotonic()
    lacking = detector.lacks(flags(row))
    if lacking:
        bench.told(False, f"SURVIVED {row.name} [{row['rule']}] the detector does not know "
                   f"{lacking}", name=row.name, survived=True)
        return
    try:
        covers = [bench.rows[name] for name in row.words("cover")]
        program = unchanged if "world" in row else bench.program(row.name, [row, *covers])
        found, ignored = search(bench, row, program, without(bench, row, unchanged))
    except (rig.CompileError, RuntimeError) as error:
        bench.told(False, f"BROKEN  {row.name}: {error}", name=row.name)
        return
    took = time.monotonic() - began
    if found.checker is None:
        good, line = survivor(row, found, ignored)
        bench.told(good, line, name=row.name, seconds=took, survived=True)
        return
    expected = row.words("checker")
    other = "" if found.checker in expected else f" (the table expects {', '.join(expected)})"
    if row.get("verdict") == "proven-cover":
        other = " (the table calls it covered: its argument is wrong)"
        bench.told(False, f"CAUGHT  {row.name}  by {found.checker}{other}", name=row.name)
        return
    bench.told(True, f"caught  {row.name}  by {found.checker} after {found.seed - FIRST + 1} "
               f"seeds ({took:.1f} s){other}", name=row.name, checker=found.checker,
               seed=found.seed, seconds=took, text=found.text, expected=not other)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="this one; repeatable")
    parser.add_argument("--list", action="store_true", help="show the table and end")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--seeds", type=int, default=400, help="at most so many for a mutant")
    parser.add_argument("--seconds", type=float, default=60, help="at most so long for a mutant")
    parser.add_argument("--results", metavar="FILE", help="append JSON lines")
    parser.add_argument("--anyway", action="store_true",
                        help="go on when the unchanged code fails: its seeds do not count")
    parser.add_argument("--build", metavar="DIR", default=str(rig.ROOT / "build" / "mutants"))
    return parser.parse_args()


def chosen(rows, only):
    if not only:
        return [row for row in rows.values() if not row.is_layer]
    missing = [name for name in only if name not in rows]
    if missing:
        sys.exit(f"no such mutant: {', '.join(missing)} (--list shows them)")
    return [rows[name] for name in only]


def show(rows):
    for row in rows:
        place = row.get("world") and "world " + row["world"] or row["file"]
        cover = f"  with {row['cover']} off" if "cover" in row else ""
        verdict = f"  [{row['verdict']}]" if "verdict" in row else ""
        print(f"{row.name:32} {row['rule']:10} {place:14} {row['checker']}{cover}{verdict}")
    print(f"{len(rows)} variants, {sum(row['origin'] != 'own' for row in rows)} of them listed "
          "by the design")


def main():
    options = arguments()
    try:
        rows = rig.load_table()
    except rig.Stale as error:
        print(error)
        print("0 passed, 1 failed")
        return 1
    mutants = chosen(rows, options.only)
    if options.list:
        show(mutants)
        return 0
    pathlib.Path(options.build).mkdir(parents=True, exist_ok=True)
    bench = Bench(options, rows)
    unchanged = bench.program("unchanged", [])
    if sound(bench, mutants, unchanged) or options.anyway:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(lambda row: play(bench, row, unchanged), mutants))
    print(f"{bench.passed} passed, {bench.failed} failed")
    return 0 if bench.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
