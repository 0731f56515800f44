"""The shelf of sample pictures, and the code that draws them."""
