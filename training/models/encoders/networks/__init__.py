"""The network of an encoder, computed by PyTorch or by ONNX Runtime."""
