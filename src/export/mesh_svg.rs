//! The chip as a picture that stands by itself: cores coloured by the layer that lives there, links by the packets
//! that they carry. It has no script and no outside font, and follows the reader's light or dark theme.

use crate::chip::{Load, Mapping, Shape, Topology};
use std::fmt::{self, Write};

/// Colours of the input and of the layers, light and dark: those of the page. Layers beyond take them from the
/// first again.
const HUES: [(&str, &str); 9] = [
    ("#72707d", "#a3a1af"),
    ("#0b7688", "#3bc9db"),
    ("#2f8a28", "#69db7c"),
    ("#8a35a8", "#da77f2"),
    ("#c2255c", "#f783ac"),
    ("#877200", "#e6c229"),
    ("#4a4fc4", "#9198f7"),
    ("#845032", "#d0a381"),
    ("#4c6b62", "#9fc4b7"),
];
/// The mesh's longer side, in pixels, if its cores aren't too small or too large then.
const LONGER_SIDE: f64 = 1024.0;
/// From the middle of a router to that of its neighbour, at least and at most.
const PITCH: (f64, f64) = (14.0, 120.0);
/// What of it is left for links.
const GAP: f64 = 0.34;
/// A core's side from which on its number stands in it.
const LABELLED: f64 = 24.0;
/// Space around the mesh.
const MARGIN: f64 = 36.0;
/// The narrowest picture that its words fit in.
const NARROWEST: f64 = 560.0;
/// Height of a line of words, and the size of its letters.
const LINE: (f64, f64) = (18.0, 12.0);

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct MeshPicture<'a> {
    /// What it is called.
    pub title: &'a str,
    /// What is said under that, a line each.
    pub facts: &'a [String],
    /// Where neurons are.
    pub mapping: &'a Mapping,
    /// The names of the tensors: the input's, then those of the layers that fire the others.
    pub tensors: &'a [String],
    /// Neurons that a core holds at most, if that is known: cores are filled up to their share of it.
    pub capacity: Option<usize>,
    /// What each core did, or nothing.
    pub cores: &'a [Load],
    /// Packets over each link, or nothing.
    pub links: &'a [u64],
}

/// What lives on a core: neurons by tensor.
type Content = Vec<(usize, usize)>;

/// Places of routers and cores in the picture.
struct Grid {
    topology: Topology,
    pitch: f64,
    /// Cores of a router stand in a square of this many columns.
    columns: usize,
    left: f64,
    top: f64,
}

impl Grid {
    fn new(topology: Topology, top: f64) -> Self {
        let longer = f64::from(topology.width.max(topology.height).max(1));
        let columns = (1..=usize::from(topology.cores_per_router).max(1))
            .find(|side| side * side >= usize::from(topology.cores_per_router))
            .unwrap_or(1);
        // Tiles of several cores need the room of several.
        let least = PITCH.0 * columns as f64;
        let pitch = (LONGER_SIDE / longer).clamp(least, PITCH.1.max(least)).floor();
        Self {
            topology,
            pitch,
            columns,
            left: MARGIN,
            // A hub stands above its cores.
            top: top + if topology.shape == Shape::Star { pitch } else { 0.0 },
        }
    }

    fn width(&self) -> f64 {
        f64::from(self.topology.width) * self.pitch
    }

    fn bottom(&self) -> f64 {
        self.top + f64::from(self.topology.height) * self.pitch
    }

    /// The side of a core.
    fn side(&self) -> f64 {
        let tile = self.pitch * (1.0 - GAP);
        tile / self.columns as f64 - if self.columns > 1 { 1.0 } else { 0.0 }
    }

    /// The upper left corner of a core.
    fn corner(&self, core: usize) -> (f64, f64) {
        let (x, y) = self.topology.position(self.topology.router_of(core));
        let within = core % usize::from(self.topology.cores_per_router.max(1));
        let tile = self.pitch * (1.0 - GAP) / self.columns as f64;
        let inset = self.pitch * GAP / 2.0;
        (
            self.left + x as f64 * self.pitch + inset + (within % self.columns) as f64 * tile,
            self.top + y as f64 * self.pitch + inset + (within / self.columns) as f64 * tile,
        )
    }

