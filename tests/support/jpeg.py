"""JPEGs whose bytes nobody has sent before."""

import secrets

COMMENT = b"\xff\xfe"


def with_new_comment(original: bytes) -> bytes:
    """The same picture with a random comment: another file to whoever compares bytes.

    The segment lies right behind the JPEG's start marker; its length counts itself.
    """
    note = secrets.token_bytes(16)
    return original[:2] + COMMENT + (len(note) + 2).to_bytes(2, "big") + note + original[2:]
