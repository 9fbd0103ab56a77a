using System.Text.Json;
using Ops.Runtime.Configuration;
using Ops.Runtime.Inference;
using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Models;

/// <summary>Where a version is between the configuration and service. The names are Triton's.</summary>
internal enum RepositoryState
{
    Unavailable,
    Loading,
    Ready,
    Unloading,
}

/// <summary>One version that the repository knows.</summary>
/// <param name="Name">Of the model.</param>
/// <param name="Version">Of the version.</param>
/// <param name="State">Where it is.</param>
/// <param name="Reason">Why, in plain words; empty when the state says it all.</param>
internal sealed record RepositoryEntry(string Name, string Version, RepositoryState State, string Reason);

/// <summary>
/// Loads and unloads versions while others serve. What can be loaded is what the configuration names, read anew each
/// time; a request names a version and nothing else, so that no stranger decides which file is opened.
/// </summary>
internal sealed class ModelRepository(ModelRegistry registry, ModelLoader loader, ConfiguredModels configured, RuntimeState state, IHostApplicationLifetime lifetime, ILogger<ModelRepository> log)
    : IDisposable
{
    /// <summary>One change at a time; draining what leaves is not part of it.</summary>
    private readonly SemaphoreSlim changes = new(1, 1);

    private readonly Lock gate = new();

    /// <summary>What is to be said about versions that are not in service.</summary>
    private readonly Dictionary<(string Name, string Version), RepositoryEntry> notes = [];
    private readonly HashSet<ServedModel> leaving = [];

    /// <summary>Every version that is configured or in service, by name and version.</summary>
    public IReadOnlyList<RepositoryEntry> Index()
    {
        var entries = configured.Latest.ToDictionary(m => (m.Name, m.Version), m => new RepositoryEntry(m.Name, m.Version, RepositoryState.Unavailable, "not loaded"));
        lock (gate)
        {
            foreach (var (key, note) in notes)
            {
                entries[key] = note;
            }
        }

        foreach (var model in registry.All)
        {
            entries[(model.Name, model.Version)] = new RepositoryEntry(
                model.Name,
                model.Version,
                model.Signature is not null ? RepositoryState.Ready : model.Error is not null ? RepositoryState.Unavailable : RepositoryState.Loading,
                model.Error ?? string.Empty);
        }

        return [.. entries.Values.OrderBy(e => e.Name, StringComparer.Ordinal).ThenBy(e => e.Version, VersionComparer.Instance)];
    }

    /// <summary>Loads a version, or all versions of a model, beside what serves, and puts each into service once it is
    /// ready. One that is already in service as it is configured stays.</summary>
    /// <exception cref="ProtocolException">404: not configured; 400: it cannot be served, with the reason; 503: stopping.</exception>
    public async Task LoadAsync(string name, string? version)
    {
        await EnterAsync();
        try
        {
            var wanted = configured.Read().Where(m => m.Name == name && (version is null || m.Version == version)).ToList();
            if (wanted.Count == 0)
            {
                throw new ProtocolException(StatusCodes.Status404NotFound, "The configuration names no such model or version.");
            }

            var failures = new List<string>();
            foreach (var model in wanted)
            {
                if (await LoadAsync(model) is { } failure)
                {
                    failures.Add(failure);
                }
            }

            if (failures.Count > 0)
            {
                throw ProtocolException.BadRequest(string.Join(' ', failures));
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Stopping();
        }
        finally
        {
            changes.Release();
        }
    }

    /// <summary>Takes a version, or all versions of a model, out of service.</summary>
    /// <returns>Completes when the requests that used it are answered and it is disposed.</returns>
    /// <exception cref="ProtocolException">404: unknown; 503: stopping.</exception>
    public async Task UnloadAsync(string name, string? version)
    {
        var left = new List<ServedModel>();
        await EnterAsync();
        try
        {
            if (!Index().Any(e => e.Name == name && (version is null || e.Version == version)))
            {
                throw new ProtocolException(StatusCodes.Status404NotFound, "There is no such model or version.");
            }

            foreach (var model in registry.Versions(name).Where(m => version is null || m.Version == version))
            {
                Note(model, RepositoryState.Unloading, string.Empty);
                registry.Withdraw(model);
                left.Add(model);
            }

            RecoverWhenAllAreReady();
        }
        finally
        {
            changes.Release();
        }

        await Task.WhenAll(left.Select(LetGoAsync));
    }

    public void Dispose()
    {
        // Only what still drains is left: requests that outlived the server. Their runs hold the session themselves.
        lock (gate)
        {
            foreach (var model in leaving)
            {
                model.Dispose();
            }
        }

        changes.Dispose();
    }

    private async Task EnterAsync()
    {
        try
        {
            await changes.WaitAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException)
        {
            throw Stopping();
        }
    }

    private async Task<string?> LoadAsync(ModelOptions wanted)
    {
        if (registry.Find(wanted.Name, wanted.Version) is { Signature: not null } serving && JsonSerializer.Serialize(serving.Options) == JsonSerializer.Serialize(wanted))
        {
            return null;
        }

        var model = registry.Create(wanted);
        Note(model, RepositoryState.Loading, string.Empty);
        try
        {
            if (!await Task.Run(() => loader.LoadAsync(model, null, lifetime.ApplicationStopping)))
            {
                Note(model, RepositoryState.Unavailable, model.Error!);
                model.Dispose();
                return model.Error;
            }
        }
        catch
        {
            Note(model, RepositoryState.Unavailable, "Loading it failed; the log has the details.");
            model.Dispose();
            throw;
        }

        if (registry.Publish(model) is { } replaced)
        {
            // Not awaited: the new one serves already, and what the old one still answers is its own business.
            _ = LetGoAsync(replaced);
        }

        Forget(model);
        RecoverWhenAllAreReady();
        return null;
    }

    /// <summary>The server is ready when all models in service are, says the protocol: also when one failed at the start and was
    /// loaded or unloaded since.</summary>
    private void RecoverWhenAllAreReady()
    {
        if (registry.All.All(model => model.Signature is not null))
        {
            state.Recover();
        }
    }

    /// <summary>Never fails: what cannot be disposed is logged.</summary>
    private async Task LetGoAsync(ServedModel model)
    {
        lock (gate)
        {
            leaving.Add(model);
        }

        try
        {
            await registry.DisposeWhenIdleAsync(model);
            log.Unloaded(model.Name, model.Version);
        }
#pragma warning disable CA1031 // Nobody may be waiting for this.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            log.UnloadFailed(model.Name, model.Version, exception);
        }

        lock (gate)
        {
            leaving.Remove(model);
            if (notes.TryGetValue((model.Name, model.Version), out var note) && note.State == RepositoryState.Unloading)
            {
                notes.Remove((model.Name, model.Version));
            }
        }
    }

    private void Note(ServedModel model, RepositoryState state, string reason)
    {
        lock (gate)
        {
            notes[(model.Name, model.Version)] = new RepositoryEntry(model.Name, model.Version, state, reason);
        }
    }

    private void Forget(ServedModel model)
    {
        lock (gate)
        {
            notes.Remove((model.Name, model.Version));
        }
    }

    private static ProtocolException Stopping() => new(StatusCodes.Status503ServiceUnavailable, "The server is stopping.");
}
