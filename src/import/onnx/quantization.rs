//! QuantizeLinear and DequantizeLinear: their parameters, and their values on constants.

use super::attributes::Attributes;
use super::model::Node;
use super::tensors::{Constant, ElementType, Elements};
use crate::graph::{Affine, CodeFormat};
use crate::import::ImportError;
use crate::import::error::shown;
use std::rc::Rc;

/// Scales and zero points of a QuantizeLinear or DequantizeLinear.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    /// S: one, or one per index along `axis`.
    pub scales: Vec<f32>,
    /// Z, as many as there are scales.
    pub zero_points: Vec<i32>,
    /// Where the channels are, if there are several scales; may be negative.
    axis: i64,
    /// The type of the codes.
    pub element: ElementType,
}

/// A constant that passed through a DequantizeLinear: r = S · (q − Z).
#[derive(Clone, Debug)]
pub(super) struct Dequantized {
    pub codes: Rc<Constant>,
    pub parameters: Parameters,
}

impl Parameters {
    /// What `node` says, given its constants. `codes` is the type of what a DequantizeLinear reads.
    pub fn new(
        node: &Node,
        scale: &Constant,
        zero_point: Option<&Constant>,
        codes: Option<ElementType>,
    ) -> Result<Self, ImportError> {
        let attributes = Attributes::of(
            node,
            &["axis", "saturate", "block_size", "output_dtype", "precision"],
        )?;
        if attributes.int("block_size")?.unwrap_or(0) != 0 || scale.dims.len() > 1 {
            return Err(
                node.error("it quantizes in blocks; per-tensor and per-channel quantization are supported")
            );
        }
        let stated = match attributes.int("output_dtype")?.unwrap_or(0) {
            0 => None,
            code => i32::try_from(code)
                .ok()
                .and_then(|code| ElementType::from_code(code).ok()),
        };
        let element = zero_point
            .map(|z| z.element)
            .or(codes)
            .or(stated)
            .unwrap_or(ElementType::Uint8);
        if let Some(codes) = codes.filter(|&codes| codes != element) {
            let (zero, codes) = (element.name(), codes.name());
            return Err(node.error(format!(
                "its zero point is {zero}, but it reads {codes}; both must be of one type"
            )));
        }
        Self::of_codes(
            node,
            scale,
            zero_point,
            element,
            attributes.int("axis")?.unwrap_or(1),
        )
    }

    /// Parameters of codes of type `element`, with channels along `axis` if there are several.
    pub fn of_codes(
        node: &Node,
        scale: &Constant,
        zero_point: Option<&Constant>,
        element: ElementType,
        axis: i64,
    ) -> Result<Self, ImportError> {
        let scales = scale.reals()?.to_vec();
        check_scales(node, &scale.name, &scales)?;
        let zero_points = match zero_point {
            Some(zero_point) => zero_point.integers()?.to_vec(),
            None => vec![0; scales.len()],
        };
        // One zero point serves all scales where there is but one.
        let zero_points = match zero_points[..] {
            [one] => vec![one; scales.len()],
            _ => zero_points,
        };
        if zero_points.len() != scales.len() {
            let (z, s) = (zero_points.len(), scales.len());
            return Err(node.error(format!(
                "it has {z} zero points for {s} scales; there must be one for each"
            )));
        }
        Ok(Self {
            scales,
            zero_points,
            axis,
            element,
        })
    }

    /// The parameters of an activation, which has one scale for all of its values.
    pub fn affine(&self, node: &Node) -> Result<Affine, ImportError> {
        let (&[scale], &[zero_point]) = (&self.scales[..], &self.zero_points[..]) else {
            return Err(node.error(format!(
                "it quantizes an activation with {} scales; activations must be quantized per tensor",
                self.scales.len()
            )));
        };
        let format = format_of(self.element).ok_or_else(|| {
            node.error(format!(
                "its codes are {}; activations of 4, 8 or 16 bits are supported",
                self.element.name()
            ))
        })?;
        Ok(Affine {
            scale,
            zero_point,
            format,
        })
    }

    /// The same for the transposed matrix.
    pub fn transposed(&self) -> Self {
        let axis = if self.axis < 0 {
            self.axis.saturating_add(2)
        } else {
            self.axis
        };
        Self {
            axis: 1 - axis.clamp(0, 1),
            ..self.clone()
        }
    }

