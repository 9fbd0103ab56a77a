using Ops.Runtime.Inference;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;
using Ops.Runtime.Processing;
using Ops.Runtime.Tests.Support;
using SkiaSharp;

namespace Ops.Runtime.Tests.Processing;

/// <summary>From encoded images to exact tensors.</summary>
public sealed class ImageInputTests
{
    private static readonly SKColor[] Corners = [new(10, 20, 30), new(40, 50, 60), new(70, 80, 90), new(100, 110, 120)];

    /// <summary>2 x 2 pixels, all different.</summary>
    private static readonly byte[] Four = TestImages.Png(2, 2, (x, y) => Corners[(y * 2) + x]);

    [Fact]
    public void Read_StretchNearest_RepeatsPixels()
    {
        using var tensor = Read(new() { Interpolation = "nearest", Width = 4, Height = 2 }, [-1, 3, 2, 4], Four);
        Assert.Equal([1, 3, 2, 4], tensor.Shape);
        Assert.Equal([10, 10, 40, 40, 70, 70, 100, 100, 20, 20, 50, 50, 80, 80, 110, 110, 30, 30, 60, 60, 90, 90, 120, 120], tensor.Data<float>().ToArray());
    }

    [Theory]
    [InlineData("RGB", "NHWC", new[] { 10f, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120 })]
    [InlineData("BGR", "NHWC", new[] { 30f, 20, 10, 60, 50, 40, 90, 80, 70, 120, 110, 100 })]
    [InlineData("RGB", "NCHW", new[] { 10f, 40, 70, 100, 20, 50, 80, 110, 30, 60, 90, 120 })]
    [InlineData("BGR", "NCHW", new[] { 30f, 60, 90, 120, 20, 50, 80, 110, 10, 40, 70, 100 })]
    public void Read_ColorAndLayout_OrderTheElements(string color, string layout, float[] expected)
    {
        using var tensor = Read(new() { Color = color, Layout = layout }, layout == "NCHW" ? [-1, 3, 2, 2] : [-1, 2, 2, 3], Four);
        Assert.Equal(expected, tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_ScaleMeanStd_AreDoneInThatOrder()
    {
        double[] mean = [0.485, 0.456, 0.406];
        double[] std = [0.229, 0.224, 0.225];
        using var tensor = Read(new() { Scale = 1 / 255.0, Mean = [.. mean], Std = [.. std] }, [-1, 3, 2, 2], Four);
        var data = tensor.Data<float>().ToArray();
        for (var c = 0; c < 3; c++)
        {
            for (var i = 0; i < 4; i++)
            {
                var value = c == 0 ? Corners[i].Red : c == 1 ? Corners[i].Green : Corners[i].Blue;
                Assert.Equal(((value / 255.0) - mean[c]) / std[c], data[(c * 4) + i], 1e-6);
            }
        }
    }

    [Fact]
    public void Read_OneMeanForAllChannels_IsTakenForEach()
    {
        using var tensor = Read(new() { Mean = [10], Std = [10] }, [-1, 3, 2, 2], Four);
        Assert.Equal([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_OtherElementTypes_HoldTheSameValues()
    {
        using var bytes = Read(new(), [-1, 3, 2, 2], OrtElementType.UInt8, Four);
        Assert.Equal([10, 40, 70, 100, 20, 50, 80, 110, 30, 60, 90, 120], bytes.Data<byte>().ToArray());
        using var halves = Read(new() { Scale = 0.5 }, [-1, 3, 2, 2], OrtElementType.Float16, Four);
        Assert.Equal([5, 20, 35, 50, 10, 25, 40, 55, 15, 30, 45, 60], Array.ConvertAll(halves.Data<Half>().ToArray(), h => (float)h));
    }

    [Fact]
    public void Read_Gray_IsLumaAsPillowHasIt()
    {
        var image = TestImages.Png(5, 1, (x, _) => new[] { SKColors.Red, new SKColor(0, 255, 0), SKColors.Blue, SKColors.White, new SKColor(17, 17, 17) }[x]);
        using var tensor = Read(new() { Color = "GRAY" }, [-1, 1, 1, 5], image);
        Assert.Equal([76, 150, 29, 255, 17], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_ThreeImages_FillTheBatchInOrder()
    {
        using var tensor = Read(new() { Color = "GRAY" }, [-1, 1, 1, 1], Gray(1), Gray(2), Gray(3));
        Assert.Equal([3, 1, 1, 1], tensor.Shape);
        Assert.Equal([1, 2, 3], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_NoImages_GivesAnEmptyBatch()
    {
        using var tensor = Read(new() { Color = "GRAY" }, [-1, 1, 1, 1]);
        Assert.Equal([0, 1, 1, 1], tensor.Shape);
    }

    // Worked out by hand from the definition: the windows of Pillow's resize, weights of a triangle and of Keys' cubic.
    [Theory]
    [InlineData("bilinear", new byte[] { 0, 255 }, new[] { 0f, 64, 191, 255 })]
    [InlineData("bilinear", new byte[] { 0, 0, 255, 255 }, new[] { 36f, 219 })]
    [InlineData("nearest", new byte[] { 1, 2, 3, 4, 5 }, new[] { 1f, 3, 5 })]
    [InlineData("bicubic", new byte[] { 50, 50, 50 }, new[] { 50f, 50, 50, 50, 50, 50, 50 })]
    [InlineData("bicubic", new byte[] { 0, 255 }, new[] { 0f, 53, 202, 255 })]
    public void Read_Interpolations_AreTheKnownOnes(string interpolation, byte[] row, float[] expected)
    {
        var image = TestImages.GrayPng(row.Length, 1, (x, _) => row[x]);
        using var across = Read(new() { Color = "GRAY", Interpolation = interpolation }, [-1, 1, 1, expected.Length], image);
        Assert.Equal(expected, across.Data<float>().ToArray());
        var column = TestImages.GrayPng(1, row.Length, (_, y) => row[y]);
        using var down = Read(new() { Color = "GRAY", Interpolation = interpolation }, [-1, 1, expected.Length, 1], column);
        Assert.Equal(expected, down.Data<float>().ToArray());
    }

    [Fact]
    public void Read_Crop_TakesTheCentre()
    {
        var image = TestImages.GrayPng(6, 2, (x, y) => (byte)((y * 10) + x));
        using var tensor = Read(new() { Color = "GRAY", Resize = "crop", Interpolation = "nearest" }, [-1, 1, 2, 2], image);
        Assert.Equal([2, 3, 12, 13], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_CropWithShortSide_ResizesFirst()
    {
        var image = TestImages.GrayPng(8, 4, (x, y) => (byte)((y * 10) + x));
        using var tensor = Read(new() { Color = "GRAY", Resize = "crop", ShortSide = 4, Interpolation = "nearest" }, [-1, 1, 2, 2], image);
        Assert.Equal([13, 14, 23, 24], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_Pad_FillsTheRestBeforeTheMaths()
    {
        var image = TestImages.GrayPng(4, 2, (_, _) => 200);
        using var tensor = Read(new() { Color = "GRAY", Resize = "pad", Padding = 114, Scale = 0.5 }, [-1, 1, 4, 4], image);
        Assert.Equal([57, 57, 57, 57, 100, 100, 100, 100, 100, 100, 100, 100, 57, 57, 57, 57], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_TransparentPixels_KeepTheirColor()
    {
        using var tensor = Read(new() { Layout = "NHWC" }, [-1, 1, 1, 3], TestImages.Png(1, 1, (_, _) => new SKColor(200, 100, 50, 128)));
        Assert.Equal([200, 100, 50], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_SixteenBits_AreCutToEight()
    {
        var image = TestImages.RawPng(2, 1, 16, 0, [0, 0x12, 0x34, 0xFF, 0xFF]);
        using var tensor = Read(new() { Color = "GRAY" }, [-1, 1, 1, 2], image);
        Assert.Equal([0x12, 0xFF], tensor.Data<float>().ToArray());
    }

    [Fact]
    public void Read_CmykJpeg_BecomesRgb()
    {
        using var tensor = Read(new() { Layout = "NHWC", Width = 1, Height = 1 }, [-1, 1, 1, 3], TestImages.CmykJpeg(255, 0, 100, 51));
        var rgb = tensor.Data<float>().ToArray();
        Assert.Equal(0, rgb[0], 2.0);
        Assert.Equal(204, rgb[1], 2.0);
        Assert.Equal(155 * 204 / 255.0, rgb[2], 2.0);
    }

    // What the stored image looks like to the viewer: the four corners of a 16 x 8 picture, row by row.
    [Theory]
    [InlineData(1, 16, 8, new[] { 0f, 80, 160, 240 })]
    [InlineData(2, 16, 8, new[] { 80f, 0, 240, 160 })]
    [InlineData(3, 16, 8, new[] { 240f, 160, 80, 0 })]
    [InlineData(4, 16, 8, new[] { 160f, 240, 0, 80 })]
    [InlineData(5, 8, 16, new[] { 0f, 160, 80, 240 })]
    [InlineData(6, 8, 16, new[] { 160f, 0, 240, 80 })]
    [InlineData(7, 8, 16, new[] { 240f, 80, 160, 0 })]
    [InlineData(8, 8, 16, new[] { 80f, 240, 0, 160 })]
    public void Read_ExifOrientation_IsAppliedUnlessIgnored(byte orientation, int width, int height, float[] corners)
    {
        var stored = TestImages.Jpeg(16, 8, (x, y) => Level((y < 4 ? 0 : 160) + (x < 8 ? 0 : 80)));
        var turned = TestImages.WithOrientation(stored, orientation);
        using var upright = Read(new() { Color = "GRAY", Interpolation = "nearest" }, [-1, 1, height, width], turned);
        Assert.Equal(corners, Quarters(upright, width, height), (a, b) => Math.Abs(a - b) < 4);
        using var ignored = Read(new() { Color = "GRAY", Interpolation = "nearest", Orientation = "ignore" }, [-1, 1, 8, 16], turned);
        Assert.Equal([0, 80, 160, 240], Quarters(ignored, 16, 8), (a, b) => Math.Abs(a - b) < 4);
    }

    public static TheoryData<string, byte[], string> BadImages => new()
    {
        { "nothing", [], "neither a PNG nor a JPEG" },
        { "text", "this is no image, whatever its name says.png"u8.ToArray(), "neither a PNG nor a JPEG" },
        { "gif", Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"), "neither a PNG nor a JPEG" },
        { "only a signature", [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], "broken image header" },
        { "only a JPEG marker", [0xFF, 0xD8, 0xFF, 0xE0], "broken image header" },
        { "bomb", TestImages.RawPng(60_000, 60_000, 8, 2, new byte[100]), "60000 x 60000 pixels; at most" },
        { "long bomb", TestImages.RawPng(40_000, 1, 8, 0, new byte[40_001]), "40000 x 1 pixels; at most" },
        { "truncated PNG", Noise(false)[..^400], "is cut off" },
        { "truncated JPEG", Noise(true)[..^400], "is cut off" },
        { "damaged PNG", Damaged(), "broken image" },
    };

    [Theory]
    [MemberData(nameof(BadImages))]
    public void Read_BadImage_IsRefusedWithoutTakingMemory(string kind, byte[] encoded, string reason)
    {
        var memory = new DecodeMemory(64 * 1024 * 1024);
        var input = Input(new() { Color = "GRAY" }, [-1, 1, 1, 1], OrtElementType.Float32, memory);
        var refusal = Assert.Throws<ProtocolException>(() => input.Read([Gray(1), encoded]));
        Assert.Equal(400, refusal.Status);
        Assert.StartsWith("Element 1 of input 'image' ", refusal.Message, StringComparison.Ordinal);
        Assert.True(refusal.Message.Contains(reason, StringComparison.Ordinal), $"{kind}: {refusal.Message}");
        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public void Read_MoreImagesThanTheBatchMayHave_IsRefused()
    {
        var refusal = Assert.Throws<ProtocolException>(() => Read(new() { Color = "GRAY", MaxBatch = 2 }, [-1, 1, 1, 1], Gray(1), Gray(2), Gray(3)));
        Assert.Contains("at most 2 images", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MorePixelsThanTheRequestMayHave_IsRefused()
    {
        var image = TestImages.GrayPng(10, 10, (_, _) => 0);
        var refusal = Assert.Throws<ProtocolException>(() => Read(new() { Color = "GRAY", MaxRequestPixels = 250 }, [-1, 1, 1, 1], image, image, image));
        Assert.StartsWith("Element 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenOthersUseTheMemory_Is503()
    {
        var memory = new DecodeMemory(1000);
        var input = Input(new() { Color = "GRAY" }, [-1, 1, 1, 1], OrtElementType.Float32, memory);
        using (memory.Rent(990))
        {
            Assert.Equal(503, Assert.Throws<ProtocolException>(() => input.Read([Gray(1), TestImages.GrayPng(10, 10, (_, _) => 0)])).Status);
        }

        input.Read([Gray(1)]).Dispose();
        Assert.Equal(400, Assert.Throws<ProtocolException>(() => input.Read([TestImages.GrayPng(100, 100, (_, _) => 0)])).Status);
        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public void Create_WhatDoesNotFitTheModel_SaysEverything()
    {
        var failure = Assert.Throws<ModelLoadException>(() => Input(new() { Width = 5, Scale = 2 }, [-1, 1, -1, 4], OrtElementType.UInt8, DecodeMemory.Shared));
        Assert.Contains("scale, mean and std must not be given", failure.Message, StringComparison.Ordinal);
        Assert.Contains("dimension 1 must be 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("width is declared as 5, but is 4", failure.Message, StringComparison.Ordinal);
        Assert.Contains("height must be declared", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Int64", new long[] { -1, 3, 2, 2 }, "FP32, FP16 or UINT8")]
    [InlineData("Float32", new long[] { -1, 12 }, "four dimensions in the model to be made from images, not 2")]
    public void Create_WrongTypeOrRank_IsRefused(string type, long[] shape, string reason) =>
        Assert.Contains(reason, Assert.Throws<ModelLoadException>(() => Input(new(), shape, Enum.Parse<OrtElementType>(type), DecodeMemory.Shared)).Message, StringComparison.Ordinal);

    private static ImageInput Input(InputProcessingOptions options, long[] shape, OrtElementType type, DecodeMemory memory)
    {
        options.Name = "image";
        Assert.Empty(ProcessingRules.Failures(new ProcessingOptions { Inputs = [options] }));
        return new ImageInput(options, new OrtTensorInfo("image", type, shape), memory);
    }

    private static OrtTensor Read(InputProcessingOptions options, long[] shape, params byte[][] images) => Read(options, shape, OrtElementType.Float32, images);

    private static OrtTensor Read(InputProcessingOptions options, long[] shape, OrtElementType type, params byte[][] images)
    {
        var memory = new DecodeMemory(64 * 1024 * 1024);
        var tensor = Input(options, shape, type, memory).Read(Array.ConvertAll(images, i => new ReadOnlyMemory<byte>(i)));
        Assert.Equal(0, memory.Used);
        return tensor;
    }

    private static byte[] Gray(byte value) => TestImages.GrayPng(1, 1, (_, _) => value);

    private static SKColor Level(int value) => new((byte)value, (byte)value, (byte)value);

    private static float[] Quarters(OrtTensor tensor, int width, int height)
    {
        var data = tensor.Data<float>();
        return [data[0], data[width - 1], data[(height - 1) * width], data[(height * width) - 1]];
    }

    private static byte[] Noise(bool jpeg)
    {
        var random = new Random(1);
        SKColor Pixel(int x, int y) => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        return jpeg ? TestImages.Jpeg(32, 32, Pixel) : TestImages.Png(32, 32, Pixel);
    }

    private static byte[] Damaged()
    {
        var png = Noise(false);
        for (var i = 0; i < 64; i++)
        {
            png[(png.Length / 2) + i] ^= 0x5A;
        }

        return png;
    }
}
