//! The flags that a flag needs and those that need it, as a drawing.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_domain::{
    flags::{FlagState, Prerequisite},
    ids::FlagKey,
};
use phasegate_service::{CachedEnvironment, models::StoredFlag};

use super::{GraphEdge, GraphNode, PrerequisiteGraph};

/// The maximum number of flags in a drawing.
const MAX_NODES: usize = 40;

/// The size of a node and the distances between nodes, in units of the drawing.
const NODE: (i32, i32) = (230, 40);
const GAP: (i32, i32) = (70, 14);

/// Draws the flags that `key` needs to its left, transitively, and those that need it to its right;
/// `None` if there are none.
pub(super) fn draw_prerequisites(
    live: &CachedEnvironment,
    key: &FlagKey,
) -> Option<PrerequisiteGraph> {
    let stored: BTreeMap<&FlagKey, &StoredFlag> =
        live.flags().iter().map(|stored| (&stored.flag.key, stored)).collect();
    let mut columns = BTreeMap::from([(key, 0)]);
    let mut edges = BTreeSet::new();
    // Breadth first, so that each flag stands as near as its shortest way.
    let mut waiting = vec![key];
    while let Some(flag) = waiting.pop() {
        let Some(found) = stored.get(flag) else { continue };
        let at = columns.get(flag).copied().unwrap_or_default();
        for needed in &found.state.prerequisites {
            edges.insert((&needed.flag, flag, name_variants(needed)));
            if at <= 0 && !columns.contains_key(&needed.flag) && columns.len() < MAX_NODES {
                columns.insert(&needed.flag, at - 1);
                waiting.insert(0, &needed.flag);
            }
        }
        let needing = stored.values().filter(|other| needs(&other.state, flag));
        for other in needing.filter(|_| at >= 0) {
            for needed in other.state.prerequisites.iter().filter(|needed| needed.flag == *flag) {
                edges.insert((flag, &other.flag.key, name_variants(needed)));
            }
            if !columns.contains_key(&other.flag.key) && columns.len() < MAX_NODES {
                columns.insert(&other.flag.key, at + 1);
                waiting.insert(0, &other.flag.key);
            }
        }
    }
    (columns.len() > 1).then(|| lay_out(&columns, edges, &stored, key))
}

fn name_variants(needed: &Prerequisite) -> String {
    needed.variants.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn needs(state: &FlagState, flag: &FlagKey) -> bool {
    state.prerequisites.iter().any(|needed| needed.flag == *flag)
}

/// Places each column below the middle line, and connects the nodes.
fn lay_out(
    columns: &BTreeMap<&FlagKey, i32>,
    edges: BTreeSet<(&FlagKey, &FlagKey, String)>,
    stored: &BTreeMap<&FlagKey, &StoredFlag>,
    own: &FlagKey,
) -> PrerequisiteGraph {
    let first = columns.values().min().copied().unwrap_or_default();
    let last = columns.values().max().copied().unwrap_or_default();
    let mut rows: BTreeMap<i32, i32> = BTreeMap::new();
    let mut places: BTreeMap<&FlagKey, (i32, i32)> = BTreeMap::new();
    let mut nodes = Vec::new();
    for (key, column) in columns {
        let row = rows.entry(*column).or_default();
        let (x, y) = ((column - first) * (NODE.0 + GAP.0), *row * (NODE.1 + GAP.1));
        *row += 1;
        places.insert(key, (x, y));
        let state = match stored.get(key) {
            Some(found) if found.state.killed => "killed",
            Some(found) if found.flag.archived => "archived",
            Some(found) if found.state.enabled => "on",
            Some(_) => "off",
            None => "unknown",
        };
        nodes.push(GraphNode {
            key: (*key).clone(),
            x,
            y,
            state: state.to_owned(),
            is_own: *key == own,
        });
    }
    let edge = |(from, to, variant): (&FlagKey, &FlagKey, String)| {
        let ((x1, y1), (x2, y2)) = (*places.get(from)?, *places.get(to)?);
        let (x1, y1, y2) = (x1 + NODE.0, y1 + NODE.1 / 2, y2 + NODE.1 / 2);
        let middle = (x1 + x2) / 2;
        let path = format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}");
        Some(GraphEdge { path, text: format!("{to} needs {from} to answer {variant}") })
    };
    let height = rows.values().max().copied().unwrap_or(1) * (NODE.1 + GAP.1) - GAP.1;
    PrerequisiteGraph {
        width: (last - first + 1) * (NODE.0 + GAP.0) - GAP.0,
        height,
        node_width: NODE.0,
        node_height: NODE.1,
        edges: edges.into_iter().filter_map(edge).collect(),
        nodes,
    }
}
