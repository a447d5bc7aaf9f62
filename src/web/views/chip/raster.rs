//! Spikes over time, core by core: a row for each core that holds something, a column for each step.

use super::counts::{Counts, LEVELS, Measure, Scope, level, use_counts, windows};
use super::scene::Scene;
use super::words::core_name;
use crate::chip::{Mapping, Topology};
use crate::web::components::Card;
use crate::web::format;
use crate::web::palette::{Palette, hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, PixelCanvas, Pixels, Rect, use_pixel_ratio};
use crate::web::views::layer_map::arrow;
use crate::web::views::words::{layer_name, producer, tensor_name};
use crate::web::worker::{NetworkView, RunView};
use rust_i18n::t;
use yew::prelude::*;

/// Highest picture in CSS pixels.
const HEIGHT: u32 = 300;
/// Widest column, and highest row, in CSS pixels.
const LARGEST: (u32, u32) = (20, 14);

/// What [`Raster`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct RasterProps {
    /// The network.
    pub network: ByPtr<NetworkView>,
    /// The run.
    pub run: ByPtr<RunView>,
    /// What is where.
    pub scene: ByPtr<Scene>,
    /// The time step.
    pub step: usize,
    /// The core that is looked at.
    pub chosen: usize,
    /// Room in CSS pixels.
    pub width: u32,
    /// Called with a core and a step.
    pub on_choose: Callback<(usize, usize)>,
}

/// Which core has which row: those of a tensor one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    cores: Vec<usize>,
    /// For each tensor its first row and how many it has.
    bands: Vec<(usize, usize, usize)>,
    /// Cores that share a row of the picture, where there are too many.
    per_row: usize,
}

impl Rows {
    fn new(scene: &Scene, most: usize) -> Self {
        let mut cores: Vec<(usize, usize)> = scene
            .residents
            .iter()
            .enumerate()
            .filter_map(|(core, resident)| Some(((*resident)?.tensor, core)))
            .collect();
        cores.sort_unstable();
        let mut bands: Vec<(usize, usize, usize)> = Vec::new();
        for (row, &(tensor, _)) in cores.iter().enumerate() {
            match bands.last_mut() {
                Some((last, _, count)) if *last == tensor => *count += 1,
                _ => bands.push((tensor, row, 1)),
            }
        }
        Self {
            per_row: cores.len().div_ceil(most.max(1)).max(1),
            cores: cores.into_iter().map(|(_, core)| core).collect(),
            bands,
        }
    }

    /// Rows of the picture.
    fn len(&self) -> usize {
        self.cores.len().div_ceil(self.per_row)
    }

    fn row_of(&self, core: usize) -> Option<usize> {
        self.cores.iter().position(|&other| other == core)
    }
}

