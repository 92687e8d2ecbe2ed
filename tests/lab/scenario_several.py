"""Several records at several providers, one name at two of them: together under one epoch."""
import signal

from .dns import NAME
from .lab import SERVE
from .moves import both_ways, crash, planned
from .scenario_crash import take_over
from .scenario_dns import RELAY_PORT, late_update
from .story import expect, scenario
from .world import now_ms, wait_until

VOIP = "voip.example.com"
THREE = {"beside": {"cloudflare": NAME, "powerdns": VOIP}, "exec_log": False}


def expect_one_epoch(lab):
    """Each provider has the same number in its newest fence, of the same node."""
    newest = {place.kind: place.fences()[-1][:2] for place in lab.places}
    expect(len(set(newest.values())) == 1, f"the fences differ: {newest}")


def wait_agreement(lab, node, wanted, limit_s=40):
    return wait_until(lambda: node.status()["records_agree"] is wanted, limit_s,
                      lambda: f"records_agree {wanted} at {node.name}: "
                              f"{[one['behind'] for one in node.status()['records']]}")


@scenario("several-at-once", "several", quick=True, **THREE)
def several_at_once(lab, figures):
    """Three records at three providers, two with one name: a crash and planned moves take all of
    them along, under one epoch."""
    lab.settle()
    _, dead = crash(lab, figures)
    expect_one_epoch(lab)
    dead.start()
    both_ways(lab, figures)
    expect_one_epoch(lab)
    for node in lab.nodes:
        wait_agreement(lab, node, True)


def expect_behind(lab, node, labels):
    """Which records are behind is said, with since when."""
    status = node.status()
    behind = {one["label"]: one["behind"] for one in status["records"] if one["behind"]}
    expect(status["records_agree"] is False and set(behind) == set(labels),
           f"records_agree {status['records_agree']}, behind {behind}")
    _, text = node.cli("status")
    words = " ".join(text.split())
    for label in labels:
        expect(f"! record {label} is behind since " in words, f"status of {label}: {text}")
        expect("last seen with " + SERVE[lab.other(node).name] in behind[label]["text"],
               f"{label}: {behind[label]}")


@scenario("several-two-fail", "several", **THREE)
def several_two_fail(lab, figures):
    """One provider refuses the token, one is frozen: the third's record moves in time, also as
    planned; status names the two that are behind; they follow when they can."""
    _, standby, _ = lab.settle()
    wait_agreement(lab, standby, True)  # so it has seen what it will say that it saw
    cloudflare, powerdns = list(lab.places)[1:]
    cloudflare.deny()
    powerdns.signal(signal.SIGSTOP)
    holder, dead = crash(lab, figures, [lab.dns])
    expect_behind(lab, holder, ["cloudflare", "powerdns"])
    dead.start()
    wait_until(lambda: (holder.request("ready") or {}).get("code") == 0, lab.limit_s(),
               "a crash to be survived again")
    wait_until(lambda: not any(one["readable"] for one in holder.status()["records"][1:]), 30,
               "both to be seen as unreadable")
    code, text = planned(lab, figures, "back", [lab.dns])
    expect(code == 1 and "warning: record cloudflare " in text and "record powerdns " in text,
           f"exit {code}: {text}")
    expect("is written, and read back" in text, f"the one that moved is not told: {text}")
    expect(lab.address_now() == [SERVE[dead.name]], "the record did not move")
    cloudflare.allow()
    powerdns.signal(signal.SIGCONT)
    healed = now_ms()
    wait_agreement(lab, dead, True)
    figures["healed_ms"] = round(now_ms() - healed)
    lab.settle()
    expect_one_epoch(lab)


@scenario("dead-resolver", "several", provider="powerdns", api_name=True, dead_resolver=True,
          meter=True, exec_log=False, alone=True)
def dead_resolver(lab, figures):
    """The nodes' resolver never answers, and the interface has a name: a crash and a planned move
    are as quick as ever, and no loop ever stands for more than 20 ms."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    both_ways(lab, figures)
    lab.settle()
    turns = figures["longest_turns_ms"] = [peer.longest_turn_ms() for peer in lab.peers.values()]
    expect(max(turns)[0] <= 20, f"a loop stood still: {turns}")
    for peer in lab.peers.values():
        expect(not peer.events("stall"), f"{peer.name}: {peer.events('stall')}")


@scenario("powerdns-update", "rfc2136", provider="powerdns-update", exec_log=False)
def powerdns_update(lab, figures):
    """The record at PowerDNS by dynamic updates: a crash, and planned moves both ways."""
    lab.settle()
    _, dead = crash(lab, figures)
    dead.start()
    both_ways(lab, figures)


@scenario("bind", "rfc2136-long", provider="bind", exec_log=False)
def bind(lab, figures):
    """The same with BIND."""
    powerdns_update(lab, figures)


@scenario("knot", "rfc2136-long", provider="knot", exec_log=False)
def knot(lab, figures):
    """The same with Knot."""
    powerdns_update(lab, figures)


@scenario("powerdns-update-late", "rfc2136-long", provider="powerdns-update", start=False,
          dns_port=RELAY_PORT, exec_log=False)
def powerdns_update_late(lab, figures):
    """A frozen holder's update arrives at PowerDNS after the takeover: refused there as well."""
    late_update(lab, figures)
