"""Every network of the table keeps its promise, whatever row is added."""

import pytest
import torch

from lowlight_hub import load_model
from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.networks import Autoencoder, VariationalAutoencoder
from lowlight_hub.networks.reversed_mnist import PhotoByPhoto
from lowlight_hub.networks.sizes import resize


def limit_mb(name):
    """The most that a row may take in float16."""
    return 8 if name == "attempt-7" else 1.75


@pytest.fixture(params=ATTEMPTS.values(), ids=ATTEMPTS)
def attempt(request):
    return request.param


@pytest.mark.parametrize("size", [(200, 200), (1, 1), (33, 257)], ids=str)
def test_any_size_gives_a_photo_of_that_size(attempt, size):
    model = attempt.network().eval()
    with torch.no_grad():
        restored = model(torch.rand(2, 3, *size))
    assert restored.shape == (2, 3, *size)
    assert restored.dtype == torch.float32
    assert restored.min() >= 0 and restored.max() <= 1


def test_what_is_no_batch_of_photos_is_refused(attempt):
    model = attempt.network().eval()
    for shape in ((3, 8, 8), (1, 1, 8, 8), (1, 4, 8, 8)):
        with pytest.raises(ValueError, match="expected photos B 3 H W"):
            model(torch.rand(shape))
    with pytest.raises(ValueError, match="expected floats"):
        model(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))


def test_answers_differ_with_the_photo(attempt):
    # Batch normalisation has seen nothing yet: train mode uses the batch's own statistics.
    # Untrained, 8 numbers may let little through; in double precision that is far above rounding.
    model = attempt.network().train().double()
    photo = torch.rand(1, 3, 200, 200, dtype=torch.float64)
    restored = model(torch.cat([photo * 0.1, photo.flip(3)]))
    assert (restored[0] - restored[1]).abs().max() > 1e-9


def test_every_parameter_learns(attempt):
    model = attempt.network().train()
    # As it sees photos.
    dark = torch.cat([attempt.views(torch.rand(3, 400, 600)) for _ in range(2)])
    attempt.loss(model, dark, dark.sqrt()).backward()
    # Biases before batch normalisation are left without effect by it.
    unused = [
        name
        for name, parameter in model.named_parameters()
        if parameter.dim() > 1 and not 0 < parameter.grad.abs().sum() < float("inf")
    ]
    assert unused == []


def test_shipped_size_is_within_its_limit(attempt):
    parameters = sum(value.numel() for value in attempt.network().state_dict().values())
    assert 2 * parameters / 2**20 <= limit_mb(attempt.name)


def test_width_64_is_the_published_vgg_11():
    from torchvision.models import vgg11_bn

    from lowlight_hub.networks import vgg

    published = vgg11_bn().features.state_dict()
    ours = vgg.Encoder(128, width=64)[0].state_dict()
    assert {key: value.shape for key, value in ours.items()} == {
        key: value.shape for key, value in published.items()
    }


def test_width_64_is_the_published_resnet_18():
    from torchvision.models import resnet18

    from lowlight_hub.networks import resnet

    torch.manual_seed(0)
    # Without what makes a vector of the features, on either side.
    published = torch.nn.Sequential(*list(resnet18().children())[:-2]).eval()
    layers = 2 + 4 * 2
    ours = torch.nn.Sequential(*list(resnet.Encoder(128, width=64))[:layers]).eval()
    values = published.state_dict().values()
    ours.load_state_dict(dict(zip(ours.state_dict(), values, strict=True)))
    photo = torch.rand(1, 3, 200, 200)
    with torch.inference_mode():
        torch.testing.assert_close(ours(photo), published(photo), rtol=1e-3, atol=1e-4)
    # In training, oneDNN writes past its memory where a strided 1×1 one has few channels.
    for module in ours.modules():
        if isinstance(module, torch.nn.Conv2d):
            assert module.stride == (1, 1) or module.kernel_size != (1, 1)


def test_the_feature_vector_has_the_length_of_the_table():
    model = Autoencoder(encoder="mnist", decoder="mnist", latent=8)
    assert model.encode(torch.rand(3, 3, 200, 200)).shape == (3, 8)


def test_reversed_network_expands_before_it_compresses():
    model = Autoencoder(encoder="reversed_mnist", decoder="reversed_mnist", latent=8)
    sides = []
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.register_forward_hook(lambda _m, _i, output: sides.append(output.shape[-1]))
    model(torch.rand(1, 3, 200, 200))
    assert sides == [400, 800, 400, 200]


def test_photo_by_photo_changes_neither_answer_nor_gradient(monkeypatch):
    torch.manual_seed(0)
    photos = torch.rand(2, 3, 200, 200)
    model = Autoencoder(encoder="reversed_mnist", decoder="reversed_mnist", latent=8)
    results = []
    for remedy in (True, False):
        monkeypatch.setattr(PhotoByPhoto, "remedy", remedy)
        model.zero_grad()
        restored = model(photos)
        restored.square().mean().backward()
        gradients = [parameter.grad.clone() for parameter in model.parameters()]
        results.append((restored.detach(), gradients))
    torch.testing.assert_close(results[0][0], results[1][0])
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-3, atol=1e-7)


def test_variational_autoencoder_samples_in_training_only():
    torch.manual_seed(0)
    model = VariationalAutoencoder(encoder="plain", decoder="plain", latent=128)
    dark = torch.rand(2, 3, 200, 200)
    model.train()
    mean, logvar = model.distribution(dark)
    assert mean.shape == logvar.shape == (2, 128)
    assert not torch.equal(model.sample(mean, logvar), model.sample(mean, logvar))
    model.eval()
    with torch.no_grad():
        assert torch.equal(model(dark), model(dark))


@pytest.mark.parametrize("name", ["vae", "attempt-7"])
def test_networks_work_in_16_bits_on_a_cpu(name):
    photos = torch.rand(1, 3, 60, 90)
    model = load_model(name)
    with torch.inference_mode():
        wide, narrow = model(photos), model.bfloat16()(photos.bfloat16())
    assert (narrow.float() - wide).abs().mean() < 0.02


def test_resize_keeps_the_mean_light():
    photo = torch.rand(1, 3, 400, 600)
    assert resize(photo, (200, 200)).mean().item() == pytest.approx(photo.mean().item(), abs=2e-3)
