//! What the page is shipped with so that it can be seen before the engine is there: the list of models, and the run
//! that it opens with, as the engine has answered when they were written. A test holds them against the engine.

mod thin;

use super::address;
use super::gallery::{self, Gallery};
use super::language::Language;
use super::lazy;
use super::texts;
use super::worker::{NetworkView, RunView, unpack};
use crate::explore::{Agreement, CalibrationEffect, ConversionReport};
use js_sys::{Promise, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// What there is when the page opens.
#[derive(Debug)]
pub struct Opening {
    /// The models, or why there are none.
    pub gallery: Result<Gallery, String>,
    /// What is shown first, if the address asks for nothing else.
    pub first: Option<FirstView>,
}

/// The run of the first model that the page opens with, and all that stands around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstView {
    /// The model, by its id in the gallery.
    pub model: String,
    /// The network. Of its samples, pictures are there only of those that are typical of a class.
    pub network: NetworkView,
    /// The stored sample that was run.
    pub sample: usize,
    /// Its run, with the default settings.
    pub run: RunView,
    /// What was counted over all samples.
    pub agreement: Agreement,
    /// What conversion did to each layer.
    pub report: ConversionReport,
    /// What calibration does to the layer that is chosen first.
    pub effect: CalibrationEffect,
    /// Whether the register was made narrower to have something to show of it.
    pub is_demonstration: bool,
}

/// Fetches what the page opens with, and the texts of its language.
pub async fn fetch_opening() -> Opening {
    let (link, _) = address::read();
    let language = link.language.unwrap_or_else(Language::preferred);
    if !texts::has(language) {
        // The page tries again, and says why if they don't come then either.
        let _ = lazy::fetch_texts(language).await;
    }
    Opening {
        gallery: gallery::fetch_gallery().await,
        first: first_view().await,
    }
}

