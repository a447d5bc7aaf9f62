//! Files that describe chips: what they may say, and what is said of those that say it wrongly.

use proptest::prelude::*;
use sdann::chip::Shape;
use sdann::chip::spec::{
    Chip, ChipError, FIELDS, Grade, Graded, MAX_CHIP_BYTES, Preset, Span, YOU, field, read_chip,
};

/// The shortest file of a chip, 4 by 4 cores.
const SHORT: &str = r#"
name = "Mine"
[network]
shape = "mesh"
width = 4
height = 4
cores-per-router = 1
[core]
neurons = 100
"#;

fn read(text: &str) -> Result<Chip, ChipError> {
    read_chip("mine", text.as_bytes())
}

/// What is said of the short file with one line changed, or with lines added.
fn said(line: &str, instead: &str) -> String {
    assert!(SHORT.contains(line), "{line}");
    let text = SHORT.replacen(line, instead, 1);
    read(&text).map_or_else(
        |error| error.to_string(),
        |chip| panic!("{instead} was taken: {chip:?}"),
    )
}

/// What is said of the short file with lines added to a section.
fn added(section: &str, lines: &str) -> String {
    match section {
        "core" => said("neurons = 100", &format!("neurons = 100\n{lines}")),
        "network" => said("width = 4\n", &format!("width = 4\n{lines}\n")),
        _ => said("neurons = 100", &format!("neurons = 100\n[{section}]\n{lines}")),
    }
}

#[test]
fn a_chip_of_ones_own_needs_a_name_a_mesh_and_neurons_and_all_else_is_unknown() {
    let chip = read(SHORT).unwrap();
    let topology = chip.topology().unwrap();
    assert_eq!(
        (topology.shape, topology.width, topology.cores()),
        (Shape::Mesh, 4, 16)
    );
    assert_eq!(chip.core.neurons.grade, Grade::Chosen);
    assert_eq!(chip.core.neurons.source, YOU);
    let known = FIELDS.iter().filter(|field| field.get(&chip).is_known()).count();
    assert_eq!(known, 5);
    assert_eq!(chip.energy.synaptic_operation, Graded::default());
}

#[test]
fn a_value_can_be_given_alone_or_with_grade_source_and_note() {
    let text = SHORT.replace(
        "neurons = 100",
        r#"neurons = { value = 100, grade = "measured", source = "paper", note = "at night" }
synapse-bits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
weight-bits = "1–4, 8"
[sources.paper]
title = "A paper"
[energy]
packet = [1, 2.5]
spike = "unknown"
hop-tree = { grade = "unknown", note = "it has none" }
[timing]
barrier = "113–465"
"#,
    );
    let chip = read(&text).unwrap();
    assert_eq!(chip.core.neurons.grade, Grade::Measured);
    assert_eq!(chip.core.neurons.note, "at night");
    assert_eq!(chip.core.synapse_bits.value.as_ref().unwrap().at(4), 5);
    assert_eq!(chip.core.weight_bits.value, Some(vec![1, 2, 3, 4, 8]));
    assert_eq!(chip.energy.packet.value, Some(Span { low: 1.0, high: 2.5 }));
    assert_eq!(chip.energy.hop_tree.note, "it has none");
    assert_eq!(
        chip.timing.barrier.value,
        Some(Span {
            low: 113.0,
            high: 465.0
        })
    );
    assert_eq!(read(&chip.to_toml()), Ok(chip));
}

#[test]
fn what_a_file_lacks_is_named_with_what_to_write() {
    assert_eq!(
        said("name = \"Mine\"", ""),
        "name is missing; write name = \"My chip\" at the top of the file"
    );
    assert_eq!(
        said("width = 4\n", ""),
        "network.width is missing; write width = … below [network]: 1 to 256 routers, or \"unknown\""
    );
    assert!(said("[core]\nneurons = 100", "").starts_with("core.neurons is missing"));
}

#[test]
fn a_field_that_is_none_is_named_with_those_that_are() {
    let error = added("core", "nurons = 3");
    assert!(
        error.starts_with("there is no field 'core.nurons'; there are core.neurons, core.inputs"),
        "{error}"
    );
    let error = added("cores", "neurons = 3");
    assert!(
        error.contains("'cores'") && error.contains("network, core, chip, energy, timing"),
        "{error}"
    );
    let error = added("core", "inputs = { value = 3, grad = \"measured\" }");
    assert!(
        error.contains("'core.inputs.grad'") && error.contains("value, grade, source, note"),
        "{error}"
    );
}

