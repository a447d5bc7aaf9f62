//! The register against what each layer's membrane needs.

use super::super::words::{full_name, layer_name};
use super::line::WidthLine;
use crate::explore::Agreement;
use crate::settings::setting;
use crate::spiking::{Conversion, LayerPlan, MAX_REGISTER_BITS, MIN_REGISTER_BITS, Scaling};
use crate::web::components::{Card, Choices, Hinted, hint_id};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::state::{Action, Dispatch};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// What [`RegistersCard`] takes.
#[derive(Properties, PartialEq)]
pub struct RegistersProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run, whose plans are shown.
    pub run: ByPtr<RunView>,
    /// Counts over all samples, as far as they are.
    pub agreement: Option<ByPtr<Agreement>>,
    /// The register's width as it is set, which may be ahead of the run's.
    pub bits: u8,
    /// The chosen layer.
    pub layer: usize,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// Kinds of scaled integration, with their words in the table of settings.
const SCALINGS: [(Scaling, &str); 3] = [
    (Scaling::Off, "off"),
    (Scaling::Calibrated, "calibrated"),
    (Scaling::Guaranteed, "guaranteed"),
];

/// Widths that have a tick.
const TICKS: [u8; 5] = [0, 8, 16, 24, 32];

/// A bar for each layer, and the register as a line across them.
#[component]
pub fn RegistersCard(props: &RegistersProps) -> Html {
    let (plans, conversion) = (&props.run.plans, props.run.settings.conversion);
    let dispatch = props.dispatch.clone();
    let on_choose = Callback::from(move |index: usize| {
        if let Ok(setting) = setting("scaling") {
            dispatch.dispatch(Action::Set(setting, SCALINGS[index].1.to_owned()));
        }
    });
    let options = SCALINGS
        .map(|(_, word)| AttrValue::from(t!(format!("calibration.registers.scaling-{word}")).into_owned()));
    let chosen = SCALINGS
        .iter()
        .position(|(scaling, _)| *scaling == conversion.scaling);
    let aside = html! {
        <Hinted name="calibration-scaling">
            <Choices name="calibration-scaling" label={t!("calibration.registers.scaling").into_owned()} options={options.to_vec()}
                described_by={AttrValue::from(hint_id("calibration-scaling"))} chosen={chosen.unwrap_or(0)} {on_choose} />
        </Hinted>
    };
    let tick = |bits: u8| html! { <span style={format!("left:{:.2}%", at(bits))}>{ bits }</span> };
    html! {
        <Card name="registers" title={t!("calibration.registers.title").into_owned()} {aside}>
            <p class="card-note">{ t!("calibration.registers.note") }</p>
            <p class="registers-words">{ summary(plans, &conversion) }</p>
            <div class="registers">
                <div class="registers-head" aria-hidden="true">
                    <span>{ t!("calibration.registers.layer") }</span>
                    <div class="registers-ticks">{ for TICKS.into_iter().map(tick) }</div>
                    <div class="registers-facts">
                        <span>{ t!("calibration.registers.needs") }</span><span>{ t!("calibration.registers.margin") }</span>
                        <span>{ "M₀" }</span><span>{ t!("calibration.registers.overflows") }</span>
                    </div>
                </div>
                <ul>{ for plans.iter().enumerate().map(|(layer, plan)| row(props, layer, plan, &conversion)) }</ul>
                <div class="registers-line">
                    <div style={format!("left:{:.2}%", at(MIN_REGISTER_BITS))}>
                        <WidthLine bits={props.bits} from={MIN_REGISTER_BITS} to={MAX_REGISTER_BITS}
                            label={t!("calibration.registers.line").into_owned()} dispatch={props.dispatch.clone()} />
                    </div>
                </div>
            </div>
            <ul class="legend-row" aria-hidden="true">
                <li><i class="need-seen" />{ t!("calibration.registers.seen") }</li>
                <li><i class="need-bound" />{ t!("calibration.registers.bound") }</li>
                <li><i class="need-short" />{ t!("calibration.registers.short") }</li>
            </ul>
            <details class="numbers"><summary>{ t!("calibration.numbers") }</summary>{ table(props, &conversion) }</details>
        </Card>
    }
}

/// Where a width lies, in percent.
fn at(bits: u8) -> f64 {
    f64::from(bits.min(MAX_REGISTER_BITS)) / f64::from(MAX_REGISTER_BITS) * 100.0
}

/// Bits that a register has beyond what a layer needs; negative where they are too few.
fn margin(plan: &LayerPlan, conversion: &Conversion) -> i64 {
    i64::from(conversion.register_bits) - i64::from(plan.narrowest_register)
}

fn row(props: &RegistersProps, layer: usize, plan: &LayerPlan, conversion: &Conversion) -> Html {
    let bits = conversion.register_bits;
    let (seen, bound) = (plan.narrowest_register, plan.guaranteed_register);
    let dispatch = props.dispatch.clone();
    let onclick = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::SelectLayer(layer)));
    let is_chosen = layer == props.layer;
    let overflows = overflows(props, layer);
    let left = margin(plan, conversion);
    let class = if left < 0 { "warn" } else { "ok" };
    html! {
        <li class={is_chosen.then_some("is-chosen")} style={format!("--hue:{}", hue_of_layer(Some(layer)))}>
            <button type="button" class="finding-layer" aria-pressed={is_chosen.to_string()} title={full_name(&props.network, layer)} {onclick}>
                { layer_name(&props.network, layer) }
            </button>
            <div class="need" aria-hidden="true">
                <i class="need-bound" style={format!("width:{:.2}%", at(bound))} />
                <i class="need-seen" style={format!("width:{:.2}%", at(seen))} />
                if seen > bits {
                    <i class="need-short" style={format!("left:{:.2}%;width:{:.2}%", at(bits), at(seen) - at(bits))} />
                }
            </div>
            <div class="registers-facts">
                <span>{ format!("{seen} / {bound}") }</span>
                <span {class}>{ format::signed(left) }</span>
                <span>{ scale(plan) }</span>
                <span class={overflows.is_some_and(|count| count > 0).then_some("bad")}>
                    { overflows.map_or_else(|| "…".into(), format::count) }
                </span>
            </div>
        </li>
    }
}

