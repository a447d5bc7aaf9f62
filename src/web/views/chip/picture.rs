//! Cores and links: as shapes where there are some hundred, as pixels where there are thousands.

use super::counts::{Counts, LEVELS, level};
use super::layout::{Layout, Line};
use super::scene::Scene;
use crate::web::palette::{Palette, hue_of_layer, use_palette};
use crate::web::plots::{ByPtr, PixelCanvas, Pixels, Rect, use_pixel_ratio};
use crate::web::selection::Select;
use crate::web::views::layer_map::arrow;
use rust_i18n::t;
use std::collections::BTreeMap;
use std::fmt::Write;
use web_sys::HtmlElement;
use yew::prelude::*;

/// More cores than this are drawn as pixels.
const MOST_SHAPES: usize = 400;
/// Links on which a spike is seen travelling.
const MOST_DOTS: usize = 28;

/// What [`CorePicture`] takes.
#[derive(Clone, PartialEq, Properties)]
pub struct CorePictureProps {
    /// What is where.
    pub scene: ByPtr<Scene>,
    /// How busy it is.
    pub counts: ByPtr<Counts>,
    /// The time step.
    pub step: usize,
    /// The core that is looked at.
    pub chosen: usize,
    /// Links to be marked: the route of a spike.
    #[prop_or_default]
    pub route: Vec<usize>,
    /// Room for it, in CSS pixels.
    pub room: (u32, u32),
    /// What it says to those who can't see it.
    pub label: AttrValue,
    /// Called with the chosen core.
    pub on_select: Callback<Select>,
    /// Called with the core below the pointer.
    pub on_hover: Callback<Option<usize>>,
}

/// The picture. Arrow keys choose a core.
#[component]
pub fn CorePicture(props: &CorePictureProps) -> Html {
    let palette = use_palette();
    let ratio = use_pixel_ratio();
    let picture = use_node_ref();
    let layout = &props.scene.layout;
    let (width, height) = (layout.width.max(1.0), layout.height.max(1.0));
    let point = {
        let (picture, scene) = (picture.clone(), props.scene.clone());
        move |event: &MouseEvent| {
            let element = picture.cast::<HtmlElement>()?;
            let scale = scene.layout.width / f64::from(element.offset_width().max(1));
            scene.layout.core_at(
                f64::from(event.offset_x()) * scale,
                f64::from(event.offset_y()) * scale,
            )
        }
    };
    let onclick = {
        let (on_select, point) = (props.on_select.clone(), point.clone());
        Callback::from(move |event: MouseEvent| {
            if let Some(core) = point(&event) {
                on_select.emit(Select::Core(Some(core)));
            }
        })
    };
    let onmousemove = props.on_hover.reform(move |event: MouseEvent| point(&event));
    let onmouseleave = props.on_hover.reform(|_: MouseEvent| None);
    let onkeydown = {
        let (on_select, scene, chosen) = (props.on_select.clone(), props.scene.clone(), props.chosen);
        Callback::from(move |event: KeyboardEvent| {
            let next = match (arrow(&event.key()), event.key().as_str()) {
                (Some((columns, rows)), _) => Some(scene.layout.neighbour(chosen, columns, rows)),
                (None, "Escape") => None,
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            on_select.emit(Select::Core(next));
        })
    };
    let room = (f64::from(props.room.0), f64::from(props.room.1));
    let is_large = layout.cores.len() > MOST_SHAPES;
    let scale = if is_large {
        pixel_scale(layout, room, ratio) / ratio
    } else {
        (room.0 / width).min(room.1 / height)
    };
    let style = format!("aspect-ratio:{width}/{height};max-width:{:.2}px", scale * width);
    let drawing = if is_large {
        let scale = pixel_scale(layout, room, ratio);
        html! {
            <CorePixels scene={props.scene.clone()} counts={props.counts.clone()} step={props.step} {scale}
                palette={ByPtr(palette)} {ratio} />
        }
    } else {
        html! {
            <CoreShapes scene={props.scene.clone()} counts={props.counts.clone()} step={props.step} has_names={scale * 12.0 >= 7.5} />
        }
    };
    let square = layout.core(props.chosen);
    let outline = format!(
        "left:{:.3}%;top:{:.3}%;width:{:.3}%;height:{:.3}%",
        square.x / width * 100.0,
        square.y / height * 100.0,
        square.side / width * 100.0,
        square.side / height * 100.0
    );
    html! {
        <div class="mesh" ref={picture} {style} tabindex="0" role="application" aria-roledescription={t!("chip.map")}
            aria-label={props.label.clone()} {onclick} {onmousemove} {onmouseleave} {onkeydown}>
            { drawing }
            if !props.route.is_empty() {
                <svg class="route" viewBox={format!("0 0 {width} {height}")} aria-hidden="true">
                    <path d={route(layout, &props.route)} />
                </svg>
            }
            <span class="chosen-core" style={outline} aria-hidden="true" />
        </div>
    }
}

fn lines<'a>(
    layout: &'a Layout,
    links: impl IntoIterator<Item = &'a usize>,
) -> impl Iterator<Item = &'a Line> {
    links
        .into_iter()
        .filter_map(|&link| layout.links.get(link)?.as_ref())
}

