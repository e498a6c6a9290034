"""The store goes away under accepted photos, in three ways: `python -m tests.load.store_outages`.

Runs the production topology privately (PostgreSQL, Redis, an S3 store, each service's own command), uploads photos,
makes the store refuse, forbid or hang for a while, and follows every accepted photo until it is counted and its
pictures are made. Exit code 0 only if none is lost. Takes a quarter of an hour; not part of the test suite.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import django

from demeter.demo.client import ApiClient, ServerRefused
from tests.support.faulty_proxy import Mode
from tests.support.nursery_photos import copy_at, render_small
from tests.support.production import Production, running_production

OUTAGES: tuple[tuple[Mode, float], ...] = (("refuses", 90.0), ("forbids", 30.0), ("hangs", 30.0))
RENDERED = 4  # different pictures; the others are copies taken at other minutes
NOWHERE = {"lat": -33.5, "lon": -69.5}  # outside the demo nursery: counted without booking
POLL_S = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20, help="for each outage")
    parser.add_argument("--within", type=float, default=900, help="seconds for the counts after an outage")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demeter.settings")
    django.setup()  # the client says in the user's language why it was refused
    with tempfile.TemporaryDirectory(prefix="demeter-outages-") as name:
        rendered = [
            render_small(Path(name), f"scene{number}", seed=900_050 + number) for number in range(RENDERED)
        ]
        with running_production(Path(name) / "production") as production:
            client = production.client()
            client.sign_in("worker@example.com", "worker")
            lost = 0
            for round_number, (mode, seconds) in enumerate(OUTAGES):
                first = round_number * options.photos
                photos = [
                    copy_at(rendered[minute % RENDERED], f"photo{minute}", minutes=minute, **NOWHERE)
                    for minute in range(first, first + options.photos)
                ]
                lost += survive(production, client, photos, mode, seconds, options.within)
            unmade = count_unmade(production, options.within)
    sys.stdout.write(f"pictures that are not made: {unmade}\n")
    return 0 if lost == unmade == 0 else 1


def survive(
    production: Production,
    client: ApiClient,
    photos: Sequence[Path],
    mode: Mode,
    seconds: float,
    within_s: float,
) -> int:
    """Upload, take the store away at once, and report. How many accepted photos were not counted."""
    uploads = [client.upload([photo])["upload_session_id"] for photo in photos]
    production.proxy.mode = mode
    time.sleep(seconds)
    during = Counter(statuses(client, uploads))
    production.proxy.mode = "passes"
    back_at = time.monotonic()
    while (now := Counter(statuses(client, uploads)))["completed"] + now["failed"] < len(photos):
        if time.monotonic() - back_at > within_s:
            break
        time.sleep(POLL_S)
    took_s = time.monotonic() - back_at
    sys.stdout.write(
        f"{mode} for {seconds:.0f} s: {len(photos)} accepted; when it came back {dict(during)}, "
        f"{took_s:.0f} s later {dict(now)}\n"
    )
    sys.stdout.flush()
    return len(photos) - now["completed"]


def statuses(client: ApiClient, uploads: Sequence[str]) -> list[str]:
    """The status of the one photo of each upload; what cannot be asked is `unknown`."""
    found = []
    for upload in uploads:
        try:
            found.append(client.job_statuses(upload)["jobs"][0]["status"])
        except ServerRefused:
            found.append("unknown")
    return found


def count_unmade(production: Production, within_s: float) -> int:
    """Thumbnails, drawings and originals that are not in the store when all is done, or the time is over."""
    unmade = (
        "SELECT COUNT(*) FROM s3_images LEFT JOIN photo_processing_sessions ON original_image_id = image_id"
        " WHERE s3_key_thumbnail = '' OR processed_image_id IS NULL OR NOT is_stored"
    )
    until = time.monotonic() + within_s
    while True:
        [(count,)] = production.rows(unmade)
        if count == 0 or time.monotonic() > until:
            return int(count)
        time.sleep(POLL_S)


if __name__ == "__main__":
    sys.exit(main())
