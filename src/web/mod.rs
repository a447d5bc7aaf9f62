//! The page: a Yew application on the page's thread, and the engine in a worker.
//! Start with the [README](https://docs.rs/) in this folder.

pub mod format;
pub mod palette;
pub mod plots;
pub mod selection;
pub mod views;
pub mod worker;
