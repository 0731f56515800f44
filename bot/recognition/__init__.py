"""From a posted picture to its answer: request, admission, sources, pipeline, delivery."""
