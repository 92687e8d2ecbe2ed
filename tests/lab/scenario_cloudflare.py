"""The record is kept at Cloudflare (a stand-in): crashes, moves, throttling, late writes."""
from .lab import SERVE
from .moves import both_ways
from .scenario_crash import take_over
from .story import expect, scenario
from .world import now_ms, wait_until

GONE = 404
OPTIONS = {"provider": "cloudflare", "exec_log": False}


@scenario("cloudflare-kill", "cloudflare", quick=True, **OPTIONS)
def cloudflare_kill(lab, figures):
    """SIGKILL of the holder: the record at Cloudflare moves within a lease and 1 s."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    lab.settle()


@scenario("cloudflare-switchover", "cloudflare", **OPTIONS)
def cloudflare_switchover(lab, figures):
    """A planned move, both ways."""
    both_ways(lab, figures)


@scenario("cloudflare-throttled", "cloudflare", **OPTIONS)
def cloudflare_throttled(lab, figures):
    """The new holder is told to wait 2 s: it sends nothing before, and writes then."""
    holder, standby, _ = lab.settle()
    died = holder.kill()
    lab.dns.fail(kind="status", status=429, code=10429, message="slow down", retry="2")
    standby.wait_standing("holder", died, lab.limit_s())
    written = standby.wait_event("record-written", died, lab.limit_s())
    figures["written_ms"] = round(written["boottime_ms"] - died)
    expect(figures["written_ms"] >= 2000, f"written after {figures['written_ms']} ms")
    lab.wait_address(standby)
    holder.start()
    lab.settle()


@scenario("cloudflare-late-write", "cloudflare", **OPTIONS)
def cloudflare_late_write(lab, figures):
    """A frozen holder's batch arrives after the takeover: the fence it rests on is gone."""
    holder, standby, _ = lab.settle()
    lab.dns.hold(standby.name)
    ordered = now_ms()
    holder.cli("switchover", "--to", standby.name, "--anyway", limit_s=60)
    standby.wait_standing("holder", ordered)
    wait_until(lambda: lab.dns.zone.held, 10, "the new holder's write to be on its way", 0.002)
    at = standby.freeze()
    holder.wait_standing("holder", at, lab.limit_s())
    holder.wait_event("record-written", at, lab.limit_s())  # the address was its own all the time
    before, held, told = lab.dns.fences(), lab.dns.zone.held, len(lab.dns.told(standby.name))
    lab.dns.deliver()
    wait_until(lambda: len(lab.dns.told(standby.name)) >= told + held, 10,
               "the answers to the late writes")
    figures["late_statuses"] = lab.dns.told(standby.name)[told:]
    expect(set(figures["late_statuses"]) == {GONE}, f"answered {figures['late_statuses']}")
    expect(lab.address_now() == [SERVE[holder.name]], "the late write changed the address")
    expect(lab.dns.fences() == before, "the late write changed the fence")
    standby.thaw()
    lab.settle()


@scenario("cloudflare-drift", "cloudflare", **OPTIONS)
def cloudflare_drift(lab, figures):
    """Somebody edits the address in the dashboard: the holder sets it right again."""
    holder, _, _ = lab.settle()
    lab.dns.change_by_hand(["192.0.2.66"])
    at = now_ms()
    holder.wait_event("record-repaired", at, 20)
    lab.wait_address(holder, 20)
    figures["repaired_ms"] = round(now_ms() - at)
    lab.settle()
