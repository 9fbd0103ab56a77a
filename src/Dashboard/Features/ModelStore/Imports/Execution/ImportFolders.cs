using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>A folder a running import, for what cannot go straight into the store: archives, repositories, files of unknown length.</summary>
internal sealed class ImportFolders(DataFolder data, IDbContextFactory<RegistryDb> databases, TimeProvider time, ILogger<ImportFolders> log)
{
    private static readonly TimeSpan KeptAfterFailure = TimeSpan.FromDays(1);
    private readonly string root = data.Folder("imports");

    /// <summary>The folder of an import; made when it is not there.</summary>
    public string Of(Guid id) => Directory.CreateDirectory(Path.Combine(root, id.ToString("N"))).FullName;

    /// <summary>Bytes left on the disk of these folders.</summary>
    public long FreeBytes => new DriveInfo(root).AvailableFreeSpace;

    /// <summary>Deletes the folder of an import, if it has one.</summary>
    public void Delete(Guid id)
    {
        var folder = Path.Combine(root, id.ToString("N"));
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.FolderKept(id, exception);
        }
    }

    /// <summary>Deletes the folders of imports that have ended. Those that failed keep theirs for a day, so that trying again need not begin anew.</summary>
    /// <param name="busy">Imports that are being worked on in this process.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task CollectAsync(IReadOnlySet<Guid> busy, CancellationToken cancellation)
    {
        List<Guid> found = [.. Directory.EnumerateDirectories(root).Select(folder => Guid.TryParseExact(Path.GetFileName(folder), "N", out var id) ? id : Guid.Empty).Where(id => id != Guid.Empty && !busy.Contains(id))];
        if (found.Count == 0)
        {
            return;
        }

        var before = time.GetUtcNow() - KeptAfterFailure;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Transfers.AsNoTracking().Where(t => found.Contains(t.Id)).Select(t => new { t.Id, t.State, t.EndedAt }).ToListAsync(cancellation);
        var live = rows.Where(t => t.State is TransferState.Queued or TransferState.Running || (t.State == TransferState.Failed && t.EndedAt > before)).Select(t => t.Id).ToHashSet();
        foreach (var id in found.Where(id => !live.Contains(id)))
        {
            Delete(id);
        }
    }
}