fn write_line(path: &mut String, line: &Line) {
    for (index, (x, y)) in line.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
}

fn route(layout: &Layout, links: &[usize]) -> String {
    let mut path = String::new();
    for line in lines(layout, links) {
        write_line(&mut path, line);
    }
    path
}

#[derive(Clone, PartialEq, Properties)]
struct CoreShapesProps {
    scene: ByPtr<Scene>,
    counts: ByPtr<Counts>,
    step: usize,
    has_names: bool,
}

/// Cores and links as shapes: a path for all that look alike.
#[component]
fn CoreShapes(props: &CoreShapesProps) -> Html {
    let CoreShapesProps { scene, counts, .. } = props;
    let layout = &scene.layout;
    let period = counts.period(props.step);
    let (cores, packets) = (counts.cores.at(period), counts.links.at(period));
    let links = link_paths(layout, packets, counts.links.most);
    let links = links.into_iter().enumerate().map(|(level, d)| {
        let share = level as f64 / LEVELS as f64;
        let style = format!("--level:{share:.3}");
        html! { <path key={format!("l{level}")} class={if level == 0 { "link idle" } else { "link" }} {style} {d} /> }
    });
    let shapes = core_paths(scene, cores, counts.cores.most);
    let shapes = shapes.into_iter().map(|((layer, level), d)| {
        let style = layer.map(|layer| {
            let share = 0.16 + 0.84 * level as f64 / LEVELS as f64;
            format!("--hue:{};--level:{share:.3}", hue_of_layer(layer))
        });
        let class = if layer.is_some() { "core" } else { "core empty" };
        html! { <path key={format!("c{layer:?}{level}")} {class} {style} {d} /> }
    });
    let names = (props.has_names && layout.cores_per_router() == 1).then(|| {
        let residents = scene.residents.iter().enumerate();
        residents.filter_map(|(core, resident)| {
            let (x, y) = layout.core(core).centre();
            let name = scene.names.get((*resident)?.tensor)?;
            Some(html! { <text x={x.to_string()} y={y.to_string()}>{ name }</text> })
        })
    });
    let dots = busiest_links(packets, MOST_DOTS);
    let dots = lines(layout, &dots).map(|line| {
        let (first, last) = (line[0], line[line.len() - 1]);
        let style = format!("--dx:{:.1}px;--dy:{:.1}px", last.0 - first.0, last.1 - first.1);
        html! { <circle class="spike-dot" cx={first.0.to_string()} cy={first.1.to_string()} r="3.2" {style} /> }
    });
    let hubs = layout.hubs.iter().map(|(x, y, level)| {
        let r = 2.0 + f64::from(*level);
        html! { <circle class="hub" cx={x.to_string()} cy={y.to_string()} r={r.to_string()} /> }
    });
    html! {
        <svg viewBox={format!("0 0 {} {}", layout.width, layout.height)} aria-hidden="true">
            <g class="links">{ for links }</g>
            <g class="hubs">{ for hubs }</g>
            <g class="cores">{ for shapes }</g>
            if let Some(names) = names {
                <g class="core-names">{ for names }</g>
            }
            // Another step is another group, so that its spikes start anew.
            <g key={format!("dots{}", props.step)} class="dots">{ for dots }</g>
        </svg>
    }
}