    /// The axis of the channels for a tensor with dimensions `dims`, or `None` if one scale serves all.
    pub fn channel_axis(&self, node: &Node, dims: &[usize]) -> Result<Option<usize>, ImportError> {
        if self.scales.len() == 1 {
            return Ok(None);
        }
        let rank = dims.len() as i64;
        let axis = if self.axis < 0 {
            self.axis.checked_add(rank)
        } else {
            Some(self.axis)
        };
        let axis = axis.and_then(|axis| usize::try_from(axis).ok());
        match axis.and_then(|axis| dims.get(axis)) {
            Some(&channels) if channels == self.scales.len() => Ok(axis),
            _ => Err(node.error(format!(
                "it has {} scales along axis {} of a tensor with dimensions {dims:?}; there must be one for each index",
                self.scales.len(),
                self.axis
            ))),
        }
    }
}

/// The code format of an activation's element type.
pub(super) fn format_of(element: ElementType) -> Option<CodeFormat> {
    Some(match element {
        ElementType::Int4 => CodeFormat::signed(4),
        ElementType::Uint4 => CodeFormat::unsigned(4),
        ElementType::Int8 => CodeFormat::signed(8),
        ElementType::Uint8 => CodeFormat::unsigned(8),
        ElementType::Int16 => CodeFormat::signed(16),
        ElementType::Uint16 => CodeFormat::unsigned(16),
        _ => return None,
    })
}

fn check_scales(node: &Node, name: &str, scales: &[f32]) -> Result<(), ImportError> {
    match scales.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        None if !scales.is_empty() => Ok(()),
        None => Err(node.error("it has no scale")),
        Some(scale) => Err(node.error(format!(
            "its scale '{}' is {scale}; a scale must be a positive finite number, so quantize the model again with calibration data",
            shown(name)
        ))),
    }
}

/// The channel of each element of a tensor with dimensions `dims`, in row-major order.
pub(super) fn channels(dims: &[usize], axis: Option<usize>) -> impl Iterator<Item = usize> {
    let (channels, inner) = match axis {
        Some(axis) => (
            dims.get(axis).copied().unwrap_or(1),
            dims.iter().skip(axis + 1).product::<usize>(),
        ),
        None => (1, 1),
    };
    let (channels, inner) = (channels.max(1), inner.max(1));
    (0..).map(move |i: usize| i / inner % channels)
}

/// QuantizeLinear of a constant: clamp(round_half_even(r / S) + Z), in f32 as ONNX has it.
pub(super) fn quantize(
    node: &Node,
    constant: &Constant,
    parameters: &Parameters,
) -> Result<Constant, ImportError> {
    let format = format_of(parameters.element).ok_or_else(|| {
        node.error(format!(
            "it makes codes of type {}; 4, 8 and 16 bits are supported",
            parameters.element.name()
        ))
    })?;
    let affines: Vec<Affine> = (parameters.scales.iter().zip(&parameters.zero_points))
        .map(|(&scale, &zero_point)| Affine {
            scale,
            zero_point,
            format,
        })
        .collect();
    let axis = parameters.channel_axis(node, &constant.dims)?;
    let code =
        |(&real, channel): (&f32, usize)| affines.get(channel).map_or(0, |affine| affine.quantize(real));
    let codes = constant
        .reals()?
        .iter()
        .zip(channels(&constant.dims, axis))
        .map(code)
        .collect();
    Ok(Constant {
        name: constant.name.clone(),
        dims: constant.dims.clone(),
        element: parameters.element,
        bits: parameters.element.bits() as u8,
        elements: Elements::Integer(codes),
    })
}

impl Dequantized {
    /// The real values, (q − Z) · S in f32.
    pub fn reals(&self, node: &Node) -> Result<Vec<f32>, ImportError> {
        let axis = self.parameters.channel_axis(node, &self.codes.dims)?;
        let real = |(&code, channel): (&i32, usize)| {
            let scale = self.parameters.scales.get(channel).copied().unwrap_or(f32::NAN);
            let zero_point = self.parameters.zero_points.get(channel).copied().unwrap_or(0);
            code.wrapping_sub(zero_point) as f32 * scale
        };
        Ok(self
            .codes
            .integers()?
            .iter()
            .zip(channels(&self.codes.dims, axis))
            .map(real)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_has_the_channel_of_its_index_along_the_axis() {
        let of = |axis| channels(&[2, 3, 2], axis).take(12).collect::<Vec<_>>();
        assert_eq!(of(None), [0; 12]);
        assert_eq!(of(Some(0)), [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
        assert_eq!(of(Some(1)), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
        assert_eq!(of(Some(2)), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    }
}