/// The stored run, which `www/boot.js` has begun to fetch unless the address asks for something else. Without it the
/// engine is waited for.
async fn first_view() -> Option<FirstView> {
    let fetched = Reflect::get(&js_sys::global(), &"firstView".into()).ok()?;
    let bytes = JsFuture::from(fetched.dyn_into::<Promise>().ok()?).await.ok()?;
    let mut first: FirstView = unpack(bytes.dyn_ref::<Uint8Array>()?)?;
    thin::thicken(&mut first.run.trace);
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Session;
    use crate::web::gallery::GalleryModel;
    use crate::web::state::{Action, ModelLoad, State};
    use crate::web::verdict::{Tone, Verdict};
    use crate::web::worker::{CalibrateOn, DataFiles, Divisor, ModelFile, Response, TruthFile, load, run};
    use flate2::Compression;
    use flate2::read::GzDecoder;
    use flate2::write::GzEncoder;
    use std::fs;
    use std::io::{Read, Write};
    use std::rc::Rc;
    use yew::Reducible;

    const GALLERY: &str = "assets/gallery.bin";
    const FIRST_VIEW: &str = "assets/first-view.bin";

    fn asset(path: &str) -> Vec<u8> {
        fs::read(format!("assets/{path}")).expect("a shipped file")
    }

    fn gallery() -> Gallery {
        serde_json::from_slice(&asset("gallery.json")).expect("the gallery")
    }

    /// The files of a shipped classifier.
    fn files(model: &GalleryModel) -> (ModelFile, DataFiles) {
        let data = &model.dataset;
        let labels = data.labels.clone().expect("labels");
        let files = DataFiles {
            name: data.samples.clone(),
            samples: asset(&data.samples).into(),
            truth: TruthFile::Labels {
                bytes: asset(&labels).into(),
                name: labels,
            },
            calibration: asset(&data.calibration).into(),
            divisor: Divisor::Is(data.divide_by),
            calibrate_on: CalibrateOn::default(),
        };
        let model = ModelFile {
            name: model.title.clone(),
            bytes: asset(&model.file).into(),
        };
        (model, files)
    }

    /// The page without a page, and the engine without a worker.
    struct Bench {
        state: Rc<State>,
        session: Session,
        network: NetworkView,
    }

    impl Bench {
        fn new() -> Self {
            let gallery = gallery();
            let (model, data) = files(&gallery.models[0]);
            let (session, network) = load(&model, Some(&data)).expect("the first model");
            let mut state = State::default();
            state.take_gallery(Ok(gallery));
            Self {
                state: Rc::new(state),
                session,
                network,
            }
        }

        fn act(&mut self, action: Action) {
            self.state = self.state.clone().reduce(action);
        }

        fn answer(&mut self, response: Response) {
            self.act(Action::Answer(Box::new(response)));
        }

        /// The model's files come, and the engine reads them.
        fn load(&mut self) {
            let model = &self.state.gallery.as_ref().expect("a gallery").models[0];
            let (file, data) = files(model);
            let files = Ok(ModelLoad {
                epoch: 0,
                choice: self.state.wanted.clone().expect("a wish"),
                model: Rc::new(file),
                data: Some(Rc::new(model.data(data))),
            });
            let wish = self.state.wish;
            self.act(Action::FilesCame { wish, files });
            self.answer(Response::Loaded {
                epoch: 1,
                network: Box::new(self.network.clone()),
            });
        }

        fn explore(&mut self) {
            self.act(Action::Ask);
            let asked = self.state.asked.clone().expect("a question");
            let (epoch, settings) = (asked.epoch, asked.question.settings);
            let sample = asked.question.sample.to_sample();
            let run = run(&mut self.session, &settings, &sample).expect("a run");
            self.answer(Response::Run {
                epoch,
                run: Box::new(run),
            });
            while self.session.count(1000) {}
            let agreement = Box::new(self.session.tally().agreement().clone());
            self.answer(Response::Counted {
                epoch,
                agreement,
                mistakes: None,
            });
            let mut meter = self.session.report_meter(&settings).expect("a meter");
            while self.session.report_next(&mut meter) {}
            let report = Box::new(meter.report(self.session.network()));
            self.answer(Response::Explained { epoch, report });
            self.act(Action::AskCalibration);
            let asked = self.state.calibration_asked.clone().expect("a question");
            let question = &asked.question;
            let meter = self
                .session
                .effect_meter(&question.settings, question.layer, question.all);
            let mut meter = meter.expect("a meter");
            while self.session.effect_next(&mut meter) {}
            self.answer(Response::Calibration {
                epoch: asked.epoch,
                effect: meter.effect(),
            });
        }

        /// What is seen now, as it is stored.
        fn first_view(&self) -> FirstView {
            let state = &self.state;
            let shown = state.shown.as_ref().expect("a run");
            let gallery = state.gallery.as_ref().expect("a gallery");
            let (model, mut network) = (&gallery.models[0], (*shown.network).clone());
            let picture: usize = network.samples.shape.iter().product();
            for (index, pixels) in network.samples.pixels.chunks_mut(picture).enumerate() {
                if !model.picks.contains(&index) {
                    pixels.fill(0);
                }
            }
            let calibration = state.calibration.as_ref().expect("an effect");
            FirstView {
                model: model.id.clone(),
                network,
                sample: shown.sample.stored().expect("a stored sample"),
                run: (*shown.run).clone(),
                agreement: (*state.agreement.as_ref().expect("counts").agreement).clone(),
                report: (*state.report().expect("a report")).clone(),
                effect: (*calibration.effect).clone(),
                is_demonstration: calibration.is_demonstration,
            }
        }
    }

    fn stored() -> FirstView {
        let mut bytes = Vec::new();
        let packed = fs::read(FIRST_VIEW).expect("a stored run");
        GzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("gzip");
        let mut first: FirstView = postcard::from_bytes(&bytes).expect("a first view");
        thin::thicken(&mut first.run.trace);
        first
    }

    #[test]
    fn what_is_stored_is_what_the_engine_answers() {
        let mut bench = Bench::new();
        bench.load();
        bench.explore();
        let (gallery, first) = (gallery(), bench.first_view());
        let list = postcard::to_stdvec(&gallery).expect("bytes");
        if std::env::var_os("SDANN_WRITE_STORED").is_some() {
            let mut first = first.clone();
            thin::thin(&mut first.run.trace);
            let bytes = postcard::to_stdvec(&first).expect("bytes");
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(&bytes).expect("memory");
            fs::write(FIRST_VIEW, packed.finish().expect("memory")).expect("a file");
            fs::write(GALLERY, &list).expect("a file");
        }
        const AGAIN: &str = "run SDANN_WRITE_STORED=1 cargo test --lib stored, and commit assets/*.bin";
        assert!(fs::read(GALLERY).expect("a list") == list, "{AGAIN}");
        assert!(stored() == first, "{AGAIN}");
    }

    /// The page as it is before the engine is there.
    fn opened() -> Bench {
        let mut bench = Bench::new();
        let mut state = (*bench.state).clone();
        state.open_with(stored());
        bench.state = Rc::new(state);
        bench
    }

    #[test]
    fn the_stored_run_is_shown_until_the_engine_is_there() {
        let bench = opened();
        assert_eq!(Verdict::of(&bench.state).tone, Tone::Equal);
        assert!(bench.state.report().is_some() && bench.state.calibration.is_some());
        // Nobody could answer.
        assert_eq!(bench.state.next_question(), None);
        assert_eq!(bench.state.next_calibration(), None);
        assert!(bench.state.load_in_use().is_none());
    }

    #[test]
    fn the_engine_takes_over_without_a_jump() {
        let mut bench = opened();
        bench.act(Action::Wake);
        for _ in 0..5 {
            bench.act(Action::Tick);
        }
        let before = bench.state.clone();
        let (verdict, seen) = (Verdict::of(&before), bench.first_view());
        bench.load();
        assert_eq!(Verdict::of(&bench.state), verdict);
        assert!(bench.state.load_in_use().is_some());
        bench.explore();
        assert_eq!(Verdict::of(&bench.state), verdict);
        let now = &bench.state;
        assert_eq!(
            (now.playhead, now.selection, now.opening),
            (before.playhead, before.selection, before.opening)
        );
        let then = bench.first_view();
        assert!(then.network == seen.network);
        assert_eq!(then.run.chip, seen.run.chip);
        assert!(then.run == seen.run);
        assert_eq!(then.agreement, seen.agreement);
        assert_eq!(then.report, seen.report);
        assert_eq!(
            (then.effect, then.is_demonstration),
            (seen.effect, seen.is_demonstration)
        );
        assert!(now.notices.is_empty());
    }

    #[test]
    fn another_address_waits_for_the_engine() {
        let mut state = (*Bench::new().state).clone();
        state.settings.conversion.register_bits = 12;
        state.open_with(stored());
        assert!(state.shown.is_none() && !state.is_stored);
    }
}
