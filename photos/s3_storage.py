"""Pictures in a bucket of an S3 store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage

_PIECE_BYTES: Final = 1024**2
_CONNECT_TIMEOUT_S: Final = 5


class PictureS3Storage(S3Storage):
    """A bucket that answers for one of STORAGES: bounded waits, object metadata, links for the outside."""

    def __init__(self, *, public_endpoint_url: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.public_endpoint_url = public_endpoint_url
        # Newer botocore adds checksums that only AWS itself understands unless it is told not to.
        self.client_config = self.client_config.merge(  # type: ignore[has-type]  # the library has no types
            Config(
                connect_timeout=_CONNECT_TIMEOUT_S,
                read_timeout=settings.STORE_READ_TIMEOUT_S,
                retries={"total_max_attempts": 2, "mode": "standard"},  # the steps themselves are tried again
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )

    @property
    def _client(self) -> Any:
        """One client a thread: fifty io tasks share this object."""
        return self.connection.meta.client

    def put(self, name: str, content: File[Any], content_type: str, metadata: dict[str, str]) -> None:
        """Write an object; a repeat replaces it."""
        parameters = {**self.get_object_parameters(name), "ContentType": content_type, "Metadata": metadata}
        content.seek(0)
        self._client.put_object(Bucket=self.bucket_name, Key=name, Body=content.read(), **parameters)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of an object in pieces. Raises FileNotFoundError."""
        try:
            body = self._client.get_object(Bucket=self.bucket_name, Key=name)["Body"]
        except ClientError as error:
            if _status(error) == 404:
                raise FileNotFoundError(name) from error
            raise
        try:
            yield from body.iter_chunks(_PIECE_BYTES)
        finally:
            body.close()

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
        return self._create_session().client(
            "s3",
            region_name=self.region_name,
            endpoint_url=self.public_endpoint_url,
            config=self.client_config,
            verify=self.verify,
        )

    def older_than(self, when: datetime) -> Iterator[str]:
        """The names of objects written before a time."""
        for summary in self.bucket.objects.all():
            if summary.last_modified < when:
                yield summary.key

    def ensure_ready(self) -> None:
        """Make the bucket if it is missing."""
        client = self._client
        try:
            client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            if _status(error) != 404:
                raise
            region = (
                {} if self.region_name in (None, "us-east-1") else {"LocationConstraint": self.region_name}
            )
            options = {"CreateBucketConfiguration": region} if region else {}
            try:
                client.create_bucket(Bucket=self.bucket_name, **options)
            except client.exceptions.BucketAlreadyOwnedByYou:
                return  # another process was faster


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
