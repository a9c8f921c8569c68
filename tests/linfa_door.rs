//! A program written for linfa-clustering's mixture needs only the name of the type changed.
#![allow(clippy::unwrap_used)]

use gmm_core::{Covariances, Gmm};
use gmm_tests::iris;
use linfa::prelude::*;
use ndarray::{Array1, Array2};

/// The same program for either type.
macro_rules! a_linfa_program {
    ($Model:ty, $CovarType:ident, $InitMethod:ident, $krate:ident, $float:ty) => {{
        use $krate::{$CovarType, $InitMethod};
        let records: Array2<$float> = iris().mapv(|v| v as $float);
        let dataset = DatasetBase::from(records.clone());
        let gmm = <$Model>::params(3)
            .covariance_type($CovarType::Full)
            .init_method($InitMethod::KMeans)
            .tolerance(1e-4)
            .reg_covariance(1e-6)
            .n_runs(2)
            .max_n_iterations(200)
            .fit(&dataset)
            .unwrap();
        let of_reference: Array1<usize> = gmm.predict(&dataset);
        let of_dataset = gmm.predict(dataset);
        let of_records: Array1<usize> = gmm.predict(&records);
        assert_eq!(of_reference, of_records);
        assert_eq!(*of_dataset.targets(), of_records);
        let posterior = gmm.predict_proba(&records);
        assert_eq!(posterior.dim(), (150, 3));
        // As in linfa's own example.
        let first = &gmm.centroids().index_axis(ndarray::Axis(0), 0);
        assert_eq!(first.len(), 4);
        assert_eq!(gmm.centroids().dim(), (3, 4));
        assert_eq!(gmm.precisions().dim(), (3, 4, 4));
        let wide = |a: Vec<$float>| a.into_iter().map(f64::from).collect::<Vec<f64>>();
        let means = Array2::from_shape_vec(
            (3, 4),
            wide(gmm.means().iter().copied().map(|v| v as $float).collect()),
        );
        let weights = Array1::from(wide(
            gmm.weights().iter().copied().map(|v| v as $float).collect(),
        ));
        let covariances = gmm.covariances().mapv(f64::from);
        Gmm::new(weights, means.unwrap(), Covariances::Full(covariances)).unwrap()
    }};
}

#[test]
fn a_linfa_program_runs_with_the_name_of_the_type_changed() {
    use linfa_clustering::GaussianMixtureModel;
    let x = iris();
    let score = |gmm: Gmm| gmm.mean_log_likelihood(&x).unwrap();
    let theirs = score(a_linfa_program!(
        GaussianMixtureModel<f64>,
        GmmCovarType,
        GmmInitMethod,
        linfa_clustering,
        f64
    ));
    let ours = score(a_linfa_program!(
        Gmm,
        GmmCovarType,
        GmmInitMethod,
        gmm_core,
        f64
    ));
    let of_f32 = score(a_linfa_program!(
        Gmm,
        GmmCovarType,
        GmmInitMethod,
        gmm_core,
        f32
    ));
    // Both were asked to come within 1e-4 of the optimum.
    assert!(ours >= theirs - 1e-4, "{ours} {theirs}");
    assert!((of_f32 - ours).abs() < 1e-3, "{of_f32} {ours}");
}

#[test]
fn weights_of_the_dataset_are_respected() {
    let x = iris();
    // The first species alone, by weight and by selection.
    let weights = Array1::from_shape_fn(150, |i| if i < 50 { 1.0f32 } else { 0.0 });
    let weighted = DatasetBase::from(x.clone()).with_weights(weights);
    let selected = DatasetBase::from(x.slice(ndarray::s![..50, ..]).to_owned());
    let params = Gmm::params(1);
    let (a, b) = (
        params.fit(&weighted).unwrap(),
        params.fit(&selected).unwrap(),
    );
    for (a, b) in a.means().iter().zip(b.means()) {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn wrong_parameters_and_data_come_back_as_errors() {
    let dataset = DatasetBase::from(Array2::from_elem((3, 1), f64::NAN));
    assert!(Gmm::params(1).fit(&dataset).is_err());
    let dataset = DatasetBase::from(Array2::<f64>::zeros((3, 1)));
    assert!(Gmm::params(0).fit(&dataset).is_err());
    assert!(Gmm::params(4).fit(&dataset).is_err());
    assert!(Gmm::params(2).check().is_ok());
    assert!(Gmm::params(2).tolerance(-1.0).check().is_err());
}

#[test]
fn public_types_can_be_shared_between_threads() {
    fn autotraits<T: Send + Sync + Sized + Unpin + Clone + std::fmt::Debug>() {}
    autotraits::<Gmm>();
    autotraits::<gmm_core::GmmParams>();
    autotraits::<gmm_core::GmmValidParams>();
    autotraits::<gmm_core::Fitted>();
    autotraits::<gmm_core::GmmError>();
    autotraits::<gmm_core::Cholesky>();
    autotraits::<gmm_core::InitMethod>();
}
