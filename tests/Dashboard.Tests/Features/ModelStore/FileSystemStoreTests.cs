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
    public async Task OpenRead_NothingWasEverStoredNearby_IsFileNotFound() =>
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.OpenReadAsync(new string('0', 32), default));

    [Fact]
    public async Task Begin_AgainAfterAPart_KeepsIt()
    {
        var unfinished = await store.BeginAsync(id, 4, default);
        await store.WritePartAsync(unfinished, new(1, 0, 4), new MemoryStream([1, 2, 3, 4]), default);

        await store.BeginAsync(id, 4, default);

        Assert.Equal([1, 2, 3, 4], await ReadAsync(id));
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
