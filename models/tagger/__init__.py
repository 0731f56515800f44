"""A second opinion: open taggers of anime pictures that know thousands of characters.

They need ONNX Runtime (`pip install moedex[tagger]`) and a model that the operator fetched. Two
forms of models are read: that of the WD taggers, version 3, and that of Camie's, version 2.
"""
