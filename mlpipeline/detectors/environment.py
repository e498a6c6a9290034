"""What the model libraries need in the environment before they are imported for the first time in a process."""

import os
import sys
import tempfile
from pathlib import Path


def available_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpu_number(gpus: int) -> int:
    """Which of this machine's `gpus` ≥ 1 GPUs this worker uses: worker n takes GPU n modulo their number."""
    return int(os.environ.get("DEMETER_WORKER_NUMBER", "0")) % gpus


def has_gpu() -> bool:
    """Whether models run on a GPU here."""
    import torch

    return bool(torch.cuda.is_available())


def cpu_has_bf16() -> bool:
    """Whether this machine's CPU multiplies in bf16 by instructions of its own."""
    import torch

    known = torch.cpu.get_capabilities()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def prepare_libraries() -> None:
    """Set the environment of the model libraries. What a person has set already is left as it is.

    Ultralytics would otherwise try the network, install packages by itself, write below the home folder and,
    where OMP_NUM_THREADS is unset, set it to 1, so that torch keeps to one core (measured: 2.3 s instead of 3.3–4.3 s
    a photo on two cores once it is set). Threads that wait for each other must sleep: where other processes want the
    cores too, spinning costs most of them (measured on two busy cores: 0.04 s a tile instead of 0.2 s).
    OpenVINO reports its use to a server when it is imported, from a forked copy of this process, and marks the home
    folder; without the package that does so it keeps still.
    """
    folder = (
        Path(tempfile.gettempdir())
        / f"demeter-ultralytics-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    )
    for name, value in {
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
        "YOLO_CONFIG_DIR": str(folder),
        "OMP_NUM_THREADS": str(available_cores()),
        "OMP_WAIT_POLICY": "passive",
    }.items():
        os.environ.setdefault(name, value)
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    # An entry of None makes importing it fail, as if it were not installed.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
