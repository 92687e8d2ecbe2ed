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


def planned(lab, figures, turn, places=None):
    """A planned move of these records: what the cluster takes beside each provider is bounded.
    Returns what the command said: its exit status and its words."""
    holder, standby = lab.holder(), lab.other(lab.holder())
    at = now_ms()
    code, text = holder.cli("switchover", "--to", standby.name)
    for place in places or lab.places:
        event = written(lab, standby, at, lab.label(place))
        took = round(event["boottime_ms"] - at)
        figures[f"{turn}_{place.kind}_ms"] = took
        own = took - event["duration_ms"]
        expect(own <= PLANNED_MS, f"{place.kind}: {took} ms, {own} of them not the provider's")
    return code, text


def both_ways(lab, figures):
    for turn in ("there", "back"):
        lab.settle()
        code, text = planned(lab, figures, turn)
        expect(code == 0, f"switchover: exit {code}: {text}")
