"""A process of its own that asks a breaker: `python -m tests.demeter.breakers.breaker_process REDIS_URL WHAT`.

`probe`: says it is ready, waits for a line, then calls once and says what came of it. `hang`: is let through to probe,
says so, and never ends.
"""

import sys
import threading

import django


def main() -> None:
    url, what = sys.argv[1:]
    django.setup()
    from django.conf import settings

    settings.CIRCUIT_BREAKER_STATE = url
    from photos.errors import StoreUnavailable
    from photos.store_breaker import STORE_BREAKER

    say("ready")
    sys.stdin.readline()
    try:
        with STORE_BREAKER.guard():
            say("called")
            if what == "hang":
                threading.Event().wait()
            sys.stdin.readline()  # the call goes on until all have asked
    except StoreUnavailable:
        say("refused")


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