/// One path for all links of each level; level 0 holds those that carry nothing.
fn link_paths(layout: &Layout, packets: &[u64], most: u64) -> Vec<String> {
    let mut paths = vec![String::new(); LEVELS + 1];
    for (line, &count) in layout.links.iter().zip(packets) {
        if let Some(line) = line {
            write_line(&mut paths[level(count, most)], line);
        }
    }
    paths
}

/// One path for all cores of each layer (`Some(None)` is the input) and level. Cores that hold nothing are `None`.
fn core_paths(scene: &Scene, counts: &[u64], most: u64) -> BTreeMap<(Option<Option<usize>>, usize), String> {
    let mut paths: BTreeMap<_, String> = BTreeMap::new();
    let cores = scene.layout.cores.iter().zip(&scene.residents).zip(counts);
    for ((square, resident), &count) in cores {
        let layer = resident.map(|resident| resident.layer);
        let level = if layer.is_some() { level(count, most) } else { 0 };
        let radius = square.side * 0.22;
        let side = square.side - 2.0 * radius;
        let _ = write!(
            paths.entry((layer, level)).or_default(),
            "M{:.1} {:.1}h{side:.1}a{radius:.1} {radius:.1} 0 0 1 {radius:.1} {radius:.1}v{side:.1}a{radius:.1} {radius:.1} 0 0 1 -{radius:.1} {radius:.1}h-{side:.1}a{radius:.1} {radius:.1} 0 0 1 -{radius:.1} -{radius:.1}v-{side:.1}a{radius:.1} {radius:.1} 0 0 1 {radius:.1} -{radius:.1}z",
            square.x + radius,
            square.y,
        );
    }
    paths
}

/// The busiest links, the busiest first, at most `most` of them.
fn busiest_links(packets: &[u64], most: usize) -> Vec<usize> {
    let mut used: Vec<usize> = (0..packets.len()).filter(|&link| packets[link] > 0).collect();
    used.sort_by_key(|&link| (std::cmp::Reverse(packets[link]), link));
    used.truncate(most);
    used
}

#[derive(Clone, PartialEq, Properties)]
struct CorePixelsProps {
    scene: ByPtr<Scene>,
    counts: ByPtr<Counts>,
    step: usize,
    palette: ByPtr<Palette>,
    /// Device pixels per unit.
    scale: f64,
    ratio: f64,
}

/// A chip too large for shapes.
#[component]
fn CorePixels(props: &CorePixelsProps) -> Html {
    let pixels = use_memo(props.clone(), |props| {
        let period = props.counts.period(props.step);
        paint(&props.scene, &props.counts, period, &props.palette, props.scale)
    });
    html! { <PixelCanvas pixels={ByPtr(pixels)} ratio={props.ratio} class="mesh-pixels" /> }
}

/// Device pixels per unit of a picture made of pixels: whole ones from a router to the next, where there is room.
fn pixel_scale(layout: &Layout, room: (f64, f64), ratio: f64) -> f64 {
    let pitch = super::layout::PITCH;
    let largest = (room.0 / layout.width.max(1.0)).min(room.1 / layout.height.max(1.0)) * ratio;
    (largest * pitch).floor().max(3.0) / pitch
}

