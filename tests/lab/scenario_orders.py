"""Fitness, pause, forced takeover, and a peer that is found only by its own letters."""
import os

from .net import HOSTS, both
from .scenario_crash import take_over
from .story import expect, expect_no_move, let_pass, scenario
from .world import now_ms, wait_until

PROBE = """#!/bin/sh
host=$(ip -o -4 addr show dev eth0 | sed 's/.* 10\\.77\\.0\\.\\([0-9]*\\)\\/.*/\\1/')
exec test -e {folder}/ok-$host
"""
PROBE_SECTION = """
[probe service]
type = exec
command = {folder}/probe
interval = 300ms
fall = 2
rise = 2
"""


def ok_file(lab, peer):
    return lab.world.path(f"ok-{HOSTS[peer.name]}")


@scenario("unfit", "planned", start=False, more=PROBE_SECTION, cluster=["min-hold = 1s"])
def unfit(lab, figures):
    """The holder's probe fails: it hands over. The last fit node keeps holding when unfit too."""
    with open(lab.world.path("probe"), "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o755)
        file.write(PROBE.format(folder=lab.world.folder))
    for node in lab.nodes:
        open(ok_file(lab, node), "w", encoding="ascii").close()
    lab.up()
    holder, standby, _ = lab.settle()
    let_pass(lab, 1.5)  # min-hold
    at = now_ms()
    os.unlink(ok_file(lab, holder))
    event = standby.wait_standing("holder", at, lab.limit_s())
    figures["handed_over_ms"] = round(event["effective_boottime_ms"] - at)
    lab.wait_address(standby)
    wait_until(lambda: holder.status()["unfit_reasons"], 10, "the reason in status")
    at = now_ms()
    os.unlink(ok_file(lab, standby))
    wait_until(lambda: standby.status()["fit"] is False, 10, "the holder to be unfit")
    let_pass(lab, 3)
    expect_no_move(lab, standby, at, "both unfit")


@scenario("pause", "planned")
def pause(lab, figures):
    """Paused: a crash moves nothing. Resumed: it does."""
    holder, standby, witness = lab.settle()
    code, text = holder.cli("pause", "--for", "1h")
    expect(code == 0, f"pause: exit {code}: {text}")
    wait_until(lambda: standby.status()["paused"] and witness.status()["paused"], 10,
               "everybody to know of the pause")
    died = holder.kill()
    let_pass(lab, 3)
    expect(standby.status()["standing"] != "holder", "took over while paused")
    code, text = standby.cli("resume")
    expect(code == 0, f"resume: exit {code}: {text}")
    at = now_ms()
    standby.wait_standing("holder", died, lab.limit_s())
    figures["holds_after_ms"] = round(now_ms() - at)
    holder.start()
    lab.settle()


@scenario("forced", "planned")
def forced(lab, figures):
    """Alone, a node holds only by force; the other node comes back and waits for the operator."""
    holder, standby, witness = lab.settle()
    holder.kill()
    witness.kill()
    wait_until(lambda: standby.status()["standing"] == "alone", lab.limit_s(), "alone")
    let_pass(lab, 1.5)
    expect(standby.status()["standing"] == "alone", "held without two of three")
    at = now_ms()
    code, text = standby.cli("takeover", "--force", "--peer-is-down", holder.name)
    expect(code == 0, f"takeover: exit {code}: {text}")
    standby.wait_standing("forced", at, lab.limit_s())
    lab.wait_address(standby)
    holder.start()
    holder.wait_answering()
    let_pass(lab, 3)
    expect(holder.status()["standing"] != "holder", "two sides act")
    witness.start()
    wait_until(lambda: standby.status()["standing"] == "holder", lab.limit_s(12),
               "the forced node to be backed by two of three")
    lab.settle()


@scenario("found-by-source", "net", wrong_address=("server1", "10.77.0.99"))
def found_by_source(lab, figures):
    """The configured address of a node leads nowhere: its own letters show where it is."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.net.cut(*both("server1", "server2"))
    let_pass(lab, 3)
    expect_no_move(lab, holder, at, "s1-s2 cut")
    lab.net.heal()
    take_over(lab, holder.kill(), standby, figures)


@scenario("prefer", "planned", cluster=["prefer = server1", "failback-after = 3s",
                                        "min-hold = 1s"])
def prefer(lab, figures):
    """With `prefer` the preferred node gets it back, but only after being fit for that long."""
    lab.settle()
    server1, server2 = lab.nodes
    wait_until(lambda: lab.holder() is server1, lab.limit_s(20), "the preferred node to hold")
    lab.settle()
    died = server1.kill()
    server2.wait_standing("holder", died, lab.limit_s())
    back = now_ms()
    server1.start()
    server1.wait_standing("holder", back, lab.limit_s(20))
    figures["back_after_ms"] = round(now_ms() - back)
    expect(figures["back_after_ms"] >= 3000, "went back too early")
    lab.settle()
