//! The controls around the pictures. Each file is one of them.

mod badge;
mod card;
mod choices;
mod draw_pad;
mod drop_zone;
mod equation;
mod fields;
mod header;
mod icon;
mod network_picker;
mod notices;
mod overflow;
mod panel;
mod sample_picker;
mod settings_form;
mod signal;
mod skeleton;
mod tabs;
mod thumbnail;
mod timeline;
mod toggletip;

pub use card::Card;
pub use choices::Choices;
pub use drop_zone::DropZone;
pub use header::Header;
pub use notices::Notices;
pub use overflow::OverflowNote;
pub use panel::Panel;
pub use sample_picker::caption;
pub use signal::Signal;
pub use skeleton::Skeleton;
pub use tabs::Tabs;
pub use thumbnail::Thumbnail;
pub use timeline::Timeline;
pub use toggletip::Toggletip;
