//! The engine's worker: started by the page, answers its requests.

use gloo_worker::Registrable;
use sdann::web::worker::{EngineWorker, JsCodec};

fn main() {
    EngineWorker::registrar().encoding::<JsCodec>().register();
}