/// The raster. Arrow keys choose core and step.
#[component]
pub fn Raster(props: &RasterProps) -> Html {
    let RasterProps {
        network,
        run,
        scene,
        step,
        chosen,
        width,
        on_choose,
    } = props;
    let (step, chosen) = (*step, *chosen);
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let counts = use_counts(run, Measure::Spikes, Scope::Step, None, 0);
    let most_rows = (f64::from(HEIGHT) * ratio) as usize;
    let rows = use_memo((scene.clone(), most_rows), |(scene, most)| {
        Rows::new(scene, *most)
    });
    let Ok((mapping, traffic)) = &run.chip else {
        return Html::default();
    };
    let steps = traffic.steps.max(1);
    let cell = cell(*width, steps, rows.len(), ratio);
    let pixels = use_memo(
        (counts.clone(), rows.clone(), scene.clone(), ByPtr(palette), cell),
        |(counts, rows, scene, palette, cell)| paint(counts, rows, scene, palette, *cell, steps),
    );
    let css = |device: usize| device as f64 / ratio;
    let (full_width, full_height) = (css(cell.0 * steps), css(cell.1 * rows.len()));
    let row = rows.row_of(chosen);
    let at = {
        let rows = rows.clone();
        move |x: f64, y: f64| {
            let (column, row) = (
                (x * ratio) as usize / cell.0.max(1),
                (y * ratio) as usize / cell.1.max(1),
            );
            let core = rows.cores.get(row * rows.per_row)?;
            (column < steps).then_some((*core, column))
        }
    };
    let onclick = {
        let on_choose = on_choose.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(place) = at(f64::from(event.offset_x()), f64::from(event.offset_y())) {
                on_choose.emit(place);
            }
        })
    };
    let onkeydown = {
        let (on_choose, rows) = (on_choose.clone(), rows.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some((columns, down)) = arrow(&event.key()) else {
                return;
            };
            event.prevent_default();
            event.stop_propagation();
            let row = row.map_or(0, |row| row.saturating_add_signed(down * rows.per_row as isize));
            let core = rows.cores.get(row).copied().unwrap_or(chosen);
            on_choose.emit((core, step.saturating_add_signed(columns).min(steps - 1)));
        })
    };
    let words = words(mapping, &mapping.topology, &counts, network, chosen, step);
    let bands = rows.bands.iter().map(|&(tensor, first, count)| {
        let per_row = rows.per_row as f64;
        let (top, height) = (first as f64 / per_row, count as f64 / per_row);
        let style = format!(
            "top:{:.2}px;height:{:.2}px;--hue:{}",
            css(cell.1) * top,
            css(cell.1) * height,
            hue_of_layer(producer(network, tensor))
        );
        let has_room = css(cell.1) * height >= 11.0;
        html! { <span class="band" {style} title={tensor_name(network, tensor)}>if has_room { <b>{ tensor_name(network, tensor) }</b> }</span> }
    });
    let mut first = 0;
    let marks: Vec<Html> = windows(run)
        .into_iter()
        .enumerate()
        .map(|(layer, steps)| {
            let style = format!("left:{:.2}px;width:{:.2}px", css(cell.0 * first), css(cell.0 * steps));
            let name = layer_name(network, layer);
            let text = format!("{}", first + 1);
            first += steps;
            html! { <span class="mark" {style} title={t!("raster.listens", layer = name)}>{ text }<em>{ name }</em></span> }
        })
        .collect();
    let now = format!(
        "left:{:.2}px;width:{:.2}px;height:{full_height:.2}px",
        css(cell.0 * step),
        css(cell.0)
    );
    let line = row.map(|row| {
        let row = row / rows.per_row;
        let style = format!(
            "top:{:.2}px;height:{:.2}px;width:{full_width:.2}px",
            css(cell.1 * row),
            css(cell.1)
        );
        html! { <span class="raster-core" {style} aria-hidden="true" /> }
    });
    let cores = format::count(rows.cores.len() as u64);
    let about = match rows.per_row {
        0 | 1 => t!("raster.about", cores = cores, steps = steps),
        shared => t!(
            "raster.about-shared",
            cores = cores,
            steps = steps,
            shared = shared
        ),
    };
    html! {
        <Card name="raster" title={t!("raster.title").into_owned()} aside={html! { <p>{ about }</p> }}>
            <div class="raster">
                <div class="bands" style={format!("height:{full_height:.2}px")} aria-hidden="true">{ for bands }</div>
                <div class="scroll-x">
                    <div class="raster-picture" style={format!("width:{full_width:.2}px")} tabindex="0" role="application"
                        aria-roledescription={t!("raster.kind")} {onclick} {onkeydown}
                        aria-label={t!("raster.label", words = words)}>
                        <PixelCanvas pixels={ByPtr(pixels)} {ratio} />
                        <span class="raster-now" style={now} aria-hidden="true" />
                        { line }
                    </div>
                    <div class="marks" style={format!("width:{full_width:.2}px")} aria-hidden="true">{ marks }</div>
                </div>
            </div>
            <p class="card-note" aria-live="polite">{ words }</p>
        </Card>
    }
}