#[test]
fn a_wrong_value_is_named_with_what_is_right() {
    let cases = [
        (
            "core",
            "inputs = -5",
            "core.inputs is -5; it takes 1 to 1000000000000 axons",
        ),
        ("core", "inputs = 0", "core.inputs is 0;"),
        ("core", "inputs = 2.5", "core.inputs is 2.5;"),
        ("core", "inputs = true", "core.inputs is true;"),
        ("core", "inputs = 1979-05-27", "core.inputs is 1979-05-27;"),
        (
            "core",
            "weight-bits = [1, 65]",
            "core.weight-bits is [1, 65]; it takes integers of 1 to 64 bits",
        ),
        ("core", "weight-bits = []", "core.weight-bits is []"),
        ("core", "weight-bits = [[1]]", "core.weight-bits is [[1]]"),
        (
            "core",
            "kernels = \"stored\"",
            "core.kernels is \"stored\"; it takes shared, expanded",
        ),
        (
            "core",
            "signed-spikes = 1",
            "core.signed-spikes is 1; it takes yes, no",
        ),
        (
            "energy",
            "packet = -1.0",
            "energy.packet is -1.0; it takes 0 to 1000000000 pJ",
        ),
        ("energy", "packet = [3, 2]", "energy.packet is [3, 2]"),
        ("energy", "packet = [1, 2, 3]", "energy.packet is [1, 2, 3]"),
        ("energy", "packet = nan", "energy.packet is nan"),
        ("energy", "packet = inf", "energy.packet is inf"),
        (
            "energy",
            "packet = { value = { x = 1 } }",
            "energy.packet is a table",
        ),
        ("network", "reserved = \"all\"", "network.reserved is \"all\""),
        (
            "core",
            "inputs = { value = 1, grade = 5 }",
            "core.inputs.grade is 5; it takes a text",
        ),
        (
            "core",
            "inputs = { value = 1, grade = \"good\" }",
            "core.inputs.grade is 'good'; it takes design, measured, simulated",
        ),
    ];
    for (section, line, expected) in cases {
        let error = added(section, line);
        assert!(error.starts_with(expected), "{line}: {error}");
    }
    assert_eq!(
        said("\"mesh\"", "\"ring\""),
        "network.shape is \"ring\"; it takes mesh, quadtree, star"
    );
    assert!(said("\"Mine\"", "\"Mine\"\ntiming = 5").starts_with("timing is 5; it takes a table"));
    assert!(said("\"Mine\"", "7").starts_with("name is 7; it takes a text"));
}

#[test]
fn a_value_needs_a_grade_and_a_source_that_the_file_tells() {
    let cases = [
        (
            "{ value = 1, grade = \"measured\" }",
            "core.inputs has the grade measured but no source",
        ),
        (
            "{ value = 1, grade = \"measured\", source = \"paper\" }",
            "core.inputs has the source 'paper', which the file does not tell; begin a table [sources.paper]",
        ),
        (
            "{ value = 1, grade = \"measured\", source = \"you\" }",
            "core.inputs has the source 'you'",
        ),
        (
            "{ value = 1, grade = \"unknown\" }",
            "core.inputs has the value 1 but the grade unknown",
        ),
        (
            "{ grade = \"measured\", source = \"paper\" }",
            "core.inputs has the grade measured but no value",
        ),
    ];
    for (value, expected) in cases {
        let error = added("core", &format!("inputs = {value}"));
        assert!(error.starts_with(expected), "{value}: {error}");
    }
    assert_eq!(
        added("sources.paper", "url = \"https://example.org\""),
        "sources.paper.title is missing; write who says it, where and when"
    );
}

