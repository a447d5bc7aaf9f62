//! What is to be said of every layer, with a button that mends it.

use super::words::{full_name, layer_name};
use crate::explore::ConversionReport;
use crate::explore::report::{Finding, FindingKind, Remedy, Severity};
use crate::web::format::{count, count_of};
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::tables;
use crate::web::worker::NetworkView;
use rust_i18n::t;
use std::borrow::Cow;
use yew::prelude::*;

/// What [`Findings`] takes.
#[derive(Properties, PartialEq)]
pub struct FindingsProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The report; `None` while it is being worked out.
    pub report: Option<ByPtr<ConversionReport>>,
    /// Called with a layer to look at.
    pub on_layer: Callback<usize>,
    /// Called with the setting that mends something.
    pub on_remedy: Callback<Remedy>,
}

/// The gravest finding of each layer, and a way to the others.
#[component]
pub fn Findings(props: &FindingsProps) -> Html {
    let Some(report) = &props.report else {
        return html! {
            <div class="findings" aria-busy="true"><h3>{ t!("findings.title") }</h3>
                <p class="card-note">{ t!("findings.busy") }</p></div>
        };
    };
    let (shown, others) = arranged(report);
    let item = |finding: &&Finding| item(props, finding);
    html! {
        <div class="findings">
            <h3>{ t!("findings.title") }</h3>
            if let Some(text) = summary(report) { <p class="card-note">{ text }</p> }
            <ul>{ for shown.iter().map(item) }</ul>
            if !others.is_empty() {
                <details>
                    <summary>{ count_of(others.len() as u64, "remark") }</summary>
                    <ul>{ for others.iter().map(item) }</ul>
                </details>
            }
        </div>
    }
}

fn item(props: &FindingsProps, finding: &Finding) -> Html {
    let (layer, network) = (finding.layer, &props.network);
    let name = layer_name(network, layer);
    let onclick = props.on_layer.reform(move |_: MouseEvent| layer);
    let (class, mark) = match finding.severity {
        Severity::Good => ("is-good", t!("findings.good")),
        Severity::Hint => ("is-hint", t!("findings.hint")),
        Severity::Loss => ("is-loss", t!("findings.loss")),
        Severity::Fault => ("is-fault", t!("findings.fault")),
    };
    let remedy = finding.remedy.as_ref().map(|remedy| {
        let Remedy { key, value } = remedy;
        let told = t!("findings.set", key = key, value = value);
        let label = t!("findings.set-for", key = key, value = value, layer = name);
        let chosen = remedy.clone();
        let onclick = props.on_remedy.reform(move |_: MouseEvent| chosen.clone());
        html! {
            <button type="button" class="button button-small" aria-label={label} {onclick}>{ told }</button>
        }
    });
    let report = props.report.as_ref();
    let sentence = report.and_then(|report| tables::finding(finding, report));
    let sentence = sentence.unwrap_or_else(|| Cow::Owned(without_advice(finding).to_owned()));
    html! {
        <li {class} style={format!("--hue:{}", hue_of_layer(Some(layer)))}>
            <p>
                <button type="button" class="finding-layer" title={full_name(network, layer)} {onclick}>{ &name }</button>
                { " " }<b>{ mark }</b>{ " " }{ sentence }
            </p>
            { remedy }
        </li>
    }
}

/// The button says what to set.
fn without_advice(finding: &Finding) -> &str {
    let advice = finding.sentence.rfind(" Set ");
    match (&finding.remedy, advice) {
        (Some(_), Some(end)) => &finding.sentence[..end],
        _ => &finding.sentence,
    }
}

/// The gravest finding of each layer that has more than good to tell, and all others but what is good.
fn arranged(report: &ConversionReport) -> (Vec<&Finding>, Vec<&Finding>) {
    let (mut shown, mut others): (Vec<&Finding>, Vec<&Finding>) = Default::default();
    for finding in report.findings.iter().filter(|f| f.severity > Severity::Good) {
        let is_first = shown.last().is_none_or(|last| last.layer != finding.layer);
        if is_first && finding.severity > Severity::Hint {
            shown.push(finding);
        } else {
            others.push(finding);
        }
    }
    (shown, others)
}

