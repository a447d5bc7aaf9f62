//! Shows the page.

fn main() {
    console_error_panic_hook::set_once();
    let root = gloo::utils::document().get_element_by_id("app");
    match root {
        Some(root) => yew::Renderer::<sdann::web::app::App>::with_root(root).render(),
        None => yew::Renderer::<sdann::web::app::App>::new().render(),
    };
}
