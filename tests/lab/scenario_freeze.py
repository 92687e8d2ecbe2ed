"""Frozen processes, and the two rigs that stay for ever."""
from .net import address
from .scenario_crash import take_over
from .sniff import Sniffer
from .story import expect, expect_no_move, let_pass, scenario
from .world import now_ms

LEASES = (0.5, 1.0, 1.5, 2.0, 3.0)


def freeze_each(lab, choose, figures):
    """Freezes one peer for each length in random order."""
    lengths = list(LEASES)
    lab.random.shuffle(lengths)
    for leases in lengths:
        holder, standby, witness = lab.settle()
        peer = choose(holder, standby, witness)
        at = peer.freeze()
        let_pass(lab, leases)
        peer.thaw()
        if peer is not holder:
            lab.settle()
            expect_no_move(lab, holder, at, f"{peer.name} frozen for {leases} leases")
        elif leases >= 1.5:
            event = standby.wait_standing("holder", at, lab.limit_s())
            figures[f"moved_{leases}_ms"] = round(event["effective_boottime_ms"] - at)
    lab.settle()


@scenario("freeze-holder", "freeze")
def freeze_holder(lab, figures):
    """SIGSTOP of the holder for 0.5 to 3 leases: it wakes up knowing that it holds no more."""
    freeze_each(lab, lambda holder, standby, witness: holder, figures)


@scenario("freeze-restart", "freeze")
def freeze_restart(lab, figures):
    """SIGSTOP of the holder on its way through a restart: its holding ends with its lease."""
    holder, standby, _ = lab.settle()
    reply = holder.request("restart")
    at = holder.freeze()
    expect(reply and reply["code"] == 0, f"restart: {reply}")
    event = standby.wait_standing("holder", at, lab.limit_s())
    figures["moved_ms"] = round(event["effective_boottime_ms"] - at)
    let_pass(lab, 0.5)
    holder.thaw()
    holder.wait_event("start", at, lab.limit_s())
    ended = next(one for one in holder.events("standing") if one["boottime_ms"] > at)
    expect(ended["effective_boottime_ms"] <= event["effective_boottime_ms"],
           f"it says that it held until {ended['effective_boottime_ms']}, when {standby.name} had "
           f"held since {event['effective_boottime_ms']}")
    lab.settle()
    expect(lab.holder() is standby, "it moved back")


@scenario("freeze-standby", "freeze")
def freeze_standby(lab, figures):
    """SIGSTOP of the standby for 0.5 to 3 leases: nothing moves."""
    freeze_each(lab, lambda holder, standby, witness: standby, figures)


@scenario("freeze-witness", "freeze")
def freeze_witness(lab, figures):
    """SIGSTOP of the witness for 0.5 to 3 leases: nothing moves."""
    freeze_each(lab, lambda holder, standby, witness: witness, figures)


@scenario("rig-renewal-silence", "rigs", long=40)
def rig_renewal_silence(lab, figures):
    """Rig 1: renewal, answer, then silence at once, at several phases of the cycle."""
    for phase in (0.0, 0.25, 0.5, 0.75):
        holder, standby, witness = lab.settle()
        sniffer = Sniffer(lab.net, holder.name)
        sniffer.drain()
        asked = sniffer.next(5, source=address(holder.name), target=address(witness.name))
        answered = sniffer.next(5, source=address(witness.name), target=address(holder.name))
        expect(asked and answered, "no renewal seen on the wire")
        sniffer.close()
        let_pass(lab, phase * lab.interval_ms / lab.lease_ms)
        at = now_ms()
        lab.net.isolate(holder.name)
        one = {}
        take_over(lab, at, standby, one)
        figures[f"phase_{phase}_ms"] = one["moved_ms"]
        stopped = holder.wait_standing("alone", at, lab.limit_s())["effective_boottime_ms"]
        started = standby.wait_standing("holder", at)["effective_boottime_ms"]
        expect(stopped <= started, f"both held for {stopped - started} ms")
        lab.net.heal()


@scenario("rig-pause", "rigs", quick=True, long=40)
def rig_pause(lab, figures):
    """Rig 2: the holder is stopped between asking and hearing, and goes on after a takeover."""
    for turn in range(3):
        holder, standby, witness = lab.settle()
        sniffer = Sniffer(lab.net, holder.name)
        sniffer.drain()
        asked = sniffer.next(5, source=address(holder.name))
        expect(asked, "the holder says nothing")
        at = holder.freeze()
        figures[f"stopped_after_{turn}_ms"] = round(at - asked[0], 1)
        sniffer.close()
        started = standby.wait_standing("holder", at, lab.limit_s())["effective_boottime_ms"]
        thawed = now_ms()
        holder.thaw()
        stopped = holder.wait_event("standing", int(thawed), lab.limit_s())
        expect(stopped["standing"] != "holder" and
               stopped["effective_boottime_ms"] <= started,
               f"woke up as {stopped['standing']} from {stopped['effective_boottime_ms']}, "
               f"the other held from {started}")
        lab.wait_address(standby)


@scenario("freeze-all", "freeze")
def freeze_all(lab, figures):
    """All three stopped for two leases, as when a host suspends: one holder again afterwards."""
    lab.settle()
    for peer in lab.peers.values():
        peer.freeze()
    let_pass(lab, 2)
    at = now_ms()
    for peer in lab.peers.values():
        peer.thaw()
    lab.settle()
    figures["whole_ms"] = round(now_ms() - at)
