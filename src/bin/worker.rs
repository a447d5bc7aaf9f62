//! The engine's worker: started by the page, answers its requests.

use gloo_worker::Registrable;
use sdann::web::worker::{EngineWorker, Postcard};

fn main() {
    EngineWorker::registrar().encoding::<Postcard>().register();
}
