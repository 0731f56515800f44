"""Training and evaluation of the weights in `models/weights/`."""

import os

# TensorFlow's own log: errors only. All of these are read when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# TensorFlow uses oneDNN's convolutions by itself only on processors with AVX-512; on those without,
# they are a sixth faster than its own.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# With it TensorFlow would keep a pool of memory of its own, which never gets smaller again.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
