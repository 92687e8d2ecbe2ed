#!/usr/bin/env python3
"""Plays every broken variant of the table and demands that the simulator finds it.

    tests/mutants/run.py [--build DIR] [--only NAME]... [--list] [--jobs N] [--seeds N]
                         [--seconds S] [--results FILE] [--long] [--learn]

By default the seed that caught a variant last time (seeds.txt) is tried first; when it does not,
all seeds from 1 on are, up to --seeds. --long tries only that, for every variant, and demands that
the unchanged code passes the same seeds. --learn writes what was found into seeds.txt.
Ends in `N passed, N failed`.
"""

import argparse
import concurrent.futures
import json
import sys
import threading
import time

import detector
import prebuilt
import rig

FIRST = 1
ONE = 120  # seconds, for one seed
SOUND = 60  # seeds that the unchanged code must pass under each set of flags
HINTS = rig.HERE / "seeds.txt"


def read_hints():
    hints = {}
    if HINTS.exists():
        for line in HINTS.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                name, seed, checker = line.split()
                hints[name] = int(seed), checker
    return hints


class Bench:
    """The settings of this run, the compiler, and what was found so far."""

    def __init__(self, options, rows):
        self.options = options
        self.rows = rows
        self.rig = prebuilt.Prebuilt(options.build, options.build + "/mutants")
        self.hints = read_hints()
        self.learned = {}
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


def flags(row):
    """How the swarm is called for this row, `world` aside."""
    only = row.get("only", "").split()
    muted = [name for name in row.words("ignore") if name != "assert"]
    return only + (["--without", ",".join(muted)] if muted else [])


def broken(row):
    return flags(row) + (["--world", row["world"]] if "world" in row else [])


def sound(bench, rows, program):
    """The unchanged code passes with every set of flags that a mutant is played with."""
    for only in sorted({tuple(flags(row)) for row in rows}):
        began = time.monotonic()
        found = detector.hunt(program, FIRST, SOUND, list(only), bench.options.seconds)
        took = time.monotonic() - began
        name = " ".join(["unchanged", *only])
        good = found.checker is None and found.finished
        why = found.text if found.checker else "out of time: give more --seconds"
        bench.told(good, f"passes  {name}  ({SOUND} seeds, {took:.1f} s)" if good
                   else f"UNSOUND {name}  seed {found.seed} {found.checker}: {why}",
                   name=name, seconds=took)


class Hunt:
    """The search for one row: a violation counts when the same seed passes without the mutant,
    that is with the unchanged code, or with the covering layers alone switched off."""

    def __init__(self, bench, row, unchanged):
        self.row = row
        self.options = bench.options
        covers = [bench.rows[name] for name in row.words("cover")]
        self.program = unchanged if "world" in row and "file" not in row else \
            bench.rig.program(row.name, [row, *covers])
        self.without = bench.rig.program(row.name + ".layers", covers) if covers else unchanged
        self.ignored = 0

    def counts(self, found):
        if found.checker in self.row.words("ignore"):
            return False
        base = detector.once(self.without, found.seed, 1, flags(self.row), ONE)
        return base.checker is None and base.finished

    def at(self, seed):
        """This seed alone; None when it shows nothing."""
        found = detector.once(self.program, seed, 1, broken(self.row), ONE)
        return found if found.checker is not None and self.counts(found) else None

    def search(self):
        first, last = FIRST, FIRST + self.options.seeds
        ends = time.monotonic() + self.options.seconds
        while first < last:
            found = detector.hunt(self.program, first, last - first, broken(self.row),
                                  ends - time.monotonic())
            if found.checker is None or self.counts(found):
                return found
            self.ignored += 1
            first = found.seed + 1
        return detector.Verdict(None, last, "", True)


def tell_survivor(bench, row, hunt, found, took):
    belief = "missing fault or checker: " + row["how"]
    if not found.finished:
        belief = "out of time; " + belief
    if hunt.ignored:
        belief += f"; {hunt.ignored} violations did not count (ignored, or there without it)"
    bench.told(False, f"SURVIVED {row.name} [{row['rule']}] {belief}", name=row.name,
               seconds=took, survived=True)


def play(bench, row, unchanged):
    began = time.monotonic()
    try:
        hunt = Hunt(bench, row, unchanged)
        hint = None if bench.options.long else bench.hints.get(row.name)
        found = hunt.at(hint[0]) if hint else None
        hinted = found is not None
        if not hinted:
            found = hunt.search()
    except (rig.CompileError, RuntimeError) as error:
        bench.told(False, f"BROKEN  {row.name}: {error}", name=row.name)
        return
    took = time.monotonic() - began
    bench.rig.drop(row.name)
    bench.rig.drop(row.name + ".layers")
    if found.checker is None:
        tell_survivor(bench, row, hunt, found, took)
        return
    seeds = found.seed - FIRST + 1
    how = f"in its seed {found.seed}" if hinted else f"after {seeds} seeds"
    cover = f", with {row['cover']} off" if "cover" in row else ""
    expected = found.checker in row.words("checker")
    other = "" if expected else f" (the table expects {row['checker']})"
    bench.learned[row.name] = found.seed, found.checker
    bench.told(True, f"caught  {row.name}  by {found.checker} {how} ({took:.1f} s){cover}{other}",
               name=row.name, origin=row["origin"], checker=found.checker, seed=found.seed,
               searched=not hinted, flags=broken(row), cover=row.words("cover"), seconds=took,
               text=found.text, expected=expected)


def learn(bench):
    """What was found, over what was known before."""
    known = {**bench.hints, **bench.learned}
    lines = [f"{name} {known[name][0]} {known[name][1]}" for name in bench.rows if name in known]
    HINTS.write_text("# The seed and the checker that caught each variant; run.py --learn writes "
                     "this, and\n# with --long the seed is also the number of seeds played.\n" +
                     "\n".join(lines) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="this one; repeatable")
    parser.add_argument("--list", action="store_true", help="show the table and end")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--seeds", type=int, default=400, help="at most so many for a mutant")
    parser.add_argument("--seconds", type=float, default=120, help="at most so long for a mutant")
    parser.add_argument("--results", metavar="FILE", help="append JSON lines")
    parser.add_argument("--build", metavar="DIR", default=str(rig.ROOT / "build"),
                        help="a finished CMake build")
    parser.add_argument("--long", action="store_true", help="no hints: search from seed 1")
    parser.add_argument("--learn", action="store_true", help="keep the seeds for the next run")
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
        print(f"{row.name:32} {row['rule']:10} {place:14} {row['checker']}{cover}")
    print(f"{len(rows)} variants, {sum(row['origin'] != 'own' for row in rows)} of them listed "
          "by the design")


def main():
    options = arguments()
    try:
        rows = rig.load_table()
        mutants = chosen(rows, options.only)
        if options.list:
            show(mutants)
            return 0
        bench = Bench(options, rows)
        unchanged = bench.rig.program("unchanged", [])
    except (rig.Stale, rig.CompileError) as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    if options.long:
        sound(bench, mutants, unchanged)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda row: play(bench, row, unchanged), mutants))
    if options.learn:
        learn(bench)
    print(f"{bench.passed} passed, {bench.failed} failed")
    return 0 if bench.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
