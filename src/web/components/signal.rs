//! Curves over time, one above the other.

use crate::web::plots::{Span, path};
use std::rc::Rc;
use yew::prelude::*;

/// How far a curve may reach into its neighbours' room, in rows.
const REACH: f64 = 1.8;
/// Height of a row, in units of the picture.
const ROW: f64 = 10.0;

/// What is drawn.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// All curves, one after the other.
    pub values: Rc<[i32]>,
    /// How many curves.
    pub channels: usize,
    /// Further classes.
    #[prop_or_default]
    pub class: Classes,
}

/// One line for each channel, all with the same scale. It has no text: say around it what it shows.
#[component]
pub fn Signal(props: &Props) -> Html {
    let steps = props.values.len() / props.channels.max(1);
    let values = || props.values.iter().map(|&value| f64::from(value));
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let (width, height) = (100.0, ROW * props.channels as f64);
    let across = Span {
        from: 0.0,
        to: steps.saturating_sub(1).max(1) as f64,
    };
    let up = Span {
        from: low,
        to: if high > low { high } else { low + 1.0 },
    };
    let curve = |(channel, curve): (usize, &[i32])| {
        let points = curve.iter().enumerate().map(|(x, &y)| (x as f64, f64::from(y)));
        let d = path(points, (across, up), (width, ROW * REACH));
        let top = ROW * (channel as f64 + 0.5 - REACH / 2.0);
        html! { <path key={channel} {d} transform={format!("translate(0 {top})")} /> }
    };
    html! {
        <svg class={classes!("signal", props.class.clone())} viewBox={format!("0 0 {width} {height}")}
            preserveAspectRatio="none" aria-hidden="true">
            { for props.values.chunks_exact(steps.max(1)).enumerate().map(curve) }
        </svg>
    }
}
