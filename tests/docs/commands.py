"""commands — commands, options, exit codes: the programs, the man pages and the Markdown files say
the same of them, and each command line that is shown could be typed."""
import os
import re
import shlex
import subprocess

from pages import blocks, items, literal, manuals, markdown, prose, read, sources

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")
DAEMONS = ("holdfastd", "holdfast-witness")
STATUS = re.compile(r"^ +(\d)  (\S.*(?:\n {5,}\S.*)*)", re.MULTILINE)
# Words of a sentence that may follow the program's name in a block of code.
NO_COMMANDS = {"-", "cluster", "agent", "secret", "hmac-sha256", "goes", "restart;"}


def ask(programs, name, *arguments):
    done = subprocess.run([os.path.join(programs, name), *arguments], capture_output=True,
                          text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def usage(programs, command):
    """The usage lines of a command, and all of its help."""
    text = ask(programs, "holdfast", "help", command)
    lines = re.match(r"usage: (.*(?:\n {7}holdfast .*)*)", text)
    return (lines.group(1) if lines else ""), text


def listed(programs):
    """The commands that `holdfast help` lists."""
    text = ask(programs, "holdfast", "help")
    part = text[:text.index("\nOPTIONS")]
    names = re.findall(r"^  ([a-z-]+(?:, [a-z-]+)*) +\S", part, re.MULTILINE)
    shown = {name for line in names for name in line.split(", ")} | {"help", "release"}
    return sorted(shown - {"holdfast"})


def manual_options(command):
    """What holdfast.1 says behind .It Cm COMMAND, or None."""
    found = None
    for item in items("deploy/man/holdfast.1"):
        names = [name.strip(",") for name in item.heading.split()[:2]]
        if item.raw.startswith(".It Cm ") and command in names:
            found = (found or set()) | set(OPTION.findall(item.heading))
    return found


def check_commands(fault, programs):
    """Each command has a help, a place in holdfast.1 and in a table; its options are the same."""
    tables = read("deploy/guide/operating.md")
    source = read("agent/cli/main.c")
    names = re.findall(r'^    \{"([a-z-]+)", \w+_run\}', source, re.MULTILINE)
    if sorted(names) != listed(programs):
        fault("holdfast help", f"lists {listed(programs)}, the program has {sorted(names)}")
    for name in names:
        line, text = usage(programs, name)
        if not line or "there is no command" in text:
            fault("holdfast help", f"says nothing about {name}")
        options = manual_options(name)
        if options is None:
            fault("holdfast.1", f"has no .It Cm {name}")
        elif options != set(OPTION.findall(line)):
            fault("holdfast.1", f"{name}: {sorted(options)}, its help: {line}")
        if not re.search(rf"^\| [^|]*`(?:[^`|]*, )?{name}[ `,\\]", tables, re.MULTILINE):
            fault("deploy/guide/operating.md", f"{name} is in no table")
        for number, shown in enumerate(text.splitlines(), 1):
            if len(shown) > 100:
                fault(f"holdfast help {name}", f"line {number} is wide")


def check_daemon_options(fault, programs):
    """--help of daemons and of holdfast-plan, and their pages, name the same options."""
    for name, page in (("holdfastd", "holdfastd.8"), ("holdfast-witness", "holdfast-witness.8"),
                       ("holdfast-plan", "holdfast-plan.1"), ("holdfast", "holdfast.1")):
        shown = set(OPTION.findall(ask(programs, name, "--help")))
        told = {option for item in items("deploy/man/" + page) if "OPTIONS" in item.section
                for option in OPTION.findall(item.heading)}
        if shown != told:
            fault(page, f"options differ from --help: {sorted(shown ^ told)}")


def statuses(text):
    start = text.find("EXIT STATUS")
    return {number: " ".join(words.split()) for number, words in STATUS.findall(text[start:])}


def check_exit_codes(fault, programs):
    """The exit codes of --help, of the man pages and of the table are the same."""
    table = {}
    for row in re.findall(r"^\| (\d) \|(.*)\|$", read("deploy/guide/operating.md"), re.MULTILINE):
        table[row[0]] = [cell.strip() for cell in row[1].split("|")]
    for name, page, column in (("holdfast", "holdfast.1", 0), ("holdfastd", "holdfastd.8", 1),
                               ("holdfast-witness", "holdfast-witness.8", 1),
                               ("holdfast-plan", "holdfast-plan.1", 2)):
        shown = set(statuses(ask(programs, name, "--help")))
        told = {item.heading.strip() for item in items("deploy/man/" + page)
                if item.section == "EXIT STATUS"}
        rows = {code for code, cells in table.items() if len(cells) > column and cells[column]}
        if shown != told or not shown:
            fault(page, f"exit codes {sorted(told)}, --help says {sorted(shown)}")
        if shown != rows:
            fault("deploy/guide/operating.md",
                  f"exit codes of {name}: {sorted(rows)}, not {sorted(shown)}")
    codes = set(re.findall(r"COMMAND_\w+ = (\d)", read("agent/cli/command.h")))
    if codes != set(statuses(ask(programs, "holdfast", "--help"))):
        fault("agent/cli/command.h", f"exit codes {sorted(codes)}")


def split(line):
    """A shell line as lists of words, one for each command in it."""
    line = re.sub(r"\$\([^)]*\)|[()]", " ", line)
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        tokens = list(lexer)
    except ValueError:
        tokens = line.split()
    found, current = [], []
    for token in tokens:
        if set(token) <= set(";&|<>"):
            found.append(current)
            current = []
        else:
            current.append(token)
    return found + [current]


def shown_commands():
    """(path, words) for each command line of our programs in the documents."""
    for path in markdown() + manuals():
        if path.endswith(".md"):
            text = read(path)
            lines = re.findall(r"`([^`]+)`", prose(text))
            lines += [line for _, code in blocks(text) for line in code.splitlines()]
        else:
            lines = literal(path)
        for line in lines:
            for part in split(re.sub(r"\s+", " ", line).strip()):
                while part and (part[0] in ("sudo", "#", "$", "*/5", "*") or "=" in part[0]):
                    part = part[1:]
                if part and os.path.basename(part[0]) in ("holdfast", "holdfast-plan", *DAEMONS):
                    yield path, [os.path.basename(part[0])] + part[1:]


def check_typed(fault, programs):
    """Each command line in a document names a command and options that the program has."""
    known = {name: set(OPTION.findall(ask(programs, name, "--help")))
             for name in ("holdfast", "holdfast-plan", *DAEMONS)}
    helps = {name: set(OPTION.findall(usage(programs, name)[1])) for name in listed(programs)}
    seen = 0
    for path, words in shown_commands():
        program, rest = words[0], words[1:]
        options = set(known[program])
        command = next((word for word in rest if not word.startswith("-")), None)
        if program == "holdfast" and command is not None:
            command = command.strip(",.:")
            if command not in helps:
                if re.match(r"[a-z][a-z-]*$", command) and command not in NO_COMMANDS:
                    fault(path, f"`{' '.join(words)}`: there is no command {command}")
                continue
            options |= helps[command]
        seen += 1
        for word in rest:
            name = re.match(r"(--[a-z-]+)", word)
            if name and name.group(1) not in options:
                fault(path, f"`{' '.join(words)}`: unknown option {name.group(1)}")
    if seen < 50:
        fault("tests/docs", f"only {seen} commands were found in the documents")


def scripts():
    """(path, words) for each line that runs a script of the tree."""
    for path in markdown():
        text = read(path)
        lines = [" ".join(line.split()) for line in re.findall(r"`([^`]+)`", prose(text))]
        lines += [line for _, code in blocks(text) for line in code.splitlines()]
        for line in lines:
            words = re.sub(r"^(?:[A-Z_]+=\S+ +|sudo +|\./)*", "", line.strip())
            words = re.sub(r"^\./", "", words).split()
            if words and re.match(r"(tests|deploy)/[\w/.-]+$", words[0]):
                yield path, words


def check_scripts(fault):
    """Each option of a script that a document shows stands in that script or in its folder."""
    for path, words in scripts():
        try:
            text = read(words[0])
        except (OSError, UnicodeDecodeError):
            continue
        folder = "tests/lab" if words[0] == "deploy/demo" else os.path.dirname(words[0])
        text += "".join(read(name) for name in sources(folder, ends=(".py", ".c")))
        for word in words[1:]:
            name = re.match(r"\[?(--[a-z-]+)", word)
            if name and name.group(1) not in text:
                fault(path, f"`{' '.join(words)}`: {words[0]} knows no {name.group(1)}")


CHECKS = (check_commands, check_daemon_options, check_exit_codes, check_typed, check_scripts)
