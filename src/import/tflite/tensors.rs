//! Quantizations of activations, and the values of constants.

use super::model::{Index, Model, Node, damaged, ints};
use crate::graph::{Affine, CodeFormat};
use crate::import::ImportError;
use crate::import::error::shown;
use tflite_schema::{QuantizationParameters, TensorType};

/// What to do about a model that computes with real numbers.
pub(super) const FULL_INTEGER: &str = "convert it with full integer quantization (TFLiteConverter with optimizations = [tf.lite.Optimize.DEFAULT], a representative_dataset and supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8])";

/// Whether a tensor holds real numbers.
pub(super) fn is_real(kind: TensorType) -> bool {
    matches!(
        kind,
        TensorType::FLOAT32 | TensorType::FLOAT16 | TensorType::BFLOAT16 | TensorType::FLOAT64
    )
}

/// A type's name.
pub(super) fn type_name(kind: TensorType) -> String {
    kind.variant_name()
        .map_or_else(|| format!("number {}", kind.0), str::to_lowercase)
}

impl<'m> Model<'m> {
    /// The type of a tensor's elements.
    pub fn kind(&self, index: Index) -> TensorType {
        self.tensor(index).type_()
    }

    /// How the codes of an activation are read. `node` is who reads or writes them.
    pub fn affine(&self, index: Index, node: &Node<'_>) -> Result<Affine, ImportError> {
        let kind = self.kind(index);
        let format = match kind {
            TensorType::INT8 => CodeFormat::signed(8),
            TensorType::UINT8 => CodeFormat::unsigned(8),
            _ if is_real(kind) => return Err(self.not_quantized(node, "activations", index)),
            TensorType::INT16 => {
                return Err(self.tensor_error(
                    index,
                    "its codes are int16, but int8 activations are supported; convert the model with TFLITE_BUILTINS_INT8 instead of the 16x8 mode",
                ));
            }
            _ => {
                return Err(self.tensor_error(
                    index,
                    format!(
                        "it is of type {}, but activations must be int8 codes",
                        type_name(kind)
                    ),
                ));
            }
        };
        let parameters = self.parameters(index)?;
        let (scales, zero_points) = (scales_of(parameters), zero_points_of(parameters));
        let (&[scale], &[zero_point]) = (&scales[..], &zero_points[..]) else {
            return Err(self.tensor_error(
                index,
                format!(
                    "it has {} scales and {} zero points, but activations have one of each; convert the model again",
                    scales.len(),
                    zero_points.len()
                ),
            ));
        };
        self.check_scale(index, scale)?;
        let zero_point = i32::try_from(zero_point)
            .ok()
            .filter(|z| (format.min()..=format.max()).contains(z))
            .ok_or_else(|| {
                self.tensor_error(
                    index,
                    format!(
                        "its zero point {zero_point} lies outside the code range {} to {}",
                        format.min(),
                        format.max()
                    ),
                )
            })?;
        Ok(Affine {
            scale,
            zero_point,
            format,
        })
    }

    /// The scales of weights with `outputs` channels along `axis`.
    pub fn weight_scales(&self, index: Index, outputs: usize, axis: usize) -> Result<Vec<f32>, ImportError> {
        let parameters = self.parameters(index)?;
        let (scales, zero_points) = (scales_of(parameters), zero_points_of(parameters));
        if scales.len() != 1 && scales.len() != outputs {
            return Err(self.tensor_error(
                index,
                format!(
                    "it has {} scales, but weights of {outputs} output channels have one or {outputs}",
                    scales.len()
                ),
            ));
        }
        if scales.len() > 1 && usize::try_from(parameters.quantized_dimension()) != Ok(axis) {
            return Err(self.tensor_error(
                index,
                format!(
                    "its scales belong to axis {}, but output channels stand along axis {axis}; convert the model again",
                    parameters.quantized_dimension()
                ),
            ));
        }
        if let Some(zero_point) = zero_points.iter().find(|&&z| z != 0) {
            return Err(self.tensor_error(
                index,
                format!(
                    "its zero point is {zero_point}, but that of int8 weights is 0; convert the model again"
                ),
            ));
        }
        for &scale in &scales {
            self.check_scale(index, scale)?;
        }
        Ok(scales)
    }

