"""settings — the keys of the configuration: holdfast.conf(5), the example and the program agree.

The program is asked: a wrong key makes it list the right ones, a wrong value makes it say the range
or the words. (The defaults are held by tests/unit/config_manual_test.c.)"""
import os
import re
import subprocess
import tempfile

from pages import items, read

PAGE, EXAMPLE = "deploy/man/holdfast.conf.5", "deploy/holdfast.conf.example"
SECTIONS = {"cluster": "[cluster]", "node server1": "[node NAME], exactly two",
            "witness cloud": "[witness NAME], exactly one", "record pbx.example.com":
            "[record NAME], up to 8", "probe service": "[probe NAME], up to 16", "dns": "[dns]",
            "notify": "[notify]", "local": "[local]"}
UNITS = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}


def complain(programs, text):
    """What `holdfast check` says of a configuration: lists of (section, key, sentence)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "holdfast.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([os.path.join(programs, "holdfast"), "check", path],
                              capture_output=True, text=True, timeout=60, check=False)
    return re.findall(r"^error: \S+:\d+: \[([^\]]+)\] ([\w.-]+): (.*)$", done.stdout, re.MULTILINE)


def known_keys(programs):
    """{section: [keys]}, from the complaint about a key that is none."""
    found = {}
    for section in SECTIONS:
        for where, _, text in complain(programs, f"[{section}]\nnothing = 1\n"):
            keys = re.match(r"unknown key; expected one of (.*)", text)
            if keys:
                found[where] = keys.group(1).split(", ")
    return found


def manual_items():
    """{(section, key): text} of holdfast.conf(5)."""
    found = {}
    titles = {title: section for section, title in SECTIONS.items()}
    for item in items(PAGE):
        if not item.raw.startswith(".It Cm "):
            continue  # a word of a list within an item
        for key in re.split(r"\s*,\s*", item.heading):
            if item.section in titles:
                found[(titles[item.section], key)] = item.text
    return found


def check_keys(fault, programs):
    """Each key has an item in the manual and a line in the example, and no other has."""
    known, told = known_keys(programs), manual_items()
    example = read(EXAMPLE)
    for section in SECTIONS:
        if section not in known:
            fault("holdfast check", f"does not list the keys of [{section}]")
        for key in known.get(section, []):
            if (section, key) not in told:
                fault(PAGE, f"[{section}] {key} is missing")
            line = key.replace("serve.NODE", "serve.server1")
            if not re.search(rf"^(# )?{re.escape(line)} = ", example, re.MULTILINE):
                fault(EXAMPLE, f"[{section}] {key} is missing")
    for section, key in told:
        if key not in known[section]:
            fault(PAGE, f"[{section}] {key}: the program does not know it")


def length(text):
    """A length, a share or a count as a number, so that 60s and 1m are the same."""
    match = re.match(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", text)
    return float(match.group(1)) * UNITS.get(match.group(2), 1) if match else text


def example_range(key, section):
    """What the example says in brackets of a key: (low, high), or None."""
    part = re.search(rf"^(?:# )?\[{section.split()[0]}.*?(?=^(?:# )?\[(?!\w*:)|\Z)", read(EXAMPLE),
                     re.MULTILINE | re.DOTALL)
    text = re.search(rf"^(?:# )?{key} = .*(?:\n(?:#  | ) .*)*", part.group(0) if part else "",
                     re.MULTILINE)
    found = re.search(r"(\d[\d.]*[a-z%]*)\.\.(\d[\d.]*[a-z%]*)", text.group(0)) if text else None
    return found.groups() if found else None


def check_values(fault, programs):
    """The ranges and words that the program expects stand in the manual; ranges also in the
    example, where it names one."""
    known, told = known_keys(programs), manual_items()
    seen = 0
    for section, keys in known.items():
        for value in ("99999h", "999999999", "99%", "zzz"):
            text = f"[{section}]\n" + "".join(f"{key.replace('NODE', 'server1')} = {value}\n"
                                              for key in keys)
            for where, key, sentence in complain(programs, text):
                words = re.search(r"is unknown; expected (.*)", sentence)
                span = re.search(r"is out of range; expected (\S+) to (\S+)", sentence)
                manual = told.get((where, key), "")
                for word in re.split(r", | or ", words.group(1)) if words else []:
                    if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", manual):
                        fault(PAGE, f"[{where}] {key}: says nothing of {word}")
                if span:
                    seen += 1
                    low, high = span.groups()
                    if f"{low} to {high}" not in manual:
                        fault(PAGE, f"[{where}] {key}: expected the words \"{low} to {high}\"")
                    shown = example_range(key, where)
                    if shown and [length(one) for one in shown] != [length(low), length(high)] \
                            and key not in ("demote-lead", "ttl"):
                        fault(EXAMPLE, f"{key}: {shown}, not {low} to {high}")
    if seen < 13:
        fault("tests/docs", f"only {seen} ranges were found")


def check_providers(fault, programs):
    """The table of the keys that a provider needs and takes."""
    keys = known_keys(programs).get("record pbx.example.com", [])
    table = {}
    for name, needs, _, takes in re.findall(r"^\.It (\w+)\nneeds ([\w, -]+)(; takes ([\w, -]+))?$",
                                            read(PAGE), re.MULTILINE):
        table[name] = (set(needs.split(", ")), set(takes.split(", ")) - {""})
    words = [text for where, key, text in complain(programs, "[record a.b]\nprovider = zzz\n")
             if key == "provider"]
    names = re.split(r", | or ", re.search(r"expected (.*)", words[0]).group(1))
    if sorted(names) != sorted(table):
        fault(PAGE, f"providers {sorted(table)}, the program has {sorted(names)}")
    for name in names:
        head = f"[record a.b]\nprovider = {name}\n"
        needs = {key for _, key, text in complain(programs, head)
                 if text == f"missing; expected for provider = {name}"}
        more = "".join(f"{key} = zzz\n" for key in keys if key not in ("provider", "serve.NODE"))
        refused = {key for _, key, text in complain(programs, head + more)
                   if text.startswith(f"not for provider = {name}")}
        general = {"provider", "name", "ttl", "check-every", "drift", "adopt", "authoritative",
                   "serve.NODE"}
        takes = set(keys) - refused - needs - general
        if table.get(name) != (needs, takes):
            fault(PAGE, f"{name}: needs {sorted(needs)}, takes {sorted(takes)}; the table says "
                        f"{table.get(name)}")


CHECKS = (check_keys, check_values, check_providers)
