using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>The dashboard's side of imports from an <see cref="OriginServer"/>, with one person who imports.</summary>
internal sealed class ImportHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private ImportHost(UploadHost host, Person person) => (Host, Person) = (host, person);

    public UploadHost Host { get; }

    public Person Person { get; }

    public Caller Caller => new(Person.Id, Person.UserName!, "test", Person.SecurityStamp!, Guid.NewGuid().ToString("N"));

    /// <summary>A model that is told by its first bytes and fills as many parts as a test wants.</summary>
    public static byte[] Gguf(int bytes, int seed = 1)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        "GGUF"u8.CopyTo(content);
        return content;
    }

    public static async Task<ImportHost> StartAsync(OriginServer origin, string? root = null, Person? person = null, Action<ImportsOptions>? configure = null)
    {
        var host = await UploadHost.StartAsync(root, services: services => services.Configure<ImportsOptions>(options =>
        {
            options.AllowedHosts = [origin.Host];
            options.HuggingFaceEndpoint = new Uri(origin.Address, "/hub").AbsoluteUri;
            options.FirstPause = TimeSpan.FromMilliseconds(50);
            options.LongestPause = TimeSpan.FromMilliseconds(200);
            options.LookEvery = TimeSpan.FromMilliseconds(100);
            configure?.Invoke(options);
        }));
        return new ImportHost(host, person ?? await host.PersonAsync("olga"));
    }

    public Task<Result<Guid>> TryBeginAsync(string address, string? sha256 = null, bool unpack = true) =>
        Host.Get<TransferCommands>().BeginAsync(Caller, new BeginTransfer { Address = address, Model = "digits", ExpectedSha256 = sha256, Unpack = unpack }, CancellationToken.None);

    public async Task<Guid> BeginAsync(string address, string? sha256 = null, bool unpack = true)
    {
        var begun = await TryBeginAsync(address, sha256, unpack);
        Assert.True(begun.Succeeded, begun.Failure?.Message);
        return begun.Value;
    }

    public async Task<Transfer> TransferAsync(Guid id)
    {
        await using var db = Host.Db();
        return await db.Transfers.AsNoTracking().SingleAsync(t => t.Id == id);
    }

    public async Task<Transfer> WaitAsync(Guid id, Func<Transfer, bool> until)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var transfer = await TransferAsync(id);
            if (until(transfer))
            {
                return transfer;
            }

            Assert.False(patience.IsCancellationRequested, $"{transfer.State} {transfer.Attempt} {transfer.FailureMessage}");
            await Task.Delay(30, CancellationToken.None);
        }
    }

    public Task<Transfer> WaitForEndAsync(Guid id) => WaitAsync(id, transfer => transfer.HasEnded);

    /// <summary>Waits until so many parts count.</summary>
    public async Task WaitForPartsAsync(int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            await using var db = Host.Db();
            if (await db.UploadParts.CountAsync() >= count)
            {
                return;
            }

            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>The one version there is: its paths with the bytes that are in the store.</summary>
    public async Task<Dictionary<string, byte[]>> VersionAsync()
    {
        await using var db = Host.Db();
        var version = await db.Versions.AsNoTracking().Include(v => v.Files).SingleAsync();
        Dictionary<string, byte[]> files = [];
        foreach (var file in version.Files)
        {
            await using var stream = await Host.Store.OpenReadAsync(file.ObjectId, CancellationToken.None);
            using var memory = new MemoryStream();
            await stream.CopyToAsync(memory);
            files[file.Path] = memory.ToArray();
        }

        return files;
    }

    /// <summary>Nothing became a version, nothing is in the store, no folder of the import is left.</summary>
    public async Task AssertNothingIsLeftAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            await using var db = Host.Db();
            var objects = 0;
            await foreach (var _ in Host.Store.ListAsync(CancellationToken.None))
            {
                objects++;
            }

            var folders = Directory.GetDirectories(Path.Combine(Host.Root, "imports")).Length;
            var versions = await db.Versions.CountAsync();
            if ((objects, folders, versions) == (0, 0, 0))
            {
                return;
            }

            Assert.False(patience.IsCancellationRequested, $"{objects} objects, {folders} folders, {versions} versions");
            await Task.Delay(30, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}
