//! Spiking networks on disk: read back identically, or refused in one sentence.

use crate::models::all;
use proptest::prelude::*;
use sdann::explore::{Agreement, Tally, open_network};
use sdann::quantize::{QuantizedNetwork, quantize};
use sdann::sdann_file::{
    MAX_WEIGHT_BYTES, Parts, is_sdann_file, read, read_parts, unzipped, write, write_parts, zipped,
};
use sdann::settings::Settings;
use sdann::simulate::{Samples, calibrate, measure};
use sdann::spiking::SpikingNetwork;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::OnceLock;

/// Settings that between them use every part of the neuron.
const SETTINGS: [&[(&str, &str)]; 6] = [
    &[],
    &[("register-bits", "10")],
    &[
        ("register-bits", "12"),
        ("accumulation", "shifting"),
        ("rounding", "half-even"),
    ],
    &[
        ("register-bits", "14"),
        ("order", "lsb"),
        ("overflow", "wrap"),
        ("scaling", "off"),
    ],
    &[
        ("register-bits", "12"),
        ("fold-at", "potential"),
        ("bias-fit", "on"),
    ],
    &[
        ("scaling", "guaranteed"),
        ("register-bits", "9"),
        ("factor", "power-of-two"),
        ("bias-fold", "off"),
    ],
];

fn samples(network: &QuantizedNetwork, count: usize) -> Vec<i32> {
    let format = network.input().affine.unwrap().format;
    let span = (format.max() - format.min() + 1) as usize;
    let code = |index: usize| format.min() + (index * 7919 % 10_007 % span) as i32;
    (0..network.input().len() * count).map(code).collect()
}

fn convert(network: &QuantizedNetwork, settings: &[(&str, &str)]) -> SpikingNetwork {
    let conversion = Settings::from_pairs(settings.iter().copied()).unwrap().conversion;
    let codes = samples(network, 3);
    let samples = Samples {
        codes: &codes,
        len: network.input().len(),
    };
    let statistics = measure(network, &conversion, samples);
    calibrate(network, &conversion, &statistics, samples)
}

/// Codes of every layer agreed, spikes, synaptic operations and overflows.
fn run(network: &QuantizedNetwork, spiking: &SpikingNetwork) -> (Agreement, Vec<Vec<i32>>) {
    let mut tally = Tally::new(network, 4);
    let mut codes = Vec::new();
    for sample in samples(network, 4).chunks_exact(network.input().len()) {
        tally.add(network, spiking, sample, None);
        codes.extend((0..network.tensors.len()).map(|t| tally.simulator().codes(t).to_vec()));
    }
    (tally.agreement().clone(), codes)
}

#[test]
fn every_network_is_read_back_identically_and_runs_the_same() {
    let networks = all()
        .into_iter()
        .filter_map(|(name, graph)| Some((name, quantize(&graph).ok()?)));
    let mut count = 0;
    for (index, (name, network)) in networks.enumerate() {
        // Each network with one of the settings, small ones with all.
        let is_small = network.layers.iter().map(|layer| layer.neurons()).sum::<usize>() < 400;
        for settings in (0..SETTINGS.len()).filter(|&s| is_small || s == index % SETTINGS.len()) {
            let spiking = convert(&network, SETTINGS[settings]);
            let file = write(&network, &spiking).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(is_sdann_file(&file), "{name}");
            let back = read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(back.network == network, "{name}");
            assert!(back.spiking == spiking, "{name}");
            if is_small {
                assert!(
                    run(&back.network, &back.spiking) == run(&network, &spiking),
                    "{name}"
                );
            }
            count += 1;
        }
    }
    assert!(count > 400, "only {count} conversions");
}

/// A small network with a convolution, a sum and a dense layer, and its file's parts.
fn residual() -> (QuantizedNetwork, Parts) {
    static PARTS: OnceLock<(QuantizedNetwork, Parts)> = OnceLock::new();
    let make = || {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/residual-block/model.onnx");
        let network = open_network(&std::fs::read(path).unwrap(), "residual").unwrap();
        let parts = write_parts(&network, &convert(&network, SETTINGS[1])).unwrap();
        (network, parts)
    };
    PARTS.get_or_init(make).clone()
}

