"""Crashes, restarts and planned moves."""
from .dns import Watcher
from .lab import SERVE
from .story import expect, expect_no_move, let_pass, scenario
from .world import now_ms, wait_until


def take_over(lab, at, new, figures, slack_ms=2500):
    """The other node must hold and the record move within a lease and some slack."""
    event = new.wait_standing("holder", at, lab.limit_s())
    figures["holds_ms"] = round(event["effective_boottime_ms"] - at)
    moved = lab.wait_address(new)
    figures["moved_ms"] = round(moved - at)
    expect(figures["moved_ms"] <= lab.lease_ms + slack_ms,
           f"the record moved only after {figures['moved_ms']} ms")


@scenario("kill-holder", "crash", quick=True)
def kill_holder(lab, figures):
    """SIGKILL of the holder: the other node holds within a lease; the dead returns as standby."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures)
    back = now_ms()
    holder.start()
    holder.wait_answering()
    holder.wait_standing("standby", back, lab.limit_s())
    now_holding, _, _ = lab.settle()
    expect(now_holding is standby, "the move went back by itself")


@scenario("kill-standby", "crash")
def kill_standby(lab, figures):
    """SIGKILL of the standby: nothing moves, also not when it returns."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    standby.kill()
    let_pass(lab, 3)
    standby.start()
    lab.settle()
    expect_holding_since(holder, at)


@scenario("kill-witness", "crash")
def kill_witness(lab, figures):
    """SIGKILL of the witness: nothing moves; with it back a crash is survived again."""
    holder, standby, witness = lab.settle()
    at = now_ms()
    witness.kill()
    let_pass(lab, 3)
    expect_no_move(lab, holder, at, "witness dead")
    witness.start()
    lab.settle()
    expect_no_move(lab, holder, at, "witness back")
    take_over(lab, holder.kill(), standby, figures)


@scenario("kill-two", "crash")
def kill_two(lab, figures):
    """Standby and witness dead: the holder stops by itself; one of them back: it holds again."""
    holder, standby, witness = lab.settle()
    at = now_ms()
    standby.kill()
    witness.kill()
    event = holder.wait_standing("alone", at, lab.limit_s())
    figures["stopped_ms"] = round(event["effective_boottime_ms"] - at)
    expect(figures["stopped_ms"] <= lab.lease_ms + 50, "held on without two of three")
    witness.start()
    holder.wait_standing("holder", at, lab.limit_s(10))
    standby.start()
    lab.settle()


def expect_holding_since(holder, at):
    for event in holder.events("standing"):
        expect(event["effective_boottime_ms"] < at or event["standing"] == "holder",
               f"{holder.name} became {event['standing']}")
    expect(holder.status()["standing"] == "holder", f"{holder.name} holds no more")


@scenario("crash-restart", "crash", profile="normal", exec_log=True)
def crash_restart(lab, figures):
    """The holder crashes and is started again inside its lease: the same node goes on."""
    holder, standby, _ = lab.settle()
    at = holder.kill()
    holder.start()
    event = holder.wait_standing("holder", at, lab.limit_s())
    figures["again_ms"] = round(event["effective_boottime_ms"] - at)
    lab.settle()
    expect(not [event for event in standby.events("standing") if event["standing"] == "holder"
                and event["effective_boottime_ms"] >= at], "the standby took over")


@scenario("restart", "planned", quick=True, profile="normal")
def restart(lab, figures):
    """`holdfast restart` of each daemon: new boot, new epoch, nothing moves."""
    holder, standby, witness = lab.settle()
    start = now_ms()
    for peer in (holder, standby, witness):
        before, pid = peer.status()["epoch"], peer.pid
        at = now_ms()
        code, text = peer.cli("restart")
        expect(code == 0, f"restart of {peer.name}: exit {code}: {text}")
        peer.wait_event("start", at, lab.limit_s())
        lab.settle()
        figures[f"{peer.name}_whole_ms"] = round(now_ms() - at)
        expect(peer.alive() and peer.pid == pid, f"{peer.name} is not the same process")
        if peer is holder:
            expect(peer.status()["epoch"] > before, "the epoch did not rise")
    expect(lab.holder() is holder, "the holder changed")
    expect(not [event for event in standby.events("standing") if event["standing"] == "holder"
                and event["effective_boottime_ms"] >= start], "the standby took over")