    /// The middle of a node: a router, or one above routers in a tree.
    fn middle(&self, node: usize) -> (f64, f64) {
        let Topology {
            width, height, shape, ..
        } = self.topology;
        let mut size = (usize::from(width), usize::from(height));
        let mut first = 0;
        let mut block = 1.0;
        while node >= first + size.0 * size.1 && size != (1, 1) {
            first += size.0 * size.1;
            block *= 2.0;
            size = match shape {
                Shape::Star => (1, 1),
                _ => (size.0.div_ceil(2), size.1.div_ceil(2)),
            };
        }
        if shape == Shape::Star && first > 0 {
            return (self.left + self.width() / 2.0, self.top - self.pitch / 2.0);
        }
        let (x, y) = ((node - first) % size.0, (node - first) / size.0);
        // Blocks at the rim may be smaller than their grid.
        let along = |at: usize, end: u16| ((at as f64 + 0.5) * block).min(f64::from(end));
        (
            self.left + along(x, width) * self.pitch,
            self.top + along(y, height) * self.pitch,
        )
    }
}

/// Draws a chip with what is on it.
pub fn mesh_svg(picture: &MeshPicture<'_>) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = draw(picture, &mut svg);
    svg
}

fn draw(picture: &MeshPicture<'_>, svg: &mut String) -> fmt::Result {
    let topology = picture.mapping.topology;
    let head = MARGIN + LINE.0 * (1.0 + picture.facts.len() as f64) + 26.0;
    let grid = Grid::new(topology, head);
    let contents = contents(picture.mapping);
    let entries = legend(picture, &contents);
    let key = key(picture);
    let width = (grid.width() + 2.0 * MARGIN).max(NARROWEST);
    let letters = entries
        .iter()
        .map(|(_, text)| text.chars().count())
        .max()
        .unwrap_or(0);
    let entry = (letters as f64 * 6.6 + 34.0).min(width - 2.0 * MARGIN);
    let in_a_row = ((width - 2.0 * MARGIN) / entry).floor().max(1.0) as usize;
    let rows = entries.len().div_ceil(in_a_row);
    let height = grid.bottom() + 30.0 + LINE.0 * (rows + key.len()) as f64 + MARGIN / 2.0;
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="{}">"#,
        LINE.1
    )?;
    writeln!(svg, r#"<title id="title">{}</title>"#, escaped(picture.title))?;
    style(svg)?;
    writeln!(svg, r#"<rect class="ground" width="{width}" height="{height}"/>"#)?;
    writeln!(
        svg,
        r#"<text class="ink" x="{MARGIN}" y="{}" font-size="16" font-weight="600">{}</text>"#,
        MARGIN,
        escaped(picture.title)
    )?;
    for (index, fact) in picture.facts.iter().enumerate() {
        let y = MARGIN + LINE.0 * (index as f64 + 1.0);
        writeln!(
            svg,
            r#"<text class="soft" x="{MARGIN}" y="{y}">{}</text>"#,
            escaped(fact)
        )?;
    }
    rulers(&grid, svg)?;
    links(picture, &grid, svg)?;
    cores(picture, &grid, &contents, svg)?;
    let mut y = grid.bottom() + 30.0;
    for row in entries.chunks(in_a_row) {
        for (column, (class, text)) in row.iter().enumerate() {
            let x = MARGIN + column as f64 * entry;
            writeln!(
                svg,
                r#"<rect class="{class}" x="{x}" y="{}" width="12" height="12" rx="2"/><text class="ink" x="{}" y="{y}">{}</text>"#,
                y - 10.0,
                x + 18.0,
                escaped(text)
            )?;
        }
        y += LINE.0;
    }
    for line in &key {
        writeln!(
            svg,
            r#"<text class="soft" x="{MARGIN}" y="{y}">{}</text>"#,
            escaped(line)
        )?;
        y += LINE.0;
    }
    writeln!(svg, "</svg>")
}

fn style(svg: &mut String) -> fmt::Result {
    let theme = |svg: &mut String, of: fn(&(&'static str, &'static str)) -> &'static str, rest: &str| {
        write!(svg, "{rest}")?;
        for (index, hue) in HUES.iter().enumerate() {
            write!(svg, ".h{index}{{fill:{}}}", of(hue))?;
        }
        Ok(())
    };
    write!(svg, "<style>")?;
    theme(
        svg,
        |hue| hue.0,
        ".ground{fill:#fff}.ink{fill:#1c1b22}.soft{fill:#62606c}.empty{fill:none;stroke:#c9c6bb}.floor{fill:#efeee9}.number{fill:#1c1b22}.link{stroke:#cc420b}.most{stroke:#1c1b22;fill:none}",
    )?;
    write!(svg, "@media(prefers-color-scheme:dark){{")?;
    theme(
        svg,
        |hue| hue.1,
        ".ground{fill:#1b1b21}.ink{fill:#ecebf0}.soft{fill:#a3a1af}.empty{stroke:#4a4a56}.floor{fill:#2c2c35}.number{fill:#ecebf0}.link{stroke:#ff922b}.most{stroke:#fff}",
    )?;
    writeln!(svg, "}}</style>")
}

