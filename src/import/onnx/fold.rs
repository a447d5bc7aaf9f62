//! Operators on constants: the shapes that exporters compute in the graph, and scales that are products.

use super::attributes::Attributes;
use super::elementwise::Joint;
use super::lower::{Lowering, Value};
use super::model::Node;
use super::moves::cut;
use super::quantization::{Dequantized, format_of};
use super::tensors::{Constant, ElementType, Elements};
use crate::graph::{Encoding, TensorId};
use crate::import::ImportError;
use std::rc::Rc;

impl<'m> Lowering<'m> {
    /// The shape of an activation; a batch left open counts as one sample, as in Reshape.
    pub fn shape_of(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let attributes = Attributes::of(node, &["start", "end"])?;
        let dims: Vec<usize> = match self.input(node, 0)? {
            Value::Real(tensor) | Value::Codes(tensor) => std::iter::once(self.batch())
                .chain(self.shape(tensor).iter().copied())
                .collect(),
            Value::Constant(constant) => constant.dims.clone(),
            Value::Dequantized(constant) => constant.codes.dims.clone(),
        };
        let start = attributes.int("start")?.unwrap_or(0);
        let end = attributes.int("end")?.unwrap_or(i64::MAX);
        let kept = cut(node, dims.len(), start, end, 1)?;
        let dims = kept
            .iter()
            .filter_map(|&i| dims.get(i))
            .map(|&d| d as i64)
            .collect();
        Ok(constant(Constant::vector(node.output()?, Elements::Long(dims))))
    }

    /// A choice of a constant's elements.
    pub fn gather(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(2)?;
        let axis = Attributes::of(node, &["axis"])?.int("axis")?.unwrap_or(0);
        let Value::Constant(data) = self.input(node, 0)? else {
            return Err(node.error("it gathers elements of an activation; use Slice instead"));
        };
        let indices = self.constant(node, 1, "list of indices")?;
        let values = data.longs()?;
        if data.dims.len() != 1 || !matches!(axis, 0 | -1) || indices.dims.len() > 1 {
            return Err(node.error(
                "it gathers from a constant that is no list; simplify the model before quantizing it",
            ));
        }
        let mut chosen = Vec::new();
        for index in indices.longs()? {
            let place = if index < 0 {
                index.saturating_add(values.len() as i64)
            } else {
                index
            };
            let value = usize::try_from(place).ok().and_then(|i| values.get(i));
            chosen.push(
                *value.ok_or_else(|| {
                    node.error(format!("its index {index} isn't in the list it gathers from"))
                })?,
            );
        }
        let list = Constant::vector(node.output()?, Elements::Long(chosen));
        Ok(constant(Constant {
            dims: indices.dims.clone(),
            ..list
        }))
    }

    /// A constant in another type; activations that are integers become real numbers.
    pub fn cast(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(1)?;
        let to = Attributes::of(node, &["to", "saturate"])?.int("to")?.unwrap_or(0);
        let element = i32::try_from(to)
            .ok()
            .and_then(|to| ElementType::from_code(to).ok());
        match (self.input(node, 0)?, element) {
            // Wider integers for a Clip of 16-bit codes, and back: the same codes.
            (Value::Codes(tensor), Some(ElementType::Int32)) if self.is_input_read_once(node) => {
                Ok(Value::Codes(tensor))
            }
            (Value::Codes(tensor), Some(element)) if self.holds_codes(tensor, element) => {
                Ok(Value::Codes(tensor))
            }
            (Value::Real(tensor), Some(ElementType::Float)) => {
                if let Some(tensor) = self.tensors.get_mut(tensor) {
                    tensor.name = node.output()?.into();
                }
                Ok(Value::Real(tensor))
            }
            (Value::Constant(data), Some(element @ (ElementType::Int64 | ElementType::Int32))) => {
                let elements = Elements::Long(data.longs()?);
                Ok(constant(Constant::like(&data, element, elements)))
            }
            (Value::Constant(data), Some(ElementType::Float)) => {
                let elements = Elements::Real(match &data.elements {
                    Elements::Real(values) => values.clone(),
                    Elements::Integer(values) => values.iter().map(|&v| v as f32).collect(),
                    Elements::Long(values) => values.iter().map(|&v| v as f32).collect(),
                });
                let element = ElementType::Float;
                Ok(constant(Constant::like(&data, element, elements)))
            }
            _ => Err(node.error("it changes the type of an activation, which only quantization may; export the model in float32")),
        }
    }

