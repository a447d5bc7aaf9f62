//! Shows the page.
//!
//! Here the program may be cut into parts: what is reachable only through one of them comes when it is needed for the
//! first time. `cargo xtask build` cuts; everywhere else the program is in one piece.

use sdann::web::app::{App, AppProps};
use sdann::web::lazy::{self, Draw, DrawPiece, Parts, Piece, ReadFile};
use sdann::web::plots::ByPtr;
use sdann::web::texts::Source;
use sdann::web::view::View;
use sdann::web::{components, files, stored, teaching, texts, views};
use std::error::Error;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::Renderer;

fn main() {
    console_error_panic_hook::set_once();
    lazy::install(Parts {
        view: |view| Box::pin(async move { code_of(view).await.map_err(|error| error.to_string()) }),
        piece: |piece| Box::pin(async move { piece_of(piece).await.map_err(|error| error.to_string()) }),
        files: || Box::pin(async { read_file().await.map_err(|error| error.to_string()) }),
        chinese: || Box::pin(async { chinese().await.map_err(|error| error.to_string()) }),
    });
    spawn_local(async {
        let props = AppProps {
            opening: ByPtr(Rc::new(stored::fetch_opening().await)),
        };
        let root = gloo::utils::document().get_element_by_id("app");
        match root {
            Some(root) => Renderer::<App>::with_root_and_props(root, props).render(),
            None => Renderer::<App>::with_props(props).render(),
        };
    });
}

/// A function that comes with its part of the program.
macro_rules! part {
    ($name:ident: $kind:ty = $function:path) => {
        // To the linker a part is another program, called through imports and exports.
        #[cfg(split)]
        #[allow(unsafe_code)]
        #[wasm_split_helpers::wasm_split($name, fallible)]
        fn $name() -> Result<$kind, Box<dyn Error>> {
            Ok($function)
        }

        #[cfg(not(split))]
        async fn $name() -> Result<$kind, Box<dyn Error>> {
            Ok($function)
        }
    };
}

macro_rules! views {
    ($($view:ident => $name:ident: $draw:path;)*) => {
        $(part! { $name: Draw = $draw })*

        /// The code of a view.
        async fn code_of(view: View) -> Result<Draw, Box<dyn Error>> {
            match view {
                $(View::$view => $name().await,)*
                View::Story => Err("it is part of the page itself".into()),
            }
        }
    };
}

part! { read_file: ReadFile = files::read }
part! { chinese: Source = texts::CHINESE }
part! { dialogs: DrawPiece = components::draw_dialog }
part! { lessons: DrawPiece = teaching::draw }

/// The code of a piece.
async fn piece_of(piece: Piece) -> Result<DrawPiece, Box<dyn Error>> {
    match piece {
        Piece::Dialog => dialogs().await,
        Piece::Lesson | Piece::Teaching => lessons().await,
    }
}

views! {
    Neuron => neuron: views::draw_neuron;
    Calibration => calibration: views::draw_calibration;
    Chip => chip: views::draw_chip;
    TradeOffs => trade: views::draw_trade;
    Network => network: views::draw_network;
    Codes => codes: views::draw_codes;
}
