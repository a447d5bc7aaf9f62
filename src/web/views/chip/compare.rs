//! Before and after: the pinned chip beside the present one, and what has changed.

use super::counts::{Measure, Scope, use_counts};
use super::energy::run_energy;
use super::picture::CorePicture;
use super::scene::use_scene;
use super::words::{chip_name, link_name};
use crate::chip::Traffic;
use crate::web::components::{Card, Hinted, hint_id};
use crate::web::format;
use crate::web::plots::ByPtr;
use crate::web::selection::Select;
use crate::web::state::{KnownChip, Pinned};
use crate::web::views::words::busiest;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::borrow::Cow;
use std::rc::Rc;
use yew::prelude::*;

/// Room for each picture in CSS pixels.
const ROOM: (u32, u32) = (360, 300);

/// What [`CompareCard`] takes.
#[derive(Clone, Properties)]
pub struct CompareProps {
    /// What the chip is compared with; `None` if nothing is pinned.
    pub pinned: Option<Rc<Pinned>>,
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The present run.
    pub run: ByPtr<RunView>,
    /// What is known of its chip.
    pub known: KnownChip,
    /// Pin or forget.
    pub on_pin: Callback<bool>,
    /// Called with a core of the present chip.
    pub on_select: Callback<Select>,
}

impl PartialEq for CompareProps {
    fn eq(&self, other: &Self) -> bool {
        self.pinned.as_ref().map(Rc::as_ptr) == other.pinned.as_ref().map(Rc::as_ptr)
            && self.network == other.network
            && self.run == other.run
            && self.known == other.known
    }
}

