//! Kernels, code formats and kinds of layers in words.

use crate::export::LayerKind;
use crate::graph::{Affine, Connections, Window};
use crate::web::format;
use crate::web::views::words::producer;
use crate::web::worker::NetworkView;
use rust_i18n::t;
use std::borrow::Cow;

/// What a kind of layer is called.
pub fn kind(kind: LayerKind) -> Cow<'static, str> {
    match kind {
        LayerKind::Conv => t!("network.kind.conv"),
        LayerKind::Dense => t!("network.kind.dense"),
        LayerKind::MaxPool => t!("network.kind.max-pool"),
        LayerKind::AveragePool => t!("network.kind.average-pool"),
        LayerKind::Add => t!("network.kind.add"),
        LayerKind::Table => t!("network.kind.table"),
        LayerKind::Relay => t!("network.kind.relay"),
    }
}

/// `int8`, `uint4`; for real numbers a word.
pub fn codes(affine: Option<Affine>) -> String {
    match affine.map(|affine| affine.format) {
        Some(format) => format!("{}{}", if format.signed { "int" } else { "uint" }, format.bits),
        None => t!("network.real").into_owned(),
    }
}

/// `5 × 5`, with a stride that is not 1: `5 × 5 / 2`; empty for a point.
pub fn kernel(wiring: &Connections) -> String {
    let Connections { rows, columns, .. } = wiring;
    if rows.kernel * columns.kernel == 1 && rows.stride * columns.stride == 1 {
        return String::new();
    }
    let kernel = format::shape(&[rows.kernel, columns.kernel]);
    match pair(wiring, |window| window.stride) {
        stride if stride == "1" => kernel,
        stride => format!("{kernel} / {stride}"),
    }
}

/// One number for both axes, or both of them.
pub fn pair(wiring: &Connections, of: fn(&Window) -> usize) -> String {
    match (of(&wiring.rows), of(&wiring.columns)) {
        (rows, columns) if rows == columns => rows.to_string(),
        (1, columns) if wiring.input.height == 1 => columns.to_string(),
        (rows, columns) => format!("{rows} × {columns}"),
    }
}

/// Top, left, bottom, right; one number if all are equal.
pub fn padding(wiring: &Connections) -> String {
    let (rows, columns) = (&wiring.rows, &wiring.columns);
    let all = [
        rows.pad_before,
        columns.pad_before,
        rows.pad_after,
        columns.pad_after,
    ];
    if all.iter().all(|&pad| pad == all[0]) {
        all[0].to_string()
    } else {
        all.map(|pad| pad.to_string()).join(", ")
    }
}

/// A share of all, with the number: `61.2 % (4 917)`.
pub fn share(part: u64, all: u64) -> String {
    let share = format::percent(part as f64 / all.max(1) as f64);
    format!("{share} ({})", format::count(part))
}

/// Decibels.
pub fn decibels(number: f64) -> String {
    format!("{}{}dB", format::decimal(number, 1), format::THIN)
}

/// The custom property of a tensor's hue.
pub fn hue(network: &NetworkView, tensor: usize) -> String {
    crate::web::palette::hue_of_layer(producer(network, tensor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_said_with_their_stride() {
        let mut wiring = Connections::dense(4, 4);
        assert_eq!(kernel(&wiring), "");
        (wiring.rows.kernel, wiring.columns.kernel) = (5, 5);
        assert_eq!(kernel(&wiring), "5 × 5");
        (wiring.rows.stride, wiring.columns.stride) = (2, 2);
        assert_eq!(kernel(&wiring), "5 × 5 / 2");
        wiring.rows.pad_before = 2;
        assert_eq!(padding(&wiring), "2, 0, 0, 0");
    }

    #[test]
    fn codes_are_named_by_their_type() {
        assert_eq!(
            codes(Some(Affine {
                format: crate::graph::CodeFormat::unsigned(4),
                ..Affine::UNIT
            })),
            "uint4"
        );
        assert_eq!(share(1, 4).replace(format::THIN, " "), "25.0 % (1)");
    }
}
