"""What the scripts in `tools/` share: files, data splits, ONNX graphs, ONNX Runtime, references."""
