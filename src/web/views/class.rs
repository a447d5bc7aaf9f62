//! The last stage: what the network answers.

use super::stage::Stage;
use super::words::{Phase, code_format};
use crate::web::format;
use crate::web::palette::hue_of_layer;
use crate::web::plots::{ByPtr, Span};
use crate::web::selection::Select;
use crate::web::task::Task;
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use std::rc::Rc;
use yew::prelude::*;

/// Classes that are shown; of more, these are the ones with the highest answers.
const SHOWN: usize = 10;

/// What [`ClassStage`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct ClassStageProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// What classes are called, if they have names.
    pub classes: Rc<Vec<String>>,
    /// Whether the outputs are classes, of which the largest wins, or numbers.
    pub task: Task,
    /// What the last layer does now.
    pub phase: Phase,
    /// The chosen neuron, if it is one of the last layer.
    pub chosen: Option<usize>,
    /// Called with the chosen neuron.
    pub on_select: Callback<Select>,
}

/// One bar per class. Before the last layer has fired the bars are pale, and while it listens a
/// mark on each says what it would fire if it stopped now.
#[component]
pub fn ClassStage(props: &ClassStageProps) -> Html {
    let ClassStageProps {
        network,
        run,
        classes,
        task,
        phase,
        chosen,
        on_select,
    } = props;
    let Some(layer) = network.layers.len().checked_sub(1) else {
        return Html::default();
    };
    let has_codes = !run.trace.windows[layer].codes.is_empty();
    let answers = answers(run, layer);
    let axis = answer_axis(&answers);
    let number = |answer: f64| {
        if has_codes {
            format::thousands(answer as i64)
        } else {
            format::significant(answer, 3)
        }
    };
    let shown = shown_classes(&answers);
    let so_far = match phase {
        Phase::Listening { step, .. } => Some(potentials_after(run, layer, *step)),
        _ => None,
    };
    let name = |class: usize| classes.get(class).cloned().unwrap_or_else(|| class.to_string());
    let is_choice = *task == Task::Classes;
    let agrees = if is_choice {
        run.winner == run.reference_winner
    } else {
        run.output == run.reference
    };
    let steps = run.trace.steps();
    let state = match phase {
        Phase::Fired if !is_choice && agrees => t!("answer.agrees"),
        Phase::Fired if !is_choice => t!("answer.differs"),
        Phase::Fired if agrees => t!("answer.class-agrees", class = name(run.winner)),
        Phase::Fired => t!(
            "answer.class-differs",
            class = name(run.winner),
            reference = name(run.reference_winner)
        ),
        Phase::Listening { step, of } => t!("answer.listening", step = step + 1, of = of),
        Phase::Waiting => t!("answer.waiting", step = steps),
    }
    .into_owned();
    let subtitle = match code_format(network, network.layers[layer].target) {
        Some(format) => t!("answer.codes", bits = format.bits),
        None => t!("answer.real-numbers"),
    }
    .into_owned();
    let title = if is_choice {
        t!("answer.class")
    } else {
        t!("answer.title")
    }
    .into_owned();
    let onkeydown = {
        let (on_select, chosen, shown) = (on_select.clone(), *chosen, shown.clone());
        Callback::from(move |event: KeyboardEvent| {
            let forward = match event.key().as_str() {
                "ArrowDown" => true,
                "ArrowUp" => false,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            let at = chosen.and_then(|c| shown.iter().position(|&class| class == c));
            let next = match (at, forward) {
                (None, _) => 0,
                (Some(at), true) => (at + 1).min(shown.len().saturating_sub(1)),
                (Some(at), false) => at.saturating_sub(1),
            };
            if let Some(&neuron) = shown.get(next) {
                on_select.emit(Select::Neuron { layer, neuron });
            }
        })
    };
    let row = |&class: &usize| {
        let answer = answers.get(class).copied().unwrap_or(0.0);
        let onclick = {
            let on_select = on_select.clone();
            Callback::from(move |_| on_select.emit(Select::Neuron { layer, neuron: class }))
        };
        let mark = so_far
            .as_ref()
            .and_then(|values| values.get(class))
            .map(|&value| {
                let left = axis.share(value).clamp(0.0, 1.0) * 100.0;
                html! { <span class="so-far" style={format!("left:{left:.2}%")} /> }
            });
        let is_winner = is_choice && class == run.winner;
        let is_chosen = *chosen == Some(class);
        let width = axis.share(answer).clamp(0.0, 1.0) * 100.0;
        html! {
            <li role="option" id={format!("class-{class}")} aria-selected={is_chosen.to_string()} {onclick}
                class={classes!("class-row", is_winner.then_some("winner"), is_chosen.then_some("is-chosen"))}>
                <span class="class-name" title={name(class)}>{ name(class) }</span>
                <span class="bar" aria-hidden="true"><span style={format!("width:{width:.2}%")} />{ mark }</span>
                <span class="class-code">{ number(answer) }</span>
            </li>
        }
    };
    let more = answers.len() - shown.len();
    html! {
        <Stage {title} {subtitle} hue={hue_of_layer(Some(layer))}
            class={classes!("class-stage", phase.class(), (!agrees).then_some("disagrees"))} {state}
            counts={format::count_of(answers.len() as u64, "neuron")}>
            <ul role="listbox" tabindex="0" aria-label={t!("answer.classes")} {onkeydown}
                aria-activedescendant={chosen.filter(|class| shown.contains(class)).map(|class| format!("class-{class}"))}>
                { for shown.iter().map(row) }
            </ul>
            if more > 0 {
                <p class="more">{ t!("answer.lower", number = format::count(more as u64)) }</p>
            }
        </Stage>
    }
}

/// The last layer's codes, or its real numbers.
fn answers(run: &RunView, layer: usize) -> Vec<f64> {
    let codes = &run.trace.windows[layer].codes;
    if codes.is_empty() {
        run.output.iter().map(|&value| value.into()).collect()
    } else {
        codes.iter().map(|&code| code.into()).collect()
    }
}

/// From a little below the lowest answer, so that its bar is still seen, to the highest.
fn answer_axis(answers: &[f64]) -> Span {
    let low = answers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = answers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || low == high {
        return Span {
            from: low.min(0.0) - 1.0,
            to: high.max(0.0) + 1.0,
        };
    }
    Span {
        from: low - (high - low) * 0.02,
        to: high,
    }
}

/// All classes in order, or the highest ones of many.
fn shown_classes(answers: &[f64]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..answers.len()).collect();
    if classes.len() > SHOWN + 2 {
        classes.sort_by(|&a, &b| answers[b].total_cmp(&answers[a]));
        classes.truncate(SHOWN);
    }
    classes
}

