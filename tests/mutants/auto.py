#!/usr/bin/env python3
"""Automatic mutants of proto/: the unit tests, the stories or a short swarm must kill them.

    tests/mutants/auto.py [--sample N] [--seed S] [--file NAME]... [--jobs N] [--swarm SEEDS]
                          [--results FILE] [--build DIR] [--made DIR] [--at-least PERCENT]
                          [--list]

Without --sample all mutants are played; with --results a run goes on where it was stopped.
Survivors that change nothing are explained in explained.txt. Ends in `N passed, N failed`.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import pathlib
import random
import sys
import threading
import time

import operators
import rig
import suite

EXPLAINED = rig.HERE / "explained.txt"


def read_explained():
    """Blocks `file function`, `- old`, `+ new`, `= reason`; a changed line makes one stale."""
    found, place, old = {}, None, None
    for number, line in enumerate(EXPLAINED.read_text().splitlines(), 1):
        mark, text = line[:2], line[2:].strip()
        if not line.strip() or line.startswith("#"):
            continue
        if mark == "- ":
            old = text
        elif mark == "+ ":
            key = (*place, old, text)
        elif mark == "= ":
            found[key] = text
        elif len(line.split()) == 2:
            place = tuple(line.split())
        else:
            raise rig.Stale(f"{EXPLAINED.name}:{number}: cannot read: {line}")
    return found


def all_mutants(files):
    found = []
    for path in sorted(rig.PROTO.glob("*.c")):
        if not files or path.name in files:
            found += operators.File(path.name, path.read_text()).mutants()
    return found


def stale_explanations(explained):
    return sorted(set(explained) - {mutant.key for mutant in all_mutants(None)})


def code_hash():
    """Of everything that a survivor depends on."""
    digest = hashlib.sha256()
    for folder in ("proto", "tests/unit", "tests/sim", "tests/stories", "tests/lib"):
        for path in sorted((rig.ROOT / folder).rglob("*.[cht]*")):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def commit_name():
    try:
        return rig.run_quiet(["git", "-C", rig.ROOT, "rev-parse", "--short", "HEAD"]).strip()
    except (rig.CompileError, OSError):
        return "unknown"


def mutant_hash(mutant):
    return hashlib.sha256(mutant.text.encode()).hexdigest()[:16]


class Run:
    def __init__(self, options):
        self.options = options
        self.explained = read_explained()
        self.suite = suite.Suite(options.build, options.made)
        self.code = code_hash()
        self.commit = commit_name()
        self.known = self.read_results()
        self.lines = open(options.results, "a") if options.results else None
        self.lock = threading.Lock()
        self.folders = [self.suite.rig.folder(f"auto{i}") for i in range(options.jobs)]
        self.killed = collections.Counter()
        self.survivors, self.excused = [], []
        self.invalid = self.played = 0
        self.began = time.monotonic()

    def read_results(self):
        """What earlier runs found: kills of the same text stay, survivors of the same code."""
        known = {}
        path = self.options.results
        if path and pathlib.Path(path).exists():
            for line in pathlib.Path(path).read_text().splitlines():
                row = json.loads(line)
                if row["killer"] is not None or row["code"] == self.code:
                    known[row["mutant"]] = row["killer"]
        return known

    def play(self, mutant):
        name = mutant_hash(mutant)
        if name in self.known:
            self.count(mutant, self.known[name])
            return
        with self.lock:
            folder = self.folders.pop()
        killer = self.suite.try_mutant(mutant, folder, self.options.swarm)
        with self.lock:
            self.folders.append(folder)
            if self.lines:
                self.lines.write(json.dumps({"mutant": name, "code": self.code,
                                             "commit": self.commit, "killer": killer,
                                             "key": mutant.key}) + "\n")
                self.lines.flush()
        self.count(mutant, killer)

    def count(self, mutant, killer):
        with self.lock:
            self.played += 1
            if killer == "compile":
                self.invalid += 1
            elif killer is not None:
                self.killed[killer] += 1
            elif mutant.key in self.explained:
                self.excused.append(mutant)
            else:
                self.survivors.append(mutant)
                print(f"survived {mutant.file}:{mutant.line} {mutant.function} ({mutant.kind})\n"
                      f"  - {mutant.old}\n  + {mutant.new}", flush=True)
            if self.played % 100 == 0:
                print(f"{self.played} played, {sum(self.killed.values())} killed, "
                      f"{time.monotonic() - self.began:.0f} s", flush=True)

    def sound(self):
        """The unchanged code passes everything."""
        return self.suite.judge("core.c", self.suite.build, self.options.swarm)

    def report(self):
        killed = sum(self.killed.values())
        excused, alive = len(self.excused), len(self.survivors)
        total = killed + excused + alive
        stages = collections.Counter()
        for name, count in self.killed.items():
            stages["unit tests" if name.endswith("_test") else name] += count
        print("killed by: " + ", ".join(f"{name} {n}" for name, n in stages.most_common()))
        print(f"{total} mutants ({self.invalid} more did not compile): {killed} killed, "
              f"{excused} explained, {alive} survived")
        if total == 0:
            return False
        rate = 100 * killed / max(killed + alive, 1)
        print(f"rate {rate:.1f} % ({100 * killed / total:.1f} % without explanations), "
              f"at least {self.options.at_least} % asked")
        return rate >= self.options.at_least


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sample", type=int, metavar="N", help="so many, drawn with --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", action="append", metavar="NAME", help="of this file only")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--swarm", type=int, default=60, help="seeds; 0 = no swarm")
    parser.add_argument("--at-least", type=float, default=90, metavar="PERCENT")
    parser.add_argument("--results", metavar="FILE", help="JSON lines; read and appended to")
    parser.add_argument("--build", metavar="DIR",
                        default=str(rig.ROOT / "build" / "mutants-auto"))
    parser.add_argument("--made", metavar="DIR", default=str(rig.ROOT / "build"),
                        help="a CMake build of this tree; its objects are used where up to date")
    parser.add_argument("--list", action="store_true", help="show the mutants and end")
    return parser.parse_args()


def main():
    options = arguments()
    mutants = all_mutants(options.file)
    if options.sample and options.sample < len(mutants):
        mutants = random.Random(options.seed).sample(mutants, options.sample)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.file}:{mutant.line} {mutant.function} ({mutant.kind})\n"
                  f"  - {mutant.old}\n  + {mutant.new}")
        print(f"{len(mutants)} mutants")
        return 0
    run = Run(options)
    for key in stale_explanations(run.explained):
        print(f"warning: {EXPLAINED.name} explains what is no mutant any more: {' | '.join(key)}")
    broken = run.sound()
    if broken:
        print(f"the unchanged code fails {broken}: nothing can be said about mutants")
        print("0 passed, 1 failed")
        return 1
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(run.play, mutants))
    good = run.report()
    print(f"{sum(run.killed.values()) + len(run.excused)} passed, "
          f"{0 if good else max(len(run.survivors), 1)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
