"""pages — the documents as text: Markdown without its code, code alone, mdoc as items."""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = ("build", ".git", "node_modules", "__pycache__", "corpus", "found", "aws-sigv4")
MACRO = re.compile(r"[A-Z][a-z]$")
FENCE = re.compile(r"^```(.*?)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?:^\n?(?:    .*\n)+)", re.MULTILINE)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def sources(*folders, ends=(".c", ".h")):
    """Paths of the files with such an end directly in these folders."""
    return [f"{folder}/{name}" for folder in folders
            for name in sorted(os.listdir(os.path.join(ROOT, folder))) if name.endswith(ends)]


def markdown():
    """Paths of all Markdown files."""
    paths = []
    for folder, names, files in os.walk(ROOT):
        names[:] = sorted(name for name in names if not name.startswith(SKIPPED))
        paths += [os.path.relpath(os.path.join(folder, file), ROOT) for file in files
                  if file.endswith(".md")]
    return sorted(paths)


def manuals():
    """Paths of all man pages."""
    return sources("deploy/man", ends=(".1", ".5", ".8"))


def prose(text):
    """Markdown without its blocks of code."""
    return INDENTED.sub("\n", FENCE.sub("", text))


def blocks(text):
    """Blocks of code of a Markdown text: pairs (what stands behind the ticks, the code)."""
    found = [(match.group(1).strip(), match.group(2)) for match in FENCE.finditer(text)]
    for match in INDENTED.finditer(FENCE.sub("", text)):
        found.append(("", re.sub(r"^    ", "", match.group(0), flags=re.MULTILINE)))
    return found


def words(line):
    """A line of mdoc as plain words: macros gone, options with their dashes."""
    if line.startswith('.\\"'):
        return ""
    if not line.startswith("."):
        return line.replace("\\&", "")
    plain, dashes = [], ""
    for word in re.findall(r'"[^"]*"|\S+', line[1:]):
        word = word.strip('"')
        if MACRO.match(word):
            dashes = "-" if word == "Fl" else ""
            continue
        plain.append((dashes + word if word not in (",", "|", ".") else word).replace("\\&", ""))
    return " ".join(plain)


class Item:
    """One .It of a man page: its section, its heading in words, its text."""

    def __init__(self, section, heading):
        self.section, self.heading, self.lines = section, words("." + heading[4:]), []
        self.raw = heading

    @property
    def text(self):
        return re.sub(r"\s+([.,;:)])", r"\1", " ".join(" ".join(self.lines).split()))


def items(path):
    """The items of a man page, in their order."""
    section, found = "", []
    for line in read(path).splitlines():
        if line.startswith(".Sh "):
            section = line[4:]
        elif line.startswith(".It ") or line == ".It":
            found.append(Item(section, line))
        elif found and found[-1].section == section:
            found[-1].lines.append(words(line))
    return found


def literal(path):
    """The literal lines of a man page: displays, .Dl and .Ql."""
    lines, inside = [], False
    for line in read(path).splitlines():
        if line.startswith(".Bd"):
            inside = True
        elif line.startswith(".Ed"):
            inside = False
        elif inside:
            lines.append(words(line))
        elif line.startswith((".Dl ", ".Ql ")):
            lines.append(words(line))
    return lines
