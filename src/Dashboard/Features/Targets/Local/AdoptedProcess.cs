using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>A process that an earlier dashboard started. It is watched by looking, and known by its start time and the folder it was given.</summary>
internal sealed class AdoptedProcess : IReplicaProcess
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SameStart = TimeSpan.FromSeconds(5);
    private readonly ProcessReader reader;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource disposed = new();

    public AdoptedProcess(ProcessFigures figures, ProcessReader reader, TimeProvider time)
    {
        (this.reader, this.time) = (reader, time);
        Id = figures.Pid;
        StartedAt = figures.StartedAt;
        Ended = WatchAsync(disposed.Token);
    }

    /// <inheritdoc/>
    public int Id { get; }

    /// <inheritdoc/>
    public DateTimeOffset StartedAt { get; }

    /// <inheritdoc/>
    public Task<ProcessEnd> Ended { get; }

    private bool IsThere => reader.Read(Id) is { } figures && figures.StartedAt == StartedAt;

    /// <summary>Whether a process is the one that was given a run folder: its command line names it. Where command lines cannot be read, its start must agree.</summary>
    /// <param name="figures">A running process.</param>
    /// <param name="runFolder">The folder.</param>
    /// <param name="startedAt">When the process that was given the folder said it started.</param>
    public static bool IsOf(ProcessFigures figures, string runFolder, DateTimeOffset? startedAt)
    {
        if (!OperatingSystem.IsLinux())
        {
            return startedAt is { } said && (figures.StartedAt - said).Duration() < SameStart;
        }

        try
        {
            return File.ReadAllText($"/proc/{figures.Pid}/cmdline").Contains(runFolder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or belongs to somebody else.
            return false;
        }
    }

    /// <inheritdoc/>
    public long? ResidentBytes() => reader.Read(Id)?.ResidentBytes;

    /// <inheritdoc/>
    public bool RequestStop() => !IsThere || Signals.Terminate(Id);

    /// <inheritdoc/>
    public void Kill()
    {
        if (IsThere)
        {
            Signals.Kill(Id);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => disposed.Cancel();

    private async Task<ProcessEnd> WatchAsync(CancellationToken cancellation)
    {
        while (IsThere)
        {
            await Task.Delay(Look, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }

        return ProcessEnd.Unknown;
    }
}
