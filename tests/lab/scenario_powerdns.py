"""The record is kept over PowerDNS's HTTP interface: the stories of every provider, its resolver
gone, itself frozen."""
from .provider_table import add, frozen, killed, options
from .story import expect, scenario

add("powerdns", "kill", "switchover")


@scenario("powerdns-no-resolver", "powerdns", api_name=True, quick=True, **options("powerdns"))
def powerdns_no_resolver(lab, figures):
    """The interface has a name that no resolver knows any more: the addresses kept on disk do."""
    standby = killed(lab, figures)
    expect(not standby.events("stall"), f"the loop stood still: {standby.events('stall')}")


add("powerdns", "late-write")


@scenario("powerdns-frozen", "powerdns", **options("powerdns"))
def powerdns_frozen(lab, figures):
    """PowerDNS is frozen over a takeover and goes on late: all is right in the end."""
    frozen(lab, figures)


add("powerdns", "drift")