/// V of every neuron if it fired after `step`: M_1 U plus what lies between M_1 U and V at the end.
fn potentials_after(run: &RunView, layer: usize, step: usize) -> Vec<f64> {
    let window = &run.trace.windows[layer];
    let Some(last) = window.steps().checked_sub(1) else {
        return Vec::new();
    };
    let m1 = run.plans.get(layer).map_or(&[][..], |plan| &plan.m1);
    let factor = |neuron: usize| m1.get(neuron).or(m1.first()).copied();
    let ends = window.main().membranes_at(Some(last));
    window
        .main()
        .membranes_at(Some(step))
        .iter()
        .zip(ends)
        .zip(window.potentials.iter())
        .enumerate()
        .filter_map(|(neuron, ((&now, &end), &potential))| {
            Some(f64::from(potential) + factor(neuron)? * (f64::from(now) - f64::from(end)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::run;
    use super::*;

    #[test]
    fn ten_classes_stay_in_order_and_a_thousand_are_ranked() {
        assert_eq!(shown_classes(&[1.0, 9.0, 5.0]), [0, 1, 2]);
        let many: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(shown_classes(&many)[..3], [999, 998, 997]);
        assert_eq!(shown_classes(&many).len(), SHOWN);
    }

    #[test]
    fn the_lowest_code_still_has_a_bar() {
        let axis = answer_axis(&[-84.0, 81.0]);
        assert!(axis.share(-84.0) > 0.0);
        assert_eq!(axis.share(81.0), 1.0);
        assert!(answer_axis(&[3.0, 3.0]).share(3.0).is_finite());
    }

    #[test]
    fn the_potential_so_far_ends_at_what_fires() {
        let mut run = run();
        run.plans[1].m1 = vec![0.5];
        run.trace.windows[1].dendrites[0].membranes.0[..3].copy_from_slice(&[4, 4, 4]);
        assert_eq!(potentials_after(&run, 1, 3), [0.5; 3]);
        assert_eq!(potentials_after(&run, 1, 0), [1.5; 3]);
    }
}
