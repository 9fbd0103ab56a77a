using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Looks after one process from its start or adoption until it ends or has to be ended.</summary>
internal sealed class ReplicaWatch(LocalTargetContext context, ReplicaFolder folder, ReplicaRecord record, PlanSpec plan)
{
    private const long MiB = 1024 * 1024;
    private const int TimeoutsBeforeUnready = 3;

    // While something is about to change, it is looked at more often than at rest.
    private static readonly TimeSpan RestlessInterval = TimeSpan.FromMilliseconds(100);

    private readonly string instance = record.Instance!;
    private readonly long began = context.Time.GetTimestamp();
    private long? firstReady;
    private long answered = context.Time.GetTimestamp();
    private int timeouts;
    private bool isReady;

    /// <summary>Changes what is seen of the replica.</summary>
    public required Action<Func<ReplicaObservation, ReplicaObservation>> Show { get; init; }

    /// <summary>Tells the history: level, kind, sentence.</summary>
    public required Action<RolloutEventLevel, string, string> Report { get; init; }

    /// <summary>Watches until the process has ended or should be ended.</summary>
    /// <param name="process">The process.</param>
    /// <param name="stop">Cancelled when the replica is to go.</param>
    public async Task<ReplicaEnd> WatchAsync(IReplicaProcess process, CancellationToken stop)
    {
        var hasReported = false;
        while (!stop.IsCancellationRequested)
        {
            if (process.Ended.IsCompleted)
            {
                return Died(await process.Ended);
            }

            var report = folder.ReadProcess(instance);
            if (report is not null && !hasReported)
            {
                hasReported = true;
                await context.AtStep(ReplicaStep.ProcessReported);
            }

            if (await LookAsync(report, stop) is { } end)
            {
                return end;
            }

            if (process.ResidentBytes() is { } bytes && bytes > plan.Resources.MemoryMiB * MiB)
            {
                return Unfit($"It used {bytes / MiB} MiB of {plan.Resources.MemoryMiB} MiB allowed and was stopped.");
            }

            folder.Log.Bound(context.Options.LogMiB * MiB);
            var pause = isReady ? context.Options.HealthInterval : RestlessInterval;
            await Task.WhenAny(process.Ended, Task.Delay(pause, context.Time, stop));
        }

        return ReplicaEnd.Stop;
    }

    private async Task<ReplicaEnd?> LookAsync(ProcessReport? report, CancellationToken stop)
    {
        switch (report)
        {
            case null when context.Time.GetElapsedTime(began) > context.Options.StartTimeout:
                return ReplicaEnd.Failed($"The process did not say where it listens within {context.Options.StartTimeoutSeconds} s.");
            case null:
                return null;
            case { State: "failed" }:
                return ReplicaEnd.Failed(report.Error ?? "The runtime failed and did not say why.");
            case { State: "ready", Url: { } address }:
                return await AskAsync(address, stop);
            case { State: "draining" }:
                ShowUnready("It was told to stop by somebody else.");
                return null;
            default:
                Show(o => o with { Phase = ReplicaPhase.Loading, Progress = (report.BytesFetched, report.BytesTotal), Step = StepOf(report), LoadingSince = o.LoadingSince ?? o.StartedAt });
                return null;
        }
    }

    private async Task<ReplicaEnd?> AskAsync(Uri address, CancellationToken stop)
    {
        var result = await context.Probe.AskAsync(address, stop);
        timeouts = result == ProbeResult.TimedOut ? timeouts + 1 : 0;
        if (result is ProbeResult.Ready or ProbeResult.NotReady)
        {
            answered = context.Time.GetTimestamp();
        }

        if (result == ProbeResult.Ready)
        {
            ShowReady(address);
        }
        else if (result != ProbeResult.TimedOut || timeouts >= TimeoutsBeforeUnready)
        {
            ShowUnready(result switch
            {
                ProbeResult.NotReady => "It answers that it is not ready.",
                ProbeResult.Refused => "It refuses connections.",
                _ => $"It has not answered {timeouts} health checks in a row.",
            });
        }

        return context.Time.GetElapsedTime(answered) > context.Options.Unresponsive
            ? Unfit($"It did not answer for {context.Options.UnresponsiveSeconds} s and was stopped.")
            : null;
    }

    private void ShowReady(Uri address)
    {
        if (!isReady)
        {
            var first = firstReady is null;
            firstReady ??= context.Time.GetTimestamp();
            var text = first ? $"Replica {record.Id} is ready after {context.Time.GetElapsedTime(began).TotalSeconds:0.0} s." : $"Replica {record.Id} is ready again.";
            Report(RolloutEventLevel.Info, TargetEventKinds.Ready, text);
        }

        isReady = true;
        Show(o => o with { Phase = ReplicaPhase.Ready, Address = address, Progress = null, Step = null, LoadingSince = null, Reason = null });
    }

    // The files of a report count in bytes, which stand beside the step.
    private static LoadStep? StepOf(ProcessReport report) => report.Step is { Name: LoadStep.Files } step ? step with { Done = report.BytesFetched, Total = report.BytesTotal } : report.Step;

    private void ShowUnready(string reason)
    {
        if (firstReady is null)
        {
            return;
        }

        if (isReady)
        {
            Report(RolloutEventLevel.Warning, TargetEventKinds.Unready, $"Replica {record.Id} is not ready any more: {reason}");
        }

        isReady = false;
        Show(o => o with { Phase = ReplicaPhase.Unready, Reason = reason });
    }

    private TimeSpan HealthyFor => firstReady is { } since ? context.Time.GetElapsedTime(since) : TimeSpan.Zero;

    private ReplicaEnd Unfit(string reason) => new() { Kind = ReplicaEndKind.Unfit, Reason = reason, HealthyFor = HealthyFor };

    private ReplicaEnd Died(ProcessEnd end)
    {
        var words = folder.Log.LastWords();
        var last = words is null ? "" : $" Last log line: {words}";
        return new() { Kind = ReplicaEndKind.Died, Reason = $"The process {end.Describe()}.{last}", HealthyFor = HealthyFor };
    }
}