@scenario("restart-stop", "planned")
def restart_stop(lab, figures):
    """SIGTERM on the way through a restart: the daemon ends, and does not come back."""
    for turn in ("standby", "holder"):
        holder, standby, _ = lab.settle()
        peer, other = (holder, standby) if turn == "holder" else (standby, holder)
        reply, at = peer.request("restart"), now_ms()
        code = peer.term()
        figures[f"{turn}_ended_ms"] = round(now_ms() - at)
        expect(reply and reply["code"] == 0, f"restart: {reply}")
        expect(code == 0, f"{turn} ended with {code}")
        wait_until(lambda: lab.holder() is other, lab.limit_s(), f"{other.name} to hold")
        peer.start()
    lab.settle()


@scenario("switchover", "planned", quick=True)
def switchover(lab, figures):
    """A planned switchover there and back, and the record follows at once."""
    watcher = Watcher(lab.net.names["dns"])
    for turn in ("there", "back"):
        holder, standby, _ = lab.settle()
        at = now_ms()
        code, text = holder.cli("switchover", "--to", standby.name)
        figures[f"{turn}_told_ms"] = round(now_ms() - at)
        expect(code == 0, f"switchover: exit {code}: {text}")
        event = standby.wait_standing("holder", at, lab.limit_s())
        figures[f"{turn}_holds_ms"] = round(event["effective_boottime_ms"] - at)
        moved = wait_until(lambda: watcher.moved_after(at, SERVE[standby.name]), lab.limit_s(),
                           "the record to move")
        figures[f"{turn}_moved_ms"] = round(moved - at)
        expect(moved - at < lab.lease_ms, "slower than a crash")
    watcher.close()


@scenario("stop", "planned")
def stop(lab, figures):
    """SIGTERM of the holder gives up the lease first; the other node holds well under 1 s."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    code = holder.term()
    expect(code == 0, f"exit code {code} after SIGTERM")
    event = standby.wait_standing("holder", at, lab.limit_s())
    figures["holds_ms"] = round(event["effective_boottime_ms"] - at)
    expect(figures["holds_ms"] < 800, f"took {figures['holds_ms']} ms")
    lab.wait_address(standby)
    holder.start()
    lab.settle()


@scenario("maintenance", "planned")
def maintenance(lab, figures):
    """Maintenance of the holder hands over first; of a lone fit node it is refused."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    code, text = holder.cli("maintenance", "on", "--for", "1h", "--reason", "new disks")
    expect(code == 0, f"maintenance on: exit {code}: {text}")
    standby.wait_standing("holder", at, lab.limit_s())
    lab.wait_address(standby)
    code, text = standby.cli("maintenance", "on")
    expect(code == 4, f"maintenance of the last fit node: exit {code}: {text}")
    code, text = holder.cli("maintenance", "off")
    expect(code == 0, f"maintenance off: exit {code}: {text}")
    lab.settle()


@scenario("all-restart", "crash")
def all_restart(lab, figures):
    """All three killed at once and started again: one holder, higher epoch, record right."""
    holder, _, _ = lab.settle()
    epoch = holder.status()["epoch"]
    for peer in lab.peers.values():
        peer.kill()
    at = now_ms()
    for peer in lab.peers.values():
        peer.start()
    holder, _, _ = lab.settle()
    figures["whole_ms"] = round(now_ms() - at)
    expect(holder.status()["epoch"] > epoch, "the epoch did not rise")
    lab.wait_address(holder)
