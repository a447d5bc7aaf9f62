//! The run as a document: a file of its own, with all that is needed to make the run again.

use super::DialogProps;
use crate::settings::{SETTINGS, Settings};
use crate::web::address::address_of;
use crate::web::command::command_line;
use crate::web::components::dialog::DialogFrame;
use crate::web::components::sample_picker::caption;
use crate::web::format::{count, percent, significant, span};
use crate::web::later::Module;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch, Notice, Shown, State};
use crate::web::task::Task;
use crate::web::verdict::{Verdict, measured_in_words};
use crate::web::view::View;
use crate::web::views::full_name;
use js_sys::{Array, Date};
use rust_i18n::t;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

/// How long a view may take to be complete before its pictures are taken as they are, in ms.
const PATIENCE: f64 = 20_000.0;

/// A card's picture.
#[derive(Clone, PartialEq)]
struct Picture {
    title: String,
    /// A data address.
    source: AttrValue,
    width: f64,
}

/// How far pictures are taken.
#[derive(Clone, PartialEq)]
enum Taking {
    /// Those of this view.
    Of(View),
    /// All are there.
    Done,
    /// Some can't be taken.
    Failed(String),
}

/// The document, as it will be saved, and buttons that save and print it.
#[component]
pub(super) fn ReportDialog(props: &DialogProps) -> Html {
    let article = use_node_ref();
    let (pictures, taking) = use_pictures(&props.state, &props.dispatch);
    let date = use_memo((), |()| Date::new_0());
    let call = |function: &'static str| {
        let (article, dispatch) = (article.clone(), props.dispatch.clone());
        let name = format!("{}-report.html", props.state.model_key());
        Callback::from(move |_: MouseEvent| {
            let Some(article) = article.cast::<Element>() else {
                return;
            };
            let (name, dispatch) = (JsValue::from_str(&name), dispatch.clone());
            spawn_local(async move {
                if let Err(why) = Module::TakeAway.call(function, &[article.into(), name]).await {
                    dispatch.dispatch(Action::Complain(Notice::error(t!("bring.no_file"), why)));
                }
            });
        })
    };
    let is_busy = matches!(taking, Taking::Of(_));
    let words = match &taking {
        Taking::Of(view) => t!("bring.report_taking", view = view.label()),
        Taking::Done => t!("bring.report_done"),
        Taking::Failed(why) => t!("bring.report_failed", why = why),
    };
    let Some(shown) = &props.state.shown else {
        return Html::default();
    };
    html! {
        <DialogFrame name="report" title={t!("bring.report").into_owned()} on_close={props.on_close.clone()}>
            <div class="button-row report-bar">
                <p role="status">{ words }</p>
                <button type="button" class="button button-accent" onclick={call("saveReport")} disabled={is_busy}>{ t!("bring.report_save") }</button>
                <button type="button" class="button" onclick={call("print")} disabled={is_busy}>{ t!("bring.report_print") }</button>
            </div>
            <div class="report-place" tabindex="0" role="region" aria-label={t!("bring.report_preview").into_owned()}>
                <article class="report" ref={article}>
                    { document(&props.state, shown, &date, &pictures) }
                </article>
            </div>
        </DialogFrame>
    }
}

/// Opens one view after the other, takes the pictures of its cards, and comes back.
#[hook]
fn use_pictures(state: &ByPtr<State>, dispatch: &Dispatch) -> (Vec<Picture>, Taking) {
    let pictures = use_state(Vec::new);
    let taking = use_state(|| Taking::Of(View::default()));
    let (now, dispatch) = (state.view, dispatch.clone());
    use_effect_with((), {
        let (pictures, taking) = (pictures.setter(), taking.setter());
        move |()| {
            let is_cancelled = Rc::new(Cell::new(false));
            let cancelled = is_cancelled.clone();
            spawn_local(async move {
                let mut all = Vec::new();
                let mut end = Taking::Done;
                for &view in View::ALL {
                    if cancelled.get() {
                        break;
                    }
                    taking.set(Taking::Of(view));
                    dispatch.dispatch(Action::Show(view));
                    match taken().await {
                        Ok(some) => all.extend(some),
                        Err(why) => end = Taking::Failed(why),
                    }
                    pictures.set(all.clone());
                }
                dispatch.dispatch(Action::Show(now));
                taking.set(end);
            });
            move || is_cancelled.set(true)
        }
    });
    ((*pictures).clone(), (*taking).clone())
}

