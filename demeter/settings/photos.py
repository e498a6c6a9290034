"""Photos and how they are counted."""

from demeter.settings.environment import DATA_HOME, env

UPLOAD_MAX_FILE_BYTES = 20 * 1024**2
UPLOAD_MAX_REQUEST_BYTES = 500 * 1024**2
UPLOAD_MAX_FILES = 100
UPLOAD_MAX_PIXELS = 60_000_000
# Files that come in chunks (tus): how long after its last chunk one can be continued, how many unfinished ones a user
# may have, and in how many chunks one may come.
RESUMABLE_UPLOAD_H = env.int("RESUMABLE_UPLOAD_H", default=24)
RESUMABLE_UPLOADS_OPEN = env.int("RESUMABLE_UPLOADS_OPEN", default=200)
RESUMABLE_UPLOAD_MAX_CHUNKS = 400
IDEMPOTENCY_KEY_H = 24
JOBS_VISIBLE_H = 48
# How long thumbnails and drawings are kept in the store; 0: for ever. Who looks later has them made again. The full
# pictures of what browsers do not show are kept as long as drawings.
THUMBNAILS_KEPT_DAYS = env.int("THUMBNAILS_KEPT_DAYS", default=90)
ANNOTATED_KEPT_DAYS = env.int("ANNOTATED_KEPT_DAYS", default=30)
GALLERY_PER_PAGE = env.int("GALLERY_PER_PAGE", default=50)  # photos that the gallery loads at once
# A named place nearer to the photo's position than this never contradicts it.
GPS_MISMATCH_MIN_M = env.float("GPS_MISMATCH_MIN_M", default=20.0)
# Where a phone does not say its own error.
GPS_DEFAULT_ERROR_M = env.float("GPS_DEFAULT_ERROR_M", default=5.0)
# A configured place whose newest photo is older than this is listed as due. Nurseries count about once a month.
PHOTO_DUE_DAYS = env.int("PHOTO_DUE_DAYS", default=35)

# ── counting ─────────────────────────────────────────────────────────────────────────────────────────
COUNT_ENGINE = env.str("COUNT_ENGINE", default="auto")  # auto | openvino | torch | sahi
COUNT_ESTIMATOR = env.str("COUNT_ESTIMATOR", default="none")  # none | bands
COUNT_BATCH_TILES = env.int("COUNT_BATCH_TILES", default=0)  # a network is handed; 0: as suits where it runs
MODEL_CACHE_DIR = DATA_HOME / "cache" / "models"  # networks exported for OpenVINO; made where missing
GPU_WORKERS = env.int("GPU_WORKERS", default=1)  # model workers that the stack starts; one a GPU
# How many detection steps a model worker works on at once, in common batches. 0: as suits where the model runs.
DETECTION_BATCH_SIZE = env.int("DETECTION_BATCH_SIZE", default=0)
# Rules in which nurseries differ (docs/rules.md).
COUNT_LARGEST_SEGMENT_ONLY = env.bool("COUNT_LARGEST_SEGMENT_ONLY", default=False)
COUNT_WHOLE_CONTAINERS_ONLY = env.bool("COUNT_WHOLE_CONTAINERS_ONLY", default=False)
COUNT_BORDER_SHARE = env.float("COUNT_BORDER_SHARE", default=0.25)  # of a plant, 0–1
# Factors of what the last count of a place lets expect beyond which a new count is unlikely.
COUNT_UNLIKE_BELOW = env.float("COUNT_UNLIKE_BELOW", default=0.6)
COUNT_UNLIKE_ABOVE = env.float("COUNT_UNLIKE_ABOVE", default=1.5)
