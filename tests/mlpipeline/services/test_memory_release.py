"""Memory that nobody uses goes back to the system between two photos."""

import subprocess
import sys

import pytest

# Blocks below the size that glibc takes from the system one by one, with one in use at the end: without giving back,
# what lies before it stays with the process.
SCRIPT = """
from demeter.heartbeats import resident_bytes
from mlpipeline.services.memory_release import release_memory
blocks = [bytes([1]) * 100_000 for _number in range(2000)]
kept = blocks[-1]
del blocks
held = resident_bytes()
release_memory()
print(held - resident_bytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is asked of /proc")
def test_free_blocks_go_back_to_the_system():
    environment = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "demeter.settings"}
    script = f"import django; django.setup()\n{SCRIPT}"
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert int(answer.stdout) > 100 * 1024**2


def test_a_machine_without_that_library_is_no_reason_to_stop(monkeypatch):
    from mlpipeline.services import memory_release

    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(memory_release.ctypes, "CDLL", missing)
    memory_release.release_memory()
