//! `sdann quantize`.

use super::data::{Data, DataFlags, Loaded};
use super::error::CliError;
use super::files::{self, NewFile};
use super::progress::Progress;
use super::summary::{calibrated_on, fact};
use super::table::{Align, Table, one_line, shape, thousands};
use super::{args, note, print, print_json};
use crate::explore::{LossMeter, Measure, Model, QuantizationLoss, TensorLoss};
use crate::export::{QuantizeReport, write_onnx_as_read};
use crate::quantize::quantize as fuse;
use clap::ArgMatches;

/// Quantizes a float model and says what that costs.
pub(super) fn quantize(matches: &ArgMatches) -> Result<(), CliError> {
    let (flags, settings) = (
        DataFlags::read(matches, "--data"),
        args::chosen_settings(matches)?,
    );
    let output = args::path_of(matches, "output");
    let written: Vec<_> = output.iter().map(|path| ("--output", path.as_path())).collect();
    files::check_distinct(&flags.paths(), &written)?;
    let (Model::Real(float), _) = files::any_model(flags.model())? else {
        let problem = "it is quantized already; give the float model that it was made of";
        return Err(CliError::file("model", flags.model(), problem));
    };
    let mut file = output
        .as_ref()
        .map(|path| NewFile::create("--output", path))
        .transpose()?;
    let (data, mut loaded) = flags.with_float(*float)?;
    if let Some(file) = &mut file {
        // The file decides how ties round, so what is reported is what the file does.
        let refused =
            |problem: String| CliError::file("--output", &output.clone().unwrap_or_default(), problem);
        let model =
            write_onnx_as_read(&loaded.quantized.graph).map_err(|error| refused(error.to_string()))?;
        loaded.quantized.network = fuse(&model.graph).map_err(|error| refused(error.to_string()))?;
        loaded.quantized.graph = model.graph;
        file.write(&model.bytes)?;
    }
    let loss = measure(&data, &loaded)?;
    let output = output.map(|path| path.display().to_string());
    let source = flags.source(&data, None);
    let report = QuantizeReport::new(source, loaded.source, settings, loss, output);
    file.map_or(Ok(()), NewFile::finish)?;
    if matches.get_flag("json") {
        print_json(&report)
    } else {
        print(&text(&report))
    }
}

fn measure(data: &Data, loaded: &Loaded) -> Result<QuantizationLoss, CliError> {
    let refused = |error| CliError::file("--data", data.inputs.path(), error);
    let mut meter = LossMeter::new(loaded.float.measured_graph(), &loaded.quantized).map_err(refused)?;
    let count = data.inputs.count();
    let mut progress = Progress::new(count);
    for sample in 0..count {
        let expected = data.truth.expected(sample, data.network.output().len());
        meter
            .add(&data.inputs.reals(sample)?, expected)
            .map_err(refused)?;
        progress.tell(sample + 1);
    }
    if count > 0 && meter.loss().quality.is_none() {
        note("without --labels or --targets nothing can be said of accuracy");
    }
    Ok(meter.loss())
}

fn text(report: &QuantizeReport) -> String {
    let loss = &report.loss;
    let options = report.settings.0.quantization;
    let mut lines = vec![
        format!(
            "{}: weights of {} bits, activations of {}, input and output of {}",
            report.source.model, options.weight_bits, options.activation_bits, options.edge_bits
        ),
        String::new(),
    ];
    if let (Some(measure), Some(float), Some(quantized)) =
        (report.measure, report.float_quality, report.quantized_quality)
    {
        let (name, words): (_, fn(f64) -> String) = match measure {
            Measure::Accuracy => ("accuracy", |share| format!("{:.1} %", share * 100.0)),
            Measure::Psnr => ("mean PSNR", |decibels| format!("{decibels:.2} dB")),
            Measure::Rmse => ("RMSE", |error| format!("{error:.4}")),
        };
        let text = format!("{} (float model {})", words(quantized), words(float));
        lines.push(fact(name, &text));
    }
    let (equal, all) = (loss.labels_equal as u64, loss.samples as u64);
    let text = format!("{} of {} samples", thousands(equal), thousands(all));
    lines.push(fact("labels equal", &text));
    lines.extend(report.source.calibration.as_ref().map(calibrated_on));
    lines.extend(report.output_file.as_ref().map(|file| fact("wrote", file)));
    let head: String = lines.iter().map(|line| one_line(line) + "\n").collect();
    format!("{head}\n{}", tensors(&loss.tensors))
}

fn tensors(tensors: &[TensorLoss]) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("tensor", Left),
        ("shape", Left),
        ("codes", Left),
        ("scale", Right),
        ("zero point", Right),
        ("smallest", Right),
        ("largest", Right),
        ("SQNR", Right),
    ]);
    for tensor in tensors {
        let of_codes = |text: fn(crate::graph::Affine) -> String| tensor.affine.map_or(String::new(), text);
        table.row([
            tensor.name.clone(),
            shape(&tensor.shape),
            tensor.affine.map_or("real".into(), |affine| {
                format!(
                    "{}{}",
                    if affine.format.signed { "int" } else { "uint" },
                    affine.format.bits
                )
            }),
            of_codes(|affine| format!("{:.4e}", affine.scale)),
            of_codes(|affine| affine.zero_point.to_string()),
            format!("{:.4}", tensor.range[0]),
            format!("{:.4}", tensor.range[1]),
            tensor
                .sqnr
                .map_or("–".into(), |decibels| format!("{decibels:.1} dB")),
        ]);
    }
    table.render()
}
