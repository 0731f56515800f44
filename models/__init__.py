"""The vision core: pictures in, typed results out; knows nothing of Discord or event loops."""

import os

# TensorFlow uses oneDNN's convolutions by itself only on processors with AVX-512; on those without,
# they are a sixth faster than its own. It must be said before TensorFlow is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# With it TensorFlow would keep a pool of memory of its own, which never gets smaller again.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
