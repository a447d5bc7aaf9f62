//! Which tensors become codes: the places where the file has a QuantizeLinear.
//!
//! A linear operator whose output tensor is codes stands for ONNX Runtime's fused integer kernel;
//! where a tensor of real numbers remains, ONNX Runtime computes with real numbers. So this follows
//! ONNX Runtime's rules for what it removes and moves before it fuses (its `ReluQuantFusion`,
//! `ClipQuantFusion` and `QDQPropagation`), and computes the same codes in either case.

use super::kernels::Kind;
use super::lower::Lowering;
use super::model::Node;
use super::order::without_domain;
use crate::graph::{Affine, Clamp, Encoding, Op, TensorId};
use crate::import::ImportError;

impl<'m> Lowering<'m> {
    /// The codes that the QuantizeLinear `node` makes of `tensor`: the tensor itself where all its
    /// readers want the same codes of it, else a new one.
    pub fn encode(
        &mut self,
        node: &'m Node,
        tensor: TensorId,
        affine: Affine,
    ) -> Result<TensorId, ImportError> {
        let name = self.plan.resolve(node.input(0)?);
        let kind = self.kind_of_codes(node, affine);
        match self.encoding(tensor) {
            Encoding::Codes(present) if present == affine || self.is_narrowed_to(tensor, present, affine) => {
                self.set_codes(tensor, present, kind);
                Ok(tensor)
            }
            Encoding::Real
                if self.all_readers_want(tensor, name, affine) && self.encode_back(tensor, affine, kind) =>
            {
                Ok(tensor)
            }
            _ => self.requantize(node, tensor, affine),
        }
    }

    /// Whether a Clip has left `present` of codes that were quantized as `affine`.
    pub fn is_narrowed_to(&self, tensor: TensorId, present: Affine, affine: Affine) -> bool {
        let format = self.narrowed.get(&tensor).copied();
        format.is_some_and(|format| Affine { format, ..present } == affine)
    }

    fn requantize(
        &mut self,
        node: &'m Node,
        tensor: TensorId,
        affine: Affine,
    ) -> Result<TensorId, ImportError> {
        let key = (tensor, affine.scale.to_bits(), affine.zero_point, affine.format);
        if let Some(&codes) = self.requantized.get(&key) {
            return Ok(codes);
        }
        let codes = self.add_node(&node.name, Op::Identity, tensor, node.output()?)?;
        let kind = self.kind_of_codes(node, affine);
        self.set_codes(codes, affine, kind);
        self.requantized.insert(key, codes);
        Ok(codes)
    }

    /// The largest of codes is one of them: without a QuantizeLinear behind it, a maximum is codes of the
    /// quantization that it reads.
    pub fn settle(&mut self, tensor: TensorId) {
        let Some((Op::MaxPool(_), input)) = self.written_by(tensor) else {
            return;
        };
        let is_real = self.encoding(tensor) == Encoding::Real;
        if let (true, Encoding::Codes(affine)) = (is_real, self.encoding(input)) {
            let kind = self.kinds.get(tensor).copied().unwrap_or_default();
            self.set_codes(tensor, affine, kind);
        }
    }

    /// Gives `output`, which holds the numbers of `input` in other places, the codes of it, if it has any.
    pub fn keep_codes(&mut self, input: TensorId, output: TensorId) {
        if let Encoding::Codes(affine) = self.encoding(input) {
            self.set_codes(output, affine, self.kind(input));
        }
    }

    pub fn set_codes(&mut self, tensor: TensorId, affine: Affine, kind: Kind) {
        if let Some(place) = self.kinds.get_mut(tensor) {
            *place = kind;
        }
        if let Some(tensor) = self.tensors.get_mut(tensor) {
            tensor.encoding = Encoding::Codes(affine);
        }
    }

    /// Whether everything that reads `tensor`, called `name`, makes the same codes of it.
    fn all_readers_want(&mut self, tensor: TensorId, name: &str, affine: Affine) -> bool {
        if self.mixed.get(tensor).copied().unwrap_or(true) {
            return false;
        }
        let readers = self.plan.readers(name);
        let agree = name != self.plan.output
            && readers.into_iter().all(|reader| {
                without_domain(&reader.op) == "QuantizeLinear"
                    && self
                        .parameters(reader, None)
                        .and_then(|p| p.affine(reader))
                        .is_ok_and(|a| a == affine)
            });
        if let Some(mixed) = self.mixed.get_mut(tensor) {
            // Asking again for each of many readers would take quadratic time.
            *mixed = !agree;
        }
        agree
    }

