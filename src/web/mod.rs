//! The page: a Yew application on the page's thread, and the engine in a worker.
//!
//! `src/web/README.md` tells where to find what.

pub mod address;
pub mod app;
pub mod command;
pub mod components;
pub mod facts;
pub mod files;
pub mod format;
pub mod gallery;
mod glossary;
pub mod language;
pub mod later;
pub mod lazy;
pub mod link;
pub mod palette;
pub mod picture;
pub mod plots;
pub mod pool;
pub mod save;
pub mod selection;
pub mod session;
pub mod shortcuts;
pub mod state;
pub mod storage;
pub mod stored;
mod tables;
pub mod task;
pub mod teaching;
pub mod texts;
pub mod theme;
pub mod verdict;
pub mod view;
pub mod views;
pub mod worker;
