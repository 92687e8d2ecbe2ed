#!/usr/bin/env python3
"""Takes each fix of found.txt out again and demands that its tests notice.

    tests/mutants/found.py [--only NAME]... [--build DIR] [--made DIR] [--jobs N] [--seeds N]
                           [--search N]

A row fails when its unit test passes without the fix, or does not pass with it. With a seed it
fails, too, when the swarm finds no violation there without the fix (after a change of the simulator
another seed may be the one: then up to --seeds are tried, and the row says which it is), or
finds one with it. --search N looks for a seed, up to N, of rows that have none. Ends in
`N passed, N failed`.
"""

import argparse
import concurrent.futures
import subprocess
import sys

import detector
import rig

LIMIT_S = 300
NEEDED = ("rule", "file", "old", "new", "test")


class Bench:
    def __init__(self, options):
        self.options = options
        self.rig = rig.Rig(options.build, options.made)
        self.rows = rig.read_table([rig.HERE / "found.txt"])
        for row in self.rows.values():
            missing = [key for key in NEEDED if key not in row]
            if missing:
                raise rig.Stale(f"{row.where}: {row.name} has no {', '.join(missing)}")

    def program(self, row, kind, texts):
        """The unit test of the row, or the swarm, with these changed files of proto/."""
        name = row["test"].split()[0] if kind == "test" else "swarm"
        sources = [rig.ROOT / "tests" / "unit" / (name + ".c")]
        if kind == "swarm":
            sources = detector.sources()
        changed = "without" if texts else "with"
        folder = self.rig.folder(f"{row.name}-{kind}-{changed}")
        return self.rig.program(sources, texts, folder, name)

    def test(self, row, texts):
        """Did the unit test pass?"""
        program = self.program(row, "test", texts)
        done = subprocess.run([program, row["test"].split()[1]], cwd=rig.ROOT, timeout=LIMIT_S,
                              capture_output=True, text=True, check=False)
        if " 0 failed" not in done.stdout and done.returncode == 0 or \
                done.stdout.startswith("0 passed, 0 failed"):
            raise RuntimeError(f"{row['test']}: there is no such test")
        return done.returncode == 0

    def swarm(self, row, seed):
        """The first violation without the fix, at this seed or from 1 on, that is none with it."""
        texts = {row["file"]: rig.apply(row["file"], [row])}
        without, whole = self.program(row, "swarm", texts), self.program(row, "swarm", {})
        only = row.get("only", "").split()
        first, count = (seed, 1) if seed else (1, self.options.search)
        found = detector.hunt(without, first, count, only, LIMIT_S)
        if found.checker is None and seed:
            found = detector.hunt(without, 1, self.options.seeds, only, LIMIT_S)
        if found.checker is not None and \
                detector.hunt(whole, found.seed, 1, only, LIMIT_S).checker is not None:
            raise RuntimeError(f"seed {found.seed} fails with the fix, too: {found.text}")
        return found

    def judge(self, row):
        """What is wrong with the row, or None; and a line about it."""
        without = {row["file"]: rig.apply(row["file"], [row])}
        if not self.test(row, {}):
            return f"{row['test']} fails with the fix, too"
        if self.test(row, without):
            return f"{row['test']} passes without the fix"
        seed = int(row.get("seed", 0))
        if not seed and not self.options.search:
            return None
        found = self.swarm(row, seed)
        if found.checker is None:
            return "the swarm finds nothing without the fix" if seed else None
        row["seed"] = f"{found.seed}: {found.checker}"
        if seed not in (0, found.seed):
            row["seed"] += f" (no longer {seed})"
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append")
    parser.add_argument("--build", default="build/found")
    parser.add_argument("--made", default="build")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3000)
    parser.add_argument("--search", type=int, default=0)
    options = parser.parse_args()
    bench = Bench(options)
    passed = failed = 0

    def play(row):
        try:
            return row, bench.judge(row)
        except (rig.Stale, rig.CompileError, RuntimeError, subprocess.TimeoutExpired) as error:
            return row, str(error)

    rows = [row for row in bench.rows.values() if not options.only or row.name in options.only]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for row, wrong in pool.map(play, rows):
            seed = f", seed {row['seed']}" if "seed" in row else ""
            print(f"{row.where}: {row.name}: {wrong}" if wrong else
                  f"noticed {row.name} [{row['rule']}] by {row['test']}{seed}", flush=True)
            passed += wrong is None
            failed += wrong is not None
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