/// How many layers are right, and how sure that is.
fn summary(report: &ConversionReport) -> Option<String> {
    let number = |kind| {
        report
            .findings
            .iter()
            .filter(|finding| finding.kind == kind)
            .count()
    };
    let (proven, on_samples) = (number(FindingKind::Proven), number(FindingKind::ExactOnSamples));
    let all = report.layers.len();
    let layers = |some: usize| match some {
        1 if all == 1 => t!("findings.exact.only"),
        _ if some == all => t!("findings.exact.all", number = all),
        1 => t!("findings.exact.one"),
        _ => t!("findings.exact.some", number = some),
    };
    let samples = count(report.samples as u64);
    let sentence = match (proven, on_samples) {
        (0, 0) => return None,
        (proven, 0) => t!("findings.proven", layers = layers(proven)),
        (0, some) => t!("findings.on-samples", layers = layers(some), samples = samples),
        (proven, some) => t!(
            "findings.both",
            layers = layers(proven),
            number = some,
            samples = samples
        ),
    };
    Some(sentence.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The report on two layers that nothing was measured of.
    fn tiny_report() -> ConversionReport {
        use crate::explore::report::ReportMeter;
        let network =
            crate::explore::open_network(include_bytes!("../../../assets/models/digits-mlp.onnx"), "digits");
        let network = network.expect("a model of the gallery");
        let none = crate::simulate::Statistics::none(&network);
        let conversion = crate::spiking::Conversion::default();
        let spiking = crate::spiking::convert(&network, &conversion, &none.ranges);
        ReportMeter::new(&network, spiking.into(), &none).report(&network)
    }

    fn report(findings: &[(usize, FindingKind, Severity)]) -> ConversionReport {
        let finding = |&(layer, kind, severity): &(usize, FindingKind, Severity)| Finding {
            layer,
            kind,
            severity,
            sentence: "Too narrow. Set register-bits to 17.".into(),
            remedy: (severity > Severity::Good).then(|| Remedy::new("register-bits", 17)),
        };
        ConversionReport {
            samples: 200,
            findings: findings.iter().map(finding).collect(),
            ..tiny_report()
        }
    }

    #[test]
    fn the_gravest_of_each_layer_comes_first_and_what_is_good_is_summed_up() {
        use FindingKind::*;
        let report = report(&[
            (0, Proven, Severity::Good),
            (1, Overflow, Severity::Fault),
            (1, Rounding, Severity::Loss),
            (2, FewSamples, Severity::Hint),
            (2, ExactOnSamples, Severity::Good),
        ]);
        let (shown, others) = arranged(&report);
        let kinds = |list: &[&Finding]| list.iter().map(|f| f.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&shown), [Overflow]);
        assert_eq!(kinds(&others), [Rounding, FewSamples]);
        assert_eq!(
            summary(&report).as_deref(),
            Some("1 layer is exact, proven for any input; 1 on the first 200 samples.")
        );
        assert_eq!(
            without_advice(shown[0]),
            "Too narrow.",
            "the button says the rest"
        );
        assert_eq!(
            without_advice(&report.findings[0]),
            "Too narrow. Set register-bits to 17.",
            "there is no button"
        );
    }

    #[test]
    fn one_line_is_enough_where_all_is_well() {
        use FindingKind::*;
        let all = report(&[0, 1].map(|layer| (layer, Proven, Severity::Good)));
        assert_eq!(
            summary(&all).as_deref(),
            Some("All 2 layers are exact, proven for any input.")
        );
        assert!(arranged(&all).0.is_empty());
        let none = report(&[(0, Rounding, Severity::Loss)]);
        assert_eq!(summary(&none), None);
    }
}
