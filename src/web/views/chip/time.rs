//! How long a run takes, by the cycle-level model of the routers.

use super::energy::KnownProps;
use super::words::{link_name, node_name};
use crate::chip::Topology;
use crate::chip::noc::{BusiestLink, Nanoseconds};
use crate::web::components::Card;
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::tables::term;
use crate::web::views::words::{busiest, layer_name};
use crate::web::worker::{ChipTime, NetworkView};
use rust_i18n::t;
use std::borrow::Cow;
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
        None => html! { <p class="soft">{ t!("time.busy") }</p> },
        Some(Err(why)) => html! { <p>{ why }</p> },
        Some(Ok(time)) => table(&props.network, &mapping.topology, time, *step),
    };
    html! {
        <Card name="time" title={t!("time.title").into_owned()} aside={html! { <p>{ t!("time.about") }</p> }}>{ body }</Card>
    }
}

fn table(network: &NetworkView, chip: &Topology, time: &ChipTime, step: usize) -> Html {
    let cycles = time.step_cycles.get(step).copied().unwrap_or(0);
    let row = |label: Cow<'static, str>, value: String, detail: Cow<'static, str>| {
        html! { <tr><th scope="row">{ label }</th><td>{ value }</td><td class="soft">{ detail }</td></tr> }
    };
    let count = |cycles: u64| format::count_of(cycles, "cycle");
    let latency = &time.latency;
    let number =
        |cycles: Option<usize>| cycles.map_or("–".to_owned(), |cycles| format::count(cycles as u64));
    let jams: u64 = time.stalls.iter().map(|&stalls| u64::from(stalls)).sum();
    let jam = busiest(time.stalls.iter().copied()).filter(|&(_, stalls)| stalls > 0);
    let deepest = busiest(time.deepest.iter().copied()).filter(|&(_, depth)| depth > 0);
    let slowest = time
        .slowest_layer
        .map(|layer| t!("time.slowest", layer = layer_name(network, layer)));
    html! {
        <>
            { bars(&time.step_cycles, step) }
            <table class="doings figures">
                <tbody>
                    { row(t!("time.this-step"), count(cycles.into()), Cow::default()) }
                    { row(t!("time.alone"), count(time.sequential), nanoseconds(&time.times.sequential).into()) }
                    { row(t!("time.beat"), count(time.beat), nanoseconds(&time.times.beat).into()) }
                    { row(t!("time.pipelined"), count(time.pipelined), nanoseconds(&time.times.pipelined).into()) }
                    { row(
                        t!("time.packet"),
                        latency.median.map_or("–".to_owned(), |cycles| count(cycles as u64)),
                        t!("time.within", most = number(latency.percentile_95), all = number(latency.max)),
                    ) }
                    { row(t!("time.waits"), format::count(jams), jam.map_or(Cow::default(), |(router, stalls)| {
                        t!("time.most-at", router = node_name(chip, router), number = format::count(stalls.into()))
                    })) }
                    { row(t!("time.queue"), deepest.map_or("–".to_owned(), |(_, depth)| format::count_of(depth.into(), "packet")),
                        deepest.map_or(Cow::default(), |(router, _)| t!("time.at", router = node_name(chip, router)))) }
                    { row(t!("time.fullest"), time.busiest.map_or("–".to_owned(), |link| format::percent(link.load())),
                        time.busiest.as_ref().map_or(Cow::default(), |link| headroom(chip, link))) }
                </tbody>
            </table>
            if let Some(slowest) = slowest { <p class="card-note">{ slowest }</p> }
            if let Some(missing) = missing(&time.times.sequential) { <p class="card-note">{ missing }</p> }
        </>
    }
}

/// `(1, 0) → (2, 0); 3.2 times as dense would fill it`.
fn headroom(chip: &Topology, link: &BusiestLink) -> Cow<'static, str> {
    let name = link_name(chip, link.link).unwrap_or_default();
    let times = format::significant(link.headroom(), 2);
    t!("time.headroom", link = name, step = link.step + 1, times = times)
}

/// Nanoseconds, if they are known at least in part.
fn nanoseconds(time: &Nanoseconds) -> String {
    let known = time
        .time
        .map(|span| format::span(span.low * 1e-9, span.high * 1e-9, "s"));
    match known {
        Some(known) if !time.missing.is_empty() => t!("time.at-least", time = known).into_owned(),
        known => known.unwrap_or_default(),
    }
}

/// What a time lacks, once for all of them.
fn missing(time: &Nanoseconds) -> Option<String> {
    let missing = time.missing.iter().map(|missing| term(missing.label()));
    let missing: Vec<Cow<'_, str>> = missing.collect();
    let key = if time.time.is_some() {
        "time.times-lack"
    } else {
        "time.no-seconds"
    };
    (!missing.is_empty()).then(|| t!(key, what = missing.join(", ")).into_owned())
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
    let label = t!(
        "time.bars",
        steps = cycles.len(),
        most = format::count(most.into())
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
