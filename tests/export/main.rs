//! What is written is read again as the very same.

mod onnx;