/// Pictures of the cards that are seen now, once they are complete.
async fn taken() -> Result<Vec<Picture>, String> {
    Module::TakeAway.call("settled", &[PATIENCE.into()]).await?;
    let taken = Module::TakeAway.call("pictures", &[]).await?;
    let picture = |picture: JsValue| {
        let parts = Array::from(&picture);
        Some(Picture {
            title: parts.get(0).as_string()?,
            source: parts.get(1).as_string()?.into(),
            width: parts.get(2).as_f64()?,
        })
    };
    Ok(Array::from(&taken).iter().filter_map(picture).collect())
}

fn document(state: &State, shown: &Shown, date: &Date, pictures: &[Picture]) -> Html {
    let address = address_of(&state.link().shortened());
    let when = String::from(date.to_iso_string()).replace('T', " ");
    let when = when.get(..16).unwrap_or_default();
    let about = t!(
        "bring.report_about",
        version = env!("CARGO_PKG_VERSION"),
        date = when
    );
    let Verdict { claim, details, .. } = Verdict::of(state);
    let remarks = state.report();
    let remark = |finding: &crate::explore::report::Finding| {
        html! { <li><b>{ full_name(&shown.network, finding.layer) }</b>{ " " }{ &finding.sentence }</li> }
    };
    html! {
        <>
            <h1>{ t!("bring.report_title", model = &shown.network.name) }</h1>
            <p class="report-soft">{ about }{ " UTC · " }<a href={address.clone()}>{ t!("bring.report_link") }</a></p>
            <p class="report-claim"><strong>{ claim }</strong>{ for details.iter().map(|detail| html! { <span>{ detail }</span> }) }</p>
            { table(&t!("bring.report_figures"), &[], figures(state, shown)) }
            { table(&t!("bring.report_layers"), &LAYER_COLUMNS, layers(state, shown)) }
            { table(&t!("bring.report_chip"), &[], chip(state, shown)) }
            if let Some(report) = &remarks {
                <h2>{ t!("bring.report_findings") }</h2>
                <ul>{ for report.findings.iter().map(remark) }</ul>
            }
            { table(&t!("bring.report_settings"), &["setting", "value", "default"], settings(&shown.run.settings)) }
            <h2>{ t!("bring.command") }</h2>
            <p class="report-command"><code>{ command_line(state) }</code></p>
            <h2>{ t!("bring.report_pictures") }</h2>
            { for pictures.iter().map(|picture| html! {
                <figure><figcaption>{ &picture.title }</figcaption>
                    <img src={picture.source.clone()} alt={picture.title.clone()} style={format!("width:{}px", picture.width)} /></figure>
            }) }
        </>
    }
}

/// What a cell shows, and its number where it is rounded.
type Entry = (String, Option<f64>);

fn exact(number: u64) -> Entry {
    (count(number), Some(number as f64))
}

fn words(text: impl Into<String>) -> Entry {
    (text.into(), None)
}

/// A table whose rows begin with their names; `columns` are keys of texts.
fn table(title: &str, columns: &[&str], rows: Vec<(String, Vec<Entry>)>) -> Html {
    if rows.is_empty() {
        return Html::default();
    }
    let row = |(name, cells): &(String, Vec<Entry>)| {
        let cells = cells.iter().map(|(text, value)| {
            html! { <td data-value={value.map(|value| value.to_string())}>{ text }</td> }
        });
        html! { <tr><th scope="row">{ name }</th>{ for cells }</tr> }
    };
    let head = |key: &&str| html! { <th scope="col">{ t!(format!("bring.column_{key}")) }</th> };
    html! {
        <>
            <h2>{ title.to_owned() }</h2>
            <table>
                if !columns.is_empty() { <thead><tr>{ for columns.iter().map(head) }</tr></thead> }
                <tbody>{ for rows.iter().map(row) }</tbody>
            </table>
        </>
    }
}

fn named(key: &str, cell: Entry) -> (String, Vec<Entry>) {
    (t!(format!("bring.figure_{key}")).into_owned(), vec![cell])
}