fn paint(scene: &Scene, counts: &Counts, period: usize, palette: &Palette, scale: f64) -> Pixels {
    let layout = &scene.layout;
    let at = |units: f64| (units * scale).round().max(0.0) as usize;
    let mut pixels = Pixels::new(at(layout.width), at(layout.height));
    let links = layout.links.iter().zip(counts.links.at(period));
    for (line, &count) in links {
        let level = level(count, counts.links.most);
        let (Some(line), 1..) = (line, level) else {
            continue;
        };
        let share = 0.25 + 0.75 * level as f32 / LEVELS as f32;
        let colour = palette.surface.mix(palette.spike, share).pixel();
        let thick = ((level as f64 * scale).round() as usize).clamp(1, at(8.0).max(1));
        for pair in line.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let (x, y) = (from.0.min(to.0), from.1.min(to.1));
            let (dx, dy) = ((from.0 - to.0).abs(), (from.1 - to.1).abs());
            let middle = |units: f64| at(units).saturating_sub(thick / 2);
            let rect = if dx >= dy {
                let left = at(x);
                Rect {
                    x: left,
                    y: middle(y),
                    width: at(x + dx).saturating_sub(left).max(1),
                    height: thick,
                }
            } else {
                let top = at(y);
                Rect {
                    x: middle(x),
                    y: top,
                    width: thick,
                    height: at(y + dy).saturating_sub(top).max(1),
                }
            };
            pixels.fill(rect, colour);
        }
    }
    let empty = palette.surface.mix(palette.sunken, 0.6).pixel();
    // A colour for each layer and level, mixed once.
    let mut colours: BTreeMap<(Option<usize>, usize), u32> = BTreeMap::new();
    let cores = layout.cores.iter().zip(&scene.residents);
    for ((square, resident), &count) in cores.zip(counts.cores.at(period)) {
        let colour = match resident {
            None => empty,
            Some(resident) => {
                let level = level(count, counts.cores.most);
                *colours.entry((resident.layer, level)).or_insert_with(|| {
                    let hue = resident.layer.map_or(palette.input, |layer| palette.layer(layer));
                    let share = 0.2 + 0.8 * level as f32 / LEVELS as f32;
                    palette.sunken.mix(hue, share).pixel()
                })
            }
        };
        let (left, top) = (at(square.x), at(square.y));
        let rect = Rect {
            x: left,
            y: top,
            width: at(square.x + square.side).saturating_sub(left).max(1),
            height: at(square.y + square.side).saturating_sub(top).max(1),
        };
        pixels.fill(rect, colour);
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::super::counts::{Measure, Scope};
    use super::super::scene::Resident;
    use super::*;
    use crate::chip::{Mapping, MappingOptions, Topology, Traffic};

    fn large() -> (Scene, Counts) {
        let chip = Topology::mesh(64, 64);
        let resident = |core: usize| {
            (core < 100).then_some(Resident {
                tensor: core / 50,
                layer: Some(core / 50),
            })
        };
        let scene = Scene {
            layout: Layout::new(&chip),
            residents: (0..chip.cores()).map(resident).collect(),
            names: Vec::new(),
        };
        let mapping = Mapping::new(chip, &MappingOptions::default(), Vec::new(), |slice| slice);
        let ramp = |count: usize| (0..count as u32).map(|i| i % 100).collect::<Vec<u32>>();
        let traffic = Traffic {
            topology: chip,
            steps: 1,
            sent: ramp(chip.cores()).into(),
            links: ramp(chip.links()).into(),
            ..Traffic::default()
        };
        let counts = Counts::new(&mapping, &traffic, &[1], Measure::Sent, Scope::Step, 1, None);
        (scene, counts)
    }

    #[test]
    fn a_picture_takes_a_handful_of_paths_however_many_cores() {
        let (scene, counts) = large();
        let links = link_paths(&scene.layout, counts.links.at(0), counts.links.most);
        assert_eq!(links.len(), LEVELS + 1);
        assert!(links.iter().all(|path| !path.is_empty()));
        let cores = core_paths(&scene, counts.cores.at(0), counts.cores.most);
        assert!(cores.len() <= 1 + 2 * (LEVELS + 1));
        assert!(cores.contains_key(&(None, 0)));
        assert_eq!(busiest_links(&[0, 3, 9, 3], 2), [2, 1]);
    }

    #[test]
    fn four_thousand_cores_are_squares_of_the_same_size() {
        let (mut scene, counts) = large();
        scene.layout.links.clear();
        let scale = pixel_scale(&scene.layout, (640.0, 640.0), 1.0);
        assert_eq!(scale * super::super::layout::PITCH, 10.0);
        let pixels = paint(&scene, &counts, 0, &Palette::default(), scale);
        assert_eq!((pixels.width, pixels.height), (640, 640));
        for x in 0..640 {
            let is_core = pixels.data[5 * 640 + x] != 0;
            assert_eq!(is_core, (1..9).contains(&(x % 10)), "pixel {x}");
        }
    }
}
