"""The API for everybody: its calls, their models, and the document that describes them."""
