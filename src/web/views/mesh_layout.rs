//! Where cores and links lie in the picture of the mesh, and how busy they look.

use crate::chip::{DIRECTIONS, Topology};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Between the centres of neighbouring cores, in the picture's own units.
pub const PITCH: f64 = 48.0;
/// Side of a core.
pub const CORE: f64 = 35.0;
/// How far a link lies beside the line between two centres: traffic keeps to one side, so that both
/// directions are seen.
const LANE: f64 = 4.5;
/// Steps of business, from silent (0) to the busiest of the run.
pub const LEVELS: usize = 8;

/// How busy `count` is, where `most` is the busiest: 0 for nothing, then 1 to [`LEVELS`]. The root
/// keeps little traffic visible beside a burst.
pub fn level(count: u32, most: u32) -> usize {
    if count == 0 || most == 0 {
        return 0;
    }
    let share = (f64::from(count) / f64::from(most)).min(1.0).sqrt();
    ((share * LEVELS as f64).ceil() as usize).clamp(1, LEVELS)
}

/// The centre of a core.
pub fn centre(chip: Topology, core: usize) -> (f64, f64) {
    let (x, y) = chip.position(core);
    ((x as f64 + 0.5) * PITCH, (y as f64 + 0.5) * PITCH)
}

/// Width and height of the whole picture.
pub fn size(chip: Topology) -> (f64, f64) {
    (f64::from(chip.width) * PITCH, f64::from(chip.height) * PITCH)
}

/// The core at a point; the nearest one.
pub fn core_at(chip: Topology, x: f64, y: f64) -> Option<usize> {
    let (width, height) = size(chip);
    if !(0.0..width).contains(&x) || !(0.0..height).contains(&y) {
        return None;
    }
    Some((y / PITCH) as usize * usize::from(chip.width) + (x / PITCH) as usize)
}

/// The core next to `core`, or `core` itself at the edge.
pub fn neighbour(chip: Topology, core: usize, columns: isize, rows: isize) -> usize {
    let (x, y) = chip.position(core);
    let moved = x.checked_add_signed(columns).zip(y.checked_add_signed(rows));
    match moved {
        Some((x, y)) if x < usize::from(chip.width) && y < usize::from(chip.height) => {
            y * usize::from(chip.width) + x
        }
        _ => core,
    }
}

/// The core at the end of a link; `None` where the mesh ends.
pub fn link_end(chip: Topology, link: usize) -> Option<usize> {
    let core = link / DIRECTIONS;
    let (columns, rows) = heading(link);
    Some(neighbour(chip, core, columns, rows)).filter(|&end| end != core)
}

fn heading(link: usize) -> (isize, isize) {
    match link % DIRECTIONS {
        0 => (1, 0),
        1 => (-1, 0),
        2 => (0, 1),
        _ => (0, -1),
    }
}

/// From where to where a link is drawn: on the right of its own direction, from edge to edge.
pub fn link_line(chip: Topology, link: usize) -> ((f64, f64), (f64, f64)) {
    let (x, y) = centre(chip, link / DIRECTIONS);
    let (dx, dy) = heading(link);
    let (dx, dy) = (dx as f64, dy as f64);
    let (x, y) = (x - dy * LANE, y + dx * LANE);
    let (near, far) = (CORE / 2.0, PITCH - CORE / 2.0);
    ((x + dx * near, y + dy * near), (x + dx * far, y + dy * far))
}

/// One path for all links of each level; level 0 holds those that carry nothing.
pub fn link_paths(chip: Topology, packets: &[u32], most: u32) -> Vec<String> {
    let mut paths = vec![String::new(); LEVELS + 1];
    for (link, &count) in packets.iter().enumerate() {
        let Some(end) = link_end(chip, link) else { continue };
        let level = level(count, most);
        let path = &mut paths[level];
        if level == 0 {
            // One hairline for both directions.
            if end > link / DIRECTIONS {
                let ((x, y), (to_x, to_y)) = (centre(chip, link / DIRECTIONS), centre(chip, end));
                let _ = write!(path, "M{x} {y}L{to_x} {to_y}");
            }
            continue;
        }
        let ((x, y), (to_x, to_y)) = link_line(chip, link);
        let _ = write!(path, "M{x} {y}L{to_x} {to_y}");
    }
    paths
}

