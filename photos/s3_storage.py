"""Pictures in a bucket of an S3 store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from photos.store_errors import http_status, is_missing_object, outages_reported

CONNECT_TIMEOUT_S: Final = 5
_PIECE_BYTES: Final = 256 * 1024
_MAX_CONNECTIONS: Final = 64  # kept open: more than io tasks at once; another one is made and closed again
# A store may close a kept connection just when it is used again: that shows at once, and is tried once more.
_CLOSED_EARLY_S: Final = 1.0


class PictureS3Storage(S3Storage):
    """A bucket that answers for one of STORAGES: bounded waits, object metadata, links for the outside.

    `timeout_s` bounds each single wait for the store; how long a whole transfer may take is STORE_TRANSFER_S.
    Raises StoreUnavailable or StoreFull for whatever the store cannot do just now.
    """

    def __init__(
        self, *, public_endpoint_url: str = "", timeout_s: float | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.public_endpoint_url = public_endpoint_url
        # Newer botocore adds checksums that only AWS itself understands unless it is told not to.
        self.client_config = self.client_config.merge(  # type: ignore[has-type]  # the library has no types
            Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=timeout_s or settings.STORE_TIMEOUT_S,
                max_pool_connections=_MAX_CONNECTIONS,
                retries={"total_max_attempts": 1},  # the steps themselves are tried again
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )

    @cached_property
    def _client(self) -> Any:
        """One for all threads, which boto3's clients allow: each takes a tenth of a second to make."""
        return self._make_client(self.endpoint_url)

    def _make_client(self, endpoint_url: str | None) -> Any:
        return self._create_session().client(
            "s3",
            region_name=self.region_name,
            use_ssl=self.use_ssl,
            endpoint_url=endpoint_url,
            config=self.client_config,
            verify=self.verify,
        )

    def put(
        self,
        name: str,
        content: File[Any],
        content_type: str,
        metadata: dict[str, str],
        *,
        within_s: float | None = None,
    ) -> None:
        """Write an object; a repeat replaces it. Sending takes at most `within_s`, by default STORE_TRANSFER_S."""
        parameters = {**self.get_object_parameters(name), "ContentType": content_type, "Metadata": metadata}
        began = time.monotonic()
        deadline = began + (settings.STORE_TRANSFER_S if within_s is None else within_s)
        body = _TimedBody(content, deadline)
        with outages_reported():
            for is_last in (False, True):
                content.seek(0)
                try:
                    self._client.put_object(Bucket=self.bucket_name, Key=name, Body=body, **parameters)
                    return
                except ConnectionClosedError:
                    if is_last or time.monotonic() - began > _CLOSED_EARLY_S:
                        raise

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of an object in pieces, as they arrive. Raises FileNotFoundError."""
        with outages_reported():
            try:
                answer = self._client.get_object(Bucket=self.bucket_name, Key=name)
            except ClientError as error:
                if is_missing_object(error):
                    raise FileNotFoundError(name) from error
                raise
        missing = answer["ContentLength"]
        with answer["Body"] as stream:
            while missing > 0:
                with (
                    outages_reported()
                ):  # not around the yield: what the reader raises is not the store's fault
                    # Not `read`: that waits until a piece is full, however slowly the bytes trickle in.
                    piece = stream.read1(_PIECE_BYTES)
                    if not piece:
                        raise ConnectionError(f"{missing} bytes of {name} did not come")
                missing -= len(piece)
                yield piece
            with outages_reported():
                stream.read1(_PIECE_BYTES)  # sees the end, which gives the connection back to be used again

    def exists(self, name: str) -> bool:
        with outages_reported():
            try:
                self._client.head_object(Bucket=self.bucket_name, Key=name)
            except ClientError as error:
                if is_missing_object(error):
                    return False
                raise
        return True

    def delete(self, name: str) -> None:
        """Delete an object. Nothing happens if it is gone."""
        with outages_reported():
            self._client.delete_object(Bucket=self.bucket_name, Key=name)

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """A signed link, made for the address that browsers reach the store at."""
        parameters = {"Bucket": self.bucket_name, "Key": name}
        link: str = self._signing_client.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=self.querystring_expire
        )
        return link

    @cached_property
    def _signing_client(self) -> Any:
        """The host is part of what is signed, so links need a client of their own where the outside sees another."""
        if not self.public_endpoint_url:
            return self._client
        return self._make_client(self.public_endpoint_url)

    def older_than(self, when: datetime) -> Iterator[str]:
        """The names of objects written before a time."""
        with outages_reported():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name)
            objects = [found for page in pages for found in page.get("Contents", ())]
        yield from (found["Key"] for found in objects if found["LastModified"] < when)

    def ensure_ready(self) -> None:
        """Make the bucket if it is missing."""
        client = self._client
        with outages_reported():
            try:
                client.head_bucket(Bucket=self.bucket_name)
            except ClientError as error:
                if http_status(error) != 404:
                    raise
                region = (
                    {}
                    if self.region_name in (None, "us-east-1")
                    else {"LocationConstraint": self.region_name}
                )
                options = {"CreateBucketConfiguration": region} if region else {}
                try:
                    client.create_bucket(Bucket=self.bucket_name, **options)
                except client.exceptions.BucketAlreadyOwnedByYou:
                    return  # another process was faster


class _TimedBody:
    """A file that is sent until a time: a store that takes a few bytes now and then would hold its sender for ever."""

    def __init__(self, file: File[Any], deadline: float) -> None:
        self._file = file
        self._deadline = deadline
        self.seek, self.tell = file.seek, file.tell  # botocore measures and signs before it sends

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._deadline:
            raise TimeoutError("Sending took longer than it may.")
        piece: bytes = self._file.read(size)
        return piece
