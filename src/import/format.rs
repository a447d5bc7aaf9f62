//! What a file is, judged by its first bytes.

use super::ImportError;

/// The kinds of file that people drop here.
const MAGIC: &[(&[u8], &str)] = &[
    (
        b"PK\x03\x04",
        "a zip archive (an .npz, or a PyTorch or Keras model)",
    ),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file (a WebP image?)"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x1F\x8B", "a gzip-compressed file"),
    (b"\x89HDF", "an HDF5 file (a Keras model?)"),
    (b"%PDF", "a PDF document"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"{", "a JSON document"),
    (b"<", "an HTML or XML page"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file it stands for",
    ),
];

/// What `bytes` are if they aren't what is wanted, as a noun for a message.
pub(super) fn describe(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("an empty file");
    }
    if is_tflite(bytes) {
        return Some("a TensorFlow Lite model");
    }
    let known = MAGIC
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|&(_, name)| name);
    known.or_else(|| is_text(bytes).then_some("a text file"))
}

/// Whether the first bytes are all printable. An ONNX model starts with a field number, which isn't.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .take(256)
        .all(|&b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~'))
}

/// A FlatBuffers file with TensorFlow Lite's identifier.
fn is_tflite(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"TFL3")
}

/// The formats of models that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelFormat {
    /// Without magic bytes: whatever isn't known to be something else.
    Onnx,
    /// Told by its identifier.
    TensorFlowLite,
}

/// What kind of model `bytes` are, unless they are known to be something else.
///
/// ONNX has no magic bytes; what isn't recognized is handed on to its parser. A protobuf message
/// that starts like one of [`MAGIC`] would open with a field that ONNX models don't have.
pub(super) fn model_format(bytes: &[u8]) -> Result<ModelFormat, ImportError> {
    if is_tflite(bytes) {
        return Ok(ModelFormat::TensorFlowLite);
    }
    match describe(bytes) {
        Some(found) => Err(ImportError::WrongFormat {
            found: found.into(),
            expected: "a quantized ONNX or TensorFlow Lite model",
        }),
        None => Ok(ModelFormat::Onnx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_called_by_their_names() {
        assert_eq!(describe(b""), Some("an empty file"));
        assert_eq!(describe(b"\x1c\0\0\0TFL3"), Some("a TensorFlow Lite model"));
        assert_eq!(describe(b"\x89PNG\r\n"), Some("a PNG image"));
        assert_eq!(describe(&[8, 8, 18]), None);
    }
}
