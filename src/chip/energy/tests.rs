//! Sums worked out by hand, and the rule that holds for all chips.

use super::super::spec::{FieldSection, Preset, field};
use super::*;
use proptest::prelude::*;

fn near(found: Span, low: f64, high: f64) -> bool {
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    same(found.low, low) && same(found.high, high)
}

fn work() -> Work {
    Work {
        synaptic_operations: 1000,
        updates: 100,
        active_updates: Some(30),
        spikes: 50,
        packets: 60,
        packets_in: 70,
        hops_east_west: 20,
        hops_north_south: 10,
        cores: 2,
        ..Work::default()
    }
}

#[test]
fn each_kind_is_its_count_times_its_figure() {
    let energy = energy(&Preset::LoihiSanaFe.chip(), &work());
    // pJ: 24.0 and 35.5 × 1000; 72.8 × 30; 51.2 × 70; 69.3 × 50; 111 × 60; 3.0 × 20; 4.2 × 10
    let rest = 2184.0 + 3584.0 + 3465.0 + 6660.0 + 60.0 + 42.0;
    assert!(
        near(energy.total, (24_000.0 + rest) * 1e-12, (35_500.0 + rest) * 1e-12),
        "{energy:?}"
    );
    let spikes = energy.of(EnergyKind::Spike).expect("counted");
    assert!(near(spikes, 3465e-12, 3465e-12));
    assert!(energy.is_complete(), "{energy:?}");
    assert_eq!(energy.grade, Some(Grade::Secondary));
}

#[test]
fn an_unknown_figure_is_named_and_never_guessed() {
    let energy = energy(&Preset::Loihi.chip(), &work());
    // pJ: 23.6 × 1000; 81 × 30; 52 × 70; 1.7 × 70; 3.0 × 20; 4.0 × 10
    let sum = (23_600.0 + 2430.0 + 3640.0 + 119.0 + 60.0 + 40.0) * 1e-12;
    assert!(near(energy.total, sum, sum), "{energy:?}");
    assert_eq!(
        energy.missing,
        ["energy.spike", "energy.packet", "energy.packet-in"]
    );
    assert_eq!(energy.grade, Some(Grade::Simulated));
    assert_eq!(energy.of(EnergyKind::Spike), None);
}

#[test]
fn updates_that_are_not_told_apart_cost_between_inactive_and_active_ones() {
    let work = Work {
        updates: 100,
        ..Work::default()
    };
    assert!(near(
        energy(&Preset::Loihi.chip(), &work).total,
        5200e-12,
        8100e-12
    ));
}

#[test]
fn an_all_in_figure_is_never_mixed_with_its_parts() {
    let chip = Preset::TrueNorth.chip();
    let timed = Work {
        seconds: Some(Span::of(1.0)),
        ..work()
    };
    let energy = energy(&chip, &timed);
    assert!(near(energy.total, 26_000e-12, 26_000e-12), "{energy:?}");
    assert!(energy.is_complete());
    let contained = energy
        .parts
        .iter()
        .filter(|part| part.contained_in.is_some())
        .count();
    assert_eq!(contained, energy.parts.len() - 1);
    assert_eq!(energy.grade, Some(Grade::Measured));
}

#[test]
fn power_of_working_cores_contains_what_they_compute() {
    let chip = Preset::Spinnaker.chip();
    let timed = Work {
        seconds: Some(Span {
            low: 0.001,
            high: 0.002,
        }),
        ..work()
    };
    let found = energy(&chip, &timed);
    // 60 packets of 1 nJ; 0.35 W and 2 cores of 0.034 W, for 1 to 2 ms
    let low = 60e-9 + 0.35e-3 + 0.068e-3;
    let high = 60e-9 + 0.70e-3 + 0.136e-3;
    assert!(near(found.total, low, high), "{found:?}");
    let operations = &found.parts[0];
    assert_eq!(operations.contained_in, Some(EnergyKind::Core));
    let untimed = energy(&chip, &work());
    assert!(untimed.missing.contains(&"time".to_owned()), "{untimed:?}");
    assert!(near(untimed.total, 60e-9, 60e-9));
}

#[test]
fn idle_power_counts_only_if_a_time_is_given() {
    let chip = Preset::Loihi.chip();
    assert_eq!(energy(&chip, &work()).of(EnergyKind::Static), None);
    let timed = Work {
        seconds: Some(Span::of(0.5)),
        ..Work::default()
    };
    assert!(near(energy(&chip, &timed).total, 0.0522, 0.0522));
}

#[test]
fn what_an_operation_figure_contains_must_be_known_too() {
    let mut chip = Preset::Loihi.chip();
    chip.energy.all_in = Graded::default();
    let energy = energy(&chip, &work());
    assert!(energy.missing.contains(&"energy.all-in".to_owned()), "{energy:?}");
    for key in energy.missing {
        assert!(field(&key).is_ok(), "{key}");
    }
}

#[test]
fn no_work_costs_nothing_and_needs_no_figure() {
    for &preset in Preset::ALL {
        assert_eq!(
            energy(&preset.chip(), &Work::default()),
            Energy::default(),
            "{}",
            preset.key()
        );
    }
}

#[test]
fn the_sum_of_cores_costs_what_they_cost_together() {
    let chip = Preset::Classroom.chip();
    let mut all = work();
    all += work();
    let (one, both) = (energy(&chip, &work()).total, energy(&chip, &all).total);
    assert!(near(both, 2.0 * one.low, 2.0 * one.high));
    assert_eq!(all.active_updates, Some(60));
}

proptest! {
    #[test]
    fn every_part_is_in_the_total_in_another_part_or_named_as_missing(
        preset in prop::sample::select(Preset::ALL.to_vec()),
        counts in prop::array::uniform9(0u64..1 << 40),
        active in prop::option::of(0u64..1 << 41), seconds in prop::option::of(0.0..10.0f64),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[0-9]{1,4}|unknown"), 0..6),
    ) {
        let mut chip = preset.chip();
        for (index, text) in edits {
            let figures: Vec<_> = FieldSection::Energy.fields().collect();
            // A figure may be refused: all-in is no number.
            let _ = index.get(&figures).set(&mut chip, &text);
        }
        let [synaptic_operations, updates, spikes, packets, packets_in, east, north, tree, cores] = counts;
        let work = Work {
            synaptic_operations, updates, active_updates: active, spikes, packets, packets_in,
            hops_east_west: east, hops_north_south: north, hops_tree: tree, cores,
            seconds: seconds.map(Span::of),
        };
        let energy = energy(&chip, &work);
        let mut sum = Span::default();
        for part in &energy.parts {
            match (part.joules, part.contained_in) {
                (Some(joules), None) => {
                    prop_assert!(0.0 <= joules.low && joules.low <= joules.high);
                    sum = sum + joules;
                }
                (None, Some(container)) => {
                    prop_assert!(energy.parts.iter().any(|part| part.kind == container && part.contained_in.is_none())
                        || container == EnergyKind::SynapticOperation && synaptic_operations == 0
                        || container == EnergyKind::Core && cores == 0);
                }
                (None, None) => prop_assert!(!energy.is_complete(), "{:?}", part),
                (Some(_), Some(_)) => prop_assert!(false, "counted twice: {:?}", part),
            }
        }
        prop_assert_eq!(sum, energy.total);
    }
}
