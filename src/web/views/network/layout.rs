//! Where the nodes of a network lie: in ranks from top to bottom, with edges that pass others in lanes of their own.

use std::fmt::Write;

/// Width of a node.
pub const NODE_WIDTH: f64 = 184.0;
/// Height of a node.
pub const NODE_HEIGHT: f64 = 60.0;
/// Between neighbours of a rank.
const GAP: f64 = 16.0;
/// Width of the lane of an edge that passes a rank.
const LANE: f64 = 12.0;
/// Between ranks.
const BETWEEN: f64 = 30.0;
/// Around everything.
const MARGIN: f64 = 6.0;
/// How often the order of ranks is bettered, and how often their places are.
const SWEEPS: usize = 6;

/// An edge that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The node that it leaves.
    pub from: usize,
    /// The node that it reaches.
    pub to: usize,
    /// Its line, as SVG takes it.
    pub path: String,
}

/// Where everything lies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Width of the picture.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Upper left corners of nodes.
    pub nodes: Vec<(f64, f64)>,
    /// Edges.
    pub edges: Vec<Edge>,
    /// Nodes of each rank, from left to right.
    ranks: Vec<Vec<usize>>,
}

/// Something that takes room in a rank: a node, or an edge that passes.
#[derive(Clone, Debug, Default)]
struct Item {
    rank: usize,
    width: f64,
    x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

impl Layout {
    /// Lays out `nodes` nodes in running order: every edge leads from an earlier node to a later one.
    pub fn new(nodes: usize, edges: &[(usize, usize)]) -> Self {
        let mut rank = vec![0; nodes];
        let mut sorted = edges.to_vec();
        sorted.sort_unstable_by_key(|&(from, to)| (to, from));
        sorted.dedup();
        sorted.retain(|&(from, to)| from < to && to < nodes);
        for &(from, to) in &sorted {
            rank[to] = rank[to].max(rank[from] + 1);
        }
        let mut items: Vec<Item> = rank
            .iter()
            .map(|&rank| Item {
                rank,
                width: NODE_WIDTH,
                ..Item::default()
            })
            .collect();
        // An edge is a chain of lanes, from its first node to its last.
        let chains: Vec<Vec<usize>> = sorted
            .iter()
            .map(|&(from, to)| {
                let mut chain = vec![from];
                for rank in rank[from] + 1..rank[to] {
                    items.push(Item {
                        rank,
                        width: LANE,
                        ..Item::default()
                    });
                    chain.push(items.len() - 1);
                }
                chain.push(to);
                for pair in chain.windows(2) {
                    items[pair[0]].below.push(pair[1]);
                    items[pair[1]].above.push(pair[0]);
                }
                chain
            })
            .collect();
        let mut ranks = vec![Vec::new(); rank.iter().max().map_or(0, |last| last + 1)];
        for (index, item) in items.iter().enumerate() {
            ranks[item.rank].push(index);
        }
        order(&items, &mut ranks);
        place(&mut items, &ranks);
        Self::drawn(nodes, &items, &ranks, &sorted, &chains)
    }

