"""Ends process groups when the process that made them is gone, however it ended: also after kill -9.

Runs as its own process with nothing but the standard library. It reads lines from its standard input, `+123` for a
process group that now exists and `-123` for one that is over; when the input ends, all that are left are killed.
A parent-death signal would reach the children of the first generation only, and on Linux only.
"""

import os
import signal
import sys
from collections.abc import Iterable


def remaining_groups(lines: Iterable[str]) -> set[int]:
    """The process groups that were announced and not taken back. A line cut short by a sudden end is ignored."""
    groups: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if not (line.endswith("\n") and number.isdigit()):
            continue
        if sign == "+":
            groups.add(int(number))
        elif sign == "-":
            groups.discard(int(number))
    return groups


def main() -> None:
    """Read announcements until the input ends, then send SIGKILL to every group that is left."""
    for group in remaining_groups(sys.stdin):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
