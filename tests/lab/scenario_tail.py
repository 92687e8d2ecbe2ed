"""After a write: the zone's servers, the resolvers, and until when an old answer is kept."""
import datetime
import json

from .dns import NAME
from .lab import SERVE
from .net import address
from .story import expect, let_pass, scenario
from .tail_dns import NOBODY, RESOLVER, SECONDARY, Watch
from .world import now_ms, wait_until

PREDICTED_WITHIN_S = 1.0
DNS = {"provider": "tail", "exec_log": False, "more": f"\n[dns]\nresolver = {RESOLVER}\n"}


def tail_of(peer):
    """records[0].tail, as `holdfast status --json` has it."""
    code, text = peer.cli("status", "--json")
    expect(code == 0, f"status: exit {code}: {text}")
    return json.loads(text)["records"][0]["tail"]


def seconds(text):
    """A time of status --json, by wall clock."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@scenario("tail-predicted", "tail", **DNS)
def tail_predicted(lab, figures):
    """A resolver has the old address: `status` says, within 1 s, until when."""
    holder, standby, _ = lab.settle()
    holder.wait_event("record-settled", 0, 30)
    watch = Watch(lab.net.names["dns"])
    try:
        # Fresh in the cache, and then some part of a second later.
        wait_until(lambda: watch.changed_to(SERVE[holder.name]) and watch.ttl == 8, 20,
                   "the old address to be in the resolver's cache", 0.01)
        let_pass(lab, lab.random.random())
        moved = now_ms()
        code, text = holder.cli("switchover", "--to", standby.name)
        expect(code == 0, f"switchover: exit {code}: {text}")
        event = standby.wait_event("record-authoritative", moved, 10, record=NAME)
        figures["authoritative_ms"] = event["took_ms"]
        tail = wait_until(lambda: (tail_of(standby) or {}).get("cache_ends_at")
                          and tail_of(standby), 10, "a predicted end")
        predicted = seconds(tail["cache_ends_at"])
        expect(tail["authoritative"]["ok"] == 2 and tail["resolvers"]["ok"] == 0
               and "still says A " + SERVE[holder.name] in tail["resolvers"]["list"][0]["detail"],
               f"the tail: {tail}")
        _, text = standby.cli("status")
        expect("authoritative 2/2 in " in text and "resolvers 0/1 · last cache ends " in text,
               f"status says: {text}")
        expect(tail_of(holder) is None, "who gave up still has a tail")
        measured = wait_until(lambda: watch.changed_to(SERVE[standby.name]), 20,
                              "the resolver to say the new address", 0.01)
        now_s = measured - (now_ms() - moved) / 1000
        figures["predicted_s"] = round(predicted - now_s, 2)
        figures["measured_s"] = round(measured - now_s, 2)
        figures["off_s"] = round(measured - predicted, 2)
        expect(abs(measured - predicted) <= PREDICTED_WITHIN_S,
               f"predicted {figures['predicted_s']} s, measured {figures['measured_s']} s")
        settled = standby.wait_event("record-settled", moved, 20, record=NAME)
        figures["settled_ms"] = settled["took_ms"]
        expect("all have it" in standby.cli("status")[1], "settled, but status does not say so")
    finally:
        watch.close()


@scenario("tail-dead-server", "tail-long", long=3, **DNS)
def tail_dead_server(lab, figures):
    """One of the zone's two servers is dead: shown with its name; resolvers are asked later."""
    holder, standby, _ = lab.settle()
    lab.dns.secondary.kill()
    lab.dns.secondary.wait()
    lab.world.processes.remove(lab.dns.secondary)
    moved = now_ms()
    code, text = holder.cli("switchover", "--to", standby.name)
    expect(code == 0, f"switchover: exit {code}: {text}")
    standby.wait_event("record-written", moved, 10, record=NAME)
    tail = wait_until(lambda: (tail_of(standby) or {"authoritative": {}})["authoritative"].get("ok")
                      and tail_of(standby), 10, "one server to have it")
    one = [server for server in tail["authoritative"]["list"] if not server["ok"]]
    expect(tail["authoritative"]["servers"] == 2 and [s["server"] for s in one] == [SECONDARY],
           f"the tail: {tail}")
    expect("authoritative 1/2" in standby.cli("status")[1], "status does not say 1/2")
    tail = wait_until(lambda: tail_of(standby)["resolvers"]["ok"] == 1 and tail_of(standby), 90,
                      "the resolver to be asked all the same", 0.5)
    figures["resolvers_asked_s"] = round((now_ms() - moved) / 1000)
    expect(figures["resolvers_asked_s"] >= 60, "the resolver was asked too early")
    one = tail["authoritative"]["list"][1]
    figures["detail"] = one["detail"]
    expect("silent for " in one["detail"], f"the dead server: {one}")


@scenario("tail-dns-dead", "tail", exec_log=False, provider="tail",
          authoritative=(NOBODY, address("dns")),
          more=f"\n[dns]\nresolver = {NOBODY}\nresolver = 192.0.2.53\nresolver = 127.0.0.1\n")
def tail_dns_dead(lab, figures):
    """Nobody of those who are asked afterwards answers: moves as ever, and nothing stands still."""
    holder, standby, _ = lab.settle()
    died = holder.kill()
    standby.wait_standing("holder", died, lab.limit_s())
    figures["moved_ms"] = round(lab.wait_address(standby) - died)
    let_pass(lab, 3)
    holder.start()
    lab.settle()
    tail = tail_of(standby)
    expect(tail["authoritative"]["ok"] == 1 and tail["authoritative"]["took_ms"] is None,
           f"the tail: {tail}")
    status = standby.status()
    figures["stalls"] = status["stalls"]
    figures["stall_ms_max"] = status.get("stall_ms_max")
    expect(figures["moved_ms"] <= lab.lease_ms + 1000, f"moved after {figures['moved_ms']} ms")
