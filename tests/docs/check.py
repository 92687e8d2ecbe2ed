#!/usr/bin/env python3
"""Holds the documents against the programs and the sources: links, commands, options, exit codes,
settings with their ranges, events, fields of JSON, and the examples.

    tests/docs/check.py DIRECTORY     where the programs are, like build/bin

The last line is "N passed, N failed"; faults are printed as "file: what".
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands  # noqa: E402
import examples  # noqa: E402
import fields  # noqa: E402
import links  # noqa: E402
import settings  # noqa: E402


def main():
    if len(sys.argv) != 2 or not os.path.exists(os.path.join(sys.argv[1], "holdfast")):
        print(__doc__)
        return 2
    programs = os.path.abspath(sys.argv[1])
    passed = failed = 0
    for room in (links, commands, settings, fields, examples):
        for check in room.CHECKS:
            faults = []
            given = (programs,) if check.__code__.co_argcount == 2 else ()
            check(lambda path, what: faults.append(f"{path}: {what}"), *given)
            for text in sorted(set(faults)):
                print(text)
            passed, failed = (passed + 1, failed) if not faults else (passed, failed + 1)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
