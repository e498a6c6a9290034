"""Where pictures are kept (photos.storage)."""

from demeter.settings.environment import DATA_HOME, env

SIGNED_LINK_S = 3600  # seconds that a link to a picture is good
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
# Where browsers reach the store, if that is another address; links are signed for it.
S3_PUBLIC_ENDPOINT_URL = env.str("S3_PUBLIC_ENDPOINT_URL", default="")
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_BUCKET_PROCESSED = env.str("S3_BUCKET_PROCESSED", default="processed")
S3_BUCKET_STAGING = env.str("S3_BUCKET_STAGING", default="")  # empty: a folder that web and io workers share
STORE_TRANSFER_S = 30  # reading or sending one object takes no longer: else the store counts as away
STORE_TIMEOUT_S = 30  # and each single answer is waited for so long
STAGING_TIMEOUT_S = 10  # by which, in staging, somebody waits for the end of an upload
S3_SSE = env.str("S3_SSE", default="")  # AES256 where the store can; some answer 501 to it


def _s3(bucket: str, timeout_s: float) -> dict[str, object]:
    options: dict[str, object] = {
        "bucket_name": bucket,
        "endpoint_url": S3_ENDPOINT_URL or None,
        "public_endpoint_url": S3_PUBLIC_ENDPOINT_URL,
        "region_name": env.str("AWS_S3_REGION_NAME", default="us-east-1"),
        "addressing_style": env.str("S3_ADDRESSING_STYLE", default="path"),
        "signature_version": "s3v4",
        "querystring_auth": True,
        "querystring_expire": SIGNED_LINK_S,
        "timeout_s": timeout_s,
        "default_acl": None,
        "file_overwrite": True,  # keys hold the image's UUID; a retry writes the same bytes to the same key
    }
    if S3_SSE:
        options["object_parameters"] = {"ServerSideEncryption": S3_SSE}
    return {"BACKEND": "photos.s3_storage.PictureS3Storage", "OPTIONS": options}


def _folder(name: str) -> dict[str, object]:
    folder = DATA_HOME / "media" / name
    return {
        "BACKEND": "photos.local_storage.SignedFileSystemStorage",
        "OPTIONS": {"location": str(folder), "alias": name},
    }


STORAGES = {
    "default": _s3(S3_BUCKET, STORE_TIMEOUT_S) if S3_BUCKET else _folder("default"),
    "processed": _s3(S3_BUCKET_PROCESSED, STORE_TIMEOUT_S) if S3_BUCKET else _folder("processed"),
    "staging": _s3(S3_BUCKET_STAGING, STAGING_TIMEOUT_S) if S3_BUCKET_STAGING else _folder("staging"),
    "staticfiles": {"BACKEND": "demeter.static_storage.ModuleStaticFilesStorage"},
}
PHOTO_CACHE_DIR = DATA_HOME / "cache" / "originals"
PHOTO_CACHE_BYTES = env.int("PHOTO_CACHE_BYTES", default=2 * 1024**3)
