using Ops.Runtime.Processing;

namespace Ops.Runtime.Tests.Processing;

public sealed class ImagePlacementTests
{
    [Theory]
    // torchvision: Resize(256), CenterCrop(224).
    [InlineData(640, 480, 224, 224, 256, 341, 256, 58, 16)]
    [InlineData(480, 640, 224, 224, 256, 256, 341, 16, 58)]
    [InlineData(640, 480, 224, 224, 0, 298, 224, 37, 0)]
    [InlineData(100, 100, 64, 32, 0, 64, 64, 0, 16)]
    [InlineData(1, 32768, 224, 224, 0, 224, 7340032, 0, 3669904)]
    public void Of_Crop_ScalesTheShorterSideAndCutsTheCentre(int imageWidth, int imageHeight, int width, int height, int shortSide, int scaledWidth, int scaledHeight, int cutX, int cutY) =>
        Assert.Equal(
            new ImagePlacement(scaledWidth, scaledHeight, cutX, cutY, 0, 0, width, height),
            ImagePlacement.Of(ImageResize.Crop, imageWidth, imageHeight, width, height, shortSide));

    [Theory]
    [InlineData(640, 480, 640, 640, 640, 480, 0, 80)]
    [InlineData(480, 640, 320, 320, 240, 320, 40, 0)]
    [InlineData(32768, 1, 224, 224, 224, 1, 0, 111)]
    public void Of_Pad_KeepsProportionsAndCentres(int imageWidth, int imageHeight, int width, int height, int scaledWidth, int scaledHeight, int putX, int putY) =>
        Assert.Equal(
            new ImagePlacement(scaledWidth, scaledHeight, 0, 0, putX, putY, scaledWidth, scaledHeight),
            ImagePlacement.Of(ImageResize.Pad, imageWidth, imageHeight, width, height, 0));
}
