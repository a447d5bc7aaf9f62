//! Programs on their way in: nothing of a file is believed that doesn't follow from its network and mapping.

use super::tables::{self, Core, Held, Route};
use super::{ChipTable, Document, FORMAT, Lists, ProgramError, VERSION};
use crate::arrays;
use crate::chip::spec::{Chip, read_chip};
use crate::chip::{InputFrom, Mapping, MappingOptions, Router, volumes};
use crate::quantize::QuantizedNetwork;
use crate::sdann_file::{self, Converted};
use crate::spiking::SpikingNetwork;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// No program may have more bytes than this (512 MiB).
pub const MAX_PROGRAM_BYTES: usize = 512 << 20;
/// The bytes of lists that can stand in it beside its text (320 MiB).
pub(super) const MAX_LIST_BYTES: usize = 320 << 20;
/// The most cores of a chip.
const MAX_CORES: usize = 1 << 20;

/// A program as it was read.
#[derive(Clone, Debug)]
pub struct LoadedProgram {
    /// The integer network.
    pub network: QuantizedNetwork,
    /// The spiking network.
    pub spiking: SpikingNetwork,
    /// Where each neuron is, and where its spikes go: that of the file's tables.
    pub router: Router,
    /// The chip.
    pub chip: Chip,
    /// The codes of the input of each sample in it.
    pub samples: Vec<Vec<i32>>,
}

/// What is read before the rest.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// The lists, before anything that stands in them.
#[derive(Deserialize)]
struct Tail {
    lists: Lists,
}

/// Whether `bytes` may be a program: its text begins with its format.
pub fn is_program(bytes: &[u8]) -> bool {
    let text: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .take(32)
        .collect();
    text.starts_with(format!("{{\"format\":\"{FORMAT}\"").as_bytes())
}

fn unreadable(error: &serde_json::Error) -> ProgramError {
    ProgramError::Text(error.to_string().chars().take(300).collect())
}

fn at(place: impl Into<String>) -> impl FnOnce(String) -> ProgramError {
    let place = place.into();
    move |problem| ProgramError::Mapping { place, problem }
}

