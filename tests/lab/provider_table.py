"""provider_table — what is played at every provider that is asked over HTTPS, and its rows.

A row says how the provider differs in these stories. `add` makes scenarios of a row: their names
are the provider's and the story's, "cloudflare-kill". What one provider alone can have stands in
its own scenario_*.py; the parts without a row (late_write, drift, frozen) are also played at DNS
servers that take updates.
"""
import functools
import signal
from typing import NamedTuple

from .dns import NAME
from .lab import SERVE
from .moves import both_ways
from .scenario_crash import take_over
from .story import expect, let_pass, scenario
from .world import now_ms, wait_until

STRANGE = "192.0.2.66"  # what another hand puts there


class Row(NamedTuple):
    name: str     # in a sentence
    hand: str     # where somebody edits its records
    late: str     # what comes too late; and why it is refused
    refused: int  # the status of the answer to it
    after: str = ""  # of a planned move: what it tells later


ROWS = {
    "cloudflare": Row("Cloudflare", "in the dashboard",
                      "batch arrives after the takeover: the fence it rests on is gone", 404),
    "powerdns": Row("PowerDNS", "in the database",
                    "write arrives after the takeover: the tombstone refuses it", 422),
    "route53": Row("Route 53", "in the console",
                   "write arrives after the takeover: Route 53 refuses the batch", 400,
                   "; and all name servers have it some time later"),
}


# --- parts, at any provider ---

def killed(lab, figures):
    """The holder is killed, and back in the end. Returns who held after it."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    lab.settle()
    return standby


def late_write(lab, figures, gate, refused):
    """The new holder's write is kept back at the gate (a stand-in, or a relay), and it freezes;
    the other takes over. Delivered at last, the write is answered so, and changes nothing."""
    holder, standby, _ = lab.settle()
    gate.hold(standby.name)
    ordered = now_ms()
    code, text = holder.cli("switchover", "--to", standby.name, "--anyway", limit_s=60)
    expect(code == 1 and "is not seen to be written" in text,
           f"switchover without a write: exit {code}: {text}")
    standby.wait_standing("holder", ordered)
    wait_until(gate.held, 10, "the new holder's write to be on its way", 0.002)
    at = standby.freeze()
    holder.wait_standing("holder", at, lab.limit_s())
    # The address was its own all the time: only the event tells that its fence is there.
    holder.wait_event("record-written", at, lab.limit_s(), record=NAME)
    lab.wait_address(holder)
    before, held, told = lab.dns.fences(), gate.held(), len(gate.told(standby.name))
    figures["delivered"] = held
    gate.deliver()
    wait_until(lambda: len(gate.told(standby.name)) >= told + held, 10,
               "the answers to the late writes")
    late = figures["late_answers"] = gate.told(standby.name)[told:]
    expect(set(late) == {refused}, f"answered {late}")
    expect(lab.address_now() == [SERVE[holder.name]], "the late write changed the address")
    expect(lab.dns.fences() == before, "the late write changed the fence")
    standby.thaw()
    lab.settle()


def drift(lab, figures):
    """Another hand edits the address: the holder sees what is there, and sets it right again."""
    holder, _, _ = lab.settle()
    at = now_ms()
    lab.dns.change_by_hand([STRANGE])
    seen, asked = lab.address_now(), now_ms()
    event = holder.wait_event("record-drifted", at, 20, record=NAME)
    expect("by another hand (its addresses)" in event["text"], f"drifted: {event['text']}")
    expect(seen == [STRANGE] or event["boottime_ms"] < asked, f"the edit was not served: {seen}")
    holder.wait_event("record-repaired", at, 20, record=NAME)
    lab.wait_address(holder, 20)
    figures["repaired_ms"] = round(now_ms() - at)
    lab.settle()


def frozen(lab, figures):
    """The server is frozen over a takeover, and goes on late."""
    holder, standby, _ = lab.settle()
    lab.dns.signal(signal.SIGSTOP)
    died = holder.kill()
    standby.wait_standing("holder", died, lab.limit_s())
    let_pass(lab, 2)
    lab.dns.signal(signal.SIGCONT)
    thawed = now_ms()
    figures["written_after_ms"] = round(lab.wait_address(standby, 30) - thawed)
    holder.start()
    lab.settle()


# --- stories of a row; the sentence of each is filled in from it ---

def tell_kill(lab, figures, row):
    """SIGKILL of the holder: the record at {name} moves within a lease and 1 s."""
    killed(lab, figures)


def tell_switchover(lab, figures, row):
    """A planned move, both ways{after}."""
    at = now_ms()
    both_ways(lab, figures)
    if row.after:
        lab.holder().wait_event("record-everywhere", at, 20)


def tell_late_write(lab, figures, row):
    """A frozen holder's {late}."""
    late_write(lab, figures, lab.dns, row.refused)


def tell_drift(lab, figures, row):
    """Somebody edits the address {hand}: the holder sets it right again."""
    drift(lab, figures)


STORIES = {"kill": tell_kill, "switchover": tell_switchover, "late-write": tell_late_write,
           "drift": tell_drift}


def options(kind):
    """Of a scenario whose record is kept at this provider alone."""
    return {"provider": kind, "exec_log": False}


def add(kind, *names):
    """Puts these stories of this provider into the table of scenarios, in this order."""
    row = ROWS[kind]
    for name in names:
        run = functools.partial(STORIES[name], row=row)
        run.__doc__ = STORIES[name].__doc__.format(**row._asdict())
        scenario(f"{kind}-{name}", kind, quick=name == "kill", **options(kind))(run)
