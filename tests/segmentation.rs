//! Cuts and scores of segments against SciPy, scikit-image and scikit-learn.
#![allow(clippy::unwrap_used)]

use gmm_tests::{golden, numbers};
use image_seg::graph_cut::Graph;
use image_seg::score::Agreement;

#[test]
fn scores_are_those_of_scikit_learn_and_scikit_image() {
    for expected in golden("segmentation.json")["scores"].as_array().unwrap() {
        let labels = |key: &str| -> Vec<u32> {
            let values = numbers(&expected[key]);
            values.into_iter().map(|l| l as u32).collect()
        };
        let found = Agreement::of(&labels("segments"), &labels("truth")).unwrap();
        for (key, found) in [
            ("covering", found.covering()),
            ("rand_index", found.rand_index()),
            ("variation_of_information", found.variation_of_information()),
        ] {
            let theirs = expected[key].as_f64().unwrap();
            assert!((found - theirs).abs() < 1e-12, "{key}: {found} {theirs}");
        }
    }
}

#[test]
fn maximum_flows_are_those_of_scipy() {
    for expected in golden("segmentation.json")["flows"].as_array().unwrap() {
        // The first two nodes are source and sink there.
        let n = expected["n_nodes"].as_u64().unwrap() as usize - 2;
        let mut graph = Graph::new(n);
        for edge in expected["edges"].as_array().unwrap() {
            let edge = numbers(edge);
            let (from, to, capacity) = (edge[0] as usize, edge[1] as usize, edge[2]);
            match (from, to) {
                (0, to) => graph.add_costs(to - 2, 0.0, capacity),
                (from, 1) => graph.add_costs(from - 2, capacity, 0.0),
                (from, to) => graph.add_edge(from - 2, to - 2, capacity, 0.0),
            }
        }
        let cut = graph.minimum_cut();
        assert_eq!(cut.energy, expected["flow"].as_f64().unwrap());
    }
}
