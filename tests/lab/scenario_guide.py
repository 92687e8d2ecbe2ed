"""Each provider as deploy/guide/providers.md sets it up: it elects, writes, survives a crash."""
from .guide import KINDS
from .scenario_crash import take_over
from .story import scenario
from .world import wait_until


def play(lab, figures):
    holder, standby, _ = lab.settle()
    said = []

    def is_right():
        said[:] = holder.cli("dns", "verify")
        return said[0] == 0

    wait_until(is_right, 30, lambda: f"dns verify to be content: exit {said[0]}: {said[1]}", 0.2)
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    lab.settle()


for kind, place in KINDS.items():
    def story(lab, figures):
        play(lab, figures)

    story.__doc__ = f"{place.__doc__.strip('.')}, as the guide sets it up: the record moves."
    scenario(kind, "guide", provider=kind, exec_log=False)(story)
