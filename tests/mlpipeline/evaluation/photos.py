"""Records of photos as a measurement makes them, with the figures that a test asks for."""

from mlpipeline.evaluation.records import (
    BANDS,
    DETECTIONS,
    NO_BINS,
    OURS,
    SAHI,
    MethodCount,
    PhotoRecord,
)


def way(total, true_positives=0, false_positives=0, false_negatives=0):
    return MethodCount(total, true_positives, false_positives, false_negatives)


def record(true=100, ours=100, detected=None, bands=None, sahi=None, **fields):
    ways = {
        DETECTIONS: way(ours if detected is None else detected),
        BANDS: way(ours if bands is None else bands),
        OURS: ours if isinstance(ours, MethodCount) else way(ours),
    }
    if sahi is not None:
        ways[SAHI] = way(sahi)
    return PhotoRecord(
        **{
            "file": "a.jpg",
            "kind": "easy",
            "width": 640,
            "height": 480,
            "true": true,
            "hidden": 0,
            "plant_px": 30.0,
            "crowding": 0.8,
            "ways": ways,
            "dead": None,
            "dead_hits": None,
            "empty": None,
            "containers": None,
            "strange_containers": 0,
            "interval": None,
            "bins": NO_BINS,
            "warnings": (),
            "seconds": 0.5,
            **fields,
        }
    )
