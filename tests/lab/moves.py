"""moves — a crash and a planned move, of any number of records, held against their bounds."""
from .lab import SERVE
from .story import expect
from .world import now_ms, wait_until

PLANNED_MS = 500  # of the cluster; what a provider takes comes on top
CRASH_MS = 1000   # after the end of the lease


def written(lab, node, since, label):
    return node.wait_event("record-written", since, lab.limit_s(), record=label)


def crash(lab, figures, places=None):
    """SIGKILL of the holder: each of these records is written in time, and served. Returns who
    holds now, and who was killed."""
    holder, standby = lab.holder(), lab.other(lab.holder())
    died = holder.kill()
    standby.wait_standing("holder", died, lab.limit_s())
    for place in places or lab.places:
        took = round(written(lab, standby, died, lab.label(place))["boottime_ms"] - died)
        figures[f"crash_{place.kind}_ms"] = took
        expect(took <= lab.lease_ms + CRASH_MS, f"{place.kind} was written after {took} ms")
        wait_until(lambda place=place: lab.address_at(place) == [SERVE[standby.name]], 10,
                   f"{place.kind} to serve {standby.name}")
    return standby, holder


def move(lab, figures, turn, places=None):
    """A planned move of these records. Returns what the command said, its exit status and its
    words, and what the cluster took beside the slowest provider: (code, text, ms, which)."""
    holder, standby = lab.holder(), lab.other(lab.holder())
    at = now_ms()
    code, text = holder.cli("switchover", "--to", standby.name)
    own = []
    for place in places or lab.places:
        event = written(lab, standby, at, lab.label(place))
        took = round(event["boottime_ms"] - at)
        figures[f"{turn}_{place.kind}_ms"] = took
        own.append((took - event["duration_ms"], place.kind))
    return code, text, *max(own)


def expect_quick(own, kind):
    expect(own <= PLANNED_MS, f"{kind}: {own} ms that are not the provider's")


def planned(lab, figures, turn, places=None):
    """A planned move whose own part is bounded; what the command said."""
    code, text, *slowest = move(lab, figures, turn, places)
    expect_quick(*slowest)
    return code, text


def both_ways(lab, figures):
    """Two planned moves; again, up to three times each, while one takes too long: what others do
    on the machine makes a move slower, and nothing makes it quicker."""
    for turn in ("there", "back"):
        for _ in range(3):
            lab.settle()
            code, text, *slowest = move(lab, figures, turn)
            expect(code == 0, f"switchover: exit {code}: {text}")
            if slowest[0] <= PLANNED_MS:
                break
        expect_quick(*slowest)
