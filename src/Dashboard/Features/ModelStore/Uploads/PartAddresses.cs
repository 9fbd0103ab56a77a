using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>Says where parts are sent: straight to the store where it takes them from browsers, else to the dashboard.</summary>
internal sealed class PartAddresses(CommandRunner commands, IDbContextFactory<RegistryDb> databases, ModelStores stores, ObjectStarter starter)
{
    /// <summary>How long an address of the store works. It is asked for right before its part is sent.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>Says where to send some parts.</summary>
    /// <param name="caller">Who asks; must be the one who began the upload.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="names">Its parts.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">The store cannot be used.</exception>
    public async Task<Result<IReadOnlyList<PartAddress>>> AskAsync(Caller caller, Guid uploadId, IReadOnlyList<PartName> names, CancellationToken cancellation)
    {
        var right = await commands.CheckAsync(caller, "upload.addresses", Right.UploadVersions, cancellation);
        if (!right.Succeeded)
        {
            return right.Failure;
        }

        if (names.Any(n => n?.Sha256 is { } hash && !UploadRules.IsSha256(hash)))
        {
            return Failure.Invalid("A hash is 64 lower-case hex digits.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var upload = await db.Uploads.AsNoTracking().SingleOrDefaultAsync(u => u.Id == uploadId && u.PersonId == caller.PersonId, cancellation);
        if (upload is null)
        {
            return UploadRules.NoSuchUpload;
        }

        var ids = names.Where(n => n is not null).Select(n => n.FileId).Distinct().ToList();
        var files = await db.UploadFiles.AsNoTracking().Where(f => f.UploadId == uploadId && ids.Contains(f.Id)).ToDictionaryAsync(f => f.Id, cancellation);
        if (!names.All(n => n is not null && files.TryGetValue(n.FileId, out var file) && n.Number >= 1 && n.Number <= file.PartCount))
        {
            return Failure.NotFound("This upload has no such part.");
        }

        if (!upload.IsOpen)
        {
            return Failure.Conflict($"This upload is {upload.State} and takes no more parts.");
        }

        // What was acknowledged is never written again; the dashboard compares it.
        var numbers = names.Select(n => n.Number).Distinct().ToList();
        var kept = await db.UploadParts.Where(p => ids.Contains(p.FileId) && numbers.Contains(p.Number)).Select(p => new { p.FileId, p.Number }).ToListAsync(cancellation);
        var keptParts = kept.Select(p => (p.FileId, p.Number)).ToHashSet();
        List<PartAddress> addresses = [];
        foreach (var name in names)
        {
            var direct = upload.DirectTrouble is null && !keptParts.Contains((name.FileId, name.Number))
                ? await DirectAsync(stores.Get(upload.Store), files[name.FileId], name, cancellation)
                : null;
            addresses.Add(direct ?? Own(uploadId, name));
        }

        return addresses;
    }

    private async Task<PartAddress?> DirectAsync(IModelStore store, UploadFile file, PartName name, CancellationToken cancellation)
    {
        // Without a hash nobody could tell later which part is damaged. An object of one part never has an address, so it need not be begun to find that out.
        if (store.DirectParts is not { } direct || name.Sha256 is null || file.PartCount == 1)
        {
            return null;
        }

        var unfinished = await starter.BeginAsync(store, file, isBegun: false, cancellation);
        var part = await direct.AddressForPartAsync(unfinished, unfinished.Part(name.Number), name.Sha256, Lifetime, cancellation);
        return part is null
            ? null
            : new()
            {
                FileId = name.FileId,
                Number = name.Number,
                Url = part.Address.AbsoluteUri,
                Method = part.Method,
                Headers = part.Headers,
                SameOrigin = false,
                LifetimeSeconds = (int)Lifetime.TotalSeconds,
            };
    }

    private static PartAddress Own(Guid uploadId, PartName name) =>
        new() { FileId = name.FileId, Number = name.Number, Url = $"/api/uploads/{uploadId}/files/{name.FileId}/parts/{name.Number}", SameOrigin = true };
}
