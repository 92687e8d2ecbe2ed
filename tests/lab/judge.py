"""judge — was there ever more than one? Three sources that know nothing of each other.

1. The daemons' own events: no two holding intervals [from, effective end] overlap.
2. The DNS server's journal: the fences that it took rise strictly; the same epoch twice only by
   the same node with another token (a repair).
3. The exec log, written outside the daemons: epochs never fall, and every call lies inside a
   holding interval of the node that made it.
"""
import re
import types

NEVER = float("inf")
RESTART_MS = 250  # so long a daemon that restarts waits for what it has begun


class Interval:
    """One holdership of one node; `end` is NEVER while it lasts."""

    def __init__(self, node, start, epoch, standing):
        self.node, self.start, self.end = node, start, NEVER
        self.epoch, self.standing = epoch, standing
        self.outlived_ms = 1  # so long after the end a program of it may still be at work

    def __str__(self):
        end = "now" if self.end == NEVER else f"{self.end:.0f}"
        return f"{self.node} {self.standing} {self.epoch} [{self.start:.0f}, {end}]"


def intervals_of(peer):
    """Holding intervals of one node, from its standing events and the instants at which it was
    killed, or executed its program again: the dead hold nothing, and a new life begins with
    nothing."""
    marks = [(event["effective_boottime_ms"], event.get("boottime_ms", 0), event)
             for event in peer.events("standing")]
    marks += [(at, at, None) for at in peer.deaths]
    marks += [(event["boottime_ms"], event["boottime_ms"], event)
              for event in peer.events("restart")]
    marks.sort(key=lambda mark: mark[1])
    found, present = [], None
    for effective, _, event in marks:
        restarts = bool(event) and event["event"] == "restart"
        standing = "dead" if event is None or restarts else event["standing"]
        if present is not None and standing != present.standing:
            present.end = effective
            present.outlived_ms = RESTART_MS if restarts else 1
            present = None
        if present is None and standing in ("holder", "forced"):
            present = Interval(peer.name, effective, event.get("epoch"), standing)
            found.append(present)
    return found


def find_overlaps(intervals):
    """Faults of the first source. Forced holderships are an operator's word: counted apart."""
    faults = []
    held = sorted((one for one in intervals if one.standing == "holder"),
                  key=lambda one: one.start)
    for index, one in enumerate(held):
        if one.end < one.start:
            faults.append(f"events: {one} ends before it begins")
        for other in held[index + 1:]:
            if other.node != one.node and other.start < one.end and one.start < other.end:
                faults.append(f"events: two holders: {one} and {other}")
    return faults


def find_fence_faults(fences):
    """Faults of the second source. fences: [(epoch, node, token)] in the server's order."""
    faults = []
    for before, after in zip(fences, fences[1:]):
        same = before[0] == after[0] and before[1] == after[1] and before[2] != after[2]
        if after[0] <= before[0] and not same:
            faults.append(f"journal: fence {after} was taken after {before}")
    return faults


def read_exec_log(path):
    """[(boottime ms, epoch, node)] of every call of the exec record."""
    calls = []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return calls
    for line in lines:
        match = re.match(r"boottime_ms=(\d+)", line)
        fence = re.search(r"HOLDFAST_NEW_FENCE=v=1;e=(\d+);h=([a-z0-9-]+)", line)
        if not match or not fence:
            raise ValueError(f"exec log: cannot read {line!r}")
        calls.append((int(match.group(1)), int(fence.group(1)), fence.group(2)))
    return calls


def find_call_faults(calls, intervals):
    """Faults of the third source."""
    faults = []
    for before, after in zip(calls, calls[1:]):
        if after[1] < before[1]:
            faults.append(f"exec log: epoch {after[1]} of {after[2]} called after {before[1]}")
    for at, epoch, node in calls:
        inside = any(one.node == node and one.start <= at <= one.end + one.outlived_ms
                     for one in intervals)
        if not inside:
            faults.append(f"exec log: call of {node} under {epoch} at {at} outside its holding")
    return faults


class Verdict:
    """Everything that the three sources say about one laboratory."""

    def __init__(self, lab):
        self.intervals = [one for node in lab.nodes for one in intervals_of(node)]
        self.fences = lab.dns.fences()
        self.calls = read_exec_log(lab.exec_log)
        self.faults = find_overlaps(self.intervals) + find_call_faults(self.calls, self.intervals)
        for place in lab.places:
            self.faults += find_fence_faults(place.fences())
        if not self.intervals and not lab.options.get("no_holder"):
            self.faults.append("events: nobody ever held: nothing was judged")
        if self.intervals and not self.fences and not lab.options.get("no_holder"):
            self.faults.append("journal: no fence in it: nothing was judged")

    def moves(self):
        """How often the holding node changed."""
        nodes = [one.node for one in sorted(self.intervals, key=lambda one: one.start)]
        return sum(1 for before, after in zip(nodes, nodes[1:]) if before != after)

    def held_share(self, start, end):
        """Share of the time between two instants in which somebody held."""
        held = sum(max(0.0, min(one.end, end) - max(one.start, start)) for one in self.intervals)
        return held / (end - start)


def self_test():
    """The judge must be able to say no: each source with a made-up fault, and without."""

    def held(node, start, end, epoch=2):
        one = Interval(node, start, epoch, "holder")
        one.end = end
        return one

    def told(*events):
        peer = types.SimpleNamespace(name="server1", deaths=[])
        peer.events = lambda kind: [one for one in events if one["event"] == kind]
        return [(one.start, one.end) for one in intervals_of(peer)]

    def stands(at, standing):
        return {"event": "standing", "standing": standing, "boottime_ms": at,
                "effective_boottime_ms": at}

    restarts = [stands(10, "holder"), {"event": "restart", "boottime_ms": 50}]
    good = [held("server1", 0, 100), held("server2", 100, 200, 3)]
    checks = [
        ("restart", told(*restarts) == [(10, 50)]),
        ("new life", told(*restarts, stands(90, "standby")) == [(10, 50)]),
        ("again", told(*restarts, stands(90, "holder")) == [(10, 50), (90, NEVER)]),
        ("apart", not find_overlaps(good)),
        ("overlap", find_overlaps([held("server1", 0, 101), held("server2", 100, 200)])),
        ("open end", find_overlaps([held("server1", 0, NEVER), held("server2", 100, 200)])),
        ("backwards", find_overlaps([held("server1", 9, 3)])),
        ("rising", not find_fence_faults([(2, "server1", "a"), (3, "server2", "b")])),
        ("repair", not find_fence_faults([(2, "server1", "a"), (2, "server1", "b")])),
        ("falling", find_fence_faults([(3, "server2", "a"), (2, "server1", "b")])),
        ("same twice", find_fence_faults([(2, "server1", "a"), (2, "server1", "a")])),
        ("foreign", find_fence_faults([(2, "server1", "a"), (2, "server2", "b")])),
        ("inside", not find_call_faults([(5, 2, "server1"), (150, 3, "server2")], good)),
        ("outside", find_call_faults([(150, 2, "server1")], good)),
        ("falling call", find_call_faults([(120, 3, "server2"), (130, 2, "server2")], good)),
    ]
    return [name for name, fine in checks if not fine]
