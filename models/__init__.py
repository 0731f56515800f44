"""The vision core: pictures in, typed results out; knows nothing of Discord or event loops."""
