using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>How a store is tried.</summary>
internal sealed record StoreChecks
{
    /// <summary>The address browsers have the dashboard under, for what the store says about other origins. Null: not asked.</summary>
    public Uri? BrowserOrigin { get; init; }

    /// <summary>Told of every check as soon as it is done.</summary>
    public IProgress<StoreCheck>? Progress { get; init; }

    /// <summary>A person saw that checks failed and wants it saved all the same: none runs.</summary>
    public bool SaveAnyway { get; init; }
}

/// <summary>Tries a store the way versions will use it.</summary>
internal sealed class StoreChecker(IDbContextFactory<RegistryDb> databases, AddressRules addresses, IOptions<StoresOptions> options)
{
    private const int Samples = 3;

    /// <summary>Whether a store may be where the settings say at all. Nothing is asked of it.</summary>
    public async Task<Result> CheckPlaceAsync(Guid storeId, StoreForm form, string settingsJson, CancellationToken cancellation)
    {
        var settings = StoreSettings.Read(form, settingsJson);
        foreach (var key in new[] { "endpoint", "publicEndpoint", "proxy" })
        {
            var allowed = await addresses.CheckAsync(settings.GetValueOrDefault(key), key, cancellation);
            if (!allowed.Succeeded)
            {
                return allowed;
            }
        }

        return form.Kind == StoreKinds.FileSystem ? await CheckFolderAsync(storeId, settings.GetValueOrDefault(FolderRules.Field, ""), form, cancellation) : Result.Done;
    }

    /// <summary>Runs all checks.</summary>
    /// <param name="store">As it is, or as it would be.</param>
    /// <param name="name">Its name when versions may be in it already: some of them must be found. Null for a new one.</param>
    /// <param name="checks">How.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<StoreCheck>> RunAsync(IModelStore store, string? name, StoreChecks checks, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.Value.CheckTimeout);
        var run = new StoreCheckRun(check => checks.Progress?.Report(check));
        try
        {
            await store.CheckAsync(run, checks.BrowserOrigin, limit.Token);
            if (name is not null && await FindVersionsAsync(store, name, limit.Token) is { } found)
            {
                run.Add(found);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            run.Add(new("Answer in time", false, $"The checks did not end within {options.Value.CheckTimeout.TotalSeconds:0} seconds."));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            run.Add(new("Answer", false, exception.Message));
        }

        return run.Checks;
    }

    // A wrong bucket or prefix works as well as the right one, but has none of the versions.
    private async Task<StoreCheck?> FindVersionsAsync(IModelStore store, string name, CancellationToken cancellation)
    {
        const string check = "Find versions that are in it";
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var newest = await db.Versions.Where(v => v.Store == name).OrderByDescending(v => v.Id).Take(Samples)
            .Join(db.Models, v => v.ModelId, m => m.Id, (v, m) => new { Model = m.Name, v.Number, v.Files.OrderBy(f => f.Path).First().ObjectId })
            .ToListAsync(cancellation);
        foreach (var version in newest)
        {
            try
            {
                await using var stream = await store.OpenReadAsync(version.ObjectId, cancellation);
            }
            catch (FileNotFoundException)
            {
                return new(check, false, $"{version.Model} {version.Number} should be here and is not. Is this another place than before?");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return new(check, false, $"{version.Model} {version.Number} cannot be read: {exception.Message}");
            }
        }

        return newest.Count == 0 ? null : new(check, true, newest.Count == 1 ? "The one version is there." : $"The newest {newest.Count} are there.");
    }

    private async Task<Result> CheckFolderAsync(Guid storeId, string folder, StoreForm form, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var others = await db.Stores.AsNoTracking().Where(s => s.Kind == StoreKinds.FileSystem && s.Id != storeId && s.Name != Store.BuiltInName).ToListAsync(cancellation);
        var other = others.Find(s => FolderRules.Overlap(Path.TrimEndingDirectorySeparator(folder), Path.TrimEndingDirectorySeparator(StoreSettings.Read(form, s.SettingsJson).GetValueOrDefault(FolderRules.Field, "?"))));
        return other is null ? Result.Done : Failure.Invalid($"The store '{other.Name}' uses this folder, or one in or around it.", FolderRules.Field);
    }
}
