using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Ops.Dashboard.Features.Registry.Onnx;

namespace Ops.Dashboard.Tests.Features.Registry.Onnx;

[CollectionDefinition(nameof(OnnxReaderBoundsTests), DisableParallelization = true)]
[Collection(nameof(OnnxReaderBoundsTests))]
public sealed class OnnxReaderBoundsTests
{
    // Everything ever allocated, not what is held at once: a debug build allocates a little for each read.
    private const long AllocationBound = 16 * 1024 * 1024;

    private static readonly byte[][] Samples = [OnnxFile.Sample("digits_mlp.onnx"), OnnxFile.Sample("dtypes.onnx"), OnnxFile.Model()];

    [Fact]
    public void ReadAsync_AnyTruncationAndByteFlips_GivesAnAnswerInTime()
    {
        // Weights are most of a file, so half of the flips aim at the first and last kilobyte, where the structure is.
        var flip = Gen.Zip(Gen.Zip(Gen.Choose(0, 1), Gen.Choose(0, int.MaxValue - 1)), Gen.Choose(0, 255));
        var cases = Gen.Zip(Gen.Zip(Gen.Choose(0, Samples.Length - 1), Gen.Choose(0, 1000)), flip.ListOf());
        Prop.ForAll(cases.ToArbitrary(), damage =>
        {
            var ((sample, kept), flips) = damage;
            var file = Samples[sample][..(int)(Samples[sample].LongLength * (kept < 500 ? 1000 : kept) / 1000)];
            foreach (var ((kind, place), value) in flips)
            {
                var at = kind == 0 ? place % file.Length : place % 2048 is var near && near < 1024 ? Math.Min(near, file.Length - 1) : Math.Max(0, file.Length - (near - 1023));
                file[at] = (byte)value;
            }

            var clock = Stopwatch.StartNew();
            var result = OnnxFile.ReadAsync(file).GetAwaiter().GetResult();
            return (result.Info is null) != (result.Refusal is null) && clock.Elapsed < TimeSpan.FromSeconds(2);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Theory]
    [InlineData(int.MaxValue, true)]
    [InlineData(2_147_483_648, false)]
    [InlineData(3_500_000_000, false)]
    public async Task ReadAsync_FileAroundTwoGigabytes_KeepsMemoryFlat(long size, bool taken)
    {
        var (result, allocated, _) = await ReadHollowAsync(size, OnnxReadLimits.Default);

        Assert.Equal(taken, result.Accepted);
        if (!taken)
        {
            Assert.Equal(OnnxRefusalCodes.TooLarge, result.Refusal!.Code);
        }

        Assert.InRange(allocated, 0, AllocationBound);
    }

    [Fact]
    public async Task ReadAsync_FileBeyondTheLimit_IsNotReadToItsEnd()
    {
        var (_, _, given) = await ReadHollowAsync(1L << 40, OnnxReadLimits.Default);
        Assert.InRange(given, 0, 1024 * 1024);
    }

    [Fact]
    public async Task ReadAsync_FiveGigabytesWithAHigherLimit_CountsParametersWithMemoryFlat()
    {
        var (result, allocated, given) = await ReadHollowAsync(5_000_000_000, new OnnxReadLimits { MaxFileBytes = long.MaxValue });

        Assert.True(result.Accepted, result.Refusal?.Message);
        Assert.Equal(5_000_000_000, given);
        Assert.InRange(result.Info.ParameterCount, 4_999_999_000, 5_000_000_000);
        Assert.InRange(allocated, 0, AllocationBound);
    }

    [Fact]
    public async Task ReadAsync_SeekableFile_DoesNotReadTheWeights()
    {
        var path = Path.GetTempFileName();
        try
        {
            var (head, zeros, tail) = Hollow(2_000_000_000);
            await using var file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            await file.WriteAsync(head, TestContext.Current.CancellationToken);
            file.Seek(zeros, SeekOrigin.Current);
            await file.WriteAsync(tail, TestContext.Current.CancellationToken);
            file.Position = 0;

            var clock = Stopwatch.StartNew();
            var result = await new OnnxReader().ReadAsync(file, new Dictionary<string, long>(), OnnxReadLimits.Default, TestContext.Current.CancellationToken);

            Assert.True(result.Accepted, result.Refusal?.Message);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"Reading took {clock.Elapsed}.");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task ReadAsync_Cancelled_Stops()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        using var stream = new MemoryStream(OnnxFile.Model());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new OnnxReader().ReadAsync(stream, new Dictionary<string, long>(), OnnxReadLimits.Default, cancelled.Token));
    }

    private static async Task<(OnnxReadResult Result, long Allocated, long Given)> ReadHollowAsync(long size, OnnxReadLimits limits)
    {
        var (head, zeros, tail) = Hollow(size);
        using var stream = new HollowStream(head, zeros, tail);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var result = await new OnnxReader().ReadAsync(stream, new Dictionary<string, long>(), limits, TestContext.Current.CancellationToken);
        return (result, GC.GetTotalAllocatedBytes(precise: true) - before, stream.Given);
    }

    // A model of exactly this size, nearly all of it the bytes of one INT8 tensor.
    private static (byte[] Head, long Zeros, byte[] Tail) Hollow(long size)
    {
        var afterTensor = ProtoWriter.Build(g => OnnxFile.Value(g, 12, "y", 1));
        var tail = ProtoWriter.Build(m => m.Message(8, o => o.Int(2, 17)));
        var zeros = size;
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var tensorHead = ProtoWriter.Build(t => t.Int(1, zeros).Int(2, 3).Text(8, "w").Tag(9, 2).Varint((ulong)zeros));
            var tensor = tensorHead.Length + zeros;
            var graphHead = ProtoWriter.Build(g => g.Tag(5, 2).Varint((ulong)tensor));
            var graph = graphHead.Length + tensor + afterTensor.Length;
            var head = ProtoWriter.Build(m => m.Int(1, 9).Tag(7, 2).Varint((ulong)graph).Raw(graphHead).Raw(tensorHead));
            var total = head.Length + zeros + afterTensor.Length + tail.Length;
            if (total == size)
            {
                return (head, zeros, [.. afterTensor, .. tail]);
            }

            zeros -= total - size;
        }

        throw new InvalidOperationException("No tensor size gives exactly this file size.");
    }
}
