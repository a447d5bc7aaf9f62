//! What goes from layer to layer: a table whose cells are as dark as what they count.

use crate::chip::LayerFlow;
use crate::web::components::{Card, Choices, Hint};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::ByPtr;
use crate::web::views::words::{layer_name, producer, tensor_name};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::borrow::Cow;
use yew::prelude::*;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantity {
    /// Packets that leave.
    #[default]
    Packets,
    /// Links that they use.
    Hops,
    /// Spikes.
    Spikes,
    /// Synaptic operations.
    Operations,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Packets, Self::Hops, Self::Spikes, Self::Operations];

    fn label(self) -> Cow<'static, str> {
        match self {
            Self::Packets => t!("matrix.packets"),
            Self::Hops => t!("matrix.hops"),
            Self::Spikes => t!("matrix.spikes"),
            Self::Operations => t!("matrix.operations"),
        }
    }

    const fn of(self, flow: &LayerFlow) -> u64 {
        match self {
            Self::Packets => flow.packets,
            Self::Hops => flow.hops,
            Self::Spikes => flow.spikes,
            Self::Operations => flow.operations,
        }
    }
}

/// What [`Matrix`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct MatrixProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// The layer that the timeline stands at.
    pub layer: usize,
}

/// Sums of flows: by sender (a tensor) and listener (a layer).
struct Sums {
    senders: Vec<usize>,
    listeners: Vec<usize>,
    cells: Vec<u64>,
}

impl Sums {
    fn new(flows: &[LayerFlow], quantity: Quantity) -> Self {
        let sorted = |mut all: Vec<usize>| {
            all.sort_unstable();
            all.dedup();
            all
        };
        let senders = sorted(flows.iter().map(|flow| flow.source).collect());
        let listeners = sorted(flows.iter().map(|flow| flow.layer).collect());
        let mut cells = vec![0; senders.len() * listeners.len()];
        for flow in flows {
            let place = senders
                .binary_search(&flow.source)
                .ok()
                .zip(listeners.binary_search(&flow.layer).ok());
            if let Some((row, column)) = place {
                cells[row * listeners.len() + column] += quantity.of(flow);
            }
        }
        Self {
            senders,
            listeners,
            cells,
        }
    }
}

/// The matrix. Each row is a sender, each column a listener.
#[component]
pub fn Matrix(props: &MatrixProps) -> Html {
    let quantity = use_state_eq(Quantity::default);
    let MatrixProps { network, run, layer } = props;
    let Ok((_, traffic)) = &run.chip else {
        return Html::default();
    };
    let sums = Sums::new(&traffic.flows, *quantity);
    let most = sums.cells.iter().copied().max().unwrap_or(0).max(1);
    let total: u64 = sums.cells.iter().sum();
    let head = |&listener: &usize| {
        let name = layer_name(network, listener);
        let is_now = listener == *layer;
        html! {
            <th scope="col" class={is_now.then_some("is-now")} title={name.clone()}>
                <i class="swatch" style={format!("--hue:{}", hue_of_layer(Some(listener)))} /><span>{ name }</span>
            </th>
        }
    };
    let row = |(row, &sender): (usize, &usize)| {
        let name = tensor_name(network, sender);
        let cells = sums.listeners.iter().enumerate().map(|(column, &listener)| {
            let count = sums.cells[row * sums.listeners.len() + column];
            if count == 0 {
                return html! { <td class="none">{ "·" }</td> };
            }
            let share = count as f64 / most as f64;
            let title = t!(
                "matrix.cell",
                from = name,
                to = layer_name(network, listener),
                count = format::count(count),
                what = quantity.label(),
                share = format::percent(count as f64 / total.max(1) as f64)
            );
            html! { <td style={format!("--share:{:.1}%", 8.0 + 47.0 * share)} {title}>{ format::short(count) }</td> }
        });
        html! {
            <tr>
                <th scope="row" title={name.clone()}>
                    <i class="swatch" style={format!("--hue:{}", hue_of_layer(producer(network, sender)))} /><span>{ &name }</span>
                </th>
                { for cells }
            </tr>
        }
    };
    let on_choose = {
        let quantity = quantity.setter();
        Callback::from(move |index: usize| quantity.set(Quantity::ALL[index]))
    };
    let options = Quantity::ALL
        .map(|quantity| AttrValue::from(quantity.label().into_owned()))
        .to_vec();
    let chosen = Quantity::ALL.iter().position(|q| *q == *quantity).unwrap_or(0);
    let sum = t!(
        "matrix.total",
        count = format::count(total),
        what = quantity.label()
    );
    html! {
        <Card name="matrix" title={t!("matrix.title").into_owned()} aside={html! { <p>{ sum }</p> }}>
            <div class="choices-row">
            <Choices name="matrix" label={t!("matrix.choice").into_owned()} {options} {chosen} {on_choose} />
            <Hint name="matrix" about={t!("matrix.choice").into_owned()} />
            </div>
            <div class="scroll" tabindex="0" role="region" aria-label={t!("matrix.table")}>
                <table class="matrix">
                    <thead><tr><td class="corner">{ t!("matrix.corner") }</td>{ for sums.listeners.iter().map(head) }</tr></thead>
                    <tbody>{ for sums.senders.iter().enumerate().map(row) }</tbody>
                </table>
            </div>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_of_the_same_layers_are_added_up() {
        let flow = |source, layer, packets| LayerFlow {
            kind: crate::chip::FlowKind::Spikes,
            source,
            layer,
            spikes: 1,
            packets,
            hops: 2 * packets,
            operations: 0,
        };
        let flows = [flow(0, 0, 5), flow(1, 1, 7), flow(0, 1, 2), flow(0, 0, 1)];
        let sums = Sums::new(&flows, Quantity::Packets);
        assert_eq!((sums.senders, sums.listeners), (vec![0, 1], vec![0, 1]));
        assert_eq!(sums.cells, [6, 2, 0, 7]);
        assert_eq!(Sums::new(&flows, Quantity::Hops).cells, [12, 4, 0, 14]);
    }
}
