"""Each provider set up as docs/providers.md shows it: it elects, writes, and survives a crash."""
from .guide import KINDS
from .scenario_crash import take_over
from .story import expect, scenario


def play(lab, figures):
    holder, standby, _ = lab.settle()
    code, text = holder.cli("dns", "verify")
    expect(code == 0, f"dns verify: exit {code}: {text}")
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    lab.settle()


for kind, place in KINDS.items():
    def story(lab, figures):
        play(lab, figures)

    story.__doc__ = f"{place.__doc__.strip('.')}, as the guide sets it up: the record moves."
    scenario(kind, "guide", provider=kind, exec_log=False, once=True)(story)