    /// The codes of constant weights.
    pub fn weights(&self, index: Index, node: &Node<'_>) -> Result<&'m [i8], ImportError> {
        let Some(bytes) = self.bytes(index)? else {
            return Err(node.error(format!(
                "its weights '{}' are not constant: two activations can't be multiplied",
                self.tensor_name(index)
            )));
        };
        match self.kind(index) {
            TensorType::INT8 => {}
            kind if is_real(kind) => return Err(self.not_quantized(node, "weights", index)),
            kind => {
                return Err(self.tensor_error(
                    index,
                    format!(
                        "its weights are of type {}, but int8 is supported; convert the model again",
                        type_name(kind)
                    ),
                ));
            }
        }
        if self.tensor(index).sparsity().is_some() {
            return Err(self.tensor_error(
                index,
                "its weights are stored sparsely; convert the model without sparsity",
            ));
        }
        let expected = self.elements(index)?;
        if bytes.len() != expected {
            return Err(self.wrong_size(index, bytes.len(), expected));
        }
        Ok(bytemuck::cast_slice(bytes))
    }

    /// The values of a constant of int32 or int64, as shapes and axes and biases are.
    pub fn integers(&self, index: Index, node: &Node<'_>) -> Result<Vec<i64>, ImportError> {
        let bytes = self.bytes(index)?.ok_or_else(|| {
            node.error(format!(
                "its input '{}' is computed, but a constant is supported there; convert the model for a fixed input size",
                self.tensor_name(index)
            ))
        })?;
        let kind = self.kind(index);
        let size = match kind {
            TensorType::INT32 => 4,
            TensorType::INT64 => 8,
            _ if is_real(kind) => return Err(self.not_quantized(node, "constants", index)),
            _ => {
                return Err(self.tensor_error(
                    index,
                    format!("it is of type {}, but int32 is expected", type_name(kind)),
                ));
            }
        };
        let expected = self.elements(index)?.saturating_mul(size);
        if bytes.len() != expected {
            return Err(self.wrong_size(index, bytes.len(), expected));
        }
        Ok(match kind {
            TensorType::INT32 => chunks(bytes).map(|b| i64::from(i32::from_le_bytes(b))).collect(),
            _ => chunks(bytes).map(i64::from_le_bytes).collect(),
        })
    }

    /// The codes of a quantized constant, less its zero point.
    pub fn codes(&self, index: Index, node: &Node<'_>) -> Result<(Vec<i16>, Affine), ImportError> {
        let affine = match self.kind(index) {
            kind if is_real(kind) => return Err(self.not_quantized(node, "constants", index)),
            _ => self.affine(index, node)?,
        };
        let bytes = self.bytes(index)?.unwrap_or_default();
        let expected = self.elements(index)?;
        if bytes.len() != expected {
            return Err(self.wrong_size(index, bytes.len(), expected));
        }
        let value = |&byte: &u8| {
            let code = if affine.format.signed {
                i32::from(byte as i8)
            } else {
                i32::from(byte)
            };
            // Two codes of 8 bits differ by less than 2^15.
            (code - affine.zero_point) as i16
        };
        Ok((bytes.iter().map(value).collect(), affine))
    }

    /// The number of a tensor's elements.
    pub fn elements(&self, index: Index) -> Result<usize, ImportError> {
        let shape = ints(self.tensor(index).shape());
        shape
            .iter()
            .try_fold(1usize, |n, &extent| n.checked_mul(usize::try_from(extent).ok()?))
            .ok_or_else(|| self.tensor_error(index, format!("its shape {shape:?} has no number of elements")))
    }

    fn parameters(&self, index: Index) -> Result<QuantizationParameters<'m>, ImportError> {
        let parameters = self.tensor(index).quantization().ok_or_else(|| {
            self.tensor_error(
                index,
                format!("it has no scale and zero point, so the model isn't quantized; {FULL_INTEGER}"),
            )
        })?;
        if parameters.details_type() != 0 {
            return Err(self.tensor_error(
                index,
                "it is quantized in blocks or by another scheme, but one scale for a tensor or for each output channel is supported",
            ));
        }
        Ok(parameters)
    }

    fn check_scale(&self, index: Index, scale: f32) -> Result<(), ImportError> {
        if scale.is_finite() && scale > 0.0 {
            return Ok(());
        }
        Err(self.tensor_error(
            index,
            format!(
                "its scale is {scale}; a scale must be a positive finite number, so convert the model again with representative data"
            ),
        ))
    }

    fn wrong_size(&self, index: Index, found: usize, expected: usize) -> ImportError {
        damaged(format!(
            "tensor '{}' has {found} bytes, but its shape needs {expected}",
            self.tensor_name(index)
        ))
    }

    /// The error that a network of real numbers gets.
    pub fn not_quantized(&self, node: &Node<'_>, what: &str, index: Index) -> ImportError {
        ImportError::Model {
            model: shown(self.name),
            problem: format!(
                "it isn't quantized to integers: node '{}' ({}) reads or writes {what} '{}' of type {}; {FULL_INTEGER}",
                node.label,
                node.op_name,
                self.tensor_name(index),
                type_name(self.kind(index))
            ),
        }
    }
}

fn scales_of(parameters: QuantizationParameters<'_>) -> Vec<f32> {
    parameters.scale().map(|v| v.iter().collect()).unwrap_or_default()
}

fn zero_points_of(parameters: QuantizationParameters<'_>) -> Vec<i64> {
    parameters
        .zero_point()
        .map(|v| v.iter().collect())
        .unwrap_or_default()
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}
