//! `sdann inspect`.

use super::error::CliError;
use super::table::{Align, Table, one_line, shape, thousands};
use super::{args, files, print, print_json};
use crate::explore::Model;
use crate::export::{LayerReport, ModelReport, TensorReport};
use clap::ArgMatches;

/// Says what a model is made of.
pub(super) fn inspect(matches: &ArgMatches) -> Result<(), CliError> {
    let path = args::path_of(matches, "model").unwrap_or_default();
    let report = match files::any_model(&path)? {
        (Model::Codes(network), _) => ModelReport::new(&network),
        (Model::Real(float), _) => {
            let wiring = float
                .wiring()
                .map_err(|error| CliError::file("model", &path, error))?;
            ModelReport::of_wiring(&wiring)
        }
    };
    if matches.get_flag("json") {
        print_json(&report)
    } else {
        print(&describe(&report))
    }
}

fn describe(report: &ModelReport) -> String {
    let totals = &report.totals;
    format!(
        "{}\n\n  input   {}\n  output  {}\n\n{}\n  {} neurons, {} synapses, {} MAC, {} parameters, {} time steps for a sample\n",
        one_line(&report.name),
        tensor(&report.input),
        tensor(&report.output),
        layers(report),
        thousands(totals.neurons as u64),
        thousands(totals.synapses),
        thousands(totals.macs),
        thousands(totals.parameters as u64),
        totals.time_steps,
    )
}

fn tensor(tensor: &TensorReport) -> String {
    let name = one_line(&tensor.name);
    let extents = shape(&tensor.shape);
    match tensor.quantization {
        Some(q) => format!(
            "{name}  {extents}  {}, scale {}, zero point {}",
            codes(tensor),
            q.scale,
            q.zero_point
        ),
        None => format!("{name}  {extents}  {}", codes(tensor)),
    }
}

/// The type of a tensor's codes.
fn codes(tensor: &TensorReport) -> String {
    match tensor.quantization {
        Some(q) => format!("{}{}", if q.signed { "int" } else { "uint" }, q.bits),
        None => "real".into(),
    }
}

fn layers(report: &ModelReport) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("layer", Left),
        ("kind", Left),
        ("input", Left),
        ("output", Left),
        ("kernel", Left),
        ("codes", Left),
        ("weights", Left),
        ("fan-in", Right),
        ("neurons", Right),
        ("synapses", Right),
        ("MAC", Right),
        ("parameters", Right),
    ]);
    for layer in &report.layers {
        table.row([
            layer.name.clone(),
            layer.kind.name().into(),
            shape(&layer.input.shape),
            shape(&layer.output.shape),
            kernel(layer),
            format!("{} → {}", codes(&layer.input), codes(&layer.output)),
            layer
                .weight_bits
                .map_or("real".into(), |bits| format!("int{bits}")),
            thousands(layer.fan_in as u64),
            thousands(layer.neurons as u64),
            thousands(layer.synapses),
            thousands(layer.macs),
            thousands(layer.parameters as u64),
        ]);
    }
    table.render()
}

/// Kernel, and what of stride, padding, dilation and groups is out of the ordinary.
fn kernel(layer: &LayerReport) -> String {
    if layer.kernel == [1, 1] && layer.stride == [1, 1] {
        return String::new();
    }
    let pair = |[rows, columns]: [usize; 2]| {
        if rows == columns {
            rows.to_string()
        } else {
            format!("{rows}×{columns}")
        }
    };
    let mut text = shape(&layer.kernel);
    if layer.stride != [1, 1] {
        text += &format!(", stride {}", pair(layer.stride));
    }
    let [top, left, bottom, right] = layer.padding;
    if (top, left) == (bottom, right) && (top, left) != (0, 0) {
        text += &format!(", pad {}", pair([top, left]));
    } else if layer.padding != [0; 4] {
        text += &format!(", pad {top} {left} {bottom} {right}");
    }
    if layer.dilation != [1, 1] {
        text += &format!(", dilation {}", pair(layer.dilation));
    }
    if layer.groups != 1 {
        text += &format!(", {} groups", layer.groups);
    }
    text
}
