"""The record is kept over PowerDNS's HTTP interface: crashes, moves, a write that comes late."""
import signal

from .lab import SERVE
from .moves import both_ways
from .net import address
from .scenario_crash import take_over
from .story import expect, let_pass, scenario
from .world import now_ms, wait_until

CONFLICT = 422
OPTIONS = {"provider": "powerdns", "exec_log": False}


@scenario("powerdns-kill", "powerdns", quick=True, **OPTIONS)
def powerdns_kill(lab, figures):
    """SIGKILL of the holder: the record at PowerDNS moves within a lease and 1 s."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    lab.settle()


@scenario("powerdns-switchover", "powerdns", **OPTIONS)
def powerdns_switchover(lab, figures):
    """A planned move, both ways."""
    both_ways(lab, figures)


@scenario("powerdns-no-resolver", "powerdns", api_name=True, quick=True, **OPTIONS)
def powerdns_no_resolver(lab, figures):
    """The interface has a name that no resolver knows any more: the addresses kept on disk do."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures, 1000)
    expect(not standby.events("stall"), f"the loop stood still: {standby.events('stall')}")
    holder.start()
    lab.settle()


@scenario("powerdns-late-write", "powerdns", **OPTIONS)
def powerdns_late_write(lab, figures):
    """A frozen holder's write arrives after the takeover: the tombstone refuses it."""
    holder, standby, _ = lab.settle()
    door = lab.dns.door
    door.hold(standby.name)
    ordered = now_ms()
    holder.cli("switchover", "--to", standby.name, "--anyway", limit_s=60)
    standby.wait_standing("holder", ordered)
    wait_until(lambda: door.held, 10, "the new holder's write to be on its way", 0.002)
    at = standby.freeze()
    holder.wait_standing("holder", at, lab.limit_s())
    holder.wait_event("record-written", at, lab.limit_s())  # the address was its own all the time
    before, held = lab.dns.fences(), door.held
    door.deliver()

    def late():
        return [status for _, client, status in door.answers if client == address(standby.name)]

    wait_until(lambda: len(late()) >= held, 10, "the answers to the late writes")
    figures["late_statuses"] = late()
    expect(set(late()) == {CONFLICT}, f"PowerDNS answered {late()}")
    expect(lab.address_now() == [SERVE[holder.name]], "the late write changed the address")
    expect(lab.dns.fences() == before, "the late write changed the fence")
    standby.thaw()
    lab.settle()


@scenario("powerdns-frozen", "powerdns", **OPTIONS)
def powerdns_frozen(lab, figures):
    """PowerDNS is frozen over a takeover and goes on late: all is right in the end."""
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


@scenario("powerdns-drift", "powerdns", **OPTIONS)
def powerdns_drift(lab, figures):
    """Somebody edits the address in the database: the holder sets it right again."""
    holder, _, _ = lab.settle()
    lab.dns.change_by_hand(["192.0.2.66"])
    at = now_ms()
    holder.wait_event("record-repaired", at, 20)
    lab.wait_address(holder, 20)
    figures["repaired_ms"] = round(now_ms() - at)
    lab.settle()
