//! Numbers of NumPy 2.4.6 and scikit-learn 1.9.1, printed by `golden.py` beside this file.

use ndarray::arr2;
use numpy_legacy::{RandomState, make_moons};

#[test]
fn uniform_numbers_are_numpys() {
    // RandomState(42).random_sample(4)
    let mut random = RandomState::seed(42);
    let drawn = [(); 4].map(|()| random.random_sample());
    assert_eq!(
        drawn,
        [
            0.3745401188473625,
            0.9507143064099162,
            0.7319939418114051,
            0.5986584841970366
        ]
    );

    // RandomState(7).random_sample(2000)[-1]: six rounds of the state later.
    let mut random = RandomState::seed(7);
    let last = (0..2000).map(|_| random.random_sample()).last();
    assert_eq!(last, Some(0.6485816947897555));

    // RandomState(3).uniform(-2, 6, 3)
    let drawn = RandomState::seed(3).uniform_table(1, 3, -2.0, 6.0);
    assert_eq!(
        drawn,
        arr2(&[[2.406383220596604, 3.6651825809448386, 0.3272379113035546]])
    );
}

#[test]
fn normal_numbers_are_numpys() {
    // RandomState(42).standard_normal(5)
    let mut random = RandomState::seed(42);
    let drawn = [(); 5].map(|()| random.standard_normal());
    assert_eq!(
        drawn,
        [
            0.4967141530112327,
            -0.13826430117118466,
            0.6476885381006925,
            1.5230298564080254,
            -0.23415337472333597
        ]
    );

    // A uniform number between the two of a pair does not part them:
    // s = RandomState(11); s.normal(1, 2), s.random_sample(), s.normal(1, 2), s.normal(1, 2)
    let mut random = RandomState::seed(11);
    let drawn = [
        random.normal(1.0, 2.0),
        random.random_sample(),
        random.normal(1.0, 2.0),
        random.normal(1.0, 2.0),
    ];
    assert_eq!(
        drawn,
        [
            4.498909482610358,
            0.42020360458772743,
            0.42785400636741167,
            0.36220199052907354
        ]
    );
}

#[test]
fn whole_numbers_are_numpys() {
    // s = RandomState(9); s.randint(n) for each n, of which the last two need words of 64 bits
    let mut random = RandomState::seed(9);
    let ends = [1, 10, 1797, 1 << 32, (1 << 33) + 1, 1 << 62];
    let drawn = ends.map(|n| random.at_most(n - 1));
    assert_eq!(
        drawn,
        [0, 5, 56, 574793467, 5233669654, 2346817084914358843]
    );
}

#[test]
fn orders_are_numpys() {
    // s = RandomState(42); x = np.arange(12); s.shuffle(x); s.random_sample()
    let mut random = RandomState::seed(42);
    let mut items: Vec<usize> = (0..12).collect();
    random.shuffle(&mut items);
    assert_eq!(items, [10, 9, 0, 8, 5, 2, 1, 11, 4, 7, 3, 6]);
    assert_eq!(random.random_sample(), 0.14286681792194078);

    // RandomState(5).permutation(9), RandomState(5).choice(9, 4, replace=False)
    let order = RandomState::seed(5).permutation(9);
    assert_eq!(order, [2, 4, 8, 7, 1, 0, 5, 6, 3]);
    assert_eq!(order[..4], [2, 4, 8, 7]);

    let mut untouched = RandomState::seed(5);
    untouched.shuffle::<u8>(&mut []);
    untouched.shuffle(&mut [1]);
    assert_eq!(untouched, RandomState::seed(5));
}

#[test]
fn normal_vectors_are_numpys() {
    // RandomState(13).multivariate_normal(np.arange(d) - 0.25, np.diag(variances), 2)
    let random = || RandomState::seed(13);
    assert_eq!(
        random().multivariate_normal_diagonal(&[-0.25, 0.75, 1.75], &[1.0, 4.0, 2.0], 2),
        arr2(&[
            [-0.29450307833805345, -0.674781324101176, 2.815986635561406],
            [0.2823378882945463, 1.6536246774915795, 3.652261078862639]
        ])
    );
    assert_eq!(
        random().multivariate_normal_diagonal(&[-0.25, 0.75, 1.75, 2.75], &[2.0, 1.0, 2.0, 0.5], 2),
        arr2(&[
            [
                0.8159866355614058,
                0.7054969216619466,
                0.7425274640201103,
                3.0694795685509013
            ],
            [
                0.5028394613912012,
                2.1001878997225267,
                3.652261078862639,
                3.358968402710112
            ]
        ])
    );
    assert_eq!(
        random().multivariate_normal_diagonal(&[-0.25, 0.75], &[0.0, 3.0], 2),
        arr2(&[[-0.25, -0.48389682150924807], [-0.25, 0.6729184072252735]])
    );
    assert_eq!(
        random().multivariate_normal_diagonal(
            &[-0.25, 0.75, 1.75, 2.75, 3.75, 4.75],
            &[3.0, 1.0, 3.0, 1.0, 3.0, 1.0],
            2
        ),
        arr2(&[
            [
                -1.483896821509248,
                1.2018123387457897,
                1.6729184072252734,
                4.0951017084510095,
                5.055561664875807,
                5.282337888294546
            ],
            [
                2.0885940420841287,
                -0.2953771305385342,
                4.311158825666425,
                1.9610109750484512,
                5.241661856117474,
                3.488394054680931
            ]
        ])
    );
}

#[test]
fn an_odd_number_of_moons_is_scikit_learns() {
    // make_moons(n_samples=7, noise=0.1, random_state=42)
    let (points, labels) = make_moons(7, 0.1, 42);
    let expected = arr2(&[
        [0.8888119881953079, 0.03189021846893834],
        [0.027904129220013833, 1.1010515284806526],
        [1.4419121865976483, -0.4185423845022535],
        [-1.057138016575414, -0.09240828377471037],
        [0.23874509873063976, -0.2709884355447483],
        [0.08164450809513274, 0.3476124002384139],
        [1.9571953935823765, 0.4257593162880826],
    ]);
    assert_eq!(labels, [0, 0, 1, 0, 1, 1, 1]);
    // Sines and cosines may differ from NumPy's in the last bit.
    let off = (&points - &expected).mapv(f64::abs);
    assert!(off.iter().all(|o| *o <= 2.0 * f64::EPSILON), "{off}");
}