    fn drawn(
        nodes: usize,
        items: &[Item],
        ranks: &[Vec<usize>],
        edges: &[(usize, usize)],
        chains: &[Vec<usize>],
    ) -> Self {
        let left = items
            .iter()
            .map(|i| i.x - i.width / 2.0)
            .fold(f64::INFINITY, f64::min);
        let right = items.iter().map(|i| i.x + i.width / 2.0).fold(0.0, f64::max);
        let x = |item: usize| items[item].x - left + MARGIN;
        let top = |item: usize| items[item].rank as f64 * (NODE_HEIGHT + BETWEEN) + MARGIN;
        let path = |chain: &Vec<usize>| {
            let mut path = format!("M{:.1} {:.1}", x(chain[0]), top(chain[0]) + NODE_HEIGHT);
            for pair in chain.windows(2) {
                let (from, to) = (pair[0], pair[1]);
                let middle = top(to) - BETWEEN / 2.0;
                // Writing to a string never fails.
                let _ = write!(
                    path,
                    "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}",
                    x(from),
                    x(to),
                    x(to),
                    top(to)
                );
                if to >= nodes {
                    let _ = write!(path, "V{:.1}", top(to) + NODE_HEIGHT);
                }
            }
            path
        };
        let drawn = edges.iter().zip(chains).map(|(&(from, to), chain)| Edge {
            from,
            to,
            path: path(chain),
        });
        Self {
            width: right - left.min(right) + 2.0 * MARGIN,
            height: ranks.len() as f64 * (NODE_HEIGHT + BETWEEN) - BETWEEN + 2.0 * MARGIN,
            nodes: (0..nodes)
                .map(|node| (x(node) - NODE_WIDTH / 2.0, top(node)))
                .collect(),
            edges: drawn.collect(),
            ranks: ranks
                .iter()
                .map(|rank| rank.iter().copied().filter(|&item| item < nodes).collect())
                .collect(),
        }
    }

