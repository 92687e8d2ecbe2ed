"""The record is changed by a command, which nothing fences: in time, and undone when it is late."""
import os

from .lab import ROOT, SERVE
from .moves import CRASH_MS, PLANNED_MS, written
from .story import expect, scenario
from .world import now_ms, wait_until

LABEL = "put"
LATE_MS = 5000   # so long may a command of the earlier holder be at work yet
CHECK_MS = 5000  # check-every
RECORD = {"exec_log": False, "more": f"""
[record {LABEL}]
name = put.example.com
provider = exec
check-every = 5s
command = {ROOT}/tests/lab/exec_put {{folder}}
"""}


def value(lab):
    with open(lab.world.path("put"), encoding="ascii") as file:
        return file.read().strip()


@scenario("exec-moves", "exec-long", **RECORD)
def exec_moves(lab, figures):
    """A crash: the command has run within a lease, 1 s and the 5 s that an older one may live;
    a planned move: within these 5 s, 0.5 s and its own time."""
    holder, standby, _ = lab.settle()
    died = holder.kill()
    figures["crash_ms"] = round(written(lab, standby, died, LABEL)["boottime_ms"] - died)
    expect(figures["crash_ms"] <= lab.lease_ms + CRASH_MS + LATE_MS, f"written late: {figures}")
    expect(value(lab) == SERVE[standby.name], f"{value(lab)} was written")
    holder.start()
    holder, standby, _ = lab.settle()
    at = now_ms()
    code, text = holder.cli("switchover", "--to", standby.name)
    expect(code == 0, f"switchover: exit {code}: {text}")
    figures["planned_ms"] = round(written(lab, standby, at, LABEL)["boottime_ms"] - at)
    expect(figures["planned_ms"] <= PLANNED_MS + LATE_MS + CRASH_MS, f"written late: {figures}")
    expect(value(lab) == SERVE[standby.name], f"{value(lab)} was written")
    lab.settle()


@scenario("exec-late-write", "exec-long", **RECORD)
def exec_late_write(lab, figures):
    """A frozen holder's command does its work after the takeover: the next check of who holds
    undoes it within one period, and status says so."""
    holder, standby, _ = lab.settle()
    gate, waits = lab.world.path("gate." + standby.name), lab.world.path("waits")
    os.mkfifo(gate)
    ordered = now_ms()
    holder.cli("switchover", "--to", standby.name, limit_s=60)
    standby.wait_standing("holder", ordered)
    wait_until(lambda: os.path.exists(waits), 20, "the new holder's command to be on its way",
               0.002)
    at = standby.freeze()
    holder.wait_standing("holder", at, lab.limit_s())
    written(lab, holder, at, LABEL)
    expect(value(lab) == SERVE[holder.name], f"{value(lab)} was written")
    with open(gate, "w", encoding="ascii") as file:
        os.unlink(gate)
        file.write("go\n")
    wait_until(lambda: value(lab) == SERVE[standby.name], 10, "the late write to land", 0.002)
    late = now_ms()
    wait_until(lambda: value(lab) == SERVE[holder.name], 20, "the late write to be undone", 0.002)
    figures["undone_ms"] = round(now_ms() - late)
    expect(figures["undone_ms"] <= CHECK_MS + CRASH_MS, f"undone after {figures['undone_ms']} ms")
    holder.wait_event("record-drifted", late, record=LABEL)
    holder.wait_event("record-repaired", late, record=LABEL)
    _, text = holder.cli("status")
    words = " ".join(text.split())
    expect("put.example.com was changed by another hand, and the command set it right: it was "
           + SERVE[standby.name] in words, f"status does not say so: {text}")
    standby.thaw()
    lab.settle()
