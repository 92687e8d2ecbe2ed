"""The newcomer's commands, taken from the README and run as they stand there."""
import os
import re
import subprocess

from .lab import ROOT
from .story import expect, scenario

COMMANDS_MAX = 10


def block(text, marker):
    """The shell block that follows the comment <!-- marker -->."""
    match = re.search(rf"<!-- {marker} -->\s*```\w*\n(.*?)```", text, re.DOTALL)
    expect(match, f"README.md has no block after <!-- {marker} -->")
    return match.group(1)


def commands(script):
    """Commands of a block: lines without comments, continued lines and loops counted once."""
    joined = re.sub(r"\\\n\s*", " ", script)
    depth, found = 0, []
    for line in joined.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if depth == 0:
            found.append(bare)
        depth += len(re.findall(r"(?:^|[;\s])(?:do|then)(?:\s|;|$)", bare)) \
            - len(re.findall(r"(?:^|[;\s])(?:done|fi)(?:\s|;|$)", bare))
    return found


@scenario("readme", "readme", start=False, no_holder=True, exec_log=False, alone=True, long=3)
def readme(lab, figures):
    """The README's commands for three namespaces install a cluster that elects a holder."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    script = block(text, "newcomer")
    listed = commands(script)
    figures["commands"] = len(listed)
    expect(len(listed) <= COMMANDS_MAX, f"{len(listed)} commands, at most {COMMANDS_MAX}")
    environment = dict(os.environ, PATH=lab.bin + ":" + os.environ["PATH"])
    try:
        done = subprocess.run(["bash", "-eu"], input=script, text=True, capture_output=True,
                              cwd=ROOT, env=environment, timeout=90)
    finally:
        subprocess.run(["bash", "-u"], input=block(text, "newcomer-cleanup"), text=True,
                       capture_output=True, cwd=ROOT, env=environment, timeout=30)
    output = done.stdout + done.stderr
    expect(done.returncode == 0, f"exit {done.returncode}:\n{output[-3000:]}")
    expect("holder" in output, f"nobody holds at the end:\n{output[-3000:]}")
