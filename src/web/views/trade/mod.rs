//! The view of trade-offs: a sweep over settings, its map, its front, and two of its points side by side.

mod compare;
mod form;
mod heat;
mod pareto;
mod readout;
mod table;

use crate::explore::Measure;
use crate::settings::{Setting, Settings};
use crate::web::plots::ByPtr;
use crate::web::state::{
    Action, Dispatch, Figure, Loaded, Plan, Point, Shown, State, Sweep, Trade, TradeAction,
};
use crate::web::tables::term;
use compare::CompareCard;
use form::FormCard;
use heat::HeatCard;
use pareto::ParetoCard;
use readout::Readout;
use rust_i18n::t;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// What [`TradeView`] takes.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The model.
    pub loaded: ByPtr<Loaded>,
    /// The sweep.
    pub trade: Trade,
    /// The settings in use.
    pub settings: Settings,
    /// The point of the sweep that they are.
    pub present: Option<usize>,
    /// To change all that.
    pub dispatch: Dispatch,
}

/// What the cards share.
#[derive(Clone, PartialEq, Properties)]
pub struct CardProps {
    /// The model.
    pub loaded: ByPtr<Loaded>,
    /// The sweep and how it is looked at.
    pub trade: Trade,
    /// The settings in use.
    pub settings: Settings,
    /// The point of the sweep that they are.
    pub present: Option<usize>,
    /// The point that is looked at.
    pub looked: Option<usize>,
    /// Another one is looked at.
    pub on_look: Callback<usize>,
    /// To change all that.
    pub dispatch: Dispatch,
}

impl CardProps {
    fn sweep(&self) -> Option<&Rc<Sweep>> {
        self.trade.sweep.as_ref()
    }

    fn points(&self) -> &[Rc<Point>] {
        self.sweep().map_or(&[], |sweep| &sweep.points)
    }

    fn measure(&self) -> Option<Measure> {
        self.points().iter().find_map(|point| point.measure)
    }

    /// What good answers are told by: quality, or equal labels where nobody knows what should come out.
    fn good(&self) -> Figure {
        match self.measure() {
            Some(_) => Figure::Quality,
            None => Figure::Labels,
        }
    }

    /// Changes the plan.
    fn plan(&self, change: impl Fn(&mut Plan)) {
        let mut plan = self.trade.plan.clone();
        change(&mut plan);
        self.dispatch.dispatch(Action::Trade(TradeAction::Plan(plan)));
    }

    /// What a point is called, `4 · 6`, and what of it is special.
    fn name(&self, index: usize) -> String {
        let (Some(sweep), Some(point)) = (self.sweep(), self.points().get(index)) else {
            return String::new();
        };
        let values = sweep.axes.iter().zip(&point.values);
        let words: Vec<String> = values
            .map(|(axis, value)| format!("{} {value}", term(axis.setting.label)))
            .collect();
        words.join(", ")
    }

    /// What a point says to those who can't see it.
    fn words(&self, index: usize, figures: &[Figure]) -> String {
        let measure = self.measure();
        let Some(point) = self.points().get(index) else {
            return String::new();
        };
        let mut words = vec![self.name(index)];
        if point.row.is_none() {
            words.push(t!("trade.not_counted").into_owned());
        }
        words.extend(figures.iter().filter_map(|figure| {
            let value = figure.of(point)?;
            Some(format!(
                "{} {}",
                figure.label(measure),
                figure.words(value, measure)
            ))
        }));
        words.join(", ")
    }

    /// Which of the two compared points one is: `A`, `B`.
    fn pin(&self, index: usize) -> Option<&'static str> {
        let point = self.points().get(index)?;
        let is = |which: usize| {
            let pinned = self.trade.pinned[which].as_ref();
            pinned.is_some_and(|pinned| pinned.settings == point.settings)
        };
        ["A", "B"]
            .into_iter()
            .enumerate()
            .find(|&(which, _)| is(which))
            .map(|(_, name)| name)
    }

    /// What the mark of a point does: pressed, it loads the point's settings; pointed at or in focus, it is looked at;
    /// arrow keys go to the neighbours that `to` knows.
    fn mark(&self, place: &'static str, index: usize, to: impl Fn(&str) -> Option<usize> + 'static) -> Mark {
        let look = self.on_look.clone();
        let load = {
            let dispatch = self.dispatch.clone();
            Callback::from(move |()| dispatch.dispatch(Action::Trade(TradeAction::Load(index))))
        };
        Mark {
            onclick: load.reform(|_: MouseEvent| ()),
            onpointerenter: look.reform(move |_: PointerEvent| index),
            onfocus: look.reform(move |_: FocusEvent| index),
            onkeydown: Callback::from(move |event: KeyboardEvent| {
                let key = event.key();
                if key == "Enter" || key == " " {
                    event.prevent_default();
                    load.emit(());
                } else if let Some(next) = to(&key) {
                    event.prevent_default();
                    focus(&mark_id(place, next));
                }
            }),
        }
    }
}

/// What a setting is called where its section is not in sight: `Register: Width`.
fn axis_name(setting: &Setting) -> String {
    format!("{}: {}", term(setting.section.title()), term(setting.label))
}

/// What can be done with the mark of a point.
struct Mark {
    onclick: Callback<MouseEvent>,
    onpointerenter: Callback<PointerEvent>,
    onfocus: Callback<FocusEvent>,
    onkeydown: Callback<KeyboardEvent>,
}

fn mark_id(place: &str, index: usize) -> String {
    format!("{place}-{index}")
}

fn focus(id: &str) {
    if let Some(element) = gloo::utils::document().get_element_by_id(id) {
        // A mark of SVG takes the focus as elements of HTML do.
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// The view; see [`Draw`](crate::web::lazy::Draw).
pub fn draw(now: &Rc<State>, _: &Shown, dispatch: &Dispatch) -> Html {
    let Some(loaded) = &now.loaded else {
        return Html::default();
    };
    html! {
        <TradeView loaded={ByPtr(loaded.clone())} trade={now.trade.clone()} settings={now.settings}
            present={now.present_point()} dispatch={dispatch.clone()} />
    }
}

/// The view.
#[component]
pub fn TradeView(props: &Props) -> Html {
    let looked = use_state_eq(|| None::<usize>);
    let on_look = {
        let looked = looked.setter();
        use_callback((), move |index, ()| looked.set(Some(index)))
    };
    let count = props.trade.sweep.as_ref().map_or(0, |sweep| sweep.points.len());
    let of = CardProps {
        loaded: props.loaded.clone(),
        trade: props.trade.clone(),
        settings: props.settings,
        present: props.present,
        looked: looked.or(props.present).filter(|&index| index < count),
        on_look,
        dispatch: props.dispatch.clone(),
    };
    html! {
        <div class="trade-board">
            <FormCard ..of.clone() />
            if of.sweep().is_some() {
                <div class="trade-pair">
                    <HeatCard ..of.clone() />
                    <ParetoCard ..of.clone() />
                </div>
                <Readout ..of.clone() />
                <CompareCard ..of />
            }
        </div>
    }
}