/// Columns and rows of routers, numbered where there is room.
fn rulers(grid: &Grid, svg: &mut String) -> fmt::Result {
    let every = [1usize, 2, 4, 8, 16]
        .into_iter()
        .find(|&every| every as f64 * grid.pitch >= 22.0)
        .unwrap_or(16);
    for x in (0..usize::from(grid.topology.width)).step_by(every) {
        let middle = grid.left + (x as f64 + 0.5) * grid.pitch;
        let y = grid.top
            - 6.0
            - if grid.topology.shape == Shape::Star {
                grid.pitch
            } else {
                0.0
            };
        writeln!(
            svg,
            r#"<text class="soft" x="{middle:.1}" y="{y:.1}" font-size="10" text-anchor="middle">{x}</text>"#
        )?;
    }
    for y in (0..usize::from(grid.topology.height)).step_by(every) {
        let middle = grid.top + (y as f64 + 0.5) * grid.pitch + 3.5;
        writeln!(
            svg,
            r#"<text class="soft" x="{:.1}" y="{middle:.1}" font-size="10" text-anchor="end">{y}</text>"#,
            grid.left - 6.0
        )?;
    }
    Ok(())
}

/// The links that carry anything, wider the more; traffic keeps to the right.
fn links(picture: &MeshPicture<'_>, grid: &Grid, svg: &mut String) -> fmt::Result {
    let most = picture.links.iter().copied().max().unwrap_or(0);
    let widest = (grid.pitch * GAP * 0.4).clamp(1.5, 12.0);
    let mut used: Vec<(usize, u64)> = picture
        .links
        .iter()
        .copied()
        .enumerate()
        .filter(|&(_, packets)| packets > 0)
        .collect();
    used.sort_unstable_by_key(|&(_, packets)| packets);
    for (link, packets) in used {
        let Some((from, to)) = grid.topology.link_ends(link) else {
            continue;
        };
        let share = packets as f64 / most as f64;
        let ((x1, y1), (x2, y2)) = (grid.middle(from), grid.middle(to));
        let length = libm::hypot(x2 - x1, y2 - y1).max(1.0);
        // Both directions side by side.
        let aside = widest * 0.55;
        let (dx, dy) = (-(y2 - y1) / length * aside, (x2 - x1) / length * aside);
        writeln!(
            svg,
            r#"<line class="link" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke-width="{:.2}" opacity="{:.2}"><title>{} packets from router {from} to {to}</title></line>"#,
            x1 + dx,
            y1 + dy,
            x2 + dx,
            y2 + dy,
            (widest * libm::sqrt(share)).max(1.0),
            0.45 + 0.55 * share,
            packets
        )?;
    }
    Ok(())
}