/// What the badge knows, in full.
fn figures(state: &State, shown: &Shown) -> Vec<(String, Vec<Entry>)> {
    let mut rows = Vec::new();
    if let Some(loaded) = &state.loaded {
        rows.push(named("sample", words(caption(loaded, Some(&shown.sample)))));
    }
    let task = Task::of(&shown.network);
    if task == Task::Classes {
        let class = |index: usize| {
            let name = shown.classes.get(index).cloned();
            words(name.unwrap_or_else(|| index.to_string()))
        };
        rows.push(named("answer", class(shown.run.winner)));
        rows.push(named("reference", class(shown.run.reference_winner)));
    }
    rows.push(named("steps", exact(state.steps() as u64)));
    let counts = state.agreement.as_ref();
    let Some(counts) = counts.filter(|counts| counts.settings == shown.run.settings) else {
        return rows;
    };
    let agreement = &counts.agreement;
    rows.push(named("counted", exact(agreement.counted as u64)));
    rows.push(named("codes", exact(agreement.codes_equal as u64)));
    if task == Task::Classes {
        rows.push(named("labels", exact(agreement.labels_equal as u64)));
    }
    if let Some(quality) = &agreement.quality {
        let both = [("spiking", quality.spiking()), ("quantized", quality.reference())];
        for (key, value) in both {
            if let Some(value) = value {
                rows.push(named(key, (measured_in_words(quality, value), Some(value))));
            }
        }
    }
    rows
}

const LAYER_COLUMNS: [&str; 9] = [
    "layer",
    "neurons",
    "synapses",
    "i_max",
    "register",
    "m0",
    "overflows",
    "spikes",
    "equal",
];

fn layers(state: &State, shown: &Shown) -> Vec<(String, Vec<Entry>)> {
    let counts = state.agreement.as_ref();
    let counts = counts.filter(|counts| counts.settings == shown.run.settings);
    let layers = shown.network.layers.iter().zip(&shown.run.plans).enumerate();
    let row = |(index, (layer, plan)): (
        usize,
        (&crate::web::worker::LayerView, &crate::spiking::LayerPlan),
    )| {
        let counted = counts.and_then(|counts| counts.agreement.layers.get(index));
        let of = |number: fn(&crate::explore::LayerAgreement) -> u64| {
            counted.map_or_else(|| words("–"), |layer| exact(number(layer)))
        };
        let share = counted.filter(|layer| layer.codes > 0);
        let share = share.map_or_else(
            || words("–"),
            |layer| {
                let share = layer.equal as f64 / layer.codes as f64;
                (percent(share), Some(share))
            },
        );
        let cells = vec![
            exact(layer.connections.output.len() as u64),
            exact(layer.synapses),
            exact(plan.i_max.unsigned_abs()),
            exact(plan.narrowest_register.into()),
            (significant(plan.m0(), 4), Some(plan.m0())),
            of(|layer| layer.overflows),
            of(|layer| layer.spikes),
            share,
        ];
        (full_name(&shown.network, index), cells)
    };
    layers.map(row).collect()
}

fn chip(state: &State, shown: &Shown) -> Vec<(String, Vec<Entry>)> {
    let (mapping, traffic) = match &shown.run.chip {
        Ok(chip) => chip,
        Err(problem) => return vec![named("misfit", words(problem.to_string()))],
    };
    let sum = |counts: &[u32]| exact(counts.iter().map(|&count| u64::from(count)).sum());
    let mut rows = Vec::new();
    if let Some(chip) = &state.known_chip.chip {
        rows.push(named("chip", words(chip.name.clone())));
    }
    rows.push(named("cores", exact(mapping.used() as u64)));
    rows.push(named("all_cores", exact(mapping.topology.cores() as u64)));
    rows.push(named("spikes", sum(&traffic.spikes)));
    rows.push(named("packets", sum(&traffic.sent)));
    rows.push(named("hops", exact(traffic.hops.iter().sum())));
    rows.push(named("operations", sum(&traffic.operations)));
    rows.push(named("updates", sum(&traffic.updates)));
    if let Some(figures) = state.known_chip.figures(&shown.run)
        && figures.energy.grade.is_some()
    {
        let total = &figures.energy.total;
        rows.push(named("energy", words(span(total.low, total.high, "J"))));
    }
    if let Some(Ok(time)) = state.known_chip.time(&shown.run).map(|time| &**time) {
        rows.push(named("cycles", exact(time.sequential)));
    }
    rows
}

fn settings(settings: &Settings) -> Vec<(String, Vec<Entry>)> {
    let default = Settings::default();
    let row = |setting: &&'static crate::settings::Setting| {
        let value = |of: &Settings| {
            let value = setting.get(of);
            let number = value.parse().ok();
            (value, number)
        };
        (setting.key.to_owned(), vec![value(settings), value(&default)])
    };
    SETTINGS.iter().collect::<Vec<_>>().iter().map(row).collect()
}