/// Device pixels of a cell.
fn cell(width: u32, steps: usize, rows: usize, ratio: f64) -> (usize, usize) {
    let fit = |room: u32, count: usize, largest: u32| {
        let room = (f64::from(room) * ratio) as usize;
        let largest = (f64::from(largest) * ratio) as usize;
        (room / count.max(1)).clamp(1, largest.max(1))
    };
    let (across, down) = (fit(width, steps, LARGEST.0), fit(HEIGHT, rows, LARGEST.1));
    // A step stays wide enough for a finger; a long run scrolls.
    (across.max((3.0 * ratio) as usize), down)
}

fn paint(
    counts: &Counts,
    rows: &Rows,
    scene: &Scene,
    palette: &Palette,
    cell: (usize, usize),
    steps: usize,
) -> Pixels {
    let mut pixels = Pixels::new(cell.0 * steps, cell.1 * rows.len());
    let ground = palette.sunken.pixel();
    pixels.data.fill(ground);
    let gap = |side: usize| usize::from(side > 4);
    for step in 0..steps {
        let values = counts.cores.at(step);
        for (row, cores) in rows.cores.chunks(rows.per_row).enumerate() {
            let busiest = cores.iter().max_by_key(|&&core| values.get(core));
            let Some(&core) = busiest else { continue };
            let level = level(values.get(core).copied().unwrap_or(0), counts.cores.most);
            if level == 0 {
                continue;
            }
            let layer = scene.residents.get(core).copied().flatten().and_then(|r| r.layer);
            let hue = layer.map_or(palette.input, |layer| palette.layer(layer));
            let colour = palette
                .sunken
                .mix(hue, 0.25 + 0.75 * level as f32 / LEVELS as f32);
            let rect = Rect {
                x: step * cell.0,
                y: row * cell.1,
                width: cell.0 - gap(cell.0),
                height: cell.1 - gap(cell.1),
            };
            pixels.fill(rect, colour.pixel());
        }
    }
    pixels
}

fn words(
    mapping: &Mapping,
    chip: &Topology,
    counts: &Counts,
    network: &NetworkView,
    core: usize,
    step: usize,
) -> String {
    let spikes = counts.cores.at(step).get(core).copied().unwrap_or(0);
    t!(
        "raster.words",
        core = core_name(chip, core),
        residents = super::words::residents(network, mapping, core),
        spikes = format::count_of(spikes, "spike"),
        step = step + 1
    )
    .into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::scene::Resident;
    use super::*;

    fn scene(tensors: &[Option<usize>]) -> Scene {
        Scene {
            residents: tensors
                .iter()
                .map(|tensor| {
                    tensor.map(|tensor| Resident {
                        tensor,
                        layer: tensor.checked_sub(1),
                    })
                })
                .collect(),
            ..Scene::default()
        }
    }

    #[test]
    fn cores_of_a_layer_have_rows_one_after_the_other_and_empty_ones_have_none() {
        let rows = Rows::new(&scene(&[Some(1), None, Some(0), Some(1)]), 100);
        assert_eq!(rows.cores, [2, 0, 3]);
        assert_eq!(rows.bands, [(0, 0, 1), (1, 1, 2)]);
        assert_eq!((rows.len(), rows.row_of(3), rows.row_of(1)), (3, Some(2), None));
    }

    #[test]
    fn too_many_cores_share_rows() {
        let rows = Rows::new(&scene(&vec![Some(0); 4096]), 300);
        assert_eq!(rows.per_row, 14);
        assert!(rows.len() <= 300);
    }

    #[test]
    fn cells_fill_the_room_but_stay_wide_enough_to_be_hit() {
        assert_eq!(cell(600, 32, 20, 1.0), (18, 14));
        assert_eq!(cell(600, 1000, 300, 1.0), (3, 1));
    }
}
