//! Does a network fit on a chip? What is said of it holds.

use crate::files::SHIPPED;
use crate::mapping::spiking;
use sdann::chip::spec::Preset;
use sdann::chip::{Fit, InputFrom, Limit, Limits, MappingOptions, fit_all};
use sdann::spiking::Digits;

#[test]
fn every_preset_says_whether_every_shipped_network_fits_and_what_binds() {
    for shipped in SHIPPED {
        let network = shipped.form("").unwrap();
        let spiking = spiking(&network, Digits::Binary);
        let clock = std::time::Instant::now();
        let fits: Vec<Fit> = fit_all(&spiking, &MappingOptions::default())
            .collect::<Result<_, _>>()
            .unwrap();
        println!("{}: {:?} for all presets", shipped.name, clock.elapsed());
        assert_eq!(fits.len(), Preset::ALL.len());
        for fit in &fits {
            let usage = fit.usage.as_ref();
            let cores = usage.map_or("-".into(), |usage| {
                format!("{} of {}", usage.cores, usage.available)
            });
            let binding = usage.and_then(|usage| usage.binding.as_ref());
            let binding = binding.map_or("-".into(), |b| format!("{} of {}", b.limit.label(), b.layer));
            let split = usage.map_or(0, |usage| usage.split.len());
            let problems: Vec<String> = fit.problems.iter().map(ToString::to_string).collect();
            println!(
                "  {}: {}, {cores} cores, {binding}, {split} split, {problems:?}",
                fit.name,
                fit.fits()
            );
            // Either it is laid out within all limits, or it is said why not.
            assert!(usage.is_some() || !fit.fits());
            for filled in usage.into_iter().flat_map(|usage| &usage.filled) {
                assert!(
                    filled.most <= filled.allowed && filled.fullest() <= 1.0,
                    "{}: {filled:?}",
                    fit.name
                );
                assert!(!fit.unknown.contains(&filled.limit));
            }
        }
    }
}

#[test]
fn what_is_known_of_a_chip_is_what_a_mapping_keeps_to() {
    let limits = Limits::of(&Preset::Darwin3.chip()).unwrap();
    assert_eq!((limits.topology.cores(), limits.available()), (576, 575));
    assert_eq!(limits.neurons, Some(4096));
    assert!(limits.unknown().contains(&Limit::SynapseMemory));
    let limits = Limits::of(&Preset::Loihi.chip()).unwrap();
    assert_eq!((limits.topology.cores_per_router, limits.available()), (4, 128));
    assert_eq!((limits.inputs, limits.outputs), (Some(4096), Some(4096)));
    assert!(matches!(limits.input, InputFrom::Port(_)) && limits.unicast_only);
}
