//! TensorFlow Lite files: what is refused, and how; mutated and large ones.

use super::{Mutation, at, json, mutate, mutation, read};
use proptest::prelude::*;
use sdann::graph::{Affine, Arithmetic, CodeFormat, Encoding};
use sdann::import::import_model;
use sdann::quantize::quantize;
use std::time::{Duration, Instant};

const BAD: &str = "tests/corpus-tflite-bad";

#[test]
fn the_good_model_is_a_network_with_its_channels_first() {
    let graph = import_model(&read(at(BAD).join("good.tflite")), "good").unwrap();
    assert_eq!(graph.tensors[graph.input].shape, [2, 8, 8]);
    assert_eq!(graph.tensors[graph.output].shape, [5]);
    let Encoding::Codes(Affine { format, .. }) = graph.tensors[graph.input].encoding else {
        panic!("codes come in");
    };
    assert_eq!(format, CodeFormat::signed(8));
    assert!(
        graph
            .nodes
            .iter()
            .all(|node| node.arithmetic == Arithmetic::FixedPoint)
    );
    // The softmax is left away; the flattening of the file's order is wiring.
    let ops: Vec<&str> = graph.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(ops, ["Conv", "MaxPool", "Rearrange", "Dense"]);
}

#[test]
fn every_bad_model_is_refused_in_one_sentence_that_names_what_is_wrong() {
    let listed = json(at(BAD).join("cases.json"));
    let mut problems = Vec::new();
    for case in listed["cases"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let start = Instant::now();
        let answer = import_model(&read(at(BAD).join(file)), "model").map_err(|error| error.to_string());
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{file} took {:?}",
            start.elapsed()
        );
        let Err(error) = answer else {
            problems.push(format!("{file} is not refused"));
            continue;
        };
        if error.contains('\n') || error.ends_with('.') {
            problems.push(format!("{file}: {error}"));
        }
        for word in case["mentions"].as_array().unwrap() {
            let word = word.as_str().unwrap();
            if !error.contains(word) {
                problems.push(format!("{file}: '{word}' isn't in: {error}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The models of the corpus that mutations start from.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        let folders = std::fs::read_dir(at("tests/corpus-tflite")).unwrap();
        let models = folders.map(|folder| folder.unwrap().path().join("model.tflite"));
        models.filter(|model| model.exists()).map(read).collect()
    })
}

/// Numbers that break offsets, lengths, shapes and scales.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u32::MAX),
        Just(i32::MAX as u32),
        Just(i32::MIN as u32),
        Just(f32::NAN.to_bits()),
        Just(f32::INFINITY.to_bits()),
        0u32..70_000,
        any::<u32>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_models_never_panic_and_are_answered_soon(
        seed in any::<prop::sample::Index>(),
        donor in any::<prop::sample::Index>(),
        words in prop::collection::vec((any::<prop::sample::Index>(), number()), 0..4),
        mutations in prop::collection::vec(mutation(), 0..3),
    ) {
        let mut bytes: Vec<u8> = seed.get(seeds()).clone();
        for (place, number) in words {
            let place = place.index(bytes.len() / 4) * 4;
            bytes[place..place + 4].copy_from_slice(&number.to_le_bytes());
        }
        let donor: &Vec<u8> = donor.get(seeds());
        mutations.iter().for_each(|m: &Mutation| mutate(&mut bytes, donor, m));
        let start = Instant::now();
        let answer = import_model(&bytes, "model").map_err(|error| error.to_string());
        if let Err(message) = answer.and_then(|graph| quantize(&graph).map_err(|error| error.to_string())) {
            prop_assert!(!message.contains('\n'), "{message}");
            prop_assert!(message.len() < 2500, "{message}");
        }
        prop_assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    }
}

/// A model of one fully connected layer with so many inputs and outputs.
fn layer(inputs: usize, outputs: usize) -> Vec<u8> {
    use tflite_schema::flatbuffers::FlatBufferBuilder;
    use tflite_schema::{self as schema, BuiltinOperator, TensorType};
    let mut file = FlatBufferBuilder::new();
    let weights = file.create_vector(&vec![1u8; inputs * outputs]);
    let nothing = schema::Buffer::create(&mut file, &schema::BufferArgs::default());
    let weights = schema::Buffer::create(
        &mut file,
        &schema::BufferArgs {
            data: Some(weights),
            ..Default::default()
        },
    );
    let buffers = file.create_vector(&[nothing, weights]);
    let mut tensor = |shape: &[i32], scale: f32, buffer: u32| {
        let (scale, zero_point) = (file.create_vector(&[scale]), file.create_vector(&[0i64]));
        let quantization = schema::QuantizationParameters::create(
            &mut file,
            &schema::QuantizationParametersArgs {
                scale: Some(scale),
                zero_point: Some(zero_point),
                ..Default::default()
            },
        );
        let shape = file.create_vector(shape);
        schema::Tensor::create(
            &mut file,
            &schema::TensorArgs {
                shape: Some(shape),
                type_: TensorType::INT8,
                buffer,
                quantization: Some(quantization),
                ..Default::default()
            },
        )
    };
    let (inputs, outputs) = (inputs as i32, outputs as i32);
    let tensors = [
        tensor(&[1, inputs], 0.5, 0),
        tensor(&[outputs, inputs], 0.5, 1),
        tensor(&[1, outputs], 50.0, 0),
    ];
    let tensors = file.create_vector(&tensors);
    let options = schema::FullyConnectedOptions::create(&mut file, &Default::default());
    let (read, written) = (file.create_vector(&[0, 1]), file.create_vector(&[2]));
    let operator = schema::Operator::create(
        &mut file,
        &schema::OperatorArgs {
            inputs: Some(read),
            outputs: Some(written),
            builtin_options_type: schema::BuiltinOptions::FullyConnectedOptions,
            builtin_options: Some(options.as_union_value()),
            ..Default::default()
        },
    );
    let operators = file.create_vector(&[operator]);
    let (first, last) = (file.create_vector(&[0]), file.create_vector(&[2]));
    let graph = schema::SubGraph::create(
        &mut file,
        &schema::SubGraphArgs {
            tensors: Some(tensors),
            inputs: Some(first),
            outputs: Some(last),
            operators: Some(operators),
        },
    );
    let graphs = file.create_vector(&[graph]);
    let code = schema::OperatorCode::create(
        &mut file,
        &schema::OperatorCodeArgs {
            builtin_code: BuiltinOperator::FULLY_CONNECTED,
            deprecated_builtin_code: 9,
            ..Default::default()
        },
    );
    let codes = file.create_vector(&[code]);
    let model = schema::Model::create(
        &mut file,
        &schema::ModelArgs {
            version: 3,
            operator_codes: Some(codes),
            subgraphs: Some(graphs),
            buffers: Some(buffers),
        },
    );
    schema::finish_model_buffer(&mut file, model);
    file.finished_data().to_vec()
}

#[test]
fn twenty_five_megabytes_are_read_in_a_second_and_kept_twice_as_large_at_most() {
    let bytes = layer(5000, 5000);
    assert!(bytes.len() > 25_000_000);
    let start = Instant::now();
    let graph = import_model(&bytes, "large").unwrap();
    let elapsed = start.elapsed();
    // Optimized; other work on the machine gets its share.
    assert!(elapsed < Duration::from_secs(3), "took {elapsed:?}");
    let kept: usize = graph
        .nodes
        .iter()
        .map(|node| match &node.op {
            sdann::graph::Op::Dense(dense) => size_of_val(&dense.weights.values[..]),
            _ => 0,
        })
        .sum();
    // With the file itself that is three times its size.
    assert_eq!(kept, 50_000_000);
}
