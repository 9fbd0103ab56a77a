using Ops.Runtime.Inference;
using Ops.Runtime.Processing;
using Ops.Runtime.Tests.Support;
using SkiaSharp;

namespace Ops.Runtime.Tests.Processing;

/// <summary>What strangers may send in place of an image.</summary>
public sealed class ImageDecoderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decode_DamagedInAnyWay_IsRefusedOrDecodedButNeverMore(bool jpeg)
    {
        var random = new Random(20_260_101);
        SKColor Pixel(int x, int y) => new((byte)(x * 7), (byte)(y * 5), (byte)random.Next(256));
        var good = jpeg ? TestImages.Jpeg(40, 30, Pixel) : TestImages.Png(40, 30, Pixel);
        var memory = new DecodeMemory(16 * 1024 * 1024);
        var decoder = new ImageDecoder(memory, 1_000_000, applyOrientation: true);
        var refused = 0;
        for (var i = 0; i < 2000; i++)
        {
            var bad = good[..random.Next(good.Length / 2, good.Length + 1)];
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                bad[random.Next(8, bad.Length)] = (byte)random.Next(256);
            }

            try
            {
                var left = 1_000_000L;
                decoder.Decode(bad, ref left).Dispose();
            }
            catch (DecodeException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 2000);
        Assert.Equal(0, memory.Used);
    }

    [Fact]
    public void Decode_AnimatedPng_IsItsStillPicture()
    {
        // acTL announces two frames. Whoever does not play animations shows the default picture, as the format wants.
        var png = TestImages.RawPng(1, 1, 8, 0, [0, 77], ("acTL", [0, 0, 0, 2, 0, 0, 0, 0]));
        var left = 10L;
        using var image = new ImageDecoder(new DecodeMemory(1000), 10, applyOrientation: true).Decode(png, ref left);
        Assert.Equal(77, image.Pixels[0]);
        Assert.Equal(9, left);
    }

    [Fact]
    public void Decode_JpegOfManyScans_CountsMoreOrIsRefused()
    {
        var jpeg = TestImages.Jpeg(10, 10, (_, _) => SKColors.Gray);
        var decoder = new ImageDecoder(new DecodeMemory(10_000), 100, applyOrientation: true);
        Assert.Throws<DecodeException>(() => Left(100));
        Assert.Equal(800, Left(30));
        Assert.Equal(900, Left(14));

        // A comment that looks like the starts of scans: the count is made before anything is decoded.
        long Left(int scans)
        {
            var left = 1000L;
            byte[] more = [.. jpeg[..2], 0xFF, 0xFE, 0, (byte)((scans * 2) + 2), .. Enumerable.Range(0, scans).SelectMany(_ => new byte[] { 0xFF, 0xDA }), .. jpeg[2..]];
            decoder.Decode(more, ref left).Dispose();
            return left;
        }
    }

    [Fact]
    public void Decode_PixelsThatExpandAThousandfold_AreBoundedByTheirNumber()
    {
        // 50 KB that decode to 200 MB: what a limit on the body alone would let through.
        var rows = new byte[(7000 * 3 * 7000) + 7000];
        var bomb = TestImages.RawPng(7000, 7000, 8, 2, rows);
        Assert.InRange(bomb.Length, 1, 400_000);
        var memory = new DecodeMemory(1024L * 1024 * 1024);
        var left = 100_000_000L;
        var refusal = Assert.Throws<DecodeException>(() => new ImageDecoder(memory, 40_000_000, applyOrientation: true).Decode(bomb, ref left));
        Assert.Contains("7000 x 7000 pixels", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ProtocolException>(() => new ImageDecoder(new DecodeMemory(1_000_000), 50_000_000, applyOrientation: true).Decode(bomb, ref left));
    }

    [Fact]
    public void Read_SameImagesAgainAndAgain_AllocatesNothingThatGrowsWithThem()
    {
        var options = new InputProcessingOptions { Name = "image", Width = 224, Height = 224 };
        var input = new ImageInput(options, new("image", Ops.Runtime.OnnxRuntime.OrtElementType.Float32, [-1, 3, 224, 224]), new DecodeMemory(64 * 1024 * 1024));
        ReadOnlyMemory<byte>[] images = [TestImages.Jpeg(640, 480, (x, y) => new SKColor((byte)x, (byte)y, 99))];
        for (var i = 0; i < 5; i++)
        {
            input.Read(images).Dispose();
        }

        const int times = 20;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < times; i++)
        {
            input.Read(images).Dispose();
        }

        // The tensor alone has 600 KB and the decoded image 1.2 MB.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / times, 0, 20_000);
    }
}