/// One path for all cores of each tensor and level. Cores that hold nothing belong to no tensor.
pub fn core_paths(
    chip: Topology,
    tensor_of: impl Fn(usize) -> Option<usize>,
    activity: impl Fn(usize) -> u32,
    most: u32,
) -> BTreeMap<(Option<usize>, usize), String> {
    let mut paths: BTreeMap<_, String> = BTreeMap::new();
    for core in 0..chip.cores() {
        let tensor = tensor_of(core);
        let level = if tensor.is_some() {
            level(activity(core), most)
        } else {
            0
        };
        let (x, y) = centre(chip, core);
        let (radius, side) = (8.0, CORE - 16.0);
        let _ = write!(
            paths.entry((tensor, level)).or_default(),
            "M{} {}h{side}a{radius} {radius} 0 0 1 {radius} {radius}v{side}a{radius} {radius} 0 0 1 -{radius} {radius}h-{side}a{radius} {radius} 0 0 1 -{radius} -{radius}v-{side}a{radius} {radius} 0 0 1 {radius} -{radius}z",
            x - side / 2.0,
            y - CORE / 2.0,
        );
    }
    paths
}

/// The busiest links of a step, the busiest first, at most `most` of them.
pub fn busiest_links(packets: &[u32], most: usize) -> Vec<usize> {
    let mut used: Vec<usize> = (0..packets.len()).filter(|&link| packets[link] > 0).collect();
    used.sort_by_key(|&link| (std::cmp::Reverse(packets[link]), link));
    used.truncate(most);
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHIP: Topology = Topology::mesh(6, 5);

    #[test]
    fn little_traffic_is_seen_and_none_is_not() {
        assert_eq!(level(0, 1000), 0);
        assert_eq!(level(1, 1000), 1);
        assert_eq!(level(1000, 1000), LEVELS);
        assert_eq!(level(250, 1000), LEVELS / 2);
        assert_eq!(level(5, 0), 0);
    }

    #[test]
    fn pointing_at_a_core_finds_it() {
        for core in 0..CHIP.cores() {
            let (x, y) = centre(CHIP, core);
            assert_eq!(core_at(CHIP, x, y), Some(core));
        }
        assert_eq!(core_at(CHIP, -1.0, 5.0), None);
        assert_eq!(core_at(CHIP, 6.0 * PITCH, 5.0), None);
    }

    #[test]
    fn arrows_stop_at_the_edge_of_the_mesh() {
        assert_eq!(neighbour(CHIP, 0, 1, 0), 1);
        assert_eq!(neighbour(CHIP, 0, 0, 1), 6);
        assert_eq!(neighbour(CHIP, 5, 1, 0), 5);
        assert_eq!(neighbour(CHIP, 29, 0, 1), 29);
    }

    #[test]
    fn links_lead_to_neighbours_and_both_directions_have_a_lane() {
        assert_eq!(link_end(CHIP, 0), Some(1));
        assert_eq!(link_end(CHIP, 1), None, "west of the first core the mesh ends");
        assert_eq!(link_end(CHIP, 7 * DIRECTIONS + 3), Some(1));
        let (east, west) = (link_line(CHIP, 0), link_line(CHIP, DIRECTIONS + 1));
        assert_eq!(east.0.0, west.1.0);
        assert!(east.0.1 > west.0.1);
    }

    #[test]
    fn a_picture_takes_a_handful_of_paths_however_many_cores() {
        let chip = Topology::mesh(64, 64);
        let packets: Vec<u32> = (0..chip.cores() as u32 * 4).map(|i| i % 100).collect();
        let links = link_paths(chip, &packets, 99);
        assert_eq!(links.len(), LEVELS + 1);
        assert!(links.iter().all(|path| !path.is_empty()));
        let cores = core_paths(
            chip,
            |core| (core < 100).then_some(core / 50),
            |core| core as u32,
            100,
        );
        assert!(cores.len() <= 1 + 2 * (LEVELS + 1));
        assert!(cores.contains_key(&(None, 0)));
        assert_eq!(busiest_links(&[0, 3, 9, 3], 2), [2, 1]);
    }
}
