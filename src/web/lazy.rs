//! Parts of the program that come when they are needed for the first time: views, what lies over the page, what reads
//! files, and the texts of other languages than English.
//!
//! The first view is all that most visitors see, and a view's code is as large as its pictures are many. So the
//! program may be split (`src/bin/explorer.rs` tells where): this module asks for the parts, and knows nothing of how
//! they come.

use super::components::Skeleton;
use super::language::Language;
use super::plots::ByPtr;
use super::state::{Action, Dispatch, Loaded, Notice, Shown, State};
use super::texts::{self, Source};
use super::view::View;
use rust_i18n::t;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;
use yew::prelude::*;

/// Draws a view of a run.
pub type Draw = fn(&Rc<State>, &Shown, &Dispatch) -> Html;

/// What is there only while somebody has opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// The open dialog.
    Dialog,
    /// The open lesson, above the view.
    Lesson,
    /// The tour, or what there is to learn, over the page.
    Teaching,
}

/// Draws a piece; the callback is for whether the drawer of settings should be open.
pub type DrawPiece = fn(Piece, &Rc<State>, &Dispatch, &Callback<bool>) -> Html;

/// Reads a file of the user's, for the model in use: what is to be done with it, or why it can't be used.
pub type ReadFile = fn(File, Option<Rc<Loaded>>) -> Coming<Action>;

/// Something on its way, or why it did not come.
pub type Coming<T> = Pin<Box<dyn Future<Output = Result<T, String>>>>;

/// How parts of the program are fetched.
#[derive(Clone, Copy)]
pub struct Parts {
    /// The code of a view.
    pub view: fn(View) -> Coming<Draw>,
    /// The code of a piece.
    pub piece: fn(Piece) -> Coming<DrawPiece>,
    /// What reads files.
    pub files: fn() -> Coming<ReadFile>,
    /// The Chinese texts.
    pub chinese: fn() -> Coming<Source>,
}

thread_local! {
    static PARTS: Cell<Option<Parts>> = const { Cell::new(None) };
    static CAME: RefCell<HashMap<View, Draw>> = RefCell::default();
    static PIECES: RefCell<HashMap<Piece, DrawPiece>> = RefCell::default();
}

/// Tells how parts of the program are fetched.
pub fn install(parts: Parts) {
    PARTS.set(Some(parts));
}

fn parts() -> Result<Parts, String> {
    PARTS.get().ok_or_else(|| t!("lazy.not-installed").into_owned())
}

async fn fetch(view: View) -> Result<Draw, String> {
    let draw = (parts()?.view)(view).await?;
    CAME.with_borrow_mut(|came| came.insert(view, draw));
    Ok(draw)
}

/// Reads a file of the user's.
///
/// # Errors
/// One sentence: the code that reads files did not come, or the file can't be used.
pub async fn read_file(file: File, loaded: Option<Rc<Loaded>>) -> Result<Action, String> {
    let files = parts()?.files;
    let read = files()
        .await
        .map_err(|why| t!("lazy.files-did-not-come", why = why).into_owned())?;
    read(file, loaded).await
}

/// Fetches the texts of a language, if they are not there yet.
///
/// # Errors
/// One sentence: the part of the program that holds them did not come.
pub async fn fetch_texts(language: Language) -> Result<(), String> {
    if language == Language::Chinese && !texts::has(language) {
        texts::install(language, (parts()?.chinese)().await?);
    }
    Ok(())
}

/// What [`LazyPiece`] draws.
#[derive(Properties, PartialEq)]
pub struct PieceProps {
    /// Which piece.
    pub piece: Piece,
    /// All that the page knows.
    pub state: ByPtr<State>,
    /// To change it.
    pub dispatch: Dispatch,
    /// Whether the drawer of settings should be open.
    pub on_drawer: Callback<bool>,
}

/// A piece of the page; nothing until its code is there.
#[component]
pub fn LazyPiece(props: &PieceProps) -> Html {
    let piece = props.piece;
    let came = PIECES.with_borrow(|came| came.get(&piece).copied());
    let (update, dispatch) = (use_force_update(), props.dispatch.clone());
    use_effect_with(piece, move |&piece| {
        if came.is_some() {
            return;
        }
        spawn_local(async move {
            let fetched = match parts() {
                Ok(parts) => (parts.piece)(piece).await,
                Err(why) => Err(why),
            };
            match fetched {
                Ok(draw) => {
                    PIECES.with_borrow_mut(|came| came.insert(piece, draw));
                    update.force_update();
                }
                Err(why) => {
                    let title = t!("lazy.part-did-not-come");
                    dispatch.dispatch(Action::Complain(Notice::error(title, why)));
                }
            }
        });
    });
    came.map_or_else(Html::default, |draw| {
        draw(piece, &props.state.0, &props.dispatch, &props.on_drawer)
    })
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