    /// Whether nothing else reads what `node` reads.
    fn is_input_read_once(&self, node: &'m Node) -> bool {
        let name = node.optional_input(0).map(|name| self.plan.resolve(name));
        name.is_some_and(|name| self.plan.is_read_once(name))
    }

    /// Whether `element` can hold all codes of `tensor`.
    fn holds_codes(&self, tensor: TensorId, element: ElementType) -> bool {
        match (self.encoding(tensor), format_of(element)) {
            (Encoding::Codes(affine), Some(wide)) => {
                wide.min() <= affine.format.min() && affine.format.max() <= wide.max()
            }
            _ => false,
        }
    }

    /// Flatten, Reshape, Squeeze and Unsqueeze of a constant.
    pub fn reshaped_constant(&mut self, node: &'m Node, data: &Constant) -> Result<Value, ImportError> {
        self.charge(node, data.len())?;
        let dims = self.reshaped(node, &data.dims)?;
        Ok(constant(Constant { dims, ..data.clone() }))
    }

    /// Concat of constants: lists of integers.
    pub fn joined_constants(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let mut values = Vec::new();
        for index in 0..node.inputs.len() {
            let part = self.constant(node, index, "list")?;
            if part.dims.len() != 1 {
                return Err(node
                    .error("it joins constants that are no lists; simplify the model before quantizing it"));
            }
            self.charge(node, part.len())?;
            values.extend(part.longs()?);
        }
        Ok(constant(Constant::vector(node.output()?, Elements::Long(values))))
    }

    /// ConstantOfShape: one number, as often as a constant shape says.
    pub fn constant_of_shape(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        node.at_most(1)?;
        let shape = self.constant(node, 0, "shape")?.longs()?;
        let dims: Option<Vec<usize>> = shape.iter().map(|&d| usize::try_from(d).ok()).collect();
        let dims = dims.ok_or_else(|| node.error(format!("its shape {shape:?} has a negative extent")))?;
        let count = dims
            .iter()
            .try_fold(1usize, |n, &d| n.checked_mul(d))
            .unwrap_or(usize::MAX);
        self.charge(node, count)?;
        let name = node.output()?;
        let value = match Attributes::of(node, &["value"])?.tensor("value")? {
            Some(tensor) => Constant::new(tensor, name)?.elements,
            None => Elements::Real(vec![0.0]),
        };
        let elements = match &value {
            Elements::Real(v) if v.len() == 1 => Elements::Real(vec![v[0]; count]),
            Elements::Integer(v) if v.len() == 1 => Elements::Integer(vec![v[0]; count]),
            Elements::Long(v) if v.len() == 1 => Elements::Long(vec![v[0]; count]),
            _ => return Err(node.error("its value must be one number")),
        };
        Ok(constant(Constant {
            dims,
            ..Constant::vector(name, elements)
        }))
    }

    /// Slice of constant integers along their first axis.
    pub fn sliced_constant(&mut self, node: &'m Node) -> Result<Value, ImportError> {
        let data = self.constant(node, 0, "list")?;
        let values = data.longs()?;
        let mut bounds = Vec::new();
        for (index, default) in [(1, 0), (2, i64::MAX), (3, 0), (4, 1)] {
            bounds.push(match node.optional_input(index) {
                None => default,
                Some(_) => self
                    .constant(node, index, "bound")?
                    .longs()?
                    .first()
                    .copied()
                    .unwrap_or(default),
            });
        }
        let &[start, end, axis, step] = &bounds[..] else {
            return Err(node.error("it has no bounds"));
        };
        let Some((&rows, inner)) = data.dims.split_first() else {
            return Err(node.error("it cuts a single number; simplify the model before quantizing it"));
        };
        if data.dims.len() > 1 && axis != 0 {
            return Err(node.error(
                "it cuts a constant along another axis than the first; simplify the model before quantizing it",
            ));
        }
        let row = inner.iter().product::<usize>();
        let kept = cut(node, rows, start, end, step)?;
        self.charge(node, kept.len().saturating_mul(row))?;
        let dims = std::iter::once(kept.len()).chain(inner.iter().copied()).collect();
        let kept = kept.iter().filter_map(|&i| values.get(i * row..(i + 1) * row));
        let list = Constant::vector(node.output()?, Elements::Long(kept.flatten().copied().collect()));
        Ok(constant(Constant { dims, ..list }))
    }

