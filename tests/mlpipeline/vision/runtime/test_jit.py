"""Machine code is kept only where nobody else can put any."""

import os
import subprocess
import sys

import pytest

from mlpipeline.vision.runtime.jit import private_folder


def test_a_folder_is_made_that_only_this_user_can_write(tmp_path):
    folder = private_folder(tmp_path / "kernels")
    assert folder == tmp_path / "kernels"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert private_folder(folder) == folder


@pytest.mark.parametrize("mode", [0o777, 0o720])
def test_a_folder_that_others_can_write_is_refused(tmp_path, mode):
    folder = tmp_path / "kernels"
    folder.mkdir()
    folder.chmod(mode)
    assert private_folder(folder) is None


def test_a_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "kernels").symlink_to(tmp_path / "theirs")
    assert private_folder(tmp_path / "kernels") is None


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert private_folder(tmp_path / "file" / "kernels") is None


def test_the_folder_of_the_environment_is_used(tmp_path):
    script = (
        "import numpy as np\n"
        "from mlpipeline.vision.geometry.morphology import open_with_disc\n"
        "print(open_with_disc(np.ones((40, 40), dtype=np.bool_), 5).sum())\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 0
    assert list((tmp_path / "kernels").rglob("*.nbi"))
