"""The detector: the one place that knows how a changed cluster is put to the test.

With tests/sim/swarm.c it is the swarm; before that, the smoke run, which knows two checkers and
no --world. Both are asked for seeds and answer with a violation or none.
"""

import dataclasses
import re
import subprocess
import time

import rig

SWARM = rig.SIM / "swarm.c"
SMOKE = rig.SIM / "smoke.c"
SMOKE_CHUNK = 20
MINUTES = 15  # simulated by one seed of the swarm: faults, then one heal
VIOLATION = re.compile(r"^violation: seed (\d+) checker ([\w-]+): (.*)$", re.MULTILINE)
SMOKE_FAIL = re.compile(r"^seed (\d+): (.*)$", re.MULTILINE)
ASSERT = re.compile(r"^\S*?: ?(?:\S*/)?(\w+\.[ch]:\d+: .*Assertion .*)$", re.MULTILINE)


@dataclasses.dataclass
class Verdict:
    """What a run found: checker None = nothing, in `seeds` seeds."""

    checker: str | None
    seed: int
    text: str
    finished: bool  # all seeds were played (else the time was over)


def is_swarm():
    return SWARM.exists()


def sources():
    """What is linked beside proto/: all of tests/sim but other programs."""
    main = SWARM if is_swarm() else SMOKE
    return [main] + [p for p in sorted(rig.SIM.glob("*.c")) if not rig.has_main(p)]


def command(program, first, count, only):
    if is_swarm():
        return [program, "--first", str(first), "--count", str(count), "--minutes",
                str(MINUTES), "--jobs", "1", "--stop", *only]
    return [program, str(first), str(count)]


def lacks(only):
    """What of these flags the detector does not know, or None."""
    if not only:
        return None
    if not is_swarm():
        return " ".join(only)
    known = SWARM.read_text()
    return next((word for word in only if f'"{word}"' not in known), None)


def judge(done, first):
    """The verdict of an ended process."""
    match = ASSERT.search(done.stderr)
    said = VIOLATION.search(done.stdout)
    if done.returncode == -6 or (match and not said):
        seed = re.findall(r"^seed (\d+)", done.stdout, re.MULTILINE)
        text = match.group(1) if match else "aborted"
        return Verdict("assert", int(seed[-1]) if seed else first, text, True)
    if done.returncode < 0:
        return Verdict("crash", first, f"signal {-done.returncode}", True)
    if done.returncode == 0:
        return Verdict(None, first, "", True)
    if said:
        return Verdict(said.group(2), int(said.group(1)), said.group(3), True)
    fail = SMOKE_FAIL.search(done.stdout)
    if fail and not is_swarm():
        name = fail.group(2).split(":")[0]
        known = {"two holders": "two-holders", "epoch not above an earlier one": "epoch-order",
                 "no stable holder after the heal": "liveness"}
        return Verdict(known.get(name, name), int(fail.group(1)), fail.group(2), True)
    raise RuntimeError(f"the detector ended with {done.returncode}: "
                       f"{done.stdout[-500:]}{done.stderr[-500:]}")


def once(program, first, count, only, seconds):
    try:
        done = subprocess.run(command(program, first, count, only), capture_output=True,
                              text=True, timeout=max(seconds, 0.1), check=False)
    except subprocess.TimeoutExpired:
        return Verdict(None, first, "out of time", False)
    return judge(done, first)


def hunt(program, first, count, only, seconds):
    """Plays seeds first .. first+count-1 until one is violated."""
    ends = time.monotonic() + seconds
    chunk = count if is_swarm() else SMOKE_CHUNK
    last = first + count
    while first < last:
        found = once(program, first, min(chunk, last - first), only, ends - time.monotonic())
        if found.checker is not None or not found.finished:
            return found
        first += chunk
    return Verdict(None, last, "", True)