    /// Makes codes of `tensor`, and of what it is reshaped from. Returns whether that could be done.
    pub fn encode_back(&mut self, tensor: TensorId, affine: Affine, kind: Kind) -> bool {
        let Some(chain) = self.reshaped_from(tensor) else {
            return false;
        };
        // Codes of the largest number are the largest of its codes. What is before a maximum doesn't merge
        // with the QuantizeLinear behind it, though.
        let mut kind = kind;
        for &tensor in &chain {
            self.set_codes(tensor, affine, kind);
            if matches!(self.written_by(tensor), Some((Op::MaxPool(_), _))) {
                kind = Kind::Other;
            }
        }
        if let Some(&first) = chain.last() {
            self.drop_idle_clamps(first, affine);
        }
        true
    }

    /// `tensor` and what it is reshaped from, step by step back to where numbers are computed;
    /// `None` if someone else reads them on the way, and so needs the real numbers.
    fn reshaped_from(&self, tensor: TensorId) -> Option<Vec<TensorId>> {
        let mut chain = vec![tensor];
        let mut last = tensor;
        while let Some((op, before)) = self.written_by(last) {
            // The numbers that a maximum reads may be codes already, whose quantization then stays.
            match op {
                Op::Reshape(_) | Op::Rearrange(_) => {}
                Op::MaxPool(_) if self.encoding(before) == Encoding::Real => {}
                _ => break,
            }
            let name = &self.tensors.get(before)?.name;
            let is_read_once = self.internal.contains(&before) || self.plan.is_read_once(name);
            if self.encoding(before) != Encoding::Real || !is_read_once {
                return None;
            }
            chain.push(before);
            last = before;
        }
        Some(chain)
    }

    /// Removes clamps right before codes that can't hold anything outside their range anyway.
    fn drop_idle_clamps(&mut self, tensor: TensorId, affine: Affine) {
        while let Some((Op::Clamp(clamp), before)) = self.written_by(tensor) {
            let is_read_once = self
                .tensors
                .get(before)
                .is_some_and(|t| self.plan.is_read_once(&t.name));
            let writer = self.writers.get(before).copied().flatten();
            if self.encoding(before) != Encoding::Real || !is_read_once || !is_idle(*clamp, affine) {
                return;
            }
            // A clamp of a reshaped tensor stays: what is before the reshape would have to be codes too.
            let Some(index) = writer.filter(|_| {
                !matches!(
                    self.written_by(before),
                    Some((Op::Reshape(_) | Op::Rearrange(_), _))
                )
            }) else {
                return;
            };
            if let Some(gap) = self
                .writers
                .get(tensor)
                .copied()
                .flatten()
                .and_then(|i| self.nodes.get_mut(i))
            {
                *gap = None;
            }
            if let Some(Some(node)) = self.nodes.get_mut(index) {
                node.output = tensor;
            }
            if let Some(writer) = self.writers.get_mut(tensor) {
                *writer = Some(index);
            }
        }
    }

    /// The operator that writes `tensor`, and the tensor that it reads.
    pub fn written_by(&self, tensor: TensorId) -> Option<(&Op, TensorId)> {
        let node = self
            .nodes
            .get(self.writers.get(tensor).copied().flatten()?)?
            .as_ref()?;
        Some((&node.op, node.inputs.first().copied()?))
    }
}

/// Whether a clamp changes nothing that the codes can express, by ONNX Runtime's rules: a Relu if
/// the zero point is the smallest code, a Clip if its range covers that of the codes up to ε.
fn is_idle(clamp: Clamp, affine: Affine) -> bool {
    let (low, high) = (affine.format.min(), affine.format.max());
    if clamp == Clamp::RELU {
        return affine.zero_point == low;
    }
    let real = |code: i32| affine.scale * (code - affine.zero_point) as f32;
    clamp.min - real(low) <= f32::EPSILON && real(high) - clamp.max <= f32::EPSILON
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::CodeFormat;

    #[test]
    fn a_relu_is_idle_where_the_smallest_code_means_zero() {
        let affine = |zero_point| Affine {
            scale: 0.1,
            zero_point,
            format: CodeFormat::signed(8),
        };
        assert!(is_idle(Clamp::RELU, affine(-128)));
        assert!(!is_idle(Clamp::RELU, affine(0)));
    }

    #[test]
    fn a_clip_is_idle_where_it_covers_all_codes() {
        let affine = Affine {
            scale: 6.0 / 255.0,
            zero_point: 0,
            format: CodeFormat::unsigned(8),
        };
        assert!(is_idle(Clamp { min: 0.0, max: 6.0 }, affine));
        assert!(!is_idle(Clamp { min: 0.0, max: 5.9 }, affine));
        assert!(!is_idle(Clamp { min: 0.1, max: 6.0 }, affine));
    }
}