fn overflows(props: &RegistersProps, layer: usize) -> Option<u64> {
    let agreement = props.agreement.as_ref()?;
    Some(agreement.layers.get(layer)?.overflows)
}

/// M_0 in short.
fn scale(plan: &LayerPlan) -> String {
    if plan.is_exact() {
        "1".to_owned()
    } else {
        format::significant(plan.m0(), 3)
    }
}

/// Bits of a current that its scale drops.
fn lost(plan: &LayerPlan) -> f64 {
    if plan.is_exact() { 0.0 } else { -plan.m0().log2() }
}

/// How the layers stand.
fn summary(plans: &[LayerPlan], conversion: &Conversion) -> String {
    let bits = conversion.register_bits;
    let number = |is: &dyn Fn(&LayerPlan) -> bool| plans.iter().filter(|plan| is(plan)).count();
    let short = number(&|plan| plan.narrowest_register > bits);
    let scaled = number(&|plan| !plan.is_exact());
    let most = plans.iter().map(lost).fold(0.0, f64::max);
    let all = plans.len();
    if short == 0 && scaled == 0 {
        let widest = plans
            .iter()
            .map(|plan| plan.guaranteed_register)
            .max()
            .unwrap_or(0);
        let key = if widest <= bits { "all-proven" } else { "all-fit" };
        return t!(
            format!("calibration.registers.{key}"),
            bits = bits,
            widest = widest
        )
        .into_owned();
    }
    let lost = format::decimal(most, 1);
    let key = match (scaled, short) {
        (0, _) => "unscaled",
        _ => "scaled",
    };
    let number = if scaled == 0 { short } else { scaled };
    t!(
        format!("calibration.registers.{key}"),
        number = number,
        all = all,
        bits = bits,
        lost = lost
    )
    .into_owned()
}

fn table(props: &RegistersProps, conversion: &Conversion) -> Html {
    let whole = |number: i64| format::thousands(number);
    let row = |(layer, plan): (usize, &LayerPlan)| {
        let unit = plan.m1.iter().copied().fold(f64::NAN, f64::max);
        let unit = if unit.is_nan() {
            "–".to_owned()
        } else {
            format::significant(unit, 3)
        };
        let overflows = overflows(props, layer).map_or_else(|| "…".into(), format::count);
        html! {
            <tr>
                <th scope="row">{ full_name(&props.network, layer) }</th>
                <td>{ whole(plan.i_max) }</td><td>{ whole(plan.calibrated_i_max) }</td><td>{ whole(plan.guaranteed_i_max) }</td>
                <td>{ plan.narrowest_register }</td><td>{ plan.guaranteed_register }</td>
                <td>{ format::signed(margin(plan, conversion)) }</td>
                <td>{ scale(plan) }</td><td>{ format::decimal(lost(plan), 1) }</td><td>{ unit }</td><td>{ overflows }</td>
            </tr>
        }
    };
    let head = |key: &str| html! { <th scope="col">{ t!(format!("calibration.registers.{key}")) }</th> };
    html! {
        <div class="scrolls" tabindex="0" role="region" aria-label={t!("calibration.registers.caption", bits = conversion.register_bits)}>
            <table class="doings">
                <caption>{ t!("calibration.registers.caption", bits = conversion.register_bits) }</caption>
                <thead><tr>
                    { for ["layer", "i-max", "i-max-seen", "i-max-bound", "bits-seen", "bits-bound", "margin"].map(head) }
                    <th scope="col">{ "M₀" }</th>
                    { for ["lost", "unit", "overflows"].map(head) }
                </tr></thead>
                <tbody>{ for props.run.plans.iter().enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(narrowest: u8, guaranteed: u8, m0: (i64, i64)) -> LayerPlan {
        LayerPlan {
            m0,
            narrowest_register: narrowest,
            guaranteed_register: guaranteed,
            ..LayerPlan::default()
        }
    }

    fn with(bits: u8) -> Conversion {
        Conversion {
            register_bits: bits,
            ..Conversion::default()
        }
    }

    #[test]
    fn the_summary_tells_what_is_proven_from_what_only_fits_the_data() {
        let plans = [plan(12, 15, (1, 1)), plan(14, 17, (1, 1))];
        let at = |bits| summary(&plans, &with(bits));
        assert!(at(17).starts_with("No input can overflow"), "{}", at(17));
        assert!(at(14).contains("calibration data"), "{}", at(14));
        assert!(at(12).starts_with("1 of 2 layers"), "{}", at(12));
    }

    #[test]
    fn a_scale_of_a_32nd_loses_five_bits() {
        let plan = plan(17, 20, (1, 32));
        assert_eq!(lost(&plan), 5.0);
        assert_eq!(margin(&plan, &with(12)), -5);
        assert!(summary(&[plan], &with(12)).contains("5.0 bits"));
    }
}