fn text(parts: &Parts) -> Value {
    serde_json::from_slice(&parts.text).unwrap()
}

fn with_text(parts: &Parts, text: &Value) -> Parts {
    Parts {
        text: serde_json::to_vec(text).unwrap(),
        weights: parts.weights.clone(),
    }
}

/// Every way to `leaf` of a text.
fn leaves(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| leaves(value, &format!("{way}/{key}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, &format!("{way}/{index}"), found)),
        _ => found.push(way.into()),
    }
}

#[test]
fn what_is_damaged_is_refused_in_one_sentence() {
    let (network, parts) = residual();
    let refused = |parts: &Parts| {
        let error = read_parts(parts).unwrap_err().to_string();
        assert!(!error.contains('\n') && error.len() < 600, "{error}");
        error
    };
    let changed = |way: &str, value: Value| {
        let mut text = text(&parts);
        *text.pointer_mut(way).unwrap_or_else(|| panic!("{way}")) = value;
        refused(&with_text(&parts, &text))
    };
    let layer = "/network/layers/0";
    let dendrite = format!("{layer}/dendrites/0");
    for (way, value, problem) in [
        ("/format", json!("onnx"), "only sdann-spiking is read"),
        ("/version", json!(2), "version 2 of sdann-spiking"),
        ("/version", json!(null), "cannot be read"),
        ("/weights/crc32", json!(1), "CRC-32"),
        ("/weights/bytes", json!(1), "expects 1"),
        ("/network/tensors", json!([]), "there are 0 tensors"),
        (
            "/network/tensors/0/shape",
            json!([u64::MAX, 2]),
            "supported in all",
        ),
        ("/network/tensors/0/affine/scale", json!(0.0), "its scale is 0"),
        ("/network/tensors/0/affine", json!(null), "no quantization"),
        ("/reference", json!([]), "one reference for each layer"),
        (&format!("{layer}/target"), json!(7), "must write tensor 1"),
        (
            &format!("{dendrite}/register/bits"),
            json!(64),
            "register has 64 bits",
        ),
        (&format!("{dendrite}/scale/denominator"), json!(0), "M_0 is"),
        (
            &format!("{dendrite}/view/tensors"),
            json!([4]),
            "isn't there before it",
        ),
        (&format!("{dendrite}/connections/groups"), json!(0), "0 groups"),
        (
            &format!("{dendrite}/connections/rows/stride"),
            json!(0),
            "doesn't lead",
        ),
        (
            &format!("{dendrite}/connections/rows/kernel"),
            json!(u32::MAX),
            "doesn't lead",
        ),
        (
            &format!("{dendrite}/connections/output/channels"),
            json!(1u64 << 40),
            "extents",
        ),
        (
            &format!("{dendrite}/synapses/stride"),
            json!(0),
            "aren't those of",
        ),
        (
            &format!("{dendrite}/synapses/rows/offset"),
            json!(1 << 30),
            "which have",
        ),
        (
            &format!("{dendrite}/synapses/rows/count"),
            json!(u64::MAX),
            "which have",
        ),
        (&format!("{dendrite}/steps"), json!([]), "isn't that of the code"),
        (&format!("{layer}/fire/m1"), json!([]), "0 M_1"),
        (&format!("{layer}/fire/exact"), json!("no"), "cannot be read"),
    ] {
        let error = changed(way, value);
        assert!(error.contains(problem), "{way}: {error}");
    }
    // NaN, in the only place where it can stand: JSON has none.
    let mut nan = text(&parts);
    let mut weights = parts.weights.clone();
    weights.resize(weights.len().next_multiple_of(8), 0);
    let place = json!({"type": "f64", "offset": weights.len(), "count": 3});
    nan["network"]["layers"][0]["fire"]["m1"][0]["values"] = place;
    weights.extend(f64::NAN.to_le_bytes().repeat(3));
    let error = refused(&Parts {
        weights,
        ..with_text(&parts, &nan)
    });
    assert!(error.contains("number that fits"), "{error}");

    let mut flipped = parts.clone();
    flipped.weights[5] ^= 1;
    assert!(refused(&flipped).contains("CRC-32"));
    flipped.weights.resize(MAX_WEIGHT_BYTES + 1, 0);
    assert!(refused(&flipped).contains("256 MiB"));

    let file = zipped(&parts).unwrap();
    assert_eq!(read(&file).unwrap().network, network);
    for length in (0..file.len()).step_by(file.len() / 97) {
        let error = read(&file[..length]).unwrap_err().to_string();
        assert!(error.contains("no complete .sdann file"), "{length}: {error}");
    }
    let one_part = zipped(&Parts {
        text: parts.text.clone(),
        weights: Vec::new(),
    })
    .unwrap();
    assert!(read(&one_part).unwrap_err().to_string().contains("have 0 bytes"));
}

#[test]
fn two_networks_that_do_not_belong_together_are_not_written() {
    let (network, parts) = residual();
    let mut other = network.clone();
    other.layers[0].name += " of another";
    let spiking = read_parts(&parts).unwrap().spiking;
    let error = write(&other, &spiking).unwrap_err().to_string();
    assert!(error.contains("of another"), "{error}");
}

/// Reads a changed file. What is accepted must run.
fn survives(parts: &Parts) {
    if let Ok(converted) = read_parts(parts)
        && converted
            .network
            .tensors
            .iter()
            .map(|tensor| tensor.len())
            .sum::<usize>()
            < 1 << 16
    {
        run(&converted.network, &converted.spiking);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_changed_number_makes_the_engine_panic(
        place in any::<prop::sample::Index>(),
        value in prop_oneof![
            Just(json!(0)), Just(json!(1)), Just(json!(-1)), Just(json!(255)), Just(json!(1u64 << 40)),
            Just(json!(i64::MIN)), Just(json!(u64::MAX)), Just(json!(1e300)), Just(json!(-0.5)), Just(json!(null)),
            Just(json!(true)), Just(json!([])), Just(json!({})), Just(json!("sum")), any::<i32>().prop_map(|v| json!(v)),
            (0i64..40).prop_map(|v| json!(v)),
        ],
    ) {
        let (_, parts) = residual();
        let mut text = text(&parts);
        let mut ways = Vec::new();
        leaves(&text, "", &mut ways);
        let way = place.get(&ways);
        *text.pointer_mut(way).unwrap() = value;
        survives(&with_text(&parts, &text));
    }

    #[test]
    fn no_changed_byte_makes_the_engine_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_weights in any::<bool>(),
    ) {
        let (_, mut parts) = residual();
        for (place, byte) in changes {
            if in_weights {
                let index = place.index(parts.weights.len());
                parts.weights[index] = byte;
            } else {
                let index = place.index(parts.text.len());
                parts.text[index] = byte;
            }
        }
        if in_weights {
            // Whoever means harm makes the checksum right.
            let mut text = text(&parts);
            text["weights"]["crc32"] = json!(crc32fast::hash(&parts.weights));
            parts = with_text(&parts, &text);
        }
        survives(&parts);
        // And through the zip, whose own checksums are right.
        let _ = unzipped(&zipped(&parts).unwrap()).map(|parts| survives(&parts));
    }

    #[test]
    fn no_bytes_make_reading_a_zip_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in any::<prop::sample::Index>()) {
        let _ = read(&bytes);
        let (_, parts) = residual();
        let mut file = zipped(&parts).unwrap();
        let at = cut.index(file.len());
        for (place, byte) in file[at..].iter_mut().zip(&bytes) {
            *place = *byte;
        }
        let _ = read(&file);
    }
}
