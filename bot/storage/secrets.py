"""How tokens and keys are kept: as hashes, of which they can't be read back."""

from __future__ import annotations

import hashlib


def hashed(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal.

    The secrets are 256 random bits: nothing is gained by a slow hash.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
