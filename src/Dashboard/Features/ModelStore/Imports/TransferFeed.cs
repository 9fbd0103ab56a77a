using System.Collections.Concurrent;
using Ops.Dashboard.Live;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>An import as people see it.</summary>
public sealed record TransferView
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Where from, without secrets.</summary>
    public required string Source { get; init; }

    /// <summary>The store it goes to.</summary>
    public required string Store { get; init; }

    /// <summary>The exact revision that was found, or null.</summary>
    public string? SourceRevision { get; init; }

    /// <summary>How far it is.</summary>
    public required TransferState State { get; init; }

    /// <summary>What it does at this moment, such as <c>Fetching</c>, or null.</summary>
    public string? Phase { get; init; }

    /// <summary>Bytes of this phase that are done.</summary>
    public long DoneBytes { get; init; }

    /// <summary>Bytes of all files, or null until they are known.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>How many files; 0 until they are known.</summary>
    public int FileCount { get; init; }

    /// <summary>How fast, or 0.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>How often it was tried.</summary>
    public int Attempt { get; init; }

    /// <summary>When it is tried next, while it waits.</summary>
    public DateTimeOffset? NextTryAt { get; init; }

    /// <summary>What went wrong last.</summary>
    public string? Message { get; init; }

    /// <summary>The number of the version it became.</summary>
    public int? Version { get; init; }

    /// <summary>Who asked.</summary>
    public required Guid PersonId { get; init; }

    /// <summary>Their name.</summary>
    public required string Person { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Whether it goes on by itself.</summary>
    public bool IsOpen => State is TransferState.Queued or TransferState.Running;
}

/// <summary>All imports that run, and the latest that ended, live.</summary>
internal sealed class TransferFeed(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, TransferView> shown = [];

    /// <summary>What pages watch.</summary>
    public SnapshotFeed<TransferView> Views { get; } = new(view => view.Id.ToString(), time);

    /// <summary>Makes these all there is, and tells listeners what is new of it.</summary>
    public void Show(IReadOnlyCollection<TransferView> views)
    {
        foreach (var view in views)
        {
            if (!shown.TryGetValue(view.Id, out var known) || known != view)
            {
                shown[view.Id] = view;
                Views.Publish(view);
            }
        }

        var ids = views.Select(view => view.Id).ToHashSet();
        foreach (var gone in shown.Keys.Where(id => !ids.Contains(id)))
        {
            shown.TryRemove(gone, out _);
            Views.Remove(gone.ToString());
        }
    }
}
