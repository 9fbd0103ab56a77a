using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Tests.Features.Targets.Local;

/// <summary>How a pretended process behaves.</summary>
internal sealed record FakeBehaviour
{
    /// <summary>The system cannot start it.</summary>
    public string? RefusesToStart { get; init; }

    /// <summary>Time from its start to its first line; until then nobody can find it.</summary>
    public TimeSpan StartsAfter { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>It cannot load the version.</summary>
    public string? FailsWith { get; init; }

    /// <summary>It goes on loading and says this of it, as JSON.</summary>
    public string? Loads { get; init; }

    /// <summary>It ends with this exit code instead of getting ready.</summary>
    public int? EndsWith { get; init; }

    /// <summary>It does not end when asked to.</summary>
    public bool IgnoresStop { get; init; }
}

/// <summary>A pretended runtime process: keeps the contract of the run folder as the real one does.</summary>
internal sealed class FakeProcess(int id, string runFolder, string instance, FakeBehaviour behaviour)
{
    private readonly FakeBehaviour behaviour = behaviour;
    private readonly TaskCompletionSource<ProcessEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Id => id;

    public string RunFolder => runFolder;

    public bool IsRunning => !ended.Task.IsCompleted;

    public bool IsVisible { get; private set; }

    public bool AnswersNotReady { get; set; }

    public long ResidentBytes { get; set; } = 1024 * 1024;

    public void Begin() => _ = Task.Run(LiveAsync);

    public IReplicaProcess Handle() => new Known(this);

    public void End(ProcessEnd end) => ended.TrySetResult(end);

    private async Task LiveAsync()
    {
        await Task.Delay(behaviour.StartsAfter);
        if (!Directory.Exists(runFolder))
        {
            End(new(3, null));
            return;
        }

        IsVisible = true;
        if (behaviour.EndsWith is { } code)
        {
            End(new(code, null));
            return;
        }

        // The port is its id: that is how the pretended network finds it.
        var (state, error) = behaviour.FailsWith is { } failure ? ("failed", $"\"{failure}\"") : (behaviour.Loads is null ? "ready" : "loading", "null");
        var file = Path.Combine(runFolder, "process.json");
        try
        {
            await File.WriteAllTextAsync(file + ".new", $$"""{"pid":{{id}},"url":"http://127.0.0.1:{{id}}","instance":"{{instance}}","state":"{{state}}","error":{{error}}{{behaviour.Loads}}}""");
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (DirectoryNotFoundException)
        {
            End(new(3, null));
        }

        while (IsRunning)
        {
            await Task.Delay(20);
            if (!Directory.Exists(runFolder))
            {
                End(new(0, null));
            }
        }
    }

    private sealed class Known(FakeProcess process) : IReplicaProcess
    {
        public int Id => process.Id;

        public DateTimeOffset StartedAt { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public Task<ProcessEnd> Ended => process.ended.Task;

        public long? ResidentBytes() => process.ResidentBytes;

        public bool RequestStop()
        {
            if (!process.behaviour.IgnoresStop)
            {
                process.End(new(0, null));
            }

            return true;
        }

        public void Kill() => process.End(new(null, 9));

        public void Dispose()
        {
            // Letting go of a process does not end it.
        }
    }

}
