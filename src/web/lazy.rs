//! Views whose code comes when they are opened for the first time.
//!
//! The first view is all that most visitors see, and a view's code is as large as its pictures are many. So the
//! program may be split (`src/bin/explorer.rs` tells where): this module asks for the parts, and knows nothing of how
//! they come.

use super::components::Skeleton;
use super::plots::ByPtr;
use super::state::{Dispatch, Shown, State};
use super::view::View;
use rust_i18n::t;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Draws a view of a run.
pub type Draw = fn(&Rc<State>, &Shown, &Dispatch) -> Html;

/// A view's code on its way, or why it did not come.
pub type Coming = Pin<Box<dyn Future<Output = Result<Draw, String>>>>;

thread_local! {
    static FETCH: Cell<Option<fn(View) -> Coming>> = const { Cell::new(None) };
    static CAME: RefCell<HashMap<View, Draw>> = RefCell::default();
}

/// Tells how the code of views is fetched.
pub fn install(fetch: fn(View) -> Coming) {
    FETCH.set(Some(fetch));
}

async fn fetch(view: View) -> Result<Draw, String> {
    let fetch = FETCH.get().ok_or_else(|| t!("lazy.not-installed").into_owned())?;
    let draw = fetch(view).await?;
    CAME.with_borrow_mut(|came| came.insert(view, draw));
    Ok(draw)
}

/// What [`LazyView`] draws.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Which view.
    pub view: View,
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// The run.
    pub shown: ByPtr<Shown>,
    /// To change it.
    pub dispatch: Dispatch,
}

/// A view, or what stands in its place until its code is there.
#[component]
pub fn LazyView(props: &Props) -> Html {
    let view = props.view;
    let came = CAME.with_borrow(|came| came.get(&view).copied());
    let trouble = use_state(|| None::<String>);
    let update = use_force_update();
    let tries = use_state(|| 0_u32);
    use_effect_with((view, *tries), {
        let trouble = trouble.setter();
        move |&(view, _)| {
            if came.is_none() {
                spawn_local(async move {
                    trouble.set(fetch(view).await.err());
                    update.force_update();
                });
            }
        }
    });
    match (came, &*trouble) {
        (Some(draw), _) => draw(&props.state.0, &props.shown, &props.dispatch),
        (None, None) => html! { <Skeleton /> },
        (None, Some(trouble)) => {
            let again = Callback::from(move |_: MouseEvent| tries.set(*tries + 1));
            html! {
                <section class="card misfit" role="alert">
                    <p>{ t!("lazy.did-not-come", view = view.label(), why = trouble) }</p>
                    <button type="button" class="button" onclick={again}>{ t!("lazy.again") }</button>
                </section>
            }
        }
    }
}
