//! What the browser keeps for the next visit. A browser may refuse: in a frame of another site, or when it is told
//! to; then everything is for this visit, and nothing breaks.

use gloo::utils::window;

/// What was kept under this key.
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text, if the browser lets us.
pub fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Fails where there is no more room.
        let _ = storage.set_item(key, value);
    }
}

/// Forgets a text.
pub fn delete(key: &str) {
    if let Some(storage) = storage() {
        // Can't fail for a storage that there is.
        let _ = storage.remove_item(key);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
