//! The prerequisites of the flag as a drawing.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::live,
    models::{GraphEdge, GraphNode, PrerequisiteGraph},
};

/// The flags that this one needs, and those that need it; nothing if there are none.
#[component]
pub(super) fn Graph() -> impl IntoView {
    let graph = Page::from_context().part(|page| page.graph.clone());
    live(move || match graph.get() {
        Some(graph) => render_graph(graph),
        None => ().into_any(),
    })
}

fn render_graph(graph: PrerequisiteGraph) -> AnyView {
    let PrerequisiteGraph { width, height, node_width, node_height, nodes, edges } = graph;
    let words: Vec<AnyView> =
        edges.iter().map(|edge| view! { <li>{edge.text.clone()}</li> }.into_any()).collect();
    let edges: Vec<AnyView> = edges
        .into_iter()
        .map(|GraphEdge { path, text }| {
            view! { <path class="graph-edge" d=path><title>{text}</title></path> }.into_any()
        })
        .collect();
    let nodes: Vec<AnyView> = nodes
        .into_iter()
        .map(|GraphNode { key, x, y, state, is_own }| {
            let class = format!("graph-node is-{state}{}", if is_own { " is-own" } else { "" });
            let text: String = key.as_str().chars().take(26).collect();
            let label = format!("{key}, {state}");
            let place = format!("translate({x} {y})");
            view! {
                <a href=format!("/admin/flags/{key}") aria-label=label>
                    <g class=class transform=place>
                        <title>{key.to_string()}</title>
                        <rect width=node_width.to_string() height=node_height.to_string() rx="6"/>
                        <text x="10" y="17">{text}</text>
                        <text class="graph-state" x="10" y="32">{state}</text>
                    </g>
                </a>
            }
            .into_any()
        })
        .collect();
    view! {
        <section aria-labelledby="graph-title" data-testid="graph">
            <h2 id="graph-title">"Prerequisites"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Drawing of the prerequisites">
                <svg class="graph" viewBox=format!("-2 -2 {} {}", width + 4, height + 4) width=width.to_string() height=height.to_string()>
                    {edges} {nodes}
                </svg>
            </div>
            <ul class="visually-hidden">{words}</ul>
        </section>
    }
    .into_any()
}
