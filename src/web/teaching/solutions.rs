//! Every lesson, played with the engine: open at its beginning, solved by what its hints lead to.

use super::measures::nearness;
use super::{LESSONS, lesson};
use crate::explore::{GroundTruth, Session};
use crate::import::dataset::read_array;
use crate::settings::setting;
use crate::web::selection::Select;
use crate::web::state::{Action, Loaded, ModelChoice, ModelLoad, SampleChoice, State, TeachingAction};
use crate::web::worker::{Response, SamplesView, network_view, run};
use std::rc::Rc;
use yew::Reducible;

/// The page's state with the engine behind it, and no page.
struct Bench {
    session: Session,
    state: Rc<State>,
}

macro_rules! asset {
    ($name:literal) => {
        include_bytes!(concat!("../../../assets/", $name))
    };
}

fn session(model: &str) -> Session {
    let (bytes, images, labels, calibration, divisor): (&[u8], &[u8], &[u8], &[u8], f32) = match model {
        "mnist-cnn" => (
            asset!("models/mnist-cnn.onnx"),
            asset!("datasets/mnist-test-images.idx3-ubyte.gz"),
            asset!("datasets/mnist-test-labels.idx1-ubyte.gz"),
            asset!("datasets/mnist-calibration-images.idx3-ubyte.gz"),
            255.0,
        ),
        "mnist-cnn-float" => (
            asset!("models/mnist-cnn.float.onnx"),
            asset!("datasets/mnist-test-images.idx3-ubyte.gz"),
            asset!("datasets/mnist-test-labels.idx1-ubyte.gz"),
            asset!("datasets/mnist-calibration-images.idx3-ubyte.gz"),
            255.0,
        ),
        "digits-mlp" => (
            asset!("models/digits-mlp.onnx"),
            asset!("datasets/digits-test-images.idx3-ubyte.gz"),
            asset!("datasets/digits-test-labels.idx1-ubyte.gz"),
            asset!("datasets/digits-calibration-images.idx3-ubyte.gz"),
            16.0,
        ),
        other => panic!("no lesson is on {other}"),
    };
    let array = |bytes: &[u8]| read_array(bytes).expect("a shipped file");
    let mut session = Session::open(bytes, model).expect("a shipped model");
    let labels = array(labels).to_labels().expect("shipped labels");
    session
        .set_samples(&array(images), divisor, GroundTruth::Labels(labels))
        .expect("shipped images");
    session
        .set_calibration(&array(calibration), divisor)
        .expect("shipped calibration images");
    session
}

impl Bench {
    /// The page with a lesson open at its beginning, its model loaded and all answers there.
    fn begin(key: &str) -> Self {
        let lesson = lesson(key).expect("a lesson");
        let session = session(lesson.scene.model);
        let mut network = network_view(&session, SamplesView::default());
        let input: usize = network.tensors[0].shape.iter().product();
        network.samples.count = session.samples().codes.len() / input;
        let network = Rc::new(network);
        let choice = ModelChoice::Gallery(lesson.scene.model.to_owned());
        let load = ModelLoad {
            epoch: 1,
            choice: choice.clone(),
            model: Rc::default(),
            data: None,
        };
        let state = State {
            wanted: Some(choice),
            sample: Some(SampleChoice::Stored(0)),
            loaded: Some(Rc::new(Loaded {
                load: Rc::new(load),
                network,
            })),
            ..State::default()
        };
        let mut bench = Self {
            session,
            state: Rc::new(state),
        };
        bench.act(Action::Teach(TeachingAction::Begin(lesson)));
        bench
    }

    /// The reader does something, and the engine answers.
    fn act(&mut self, action: Action) {
        self.dispatch(action);
        while self.state.next_question().is_some() {
            self.dispatch(Action::Ask);
            let asked = self.state.asked.clone().expect("a question");
            let question = &asked.question;
            let run = run(
                &mut self.session,
                &question.settings,
                &question.sample.to_sample(),
            )
            .expect("a run");
            self.dispatch(Action::Answer(Box::new(Response::Run {
                epoch: asked.epoch,
                run: Box::new(run),
            })));
            let known = self.state.agreement.as_ref().map(|counts| counts.settings);
            if known != Some(question.settings) {
                while self.session.count(1000) {}
                let agreement = self.session.tally().agreement().clone();
                self.dispatch(Action::Answer(Box::new(Response::Counted {
                    epoch: asked.epoch,
                    agreement: Box::new(agreement),
                    mistakes: None,
                })));
            }
        }
    }

    fn dispatch(&mut self, action: Action) {
        self.state = self.state.clone().reduce(action);
    }

    fn set(&mut self, key: &str, value: &str) {
        self.act(Action::Set(setting(key).expect("a setting"), value.to_owned()));
    }

    fn met(&self) -> Vec<bool> {
        let open = self.state.teaching.lesson.as_ref().expect("a lesson");
        open.findings(&self.state)
            .iter()
            .map(|finding| finding.is_met)
            .collect()
    }

    fn is_solved(&self) -> bool {
        self.state
            .teaching
            .lesson
            .as_ref()
            .is_some_and(|open| open.is_solved)
    }
}

