use super::*;
use crate::chip::spec::Preset;
use crate::chip::{Limits, MappingOptions, lay};
use crate::explore::open_network;
use crate::quantize::Reference as Integers;
use crate::simulate::{Samples, Simulator, calibrate, measure, trace};
use crate::spiking::Conversion;

const SCHEMA: &str = "docs/spike-program.schema.json";

fn schema() -> String {
    let schema = serde_json::to_value(schemars::schema_for!(Document)).expect("a schema is JSON");
    serde_json::to_string_pretty(&schema).expect("JSON is text") + "\n"
}

/// A shipped network on the default mesh, with one sample.
fn written(model: &str) -> Vec<u8> {
    let bytes = std::fs::read(format!("assets/models/{model}.onnx")).expect("it ships with the page");
    let network = open_network(&bytes, model).expect("it can be read");
    let codes: Vec<i32> = (0..network.input().len()).map(|i| i as i32 % 100).collect();
    let samples = Samples {
        codes: &codes,
        len: codes.len(),
    };
    let conversion = Conversion::default();
    let spiking = calibrate(
        &network,
        &conversion,
        &measure(&network, &conversion, samples),
        samples,
    );
    let limits = Limits::neurons_only(Topology::mesh(6, 5), 4096);
    let laid = lay(&spiking, &limits, &MappingOptions::default(), &[]);
    let router = Router::new(&spiking, laid.expect("it fits").mapping);
    let (mut simulator, mut integers) = (Simulator::new(&network), Integers::new(&network));
    let program = Program {
        network: &network,
        spiking: &spiking,
        router: &router,
        chip: &Preset::Classroom.chip(),
        traces: &[trace(&network, &spiking, &codes, &mut simulator, &mut integers)],
    };
    let mut out = Vec::new();
    write(&program, &mut out).expect("memory can be written to");
    out
}

#[test]
fn the_schema_is_that_of_the_types() {
    if std::env::var_os("SDANN_WRITE_SCHEMA").is_some() {
        std::fs::write(SCHEMA, schema()).expect("the repository can be written to");
    }
    let stored = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(
        stored == schema(),
        "run SDANN_WRITE_SCHEMA=1 cargo test --lib program, and commit {SCHEMA}"
    );
}

#[test]
fn what_is_written_is_what_the_schema_describes() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for model in ["digits-mlp", "mnist-residual", "mnist-4bit", "sine-regression"] {
        let text: serde_json::Value = serde_json::from_slice(&written(model)).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&text)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{model}: {errors:?}");
        let mut wrong = text.clone();
        wrong["cores"][0]["holds"][0]["part"] = "first".into();
        assert!(!validator.is_valid(&wrong), "{model}");
    }
}

#[test]
fn a_program_is_known_by_how_it_begins() {
    assert!(is_program(&written("digits-mlp")));
    assert!(is_program(b"{\n  \"format\": \"sdann-program\","));
    assert!(!is_program(b"{\"format\":\"sdann-spiking\""));
    assert!(!is_program(b"\x08\x0a"));
}
