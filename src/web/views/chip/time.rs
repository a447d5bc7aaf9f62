//! How long a run takes, by the cycle-level model of the routers.

use super::energy::KnownProps;
use super::words::{link_name, node_name};
use crate::chip::Topology;
use crate::chip::noc::{BusiestLink, Nanoseconds};
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::views::words::{busiest, layer_name};
use crate::web::worker::{ChipTime, NetworkView};
use std::fmt::Write;
use yew::prelude::*;

/// What [`TimeCard`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct TimeProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run and its chip.
    pub of: KnownProps,
}

/// Cycles step by step, times, latencies, and where it jams.
#[component]
pub fn TimeCard(props: &TimeProps) -> Html {
    let KnownProps { run, known, step } = &props.of;
    let Ok((mapping, _)) = &run.chip else {
        return Html::default();
    };
    let body = match known.time(&run.0).map(|time| &**time) {
        None => html! { <p class="soft">{ "Routers are being followed, cycle by cycle…" }</p> },
        Some(Err(why)) => html! { <p>{ why }</p> },
        Some(Ok(time)) => table(&props.network, &mapping.topology, time, *step),
    };
    html! {
        <section class="card time-card" aria-labelledby="time-title">
            <header>
                <h2 id="time-title">{ "Time of this sample" }</h2>
                <p>{ "A step ends when its last spike has been delivered and added up" }</p>
            </header>
            { body }
        </section>
    }
}

fn table(network: &NetworkView, chip: &Topology, time: &ChipTime, step: usize) -> Html {
    let cycles = time.step_cycles.get(step).copied().unwrap_or(0);
    let row = |label: &'static str, value: String, detail: String| {
        html! { <tr><th scope="row">{ label }</th><td>{ value }</td><td class="soft">{ detail }</td></tr> }
    };
    let count = |cycles: u64| format::counted(cycles, "cycle", "cycles");
    let latency = &time.latency;
    let number =
        |cycles: Option<usize>| cycles.map_or("–".to_owned(), |cycles| format::count(cycles as u64));
    let jams: u64 = time.stalls.iter().map(|&stalls| u64::from(stalls)).sum();
    let jam = busiest(time.stalls.iter().copied()).filter(|&(_, stalls)| stalls > 0);
    let deepest = busiest(time.deepest.iter().copied()).filter(|&(_, depth)| depth > 0);
    let slowest = time
        .slowest_layer
        .map(|layer| format!("longest window: {}", layer_name(network, layer)));
    html! {
        <>
            { bars(&time.step_cycles, step) }
            <table class="doings figures">
                <tbody>
                    { row("this step", count(cycles.into()), String::new()) }
                    { row("a sample alone", count(time.sequential), nanoseconds(&time.times.sequential)) }
                    { row("one every, pipelined", count(time.beat), nanoseconds(&time.times.beat)) }
                    { row("a sample, pipelined", count(time.pipelined), nanoseconds(&time.times.pipelined)) }
                    { row(
                        "a packet, median",
                        latency.median.map_or("–".to_owned(), |cycles| count(cycles as u64)),
                        format!("95 % within {}, all within {}", number(latency.percentile_95), number(latency.max)),
                    ) }
                    { row("waits of packets", format::count(jams), jam.map_or(String::new(), |(router, stalls)| {
                        format!("most at {}, {}", node_name(chip, router), format::count(stalls.into()))
                    })) }
                    { row("longest queue", deepest.map_or("–".to_owned(), |(_, depth)| format::counted(depth.into(), "packet", "packets")),
                        deepest.map_or(String::new(), |(router, _)| format!("at {}", node_name(chip, router)))) }
                    { row("fullest link", time.busiest.map_or("–".to_owned(), |link| format::percent(link.load())),
                        time.busiest.as_ref().map_or(String::new(), |link| headroom(chip, link))) }
                </tbody>
            </table>
            if let Some(slowest) = slowest { <p class="card-note">{ slowest }</p> }
            if let Some(missing) = missing(&time.times.sequential) { <p class="card-note">{ missing }</p> }
        </>
    }
}

/// `(1, 0) → (2, 0); 3.2 times as dense would fill it`.
fn headroom(chip: &Topology, link: &BusiestLink) -> String {
    let name = link_name(chip, link.link).unwrap_or_default();
    format!(
        "{name}, step {} of its window; {} times as many spikes would fill it",
        link.step + 1,
        format::significant(link.headroom(), 2)
    )
}

/// Nanoseconds, if they are known at least in part.
fn nanoseconds(time: &Nanoseconds) -> String {
    let known = time
        .time
        .map(|span| format::span(span.low * 1e-9, span.high * 1e-9, "s"));
    match known {
        Some(known) if !time.missing.is_empty() => format!("at least {known}"),
        known => known.unwrap_or_default(),
    }
}

/// What a time lacks, once for all of them.
fn missing(time: &Nanoseconds) -> Option<String> {
    let missing: Vec<&str> = time.missing.iter().map(|missing| missing.label()).collect();
    let what = if time.time.is_some() {
        "Times lack"
    } else {
        "Seconds can’t be told without"
    };
    (!missing.is_empty()).then(|| format!("{what} what is unknown of this chip: {}", missing.join(", ")))
}

/// A bar for the cycles of each step, the present one marked.
fn bars(cycles: &[u32], step: usize) -> Html {
    let most = cycles.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    let bar = |path: &mut String, at: usize, cycles: u32| {
        let height = 100.0 * f64::from(cycles) / f64::from(most);
        let _ = write!(path, "M{at} 100h0.85v-{height:.2}h-0.85z");
    };
    for (at, &cycles) in cycles.iter().enumerate() {
        bar(&mut path, at, cycles);
    }
    let mut now = String::new();
    bar(&mut now, step, cycles.get(step).copied().unwrap_or(0));
    let label = format!(
        "Cycles of each of {} steps; the longest takes {}",
        cycles.len(),
        format::count(most.into())
    );
    html! {
        <svg class="step-bars" viewBox={format!("0 0 {} 100", cycles.len().max(1))} preserveAspectRatio="none" role="img" aria-label={label}>
            <path d={path} /><path class="now" d={now} />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::noc::Missing;
    use crate::chip::spec::Span;

    #[test]
    fn a_time_says_what_it_lacks() {
        let time = |time, missing: &[Missing]| Nanoseconds {
            time,
            missing: missing.to_vec(),
        };
        let plain = |time| nanoseconds(&time).replace(format::THIN, " ");
        assert_eq!(
            plain(time(
                Some(Span {
                    low: 1200.0,
                    high: 3400.0
                }),
                &[]
            )),
            "1.20–3.40 µs"
        );
        let partial = time(Some(Span::of(500.0)), &[Missing::Barrier]);
        assert_eq!(plain(partial.clone()), "at least 500 ns");
        assert_eq!(
            missing(&partial),
            Some("Times lack what is unknown of this chip: time of the barrier".into())
        );
        let unknown = time(None, &[Missing::Hop]);
        assert_eq!(plain(unknown.clone()), "");
        assert!(missing(&unknown).is_some_and(|words| words.starts_with("Seconds can’t be told without")));
    }
}