/// Reads a program.
///
/// # Errors
/// A [`ProgramError`], one sentence for the user. Time and memory are bounded by what the file holds and by fixed
/// limits.
pub fn read(bytes: &[u8]) -> Result<LoadedProgram, ProgramError> {
    if bytes.len() > MAX_PROGRAM_BYTES {
        let problem = format!("it is larger than the supported {} MiB", MAX_PROGRAM_BYTES >> 20);
        return Err(ProgramError::Text(problem));
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?;
    if head.format != FORMAT {
        let found: String = head.format.chars().take(40).collect();
        return Err(ProgramError::Text(format!(
            "its format is '{found}', not {FORMAT}"
        )));
    }
    if head.version != u64::from(VERSION) {
        return Err(ProgramError::Version { found: head.version });
    }
    let lists = lists(bytes)?;
    let document: Document =
        arrays::reading(lists, || serde_json::from_slice(bytes)).map_err(|error| unreadable(&error))?;
    let Converted { network, spiking } =
        sdann_file::checked(document.name, document.network, &document.reference)?;
    let mapping = mapping(&document.chip, &document.cores, &spiking)?;
    let router = Router::new(&spiking, mapping);
    check_tables(&document.routes, &document.cores, &spiking, &router)?;
    if document.windows != tables::windows(&spiking) {
        return Err(at("windows")(
            "they aren't those of the network's layers, one after the other".into(),
        ));
    }
    let samples: Vec<Vec<i32>> = document
        .samples
        .into_iter()
        .map(|sample| sample.input.0)
        .collect();
    check_samples(&samples, &network)?;
    Ok(LoadedProgram {
        network,
        spiking,
        router,
        chip: read_chip(&document.chip.key, document.chip.toml.as_bytes())?,
        samples,
    })
}

/// The bytes of the lists.
fn lists(bytes: &[u8]) -> Result<Vec<u8>, ProgramError> {
    let Tail { lists } = serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?;
    let found = STANDARD
        .decode(lists.base64)
        .map_err(|error| ProgramError::Lists(format!("are no base 64 ({error})")))?;
    if found.len() != lists.bytes {
        let (found, expected) = (found.len(), lists.bytes);
        return Err(ProgramError::Lists(format!(
            "have {found} bytes, but must have {expected}"
        )));
    }
    let crc32 = crc32fast::hash(&found);
    if crc32 != lists.crc32 {
        return Err(ProgramError::Lists(format!(
            "have the CRC-32 {crc32:08x}, but must have {:08x}: something was changed",
            lists.crc32
        )));
    }
    Ok(found)
}

/// The mapping that the cores' neurons make.
fn mapping(chip: &ChipTable, cores: &[Core], spiking: &SpikingNetwork) -> Result<Mapping, ProgramError> {
    let topology = chip.topology;
    let extents = [topology.width, topology.height, topology.cores_per_router];
    let known = extents
        .iter()
        .map(|&extent| usize::from(extent))
        .product::<usize>();
    if !(1..=MAX_CORES).contains(&known) {
        return Err(at("chip")(format!(
            "it has {known} cores, but 1 to {MAX_CORES} are supported"
        )));
    }
    let volumes = volumes(spiking);
    if chip.tilings.len() != volumes.len() {
        let (found, expected) = (chip.tilings.len(), volumes.len());
        return Err(at("chip")(format!(
            "there are tilings of {found} tensors, but the network has {expected}"
        )));
    }
    let held: usize = cores.iter().map(|core| core.holds.len()).sum();
    let mut slices = 0usize;
    let mut first = Vec::with_capacity(chip.tilings.len());
    for (tensor, (tiling, volume)) in chip.tilings.iter().zip(&volumes).enumerate() {
        let block = tiling.block;
        let is_inside = [
            (block.channels, volume.channels),
            (block.height, volume.height),
            (block.width, volume.width),
        ];
        let is_inside = is_inside
            .iter()
            .all(|&(part, whole)| (1..=whole.max(1)).contains(&part));
        let is_tiling = tiling.volume == *volume && is_inside && (1..=held.max(1)).contains(&tiling.parts);
        if !is_tiling {
            let problem = format!("tensor {tensor} is cut in a way that isn't of its {volume:?}");
            return Err(at("chip")(problem));
        }
        first.push(slices);
        // Blocks are no more than neurons, parts no more than what the file holds.
        slices = slices.saturating_add(
            tiling
                .grid()
                .iter()
                .product::<usize>()
                .saturating_mul(tiling.parts),
        );
    }
    if slices != held {
        let problem = format!("they hold {held} slices, but the tensors are cut into {slices}");
        return Err(at("cores")(problem));
    }
    let mut core_of = vec![usize::MAX; slices];
    for core in cores {
        let place = || at(format!("core {}", core.core));
        if core.core >= known {
            return Err(place()(format!("the chip has but {known} cores, counted from 0")));
        }
        for held in &core.holds {
            let slot = slot(held, chip, &first).filter(|&slot| core_of[slot] == usize::MAX);
            let Some(slot) = slot else {
                let problem = format!(
                    "slice {} of tensor {} doesn't exist, or is held twice",
                    held.slice, held.tensor
                );
                return Err(place()(problem));
            };
            core_of[slot] = core.core;
        }
    }
    let options = MappingOptions {
        routing: chip.routing,
        delivery: chip.delivery,
        ..MappingOptions::default()
    };
    if let InputFrom::Port(core) = chip.input
        && (core >= known || chip.tilings[0].slices() != 1 || core_of[0] != core)
    {
        let problem = format!("its input comes in at core {core}, but isn't there as a whole");
        return Err(at("chip")(problem));
    }
    let tilings = chip.tilings.clone();
    let mut mapping = Mapping::new(topology, &options, tilings, |slice| core_of[slice]);
    mapping.input = chip.input;
    Ok(mapping)
}

/// The place of a slice among those of all tensors.
fn slot(held: &Held, chip: &ChipTable, first: &[usize]) -> Option<usize> {
    let tiling = chip.tilings.get(held.tensor)?;
    (held.slice < tiling.slices()).then(|| first[held.tensor] + held.slice)
}

/// Holds the file's tables against those that follow from network and mapping.
fn check_tables(
    routes: &[Route],
    cores: &[Core],
    spiking: &SpikingNetwork,
    router: &Router,
) -> Result<(), ProgramError> {
    let (expected_routes, expected_cores) = tables::of(spiking, router);
    let routes_differ = || routes.iter().zip(&expected_routes).position(|(a, b)| a != b);
    if routes != expected_routes {
        let place = routes_differ().map_or("routes".into(), |index| format!("route {index}"));
        return Err(at(place)(
            "it isn't where the network's spikes must go with this mapping".into(),
        ));
    }
    if cores.len() != expected_cores.len() {
        let problem = format!(
            "there are {} in the table, but {} hold neurons",
            cores.len(),
            expected_cores.len()
        );
        return Err(at("cores")(problem));
    }
    match cores.iter().zip(&expected_cores).find(|(a, b)| a != b) {
        None => Ok(()),
        Some((core, expected)) => {
            let what = match () {
                () if core.core != expected.core => "it isn't in ascending order",
                () if core.holds != expected.holds => "its neurons aren't those of its slices",
                () if core.sends != expected.sends => "its routing table isn't the one of its neurons",
                () if core.hears != expected.hears => "its axon table isn't the one of its neurons",
                () => "it isn't where its number says",
            };
            Err(at(format!("core {}", core.core))(what.into()))
        }
    }
}

fn check_samples(samples: &[Vec<i32>], network: &QuantizedNetwork) -> Result<(), ProgramError> {
    let input = network.input();
    for (index, codes) in samples.iter().enumerate() {
        let is_code = |&code: &i32| {
            input
                .affine
                .is_none_or(|a| (a.format.min()..=a.format.max()).contains(&code))
        };
        let problem = if codes.len() != input.len() {
            format!("it has {} codes, but the input has {}", codes.len(), input.len())
        } else if !codes.iter().all(is_code) {
            "it has a code that the input cannot hold".into()
        } else {
            continue;
        };
        return Err(at(format!("sample {index}"))(problem));
    }
    Ok(())
}