    /// Transpose of a constant matrix: weights, as exporters write a linear layer.
    pub fn transposed_constant(
        &mut self,
        node: &'m Node,
        order: Option<&[i64]>,
    ) -> Result<Value, ImportError> {
        let value = self.input(node, 0)?;
        let (data, parameters) = match &value {
            Value::Constant(data) => (data, None),
            Value::Dequantized(data) => (&data.codes, Some(&data.parameters)),
            _ => return Err(node.error("it transposes no constant")),
        };
        let &[rows, columns] = &data.dims[..] else {
            return Err(node.error(
                "it transposes a constant that is no matrix; simplify the model before quantizing it",
            ));
        };
        let stays = match order {
            None | Some([] | [1, 0]) => false,
            Some([0, 1]) => true,
            Some(_) => return Err(node.error("its perm doesn't name both axes of a matrix")),
        };
        if stays {
            return Ok(value);
        }
        self.charge(node, data.len())?;
        let places = || (0..columns).flat_map(move |column| (0..rows).map(move |row| row * columns + column));
        let elements = match &data.elements {
            Elements::Real(v) => Elements::Real(places().filter_map(|i| v.get(i).copied()).collect()),
            Elements::Integer(v) => Elements::Integer(places().filter_map(|i| v.get(i).copied()).collect()),
            Elements::Long(v) => Elements::Long(places().filter_map(|i| v.get(i).copied()).collect()),
        };
        let turned = Constant {
            dims: vec![columns, rows],
            elements,
            ..(**data).clone()
        };
        Ok(match parameters {
            None => constant(turned),
            Some(parameters) => Value::Dequantized(Rc::new(Dequantized {
                parameters: parameters.transposed(),
                codes: Rc::new(turned),
            })),
        })
    }
}

fn constant(constant: Constant) -> Value {
    Value::Constant(Rc::new(constant))
}

/// Add, Sub, Mul or Div of two constants, one of which may be a single number.
pub(super) fn joined(node: &Node, joint: Joint, a: &Constant, b: &Constant) -> Result<Constant, ImportError> {
    let dims = match (a.len(), b.len()) {
        (1, _) => &b.dims,
        (_, 1) => &a.dims,
        _ if a.dims == b.dims => &a.dims,
        _ => {
            return Err(
                node.error("it joins constants of different shapes; simplify the model before quantizing it")
            );
        }
    };
    let count = a.len().max(b.len());
    let elements = match (&a.elements, &b.elements) {
        (Elements::Real(a), Elements::Real(b)) => {
            let pairs = a.iter().cycle().zip(b.iter().cycle()).take(count);
            let join = |(a, b): (&f32, &f32)| match joint {
                Joint::Add => a + b,
                Joint::Sub => a - b,
                Joint::Mul => a * b,
                Joint::Div => a / b,
            };
            Elements::Real(pairs.map(join).collect())
        }
        _ => {
            let (a, b) = (a.longs()?, b.longs()?);
            let pairs = a.iter().cycle().zip(b.iter().cycle()).take(count);
            let join = |(a, b): (&i64, &i64)| match joint {
                Joint::Add => a.saturating_add(*b),
                Joint::Sub => a.saturating_sub(*b),
                Joint::Mul => a.saturating_mul(*b),
                Joint::Div => a.checked_div(*b).unwrap_or(0),
            };
            Elements::Long(pairs.map(join).collect())
        }
    };
    Ok(Constant {
        dims: dims.clone(),
        ..Constant::vector(node.output()?, elements)
    })
}
