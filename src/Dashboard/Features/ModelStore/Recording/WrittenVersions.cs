using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Recording;

/// <summary>Finds for a page where a store has written a version down. Failing stores are an answer too, since a page goes on without them.</summary>
internal sealed class WrittenVersions(ModelStores stores, TimeProvider time, ILogger<WrittenVersions> log)
{
    /// <summary>How long a person is kept waiting for a store.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Whether a store writes versions down at all. Asks nobody.</summary>
    public bool IsKeptBy(string store) => stores.TryGet(store, out var found) && found.Versions is not null;

    /// <summary>Asks the store.</summary>
    /// <returns>Where the version is, null in it when it is not written down yet, or why the store cannot say.</returns>
    public async Task<Result<FoundVersion>> FindAsync(string store, string model, int number, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return new FoundVersion(stores.TryGet(store, out var found) && found.Versions is { } history ? await history.FindAsync(model, number, limit.Token) : null);
        }
        catch (IOException exception)
        {
            log.LookUpFailed(store, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            log.LookUpFailed(store, $"It took longer than {Patience.TotalSeconds:0} seconds.");
        }

        return Failure.Unavailable($"The store {store} does not answer as it should right now. The version itself is not touched by that.");
    }
}

/// <summary>What a store says about a version.</summary>
/// <param name="Written">Where it is written down; null when it is not yet.</param>
internal sealed record FoundVersion(WrittenVersion? Written);
