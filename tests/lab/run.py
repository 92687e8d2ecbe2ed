#!/usr/bin/python3
"""run — plays scenarios, each repetition in a fresh laboratory, and judges every one of them.

    tests/lab/run.py [--list] [--only NAME]... [--group GROUP]... [--repeat N] [--jobs N]
                     [--long] [--quick] [--results FILE] [--keep]

Prints a line per repetition and ends in "N passed, N failed"; exit 1 when one failed. With
--results every repetition adds a line of JSON (scenario, seed, commit, raw timings, verdict),
and repetitions that passed there before, of the same commit, are not played again.
"""
import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from lab import judge, net, world  # noqa: E402
from lab.lab import ROOT, Lab, find_bin  # noqa: E402
from lab.story import SCENARIOS  # noqa: E402

for module in sorted(os.listdir(HERE)):
    if module.startswith("scenario_"):
        importlib.import_module("lab." + module[:-3])

SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion `")


def commit_name():
    done = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "describe", "--always",
                           "--dirty", "--abbrev=12"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


# --- one repetition, in a process of its own ---

def play(story, seed, dns, keep):
    """Plays and judges one repetition; the result for the results file."""
    result = {"scenario": story.name, "group": story.group, "seed": seed, "dns": dns,
              "profile": story.profile, "figures": {}, "faults": [], "report": ""}
    start = time.monotonic()
    lab = None
    try:
        lab = Lab(story.profile, dns, seed, keep, **story.options)
        if story.start:
            lab.up()
        story.run(lab, result["figures"])
    except (Exception, KeyboardInterrupt) as problem:  # everything belongs into the report
        result["faults"].append(f"{type(problem).__name__}: {problem}")
        if not isinstance(problem, (AssertionError, world.Timeout)):
            result["report"] += traceback.format_exc()
    if lab is not None:
        try:
            finish(lab, result, story.options.get("no_holder"))
        except Exception:
            result["faults"].append("the judge failed")
            result["report"] += traceback.format_exc()
        if result["faults"]:
            result["report"] += tell_story(lab)
        lab.close()
    result["seconds"] = round(time.monotonic() - start, 2)
    result["verdict"] = "failed" if result["faults"] else "passed"
    return result


def finish(lab, result, no_holder):
    """Stops the daemons in order, then asks the judge."""
    holder = lab.holder()
    for peer in sorted(lab.peers.values(), key=lambda peer: peer is holder):  # the holder last
        if peer.process is None:
            continue
        if not peer.alive():
            result["faults"].append(f"{peer.name} ended by itself with {peer.process.returncode}")
            continue
        peer.thaw()
        try:
            code = peer.term()
            if code != 0:
                result["faults"].append(f"{peer.name} ended with {code} after SIGTERM")
        except AssertionError as problem:
            result["faults"].append(str(problem))
    for peer in lab.peers.values():
        text = peer.log_text()
        result["faults"] += [f"{peer.name}: {word} in its log" for word in SANITIZER_WORDS
                             if word in text]
    if not no_holder or lab.dns.process:
        verdict = judge.Verdict(lab)
        result["faults"] += verdict.faults
        result["figures"]["moves"] = verdict.moves()
        result["judged"] = {"intervals": len(verdict.intervals), "fences": len(verdict.fences),
                            "calls": len(verdict.calls)}


def tell_story(lab):
    """What the daemons said: for the person who has to find out."""
    parts = [f"--- files were in {lab.world.folder} (--keep keeps them)"]
    for peer in lab.peers.values():
        parts.append(f"--- {peer.name}: last events")
        parts += [json.dumps(event) for event in peer.events()[-25:]]
        parts.append(f"--- {peer.name}: end of its log")
        parts += peer.log_text().splitlines()[-30:]
    parts.append("--- fences: " + str(lab.dns.fences()[-8:]))
    return "\n".join(parts) + "\n"


def play_case(arguments):
    world.prepare_process()
    story = SCENARIOS[arguments.case]
    print(json.dumps(play(story, arguments.seed, arguments.dns, arguments.keep)))
    return 0


# --- all of them ---

class Case:
    def __init__(self, story, turn, arguments):
        self.story, self.turn = story, turn
        self.dns = "knot" if turn % 3 == 2 else "bind"
        self.seed = arguments.seed + turn
        sanitized = arguments.sanitized and turn % 3 == 0 and not story.alone
        self.bin = arguments.sanitized if sanitized else find_bin()
        self.build = "sanitized" if sanitized else "plain"
        self.process, self.output, self.started = None, None, 0

    def start(self, keep):
        command = [sys.executable, os.path.join(HERE, "run.py"), "--case", self.story.name,
                   "--seed", str(self.seed), "--dns", self.dns] + (["--keep"] if keep else [])
        self.started = time.monotonic()
        self.output = tempfile.TemporaryFile("w+")  # a pipe could fill up and block it
        self.process = subprocess.Popen(command, stdout=self.output, stdin=subprocess.DEVNULL,
                                        env=dict(os.environ, HOLDFAST_BIN=self.bin))

    def result(self):
        """The finished case's result."""
        self.output.seek(0)
        text = self.output.read()
        try:
            return json.loads(text.strip().splitlines()[-1])
        except (ValueError, IndexError):
            return {"scenario": self.story.name, "seed": self.seed, "dns": self.dns,
                    "verdict": "failed", "figures": {}, "report": text,
                    "faults": [f"the harness ended with {self.process.returncode}"],
                    "seconds": round(time.monotonic() - self.started, 2)}


def short(figures):
    parts = [f"{key} {value}" for key, value in figures.items() if value not in ([], {})]
    return ", ".join(parts)[:110]


class Runner:
    def __init__(self, cases, arguments):
        self.cases, self.arguments = cases, arguments
        self.commit = commit_name()
        self.passed = self.failed = self.done = 0
        self.running = []

    def report(self, case):
        result = case.result()
        self.done += 1
        fine = result["verdict"] == "passed"
        self.passed, self.failed = self.passed + fine, self.failed + (not fine)
        print(f"[{self.done}/{len(self.cases)}] {'ok    ' if fine else 'FAILED'} "
              f"{case.story.name} ({case.dns}, {case.build}, seed {case.seed}) "
              f"{result['seconds']:.1f} s  {short(result['figures'])}", flush=True)
        for fault in result["faults"]:
            print(f"         {fault}")
        if not fine:
            print(result.get("report", ""), flush=True)
        if self.arguments.results:
            os.makedirs(os.path.dirname(os.path.abspath(self.arguments.results)), exist_ok=True)
            result.update(commit=self.commit, turn=case.turn, build=case.build)
            result.pop("report", None)
            with open(self.arguments.results, "a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")

    def reap(self):
        for case in list(self.running):
            if case.process.poll() is not None:
                self.running.remove(case)
                self.report(case)

    def play(self):
        waiting = list(self.cases)
        try:
            while waiting or self.running:
                room = len(self.running) < self.arguments.jobs
                alone = any(case.story.alone for case in self.running)
                if waiting and room and not alone \
                        and not (waiting[0].story.alone and self.running):
                    case = waiting.pop(0)
                    case.start(self.arguments.keep)
                    self.running.append(case)
                    continue
                self.reap()
                time.sleep(0.02)
        finally:
            for case in self.running:
                case.process.terminate()
            for case in self.running:
                case.process.wait()


def passed_before(arguments, commit):
    """(scenario, turn) that the results file already shows as passed for this commit."""
    found = set()
    if arguments.results and os.path.exists(arguments.results):
        with open(arguments.results, encoding="utf-8") as file:
            for line in file:
                one = json.loads(line)
                if one.get("commit") == commit and one["verdict"] == "passed":
                    found.add((one["scenario"], one.get("turn")))
    return found


def choose(arguments):
    stories = [story for story in SCENARIOS.values()
               if not (arguments.only or arguments.group) or story.name in arguments.only
               or story.group in arguments.group]
    if not arguments.only and not arguments.group:
        stories = [story for story in stories if arguments.long or "long" not in story.group]
    if arguments.quick:
        stories = [story for story in stories if story.quick]
    if arguments.alone or arguments.together:
        stories = [story for story in stories if story.alone == arguments.alone]
    stories = [story for story in stories if story.name not in arguments.without]
    before = passed_before(arguments, commit_name())
    cases = []
    for turn in range(max(story.long for story in stories) if arguments.long and stories
                      else arguments.repeat):
        cases += [Case(story, turn, arguments) for story in stories
                  if not (arguments.long and turn >= story.long)
                  and (story.name, turn) not in before]
    cases.sort(key=lambda case: case.story.alone)
    return cases


def read_arguments():
    parser = argparse.ArgumentParser(description="plays the laboratory's scenarios")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--group", action="append", default=[])
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--alone", action="store_true",
                        help="only what measures, and must have the machine for itself")
    parser.add_argument("--together", action="store_true", help="all but that")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--results")
    parser.add_argument("--sanitized", help="programs with sanitizers, for every third repetition")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--dns", default="bind", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    if arguments.case:
        return play_case(arguments)
    if arguments.list:
        for story in SCENARIOS.values():
            print(f"{story.name:20} {story.group:10} {story.profile:8} {story.story}")
        return 0
    world.prepare_process()
    for complaint in [f"missing program: {tool}" for tool in net.tool_missing()] \
            + [f"the judge misses: {name}" for name in judge.self_test()]:
        print(complaint)
        return 2
    if not os.path.exists(os.path.join(find_bin(), "holdfastd")):
        print(f"{find_bin()}: no holdfastd; build first, or set HOLDFAST_BIN")
        return 2
    runner = Runner(choose(arguments), arguments)
    runner.play()
    print(f"{runner.passed} passed, {runner.failed} failed")
    return 1 if runner.failed or not runner.cases else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