/// Two chips and a table.
#[component]
pub fn CompareCard(props: &CompareProps) -> Html {
    let Some(pinned) = &props.pinned else {
        let onclick = props.on_pin.reform(|_: MouseEvent| true);
        return html! {
            <Card name="compare" class="wide" title={t!("compare.title").into_owned()} aside={html! { <p>{ t!("compare.how") }</p> }}>
                <div><Hinted name="compare"><button type="button" class="button" aria-describedby={hint_id("compare")} {onclick}>
                    { t!("compare.keep") }</button></Hinted></div>
            </Card>
        };
    };
    let (before_network, before_run) = (
        ByPtr(pinned.shown.network.clone()),
        ByPtr(pinned.shown.run.clone()),
    );
    let rows = rows(
        &Figures::of(&before_run, &pinned.known),
        &Figures::of(&props.run, &props.known),
    );
    let on_again = props.on_pin.reform(|_: MouseEvent| true);
    let on_forget = props.on_pin.reform(|_: MouseEvent| false);
    html! {
        <Card name="compare" class="wide" title={t!("compare.title").into_owned()} aside={html! { <p>{ t!("compare.about") }</p> }}>
            <div class="compare">
                <Side title={t!("compare.before").into_owned()} network={before_network} run={before_run} on_select={Callback::noop()} />
                <Side title={t!("compare.now").into_owned()} network={props.network.clone()} run={props.run.clone()} on_select={props.on_select.clone()} />
                <div class="scroll" tabindex="0" role="region" aria-label={t!("compare.changed")}>
                    <table class="doings figures">
                        <thead><tr><td /><th scope="col">{ t!("compare.before") }</th><th scope="col">{ t!("compare.now") }</th><th scope="col">{ t!("compare.change") }</th></tr></thead>
                        <tbody>{ for rows.iter().map(Row::view) }</tbody>
                    </table>
                </div>
            </div>
            <div class="compare-buttons">
                <button type="button" class="button" onclick={on_again}>{ t!("compare.keep-instead") }</button>
                <button type="button" class="button" onclick={on_forget}>{ t!("compare.forget") }</button>
            </div>
        </Card>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct SideProps {
    title: AttrValue,
    network: ByPtr<NetworkView>,
    run: ByPtr<RunView>,
    on_select: Callback<Select>,
}

/// One of the two chips.
#[component]
fn Side(props: &SideProps) -> Html {
    let scene = use_scene(&props.network, &props.run);
    let counts = use_counts(&props.run, Measure::Packets, Scope::Total, None, 0);
    let Ok((mapping, _)) = &props.run.chip else {
        return html! { <figure><figcaption>{ &props.title }</figcaption><p>{ t!("compare.misfit") }</p></figure> };
    };
    let chip = chip_name(&mapping.topology);
    let label = t!("compare.side", when = props.title, chip = chip).into_owned();
    html! {
        <figure>
            <figcaption>{ &label }</figcaption>
            <CorePicture scene={ByPtr(scene)} counts={ByPtr(counts)} step={0} chosen={usize::MAX} room={ROOM} {label}
                on_select={props.on_select.clone()} on_hover={Callback::noop()} />
        </figure>
    }
}

/// What two mappings are compared by.
#[derive(Clone, Debug, Default, PartialEq)]
struct Figures {
    cores: Option<f64>,
    packets: Option<f64>,
    hops: Option<f64>,
    link: Option<f64>,
    link_name: String,
    joules: Option<f64>,
    cycles: Option<f64>,
}

impl Figures {
    fn of(run: &ByPtr<RunView>, known: &KnownChip) -> Self {
        let Ok((mapping, traffic)) = &run.chip else {
            return Self::default();
        };
        let joules = run_energy(known, run).filter(|energy| energy.grade.is_some());
        let time = known.time(&run.0).and_then(|time| (**time).as_ref().ok());
        Self {
            joules: joules.map(|energy| (energy.total.low + energy.total.high) / 2.0),
            cycles: time.map(|time| time.sequential as f64),
            ..Self::of_traffic(mapping.used(), traffic)
        }
    }

    fn of_traffic(cores: usize, traffic: &Traffic) -> Self {
        let links = traffic.total(&traffic.links, 0..traffic.steps);
        let link = busiest(links).filter(|&(_, packets)| packets > 0);
        let packets: u64 = traffic.sent.iter().map(|&sent| u64::from(sent)).sum();
        Self {
            cores: Some(cores as f64),
            packets: Some(packets as f64),
            hops: Some(traffic.hops.iter().sum::<u64>() as f64),
            link: Some(link.map_or(0.0, |(_, packets)| packets as f64)),
            link_name: link
                .and_then(|(link, _)| link_name(&traffic.topology, link))
                .unwrap_or_default(),
            joules: None,
            cycles: None,
        }
    }
}

/// A line of the table.
#[derive(Debug, PartialEq)]
struct Row {
    label: Cow<'static, str>,
    before: String,
    now: String,
    change: String,
    /// Whether less is there now; `None` if it is the same, or one is unknown.
    is_less: Option<bool>,
}

impl Row {
    fn new(
        label: impl Into<Cow<'static, str>>,
        before: Option<f64>,
        now: Option<f64>,
        write: impl Fn(f64) -> String,
    ) -> Self {
        let text = |number: Option<f64>| number.map_or("–".to_owned(), &write);
        let both = before.zip(now);
        let change = match both {
            Some((before, now)) if before == now => t!("compare.same").into_owned(),
            Some((before, now)) if before > 0.0 => {
                let share = (now - before) / before;
                let arrow = if share < 0.0 { "↓" } else { "↑" };
                format!("{arrow} {}", format::percent(share.abs()))
            }
            Some(_) => "↑".to_owned(),
            None => String::new(),
        };
        Self {
            label: label.into(),
            before: text(before),
            now: text(now),
            change,
            is_less: both
                .filter(|(before, now)| before != now)
                .map(|(before, now)| now < before),
        }
    }

    fn view(&self) -> Html {
        let class = self.is_less.map(|is_less| if is_less { "ok" } else { "bad" });
        html! {
            <tr>
                <th scope="row">{ self.label.clone() }</th><td>{ &self.before }</td><td>{ &self.now }</td><td {class}>{ &self.change }</td>
            </tr>
        }
    }
}

fn rows(before: &Figures, now: &Figures) -> Vec<Row> {
    let count = |number: f64| format::count(number as u64);
    let joules = |number: f64| format::quantity(number, "J");
    let mut rows = vec![
        Row::new(t!("compare.cores"), before.cores, now.cores, count),
        Row::new(t!("compare.packets"), before.packets, now.packets, count),
        Row::new(t!("compare.hops"), before.hops, now.hops, count),
        Row::new(t!("compare.link"), before.link, now.link, count),
        Row::new(t!("compare.energy"), before.joules, now.joules, joules),
        Row::new(t!("compare.cycles"), before.cycles, now.cycles, count),
    ];
    for (number, name) in [(0, &before.link_name), (1, &now.link_name)] {
        let cell = if number == 0 {
            &mut rows[3].before
        } else {
            &mut rows[3].now
        };
        if !name.is_empty() {
            *cell = format!("{cell}, {name}");
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::tests::traffic;
    use super::*;

    #[test]
    fn changes_are_said_in_percent_with_an_arrow() {
        let row = |before, now| Row::new("hops", before, now, |n| format::count(n as u64));
        let fewer = row(Some(200.0), Some(150.0));
        assert_eq!(
            (fewer.change.as_str(), fewer.is_less),
            ("↓ 25.0\u{202f}%", Some(true))
        );
        assert_eq!(row(Some(4.0), Some(8.0)).change, "↑ 100\u{202f}%");
        assert_eq!(row(Some(4.0), Some(4.0)).change, "same");
        assert_eq!(row(None, Some(4.0)).change, "");
        assert_eq!(row(None, Some(4.0)).before, "–");
    }

    #[test]
    fn figures_are_those_of_the_traffic() {
        let (mapping, traffic) = traffic();
        let figures = Figures::of_traffic(mapping.used(), &traffic);
        assert_eq!((figures.cores, figures.packets), (Some(3.0), Some(7.0)));
        assert_eq!((figures.hops, figures.link), (Some(7.0), Some(7.0)));
        assert_eq!(figures.link_name, "(0, 0) → (1, 0)");
    }
}
