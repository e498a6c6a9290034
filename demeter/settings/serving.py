"""How requests come in (demeter.serving; docs/production.md, "How a request travels")."""

from demeter.settings.environment import DATA_HOME, env

# Django's own limit counts fields and small bodies; files are streamed to disk and bounded by the upload service.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FILES = 101  # one more than allowed, so that the service can say it itself
FILE_UPLOAD_HANDLERS = ["photos.upload_handlers.HashingUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(DATA_HOME / "tmp")
(DATA_HOME / "tmp").mkdir(exist_ok=True)

WEB_PROCESSES = env.int("WEB_PROCESSES", default=4)
WEB_THREADS = env.int("WEB_THREADS", default=8)  # a process; each runs one view at a time
# A process: beyond, new connections wait in the kernel, and new requests are answered 503.
WEB_CONNECTIONS = env.int("WEB_CONNECTIONS", default=2000)
WEB_WAITING_REQUESTS = env.int("WEB_WAITING_REQUESTS", default=500)
# Requests of a process that may wait for what a worker makes; they hold no thread. Beyond, they are answered 503.
WEB_AWAITED_ANSWERS = env.int("WEB_AWAITED_ANSWERS", default=500)
HEADER_TIMEOUT_S = env.float("HEADER_TIMEOUT_S", default=10.0)  # at most 60; of an idle connection too
FORM_BODY_TIMEOUT_S = env.float("FORM_BODY_TIMEOUT_S", default=20.0)  # all bodies but uploads, as a whole
UPLOAD_BODY_TIMEOUT_S = env.float("UPLOAD_BODY_TIMEOUT_S", default=3600.0)
# An upload is given up if it brings less than UPLOAD_STALL_BYTES in UPLOAD_STALL_S seconds.
UPLOAD_STALL_S = env.float("UPLOAD_STALL_S", default=30.0)
UPLOAD_STALL_BYTES = env.int("UPLOAD_STALL_BYTES", default=15_000)
ANSWER_STALL_S = env.float("ANSWER_STALL_S", default=60.0)  # a client that takes no byte of its answer
# What all uploads under way may have on the disk of one host together.
UPLOAD_SPOOL_BYTES = env.int("UPLOAD_SPOOL_BYTES", default=10 * 1024**3)
