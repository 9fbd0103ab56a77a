using System.Diagnostics;
using Ops.Dashboard.Features.Targets.Local.Inventory;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>A process that this dashboard started and therefore hears of when it ends.</summary>
internal sealed class ChildProcess : IReplicaProcess
{
    private const int SignalBase = 128;
    private readonly Process process;
    private readonly ProcessReader reader;

    public ChildProcess(Process process, ProcessReader reader, DateTimeOffset startedAt)
    {
        this.process = process;
        this.reader = reader;
        Id = process.Id;
        StartedAt = startedAt;

        // The shell has turned its output to the log; these ends of the pipes were only needed to start it.
        process.StandardInput.Dispose();
        process.StandardOutput.Dispose();
        process.StandardError.Dispose();
        Ended = WaitAsync();
    }

    /// <inheritdoc/>
    public int Id { get; }

    /// <inheritdoc/>
    public DateTimeOffset StartedAt { get; }

    /// <inheritdoc/>
    public Task<ProcessEnd> Ended { get; }

    /// <inheritdoc/>
    public long? ResidentBytes() => reader.Read(Id)?.ResidentBytes;

    /// <inheritdoc/>
    public bool RequestStop() => process.HasExited || Signals.Terminate(Id);

    /// <inheritdoc/>
    public void Kill() => process.Kill();

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();

    private async Task<ProcessEnd> WaitAsync()
    {
        await process.WaitForExitAsync();
        var code = process.ExitCode;
        return !OperatingSystem.IsWindows() && code > SignalBase ? new(null, code - SignalBase) : new(code, null);
    }
}