#[test]
fn no_lesson_is_solved_before_anything_was_done() {
    for lesson in LESSONS {
        let bench = Bench::begin(lesson.key);
        assert!(!bench.is_solved(), "{}: {:?}", lesson.key, bench.met());
        assert!(bench.state.teaching.solved.is_empty());
        assert!(bench.state.shown.is_some());
    }
}

#[test]
fn the_zero_point_as_silence_makes_the_background_silent() {
    let mut bench = Bench::begin("silent-background");
    assert_eq!(bench.met(), [false, true]);
    bench.set("silent-code", "zero-point");
    assert!(bench.is_solved());
    assert_eq!(bench.state.teaching.solved, ["silent-background"]);
}

#[test]
fn the_narrowest_register_is_found_by_trying_one_that_is_too_narrow() {
    let mut bench = Bench::begin("narrowest-register");
    bench.set("register-bits", "8");
    assert_eq!(bench.met(), [true, false], "one bit less was not tried yet");
    bench.set("register-bits", "7");
    assert_eq!(bench.met(), [false, false]);
    bench.set("register-bits", "9");
    bench.set("bias-correct", "off");
    bench.set("register-bits", "8");
    assert_eq!(
        bench.met(),
        [false, false],
        "what was tried otherwise proves nothing"
    );
    bench.set("bias-correct", "on");
    assert!(bench.is_solved(), "{:?}", bench.met());
}

#[test]
fn a_label_that_flips_is_mended_by_correction_alone() {
    let mut bench = Bench::begin("flip-and-mend");
    bench.set("register-bits", "8");
    for sample in 0..100 {
        bench.act(Action::Pick(SampleChoice::Stored(sample)));
        let has_flipped = bench
            .state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.run.winner != shown.run.reference_winner);
        if !has_flipped {
            continue;
        }
        assert_eq!(bench.met(), [true, false]);
        bench.set("register-bits", "9");
        bench.set("bias-correct", "on");
        assert!(!bench.is_solved(), "a wider register is no correction");
        bench.set("register-bits", "8");
        if bench.is_solved() {
            return;
        }
        bench.set("bias-correct", "off");
    }
    panic!("no label of the first hundred was mended");
}

#[test]
fn the_neuron_nearest_to_its_limit_is_the_one_that_is_asked_for() {
    let mut bench = Bench::begin("nearest-to-limit");
    let shown = bench.state.shown.clone().expect("a run");
    let layers = shown.network.layers.iter().enumerate();
    let neurons =
        layers.flat_map(|(layer, of)| (0..of.connections.output.len()).map(move |neuron| (layer, neuron)));
    let near = |&(layer, neuron): &(usize, usize)| nearness(&shown.run, layer, neuron);
    let (layer, neuron) = neurons
        .max_by(|a, b| near(a).total_cmp(&near(b)))
        .expect("neurons");
    bench.act(Action::Select(Select::Neuron {
        layer,
        neuron: (neuron + 1) % 10,
    }));
    assert!(!bench.is_solved());
    bench.act(Action::Select(Select::Neuron { layer, neuron }));
    assert!(bench.is_solved());
}

#[test]
fn a_register_as_narrow_as_its_bias_fits_on_loihi() {
    let mut bench = Bench::begin("fit-on-loihi");
    assert_eq!(bench.met(), [false, true]);
    bench.set("chip", "classroom");
    assert_eq!(bench.met(), [false, true], "another chip is no solution");
    bench.set("chip", "loihi");
    bench.set("register-bits", "24");
    assert_eq!(bench.met(), [false, true], "the bias is still too wide");
    bench.set("register-bits", "13");
    assert!(bench.is_solved(), "{:?}", bench.met());
}

#[test]
fn the_busiest_link_is_at_few_cores() {
    let mut bench = Bench::begin("busiest-link");
    let at: Vec<usize> = (0..30)
        .filter(|&core| {
            bench.act(Action::Select(Select::Core(Some(core))));
            bench.met() == [true]
        })
        .collect();
    assert!(bench.is_solved());
    assert!((2..=4).contains(&at.len()), "{at:?}");
}

#[test]
fn silence_and_multicast_halve_the_traffic() {
    let mut bench = Bench::begin("halve-traffic");
    assert_eq!(bench.met(), [false, true]);
    bench.set("silent-code", "zero-point");
    assert_eq!(bench.met(), [false, true], "not yet half");
    bench.act(Action::Pick(SampleChoice::Stored(1)));
    bench.set("delivery", "multicast");
    assert!(!bench.is_solved(), "another sample proves nothing");
    bench.act(Action::Pick(SampleChoice::Stored(0)));
    assert!(bench.is_solved(), "{:?}", bench.met());
}

#[test]
fn four_bits_are_as_good_as_eight_once_the_range_is_the_one_with_the_least_error() {
    let mut bench = Bench::begin("fewer-weight-bits");
    assert_eq!(bench.met(), [false, true]);
    bench.set("weight-bits", "4");
    assert_eq!(bench.met(), [true, false], "the largest weight spoils the range");
    bench.set("weight-range", "mse");
    assert!(bench.is_solved(), "{:?}", bench.met());
}
