using System.Security.Cryptography;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Tests.Features.ModelStore;

public sealed class FileSystemStoreTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-store-").FullName;
    private readonly FileSystemStore store;
    private readonly string id = ObjectIds.Create();

    public FileSystemStoreTests() => store = new FileSystemStore(new DataFolder(root));

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task WriteParts_OutOfOrderThenComplete_ReadsBackTheWhole()
    {
        var bytes = RandomNumberGenerator.GetBytes(700_001);
        var unfinished = await store.BeginAsync(id, bytes.Length, default);

        var second = await store.WritePartAsync(unfinished, new(2, 400_000, 300_001), new MemoryStream(bytes, 400_000, 300_001), default);
        await store.WritePartAsync(unfinished, new(1, 0, 400_000), new MemoryStream(bytes, 0, 400_000), default);
        await store.CompleteAsync(id, default);
        await store.CompleteAsync(id, default);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(400_000))), second.Sha256);
        Assert.Equal(bytes, await ReadAsync(id));
        Assert.Equal(bytes, await File.ReadAllBytesAsync((await store.SourceForAsync(id, TimeSpan.FromMinutes(1), default)).LocalPath));
        var listed = await store.ListAsync(default).ToListAsync();
        Assert.Equal((id, true, bytes.LongLength), listed.Select(o => (o.ObjectId, o.IsComplete, o.SizeBytes)).Single());
    }

    [Theory]
    [InlineData(9)]
    [InlineData(11)]
    public async Task WritePart_OtherLengthThanAnnounced_IsRefused(int length)
    {
        var unfinished = await store.BeginAsync(id, 10, default);

        await Assert.ThrowsAsync<PartLengthException>(() => store.WritePartAsync(unfinished, new(1, 0, 10), new MemoryStream(new byte[length]), default));
    }

    [Fact]
    public async Task Begin_AgainAfterAPart_KeepsIt()
    {
        var unfinished = await store.BeginAsync(id, 4, default);
        await store.WritePartAsync(unfinished, new(1, 0, 4), new MemoryStream([1, 2, 3, 4]), default);

        await store.BeginAsync(id, 4, default);

        Assert.Equal([1, 2, 3, 4], await ReadAsync(id));
    }

    [Fact]
    public async Task Delete_FinishedOrNot_IsIdempotent()
    {
        await store.BeginAsync(id, 1, default);
        await store.CompleteAsync(id, default);
        await store.DeleteAsync(id, default);
        await store.DeleteAsync(id, default);

        await Assert.ThrowsAsync<FileNotFoundException>(() => store.OpenReadAsync(id, default));
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.CompleteAsync(id, default));
        Assert.Empty(await store.ListAsync(default).ToListAsync());
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("0123456789abcdef0123456789abcde/")]
    public async Task EveryMethod_AnIdThatIsNotOurs_Throws(string wrong)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => store.BeginAsync(wrong, 1, default));
        await Assert.ThrowsAsync<ArgumentException>(() => store.WritePartAsync(new(wrong, null, 1, 1), new(1, 0, 1), Stream.Null, default));
        await Assert.ThrowsAsync<ArgumentException>(() => store.OpenReadAsync(wrong, default));
        await Assert.ThrowsAsync<ArgumentException>(() => store.CompleteAsync(wrong, default));
        await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync(wrong, default));
        await Assert.ThrowsAsync<ArgumentException>(() => store.SourceForAsync(wrong, TimeSpan.FromMinutes(1), default));
    }

    [Fact]
    public async Task OpenRead_OfWhatIsNotThere_IsNotFound_ButAStoreWithoutItsFolderIsUnavailable()
    {
        var share = Path.Combine(root, "share");
        var mounted = new FileSystemStore("share", share);
        await Assert.ThrowsAsync<FileNotFoundException>(() => mounted.OpenReadAsync(id, default));

        Directory.Delete(share, recursive: true);
        var gone = await Assert.ThrowsAsync<StoreUnavailableException>(() => mounted.OpenReadAsync(id, default));
        Assert.Equal(StoreProblem.NoSuchPlace, gone.Problem);
    }

    [Fact]
    public async Task WritePart_OnAFullDisk_SaysSo()
    {
        // Linux has a device on which every write fails as on a full disk.
        if (!OperatingSystem.IsLinux() || !File.Exists("/dev/full"))
        {
            return;
        }

        var unfinished = await store.BeginAsync(id, 4, default);
        var part = Directory.EnumerateFiles(root, "*.part", SearchOption.AllDirectories).Single();
        File.Delete(part);
        File.CreateSymbolicLink(part, "/dev/full");

        await Assert.ThrowsAsync<StoreFullException>(() => store.WritePartAsync(unfinished, new(1, 0, 4), new MemoryStream([1, 2, 3, 4]), default));
    }

    private async Task<byte[]> ReadAsync(string objectId)
    {
        await using var stream = await store.OpenReadAsync(objectId, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
