"""The record is kept at Cloudflare (a stand-in): the stories of every provider, and throttling."""
from .provider_table import add, options
from .story import expect, scenario

add("cloudflare", "kill", "switchover")


@scenario("cloudflare-throttled", "cloudflare", **options("cloudflare"))
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


add("cloudflare", "late-write", "drift")