#[test]
fn fields_that_do_not_go_together_are_both_named() {
    let cases = [
        (
            added("network", "reserved = [3, 16]"),
            "network.reserved is 16, but the chip's cores are 0 to 15",
        ),
        (
            added("network", "reserved = \"0-15\""),
            "network.reserved is all 16 cores, but none is left",
        ),
        (
            added("core", "synapse-bits = [1, 2, 3]"),
            "core.synapse-bits is a list of 3, but the chip has 16 cores",
        ),
        (
            added("chip", "cores = 15"),
            "chip.cores is 15, but network.width, network.height and network.cores-per-router make 16",
        ),
        (
            added("energy", "all-in = true"),
            "energy.all-in is yes, but energy.synaptic-operation is unknown",
        ),
        (
            added("energy", "all-in = true\nsynaptic-operation = 20\nhop-tree = 1"),
            "energy.hop-tree is given, but energy.all-in says",
        ),
        (
            added("energy", "core-watts = 1\nspike = 2"),
            "energy.spike is given, but energy.core-watts contains it",
        ),
        (
            said("\"mesh\"\nwidth = 4", "\"quadtree\"\nwidth = 2"),
            "network.shape is quadtree, but network.width and network.height are 2 and 4",
        ),
        (
            said(
                "width = 4\nheight = 4\ncores-per-router = 1",
                "width = 256\nheight = 256\ncores-per-router = 2",
            ),
            "network.width is 256, but that makes 131072 cores",
        ),
    ];
    for (error, expected) in cases {
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let error = said("width = 4", "width = = 4");
    assert!(
        error.starts_with("line 5 of the chip's file is no TOML"),
        "{error}"
    );
    assert!(added("core", "neurons = 3").contains("duplicate key"));
    let error = read_chip("mine", b"name = \"\xff\"").unwrap_err().to_string();
    assert_eq!(
        error,
        "the chip's file is no UTF-8 text (byte 8); save it as a TOML file in UTF-8"
    );
    let long = format!("{SHORT}# {}", "x".repeat(MAX_CHIP_BYTES));
    assert!(
        read(&long)
            .unwrap_err()
            .to_string()
            .contains("but at most 262144 are read")
    );
    let deep = format!("{SHORT}inputs = {}", "[".repeat(100_000));
    assert!(matches!(read(&deep), Err(ChipError::NotToml { .. })));
}

#[test]
fn a_chip_whose_mesh_is_unknown_says_what_to_fill_in() {
    let mut chip = Preset::Akida.chip();
    let error = chip.topology().unwrap_err().to_string();
    assert_eq!(
        error,
        "network.width of Akida AKD1000 is unknown; fill it in to place neurons on its cores"
    );
    for (key, value) in [
        ("network.width", "10"),
        ("network.height", "8"),
        ("network.cores-per-router", "1"),
    ] {
        field(key).unwrap().set(&mut chip, value).unwrap();
    }
    assert_eq!(chip.topology().unwrap().cores(), 80);
    assert_eq!(chip.check(), Ok(()));
}

#[test]
fn a_field_that_the_user_changes_is_chosen_by_the_user() {
    let mut chip = Preset::Loihi.chip();
    let spikes = field("energy.spike").unwrap();
    spikes.set(&mut chip, "10–20").unwrap();
    assert_eq!(
        chip.energy.spike,
        Graded::chosen(Span {
            low: 10.0,
            high: 20.0
        })
    );
    assert_eq!(spikes.text(&chip), "10–20");
    let error = spikes.set(&mut chip, "many").unwrap_err().to_string();
    assert_eq!(
        error,
        "energy.spike is 'many'; it takes 0 to 1000000000 pJ, or a range such as 2–3"
    );
    assert_eq!(
        spikes.text(&chip),
        "10–20",
        "a value that is refused changes nothing"
    );
    spikes.set(&mut chip, "").unwrap();
    assert_eq!(spikes.text(&chip), "unknown");
    assert_eq!(read_chip("loihi", chip.to_toml().as_bytes()), Ok(chip));
}

proptest! {
    #[test]
    fn no_damage_to_a_file_makes_the_reader_panic(
        preset in prop::sample::select(Preset::ALL.to_vec()),
        at in any::<prop::sample::Index>(), len in 0usize..40,
        with in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"[]{}=\",.-0123456789\n".to_vec())], 0..20),
    ) {
        let mut bytes = preset.toml().as_bytes().to_vec();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + len);
        bytes.splice(at..end, with);
        match read_chip("damaged", &bytes) {
            // What was read can be used and written.
            Ok(chip) => {
                let _ = chip.topology();
                prop_assert_eq!(read_chip("damaged", chip.to_toml().as_bytes()), Ok(chip));
            }
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{}", error),
        }
    }

    #[test]
    fn any_text_for_any_field_is_taken_or_refused_in_a_sentence(text in ".{0,12}", entry in 0..FIELDS.len()) {
        let mut chip = Preset::Classroom.chip();
        let entry = &FIELDS[entry];
        match entry.set(&mut chip, &text) {
            Ok(()) => prop_assert!(entry.set(&mut chip.clone(), &entry.text(&chip)).is_ok()),
            Err(error) => prop_assert!(error.to_string().starts_with(entry.key)),
        }
    }
}
