using System.Security.Cryptography;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Uploads;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>What every store does alike. Each kind of store runs all of it.</summary>
public abstract class StoreConformance
{
    // Two parts for stores that want large ones, three for the others.
    private const int Size = (16 * 1024 * 1024) + 4321;
    private readonly string id = ObjectIds.Create();

    private protected abstract Task<IModelStore> StoreAsync();

    /// <summary>Whether the store can tell which objects are unfinished.</summary>
    private protected virtual Task<bool> ListsUnfinishedAsync() => Task.FromResult(true);

    [Fact]
    public async Task Parts_LastFirst_ReadBackAsTheWhole()
    {
        var store = await StoreAsync();
        var bytes = RandomNumberGenerator.GetBytes(Size);
        var unfinished = await store.BeginAsync(id, Size, default);
        List<AcknowledgedPart> parts = [];
        for (var number = unfinished.PartCount; number > 0; number--)
        {
            parts.Insert(0, await WriteAsync(store, unfinished, number, bytes));
        }

        await store.AssembleAsync(unfinished, parts, default);
        await store.AssembleAsync(unfinished, parts, default);
        Assert.Equal(bytes, await ReadAsync(store));
        await store.CompleteAsync(id, default);
        await store.CompleteAsync(id, default);
        await store.AssembleAsync(unfinished, parts, default);

        Assert.All(parts, part => Assert.Equal(Hash(Slice(unfinished, part.Number, bytes)), part.Sha256));
        Assert.Equal(bytes, await ReadAsync(store));
        Assert.Equal(bytes, await FetchAsync(await store.SourceForAsync(id, TimeSpan.FromMinutes(5), default)));
        var listed = await store.ListAsync(default).SingleAsync(item => item.ObjectId == id);
        Assert.Equal((true, (long)Size), (listed.IsComplete, listed.SizeBytes));
        await using var stream = await store.OpenReadAsync(id, default);
        foreach (var position in new[] { Size - 10, 5, 5_000_000, 5_000_005, 0 })
        {
            stream.Position = position;
            var read = new byte[10];
            await stream.ReadExactlyAsync(read);
            Assert.Equal(bytes[position..(position + 10)], read);
        }

        Assert.Equal(Size, stream.Length);
        stream.Seek(0, SeekOrigin.End);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        await store.DeleteAsync(id, default);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task OnePart_OfAnyLength_ReadsBack(int length)
    {
        var store = await StoreAsync();
        var bytes = RandomNumberGenerator.GetBytes(length);
        var unfinished = await store.BeginAsync(id, length, default);

        var part = await WriteAsync(store, unfinished, 1, bytes);
        await store.AssembleAsync(unfinished, [part], default);
        await store.CompleteAsync(id, default);

        Assert.Equal(1, unfinished.PartCount);
        Assert.Equal(bytes, await ReadAsync(store));
        await store.DeleteAsync(id, default);
    }

    [Fact]
    public async Task Part_WrittenAgain_ReplacesTheFirst()
    {
        var store = await StoreAsync();
        var bytes = RandomNumberGenerator.GetBytes(Size);
        var unfinished = await store.BeginAsync(id, Size, default);
        await WriteAsync(store, unfinished, unfinished.PartCount, new byte[Size]);
        List<AcknowledgedPart> parts = [];
        for (var number = 1; number <= unfinished.PartCount; number++)
        {
            parts.Add(await WriteAsync(store, unfinished, number, bytes));
        }

        await store.AssembleAsync(unfinished, parts, default);

        Assert.Equal(bytes, await ReadAsync(store));
        await store.DeleteAsync(id, default);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(11)]
    public async Task Part_OfAnotherLength_IsRefused(int length)
    {
        var store = await StoreAsync();
        var unfinished = await store.BeginAsync(id, 10, default);

        await Assert.ThrowsAsync<PartLengthException>(() => store.WritePartAsync(unfinished, unfinished.Part(1), new MemoryStream(new byte[length]), default));

        await store.DeleteAsync(id, default);
    }

    [Fact]
    public async Task Delete_FinishedOrNot_LeavesNothing()
    {
        var store = await StoreAsync();
        var unfinished = await store.BeginAsync(id, Size, default);
        Assert.Equal(await ListsUnfinishedAsync(), (await store.ListAsync(default).ToListAsync()).Exists(item => item.ObjectId == id && !item.IsComplete && item.Token == unfinished.Token));

        await store.DeleteAsync(id, default);
        await store.DeleteAsync(id, default);

        Assert.DoesNotContain(await store.ListAsync(default).ToListAsync(), item => item.ObjectId == id);
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.OpenReadAsync(id, default));
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.CompleteAsync(id, default));
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.WritePartAsync(unfinished, unfinished.Part(unfinished.PartCount), new MemoryStream(new byte[unfinished.Part(unfinished.PartCount).Length]), default));
    }

    [Fact]
    public async Task Abandon_AnUnfinishedObject_LeavesFinishedOnes()
    {
        var store = await StoreAsync();
        var finished = await store.BeginAsync(id, 3, default);
        await store.AssembleAsync(finished, [await WriteAsync(store, finished, 1, [1, 2, 3])], default);
        await store.CompleteAsync(id, default);
        var other = ObjectIds.Create();
        var unfinished = await store.BeginAsync(other, Size, default);

        await store.AbandonAsync(other, unfinished.Token, default);
        await store.AbandonAsync(other, unfinished.Token, default);
        await store.AbandonAsync(id, finished.Token, default);

        Assert.DoesNotContain(await store.ListAsync(default).ToListAsync(), item => item.ObjectId == other);
        Assert.Equal([1, 2, 3], await ReadAsync(store));
        await store.DeleteAsync(id, default);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("0123456789abcdef0123456789abcde/")]
    public async Task EveryMethod_AnIdThatIsNotOurs_Throws(string wrong)
    {
        var store = await StoreAsync();
        UnfinishedObject unfinished = new(wrong, "token", 1, 1);
        Func<Task>[] calls =
        [
            () => store.BeginAsync(wrong, 1, default),
            () => store.WritePartAsync(unfinished, new(1, 0, 1), new MemoryStream([1]), default),
            () => store.AssembleAsync(unfinished, [new(1, 1, "", null)], default),
            () => store.AbandonAsync(wrong, "token", default),
            () => store.OpenReadAsync(wrong, default),
            () => store.CompleteAsync(wrong, default),
            () => store.DeleteAsync(wrong, default),
            () => store.SourceForAsync(wrong, TimeSpan.FromMinutes(1), default),
        ];

        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<ArgumentException>(call);
        }
    }

    [Fact]
    public async Task PartSizes_OfAnyFile_StayWithinTheLimits()
    {
        var store = await StoreAsync();
        foreach (var size in new[] { 0, 1, 100_000_000, 5_000_000_000, 70_000_000_000, 640_000_000_000, store.LargestObjectBytes }.Where(size => size <= store.LargestObjectBytes))
        {
            var unfinished = new UnfinishedObject(id, null, size, store.PartSizeFor(size));
            Assert.InRange(unfinished.PartSizeBytes, 5 * 1024 * 1024, PartSizes.Largest);
            Assert.InRange(unfinished.PartCount, 1, PartSizes.MaxParts);
            Assert.Equal(size, unfinished.Part(unfinished.PartCount).Offset + unfinished.Part(unfinished.PartCount).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => unfinished.Part(PartSizes.MaxParts + 1));
        }
    }

    [Fact]
    public async Task Check_OfAStoreThatWorks_FindsNothingWrongAndLeavesNothing()
    {
        var store = await StoreAsync();
        var before = await store.ListAsync(default).CountAsync();

        var run = new StoreCheckRun();
        await store.CheckAsync(run, new Uri("https://ops.example.org"), default);
        var checks = run.Checks;

        Assert.True(checks.All(check => check.Passed != false), string.Join('\n', checks));
        Assert.Contains(checks, check => check is { Name: "Read it back", Passed: true });
        Assert.Equal(before, await store.ListAsync(default).CountAsync());
    }

    private protected static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private protected static byte[] Slice(UnfinishedObject unfinished, int number, byte[] bytes) =>
        bytes[(int)unfinished.Part(number).Offset..((int)unfinished.Part(number).Offset + unfinished.Part(number).Length)];

    private protected static async Task<AcknowledgedPart> WriteAsync(IModelStore store, UnfinishedObject unfinished, int number, byte[] bytes)
    {
        var range = unfinished.Part(number);
        var written = await store.WritePartAsync(unfinished, range, new MemoryStream(Slice(unfinished, number, bytes)), default);
        return new(number, range.Length, written.Sha256, written.Receipt);
    }

    private async Task<byte[]> ReadAsync(IModelStore store)
    {
        await using var stream = await store.OpenReadAsync(id, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static async Task<byte[]> FetchAsync(Uri address)
    {
        if (address.IsFile)
        {
            return await File.ReadAllBytesAsync(address.LocalPath);
        }

        using var http = new HttpClient();
        return await http.GetByteArrayAsync(address);
    }
}
