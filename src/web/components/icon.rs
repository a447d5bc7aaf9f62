//! Small drawings on buttons. They say nothing to a screen reader: the button does.

use yew::prelude::*;

/// A drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// The page's mark: a spike on a line.
    Spike,
    /// Start playing.
    Play,
    /// Stop playing.
    Pause,
    /// One step on.
    Forward,
    /// One step back.
    Back,
    /// Light.
    Sun,
    /// Dark.
    Moon,
    /// As the system has it.
    Auto,
    /// Controls.
    Sliders,
    /// Take away.
    Cross,
    /// Right.
    Check,
    /// Not right.
    Exclamation,
    /// By chance.
    Dice,
    /// A link.
    Chain,
    /// A pen.
    Pen,
    /// From a file.
    Upload,
    /// An arrow down.
    Down,
    /// An open book.
    Book,
    /// Into a file.
    Save,
    /// A question.
    Help,
    /// Back to what was.
    Undo,
    /// Forward again.
    Redo,
    /// A camera.
    Camera,
}

impl Glyph {
    /// A path in a square of 24 units; whether it is filled.
    const fn path(self) -> (&'static str, bool) {
        match self {
            Self::Spike => ("M1 15h5l2-4 2.5 8L14 3l3 13 1.5-4H23", false),
            Self::Play => ("M8 5.2v13.6L19 12z", true),
            Self::Pause => ("M7 5h3.6v14H7zM13.4 5H17v14h-3.600z", true),
            Self::Forward => ("M6 5.500v13L14.5 12zM16 5.500h2.400v13H16z", true),
            Self::Back => ("M18 5.500v13L9.5 12zM5.6 5.500H8v13H5.600z", true),
            Self::Sun => (
                "M12 7.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 1.500v2.500M12 20v2.500M1.5 12H4M20 12h2.500M4.6 4.600l1.7 1.700M17.7 17.700l1.7 1.700M19.4 4.600l-1.7 1.700M6.3 17.700l-1.7 1.7",
                false,
            ),
            Self::Moon => ("M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z", false),
            Self::Auto => ("M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18", false),
            Self::Sliders => ("M3 7h10M19 7h2M3 17h4M13 17h8M16 4.500v5M10 14.500v5", false),
            Self::Cross => ("M6 6l12 12M18 6L6 18", false),
            Self::Check => ("M5 12.500l4.5 4.500L19 7.5", false),
            Self::Exclamation => ("M12 5v8.500M12 18v.5", false),
            Self::Dice => ("M5 5h14v14H5zM9 9v.1M15 9v.1M12 12v.1M9 15v.1M15 15v.1", false),
            Self::Chain => (
                "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.700L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.700L12 17",
                false,
            ),
            Self::Pen => ("M4 20l1-4L16.5 4.500l3 3L8 19z", false),
            Self::Upload => ("M12 16V5M7 9.500L12 4.500l5 5M5 19.500h14", false),
            Self::Down => ("M6 9.500l6 6 6-6", false),
            Self::Book => (
                "M5 19.500A2.500 2.500 0 0 1 7.500 17H19V3.500H7.500A2.500 2.500 0 0 0 5 6zM5 19.500A2.500 2.500 0 0 0 7.500 22H19v-5",
                false,
            ),
            Self::Save => ("M12 4.500V15.5M7 11l5 5 5-5M5 19.500h14", false),
            Self::Help => (
                "M8.5 9a3.5 3.5 0 1 1 5 3.200c-1 .5-1.500 1.200-1.500 2.300M12 18v.5",
                false,
            ),
            Self::Undo => ("M8 5L4 9l4 4M4.500 9H14a5.5 5.5 0 0 1 0 11h-3", false),
            Self::Redo => ("M16 5l4 4-4 4M19.500 9H10a5.5 5.5 0 0 0 0 11h3", false),
            Self::Camera => (
                "M3 8h4l2-3h6l2 3h4v11H3zM12 9.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
                false,
            ),
        }
    }
}

/// What is drawn.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drawing.
    pub glyph: Glyph,
}

/// A drawing as large as the text around it.
#[component]
pub fn Icon(props: &Props) -> Html {
    let (path, is_filled) = props.glyph.path();
    let class = if is_filled { "icon icon-filled" } else { "icon" };
    html! {
        <svg {class} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={path} /></svg>
    }
}