    /// The node that an arrow key leads to: along an edge, or to a neighbour. `sideways` and `down` are −1, 0 or 1.
    pub fn neighbour(&self, node: usize, sideways: isize, down: isize) -> usize {
        let Some(&(x, _)) = self.nodes.get(node) else {
            return node;
        };
        let along = |edge: &Edge| match down {
            0 => None,
            1.. => (edge.from == node).then_some(edge.to),
            _ => (edge.to == node).then_some(edge.from),
        };
        // The nearest one: straight on where there is a choice.
        let distance = |&other: &usize| {
            let (ox, oy) = self.nodes[other];
            ((oy - self.nodes[node].1).abs() + 3.0 * (ox - x).abs()) as i64
        };
        if let Some(next) = self.edges.iter().filter_map(along).min_by_key(distance) {
            return next;
        }
        let rank = self.ranks.iter().find(|rank| rank.contains(&node));
        let beside = rank.and_then(|rank| {
            let at = rank.iter().position(|&other| other == node)?;
            rank.get(at.checked_add_signed(sideways)?).copied()
        });
        beside.unwrap_or(node)
    }
}

/// Brings each rank into the order of what it is joined with, from above and from below in turn.
fn order(items: &[Item], ranks: &mut [Vec<usize>]) {
    let mut place = vec![0.0; items.len()];
    let number = |rank: &[usize], place: &mut [f64]| {
        for (index, &item) in rank.iter().enumerate() {
            place[item] = index as f64 - (rank.len() as f64 - 1.0) / 2.0;
        }
    };
    ranks.iter().for_each(|rank| number(rank, &mut place));
    for sweep in 0..SWEEPS {
        let is_down = sweep % 2 == 0;
        let count = ranks.len();
        for step in 0..count {
            let rank = &mut ranks[if is_down { step } else { count - 1 - step }];
            let wish = |item: usize| {
                let joined = if is_down {
                    &items[item].above
                } else {
                    &items[item].below
                };
                mean(joined.iter().map(|&other| place[other])).unwrap_or(place[item])
            };
            let mut wishes: Vec<(f64, usize)> = rank.iter().map(|&item| (wish(item), item)).collect();
            wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
            *rank = wishes.into_iter().map(|(_, item)| item).collect();
            number(rank, &mut place);
        }
    }
}

/// Moves everything as near to what it is joined with as its neighbours allow.
fn place(items: &mut [Item], ranks: &[Vec<usize>]) {
    for rank in ranks {
        let mut x = 0.0;
        for &item in rank {
            items[item].x = x + items[item].width / 2.0;
            x += items[item].width + GAP;
        }
        let middle = (x - GAP) / 2.0;
        rank.iter().for_each(|&item| items[item].x -= middle);
    }
    for sweep in 0..SWEEPS {
        let is_down = sweep % 2 == 0;
        for step in 0..ranks.len() {
            let rank = &ranks[if is_down { step } else { ranks.len() - 1 - step }];
            let wishes: Vec<f64> = rank
                .iter()
                .map(|&item| {
                    let joined = if is_down {
                        &items[item].above
                    } else {
                        &items[item].below
                    };
                    mean(joined.iter().map(|&other| items[other].x)).unwrap_or(items[item].x)
                })
                .collect();
            let apart: Vec<f64> = rank
                .windows(2)
                .map(|pair| (items[pair[0]].width + items[pair[1]].width) / 2.0 + GAP)
                .collect();
            // As far left as allowed, as far right as allowed: the middle of both keeps its distances.
            let mut right = wishes.clone();
            for index in 1..right.len() {
                right[index] = right[index].max(right[index - 1] + apart[index - 1]);
            }
            let mut left = wishes;
            for index in (1..left.len()).rev() {
                left[index - 1] = left[index - 1].min(left[index] - apart[index - 1]);
            }
            for ((&item, left), right) in rank.iter().zip(left).zip(right) {
                items[item].x = (left + right) / 2.0;
            }
        }
    }
}

fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0), |(sum, count), number| (sum + number, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 → 1 → 2 → 4, 1 → 3 → 4, and a shortcut 0 → 4.
    fn with_branches() -> Layout {
        Layout::new(5, &[(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (0, 4)])
    }

    #[test]
    fn a_chain_is_a_column() {
        let layout = Layout::new(60, &(1..60).map(|n| (n - 1, n)).collect::<Vec<_>>());
        assert!(layout.nodes.iter().all(|&(x, _)| (x - MARGIN).abs() < 1e-9));
        assert_eq!(layout.width, NODE_WIDTH + 2.0 * MARGIN);
        assert!(
            layout
                .nodes
                .windows(2)
                .all(|pair| pair[1].1 > pair[0].1 + NODE_HEIGHT)
        );
    }

    #[test]
    fn nodes_never_lie_on_each_other_or_outside() {
        let layout = with_branches();
        for (index, &(x, y)) in layout.nodes.iter().enumerate() {
            assert!(x >= 0.0 && x + NODE_WIDTH <= layout.width, "{layout:?}");
            assert!(y >= 0.0 && y + NODE_HEIGHT <= layout.height);
            for &(other, below) in &layout.nodes[index + 1..] {
                assert!((x - other).abs() >= NODE_WIDTH || (y - below).abs() >= NODE_HEIGHT);
            }
        }
    }

    #[test]
    fn an_edge_passes_other_nodes_beside_them() {
        let layout = with_branches();
        let shortcut = layout
            .edges
            .iter()
            .find(|e| (e.from, e.to) == (0, 4))
            .expect("drawn");
        // Two ranks are passed in a lane, straight down.
        assert_eq!(shortcut.path.matches('V').count(), 2);
        let straight = layout
            .edges
            .iter()
            .find(|e| (e.from, e.to) == (0, 1))
            .expect("drawn");
        assert_eq!(straight.path.matches('V').count(), 0);
    }

    #[test]
    fn arrow_keys_walk_along_edges_and_beside_them() {
        let layout = with_branches();
        assert_eq!(layout.neighbour(0, 0, 1), 1);
        let branch = layout.neighbour(1, 0, 1);
        assert!([2, 3].contains(&branch));
        let sides = [layout.neighbour(branch, 1, 0), layout.neighbour(branch, -1, 0)];
        assert!(sides.contains(&(5 - branch)), "{sides:?}");
        assert_eq!(layout.neighbour(branch, 0, 1), 4);
        assert_eq!(layout.neighbour(4, 0, 1), 4, "the end");
        assert_eq!(layout.neighbour(0, 0, -1), 0, "the beginning");
    }

    #[test]
    fn what_is_no_edge_is_left_out() {
        let layout = Layout::new(2, &[(1, 0), (0, 7), (0, 1), (0, 1)]);
        assert_eq!(layout.edges.len(), 1);
        assert_eq!(Layout::new(0, &[]).nodes, []);
    }
}
