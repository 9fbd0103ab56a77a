using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Features.ModelStore.Imports.Execution;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>What a person says to begin an import.</summary>
internal sealed record BeginTransfer
{
    /// <summary>Where the model is.</summary>
    public string? Address { get; init; }

    /// <summary>The model's name; the model is made when there is none of that name.</summary>
    public string? Model { get; init; }

    /// <summary>What a new model is for.</summary>
    public string? Description { get; init; }

    /// <summary>Notes for the version.</summary>
    public string? Notes { get; init; }

    /// <summary>SHA-256 (hex) that the one file must have.</summary>
    public string? ExpectedSha256 { get; init; }

    /// <summary>Whether a single archive is unpacked.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>The store that was chosen; none means the default.</summary>
    public string? Store { get; init; }

    /// <summary>The environment that the version is meant for; its default store takes it when none was chosen.</summary>
    public StoreDefaultScope? Environment { get; init; }
}

/// <summary>Begins, cancels and retries imports. Carrying them out is <see cref="TransferService"/>'s.</summary>
internal sealed class TransferCommands(
    CommandRunner commands,
    ImportSources sources,
    AddressProtector protector,
    UploadRules rules,
    UploadCleaner cleaner,
    ModelStores stores,
    TransferSignal signal,
    IOptions<ImportsOptions> options)
{
    private static readonly Failure NoSuchImport = Failure.NotFound("There is no such import.");

    /// <summary>Queues an import.</summary>
    /// <returns>Its id.</returns>
    public async Task<Result<Guid>> BeginAsync(Caller caller, BeginTransfer request, CancellationToken cancellation)
    {
        var address = sources.Check(request.Address);
        if (!address.Succeeded)
        {
            return address.Failure;
        }

        var chosen = stores.Choose(request.Store, request.Environment);
        if (!chosen.Succeeded)
        {
            return chosen.Failure;
        }

        // The files are not known yet; the texts and the name are checked as for an upload of one.
        var texts = rules.Check(new BeginUpload { Model = request.Model, Description = request.Description, Notes = request.Notes, Files = [new("model", 1)] }, chosen.Value);
        if (!texts.Succeeded)
        {
            return texts.Failure;
        }

        var expected = request.ExpectedSha256?.Trim().ToLowerInvariant();
        return string.IsNullOrEmpty(expected) || (expected.Length == 64 && expected.All(char.IsAsciiHexDigitLower))
            ? await commands.RunAsync<Guid>(caller, "import.begin", Right.UploadVersions, (scope, token) => BeginAsync(scope, request, address.Value, chosen.Value.Name, string.IsNullOrEmpty(expected) ? null : expected, token), cancellation)
            : Failure.Invalid("A SHA-256 is 64 hex digits.", "sha256");
    }

    /// <summary>Gives an import up and deletes what was fetched.</summary>
    public async Task<Result> CancelAsync(Caller caller, Guid id, CancellationToken cancellation)
    {
        Guid? upload = null;
        var result = await commands.RunAsync(caller, "import.cancel", Right.UploadVersions, async (scope, token) =>
        {
            if (await FindAsync(scope, id, token) is not { } transfer)
            {
                return NoSuchImport;
            }

            var before = transfer.State;
            var moved = transfer.Cancel(scope.Now);
            if (!moved.Succeeded)
            {
                return moved;
            }

            upload = transfer.UploadId;
            if (upload is { } uploadId && await scope.Db.Uploads.SingleOrDefaultAsync(u => u.Id == uploadId, token) is { State: not (UploadState.Cancelled or UploadState.Expired or UploadState.Refused) } open)
            {
                var cancelled = open.Cancel();
                if (!cancelled.Succeeded)
                {
                    return Failure.Conflict("It has just become a version. Reload the page.");
                }
            }

            scope.Audit("import", transfer.Id, transfer.ModelName, new { State = before }, new { transfer.State, transfer.Source });
            scope.AfterCommit(signal.Wake);
            return Result.Done;
        }, cancellation);
        if (result.Succeeded && upload is { } bytes)
        {
            await cleaner.DeleteBytesAsync(bytes, CancellationToken.None);
        }

        return result;
    }

    /// <summary>Tries an import again at once: one that failed, or one that waits for its next try.</summary>
    public Task<Result> RetryAsync(Caller caller, Guid id, CancellationToken cancellation) =>
        commands.RunAsync(caller, "import.retry", Right.UploadVersions, async (scope, token) =>
        {
            if (await FindAsync(scope, id, token) is not { } transfer)
            {
                return NoSuchImport;
            }

            var before = transfer.State;
            var moved = transfer.Retry(scope.Now);
            if (moved.Succeeded)
            {
                scope.Audit("import", transfer.Id, transfer.ModelName, new { State = before }, new { transfer.State, transfer.Source });
                scope.AfterCommit(signal.Wake);
            }

            return moved;
        }, cancellation);

    private static Task<Transfer?> FindAsync(CommandScope scope, Guid id, CancellationToken cancellation) =>
        scope.Db.Transfers.SingleOrDefaultAsync(t => t.Id == id && t.PersonId == scope.Person.Id, cancellation);

    private async Task<Result<Guid>> BeginAsync(CommandScope scope, BeginTransfer request, ImportAddress address, string store, string? expected, CancellationToken cancellation)
    {
        var open = await scope.Db.Transfers.CountAsync(t => t.PersonId == scope.Person.Id && (t.State == TransferState.Queued || t.State == TransferState.Running), cancellation);
        if (open >= options.Value.MaxOpenImports)
        {
            return Failure.Conflict($"You have {open} imports under way. Wait for some, or cancel them.");
        }

        if (await scope.Db.Models.AnyAsync(m => m.Name == request.Model && m.ArchivedAt != null, cancellation))
        {
            return Failure.Invalid("This model is archived. Restore it, or choose another one.", "model");
        }

        var transfer = Transfer.Begin(new NewTransfer
        {
            ModelName = request.Model!,
            Description = request.Description?.Trim() ?? "",
            Notes = request.Notes?.Trim() ?? "",
            Source = address.Shown,
            ProtectedAddress = protector.Protect(address.Text),
            ExpectedSha256 = expected,
            Unpack = request.Unpack,
            Store = store,
            PersonId = scope.Person.Id,
            PersonName = scope.Person.UserName ?? "",
            Now = scope.Now,
        });
        scope.Db.Transfers.Add(transfer);
        scope.Audit("import", transfer.Id, transfer.ModelName, after: new { transfer.Source, Model = transfer.ModelName, transfer.ExpectedSha256, transfer.Unpack, transfer.Store });
        scope.AfterCommit(signal.Wake);
        return transfer.Id;
    }
}
