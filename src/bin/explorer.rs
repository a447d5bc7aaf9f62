//! Shows the page.
//!
//! Here the program may be cut into parts: what is reachable only through one of them comes when it is needed for the
//! first time. `cargo xtask build` cuts; everywhere else the program is in one piece.

use sdann::web::files;
use sdann::web::lazy::{self, Draw, Parts, ReadFile};
use sdann::web::view::View;
use sdann::web::views;
use std::error::Error;

fn main() {
    console_error_panic_hook::set_once();
    lazy::install(Parts {
        view: |view| Box::pin(async move { code_of(view).await.map_err(|error| error.to_string()) }),
        files: || Box::pin(async { read_file().await.map_err(|error| error.to_string()) }),
    });
    let root = gloo::utils::document().get_element_by_id("app");
    match root {
        Some(root) => yew::Renderer::<sdann::web::app::App>::with_root(root).render(),
        None => yew::Renderer::<sdann::web::app::App>::new().render(),
    };
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

views! {
    Neuron => neuron: views::draw_neuron;
    Calibration => calibration: views::draw_calibration;
    Chip => chip: views::draw_chip;
    TradeOffs => trade: views::draw_trade;
    Network => network: views::draw_network;
    Codes => codes: views::draw_codes;
}
