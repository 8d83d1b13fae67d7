"""The data: MNIST bit for bit, the ten points, and clouds in the plane."""

import hashlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.datasets import gaussian_blobs, higham, load_mnist, mnist_images, tower_image, two_moons


def idx_md5(array):
    """Return the md5 sum of a uint8 array written as an idx file: magic number, sizes (big-endian), bytes."""
    header = np.array([0x0800 + array.ndim, *array.shape], ">u4")
    return hashlib.md5(header.tobytes() + array.tobytes()).hexdigest()


@pytest.mark.parametrize("name, md5", [  # as published with the four original files
    ("X_train", "6bbc9ace898e44ae57da46a324031adb"),
    ("y_train", "a25bea736e30d166cdddb491f175f624"),
    ("X_test", "2646ac647ad5339dbf082846283269ea"),
    ("y_test", "27ae3e4e09519cfbb04c329615203637"),
])
def test_mnist_is_the_published_mnist(name, md5):
    array = getattr(mnist_images(), name)
    assert array.dtype == np.uint8
    assert idx_md5(array) == md5


def test_mnist_for_training_is_pixels_over_255():
    raw, mnist = mnist_images(), load_mnist()
    assert mnist.X_train.shape == (60000, 784) and mnist.X_test.shape == (10000, 784)
    assert mnist.X_train.dtype == mnist.X_test.dtype == np.float32
    assert mnist.X_train.min() == 0 and mnist.X_train.max() == 1
    for X, x in ((mnist.X_train[::97], raw.X_train[::97]), (mnist.X_test, raw.X_test)):
        assert_allclose(X.reshape(-1, 28, 28), x / 255, rtol=2e-7)
    assert mnist.y_train.dtype == mnist.y_test.dtype == np.int64
    assert_array_equal(mnist.y_train, raw.y_train)
    assert_array_equal(mnist.y_test, raw.y_test)


def test_mnist_is_loaded_once():
    assert load_mnist() is load_mnist() and mnist_images() is mnist_images()


def test_higham_points_by_hand():
    X, Y = higham()
    assert X.shape == Y.shape == (10, 2)
    assert_array_equal(X[[0, 4, 5, 9]], [[0.1, 0.1], [0.4, 0.2], [0.6, 0.3], [0.7, 0.6]])
    assert_allclose(X.sum(axis=0), [4.6, 4.2])  # .1+.3+.1+.6+.4 + .6+.5+.9+.4+.7, .1+.4+.5+.9+.2 + .3+.6+.2+.4+.6
    assert_array_equal(Y, [[1, 0]] * 5 + [[0, 1]] * 5)


def test_the_eleventh_point():
    X, Y = higham(11)
    assert_array_equal(X[:10], higham().X)
    assert_array_equal(Y[:10], higham().Y)
    assert_array_equal(X[10], [0.3, 0.7])
    assert_array_equal(Y[10], [0, 1])


@pytest.mark.parametrize("points", [9, 12, 0, "10"])
def test_higham_has_ten_or_eleven(points, raises):
    with raises("points", "10 or 11", str(points)):
        higham(points)


def test_moons_without_noise_lie_on_two_half_circles(rng):
    X, Y = two_moons(101, rng, noise=0)
    assert_array_equal(Y.sum(axis=0), [51, 50])
    upper, lower = X[Y[:, 0] == 1], X[Y[:, 1] == 1]
    assert_allclose(np.hypot(*upper.T), 1)
    assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert (upper[:, 1] >= 0).all() and (lower[:, 1] <= 0.5).all()
    assert upper[:, 0].min() < -0.9 and upper[:, 0].max() > 0.9  # all of the half circle


def test_noise_of_the_moons_has_its_size():
    noisy, clean = (two_moons(4000, np.random.default_rng(1), noise).X for noise in (0.3, 0))
    assert_allclose((noisy - clean).std(axis=0), 0.3, rtol=0.05)
    assert two_moons(10, np.random.default_rng(1)).X.std() != two_moons(10, np.random.default_rng(1), 0).X.std()


def test_blobs_without_spread_are_their_centres(rng):
    X, Y = gaussian_blobs(8, rng, classes=4, spread=0)
    assert_allclose(X[:4], [[1.5, 0], [0, 1.5], [-1.5, 0], [0, -1.5]], atol=1e-15)
    assert_array_equal(Y, np.tile(np.eye(4), (2, 1)))


def test_spread_of_the_blobs_has_its_size(rng):
    X, Y = gaussian_blobs(6000, rng, classes=3, spread=0.2)
    for k in range(3):
        assert_allclose(X[Y[:, k] == 1].std(axis=0), 0.2, rtol=0.06)
    assert gaussian_blobs(5, rng).Y.shape == (5, 3)


@pytest.mark.parametrize("make", [two_moons, gaussian_blobs])
def test_the_seed_decides(make):
    X = [make(20, np.random.default_rng(seed)).X for seed in (1, 1, 2)]
    assert_array_equal(X[0], X[1])
    assert (X[0] != X[2]).any()


@pytest.mark.parametrize("make", [two_moons, gaussian_blobs])
@pytest.mark.parametrize("samples", [0, 2.5])
def test_samples_are_counted(make, samples, raises, rng):
    with raises("samples", "an integer >= 1", str(samples)):
        make(samples, rng)


def test_classes_are_counted(raises, rng):
    with raises("classes", "an integer >= 1", "0"):
        gaussian_blobs(5, rng, classes=0)


@pytest.mark.parametrize("load", [
    mnist_images, load_mnist, higham, lambda: two_moons(4, np.random.default_rng(0)),
    lambda: gaussian_blobs(4, np.random.default_rng(0))])
def test_arrays_are_read_only(load):
    for array in load():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_tower_is_a_read_only_grey_image():
    tower = tower_image()
    assert tower.shape == (128, 128) and tower.dtype == np.uint8
    assert tower.min() < 20 and tower.max() > 235  # uses the range: neither black nor white all over
    assert not tower.flags.writeable
