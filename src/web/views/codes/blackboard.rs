//! One number under four codes: for the blackboard.

use super::mark::{hue, name};
use super::trains::Train;
use crate::explore::CodeName;
use crate::web::components::{Card, Choices, Hinted, hint_id};
use crate::web::format;
use rust_i18n::t;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Bits that numbers can have.
const BITS: [u32; 3] = [3, 4, 6];

impl Train {
    fn code(self) -> CodeName {
        match self {
            Self::Rate => CodeName::Rate,
            Self::Phase => CodeName::Phase,
            Self::FirstSpike => CodeName::FirstSpike,
            Self::BitSerial => CodeName::BitSerial,
        }
    }

    /// What its spikes come to.
    fn sum(self, value: u32, bits: u32) -> String {
        let (whole, spikes) = ((1u32 << bits) - 1, self.spikes(value, bits));
        let share = format::decimal(f64::from(value) / f64::from(whole), 2);
        let digits = || -> String {
            let terms: Vec<String> = spikes
                .iter()
                .filter(|step| **step < bits)
                .map(|step| (1u32 << (bits - 1 - step)).to_string())
                .collect();
            if terms.is_empty() {
                "0".to_owned()
            } else {
                terms.join(" + ")
            }
        };
        match self {
            Self::BitSerial => t!("codes.board.sum.bit-serial", terms = digits(), value = value),
            Self::Phase => t!(
                "codes.board.sum.phase",
                terms = digits(),
                whole = whole,
                share = share
            ),
            Self::Rate => t!(
                "codes.board.sum.rate",
                spikes = value,
                steps = whole,
                share = share
            ),
            Self::FirstSpike => match spikes.first() {
                Some(time) => t!(
                    "codes.board.sum.first-spike",
                    step = time + 1,
                    steps = whole,
                    share = share
                ),
                None => t!("codes.board.sum.never"),
            },
        }
        .into_owned()
    }
}

/// A slider, and the trains that its number becomes.
#[component]
pub fn Blackboard() -> Html {
    let bits = use_state_eq(|| 0usize);
    let value = use_state_eq(|| 5u32);
    let width = BITS[*bits % BITS.len()];
    let whole = (1u32 << width) - 1;
    let number = (*value).min(whole);
    let on_bits = {
        let (bits, value) = (bits.setter(), value.clone());
        Callback::from(move |index: usize| {
            // The same share of what can be said.
            let next = (1u32 << BITS[index % BITS.len()]) - 1;
            let share = f64::from(number) / f64::from(whole);
            value.set((share * f64::from(next)).round() as u32);
            bits.set(index);
        })
    };
    let oninput = {
        let set = value.setter();
        Callback::from(move |event: InputEvent| {
            let typed = event
                .target_unchecked_into::<HtmlInputElement>()
                .value_as_number();
            if typed.is_finite() {
                set.set(typed.max(0.0) as u32);
            }
        })
    };
    let share = format::decimal(f64::from(number) / f64::from(whole), 2);
    let words = t!("codes.board.value", value = number, whole = whole, share = share);
    let steps = Train::ALL
        .iter()
        .map(|train| train.steps(width))
        .max()
        .unwrap_or(1);
    let options = BITS
        .iter()
        .map(|bits| AttrValue::from(bits.to_string()))
        .collect::<Vec<_>>();
    let binary = format!("{number:0length$b}", length = width as usize);
    html! {
        <Card name="codes-board" class="wide" title={t!("codes.board.title").into_owned()}
            aside={html! { <p>{ t!("codes.board.about") }</p> }}>
            <div class="board-controls">
                <label class="board-value" for="codes-value">
                    <span>{ t!("codes.board.slider") }</span>
                    <output for="codes-value"><b>{ number }</b>{ format!(" = {binary}₂ ≈ {share}") }</output>
                </label>
                <div class="slider" style={format!("--at: {:.2}%", 100.0 * f64::from(number) / f64::from(whole))}>
                    <input type="range" id="codes-value" min="0" max={whole.to_string()} step="1" value={number.to_string()}
                        aria-valuetext={words.into_owned()} {oninput} />
                </div>
                <Hinted name="codes-board-bits">
                    <div class="codes-choice">
                        <span>{ t!("codes.board.bits") }</span>
                        <Choices name="codes-board-bits" label={t!("codes.board.bits").into_owned()}
                            described_by={AttrValue::from(hint_id("codes-board-bits"))} {options} chosen={*bits} on_choose={on_bits} />
                    </div>
                </Hinted>
            </div>
            <dl class="trains">
                { for Train::ALL.iter().map(|&train| view(train, number, width, steps)) }
            </dl>
        </Card>
    }
}

/// A code's sentence, its train, and what it comes to.
fn view(train: Train, value: u32, bits: u32, steps: u32) -> Html {
    let code = train.code();
    let (own, spikes) = (train.steps(bits), train.spikes(value, bits));
    let sum = train.sum(value, bits);
    // A step is 10 units wide; each train is as long as it takes.
    let beat = |step: u32| {
        let fires = spikes.contains(&step);
        let x = step * 10;
        let weight =
            matches!(train, Train::BitSerial | Train::Phase).then(|| 1u32 << (bits - 1 - step % bits));
        html! {
            <g class={fires.then_some("fires")}>
                <rect x={(x + 1).to_string()} y="3" width="8" height="20" rx="1.5" />
                if fires { <path d={format!("M{} 21V5", x + 5)} /> }
                if let Some(weight) = weight.filter(|_| steps <= 16) {
                    <text x={(x + 5).to_string()} y="31" text-anchor="middle">{ weight }</text>
                }
            </g>
        }
    };
    let words = t!(
        "codes.board.train",
        code = name(code),
        steps = own,
        spikes = spikes.len(),
        sum = sum
    );
    html! {
        <div class="train" data-code={code.word()} style={format!("--hue:{}", hue(code))}>
            <dt>{ super::mark::mark(code) }{ name(code) }</dt>
            <dd class="train-about">{ t!(format!("codes.board.{}", code.word())) }</dd>
            <dd class="train-picture">
                <svg viewBox={format!("0 0 {} 34", steps * 10)} role="img" aria-label={words.into_owned()}>
                    { for (0..own).map(beat) }
                </svg>
            </dd>
            <dd class="train-sum">{ sum }</dd>
        </div>
    }
}
