"""Opens mangled pictures and says of each what came of it; run as a process of its own, with limits.

    python -m tests.photos.fuzzing FIRST COUNT MEMORY_MIB CPU_S

One JSON line a file: its number, kind and mangler, what `sniff`, `read_exif` and `open_picture` answered ("read", or
the code of a refusal, or the traceback of anything else), and the seconds. The last line holds the peak of memory.
"""

import io
import json
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from django.conf import settings
from PIL import Image

from demeter.errors import DemeterError
from photos.image_files import detect_format, open_picture, read_exif
from tests.photos.corrupt_images import mangled, whole_files


def read_pixels(file: BinaryIO) -> None:
    """Open a picture and check that it is what counting works on."""
    picture = open_picture(file)
    pixels = np.asarray(picture)
    assert (pixels.dtype, pixels.shape) == (np.uint8, (picture.height, picture.width, 3))
    assert pixels.size > 0
    assert not picture.info
    assert isinstance(picture, Image.Image)


def outcome(read: Callable[[BinaryIO], object], content: bytes) -> str:
    """What reading these bytes led to, in a word or a traceback."""
    try:
        read(io.BytesIO(content))
    except DemeterError as refusal:
        return refusal.code
    except Exception:  # noqa: BLE001 - whatever it is, it is what this looks for
        return traceback.format_exc(limit=-3)
    return "read"


def peak_mib() -> float:
    """The most memory this process has held, in MiB; getrusage would tell that of its parent, if that was more."""
    status = Path("/proc/self/status").read_text()
    [peak_kib] = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(peak_kib) / 1024


def main() -> None:
    first, count, memory_mib, cpu_s = map(int, sys.argv[1:])
    settings.configure(USE_I18N=False)
    whole_files()
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mib * 1024**2,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s,) * 2)
    for number in range(first, first + count):
        file = mangled(number)
        start = time.process_time()
        answers = [outcome(read, file.content) for read in (detect_format, read_exif, read_pixels)]
        seconds = round(time.process_time() - start, 3)
        line = {"number": number, "kind": file.kind, "how": file.how, "answers": answers, "seconds": seconds}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()  # or a crash would hide the file that led to it
    sys.stdout.write(json.dumps({"peak_mib": peak_mib()}) + "\n")


if __name__ == "__main__":
    main()
