"""chaos_judge — the three sources of judge.py, asked about a world full of crashes.

What crashes add, and nothing else is added:

- A daemon that is killed may not have written its last events into its file. Its log is written
  at once, so standings that only the log has are taken from there.
- A daemon that was killed while frozen has held nothing since it was frozen (Peer.deaths says so).
- A program that the daemon had started outlives it for a moment. A permit is given only while
  `demote-lead` of the lease is left, so a call that ends up so long after a SIGKILL still counts
  as inside, unless anybody else held then.
"""
import datetime
import re
import time

from . import judge
from .world import now_ms

DEMOTE_LEAD_MS = {"fast": 250, "normal": 500}
LOG_LINE = re.compile(r"(\S+)Z \S+ \S+: event=standing (?:epoch=(\d+) )?node=(\S+) "
                      r"standing=(\w+) effective_boottime_ms=(\d+)")
# Events that no fault of the plan explains.
IMPOSSIBLE = ("equivocation", "two-processes", "rolled-back", "number-poisoned", "fence-poisoned",
              "wall-poisoned", "genesis-refused", "members-changed", "forced", "unreadable",
              "record-contested", "record-foreign", "record-drifted")


class Told:
    """A node as the judge sees it: the events of its file and what only its log kept."""

    def __init__(self, peer):
        self.name, self.deaths = peer.name, peer.deaths
        self.standings = list(peer.events("standing"))
        self.restarts = list(peer.events("restart"))
        known = {(event["standing"], event["effective_boottime_ms"]) for event in self.standings}
        offset = time.time() * 1000 - now_ms()
        self.only_log = 0
        for when, epoch, node, standing, effective in LOG_LINE.findall(peer.log_text()):
            if node != peer.name or (standing, int(effective)) in known:
                continue
            wall = datetime.datetime.fromisoformat(when).replace(tzinfo=datetime.timezone.utc)
            self.only_log += 1
            self.standings.append({
                "event": "standing", "standing": standing, "epoch": int(epoch) if epoch else None,
                "effective_boottime_ms": int(effective),
                "boottime_ms": max(int(effective), wall.timestamp() * 1000 - offset)})

    def events(self, kind):
        return {"standing": self.standings, "restart": self.restarts}.get(kind, [])


def extend_dead(intervals, told, lead_ms):
    """Copies of the intervals; those that a death ended last so much longer."""
    longer = []
    for one in intervals:
        copy = judge.Interval(one.node, one.start, one.epoch, one.standing)
        deaths = next(peer.deaths for peer in told if peer.name == one.node)
        copy.outlived_ms = one.outlived_ms
        copy.end = one.end + (lead_ms if one.end in deaths else 0)
        longer.append(copy)
    return longer


def find_foreign_calls(calls, intervals):
    """Calls while somebody else held."""
    return [f"exec log: call of {node} under {epoch} at {at} while {other.node} held"
            for at, epoch, node in calls for other in intervals
            if other.node != node and other.start < at < other.end]


class Verdict(judge.Verdict):
    """What the three sources say about one world so far."""

    def __init__(self, lab, fences_before=()):  # pylint: disable=super-init-not-called
        told = [Told(node) for node in lab.nodes]
        self.only_log = sum(peer.only_log for peer in told)
        self.intervals = [one for peer in told for one in judge.intervals_of(peer)]
        self.fences = lab.dns.fences()
        self.calls = judge.read_exec_log(lab.exec_log)
        longer = extend_dead(self.intervals, told, DEMOTE_LEAD_MS[lab.profile])
        self.faults = judge.find_overlaps(self.intervals) \
            + judge.find_fence_faults(self.fences) \
            + judge.find_call_faults(self.calls, longer) \
            + find_foreign_calls(self.calls, self.intervals)
        if self.fences[:len(fences_before)] != list(fences_before):
            self.faults.append("journal: the DNS server forgot fences that it had taken")
        if not (self.intervals and self.fences and self.calls):
            self.faults.append(f"nothing was judged: {len(self.intervals)} holdings, "
                               f"{len(self.fences)} fences, {len(self.calls)} calls")


def impossible_events(peers):
    """Sentences about events that must never be told here."""
    return [f"{peer.name}: event {event['event']}: {event.get('text') or event}"
            for peer in peers for event in peer.events()
            if event.get("event") in IMPOSSIBLE]


def alarms(peers):
    """{event: how often} of everything that was told as an alarm."""
    found = {}
    for peer in peers:
        for event in peer.events():
            if event.get("level") == "alarm":
                found[event["event"]] = found.get(event["event"], 0) + 1
    return found