fn cores(picture: &MeshPicture<'_>, grid: &Grid, contents: &[Content], svg: &mut String) -> fmt::Result {
    let side = grid.side();
    let radius = (side / 8.0).min(4.0);
    let busiest = busiest(picture);
    for (core, content) in contents.iter().enumerate() {
        let (x, y) = grid.corner(core);
        if content.is_empty() {
            writeln!(
                svg,
                r#"<rect class="empty" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="{radius:.1}" stroke-width="0.7"/>"#,
                x + 0.5,
                y + 0.5,
                side - 1.0,
                side - 1.0
            )?;
            continue;
        }
        let neurons: usize = content.iter().map(|&(_, neurons)| neurons).sum();
        writeln!(
            svg,
            "<g><title>{}</title>",
            escaped(&told(picture, core, content))
        )?;
        writeln!(
            svg,
            r#"<rect class="floor" x="{x:.1}" y="{y:.1}" width="{side:.1}" height="{side:.1}" rx="{radius:.1}"/>"#
        )?;
        // Small cores are legible only if they are full.
        let filled = match picture.capacity {
            Some(capacity) if side >= 16.0 => (neurons as f64 / capacity.max(1) as f64).clamp(0.12, 1.0),
            _ => 1.0,
        };
        let mut left = x;
        for &(tensor, of_tensor) in content {
            let wide = side * of_tensor as f64 / neurons.max(1) as f64;
            writeln!(
                svg,
                r#"<rect class="{}" x="{left:.1}" y="{:.1}" width="{wide:.1}" height="{:.1}" rx="{radius:.1}"/>"#,
                hue(tensor),
                y + side * (1.0 - filled),
                side * filled
            )?;
            left += wide;
        }
        if side >= LABELLED {
            // On a tag of the ground's colour, legible on every hue.
            let size = (side / 3.5).clamp(8.0, 13.0);
            let tag = size * 0.62 * core.to_string().len() as f64 + 5.0;
            writeln!(
                svg,
                r#"<rect class="ground" x="{:.1}" y="{:.1}" width="{tag:.1}" height="{:.1}" rx="2" opacity="0.85"/><text class="number" x="{:.1}" y="{:.1}" font-size="{size:.1}" text-anchor="middle">{core}</text>"#,
                x + (side - tag) / 2.0,
                y + side / 2.0 - size * 0.65,
                size * 1.3,
                x + side / 2.0,
                y + side / 2.0 + size * 0.36
            )?;
        }
        if busiest == Some(core) {
            writeln!(
                svg,
                r#"<rect class="most" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="{radius:.1}" stroke-width="2"/>"#,
                x - 1.0,
                y - 1.0,
                side + 2.0,
                side + 2.0
            )?;
        }
        writeln!(svg, "</g>")?;
    }
    Ok(())
}

/// The core with most synaptic operations.
fn busiest(picture: &MeshPicture<'_>) -> Option<usize> {
    let cores = picture
        .cores
        .iter()
        .enumerate()
        .filter(|(_, load)| load.operations > 0);
    // Of equals the first.
    cores
        .rev()
        .max_by_key(|(_, load)| load.operations)
        .map(|(core, _)| core)
}

/// What is on a core and what it does, in words.
fn told(picture: &MeshPicture<'_>, core: usize, content: &Content) -> String {
    let held = content.iter().map(|&(tensor, neurons)| {
        let name = picture.tensors.get(tensor).map_or("?", String::as_str);
        format!("{neurons} neurons of {name}")
    });
    let mut text = format!("core {core}: {}", held.collect::<Vec<_>>().join(", "));
    if let Some(load) = picture.cores.get(core) {
        let Load {
            spikes,
            sent,
            received,
            operations,
            ..
        } = load;
        text += &format!(
            "; {spikes} spikes, {sent} packets sent, {received} received, {operations} synaptic operations"
        );
    }
    text
}

/// Neurons of each tensor on each core: where they fire, or where a part of their inputs is added up.
fn contents(mapping: &Mapping) -> Vec<Content> {
    let mut contents: Vec<Content> = vec![Vec::new(); mapping.topology.cores()];
    for slice in mapping.placed() {
        let content = &mut contents[slice.core];
        match content.iter_mut().find(|(tensor, _)| *tensor == slice.tensor) {
            Some((_, neurons)) => *neurons += slice.block.len(),
            None => content.push((slice.tensor, slice.block.len())),
        }
    }
    contents
}

fn hue(tensor: usize) -> String {
    let index = match tensor {
        0 => 0,
        layer => (layer - 1) % (HUES.len() - 1) + 1,
    };
    format!("h{index}")
}

