"""links — what a document points at is there: files, headings, man pages, tests, rooms."""
import glob
import os
import re

from pages import ROOT, blocks, manuals, markdown, prose, read, sources

LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)
PLACE = re.compile(r"(?:proto|agent|witness|tests|deploy)/[\w./*-]+")
OUTSIDE = {("systemd", "1")}
FOLDERS = ("proto", "agent/peer", "agent/node", "agent/node/dns", "agent/node/http",
           "agent/node/probe", "agent/cli", "agent/plan")


def anchor(heading):
    """The anchor that the forges make of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path):
    seen, made = {}, set()
    for heading in HEADING.findall(prose(read(path))):
        name = anchor(heading)
        count = seen.get(name, 0)
        seen[name] = count + 1
        made.add(name if count == 0 else f"{name}-{count}")
    return made


def check_links(fault):
    """Each link of each Markdown file leads to a file, and to a heading of it."""
    for path in markdown():
        for target in LINK.findall(prose(read(path))):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, heading = target.partition("#")
            aim = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            if not os.path.exists(os.path.join(ROOT, aim)):
                fault(path, f"({target}) leads nowhere")
            elif heading and heading not in anchors(aim):
                fault(path, f"({target}): {aim} has no such heading")


def exists(place):
    path = os.path.join(ROOT, place)
    return os.path.exists(path) or bool(glob.glob(path))


def check_places(fault):
    """A path of the tree that is named in `ticks` or typed in a block of code is there."""
    for path in markdown():
        text = read(path)
        named = re.findall(r"`([^`\n]+)`", prose(text))
        named += [code for _, code in blocks(text)]
        for code in named:
            for match in PLACE.finditer(code):
                before = code[match.start() - 1:match.start()]
                if before and re.match(r"[\w/.*~-]", before) and not code.startswith("./"):
                    continue  # the middle of another path
                place = match.group(0).rstrip("./")
                if not exists(place) and not exists(place + ".c"):
                    if os.path.basename(place).upper() not in ("NAME", "NAME.C", "X.C") \
                            and "NAME" not in place and "x_test" not in place \
                            and not place.startswith("proto/x"):
                        fault(path, f"`{place}` is not there")


def check_manuals(fault):
    """.Xr leads to a page of ours, and each page is installed."""
    pages = {tuple(os.path.basename(path).rsplit(".", 1)) for path in manuals()}
    build = read("CMakeLists.txt")
    for path in manuals():
        if path not in build:
            fault("CMakeLists.txt", f"{path} is not installed")
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", read(path), re.MULTILINE):
            if (name, section) not in pages | OUTSIDE:
                fault(path, f".Xr {name} {section}: no such page")
    for path in markdown():
        for name, section in re.findall(r"\*\*([a-z][a-z.-]*)\*\*\((\d)\)", read(path)):
            if (name, section) not in pages:
                fault(path, f"{name}({section}): no such page")


def check_tests(fault):
    """A test that a document names has a function of that name."""
    for path in markdown():
        for name, case in re.findall(r"`(\w+_test)` (\w+) \|", read(path)):
            found = [one for one in ("unit", "shell")
                     if exists(f"tests/{one}/{name}.c")
                     and re.search(rf"\b{case}\b", read(f"tests/{one}/{name}.c"))]
            if not found:
                fault(path, f"{name} has no {case}")
    text = read("tests/README.md")
    for source in sources("tests/fuzz", ends=("_fuzz.c",)):
        name = os.path.basename(source)[:-7]
        if f"| `{name}` |" not in text:
            fault("tests/README.md", f"the fuzzer {name} is not in the table")
    for folder in ("servers", "lab"):
        for source in sources(f"tests/{folder}", ends=(".py",)):
            name = os.path.basename(source)
            if name[0] != "_" and not name.startswith("scenario_") and name not in text:
                fault("tests/README.md", f"{folder}/{name} is not named")


def room_names(text):
    """The words of ARCHITECTURE's list of rooms; "_find" belongs to the last whole word."""
    names, stems = set(), set()
    for line in text.splitlines():
        head = re.split(r"\s{2,}|;", line.strip(), maxsplit=1)[0] if line[:1] == " " else ""
        last = ""
        for word in re.findall(r"[\w*./]+", head if head else ""):
            word = os.path.basename(word)
            word = word[:-2] if word.endswith(".h") else word
            if word.startswith("_") and last:
                names |= {last + word, last.split("_")[0] + word}
            elif word.endswith("*"):
                stems.add(word[:-1])
            else:
                names.add(word)
                last = word
    return names, stems


def check_rooms(fault):
    """Each source file is on the map of ARCHITECTURE.md."""
    text = read("ARCHITECTURE.md")
    rooms = re.search(r"## Rooms.*?```\n(.*?)```", text, re.DOTALL).group(1)
    whole = set(re.findall(r"\w+", rooms))
    names, stems = room_names(rooms)
    for source in sources(*FOLDERS):
        stem = os.path.basename(source)[:-2]
        if stem in whole | names or any(stem.startswith(start) for start in stems):
            continue
        if stem.endswith("_inside") or any(
                stem == f"{name.split('_')[0]}{end}" or stem == name + end
                for name in names for end in re.findall(r"\b_\w+", rooms)):
            continue
        fault("ARCHITECTURE.md", f"{source} is not on the map")
    stems = {os.path.basename(source)[:-2] for source in sources(*FOLDERS)}
    for part in re.findall(r"^(?:proto|agent/\w+)/\n((?: .*\n)+)", rooms, re.MULTILINE):
        for line in part.splitlines():
            for word in re.findall(r"[\w*/.]+", re.split(r" {2,}", line.strip())[0]):
                word = os.path.basename(word)
                word = word[:-2] if word.endswith(".h") else word
                if word[0] != "_" and not word.endswith("*") and word not in stems | {"x"}:
                    fault("ARCHITECTURE.md", f"there is no room {word}")


def check_numbers(fault):
    """The limits in ARCHITECTURE.md are those of tests/tidy.py."""
    names, values = re.search(r"^(FILE_MAX.*) = ([\d, ]+)$", read("tests/tidy.py"),
                              re.MULTILINE).groups()
    limits = dict(zip(names.replace("_MAX", "").split(", "), values.split(", ")))
    text = read("ARCHITECTURE.md")
    for row in (f"| lines of a file / of a header | {limits['FILE']} / {limits['HEADER']} |",
                f"| lines of a function | {limits['FUNCTION']} |",
                f"| parameters | {limits['PARAMETER']} |",
                f"| columns; tabs | {limits['COLUMN']}; none |",
                f"| nesting of if, for, while, do, switch | {limits['NESTING']} |"):
        if row not in text:
            fault("ARCHITECTURE.md", f"expected the row {row}")


def check_width(fault):
    """Lines of prose have at most 100 columns; tables and code may be wider."""
    for path in markdown():
        for line in prose(read(path)).splitlines():
            if len(line) > 100 and not line.startswith("|"):
                fault(path, f"{len(line)} columns: {line[:60]}...")


CHECKS = (check_links, check_places, check_manuals, check_tests, check_rooms, check_numbers,
          check_width)
