//! What became of a file's nodes: which of them a layer was made of.

use crate::graph::Graph;
use crate::quantize::QuantizedNetwork;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A node of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FusedNode {
    /// Its name in the file.
    pub name: String,
    /// Its operator, as the engine understands it.
    pub op: String,
}

/// For each layer, the nodes between the tensors that it listens to and the one that it fires, in running order.
/// What only moves codes belongs to every layer that listens to it. A layer that brings a branch to the scale of the
/// one that it is joined with has none.
pub fn fused_nodes(graph: &Graph, network: &QuantizedNetwork) -> Vec<Vec<FusedNode>> {
    let ids: HashMap<&str, usize> = (graph.tensors.iter().enumerate())
        .map(|(id, tensor)| (tensor.name.as_str(), id))
        .collect();
    // What is quantized again behind an operator has a name of its own; the layer has its node's.
    let written_by = |name: &str| {
        graph
            .nodes
            .iter()
            .find(|node| node.name == name)
            .map(|n| n.output)
    };
    let mut fired = vec![Some(graph.input)];
    fired.extend(network.layers.iter().map(|layer| {
        let target = ids.get(network.tensors[layer.target].name.as_str()).copied();
        target.or_else(|| written_by(&layer.name))
    }));
    let mut writer = vec![None; graph.tensors.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        writer[node.output] = Some(index);
    }
    let nodes_of = |layer: &crate::quantize::Layer| {
        let mut found = Vec::new();
        let mut open: Vec<usize> = fired[layer.target].into_iter().collect();
        while let Some(tensor) = open.pop() {
            let Some(node) = writer[tensor].filter(|node| !found.contains(node)) else {
                continue;
            };
            found.push(node);
            let inputs = graph.nodes[node].inputs.iter().copied();
            open.extend(inputs.filter(|input| !fired.contains(&Some(*input))));
        }
        found.sort_unstable();
        let fused = |&index: &usize| FusedNode {
            name: graph.nodes[index].name.clone(),
            op: graph.nodes[index].op.name().to_owned(),
        };
        found.iter().map(fused).collect()
    };
    network.layers.iter().map(nodes_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::import_model;
    use crate::quantize::quantize;

    fn nodes(model: &str) -> Vec<Vec<String>> {
        let bytes = std::fs::read(format!("assets/models/{model}.onnx")).expect("a shipped model");
        let graph = import_model(&bytes, model).expect("a model");
        let network = quantize(&graph).expect("a quantized model");
        let ops = |nodes: Vec<FusedNode>| nodes.into_iter().map(|node| node.op).collect();
        fused_nodes(&graph, &network).into_iter().map(ops).collect()
    }

    #[test]
    fn a_layer_has_the_nodes_between_what_it_hears_and_what_it_fires() {
        let nodes = nodes("mnist-cnn");
        // ONNX Runtime's quantizer has left the clamps to the codes' range.
        assert_eq!(
            nodes,
            [
                vec!["Conv"],
                vec!["Conv"],
                vec!["Reshape", "Dense"],
                vec!["Dense"]
            ]
        );
    }

    #[test]
    fn only_a_branch_that_is_brought_to_the_others_scale_has_no_node() {
        let nodes = nodes("mnist-residual");
        let without: Vec<usize> = (0..nodes.len()).filter(|&i| nodes[i].is_empty()).collect();
        assert_eq!(without, [8]);
        assert!(nodes.iter().any(|nodes| nodes.contains(&"Concat".to_owned())));
        assert!(nodes.iter().any(|nodes| nodes.contains(&"Add".to_owned())));
    }
}