/// A line for each tensor: its colour, and on how many cores it is.
fn legend(picture: &MeshPicture<'_>, contents: &[Content]) -> Vec<(String, String)> {
    let cores = |tensor: usize| {
        let is_there = |content: &&Content| content.iter().any(|&(there, _)| there == tensor);
        contents.iter().filter(is_there).count()
    };
    let entry = |(tensor, name): (usize, &String)| {
        let cores = cores(tensor);
        if cores == 0 {
            // It comes in from outside.
            return (hue(tensor), format!("{}: by a port", shortened(name)));
        }
        let plural = if cores == 1 { "" } else { "s" };
        (hue(tensor), format!("{}: {cores} core{plural}", shortened(name)))
    };
    picture.tensors.iter().enumerate().map(entry).collect()
}

/// A name on few letters: its end tells more than its beginning.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    match letters.len() {
        0..=28 => name.into(),
        length => format!("…{}", letters[length - 27..].iter().collect::<String>()),
    }
}

/// What sizes and frames mean, a line each.
fn key(picture: &MeshPicture<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(&most) = picture.links.iter().max()
        && most > 0
    {
        lines.push(format!("links: wider for more packets, at most {most}"));
    }
    if busiest(picture).is_some() {
        lines.push("heavy frame: the core with most synaptic operations".into());
    }
    lines.push("light frames: cores without neurons".into());
    lines
}

/// Text that may stand in XML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            // Of control characters XML knows three.
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::{MappingOptions, Tiling};
    use crate::graph::Volume;

    fn vector(neurons: usize, to_a_core: usize) -> Tiling {
        let volume = |channels| Volume {
            channels,
            height: 1,
            width: 1,
        };
        Tiling {
            volume: volume(neurons),
            block: volume(to_a_core),
            parts: 1,
        }
    }

    fn drawn(shape: Shape, names: [&str; 2]) -> String {
        let topology = Topology {
            shape,
            cores_per_router: 2,
            ..Topology::mesh(4, 4)
        };
        let tilings = vec![vector(8, 2), vector(3, 3)];
        let mapping = Mapping::new(topology, &MappingOptions::default(), tilings, |slice| slice);
        let mut links = vec![0; topology.links()];
        for link in topology.route(mapping.routing, 0, 2) {
            links[link] = 7;
        }
        let mut cores = vec![Load::default(); topology.cores()];
        cores[4].operations = 9;
        mesh_svg(&MeshPicture {
            title: "a net on a chip",
            facts: &["one fact".into()],
            mapping: &mapping,
            tensors: &names.map(String::from),
            capacity: Some(4),
            cores: &cores,
            links: &links,
        })
    }

    #[test]
    fn a_picture_has_every_core_every_used_link_and_a_legend() {
        for (shape, links) in [(Shape::Mesh, 2), (Shape::Quadtree, 4), (Shape::Star, 2)] {
            let svg = drawn(shape, ["image", "dense"]);
            assert_eq!(svg.matches("<g>").count(), 5, "cores with neurons");
            assert_eq!(svg.matches(r#"class="empty""#).count(), 27, "cores without");
            assert_eq!(svg.matches("<line ").count(), links, "{shape:?}");
            assert_eq!(svg.matches(r#"class="most""#).count(), 1, "the busiest core");
            assert!(svg.contains("image: 4 cores") && svg.contains("dense: 1 core<"));
            assert!(svg.contains("7 packets from router 0"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            for element in ["svg", "g", "text", "title", "style", "line"] {
                let opened = svg.matches(&format!("<{element}")).count();
                // "<title" and "<text" begin alike with nothing else.
                let opened = if element == "g" {
                    svg.matches("<g>").count()
                } else {
                    opened
                };
                assert_eq!(opened, svg.matches(&format!("</{element}>")).count(), "{element}");
            }
        }
    }

    #[test]
    fn names_from_outside_stay_text() {
        let svg = drawn(Shape::Mesh, ["<script>\"&\u{7}", "dense"]);
        assert!(!svg.contains("<script>"));
        assert!(svg.contains("&lt;script&gt;&quot;&amp; "));
    }
}
