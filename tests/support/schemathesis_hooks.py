"""What schemathesis does not know by itself: the chunks of tus are plain bytes."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
